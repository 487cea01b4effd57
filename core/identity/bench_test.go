package identity

import (
	"testing"

	"chengshu/kernel/clock"
	"chengshu/kernel/db/dbtest"
)

// BenchmarkAuthenticate is the look-up that every request makes.
func BenchmarkAuthenticate(b *testing.B) {
	d := dbtest.SQLite(b)
	if err := d.Migrate(b.Context(), Migrations()...); err != nil {
		b.Fatal(err)
	}
	s := New(Deps{DB: d, Clock: clock.System(), Evidence: newActs(b, d, clock.System()), Cost: &Cost{Memory: 64, Passes: 1}})
	if _, err := s.Register(b.Context(), NewPerson{Login: "bench", Password: goodPassword, Name: "x"}); err != nil {
		b.Fatal(err)
	}
	in, err := s.SignIn(b.Context(), Credentials{Login: "bench", Password: goodPassword, Address: "192.0.2.1"})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Authenticate(b.Context(), in.Token); err != nil {
			b.Fatal(err)
		}
	}
}

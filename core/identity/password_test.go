package identity

import (
	"strings"
	"testing"
	"time"
)

func TestHash(t *testing.T) {
	h := newHasher(&Cost{Memory: 64, Passes: 1})
	s, err := h.hash(t.Context(), "secret")
	if err != nil || !strings.HasPrefix(s, "$argon2id$v=19$m=64,t=1,p=1$") {
		t.Fatalf("%q, %v", s, err)
	}
	for _, tt := range []struct {
		hash, password string
		want           bool
	}{{s, "secret", true}, {s, "Secret", false}, {s, "", false}, {"", "secret", false}, {"", "", false}} {
		if ok, weak, err := h.verify(t.Context(), tt.hash, tt.password); ok != tt.want || weak || err != nil {
			t.Errorf("%q %q: %v, weak %v, %v", tt.hash, tt.password, ok, weak, err)
		}
	}
	stronger := newHasher(&Cost{Memory: 64, Passes: 2})
	if ok, weak, err := stronger.verify(t.Context(), s, "secret"); !ok || !weak || err != nil {
		t.Errorf("a weaker hash: %v, weak %v, %v", ok, weak, err)
	}
}

func TestDecodeRefuses(t *testing.T) {
	good := encode(Cost{64, 1}, make([]byte, 16), make([]byte, 32))
	if _, _, _, err := decode(good); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{
		"", "plain", strings.Replace(good, "argon2id", "argon2i", 1), strings.Replace(good, "v=19", "v=16", 1),
		strings.Replace(good, "m=64", "m=99999999", 1), strings.Replace(good, "t=1", "t=0", 1), strings.Replace(good, "p=1", "p=4", 1),
		good[:len(good)-4], good + "$",
	} {
		if _, _, _, err := decode(bad); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(encode(floor, make([]byte, 16), make([]byte, 32)))
	f.Fuzz(func(t *testing.T, s string) {
		c, salt, key, err := decode(s)
		if err != nil {
			return
		}
		if c2, _, _, err := decode(encode(c, salt, key)); err != nil || c2 != c {
			t.Errorf("%q does not survive writing: %v", s, err)
		}
	})
}

// TestMeasure: on a machine where the floor takes 10 ms, five times the passes
// are made; a slow one keeps the floor.
func TestMeasure(t *testing.T) {
	for took, want := range map[time.Duration]uint32{10 * time.Millisecond: 10, 200 * time.Millisecond: 2, time.Microsecond: maxPasses} {
		at := time.Time{}
		got := measure(func() time.Time { at = at.Add(took); return at })
		if got.Passes != want || got.Memory != floor.Memory {
			t.Errorf("%v: %+v, want %d passes", took, got, want)
		}
	}
}

func BenchmarkSignInHash(b *testing.B) {
	h := newHasher(nil)
	h.ready()
	for b.Loop() {
		if _, err := h.hash(b.Context(), "secret"); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(h.cost.Passes), "passes")
}

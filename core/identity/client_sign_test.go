package identity

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chengshu/kernel/db"
	"chengshu/kernel/fault"
)

func newPublicKey(t *testing.T) string {
	t.Helper()
	public, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

func TestSigner(t *testing.T) {
	onBoth(t, func(t *testing.T, c *city) {
		ends := start.Add(time.Hour)
		public := newPublicKey(t)
		signs, key := c.addClient(NewClient{Name: "社保系统", Org: "1301-urban", Roles: []string{"data-user"}, ExpiresAt: ends.UnixMilli(), PublicKey: public})
		if key != "" {
			t.Errorf("a client that signs was given the key %q", key)
		}
		a, got, err := c.Signer(t.Context(), signs)
		if err != nil {
			t.Fatal(err)
		}
		if a.Client != signs || !a.Has("data-user") || got.PEM() != public {
			t.Errorf("%+v, %s", a, got.PEM())
		}
		shows, _ := c.addClient(NewClient{Name: "另一个", Org: "1301-urban", Roles: []string{"data-user"}, ExpiresAt: ends.UnixMilli()})
		for _, id := range []string{shows, "nobody", ""} {
			_, _, err := c.Signer(t.Context(), id)
			wantCode(t, err, fault.Unauthenticated, "unknown-key")
		}
		c.do(func(tx *db.Tx) error { return c.RevokeClient(tx, NewSystem(), signs) })
		_, _, err = c.Signer(t.Context(), signs)
		wantCode(t, err, fault.Unauthenticated, "unknown-key")

		late, _ := c.addClient(NewClient{Name: "到期", Org: "1301-urban", Roles: []string{"data-user"}, ExpiresAt: ends.UnixMilli(), PublicKey: public})
		c.clock.Advance(time.Hour)
		_, _, err = c.Signer(t.Context(), late)
		wantCode(t, err, fault.Unauthenticated, "unknown-key")
	})
}

// TestTakeSigned: what was signed is taken once, whichever process is shown it
// and whatever was forgotten meanwhile, and no more is kept than the rate allows.
func TestTakeSigned(t *testing.T) {
	onBoth(t, func(t *testing.T, c *city) {
		client, _ := c.addClient(NewClient{Name: "社保系统", Org: "1301-urban", Roles: []string{"data-user"}, PerMinute: 40,
			ExpiresAt: start.Add(time.Hour).UnixMilli(), PublicKey: newPublicKey(t)})
		a, _, err := c.Signer(t.Context(), client)
		if err != nil {
			t.Fatal(err)
		}
		until := start.Add(5 * time.Minute)
		take := func(s *Service, what string) error { return s.TakeSigned(t.Context(), a, []byte(what), until) }
		if err := take(c.Service, "one"); err != nil {
			t.Fatal(err)
		}
		if got, err := c.ClientByID(c.db.Read(t.Context()), client); err != nil || got.UsedOn != "2026-03-02" {
			t.Errorf("used on %q, %v", got.UsedOn, err)
		}
		other := c.another(c.db) // another process, or this one after a restart
		wantCode(t, take(other, "one"), fault.Unauthenticated, "replayed")
		c.clock.Advance(5*time.Minute + signatureSlack*time.Millisecond)
		if err := c.sweepSigned(t.Context()); err != nil {
			t.Fatal(err)
		}
		wantCode(t, take(c.Service, "one"), fault.Unauthenticated, "replayed") // at the very moment
		c.clock.Advance(time.Millisecond)
		if err := c.sweepSigned(t.Context()); err != nil {
			t.Fatal(err)
		}
		var kept int
		if err := c.db.Read(t.Context()).QueryRow(`select count(*) from identity_signature`).Scan(&kept); err != nil || kept != 0 {
			t.Errorf("%d signatures are kept that nobody can show, %v", kept, err)
		}

		c.clock.Advance(time.Hour)
		for i := range 10 { // a quarter of a minute's worth at once
			if err := take(c.Service, fmt.Sprint(i)); err != nil {
				t.Fatal(err)
			}
		}
		wantCode(t, take(c.Service, "one too many"), fault.Exhausted, "too-many-requests")
		if err := c.db.Read(t.Context()).QueryRow(`select count(*) from identity_signature`).Scan(&kept); err != nil || kept != 10 {
			t.Errorf("%d signatures are kept, want 10; %v", kept, err)
		}
	})
}

func TestClients(t *testing.T) {
	onBoth(t, func(t *testing.T, c *city) {
		add := func(org string, roles ...string) string {
			id, _ := c.addClient(NewClient{Name: "x", Org: org, Roles: roles, ExpiresAt: start.Add(48 * time.Hour).UnixMilli()})
			return id
		}
		first, second := add("1301-urban", "data-user"), add("1301-urban", "data-user")
		wide, elsewhere := add("1301-urban", "admin", "data-user"), add("1301", "data-user")
		ids := func(f ClientFilter) []string {
			t.Helper()
			found, err := c.Clients(t.Context(), f)
			if err != nil {
				t.Fatal(err)
			}
			var out []string
			for _, x := range found {
				out = append(out, x.ID)
			}
			return out
		}
		urban := Keeps{"1301-urban", "data-user"}
		for name, x := range map[string]struct {
			f    ClientFilter
			want []string
		}{
			"none":         {ClientFilter{Limit: 9}, nil},
			"all":          {ClientFilter{All: true, Limit: 9}, []string{elsewhere, wide, second, first}},
			"a page":       {ClientFilter{All: true, Limit: 2}, []string{elsewhere, wide}},
			"the next one": {ClientFilter{All: true, After: wide, Limit: 2}, []string{second, first}},
			"of one":       {ClientFilter{Of: []Keeps{urban}, Limit: 9}, []string{second, first}},
			"after one":    {ClientFilter{Of: []Keeps{urban}, After: second, Limit: 9}, []string{first}},
			"of two":       {ClientFilter{Of: []Keeps{urban, {"1301", "data-user"}}, After: elsewhere, Limit: 9}, []string{second, first}},
			"of no role":   {ClientFilter{Of: []Keeps{{"1301-urban", "admin"}}, Limit: 9}, nil},
		} {
			if diff := cmp.Diff(x.want, ids(x.f)); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
		}
	})
}

// TestUsedOn: the day of the last use is noted, by the calendar of Shanghai.
func TestUsedOn(t *testing.T) {
	onBoth(t, func(t *testing.T, c *city) {
		client, key := c.addClient(NewClient{Name: "x", Org: "1301", Roles: []string{"a"}, ExpiresAt: start.Add(48 * time.Hour).UnixMilli()})
		for _, step := range []struct {
			later time.Duration
			want  string
		}{{0, "2026-03-02"}, {15*time.Hour - time.Minute, "2026-03-02"}, {time.Minute, "2026-03-03"}} {
			c.clock.Advance(step.later)
			if _, err := c.AuthenticateKey(t.Context(), key); err != nil {
				t.Fatal(err)
			}
			got, err := c.ClientByID(c.db.Read(t.Context()), client)
			if err != nil || got.UsedOn != step.want {
				t.Errorf("%v later: used on %q, want %q; %v", step.later, got.UsedOn, step.want, err)
			}
		}
	})
}

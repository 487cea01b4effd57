package identity

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"chengshu/kernel/fault"
)

func found(subject string) func() (string, error) {
	return func() (string, error) { return subject, nil }
}

func TestProve(t *testing.T) {
	onBoth(t, func(t *testing.T, c *city) {
		c.register("zhang.san")
		c.register("li.si")
		token, a := c.signIn("zhang.san")
		_, other := c.signIn("li.si")
		wantCode(t, c.Prove(t.Context(), NewAnonymous(), "192.0.2.1", found("r1")), fault.Unauthenticated, "not-signed-in")
		wantCode(t, c.Prove(t.Context(), a, "192.0.2.1", found("")), fault.Invalid, "not-proven")
		if err := c.Prove(t.Context(), a, "192.0.2.1", found("r1")); err != nil {
			t.Fatal(err)
		}
		linked, err := c.Authenticate(t.Context(), token)
		if err != nil || linked.Subject != "r1" {
			t.Fatalf("subject %q, %v", linked.Subject, err)
		}
		if v := c.acts.verbs(); !slices.Contains(v, "identity.person-link") {
			t.Errorf("no act: %v", v)
		}
		wantCode(t, c.Prove(t.Context(), linked, "192.0.2.1", found("r2")), fault.Conflict, "already-linked")
		wantCode(t, c.Prove(t.Context(), a, "192.0.2.1", found("r2")), fault.Invalid, "not-proven") // an actor read before the link
		wantCode(t, c.Prove(t.Context(), other, "192.0.2.1", found("r1")), fault.Invalid, "not-proven")
		broken := errors.New("broken")
		if err := c.Prove(t.Context(), other, "192.0.2.1", func() (string, error) { return "", broken }); !errors.Is(err, broken) {
			t.Errorf("got %v", err)
		}
	})
}

// TestTriesToProve: five a day for a person and fifty for an address, those
// that were right not counted; one who has no more does not use up others'.
func TestTriesToProve(t *testing.T) {
	onBoth(t, func(t *testing.T, c *city) {
		person := func(i int) *Actor {
			login := fmt.Sprintf("person%d", i)
			c.register(login)
			_, a := c.signIn(login)
			return a
		}
		first := person(0)
		spend := func(a *Actor) {
			t.Helper()
			for range triesPerPerson {
				wantCode(t, c.Prove(t.Context(), a, "192.0.2.1", found("")), fault.Invalid, "not-proven")
				c.clock.Advance(time.Hour)
			}
		}
		spend(first)
		for range triesPerAddress {
			asked := false
			err := c.Prove(t.Context(), first, "192.0.2.1", func() (string, error) { asked = true; return "r", nil })
			wantCode(t, err, fault.Exhausted, "too-many-tries")
			if wait, _ := RetryAfter(err); wait != triesWindow-triesPerPerson*time.Hour || asked {
				t.Fatalf("wait %v, asked %v", wait, asked)
			}
		}
		if err := c.Prove(t.Context(), person(1), "192.0.2.1", found("r1")); err != nil {
			t.Fatal("another person of the same address:", err)
		}
		c.clock.Advance(triesWindow - triesPerPerson*time.Hour)
		if err := c.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		for i := range triesPerAddress / triesPerPerson {
			a := person(2 + i)
			for range triesPerPerson {
				wantCode(t, c.Prove(t.Context(), a, "192.0.2.1", found("")), fault.Invalid, "not-proven")
			}
		}
		last := person(99)
		wantCode(t, c.Prove(t.Context(), last, "192.0.2.1", found("r2")), fault.Exhausted, "too-many-tries")
		if err := c.Prove(t.Context(), last, "198.51.100.7", found("r2")); err != nil {
			t.Fatal("from another address:", err)
		}
	})
}

// TestAddAccountWhole: an account whose post cannot be given is not made.
func TestAddAccountWhole(t *testing.T) {
	onBoth(t, func(t *testing.T, c *city) {
		p := NewPerson{Login: "clerk", Password: goodPassword, Name: "测试丙"}
		_, err := c.AddAccount(t.Context(), NewSystem(), p, NewPost{Org: "nowhere", Roles: []string{"handler"}})
		wantCode(t, err, fault.NotFound, "no-org")
		if _, err := c.AddAccount(t.Context(), NewSystem(), p, NewPost{Org: "130102-urban", Roles: []string{"handler"}}); err != nil {
			t.Fatal(err)
		}
		if _, a := c.signIn("clerk"); !a.Has("handler") {
			t.Error("the post is missing")
		}
	})
}

package identity

import (
	"slices"
	"testing"
	"time"

	"chengshu/core/decl"
	"chengshu/kernel/clock"
	"chengshu/kernel/db"
	"chengshu/kernel/fault"
)

func (c *city) addClient(n NewClient) (client, key string) {
	c.t.Helper()
	c.do(func(tx *db.Tx) (err error) {
		client, key, err = c.AddClient(tx, NewSystem(), n)
		return err
	})
	return client, key
}

func TestClient(t *testing.T) {
	onBoth(t, func(t *testing.T, c *city) {
		expires := start.Add(24 * time.Hour).UnixMilli()
		client, key := c.addClient(NewClient{Name: "气象接口", Org: "1301-urban", Roles: []string{"sensor-feed"}, ExpiresAt: expires, PerMinute: 60})
		a, err := c.AuthenticateKey(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		if a.Client != client || !slices.Equal(a.Roles(), []string{"anyone", "sensor-feed"}) || a.Posts[0].Path != "/1301/1301-urban/" {
			t.Errorf("got %+v", a)
		}
		for range 15 { // a quarter of a minute's worth at once
			if err := c.Limit(a, "192.0.2.1"); err != nil {
				t.Fatal(err)
			}
		}
		wantCode(t, c.Limit(a, "192.0.2.1"), fault.Exhausted, "too-many-requests")
		_, err = c.AuthenticateKey(t.Context(), key[:len(key)-1]+"!")
		wantCode(t, err, fault.Unauthenticated, "unknown-key")
		c.clock.Advance(24 * time.Hour)
		_, err = c.AuthenticateKey(t.Context(), key)
		wantCode(t, err, fault.Unauthenticated, "unknown-key")
	})
}

func TestRevokeClient(t *testing.T) {
	onBoth(t, func(t *testing.T, c *city) {
		person := c.register("zhang.san")
		client, key := c.addClient(NewClient{Name: "个人脚本", Person: person, ExpiresAt: start.Add(time.Hour).UnixMilli()})
		a, err := c.AuthenticateKey(t.Context(), key)
		if err != nil || !slices.Equal(a.Roles(), []string{"anyone", "citizen"}) {
			t.Fatalf("%+v, %v", a, err)
		}
		c.do(func(tx *db.Tx) error { return c.RevokeClient(tx, NewSystem(), client) })
		_, err = c.AuthenticateKey(t.Context(), key)
		wantCode(t, err, fault.Unauthenticated, "unknown-key")
	})
}

func TestClientRefuses(t *testing.T) {
	onBoth(t, func(t *testing.T, c *city) {
		good := NewClient{Name: "x", Org: "1301", Roles: []string{"a"}, ExpiresAt: start.Add(time.Hour).UnixMilli()}
		for name, change := range map[string]func(*NewClient){
			"implicit role": func(n *NewClient) { n.Roles = []string{Citizen} },
			"no org":        func(n *NewClient) { n.Org = "" },
			"nobody":        func(n *NewClient) { n.Roles = nil },
			"expired":       func(n *NewClient) { n.ExpiresAt = start.UnixMilli() },
			"for ever":      func(n *NewClient) { n.ExpiresAt = start.UnixMilli() + ClientLife + 1 },
			"no name":       func(n *NewClient) { n.Name = "" },
		} {
			n := good
			change(&n)
			err := c.db.Do(t.Context(), func(tx *db.Tx) error {
				_, _, err := c.AddClient(tx, NewSystem(), n)
				return err
			})
			if fault.Code(err) != "bad-client" {
				t.Errorf("%s: got %v", name, err)
			}
		}
	})
}

func TestLimiter(t *testing.T) {
	fake := clock.NewFake(start)
	l := NewLimiter(fake, 4)
	rate := Rate{PerMinute: 60, Burst: 2}
	for i, want := range []bool{true, true, false} {
		if wait, ok := l.Take("a", rate); ok != want || !ok && wait != time.Second {
			t.Fatalf("take %d: %v, %v", i+1, wait, ok)
		}
	}
	fake.Advance(time.Second)
	if _, ok := l.Take("a", rate); !ok {
		t.Error("no token after a second")
	}
	if _, ok := l.Take("b", rate); !ok {
		t.Error("one key uses up another's tokens")
	}
	for i := range 100 {
		l.Take(string(rune('c'+i)), rate)
		if len(l.keys) > 4 {
			t.Fatalf("%d keys remembered", len(l.keys))
		}
	}
	if _, ok := l.Take("z", Rate{}); !ok {
		t.Error("the zero rate limits")
	}
}

func TestFaces(t *testing.T) {
	set, r := decl.NewSet(), &decl.Report{}
	for name, f := range map[string][]string{"handler": {Office}, "root": {Admin, Screen}} {
		role := &Role{Faces: f}
		role.Name = name
		set.Add("role", role, r)
		role.Check(set, r)
	}
	if r.Err() != nil {
		t.Fatal(r.Err())
	}
	worker := &Actor{Person: "p", Posts: []Post{{Roles: []string{"handler"}}}}
	if got := FacesOf(worker, set); !slices.Equal(got, []string{Public, Office}) {
		t.Errorf("got %v", got)
	}
	if got := FacesOf(NewAnonymous(), set); !slices.Equal(got, []string{Public}) {
		t.Errorf("got %v", got)
	}
	for _, c := range []struct {
		role  Role
		wrong int
	}{{Role{Clients: true, Faces: []string{Office}}, 0}, {Role{Clients: true, Faces: []string{Office, Admin}}, 1}} {
		var r decl.Report
		c.role.Name = "data-user"
		if c.role.Check(set, &r); len(r.Problems()) != c.wrong {
			t.Errorf("%+v: %v", c.role.Faces, r.Problems())
		}
	}
	bad := &Role{Faces: []string{"offise"}}
	bad.Name = "citizen"
	bad.Check(set, r)
	if len(r.Problems()) != 2 {
		t.Errorf("problems: %v", r.Problems())
	}
}

func TestSeedDemo(t *testing.T) {
	onBoth(t, func(t *testing.T, c *city) {
		make := func(name, org string) *Account {
			a := &Account{Password: "demo", Person: "长安区处置员", Posts: []AccountPost{{Org: org, Roles: []string{"handler"}}}}
			a.Name = name
			return a
		}
		accounts := []*Account{make("handler", "130102-urban"), make("lost", "nowhere")}
		for range 2 {
			var r decl.Report
			if err := c.SeedDemo(t.Context(), accounts, &r); err != nil || len(r.Problems()) != 1 {
				t.Fatalf("%v, %v", err, r.Problems())
			}
		}
		in, err := c.SignIn(t.Context(), Credentials{Login: "handler", Password: "demo", Address: "192.0.2.1"})
		if err != nil || len(in.Actor.Posts) != 1 || !in.Actor.Has("handler") {
			t.Errorf("%+v, %v", in.Actor, err)
		}
	})
}

package identity

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"chengshu/kernel/db"
	"chengshu/kernel/db/dbtest"
	"chengshu/kernel/fault"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestSignIn(t *testing.T) {
	onBoth(t, func(t *testing.T, c *city) {
		person := c.register("Zhang.San")
		post := c.appoint(person, "130102-urban", "handler", "dispatcher")
		token, a := c.signIn(" zhang.san ")
		want := &Actor{Person: person, Name: "测试甲", Account: "zhang.san", Session: a.Session, Posts: []Post{{
			ID: post, Org: "130102-urban", Path: "/1301/130102/130102-urban/", Division: "/1301/130102/", Roles: []string{"dispatcher", "handler"}}}}
		if diff := cmp.Diff(want, a, cmpopts.IgnoreUnexported(Actor{})); diff != "" {
			t.Fatal(diff)
		}
		if got, want := a.Roles(), []string{"anyone", "citizen", "dispatcher", "handler"}; !slices.Equal(got, want) {
			t.Errorf("roles %v, want %v", got, want)
		}
		if got, err := c.Authenticate(t.Context(), token); err != nil || got != a {
			t.Errorf("authenticate gave %v, %v", got, err)
		}
		second, _ := c.signIn("zhang.san")
		if second == token {
			t.Error("the token was used twice")
		}
		if err := c.SignOut(t.Context(), token); err != nil {
			t.Fatal(err)
		}
		_, err := c.Authenticate(t.Context(), token)
		wantCode(t, err, fault.Unauthenticated, "not-signed-in")
		if _, err := c.Authenticate(t.Context(), second); err != nil {
			t.Error("signing out of one session ended another:", err)
		}
		if got, want := c.acts.verbs()[6:], []string{"identity.register", "identity.appoint", "identity.sign-in", "identity.sign-in", "identity.sign-out"}; !slices.Equal(got, want) {
			t.Errorf("acts %v, want %v", got, want)
		}
	})
}

func TestWrongPassword(t *testing.T) {
	onBoth(t, func(t *testing.T, c *city) {
		c.register("zhang.san")
		for _, try := range []struct{ login, password string }{
			{"zhang.san", "wrong"}, {"nobody", goodPassword}, {"zhang.san", ""}, {"", ""}, {"a\x00b", "x"}, {"\xff", "\xff"},
		} {
			_, err := c.SignIn(t.Context(), Credentials{Login: try.login, Password: try.password, Address: "192.0.2.1"})
			wantCode(t, err, fault.Unauthenticated, "wrong-credentials")
		}
	})
}

func TestLockOut(t *testing.T) {
	onBoth(t, func(t *testing.T, c *city) {
		c.register("zhang.san")
		for _, login := range []string{"zhang.san", "nobody"} {
			for range wrongPerAccount {
				_, err := c.SignIn(t.Context(), Credentials{Login: login, Password: "wrong", Address: "192.0.2.1"})
				wantCode(t, err, fault.Unauthenticated, "wrong-credentials")
			}
			wait := time.Minute
			for range 8 {
				_, err := c.SignIn(t.Context(), Credentials{Login: login, Password: goodPassword, Address: "198.51.100.7"})
				wantCode(t, err, fault.Exhausted, "locked-out")
				if got, ok := RetryAfter(err); !ok || got != wait {
					t.Fatalf("%s: wait %v, want %v", login, got, wait)
				}
				c.clock.Advance(wait)
				_, err = c.SignIn(t.Context(), Credentials{Login: login, Password: "wrong", Address: "203.0.113.9"})
				wantCode(t, err, fault.Unauthenticated, "wrong-credentials")
				wait = min(2*wait, time.Hour)
			}
			c.clock.Advance(wait)
		}
		c.signIn("zhang.san")
		for range wrongPerAccount - 1 { // forgiven by the right one
			_, err := c.SignIn(t.Context(), Credentials{Login: "zhang.san", Password: "wrong", Address: "192.0.2.1"})
			wantCode(t, err, fault.Unauthenticated, "wrong-credentials")
		}
		c.signIn("zhang.san")
		n := 0
		for _, v := range c.acts.verbs() {
			if v == "identity.lock-out" {
				n++
			}
		}
		if n != 1 {
			t.Errorf("%d acts of lock-out, want 1", n)
		}
	})
}

func TestLockOutOfAddress(t *testing.T) {
	onBoth(t, func(t *testing.T, c *city) {
		c.register("zhang.san")
		for i := range wrongPerAddress {
			_, err := c.SignIn(t.Context(), Credentials{Login: fmt.Sprintf("nobody%d", i), Password: "wrong", Address: "[2001:db8:1:2::5]:80"})
			wantCode(t, err, fault.Unauthenticated, "wrong-credentials")
		}
		_, err := c.SignIn(t.Context(), Credentials{Login: "zhang.san", Password: goodPassword, Address: "2001:db8:1:2:3::9"})
		wantCode(t, err, fault.Exhausted, "locked-out")
		if _, err := c.SignIn(t.Context(), Credentials{Login: "zhang.san", Password: goodPassword, Address: "2001:db8:1:3::9"}); err != nil {
			t.Error("another network is locked too:", err)
		}
	})
}

// TestAttemptsAtOnce: many guesses at once get no more tries than one by one.
func TestAttemptsAtOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, c *city) {
		c.register("zhang.san")
		var wg sync.WaitGroup
		var mu sync.Mutex
		codes := map[string]int{}
		for i := range 20 {
			wg.Go(func() {
				_, err := c.SignIn(t.Context(), Credentials{Login: "zhang.san", Password: "wrong", Address: fmt.Sprintf("192.0.2.%d", i)})
				mu.Lock()
				defer mu.Unlock()
				codes[fault.Code(err)]++
			})
		}
		wg.Wait()
		if want := map[string]int{"wrong-credentials": 5, "locked-out": 15}; !cmp.Equal(codes, want) {
			t.Errorf("got %v, want %v", codes, want)
		}
	})
}

func TestSessionEnds(t *testing.T) {
	onBoth(t, func(t *testing.T, c *city) {
		c.register("zhang.san")
		idle, _ := c.signIn("zhang.san")
		used, _ := c.signIn("zhang.san")
		for range 3 { // 7 h 59 each
			c.clock.Advance(SessionIdle - time.Minute)
			if _, err := c.Authenticate(t.Context(), used); err != nil {
				t.Fatal(err)
			}
		}
		_, err := c.Authenticate(t.Context(), idle)
		wantCode(t, err, fault.Unauthenticated, "not-signed-in")
		c.clock.Advance(4 * time.Minute) // 24 h 01 in all
		_, err = c.Authenticate(t.Context(), used)
		wantCode(t, err, fault.Unauthenticated, "not-signed-in")
		if err := c.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		var n int
		if err := c.db.Read(t.Context()).QueryRow(`select count(*) from identity_session`).Scan(&n); err != nil || n != 0 {
			t.Errorf("%d sessions left after the sweep, %v", n, err)
		}
	})
}

// TestRestart: sessions and their last use survive a restart of the program.
func TestRestart(t *testing.T) {
	onBoth(t, func(t *testing.T, c *city) {
		c.register("zhang.san")
		token, _ := c.signIn("zhang.san")
		c.clock.Advance(7 * time.Hour)
		if _, err := c.Authenticate(t.Context(), token); err != nil {
			t.Fatal(err)
		}
		if err := c.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		c.clock.Advance(7 * time.Hour)
		a, err := c.another(c.db).Authenticate(t.Context(), token)
		if err != nil || a.Account != "zhang.san" {
			t.Fatalf("after a restart: %v, %v", a, err)
		}
	})
}

// TestSeenIsCoalesced: use within a minute is not written again.
func TestSeenIsCoalesced(t *testing.T) {
	onBoth(t, func(t *testing.T, c *city) {
		c.register("zhang.san")
		token, _ := c.signIn("zhang.san")
		waiting := func(advance time.Duration) int {
			c.clock.Advance(advance)
			if _, err := c.Authenticate(t.Context(), token); err != nil {
				t.Fatal(err)
			}
			return len(c.sessions.seen)
		}
		if n := waiting(59 * time.Second); n != 0 {
			t.Errorf("written %d times within a minute", n)
		}
		if n := waiting(2 * time.Second); n != 1 {
			t.Errorf("%d to write after a minute", n)
		}
		if err := c.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := waiting(10 * time.Second); n != 0 {
			t.Errorf("%d to write right after writing", n)
		}
	})
}

// TestChangesShow: what changes an actor is seen at once in this process and
// within a minute in another one.
func TestChangesShow(t *testing.T) {
	tests := map[string]func(t *testing.T, c *city, person, post string){
		"post ended": func(t *testing.T, c *city, _, post string) {
			c.do(func(tx *db.Tx) error { return c.EndPost(tx, NewSystem(), post) })
		},
		"disabled": func(t *testing.T, c *city, _, _ string) {
			c.do(func(tx *db.Tx) error { return c.SetDisabled(tx, NewSystem(), "zhang.san", true) })
		},
		"org closed": func(t *testing.T, c *city, _, _ string) {
			c.do(func(tx *db.Tx) error { return c.CloseOrg(tx, NewSystem(), "130102-urban") })
		},
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			onBoth(t, func(t *testing.T, c *city) {
				person := c.register("zhang.san")
				post := c.appoint(person, "130102-urban", "handler")
				token, _ := c.signIn("zhang.san")
				other := c.another(c.db)
				if a, err := other.Authenticate(t.Context(), token); err != nil || !a.Has("handler") {
					t.Fatalf("before: %v, %v", a, err)
				}
				change(t, c, person, post)
				if a, err := c.Authenticate(t.Context(), token); err == nil && a.Has("handler") {
					t.Error("not seen at once")
				}
				c.clock.Advance(time.Minute)
				if a, err := other.Authenticate(t.Context(), token); err == nil && a.Has("handler") {
					t.Error("not seen by another process after a minute")
				}
			})
		})
	}
}

// TestPostTimes: a post gives its roles from its beginning until its end, to
// the millisecond, cached or not.
func TestPostTimes(t *testing.T) {
	onBoth(t, func(t *testing.T, c *city) {
		person := c.register("zhang.san")
		from, until := start.Add(20*time.Second), start.Add(40*time.Second)
		c.do(func(tx *db.Tx) error {
			_, err := c.Appoint(tx, NewSystem(), NewPost{Person: person, Org: "1301", Roles: []string{"mayor"}, Since: from.UnixMilli(), Until: until.UnixMilli()})
			return err
		})
		token, _ := c.signIn("zhang.san")
		for _, at := range []struct {
			t    time.Time
			want bool
		}{{from.Add(-time.Millisecond), false}, {from, true}, {until.Add(-time.Millisecond), true}, {until, false}} {
			c.clock.Set(at.t)
			a, err := c.Authenticate(t.Context(), token)
			if err != nil || a.Has("mayor") != at.want {
				t.Errorf("at %v: %v, %v; want mayor %v", at.t, a, err, at.want)
			}
		}
	})
}

func TestChangePassword(t *testing.T) {
	onBoth(t, func(t *testing.T, c *city) {
		c.register("zhang.san")
		other, _ := c.signIn("zhang.san")
		token, a := c.signIn("zhang.san")
		const next = "another battery 9"
		err := c.ChangePassword(t.Context(), a, goodPassword, "short")
		wantCode(t, err, fault.Invalid, "bad-password")
		err = c.ChangePassword(t.Context(), a, "wrong", next)
		wantCode(t, err, fault.Unauthenticated, "wrong-credentials")
		if err := c.ChangePassword(t.Context(), a, goodPassword, next); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Authenticate(t.Context(), token); err != nil {
			t.Error("the session that changed it was ended:", err)
		}
		_, err = c.Authenticate(t.Context(), other)
		wantCode(t, err, fault.Unauthenticated, "not-signed-in")
		_, err = c.SignIn(t.Context(), Credentials{Login: "zhang.san", Password: goodPassword, Address: "192.0.2.1"})
		wantCode(t, err, fault.Unauthenticated, "wrong-credentials")
		if _, err := c.SignIn(t.Context(), Credentials{Login: "zhang.san", Password: next, Address: "192.0.2.1"}); err != nil {
			t.Error(err)
		}
		for range wrongPerAccount { // guessing the old one from a stolen session is counted
			err := c.ChangePassword(t.Context(), a, "wrong", next)
			wantCode(t, err, fault.Unauthenticated, "wrong-credentials")
		}
		err = c.ChangePassword(t.Context(), a, next, goodPassword)
		wantCode(t, err, fault.Exhausted, "locked-out")
	})
}

func TestDisabledAccount(t *testing.T) {
	onBoth(t, func(t *testing.T, c *city) {
		c.register("zhang.san")
		c.do(func(tx *db.Tx) error { return c.SetDisabled(tx, NewSystem(), "zhang.san", true) })
		_, err := c.SignIn(t.Context(), Credentials{Login: "zhang.san", Password: "wrong", Address: "192.0.2.1"})
		wantCode(t, err, fault.Unauthenticated, "wrong-credentials")
		_, err = c.SignIn(t.Context(), Credentials{Login: "zhang.san", Password: goodPassword, Address: "192.0.2.1"})
		wantCode(t, err, fault.Unauthenticated, "account-disabled")
		c.do(func(tx *db.Tx) error { return c.SetDisabled(tx, NewSystem(), "zhang.san", false) })
		c.signIn("zhang.san")
	})
}

func TestRegisterRefuses(t *testing.T) {
	onBoth(t, func(t *testing.T, c *city) {
		c.register("zhang.san")
		good := NewPerson{Login: "li.si", Password: goodPassword, Name: "测试乙", Phone: "13812345678"}
		tests := map[string]struct {
			change func(*NewPerson)
			path   string
		}{
			"short login":         {func(p *NewPerson) { p.Login = "ab" }, "account"},
			"login with a space":  {func(p *NewPerson) { p.Login = "li si" }, "account"},
			"login not UTF-8":     {func(p *NewPerson) { p.Login = "li\xffsi" }, "account"},
			"taken":               {func(p *NewPerson) { p.Login = "ZHANG.SAN" }, "account"},
			"taken in full width": {func(p *NewPerson) { p.Login = "ｚhang.san" }, "account"},
			"short password":      {func(p *NewPerson) { p.Password = "abc 123" }, "password"},
			"letters only":        {func(p *NewPerson) { p.Password = "abcdefghij" }, "password"},
			"login in password":   {func(p *NewPerson) { p.Password = "my LI.SI 123" }, "password"},
			"long password":       {func(p *NewPerson) { p.Password = string(make([]byte, 200)) }, "password"},
			"no name":             {func(p *NewPerson) { p.Name = " " }, "name"},
			"name with a newline": {func(p *NewPerson) { p.Name = "a\nb" }, "name"},
			"phone":               {func(p *NewPerson) { p.Phone = "12812345678" }, "phone"},
		}
		for name, tt := range tests {
			p := good
			tt.change(&p)
			_, err := c.Register(t.Context(), p)
			f, ok := err.(*fault.Fault)
			if !ok || len(f.Fields) != 1 || f.Fields[0].Path != tt.path {
				t.Errorf("%s: got %v, want a fault at %s", name, err, tt.path)
			}
		}
		if _, err := c.Register(t.Context(), good); err != nil {
			t.Error(err)
		}
	})
}

// TestAdmitStale: a password that was right when it was checked opens no
// session after it has been changed.
func TestAdmitStale(t *testing.T) {
	onBoth(t, func(t *testing.T, c *city) {
		c.register("zhang.san")
		_, a := c.signIn("zhang.san")
		stale, err := c.account(c.db.Read(t.Context()), "zhang.san")
		if err != nil {
			t.Fatal(err)
		}
		if err := c.ChangePassword(t.Context(), a, goodPassword, "another battery 9"); err != nil {
			t.Fatal(err)
		}
		_, err = c.admit(t.Context(), stale, lockKeys{}, device{token: newToken()}, stale.hash)
		wantCode(t, err, fault.Unauthenticated, "wrong-credentials")
	})
}

// TestNoScan: what every request or sign-in asks is answered by an index.
func TestNoScan(t *testing.T) {
	onBoth(t, func(t *testing.T, c *city) {
		for _, q := range []struct {
			sql  string
			args []any
		}{
			{`select s.id from identity_session s join identity_person p on p.id = s.person join identity_account a on a.login = s.login
				where s.hash = $1`, []any{[]byte("x")}},
			{`select p.id, r.role from identity_post p join identity_org o on o.id = p.org join identity_post_role r on r.post = p.id
				where p.person = $1 and o.closed_at is null`, []any{"x"}},
			{`select n.id from identity_org o join identity_post p on p.org = o.id join identity_post_role r on r.post = p.id
				join identity_person n on n.id = p.person where o.path >= $1 and o.path < $2 and r.role = $3`, []any{"/a/", "/a0", "r"}},
			{`select wrong from identity_lock where key = $1`, []any{"x"}},
			{`select id from identity_client where hash = $1`, []any{[]byte("x")}},
			{`select id from identity_session where person = $1`, []any{"x"}},
			{`select hash from identity_session where created_at < $1`, []any{1}},
		} {
			dbtest.NoScan(t, c.db, q.sql, q.args...)
		}
	})
}

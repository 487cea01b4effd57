// Package crash kills the program at random moments under load, and holds what
// is there afterwards against what was acknowledged: nothing acknowledged is
// lost or doubled, nothing stands half, and the evidence log agrees.
package crash

import (
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"chengshu/kernel/db/dbtest"
	"chengshu/test/program"
)

func TestMain(m *testing.M) { os.Exit(program.Main(m)) }

// workers is how many people's days go on at once.
const workers = 6

// TestKill kills the program under load, 50 times on SQLite and 10 on
// PostgreSQL, where only the program dies.
func TestKill(t *testing.T) {
	rounds := func(n int) int {
		if testing.Short() {
			return 3
		}
		return n
	}
	t.Run("sqlite", func(t *testing.T) { killing(t, "", rounds(50)) })
	t.Run("postgresql", func(t *testing.T) { killing(t, dbtest.URL(t), rounds(10)) })
}

func killing(t *testing.T, database string, rounds int) {
	o := program.Options{Data: t.TempDir()}
	if database != "" {
		o.Args = []string{"--db", database}
	} else {
		database = "sqlite:" + filepath.Join(o.Data, "chengshu.db")
	}
	c := &city{t: t, book: newLedger()}
	for round := range rounds {
		if round%5 == 4 {
			killAtStart(t, o)
		}
		c.server = program.Start(t, o)
		c.signInOnce()
		a := readAll(t, database)
		a.agree(c.book)
		c.foundAgain()
		c.askAgain()
		if t.Failed() {
			t.Fatalf("after %d kills", round)
		}
		c.work(round, rand.N(280*time.Millisecond)+20*time.Millisecond)
	}
	c.server = program.Start(t, o)
	c.askAgain()
	a := readAll(t, database)
	a.agree(c.book)
	c.foundAgain()
	c.timelines(a)
	c.bundles(a)
	c.server.Stop()
	sealed := checkLog(t, database, filepath.Join(o.Data, "log"))
	t.Logf("%d kills; %d cases, %d acknowledged steps, %d remarks; %d steps were under way when killed, of which %d had been made; %d openings without an answer were found by their keys; %d acts sealed",
		rounds, len(a.cases), len(c.book.acked), len(c.book.remarks), len(c.book.doubtful)+len(c.book.asked), a.made, c.replayed, sealed)
}

// killAtStart kills the program before it is ready.
func killAtStart(t *testing.T, o program.Options) {
	t.Helper()
	began := make(chan *program.Server, 1)
	o.Began = func(s *program.Server) { began <- s }
	go func() {
		s := <-began
		<-time.After(rand.N(250 * time.Millisecond))
		s.Kill()
	}()
	_, _ = program.Try(t, o) // it is ready, or was killed before: both are well
}

// work lets the workers go about their day until the kill.
func (c *city) work(round int, after time.Duration) {
	kill := time.AfterFunc(after, c.server.Kill)
	defer kill.Stop()
	var all sync.WaitGroup
	for n := range workers {
		all.Go(func() { c.day(round, n) })
	}
	all.Wait()
	c.server.Kill() // it has ended, or a worker stopped because of a failure
}

// TestKillWhileSeeding kills the program while it brings in the demo city for
// the first time. In the end the city is whole, and nothing is in it twice.
func TestKillWhileSeeding(t *testing.T) {
	kills := 8
	if testing.Short() {
		kills = 2
	}
	whole := program.Start(t, program.Options{})
	want := counts(t, "sqlite:"+filepath.Join(whole.Data, "chengshu.db"))
	whole.Stop()
	o := program.Options{Data: t.TempDir()}
	for range kills {
		killAtStart(t, o)
	}
	s := program.Start(t, o)
	got := counts(t, "sqlite:"+filepath.Join(o.Data, "chengshu.db"))
	for table, n := range want {
		if got[table] != n {
			t.Errorf("%s has %d rows, want %d", table, got[table], n)
		}
	}
	if a := s.SignIn(t, "citizen").Get("/api/session"); a.Status != http.StatusOK {
		t.Errorf("the demo account: %s", a)
	}
}

// TestOneFolderOneProgram: a second program does not start over the folder of a
// running one, and starts once that has gone, however it went.
func TestOneFolderOneProgram(t *testing.T) {
	first := program.Start(t, program.Options{})
	again := program.Options{Data: first.Data, Args: []string{"--shutdown", "300ms"}}
	if second, err := program.Try(t, again); err == nil {
		t.Errorf("a second program runs at %s over the same folder", second.URL)
	} else if !strings.Contains(err.Error(), "another process is using the data folder") {
		t.Errorf("it does not say why it does not start: %v", err)
	}
	first.Kill()
	third := program.Start(t, again)
	stopped := make(chan struct{})
	go func() { third.Stop(); close(stopped) }()
	program.Start(t, program.Options{Data: first.Data})
	<-stopped
}

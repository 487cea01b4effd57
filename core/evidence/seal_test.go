package evidence

import (
	"context"
	"flag"
	"io"
	"log/slog"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"chengshu/kernel/clock"
	"chengshu/kernel/db"
	"chengshu/kernel/db/dbtest"
	"chengshu/kernel/fault"

	"k8s.io/klog/v2"
)

func TestMain(m *testing.M) {
	flag.Parse()
	if !testing.Verbose() { // Tessera talks through klog
		klog.LogToStderr(false)
		klog.SetOutput(io.Discard)
	}
	if os.Getenv(crashURL) != "" {
		crashChild()
	}
	os.Exit(m.Run())
}

// fixture is a log over a fresh database.
type fixture struct {
	*Log
	t testing.TB
}

func newFixture(t testing.TB, d *db.DB) *fixture {
	t.Helper()
	return reopen(t, migrated(t, d), t.TempDir())
}

// reopen makes a log as the program does after a restart.
func reopen(t testing.TB, d *db.DB, dir string) *fixture {
	t.Helper()
	l, err := New(Deps{DB: d, Clock: clock.NewFake(start), Logger: slog.New(slog.DiscardHandler), Dir: dir, Origin: testOrigin,
		Batch: 64, Interval: time.Millisecond, Checkpoint: 100 * time.Millisecond, Recheck: -1})
	if err != nil {
		t.Fatal(err)
	}
	return &fixture{Log: l, t: t}
}

// begin runs the sealer until the returned function is called, which gives
// what Run returned.
func (f *fixture) begin() (stop func() error) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- f.Run(ctx) }()
	stop = sync.OnceValue(func() error { cancel(); return <-done })
	f.t.Cleanup(func() { stop() }) // when the test fails before it stops the sealer
	return stop
}

// append writes n acts on one subject, with rising revisions, in one transaction.
func (f *fixture) append(subject string, n int) []Act {
	f.t.Helper()
	var acts []Act
	err := f.DB.Do(context.Background(), func(tx *db.Tx) error {
		acts = nil
		for i := range n {
			a := fullAct()
			a.ID, a.Subjects = "", Digest{}
			a.Subject = Subject{Type: "incident", ID: subject, Rev: int64(i + 1), Digest: DigestOf([]byte{byte(i)})}
			a, err := f.Append(tx, a)
			if err != nil {
				return err
			}
			acts = append(acts, a)
		}
		return nil
	})
	if err != nil {
		f.t.Fatal(err)
	}
	return acts
}

// seal runs the sealer until every act is sealed and under a checkpoint.
func (f *fixture) seal() {
	f.t.Helper()
	stop := f.begin()
	f.awaitSealed()
	if err := stop(); err != nil {
		f.t.Fatal(err)
	}
}

// awaitSealed waits until no act is unsealed; a running sealer is needed.
func (f *fixture) awaitSealed() {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	for f.count(`select count(*) from act where seq is null`) > 0 {
		f.Log.mu.Lock()
		stopped := f.stopped
		f.Log.mu.Unlock()
		if err := sleep(ctx, time.Millisecond); err != nil || stopped != nil {
			f.t.Fatalf("acts stay unsealed: %v", stopped)
		}
	}
}

func (f *fixture) count(q string, args ...any) int64 {
	f.t.Helper()
	var n int64
	if err := f.DB.Read(context.Background()).QueryRow(q, args...).Scan(&n); err != nil {
		f.t.Fatal(err)
	}
	return n
}

func (f *fixture) exec(q string, args ...any) {
	f.t.Helper()
	err := f.DB.Do(context.Background(), func(tx *db.Tx) error {
		_, err := tx.Exec(q, args...)
		return err
	})
	if err != nil {
		f.t.Fatal(err)
	}
}

// agree fails unless log and database hold the same n acts.
func (f *fixture) agree(n int64) {
	f.t.Helper()
	got, err := NewMonitor(f.Log).Check(context.Background())
	if err != nil {
		f.t.Fatal(err)
	}
	if !got.OK() || int64(got.Size) != n {
		f.t.Fatalf("%d leaves of %d, alarms %+v", got.Size, n, got.Alarms)
	}
	if sealed := f.count(`select count(*) from act where seq is not null`); sealed != n {
		f.t.Fatalf("%d acts sealed of %d", sealed, n)
	}
}

func TestSeal(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := newFixture(t, d)
		f.append("a", 1)
		f.append("b", 150) // more than two batches
		f.seal()
		f.agree(151)
		if n := f.count(`select sum(size) from evidence_seal`); n != 151 {
			t.Errorf("%d seals are recorded", n)
		}
		// The sealer goes on where it was after a restart.
		again := reopen(t, d, f.Dir)
		again.append("c", 3)
		again.seal()
		again.agree(154)
	})
}

// TestSealsWhileActsCome: acts of many callers, some of whom fail, all get one
// leaf each.
func TestSealsWhileActsCome(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := newFixture(t, d)
		stop := f.begin()
		const callers, each = 8, 40
		done := make(chan struct{})
		for range callers {
			go func() {
				defer func() { done <- struct{}{} }()
				for i := range each {
					err := f.DB.Do(context.Background(), func(tx *db.Tx) error {
						if _, err := f.Append(tx, Act{Verb: "v", Subject: Subject{Type: "t", ID: "s"}}); err != nil {
							return err
						}
						if i%5 == 4 {
							return context.Canceled // rolled back: n has gaps on PostgreSQL
						}
						return nil
					})
					if err != nil && i%5 != 4 {
						t.Error(err)
					}
				}
			}()
		}
		for range callers {
			<-done
		}
		f.awaitSealed()
		if err := stop(); err != nil {
			t.Fatal(err)
		}
		f.agree(callers * each * 4 / 5)
	})
}

// TestSealsLateCommits: an act committed after acts of higher n is sealed too.
func TestSealsLateCommits(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := newFixture(t, d)
		f.append("a", 3)
		f.exec(`update act set n = n + 100`)
		f.seal()
		f.append("b", 2)
		f.exec(`update act set n = 50 + n % 10 where seq is null`)
		f.seal()
		f.agree(5)
	})
}

// TestRecoverTail: leaves whose records were lost in a crash are matched with
// their acts, whatever else waits.
func TestRecoverTail(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := newFixture(t, d)
		f.append("a", 100)
		f.seal()
		f.exec(`update act set seq = null where seq >= 37`)
		f.exec(`delete from evidence_seal where first_seq >= 37`)
		f.exec(`update evidence_seal set size = 37 - first_seq where first_seq + size > 37`)
		f.append("b", 10)
		again := reopen(t, d, f.Dir)
		again.seal()
		again.agree(110)
	})
}

// TestDivergenceStopsSealing: what cannot be reconciled is never sealed over.
func TestDivergenceStopsSealing(t *testing.T) {
	cases := map[string]struct {
		break_ string
		kind   string
	}{
		"leaf without act":   {`delete from act where seq = 9`, AlarmOrphan},
		"acts lost":          {`delete from act where seq >= 5`, AlarmOrphan},
		"last act altered":   {`update act set body = salt where seq = 8`, AlarmAltered},
		"log shorter":        {`update act set seq = 1000 where seq = 9`, AlarmRollback},
		"unsealed and other": {`update act set seq = null, salt = body where seq = 9`, AlarmOrphan},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				f := newFixture(t, d)
				f.append("a", 10)
				f.seal()
				f.exec(c.break_)
				f.append("b", 1)
				again := reopen(t, d, f.Dir)
				if err := again.Run(t.Context()); fault.Code(err) != codeDiverged {
					t.Fatalf("got %v", err)
				}
				if n := f.count(`select count(*) from evidence_alarm where kind = $1`, c.kind); n == 0 {
					t.Error("no alarm was raised")
				}
				if n := f.count(`select count(*) from act where subject_id = 'b' and seq is null`); n != 1 {
					t.Error("the new act was sealed")
				}
				s, err := again.Status(t.Context())
				if err != nil || s.Sealing || s.Stopped == "" || s.Size != 10 {
					t.Errorf("%+v, %v", s, err)
				}
			})
		})
	}
}

// TestRestoredGoesOn: once what was wrong is restored, a start is all it takes.
func TestRestoredGoesOn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := newFixture(t, d)
		f.append("a", 10)
		f.seal()
		f.exec(`update act set seq = 1000 where seq = 9`)
		f.append("b", 1)
		if err := reopen(t, d, f.Dir).Run(t.Context()); fault.Code(err) != codeDiverged {
			t.Fatalf("got %v", err)
		}
		f.exec(`update act set seq = 9 where seq = 1000`)
		again := reopen(t, d, f.Dir)
		again.seal()
		again.agree(11)
	})
}

// TestOneLogPerDatabase: a second folder, or a second process, does not seal.
func TestOneLogPerDatabase(t *testing.T) {
	d := dbtest.SQLite(t)
	f := newFixture(t, d)
	f.append("a", 1)
	f.seal()
	other := newFixture(t, dbtest.SQLite(t))
	other.append("a", 1)
	other.seal()
	if err := reopen(t, d, other.Dir).Run(t.Context()); fault.Code(err) != codeDiverged {
		t.Errorf("a log that was begun elsewhere: %v", err)
	}
	lock, err := f.store.lock()
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	if err := reopen(t, d, f.Dir).Run(t.Context()); fault.Code(err) != "log-in-use" {
		t.Errorf("a second process: %v", err)
	}
}

// TestAnotherNodeSeals: a node with a fresh folder appends, and leaves the
// sealing to the node that has the log; it knows when nobody seals.
func TestAnotherNodeSeals(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		owner := newFixture(t, d)
		owner.append("a", 1)
		owner.seal()
		node := reopen(t, d, t.TempDir())
		stop := node.begin()
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		for !node.elsewhere.Load() {
			if err := sleep(ctx, time.Millisecond); err != nil {
				t.Fatal("it does not notice that another node seals")
			}
		}
		node.append("b", 3)
		s, err := node.Status(t.Context())
		if err != nil || !s.Sealing || s.Stopped != "" || s.Unsealed != 3 || s.Origin != testOrigin || !slices.Equal(s.Keys, owner.store.keys.vkeys[:1]) {
			t.Errorf("%+v, %v", s, err)
		}
		node.Clock.(*clock.Fake).Advance(2 * time.Minute)
		if s, err := node.Status(t.Context()); err != nil || s.Sealing {
			t.Errorf("nobody seals, and it says %+v, %v", s, err)
		}
		owner = reopen(t, d, owner.Dir)
		owner.seal()
		if s, err := node.Status(t.Context()); err != nil || !s.Sealing || s.Unsealed != 0 {
			t.Errorf("sealed again: %+v, %v", s, err)
		}
		if err := stop(); err != nil {
			t.Errorf("it ends with %v", err)
		}
		owner.agree(4)
	})
}

// TestNoFolder: a process without the folder appends and does not seal.
func TestNoFolder(t *testing.T) {
	f := newFixture(t, dbtest.SQLite(t))
	f.append("a", 1)
	l, err := New(Deps{DB: f.DB, Clock: f.Clock, Logger: f.Logger})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := l.Run(ctx); err != nil {
		t.Error(err)
	}
	s, err := l.Status(t.Context())
	if err != nil || s.Unsealed != 1 || s.Sealing {
		t.Errorf("%+v, %v", s, err)
	}
}

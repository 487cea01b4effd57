package evidence

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"chengshu/kernel/clock"
	"chengshu/kernel/db"
	"chengshu/kernel/db/dbtest"
	"chengshu/kernel/id"

	"github.com/transparency-dev/tessera"
)

// BenchmarkSeal measures how many waiting acts are sealed in a second, from the
// rows in the database to their leaf indexes back in it, beside what the tree
// alone takes of the same entries with the same options.
//
//	go test -run xx -bench Seal -benchtime 1x ./core/evidence
func BenchmarkSeal(b *testing.B) {
	const acts = 100_000
	bare := 0.0
	b.Run("bare-tree", func(b *testing.B) {
		bare = rate(b, acts, func() func() { return bareTree(b, acts) })
	})
	for name, open := range map[string]func(testing.TB) *db.DB{"sqlite": dbtest.SQLite, "postgresql": dbtest.PostgreSQL} {
		b.Run(name, func(b *testing.B) {
			got := rate(b, acts, func() func() { return sealAll(b, open(b), acts) })
			b.ReportMetric(got/bare, "of-bare")
		})
	}
}

// rate times what prepare returns.
func rate(b *testing.B, acts int, prepare func() func()) float64 {
	var total time.Duration
	for range b.N {
		fn := prepare()
		began := time.Now()
		fn()
		total += time.Since(began)
	}
	per := float64(acts*b.N) / total.Seconds()
	b.ReportMetric(per, "acts/s")
	b.ReportMetric(0, "ns/op")
	return per
}

func benchLog(b *testing.B, d *db.DB) *Log {
	l, err := New(Deps{DB: d, Clock: clock.System(), Logger: slog.New(slog.DiscardHandler), Dir: b.TempDir(), Origin: testOrigin, Recheck: -1})
	if err != nil {
		b.Fatal(err)
	}
	return l
}

func bareTree(b *testing.B, acts int) func() {
	l := benchLog(b, nil)
	t, done, err := l.openTree(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(done)
	entries := make([]byte, 32*acts)
	rand.Read(entries)
	return func() {
		// As many batches are on their way as the sealer has.
		var before []tessera.IndexFuture
		for len(entries) > 0 {
			var now []tessera.IndexFuture
			for range min(l.Batch, len(entries)/32) {
				now = append(now, t.add(b.Context(), tessera.NewEntry(entries[:32])))
				entries = entries[32:]
			}
			waitAll(b, before)
			before = now
		}
		waitAll(b, before)
	}
}

func waitAll(b *testing.B, futures []tessera.IndexFuture) {
	for _, f := range futures {
		if _, err := f(); err != nil {
			b.Fatal(err)
		}
	}
}

func sealAll(b *testing.B, d *db.DB, acts int) func() {
	l := benchLog(b, migrated(b, d))
	fill(b, l, acts)
	ctx, cancel := context.WithCancel(b.Context())
	stopped := make(chan error, 1)
	b.Cleanup(func() {
		cancel()
		if err := <-stopped; err != nil {
			b.Error(err)
		}
	})
	return func() {
		go func() { stopped <- l.Run(ctx) }()
		for {
			var left int
			if err := d.Read(ctx).QueryRow(`select count(*) from (select 1 from act where seq is null limit 1) x`).Scan(&left); err != nil {
				b.Fatal(err)
			}
			if left == 0 {
				return
			}
			time.Sleep(5 * time.Millisecond)
		}
	}
}

// fill appends acts such as transitions of cases leave.
func fill(tb testing.TB, l *Log, acts int) {
	tb.Helper()
	for acts > 0 {
		n := min(acts, 1000)
		acts -= n
		err := l.DB.Do(context.Background(), func(tx *db.Tx) error {
			for range n {
				a := fullAct()
				a.ID, a.Subject.ID, a.Subjects = "", id.New(), Digest{}
				if _, err := l.Append(tx, a); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			tb.Fatal(err)
		}
	}
}

// BenchmarkAppend is what an act adds to a transaction.
func BenchmarkAppend(b *testing.B) {
	l := benchLog(b, migrated(b, dbtest.SQLite(b)))
	for b.Loop() {
		fill(b, l, 1000)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/act")
}

// BenchmarkRead is what leaving an act of reading costs, by the persons read.
func BenchmarkRead(b *testing.B) {
	for _, persons := range []int{1, 20, 200} {
		b.Run(fmt.Sprint(persons), func(b *testing.B) {
			l := benchLog(b, migrated(b, dbtest.SQLite(b)))
			subjects := make([]ReadSubject, persons)
			for i := range subjects {
				subjects[i] = ReadSubject{Person: id.New(), Type: "resident", Record: id.New(), Fields: []string{"name", "phone"}}
			}
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					a := fullAct()
					a.ID = ""
					if _, err := l.Read(b.Context(), a, subjects); err != nil {
						b.Error(err)
					}
				}
			})
		})
	}
}

// BenchmarkCallers is what sealing takes from fifty callers who each append
// one act in a transaction of their own; it reports how many acts were still
// unsealed at the end.
func BenchmarkCallers(b *testing.B) {
	for name, open := range map[string]func(testing.TB) *db.DB{"sqlite": dbtest.SQLite, "postgresql": dbtest.PostgreSQL} {
		for _, sealing := range []bool{false, true} {
			b.Run(fmt.Sprintf("%s/sealing=%v", name, sealing), func(b *testing.B) {
				callers(b, benchLog(b, migrated(b, open(b))), sealing)
			})
		}
	}
}

func callers(b *testing.B, l *Log, sealing bool) {
	ctx, cancel := context.WithCancel(b.Context())
	stopped := make(chan error, 1)
	if sealing {
		go func() { stopped <- l.Run(ctx) }()
	} else {
		stopped <- nil
	}
	b.SetParallelism(25) // of two processors each
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			fillOne(b, l)
		}
	})
	b.StopTimer()
	s, err := l.Status(ctx)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "acts/s")
	b.ReportMetric(float64(s.Unsealed), "unsealed")
	cancel()
	if err := <-stopped; err != nil {
		b.Error(err)
	}
}

// fillOne appends one act in a transaction of its own.
func fillOne(b *testing.B, l *Log) {
	a := fullAct()
	a.ID, a.Subject.ID, a.Subjects = "", id.New(), Digest{}
	err := l.DB.Do(context.Background(), func(tx *db.Tx) error {
		_, err := l.Append(tx, a)
		return err
	})
	if err != nil {
		b.Error(err)
	}
}

// BenchmarkMonitor is how many acts are compared with the log in a second.
func BenchmarkMonitor(b *testing.B) {
	const acts = 50_000
	l := benchLog(b, migrated(b, dbtest.SQLite(b)))
	fill(b, l, acts)
	f := &fixture{Log: l, t: b}
	f.seal()
	b.ResetTimer()
	for b.Loop() {
		f.exec(`delete from evidence_monitor`)
		c, err := NewMonitor(l).Check(b.Context())
		if err != nil || !c.OK() || c.Checked != 2*acts {
			b.Fatal(c, err)
		}
	}
	b.ReportMetric(2*acts*float64(b.N)/b.Elapsed().Seconds(), "acts/s")
}

// BenchmarkBundle is the export and the check of a case of a hundred acts.
func BenchmarkBundle(b *testing.B) {
	l := benchLog(b, migrated(b, dbtest.SQLite(b)))
	f := &fixture{Log: l, t: b}
	fill(b, l, 20_000)
	for range 10 {
		f.append("case", 10)
		fill(b, l, 2_000)
	}
	f.seal()
	raw := f.exported("case")
	b.Run("export", func(b *testing.B) {
		for b.Loop() {
			f.exported("case")
		}
		b.ReportMetric(float64(len(raw)), "bytes")
	})
	b.Run("verify", func(b *testing.B) {
		for b.Loop() {
			if _, err := Verify(bytes.NewReader(raw), f.pins()); err != nil {
				b.Fatal(err)
			}
		}
	})
}

package job

import (
	"context"
	"sync/atomic"
	"testing"

	"chengshu/kernel/clock"
	"chengshu/kernel/db"
	"chengshu/kernel/db/dbtest"
)

// BenchmarkJob measures a job from its enqueuing, 100 in a transaction, to its
// end, with a handler that does nothing.
func BenchmarkJob(b *testing.B) {
	b.Run("sqlite", func(b *testing.B) { benchJob(b, dbtest.SQLite(b)) })
	b.Run("postgresql", func(b *testing.B) { benchJob(b, dbtest.PostgreSQL(b)) })
}

func benchJob(b *testing.B, d *db.DB) {
	ctx, stop := context.WithCancel(context.Background())
	if err := d.Migrate(ctx, Migrations()...); err != nil {
		b.Fatal(err)
	}
	e := New(Deps{DB: d, Clock: clock.System(), Workers: 64})
	var ran atomic.Int64
	all, over := make(chan struct{}), make(chan struct{})
	e.Register("k", func(context.Context, *Run) error {
		if ran.Add(1) == int64(b.N) {
			close(all)
		}
		return nil
	})
	b.ResetTimer()
	for left := b.N; left > 0; left -= 100 {
		err := d.Do(ctx, func(tx *db.Tx) error {
			for range min(left, 100) {
				if _, err := e.Enqueue(tx, Job{Kind: "k", Payload: 1}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "enqueued/s")
	go func() { e.Run(ctx); close(over) }()
	<-all
	stop()
	<-over
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "jobs/s")
}

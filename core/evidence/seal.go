package evidence

import (
	"context"
	"errors"
	"fmt"
	"time"

	"chengshu/kernel/db"
	"chengshu/kernel/fault"

	"github.com/transparency-dev/tessera"
	"github.com/transparency-dev/tessera/storage/posix"
	"golang.org/x/sync/errgroup"
)

const (
	pollEvery  = time.Second     // how often the sealer looks for acts of other processes
	sweepEvery = 2 * time.Second // how often, under load, it looks for acts that were committed late
	retryAfter = time.Second     // pause after a failure that may pass
	maxRuns    = 256             // statements in one transaction that records seals
)

// The batching waits on the wall clock and not on the injected one: it paces
// this machine's disk, whatever day it is for the city.

// tree is the Merkle tree of the log, open for adding.
type tree struct {
	add  tessera.AddFn
	size func(context.Context) (uint64, error) // entries that are in the tree for good
}

// Run seals acts until ctx ends, and lets the monitor look now and then. It
// returns nil when ctx has ended. A fault of code "log-diverged" means that log
// and database contradict each other: it has raised an alarm, and sealing stays
// stopped until a person has found out why (docs/guide/operating.md); acts are still appended.
// Without a folder, or when another node seals, Run only waits.
func (l *Log) Run(ctx context.Context) error {
	if l.store == nil {
		<-ctx.Done()
		return nil
	}
	l.mu.Lock()
	l.stopped = nil
	l.mu.Unlock()
	lock, err := l.store.lock()
	if err != nil {
		return l.stop(fault.Wrap(err, fault.Conflict, "log-in-use", "存证日志正被另一进程使用", "the evidence log is in use by another process"))
	}
	defer lock.Close()
	err = l.run(ctx)
	if fault.Code(err) == codeElsewhere {
		l.elsewhere.Store(true)
		l.Logger.Warn("this node does not seal evidence", "why", err)
		<-ctx.Done()
		return nil
	}
	if err != nil && ctx.Err() == nil {
		return l.stop(err)
	}
	return nil
}

// stop records why sealing has stopped, and says so.
func (l *Log) stop(err error) error {
	l.mu.Lock()
	l.stopped = err
	l.mu.Unlock()
	l.Logger.Error("sealing of evidence has stopped", "err", err)
	return err
}

func (l *Log) run(ctx context.Context) error {
	if err := l.claim(ctx); err != nil {
		return err
	}
	t, closeTree, err := l.openTree(ctx)
	if err != nil {
		return fault.Wrap(err, fault.Internal, "log-unusable", "存证日志无法打开", "the evidence log cannot be opened")
	}
	defer closeTree()
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return l.sealing(ctx, t) })
	if l.Recheck > 0 {
		g.Go(func() error { return NewMonitor(l).Run(ctx) })
	}
	return g.Wait()
}

// sealing recovers and seals, again after each failure that may pass.
func (l *Log) sealing(ctx context.Context, t *tree) error {
	for {
		err := l.recover(ctx, t)
		if err == nil {
			err = l.session(ctx, t)
		}
		if ctx.Err() != nil || fault.Code(err) == codeDiverged {
			return err
		}
		l.Logger.Warn("sealing of evidence failed and will be tried again", "err", err)
		if err := sleep(ctx, retryAfter); err != nil {
			return err
		}
	}
}

// openTree opens the tree; the returned function publishes what is in it and
// closes it.
func (l *Log) openTree(ctx context.Context) (*tree, func(), error) {
	opts := tessera.NewAppendOptions().
		WithCheckpointSigner(l.store.keys.primary, l.store.keys.signers...).
		WithBatching(uint(l.Batch), 20*time.Millisecond).
		WithCheckpointInterval(l.Checkpoint).
		WithGarbageCollectionInterval(time.Second).
		WithShutdownTimeout(5 * time.Second)
	if len(l.Witnesses) > 0 {
		group, err := tessera.NewWitnessGroupFromPolicy(l.Witnesses)
		if err != nil {
			return nil, nil, fmt.Errorf("witness policy: %w", err)
		}
		opts.WithWitnesses(group, nil)
	}
	// The tree lives on while a cancelled session waits for what it has added.
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	driver, err := posix.New(ctx, posix.Config{Path: l.store.tree})
	if err == nil {
		var a *tessera.Appender
		var shutdown func(context.Context) error
		var reader tessera.LogReader
		if a, shutdown, reader, err = tessera.NewAppender(ctx, driver, opts); err == nil {
			return &tree{add: a.Add, size: reader.IntegratedSize}, func() {
				if err := shutdown(ctx); err != nil {
					l.Logger.Warn("the last checkpoint of the evidence log was not published", "err", err)
				}
				cancel()
			}, nil
		}
	}
	cancel()
	return nil, nil, err
}

// batch is a number of acts on their way into the tree.
type batch struct {
	acts    []int64 // n of each
	futures []tessera.IndexFuture
	settled chan struct{} // closed when the database knows their leaves
}

// run is count acts, n, n+1, …, at the leaves seq, seq+1, ….
type run struct {
	n, seq, count int64
}

// session seals until ctx ends or something fails. One goroutine reads acts and
// adds them to the tree, the other waits for the tree and writes into the
// database where each act has gone. When it returns, nothing is on its way.
func (l *Log) session(ctx context.Context, t *tree) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	batches := make(chan *batch, 1)
	fed := make(chan error, 1)
	go func() {
		defer close(batches)
		fed <- l.feed(ctx, t, batches)
	}()
	var failed error
	for b := range batches {
		runs, err := b.wait()
		if err == nil && failed == nil {
			err = l.settle(ctx, runs)
		}
		if err == nil && failed == nil {
			close(b.settled)
			continue
		}
		// What is still on its way is only waited for: recover sorts it out.
		failed = errors.Join(failed, err)
		cancel()
	}
	if failed != nil {
		return failed
	}
	return <-fed
}

// feed reads unsealed acts and adds them to the tree.
func (l *Log) feed(ctx context.Context, t *tree, out chan<- *batch) error {
	var cursor int64
	swept := time.Now()
	last := make(chan struct{}) // closed when all that was added is settled
	close(last)
	for {
		l.pending.Store(0)
		b, err := l.take(ctx, t, cursor)
		if err != nil {
			return err
		}
		if len(b.acts) > 0 {
			out <- b
			cursor, last = b.acts[len(b.acts)-1], b.settled
		}
		many := len(b.acts) == l.Batch
		if many && time.Since(swept) < sweepEvery {
			continue
		}
		// When all is settled, look from the beginning: on PostgreSQL an act may
		// be committed after acts of higher n.
		select {
		case <-last:
		case <-ctx.Done():
			return ctx.Err()
		}
		cursor, swept = 0, time.Now()
		if !many {
			if err := l.rest(ctx); err != nil {
				return err
			}
		}
	}
}

// rest waits until acts may be there, and then until they are many or have
// waited long enough.
func (l *Log) rest(ctx context.Context) error {
	poll := time.NewTimer(pollEvery)
	defer poll.Stop()
	select {
	case <-l.wake:
	case <-poll.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
	gather := time.NewTimer(l.Interval)
	defer gather.Stop()
	select {
	case <-l.full:
	case <-gather.C:
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}

// take reads unsealed acts with n above cursor, in that order, and adds their
// leaves to the tree.
func (l *Log) take(ctx context.Context, t *tree, cursor int64) (*batch, error) {
	b := &batch{settled: make(chan struct{})}
	var leaves []Digest
	err := l.unsealed(ctx, cursor, l.Batch, func(n int64, leaf Digest) {
		b.acts, leaves = append(b.acts, n), append(leaves, leaf)
	})
	if err != nil {
		return nil, err
	}
	b.futures = make([]tessera.IndexFuture, len(leaves))
	for i := range leaves {
		b.futures[i] = t.add(ctx, tessera.NewEntry(leaves[i][:]))
	}
	return b, nil
}

// unsealed calls fn for at most limit unsealed acts above cursor, lowest n first.
func (l *Log) unsealed(ctx context.Context, cursor int64, limit int, fn func(n int64, leaf Digest)) error {
	rows, err := l.DB.Read(ctx).Query(`select n, salt, body from act where seq is null and n > $1 order by n limit $2`, cursor, limit)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var n int64
		var salt, body []byte
		if err := rows.Scan(&n, &salt, &body); err != nil {
			return err
		}
		fn(n, leafOf(salt, body))
	}
	return rows.Err()
}

// wait returns when the tree holds every leaf of b for good, or has said of
// each that it does not.
func (b *batch) wait() ([]run, error) {
	var runs []run
	var failed error
	for i, f := range b.futures {
		index, err := f()
		if err != nil {
			failed = err
			continue
		}
		runs = extend(runs, b.acts[i], int64(index.Index))
	}
	return runs, failed
}

// extend adds one act to runs.
func extend(runs []run, n, seq int64) []run {
	if last := len(runs) - 1; last >= 0 {
		if r := &runs[last]; r.n+r.count == n && r.seq+r.count == seq {
			r.count++
			return runs
		}
	}
	return append(runs, run{n: n, seq: seq, count: 1})
}

// settle writes into the database where the acts of runs have gone. An act
// that is no longer there, or is sealed already, is a divergence.
func (l *Log) settle(ctx context.Context, runs []run) error {
	at := l.Clock.Now().UnixMilli()
	for len(runs) > 0 {
		some := runs[:min(len(runs), maxRuns)]
		runs = runs[len(some):]
		if err := l.DB.DoLow(ctx, func(tx *db.Tx) error { return settleSome(tx, some, at) }); err != nil {
			return err
		}
	}
	return nil
}

func settleSome(tx *db.Tx, runs []run, at int64) error {
	for _, r := range runs {
		n, err := tx.Exec(`update act set seq = n + $1 where n >= $2 and n < $3 and seq is null`, r.seq-r.n, r.n, r.n+r.count)
		if err != nil {
			return err
		}
		if n != r.count {
			return diverged(fmt.Errorf("of %d acts from n %d on, sealed at leaf %d, %d are in the database", r.count, r.n, r.seq, n))
		}
		_, err = tx.Exec(`insert into evidence_seal (first_seq, size, at) values ($1, $2, $3)`, r.seq, r.count, at)
		if err != nil {
			return err
		}
	}
	return nil
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

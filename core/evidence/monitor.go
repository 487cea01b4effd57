package evidence

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"chengshu/kernel/db"

	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/rfc6962"
	"github.com/transparency-dev/tessera/client"
)

// sweepSlice is how many old leaves one look checks again: at one look a
// minute, a million acts and what they were about are gone through in less than
// an hour.
const sweepSlice = 20_000

// Monitor compares the log with the database and with itself. Each look checks
// what is new since the last checkpoint that was found right, and a slice of
// what is old, so that in time everything is checked again and again. It holds
// a few megabytes, however long the log is. It is used by one goroutine.
type Monitor struct {
	log   *Log
	sweep sweep
	grace time.Duration // how long the database may be behind the log
}

// sweep is a pass over the whole log, slice by slice.
type sweep struct {
	to    checkpoint // where the pass ends
	next  uint64
	nodes *compact.Range
}

// Check is what one look found.
type Check struct {
	At      int64   // ms UTC
	Checked int64   // acts compared with the log
	Size    uint64  // size of the log that was checked
	Alarms  []Alarm // what was wrong, at most 100
}

// OK reports whether nothing was wrong.
func (c *Check) OK() bool { return len(c.Alarms) == 0 }

// NewMonitor makes a monitor of l, which must have a folder.
func NewMonitor(l *Log) *Monitor { return &Monitor{log: l, grace: 3 * time.Second} }

// Run looks every l.Recheck until ctx ends. What fails is logged and tried
// again; what is wrong is an alarm and no error.
func (m *Monitor) Run(ctx context.Context) error {
	for {
		if _, err := m.Check(ctx); err != nil && ctx.Err() == nil {
			m.log.Logger.Warn("the check of the evidence log failed", "err", err)
		}
		if err := sleep(ctx, m.log.Recheck); err != nil {
			return err
		}
	}
}

// Check looks once. The error says that the look could not be made; what it
// found wrong is in the result, in the table evidence_alarm and in the log.
func (m *Monitor) Check(ctx context.Context) (Check, error) {
	out := Check{At: m.log.Clock.Now().UnixMilli()}
	alarms, err := m.look(ctx, &out)
	if err != nil {
		return out, fmt.Errorf("evidence: check: %w", err)
	}
	out.Alarms = alarms
	m.log.mu.Lock()
	m.log.last = out
	m.log.mu.Unlock()
	return out, m.log.raise(ctx, alarms...)
}

func (m *Monitor) look(ctx context.Context, out *Check) ([]Alarm, error) {
	cp, err := m.log.store.checkpoint(ctx)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil // the log was not begun
	case err != nil:
		return []Alarm{{Kind: AlarmSignature, Seq: -1, Detail: err.Error()}}, nil
	}
	out.Size = cp.size
	before, alarms, err := m.before(ctx, cp)
	if err != nil || len(alarms) > 0 {
		return alarms, err
	}
	if behind, err := m.await(ctx, before.size, cp.size); err != nil || len(behind) > 0 {
		return behind, err
	}
	c := &comparison{log: m.log, size: cp.size}
	if err := m.fresh(ctx, c, before, cp); err != nil {
		return nil, err
	}
	if err := m.old(ctx, c, cp); err != nil {
		return nil, err
	}
	if err := m.extra(ctx, c); err != nil {
		return nil, err
	}
	if slices.ContainsFunc(c.alarms, func(a Alarm) bool { return a.Kind == AlarmMissing }) {
		// An act whose batch is being settled this moment is not missing.
		if err := sleep(ctx, m.grace); err != nil {
			return nil, err
		}
		if err := c.confirm(m.log.DB.Read(ctx)); err != nil {
			return nil, err
		}
	}
	out.Checked = c.checked
	return c.alarms, nil
}

// before returns the last checkpoint that was found right, after making sure
// that the log has not become shorter or another one since.
func (m *Monitor) before(ctx context.Context, cp checkpoint) (checkpoint, []Alarm, error) {
	var raw string
	err := m.log.DB.Read(ctx).QueryRow(`select checkpoint from evidence_monitor where id = 1`).Scan(&raw)
	if errors.Is(err, db.ErrNoRows) {
		return checkpoint{root: rfc6962.DefaultHasher.EmptyRoot()}, nil, nil
	}
	if err != nil {
		return checkpoint{}, nil, err
	}
	before, err := m.log.store.parse([]byte(raw))
	if err != nil {
		return before, []Alarm{{Kind: AlarmSignature, Seq: -1, Detail: "the stored checkpoint: " + err.Error()}}, nil
	}
	if cp.size < before.size || (cp.size == before.size && !bytes.Equal(cp.root, before.root)) {
		return before, []Alarm{{Kind: AlarmRollback, Seq: int64(cp.size),
			Detail: fmt.Sprintf("a log of %d leaves was checked before; now it has %d, root %x", before.size, cp.size, cp.root)}}, nil
	}
	return before, nil, nil
}

// await waits until the database has recorded every leaf of the checkpoint. A
// database that knows less than was checked before has lost acts; one that is
// only behind makes the look fail.
func (m *Monitor) await(ctx context.Context, checked, size uint64) ([]Alarm, error) {
	for deadline := time.Now().Add(m.grace); ; {
		end, err := sealEnd(m.log.DB.Read(ctx))
		switch {
		case err != nil || end >= size:
			return nil, err
		case end < checked:
			return []Alarm{{Kind: AlarmMissing, Seq: int64(end),
				Detail: fmt.Sprintf("%d leaves were checked before, the database knows %d", checked, end)}}, nil
		case time.Now().After(deadline):
			return nil, fmt.Errorf("the log has %d leaves, the database knows %d", size, end)
		}
		if err := sleep(ctx, 50*time.Millisecond); err != nil {
			return nil, err
		}
	}
}

// sealEnd is one more than the last leaf whose sealing is recorded.
func sealEnd(q db.Querier) (uint64, error) {
	var end int64
	err := q.QueryRow(`select first_seq + size from evidence_seal order by first_seq desc limit 1`).Scan(&end)
	if errors.Is(err, db.ErrNoRows) {
		return 0, nil
	}
	return uint64(end), err
}

// fresh checks what came since before, and that the entries of the log lead
// from its root to the root of cp: nothing that was there has changed.
func (m *Monitor) fresh(ctx context.Context, c *comparison, before, cp checkpoint) error {
	nodes, err := m.nodes(ctx, before)
	if err != nil {
		c.alarm(AlarmRoot, int64(before.size), "", "the tiles of the log do not give the root that was checked before: "+err.Error())
		return nil
	}
	if err := walk(ctx, c, nodes, before.size, cp.size); err != nil {
		return err
	}
	if !rootIs(nodes, cp) {
		c.alarm(AlarmRoot, int64(cp.size), "", "the entries of the log do not give the signed root")
		return nil
	}
	return m.log.DB.Do(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(`insert into evidence_monitor (id, at, checkpoint) values (1, $1, $2)
			on conflict (id) do update set at = excluded.at, checkpoint = excluded.checkpoint`, m.log.Clock.Now().UnixMilli(), string(cp.raw))
		return err
	})
}

// nodes fetches the right edge of the tree at an earlier checkpoint and makes
// sure that it gives that checkpoint's root.
func (m *Monitor) nodes(ctx context.Context, at checkpoint) (*compact.Range, error) {
	factory := compact.RangeFactory{Hash: rfc6962.DefaultHasher.HashChildren}
	if at.size == 0 {
		return factory.NewEmptyRange(0), nil
	}
	hashes, err := client.FetchRangeNodes(ctx, at.size, m.log.store.files.ReadTile)
	if err != nil {
		return nil, err
	}
	r, err := factory.NewRange(0, at.size, hashes)
	if err != nil {
		return nil, err
	}
	if !rootIs(r, at) {
		return nil, errors.New("another root")
	}
	return r, nil
}

// walk compares the leaves [first, end) and adds them to nodes.
func walk(ctx context.Context, c *comparison, nodes *compact.Range, first, end uint64) error {
	var failed error
	c.visit = func(leaf Digest) {
		if err := nodes.Append(rfc6962.DefaultHasher.HashLeaf(leaf[:]), nil); err != nil {
			failed = err
		}
	}
	err := c.compare(ctx, first, end)
	return errors.Join(err, failed)
}

func rootIs(r *compact.Range, cp checkpoint) bool {
	if cp.size == 0 {
		return bytes.Equal(cp.root, rfc6962.DefaultHasher.EmptyRoot())
	}
	root, err := r.GetRootHash(nil)
	return err == nil && r.End() == cp.size && bytes.Equal(root, cp.root)
}

// old checks a slice of what was checked before.
func (m *Monitor) old(ctx context.Context, c *comparison, cp checkpoint) error {
	s := &m.sweep
	if s.nodes == nil {
		factory := compact.RangeFactory{Hash: rfc6962.DefaultHasher.HashChildren}
		*s = sweep{to: cp, nodes: factory.NewEmptyRange(0)}
	}
	end := min(s.next+sweepSlice, s.to.size)
	if err := walk(ctx, c, s.nodes, s.next, end); err != nil {
		s.nodes = nil
		return err
	}
	if s.next = end; s.next < s.to.size {
		return nil
	}
	if !rootIs(s.nodes, s.to) {
		c.alarm(AlarmRoot, int64(s.to.size), "", "the entries of the log do not give the signed root")
	}
	s.nodes = nil
	return nil
}

// extra finds acts that claim a leaf the sealer never recorded.
func (m *Monitor) extra(ctx context.Context, c *comparison) error {
	return m.log.DB.Snapshot(ctx, func(q db.Querier) error {
		end, err := sealEnd(q)
		if err != nil {
			return err
		}
		rows, err := q.Query(`select seq, id from act where seq >= $1 order by seq limit $2`, end, maxAlarms)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var seq int64
			var id string
			if err := rows.Scan(&seq, &id); err != nil {
				return err
			}
			c.alarm(AlarmExtra, seq, id, "the act claims a leaf that was never sealed")
		}
		return rows.Err()
	})
}

package evidence

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"chengshu/kernel/db"
	"chengshu/kernel/fault"
)

const (
	codeDiverged  = "log-diverged"
	codeElsewhere = "log-elsewhere"

	// maxTail is how far the log may be ahead of the database after a crash. No
	// more than a few batches are ever on their way; a longer tail means that the
	// database was put back to an earlier day.
	maxTail = 1 << 20
	// resumeCheck is how many of the last sealed acts are compared with the log
	// before sealing goes on.
	resumeCheck = 256
)

// diverged is the fault that stops sealing for good.
func diverged(cause error) error {
	return fault.Wrap(cause, fault.Internal, codeDiverged,
		"存证日志与数据库不一致，已停止封存", "the evidence log and the database contradict each other; sealing has stopped")
}

// claim makes this log the one that seals the acts of this database, or refuses
// when another is: two logs over one database would be a fork. A log that was
// never begun leaves the sealing to the other, a fault of code "log-elsewhere".
func (l *Log) claim(ctx context.Context) error {
	var origin, key string
	primary := l.store.keys.vkeys[0]
	err := l.DB.Do(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(`insert into evidence_log (id, origin, key) values (1, $1, $2) on conflict do nothing`, l.Origin, primary)
		if err != nil {
			return err
		}
		if err := tx.QueryRow(`select origin, key from evidence_log where id = 1`).Scan(&origin, &key); err != nil {
			return err
		}
		if origin == l.Origin && key != primary && l.store.keys.has(key) {
			_, err = tx.Exec(`update evidence_log set key = $1 where id = 1`, primary)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("evidence: claim: %w", err)
	}
	if origin != l.Origin || !l.store.keys.has(key) {
		if _, err := l.store.checkpoint(ctx); errors.Is(err, fs.ErrNotExist) {
			return fault.New(fault.Conflict, codeElsewhere, "此数据库的存证日志 "+origin+" 由另一节点封存，本节点只追加行为记录；如无其他节点，请恢复该日志的文件夹",
				"the acts of this database are sealed by another node, in the log "+origin+"; this one only appends; if there is no other node, restore the folder of that log")
		}
		return diverged(fmt.Errorf("the database belongs to the log %q with the key %q, of which this folder has no key", origin, key))
	}
	return nil
}

// recover makes the database know every leaf that is in the tree. A crash, or
// a failure of the database, may leave leaves at the tree's end whose acts are
// still unsealed. It raises an alarm and returns a fault of code "log-diverged"
// when the two cannot be reconciled.
func (l *Log) recover(ctx context.Context, t *tree) error {
	size, err := t.size(ctx)
	if err != nil {
		return err
	}
	next, err := l.nextSeq(ctx)
	if err != nil {
		return err
	}
	switch {
	case next > size:
		err = diverged(fmt.Errorf("the database knows %d leaves, the log has %d", next, size))
		return errors.Join(err, l.raise(ctx, Alarm{Kind: AlarmRollback, Seq: int64(size), Detail: err.Error()}))
	case size-next > maxTail:
		err = diverged(fmt.Errorf("the log has %d leaves, the database knows %d", size, next))
		return errors.Join(err, l.raise(ctx, Alarm{Kind: AlarmOrphan, Seq: int64(next), Detail: err.Error()}))
	}
	if err := l.compareLast(ctx, next, size); err != nil || next == size {
		return err
	}
	l.Logger.Info("evidence: leaves without a record are matched with their acts", "from", next, "to", size)
	return l.adopt(ctx, next, size)
}

// nextSeq is one more than the highest leaf the database knows.
func (l *Log) nextSeq(ctx context.Context) (uint64, error) {
	var seq int64
	err := l.DB.Read(ctx).QueryRow(`select seq from act where seq is not null order by seq desc limit 1`).Scan(&seq)
	if errors.Is(err, db.ErrNoRows) {
		return 0, nil
	}
	return uint64(seq + 1), err
}

// compareLast refuses to go on in a tree that holds other leaves than those
// that were sealed last.
func (l *Log) compareLast(ctx context.Context, next, size uint64) error {
	first := next - min(next, resumeCheck)
	c := comparison{log: l, size: size}
	if err := c.compare(ctx, first, next); err != nil {
		return err
	}
	if len(c.alarms) == 0 {
		return nil
	}
	err := diverged(fmt.Errorf("of the last %d sealed acts, %d do not agree with the log", next-first, len(c.alarms)))
	return errors.Join(err, l.raise(ctx, c.alarms...))
}

// adopt finds the acts of the leaves [next, size).
func (l *Log) adopt(ctx context.Context, next, size uint64) error {
	leaves, err := l.store.leaves(ctx, next, size-next, size)
	if err != nil {
		return err
	}
	where := make(map[Digest]int64, len(leaves))
	for i, leaf := range leaves {
		where[leaf] = int64(next) + int64(i)
	}
	if len(where) != len(leaves) {
		return l.orphans(ctx, where, fmt.Errorf("%d leaves stand twice in the log", len(leaves)-len(where)))
	}
	var runs []run
	for cursor, more := int64(0), true; more && len(where) > 0; {
		more = false
		err := l.unsealed(ctx, cursor, l.Batch, func(n int64, leaf Digest) {
			cursor, more = n, true
			if seq, ok := where[leaf]; ok {
				runs = extend(runs, n, seq)
				delete(where, leaf)
			}
		})
		if err != nil {
			return err
		}
	}
	if len(where) > 0 {
		return l.orphans(ctx, where, fmt.Errorf("%d of the %d leaves from %d on have no act", len(where), len(leaves), next))
	}
	return l.settle(ctx, runs)
}

// orphans raises an alarm for leaves that cannot be explained.
func (l *Log) orphans(ctx context.Context, where map[Digest]int64, cause error) error {
	var alarms []Alarm
	for leaf, seq := range where {
		if len(alarms) < maxAlarms {
			alarms = append(alarms, Alarm{Kind: AlarmOrphan, Seq: seq, Detail: "leaf " + leaf.String() + " has no act"})
		}
	}
	return errors.Join(diverged(cause), l.raise(ctx, alarms...))
}

package lake

import (
	"context"
	"errors"
	"fmt"
	"time"

	"chengshu/core/record"
	"chengshu/kernel/db"
)

const (
	sweepEvery = time.Hour
	sweepChunk = 100 // releases and batches removed at a time
)

// Sweep removes from time to time what is no longer to be kept, until ctx ends:
// the rows of releases beyond those that their dataset keeps, and what came of
// checks long ago beside what was released of them.
func (e *Engine) Sweep(ctx context.Context) error {
	for {
		if err := e.sweep(ctx); err != nil && ctx.Err() == nil {
			e.Log.Error("old releases and batches cannot be removed", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-e.Clock.After(sweepEvery):
		}
	}
}

func (e *Engine) sweep(ctx context.Context) error {
	var errs []error
	for _, t := range e.Datasets {
		if t.Keep > 0 {
			errs = append(errs, e.sweepReleases(ctx, t))
		}
	}
	if e.KeepBatches > 0 {
		errs = append(errs, e.sweepBatches(ctx, e.Clock.Now().Add(-e.KeepBatches).UnixMilli()))
	}
	return errors.Join(errs...)
}

// sweepReleases removes the rows of all releases of a dataset but the latest
// t.Keep.
func (e *Engine) sweepReleases(ctx context.Context, t *record.Type) error {
	kept, err := e.Releases(e.DB.Read(ctx), t, 0, t.Keep)
	if err != nil || len(kept) < t.Keep {
		return err
	}
	for {
		rows, err := e.texts(ctx, `select manifest from lake_release where dataset = $1 and version < $2 and swept_at is null order by version limit $3`, t.Name, kept[t.Keep-1].Version, sweepChunk)
		if err != nil || len(rows) == 0 {
			return err
		}
		for _, raw := range rows {
			r := Release{Manifest: []byte(raw)}
			m, err := r.Read()
			if err != nil {
				return err
			}
			if err := e.removeRelease(ctx, t, m); err != nil {
				return err
			}
		}
	}
}

// removeRelease marks a release and what it was compared with as gone, removes
// their blobs, and only then takes the work for done: after a crash in between it
// goes on.
func (e *Engine) removeRelease(ctx context.Context, t *record.Type, m Manifest) error {
	diffs, err := e.texts(ctx, `select changes from lake_diff where dataset = $1 and (older = $2 or newer = $3)`, t.Name, m.Version, m.Version)
	if err != nil {
		return err
	}
	err = e.DB.Do(ctx, func(tx *db.Tx) error {
		if _, err := tx.Exec(`update lake_diff set report = '' where dataset = $1 and (older = $2 or newer = $3)`, t.Name, m.Version, m.Version); err != nil {
			return err
		}
		_, err := tx.Exec(`update lake_release set gone_at = $1 where dataset = $2 and version = $3 and gone_at is null`, e.Clock.Now().UnixMilli(), t.Name, m.Version)
		return err
	})
	if err == nil {
		err = e.removeBlobs(ctx, append(diffs, m.Files[0].SHA256))
	}
	if err != nil {
		return err
	}
	return e.DB.Do(ctx, func(tx *db.Tx) error {
		if _, err := tx.Exec(`delete from lake_diff where dataset = $1 and (older = $2 or newer = $3)`, t.Name, m.Version, m.Version); err != nil {
			return err
		}
		_, err := tx.Exec(`update lake_release set swept_at = $1 where dataset = $2 and version = $3`, e.Clock.Now().UnixMilli(), t.Name, m.Version)
		return err
	})
}

// sweepBatches removes what came of checks before a time.
func (e *Engine) sweepBatches(ctx context.Context, before int64) error {
	for {
		ids, err := e.texts(ctx, `select id from lake_batch where at < $1 and swept_at is null order by at limit $2`, before, sweepChunk)
		if err != nil || len(ids) == 0 {
			return err
		}
		for _, id := range ids {
			b, err := e.Batch(e.DB.Read(ctx), id)
			if err != nil {
				return err
			}
			mark := func(column string) error {
				return e.DB.Do(ctx, func(tx *db.Tx) error {
					_, err := tx.Exec(`update lake_batch set `+column+` = $1 where id = $2 and `+column+` is null`, e.Clock.Now().UnixMilli(), id)
					return err
				})
			}
			if err := mark("gone_at"); err != nil {
				return err
			}
			if err := e.removeBlobs(ctx, []string{b.Good, b.Bad}); err != nil {
				return err
			}
			if err := mark("swept_at"); err != nil {
				return err
			}
		}
	}
}

// removeBlobs removes those that nothing refers to any more: equal bytes may
// have come by another way.
func (e *Engine) removeBlobs(ctx context.Context, hashes []string) error {
	for _, hash := range hashes {
		used, err := e.texts(ctx, `select id from lake_batch where (good = $1 or bad = $2) and gone_at is null
			union all select dataset from lake_release where gone_at is null and manifest like $3 escape '\'
			union all select dataset from lake_diff where changes = $4 and report <> '' limit 1`, hash, hash, "%"+hash+"%", hash)
		if err != nil {
			return err
		}
		if len(used) > 0 {
			continue
		}
		if err := e.Blobs.Delete(ctx, hash); err != nil {
			return fmt.Errorf("lake: sweep: %w", err)
		}
	}
	return nil
}

// texts returns the one column of a question.
func (e *Engine) texts(ctx context.Context, sql string, args ...any) ([]string, error) {
	rows, err := e.DB.Read(ctx).Query(sql, args...)
	if err != nil {
		return nil, fmt.Errorf("lake: sweep: %w", err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return nil, fmt.Errorf("lake: sweep: %w", err)
		}
		out = append(out, s)
	}
	return out, rows.Err()
}

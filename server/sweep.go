package server

import (
	"context"
	"encoding/json"
	"time"

	"chengshu/core/evidence"
	"chengshu/core/record"
	"chengshu/kernel/db"
	"chengshu/kernel/fault"
)

// migrations are the tables of this package: who sent which file, and what was
// done under an Idempotency-Key. A file is held once a revision or a comment
// has taken it in, and from then on stays, as they do.
var migrations = []db.Migration{{Owner: "server", Version: 1, SQL: []string{
	`create table server_file (id text collate "C" not null, person text collate "C" not null, name text not null, size bigint not null,
		media text not null, at bigint not null, primary key (id, person))`,
}}, {Owner: "server", Version: 2, SQL: []string{
	`create table server_answer (owner text collate "C" not null, key text collate "C" not null, print bytea not null, request text collate "C" not null,
		type text collate "C" not null, subject text collate "C" not null, rev bigint not null, act text collate "C" not null, at bigint not null,
		primary key (owner, key))`,
	`create index server_answer_at on server_answer (at)`,
	`alter table server_file add column held bigint not null default 0`,
	`update server_file set held = 1`, // nobody knows which of these are in use
	`create index server_file_loose on server_file (at) where held = 0`,
}}}

// also does what belongs to a change, in its transaction.
func (s *Server) also(tx *db.Tx, act *evidence.Act) error {
	if err := s.hold(tx, act); err != nil {
		return err
	}
	return s.keep(tx, act)
}

// hold marks the files that a change has taken in, so that they are not swept.
// It takes the change back when one has been swept since it was looked up.
func (s *Server) hold(tx *db.Tx, act *evidence.Act) error {
	ids, err := s.filesIn(tx, act)
	if err != nil {
		return err
	}
	for _, id := range ids {
		// Here a sweep of the same file is waited for, or waits.
		n, err := tx.Exec(`update server_file set held = 1 where id = $1 and held = 0`, id)
		if err != nil {
			return err
		}
		if n == 0 {
			if err := tx.QueryRow(`select count(*) from server_file where id = $1`, id).Scan(&n); err != nil {
				return err
			}
			if n > 0 {
				continue // held before
			}
		}
		there, err := s.blobs.Has(context.Background(), id)
		if err != nil {
			return err
		}
		if !there {
			return fault.New(fault.Invalid, "file-gone", "附件已因久未使用而清除，请重新上传", "a file was cleared away because it was not used; send it again")
		}
	}
	return nil
}

// filesIn returns the files of what an act is about: of the comment, or of the
// revision when a field of files has changed.
func (s *Server) filesIn(tx *db.Tx, act *evidence.Act) ([]string, error) {
	var text string
	t, err := s.records.Type(act.Subject.Type)
	switch {
	case err != nil:
		return nil, nil // a seed, an account, an organisation
	case act.Verb == t.Name+".comment":
		err = tx.QueryRow(`select coalesce(files, 'null') from process_comment where case_id = $1 and act = $2`, act.Subject.ID, act.ID).Scan(&text)
	case changesFiles(t, act.Changed):
		err = tx.QueryRow(`select body from record_history where id = $1 and rev = $2 and type = $3`, act.Subject.ID, act.Subject.Rev, t.Name).Scan(&text)
	default:
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		return nil, err
	}
	return fileIDs(nil, v), nil
}

func changesFiles(t *record.Type, changed []string) bool {
	for _, name := range changed {
		if f := t.Field(name); f != nil && holdsFiles(f) {
			return true
		}
	}
	return false
}

func holdsFiles(f *record.Field) bool {
	for _, sub := range f.Fields {
		if holdsFiles(sub) {
			return true
		}
	}
	return f.Type == record.File
}

// fileIDs appends the ids of the files that stand anywhere in v.
func fileIDs(ids []string, v any) []string {
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			ids = fileIDs(ids, item)
		}
	case map[string]any:
		id, _ := v["id"].(string)
		if _, sized := v["size"].(float64); sized && len(id) == 64 {
			return append(ids, id)
		}
		for _, item := range v {
			ids = fileIDs(ids, item)
		}
	}
	return ids
}

const (
	sweepEvery = 10 * time.Minute
	sweepBatch = 200 // files or answers taken away before others have their turn
)

// sweep takes away, until ctx ends, what is no longer needed.
func (s *Server) sweep(ctx context.Context) error {
	for {
		if err := s.sweepOnce(ctx); err != nil && ctx.Err() == nil {
			s.log.Warn("sweeping failed and will be tried again", "err", err)
		}
		select {
		case <-s.timers().After(sweepEvery):
		case <-ctx.Done():
			return nil
		}
	}
}

func (s *Server) sweepOnce(ctx context.Context) error {
	if err := s.sweepAnswers(ctx); err != nil {
		return err
	}
	return s.sweepFiles(ctx)
}

func (s *Server) sweepAnswers(ctx context.Context) error {
	before := s.clock.Now().Add(-keyKept).UnixMilli()
	for n := int64(sweepBatch); n == sweepBatch; {
		err := s.db.DoLow(ctx, func(tx *db.Tx) (err error) {
			n, err = tx.Exec(`delete from server_answer where at < $1 and act in (select act from server_answer where at < $2 order by at limit $3)`, before, before, sweepBatch)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// sweepFiles takes away the files that nothing has taken in for the time that
// the settings give.
func (s *Server) sweepFiles(ctx context.Context) error {
	if s.cfg.FileGrace <= 0 {
		return nil
	}
	before := s.clock.Now().Add(-s.cfg.FileGrace).UnixMilli()
	for swept, last := 0, sweepBatch; last == sweepBatch; {
		loose, err := s.looseFiles(ctx, before)
		if err != nil {
			return err
		}
		for _, f := range loose {
			if err := s.db.DoLow(ctx, func(tx *db.Tx) error { return s.sweepFile(tx, f, before) }); err != nil {
				return err
			}
		}
		last, swept = len(loose), swept+len(loose)
		if last < sweepBatch && swept > 0 {
			s.log.Info("files that nothing holds were taken away", "files", swept)
		}
	}
	return nil
}

type looseFile struct{ id, person string }

func (s *Server) looseFiles(ctx context.Context, before int64) ([]looseFile, error) {
	rows, err := s.db.Read(ctx).Query(`select id, person from server_file where held = 0 and at < $1 order by at limit $2`, before, sweepBatch)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []looseFile
	for rows.Next() {
		var f looseFile
		if err := rows.Scan(&f.id, &f.person); err != nil {
			return nil, err
		}
		out = append(out, f)
	}
	return out, rows.Err()
}

// fileLock is what uploads and sweeps of files lock, so that neither sees the
// other half done.
const fileLock = "server_file"

// sweepFile takes away one file, unless it was taken in or sent again since,
// and its bytes unless somebody else sent the same. When the transaction fails
// after the bytes have gone, the file still stands in the table and is swept
// again; meanwhile hold refuses it.
func (s *Server) sweepFile(tx *db.Tx, f looseFile, before int64) error {
	if err := tx.Lock(fileLock); err != nil {
		return err
	}
	n, err := tx.Exec(`delete from server_file where id = $1 and person = $2 and held = 0 and at < $3`, f.id, f.person, before)
	if err != nil || n == 0 {
		return err
	}
	var others int64
	if err := tx.QueryRow(`select count(*) from server_file where id = $1`, f.id).Scan(&others); err != nil || others > 0 {
		return err
	}
	return s.blobs.Delete(context.Background(), f.id)
}

// noteUpload enters a file that was just stored. Sending it again begins its
// time anew. It fails when a sweep has taken the bytes of the same file away
// after they were stored.
func (s *Server) noteUpload(ctx context.Context, owner string, ref record.FileRef) error {
	return s.db.Do(context.WithoutCancel(ctx), func(tx *db.Tx) error { // else the bytes would stay unknown
		if err := tx.Lock(fileLock); err != nil {
			return err
		}
		_, err := tx.Exec(`insert into server_file (id, person, name, size, media, at) values ($1, $2, $3, $4, $5, $6)
			on conflict (id, person) do update set at = excluded.at`, ref.ID, owner, ref.Name, ref.Size, ref.Media, s.clock.Now().UnixMilli())
		if err != nil {
			return err
		}
		there, err := s.blobs.Has(ctx, ref.ID)
		if err == nil && !there {
			return fault.New(fault.Unavailable, "send-again", "请重新上传", "please send the file again")
		}
		return err
	})
}

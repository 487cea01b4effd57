package evidence

import (
	"context"
	"encoding/base64"
	"errors"
	"io/fs"
	"time"

	"chengshu/kernel/db"
)

// Status is the state of the log, as GET /api/evidence gives it.
type Status struct {
	Origin     string   `json:"origin"`
	Size       uint64   `json:"size"`       // leaves under the last checkpoint
	Unsealed   int64    `json:"unsealed"`   // acts that wait to be sealed
	Checkpoint string   `json:"checkpoint"` // the signed note
	Root       string   `json:"root"`       // base64
	Keys       []string `json:"keys"`       // public keys, the primary first
	Sealing    bool     `json:"sealing"`    // false when sealing has stopped
	Stopped    string   `json:"stopped,omitempty"`
	LastCheck  *Looked  `json:"last_check"` // null before the first
	Alarms     []Alarm  `json:"alarms"`     // the newest ten
}

// Looked is what the monitor said last.
type Looked struct {
	At      string `json:"at"` // RFC 3339, UTC, milliseconds
	OK      bool   `json:"ok"`
	Checked int64  `json:"checked"` // acts compared with the log
}

// Status returns the state of the log. A node without the log knows what the
// database does: whose it is, whether acts are being sealed, and alarms.
func (l *Log) Status(ctx context.Context) (Status, error) {
	s := Status{Origin: l.Origin, Keys: []string{}}
	err := l.DB.Read(ctx).QueryRow(`select count(*) from act where seq is null`).Scan(&s.Unsealed)
	if err != nil {
		return s, err
	}
	if s.Alarms, err = l.Alarms(ctx, 10); err != nil {
		return s, err
	}
	if s.Alarms == nil {
		s.Alarms = []Alarm{}
	}
	if l.own() == nil {
		return s, l.statusElsewhere(ctx, &s)
	}
	s.Keys = l.store.keys.vkeys
	l.mu.Lock()
	stopped, last := l.stopped, l.last
	l.mu.Unlock()
	s.Sealing = stopped == nil
	if stopped != nil {
		s.Stopped = stopped.Error()
	}
	if last.At != 0 {
		s.LastCheck = &Looked{At: formatTime(last.At), OK: last.OK(), Checked: last.Checked}
	}
	cp, err := l.store.checkpoint(ctx)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	s.Size, s.Checkpoint, s.Root = cp.size, string(cp.raw), base64.StdEncoding.EncodeToString(cp.root)
	return s, err
}

// sealedWithin is how long an act waits, where all is well, at the very most.
const sealedWithin = time.Minute

// statusElsewhere fills in what a node knows of a log that another has.
func (l *Log) statusElsewhere(ctx context.Context, s *Status) error {
	q := l.DB.Read(ctx)
	var key string
	err := q.QueryRow(`select origin, key from evidence_log where id = 1`).Scan(&s.Origin, &key)
	if errors.Is(err, db.ErrNoRows) {
		return nil // there is no log at all
	}
	if err != nil {
		return err
	}
	s.Keys = []string{key}
	var late int64
	err = q.QueryRow(`select count(*) from act where seq is null and at < $1`, l.Clock.Now().Add(-sealedWithin).UnixMilli()).Scan(&late)
	s.Sealing = late == 0
	return err
}

// formatTime writes milliseconds since 1970 as the API gives times.
func formatTime(ms int64) string {
	return time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.000Z")
}

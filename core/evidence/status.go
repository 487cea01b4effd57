package evidence

import (
	"context"
	"encoding/base64"
	"errors"
	"io/fs"
	"time"
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

// Status returns the state of the log. A process without the log's folder
// knows of unsealed acts and alarms only.
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
	if l.store == nil {
		return s, nil
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

// formatTime writes milliseconds since 1970 as the API gives times.
func formatTime(ms int64) string {
	return time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.000Z")
}

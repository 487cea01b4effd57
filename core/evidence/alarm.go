package evidence

import (
	"context"
	"fmt"

	"chengshu/kernel/db"
)

// Kinds of alarm.
const (
	AlarmAltered   = "altered"   // an act in the database is not the one that was sealed
	AlarmMissing   = "missing"   // a sealed act is no longer in the database
	AlarmExtra     = "extra"     // an act claims to be sealed and was not
	AlarmRecord    = "record"    // a record or one of its revisions is not what its act sealed
	AlarmReading   = "reading"   // the journal of who was read disagrees with the act
	AlarmOrphan    = "orphan"    // a leaf of the log belongs to no act
	AlarmRollback  = "rollback"  // the log is shorter than it was
	AlarmRoot      = "root"      // the entries of the log do not give its signed root
	AlarmSignature = "signature" // the checkpoint is not signed by the log's keys
)

// maxAlarms is how many alarms one look raises at most: a destroyed table
// should not fill the disk with alarms.
const maxAlarms = 100

// Alarm is one thing found wrong. Seq is the leaf, -1 when none is meant.
type Alarm struct {
	N      int64  `json:"n"`
	At     int64  `json:"at"` // when it was found, ms UTC
	Kind   string `json:"kind"`
	Seq    int64  `json:"seq"`
	Act    string `json:"act,omitempty"`
	Detail string `json:"detail"` // in English, for the log and the administrator
}

// raise logs alarms and keeps those that are not known yet.
func (l *Log) raise(ctx context.Context, alarms ...Alarm) error {
	if len(alarms) == 0 {
		return nil
	}
	at := l.Clock.Now().UnixMilli()
	for _, a := range alarms {
		l.Logger.Error("evidence alarm", "kind", a.Kind, "leaf", a.Seq, "act", a.Act, "detail", a.Detail)
	}
	err := l.DB.Do(context.WithoutCancel(ctx), func(tx *db.Tx) error {
		for _, a := range alarms {
			_, err := tx.Exec(`insert into evidence_alarm (at, kind, seq, act, detail) values ($1, $2, $3, $4, $5) on conflict do nothing`,
				at, a.Kind, a.Seq, a.Act, a.Detail)
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("evidence: raise an alarm: %w", err)
	}
	return nil
}

// Alarms returns the newest alarms, at most limit.
func (l *Log) Alarms(ctx context.Context, limit int) ([]Alarm, error) {
	rows, err := l.DB.Read(ctx).Query(`select n, at, kind, seq, act, detail from evidence_alarm order by n desc limit $1`, limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Alarm
	for rows.Next() {
		var a Alarm
		if err := rows.Scan(&a.N, &a.At, &a.Kind, &a.Seq, &a.Act, &a.Detail); err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	return out, rows.Err()
}

package evidence

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"chengshu/kernel/db"
	"chengshu/kernel/fault"
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

	AcknowledgedAt int64  `json:"acknowledged_at,omitempty"` // when somebody had looked into it, ms UTC
	AcknowledgedBy string `json:"-"`                         // who
	Note           string `json:"-"`                         // what came of it
}

// raise logs alarms and keeps those that are not known yet. One that was
// acknowledged and is still there opens again.
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
			_, err := tx.Exec(`insert into evidence_alarm (at, kind, seq, act, detail) values ($1, $2, $3, $4, $5)
				on conflict (kind, seq, act) do update set at = excluded.at, acknowledged_at = 0, acknowledged_by = null, note = null
				where evidence_alarm.acknowledged_at > 0`,
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
	rows, err := l.DB.Read(ctx).Query(`select n, at, kind, seq, act, detail, acknowledged_at, coalesce(acknowledged_by, ''), coalesce(note, '')
		from evidence_alarm order by n desc limit $1`, limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Alarm
	for rows.Next() {
		var a Alarm
		if err := rows.Scan(&a.N, &a.At, &a.Kind, &a.Seq, &a.Act, &a.Detail, &a.AcknowledgedAt, &a.AcknowledgedBy, &a.Note); err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	return out, rows.Err()
}

// Alarmed reports whether something wrong was found that nobody has looked
// into, or that this process still found when it looked last.
func (l *Log) Alarmed(ctx context.Context) (bool, error) {
	l.mu.Lock()
	last := l.last
	l.mu.Unlock()
	var open int64
	err := l.DB.Read(ctx).QueryRow(`select count(*) from evidence_alarm where acknowledged_at = 0`).Scan(&open)
	return open > 0 || !last.OK(), err
}

// maxNote bounds what is written about an alarm, in bytes.
const maxNote = 4000

// Acknowledge notes in tx that somebody has looked into alarm n and what came
// of it, and leaves act, which names who it was and what permits it. Faults
// are Invalid, code "bad-note"; NotFound, "no-such-alarm"; and Conflict,
// "acknowledged", when it was acknowledged before.
func (l *Log) Acknowledge(tx *db.Tx, n int64, note string, act Act) error {
	if note = strings.TrimSpace(note); note == "" || len(note) > maxNote {
		return fault.New(fault.Invalid, "bad-note", "请写明核查结果", "say what came of looking into it").
			With("note", fmt.Sprintf("必填，最多 %d 字节", maxNote), fmt.Sprintf("required, at most %d bytes", maxNote))
	}
	var before int64
	err := tx.QueryRow(`select acknowledged_at from evidence_alarm where n = $1`, n).Scan(&before)
	if errors.Is(err, db.ErrNoRows) {
		return fault.New(fault.NotFound, "no-such-alarm", "没有这条告警", "there is no such alarm")
	}
	if err != nil {
		return err
	}
	if before > 0 {
		return fault.New(fault.Conflict, "acknowledged", "该告警已有人核查", "somebody has acknowledged this alarm already")
	}
	act.Verb, act.Subject, act.Note = "evidence.acknowledge", Subject{Type: "evidence-alarm", ID: strconv.FormatInt(n, 10)}, DigestOf([]byte(note))
	if act, err = l.Append(tx, act); err != nil {
		return err
	}
	_, err = tx.Exec(`update evidence_alarm set acknowledged_at = $1, acknowledged_by = $2, note = $3 where n = $4`, act.At, act.Actor.Person, note, n)
	return err
}

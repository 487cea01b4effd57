package evidence

import (
	"context"
	"fmt"

	"chengshu/kernel/db"
)

// compareSlice is how many leaves are compared with the database at a time;
// about 3 MB are held meanwhile.
const compareSlice = 4096

// comparison checks acts in the database against the leaves of the log.
type comparison struct {
	log     *Log
	size    uint64       // of the log whose entries are read
	visit   func(Digest) // is shown each leaf in order, unless nil
	checked int64
	alarms  []Alarm
}

// stored is a row of the table act.
type stored struct {
	seq, at             int64
	id, verb, typ, subj string
	actor               string
	salt, body          []byte
}

// compare checks the leaves [first, end).
func (c *comparison) compare(ctx context.Context, first, end uint64) error {
	for ; first < end; first += compareSlice {
		if err := c.slice(ctx, first, min(first+compareSlice, end)); err != nil {
			return err
		}
	}
	return nil
}

func (c *comparison) slice(ctx context.Context, first, end uint64) error {
	leaves, err := c.log.store.leaves(ctx, first, end-first, c.size)
	if err != nil {
		return err
	}
	if c.visit != nil {
		for _, leaf := range leaves {
			c.visit(leaf)
		}
	}
	rows, err := c.log.DB.Read(ctx).Query(`select seq, id, at, verb, subject_type, subject_id, actor, salt, body
		from act where seq >= $1 and seq < $2 order by seq`, first, end)
	if err != nil {
		return err
	}
	defer rows.Close()
	var readings, changes []Act
	next := int64(first)
	for rows.Next() {
		var s stored
		if err := rows.Scan(&s.seq, &s.id, &s.at, &s.verb, &s.typ, &s.subj, &s.actor, &s.salt, &s.body); err != nil {
			return err
		}
		c.missing(next, s.seq)
		next = s.seq + 1
		switch a, ok := c.row(&s, leaves[s.seq-int64(first)]); {
		case ok && !a.Subjects.IsZero():
			readings = append(readings, a)
		case ok && a.Subject.Rev > 0:
			changes = append(changes, a)
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	c.missing(next, int64(end))
	c.checked += int64(end - first)
	if err := c.changes(ctx, first, changes); err != nil {
		return err
	}
	return c.readings(ctx, first, readings)
}

// changes checks that what the acts were about is still as they sealed it.
func (c *comparison) changes(ctx context.Context, first uint64, acts []Act) error {
	if c.log.Altered == nil || len(acts) == 0 {
		return nil
	}
	wrong, err := c.log.Altered(ctx, acts)
	if err != nil {
		return err
	}
	for _, a := range acts {
		if why := wrong[a.ID]; why != "" {
			c.alarm(AlarmRecord, int64(first), a.ID, why)
		}
	}
	return nil
}

// row checks one act and returns it when it is the one that was sealed.
func (c *comparison) row(s *stored, leaf Digest) (Act, bool) {
	if leafOf(s.salt, s.body) != leaf {
		c.alarm(AlarmAltered, s.seq, s.id, "the act is not the one that was sealed")
		return Act{}, false
	}
	a, err := ParseBody(s.body)
	if err != nil {
		c.alarm(AlarmAltered, s.seq, s.id, "the sealed act cannot be read: "+err.Error())
		return Act{}, false
	}
	same := a.ID == s.id && a.At == s.at && a.Verb == s.verb && a.Subject.Type == s.typ &&
		a.Subject.ID == s.subj && a.Actor.Person == s.actor
	if !same {
		c.alarm(AlarmAltered, s.seq, a.ID, "the columns of the act disagree with what was sealed")
	}
	return a, true
}

func (c *comparison) missing(from, to int64) {
	for seq := from; seq < to && len(c.alarms) < maxAlarms; seq++ {
		c.alarm(AlarmMissing, seq, "", "the act of this leaf is not in the database")
	}
}

func (c *comparison) alarm(kind string, seq int64, act, detail string) {
	if len(c.alarms) < maxAlarms {
		c.alarms = append(c.alarms, Alarm{Kind: kind, Seq: seq, Act: act, Detail: detail})
	}
}

// readings checks that the journal names exactly the persons that each act of
// reading was about.
func (c *comparison) readings(ctx context.Context, first uint64, acts []Act) error {
	q := c.log.DB.Read(ctx)
	for _, a := range acts {
		subjects, err := subjectsOf(q, a.ID)
		if err != nil {
			return err
		}
		if SubjectsDigest(subjects) != a.Subjects {
			c.alarm(AlarmReading, int64(first), a.ID, fmt.Sprintf("the journal has %d persons for this act, not those that were sealed", len(subjects)))
		}
	}
	return nil
}

// confirm drops alarms of missing acts that have come meanwhile.
func (c *comparison) confirm(q db.Querier) error {
	kept := c.alarms[:0]
	for _, a := range c.alarms {
		if a.Kind == AlarmMissing {
			var n int
			if err := q.QueryRow(`select count(*) from act where seq = $1`, a.Seq).Scan(&n); err != nil {
				return err
			}
			if n > 0 {
				continue
			}
		}
		kept = append(kept, a)
	}
	c.alarms = kept
	return nil
}

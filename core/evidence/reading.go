package evidence

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"sync"

	"chengshu/kernel/db"
	"chengshu/kernel/fault"
)

// ReadSubject is one person whose data an act of reading was about: which
// record of which type, and the names of the fields that were given out.
type ReadSubject struct {
	Person, Type, Record string
	Fields               []string
}

// SubjectsDigest is the digest of the persons read that an act of reading
// bears: SHA-256 of a JSON array with one object {"person","type","record",
// "fields"} each, in the order of the journal, in the form of AppendBody.
func SubjectsDigest(subjects []ReadSubject) Digest {
	b := make([]byte, 0, 160*len(subjects)+2)
	b = append(b, '[')
	for i := range subjects {
		if i > 0 {
			b = append(b, ',')
		}
		s := &subjects[i]
		b = append(b, '{')
		b = appendMember(b, "person", s.Person)
		b = appendMember(b, "type", s.Type)
		b = appendMember(b, "record", s.Record)
		b = appendList(b, "fields", s.Fields)
		b = append(b, '}')
	}
	return DigestOf(append(b, ']'))
}

// maxSubjects is how many persons one act of reading may be about. Delivery in
// bulk is an act on the release, whose manifest says what is in it.
const maxSubjects = 5000

// Read writes an act of reading with the persons whose data it gave out, in a
// transaction of its own, and returns when both are on disk. What is returned
// to the reader must not leave before.
//
// A page that keeps itself up to date reads the same again and again. So an act
// of reading says for how long it stands for others (Within, see Deps.Alike),
// and for that long Read leaves out whoever was in one that is like it in all
// but its id, its time, its request and who else was in it. When nobody is left,
// it writes nothing and returns the id and time of one of those acts. An act
// whose id or time is given, and a reading that names no persons, is always
// written.
//
// A fault of kind Invalid, code "bad-act", says what is wrong with the act or
// its subjects.
func (l *Log) Read(ctx context.Context, a Act, subjects []ReadSubject) (Act, error) {
	var keys []Digest
	if l.Alike > 0 && len(subjects) > 0 && a.ID == "" && a.At == 0 {
		a.Within = l.Alike.Milliseconds()
		var known Act
		if subjects, keys, known = l.fresh(a, subjects); len(subjects) == 0 {
			return known, nil
		}
	}
	var done Act
	err := l.DB.Do(ctx, func(tx *db.Tx) (err error) {
		done, err = l.AppendReading(tx, a, subjects)
		return err
	})
	if err == nil {
		for _, key := range keys {
			l.recent.put(key, done.ID, done.At, done.Within)
		}
	}
	return done, err
}

// fresh returns the subjects for whom no recent act stands, with their keys, and
// an act that stands for one of the others.
func (l *Log) fresh(a Act, subjects []ReadSubject) (left []ReadSubject, keys []Digest, known Act) {
	now := l.Clock.Now().UnixMilli()
	like := a
	like.Request = ""
	var body []byte
	for i := range subjects {
		like.Subjects = SubjectsDigest(subjects[i : i+1])
		body = like.AppendBody(body[:0])
		key := DigestOf(body)
		if id, at, ok := l.recent.find(key, now, a.Within); ok {
			known = a
			known.ID, known.At = id, at
			continue
		}
		left, keys = append(left, subjects[i]), append(keys, key)
	}
	return left, keys, known
}

// recent remembers the readings of the last minutes. What it forgets, as when
// the program ends, is written once more.
type recent struct {
	mu sync.Mutex
	by map[Digest]reading
}

type reading struct {
	id string
	at int64
}

const maxRecent = 1 << 16 // readings remembered

func (r *recent) find(key Digest, now, within int64) (id string, at int64, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	one, ok := r.by[key]
	return one.id, one.at, ok && one.at <= now && now < one.at+within
}

func (r *recent) put(key Digest, id string, at, within int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.by) >= maxRecent {
		maps.DeleteFunc(r.by, func(_ Digest, one reading) bool { return one.at+within <= at })
	}
	if r.by == nil || len(r.by) >= maxRecent {
		r.by = map[Digest]reading{}
	}
	r.by[key] = reading{id, at}
}

// AppendReading is Read inside a transaction.
func (l *Log) AppendReading(tx *db.Tx, a Act, subjects []ReadSubject) (Act, error) {
	if err := checkSubjects(subjects); err != nil {
		return Act{}, err
	}
	a.Subjects = Digest{}
	if len(subjects) > 0 {
		a.Subjects = SubjectsDigest(subjects)
	}
	done, err := l.append(tx, a)
	if err != nil {
		return Act{}, err
	}
	return done, journal(tx, &done, subjects)
}

func checkSubjects(subjects []ReadSubject) error {
	c := checker{}
	if len(subjects) > maxSubjects {
		c.bad("subjects", fmt.Sprintf("一次查阅最多%d人", maxSubjects), fmt.Sprintf("one reading is about at most %d persons", maxSubjects))
		return c.fault
	}
	for i := range subjects {
		s := &subjects[i]
		path := fmt.Sprintf("subjects.%d.", i)
		c.name(path+"person", s.Person, true)
		c.token(path+"type", s.Type, true)
		c.name(path+"record", s.Record, true)
		c.list(path+"fields", s.Fields)
		if c.fault != nil {
			return c.fault // the first is enough among thousands
		}
	}
	return nil
}

const readingColumns = `insert into evidence_reading (act, person, type, record, at, actor, org, purpose, basis, fields) values `

// journal writes one row for each person. Rows go in groups of few sizes, so
// that few statements need to be prepared.
func journal(tx *db.Tx, a *Act, subjects []ReadSubject) error {
	for len(subjects) > 0 {
		size := 1
		for _, s := range [...]int{64, 16, 4} {
			if len(subjects) >= s {
				size = s
				break
			}
		}
		args := make([]any, 0, 10*size)
		for _, s := range subjects[:size] {
			args = append(args, a.ID, s.Person, s.Type, s.Record, a.At, a.Actor.Person, a.Actor.Org, a.Purpose, a.Basis, strings.Join(s.Fields, ","))
		}
		if _, err := tx.Exec(readingColumns+rowsOf(10, size), args...); err != nil {
			return fmt.Errorf("evidence: journal of a reading: %w", err)
		}
		subjects = subjects[size:]
	}
	return nil
}

// rowsOf writes ($1,$2,…),(…) for rows of width parameters.
func rowsOf(width, rows int) string {
	var b strings.Builder
	for i := range rows * width {
		switch {
		case i == 0:
			b.WriteByte('(')
		case i%width == 0:
			b.WriteString("),(")
		default:
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "$%d", i+1)
	}
	b.WriteByte(')')
	return b.String()
}

// subjectsOf returns what the journal holds of one act, in order.
func subjectsOf(q db.Querier, act string) ([]ReadSubject, error) {
	rows, err := q.Query(`select person, type, record, fields from evidence_reading where act = $1 order by n`, act)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []ReadSubject
	for rows.Next() {
		var s ReadSubject
		var fields string
		if err := rows.Scan(&s.Person, &s.Type, &s.Record, &fields); err != nil {
			return nil, err
		}
		s.Fields = splitFields(fields)
		out = append(out, s)
	}
	return out, rows.Err()
}

func splitFields(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, ",")
}

// Reading is one line of the answer to "who read my data".
type Reading struct {
	N       int64    `json:"-"` // key of the page
	Act     string   `json:"act"`
	Type    string   `json:"type"`
	Record  string   `json:"record"`
	At      int64    `json:"at"` // ms UTC
	Actor   string   `json:"actor"`
	Org     string   `json:"org"`
	Purpose string   `json:"purpose"`
	Basis   string   `json:"basis"`
	Fields  []string `json:"fields"`
}

// ReadsOf returns who read the data of a person, newest first: at most limit
// lines, before the one whose N is after; 0 begins with the newest.
func ReadsOf(q db.Querier, person string, after int64, limit int) ([]Reading, error) {
	if person == "" || limit < 1 {
		return nil, fault.New(fault.Invalid, "bad-page", "参数无效", "a person and a positive limit are needed")
	}
	if after <= 0 {
		after = 1<<63 - 1
	}
	rows, err := q.Query(`select n, act, type, record, at, actor, org, purpose, basis, fields from evidence_reading
		where person = $1 and n < $2 order by n desc limit $3`, person, after, limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Reading
	for rows.Next() {
		var r Reading
		var fields string
		if err := rows.Scan(&r.N, &r.Act, &r.Type, &r.Record, &r.At, &r.Actor, &r.Org, &r.Purpose, &r.Basis, &fields); err != nil {
			return nil, err
		}
		r.Fields = splitFields(fields)
		out = append(out, r)
	}
	return out, rows.Err()
}

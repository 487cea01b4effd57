package record

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"chengshu/core/decl"
	"chengshu/core/evidence"
	"chengshu/kernel/db"
	"chengshu/kernel/fault"
	"chengshu/kernel/id"
)

// Seed is a file of records that a pack brings: kind `seed`. It is loaded at
// the first start, and again when the file has changed; rows are told apart by
// their key, which becomes their id, and rows that are the same stay untouched.
// A cell that is now empty clears its field; a record that somebody has deleted
// stays deleted; one that the file no longer names stays as it is.
type Seed struct {
	decl.Meta
	Into string `yaml:"into,required"` // record type
	From string `yaml:"from,required"` // .csv with a header line, or .geojson
	// Key is the column whose value is the id. Without it a row is known by the
	// seed's name and its line, as must be where every column is personal.
	Key string `yaml:"key"`
	// Columns maps a field to the column it is read from; by default a field
	// is read from the column of its name. "a+b" joins two columns with a
	// comma, as a point is written.
	Columns map[string]string `yaml:"columns"`
	Demo    bool              `yaml:"demo"` // only for a demo city

	target *Type
}

// SeedKind is the declaration kind of seeds.
var SeedKind = decl.Kind{Name: "seed", Order: 30, New: func() decl.Item { return &Seed{} }}

// Check resolves the record type.
func (s *Seed) Check(set *decl.Set, r *decl.Report) {
	t, ok := decl.Find[*Type](set, Kind.Name, s.Into)
	if !ok {
		zh, en := decl.Suggest(s.Into, set.Names(Kind.Name))
		r.Add(s.At("into"), fmt.Sprintf("没有记录类型 %q；%s", s.Into, zh), fmt.Sprintf("no record type %q; %s", s.Into, en))
		return
	}
	s.target = t
	if _, moves := decl.Find[decl.Item](set, "process", t.Name); moves {
		r.Add(s.At("into"), fmt.Sprintf("%q 是事项，只能由动作立案，不能导入", t.Name), fmt.Sprintf("%q are cases: they are opened by actions, not seeded", t.Name))
	}
	for field := range s.Columns {
		if t.byName[field] == nil {
			r.Add(s.At("columns", field), fmt.Sprintf("没有字段 %q", field), fmt.Sprintf("there is no field %q", field))
		}
	}
}

// Seeder loads seeds.
type Seeder struct {
	Engine   *Engine
	Evidence *evidence.Log
	Now      func() time.Time
}

// seedChunk keeps a transaction of the loader well under 20 ms.
const seedChunk = 50

// Load brings the records of the file into the type, and reports how many it
// wrote. A file that was loaded before, byte for byte, is passed over.
func (l Seeder) Load(ctx context.Context, s *Seed, file []byte) (written int, err error) {
	sum := sha256.Sum256(append([]byte(s.Hash), file...))
	mark := hex.EncodeToString(sum[:])
	var old string
	err = l.Engine.db.Read(ctx).QueryRow(`select hash from record_seed where name = $1`, s.Name).Scan(&old)
	if err == nil && old == mark || err != nil && !errors.Is(err, db.ErrNoRows) {
		return 0, err
	}
	report := &decl.Report{}
	rows := s.read(file, s.From, report)
	if err := report.Err(); err != nil {
		return 0, fmt.Errorf("seed %s: %w", s.Name, err)
	}
	coming := make(map[string]bool, len(rows))
	for _, r := range rows {
		coming[r.key] = true
	}
	for chunk := range slices.Chunk(rows, seedChunk) {
		n, err := l.loadChunk(ctx, s, chunk, coming)
		if err != nil {
			return written, fmt.Errorf("seed %s: %w", s.Name, err)
		}
		written += n
	}
	return written, l.Engine.db.DoLow(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(`insert into record_seed (name, hash) values ($1, $2)
			on conflict (name) do update set hash = excluded.hash`, s.Name, mark)
		return err
	})
}

func (l Seeder) loadChunk(ctx context.Context, s *Seed, chunk []seedRow, coming map[string]bool) (int, error) {
	keys := make([]any, len(chunk))
	for i, row := range chunk {
		keys[i] = row.key
	}
	have, err := byIDs(l.Engine.db.Read(ctx), s.target, keys, "")
	if err != nil {
		return 0, err
	}
	byID := map[string]*Row{}
	for _, r := range have {
		byID[r.ID] = r
	}
	var drafts []*Draft
	for _, row := range chunk {
		if old := byID[row.key]; old != nil && old.DeletedAt != 0 {
			continue
		}
		d, err := l.draft(ctx, s, row, byID[row.key], Author{Now: l.Now(), Coming: coming})
		if err != nil {
			return 0, row.explain(err)
		}
		if d.old == nil || len(d.Changed()) > 0 {
			drafts = append(drafts, d)
		}
	}
	if len(drafts) == 0 {
		return 0, nil
	}
	return len(drafts), l.Engine.db.DoLow(ctx, func(tx *db.Tx) error { return l.write(tx, s, drafts) })
}

func (l Seeder) draft(ctx context.Context, s *Seed, row seedRow, old *Row, author Author) (*Draft, error) {
	if old != nil {
		return l.Engine.PlanRevise(ctx, old, row.fields, author)
	}
	return l.Engine.planNew(ctx, s.target, row.key, row.fields, author)
}

// explain puts the row's place before what is wrong with its fields.
func (r *seedRow) explain(err error) error {
	f, ok := errors.AsType[*fault.Fault](err)
	if !ok || f.Kind != fault.Invalid {
		return fmt.Errorf("%s: %w", r.at, err)
	}
	out := fault.New(f.Kind, f.Code, f.Text.Zh, f.Text.En)
	for _, p := range f.Fields {
		out.With(r.at.String(), p.Path+"："+p.Zh, p.Path+": "+p.En)
	}
	return out
}

// write stores a chunk under one act, whose digest covers every revision.
func (l Seeder) write(tx *db.Tx, s *Seed, drafts []*Draft) error {
	stamp := Stamp{Act: id.New(), Verb: s.Into + ".seed", At: l.Now().UnixMilli()}
	all := sha256.New()
	for _, d := range drafts {
		rev, err := d.Write(tx, stamp)
		if err != nil {
			return err
		}
		all.Write(rev.Digest[:])
	}
	_, err := l.Evidence.Append(tx, evidence.Act{ID: stamp.Act, At: stamp.At, Verb: stamp.Verb, Basis: s.target.Basis,
		Subject: evidence.Subject{Type: "seed", ID: s.Name, Digest: evidence.Digest(all.Sum(nil))}})
	return err
}

// cell returns what stands in a column, or in two columns "a+b" with a comma
// between, and whether the file has it.
func cell(from string, column func(string) (any, bool)) (any, bool) {
	a, b, joined := strings.Cut(from, "+")
	if !joined {
		return column(from)
	}
	x, there := column(a)
	y, both := column(b)
	if (x == nil || x == "") && (y == nil || y == "") {
		return nil, there && both
	}
	return fmt.Sprintf("%v,%v", x, y), true // one without the other is refused when it is read
}

// inputOf turns a cell into what the JSON of a request would hold.
func (f *Field) inputOf(v any) (any, error) {
	s, ok := v.(string)
	if !ok {
		return v, nil
	}
	switch f.Type {
	case Integer, Decimal:
		return json.Number(s), nil
	case Boolean:
		return f.kind.parse(f, s)
	case PointAt:
		lon, lat, _ := strings.Cut(s, ",")
		return map[string]any{"lon": json.Number(lon), "lat": json.Number(lat)}, nil
	case ChoiceOf, Reference:
		if f.Many {
			var out []any
			for part := range strings.SplitSeq(s, ";") {
				out = append(out, strings.TrimSpace(part))
			}
			return out, nil
		}
	}
	return s, nil
}

// InOrder sorts seeds so that what one refers to is loaded before it; among
// equals the declared order stays.
func InOrder(seeds []*Seed) []*Seed {
	var out []*Seed
	done := map[*Seed]bool{}
	var visit func(s *Seed)
	visit = func(s *Seed) {
		if done[s] {
			return // loaded, or part of a ring
		}
		done[s] = true
		for _, f := range s.target.Fields {
			for _, other := range seeds {
				if f.Type == Reference && other.Into == f.To && other.Into != s.Into {
					visit(other)
				}
			}
		}
		out = append(out, s)
	}
	for _, s := range seeds {
		visit(s)
	}
	return out
}

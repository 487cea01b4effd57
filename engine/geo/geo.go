// Package geo tells where a point lies: in which division of the city. It
// serves routing by place (Art. 36) and the space-time base register (Art. 43).
//
// A gazetteer is declared in a pack: record types that hold boundaries, and
// others that hold points. A point belongs to the boundary that contains it,
// and within that to the nearest point of the lower level. The whole gazetteer
// is held in memory: a city has some twenty boundaries and three hundred points.
package geo

import (
	"context"
	"fmt"
	"math"
	"sync/atomic"

	"chengshu/core/decl"
	"chengshu/core/record"
)

// Gazetteer is a declared gazetteer: kind `gazetteer`.
type Gazetteer struct {
	decl.Meta
	Areas  Areas  `yaml:"areas,required"`
	Points Points `yaml:"points,required"`
}

// Areas says which records are boundaries.
type Areas struct {
	decl.Pos
	In       string `yaml:"in,required"`
	Geometry string `yaml:"geometry,required"`
	Division string `yaml:"division,required"` // the field that refers to the division
}

// Points says which divisions are found by their points.
type Points struct {
	decl.Pos
	In       string `yaml:"in,required"`
	Geometry string `yaml:"geometry,required"`
	Level    string `yaml:"level,required"`  // the value of the field `level`
	Within   string `yaml:"within,required"` // the field that names the boundary's record
}

// Kind is the declaration kind of gazetteers.
var Kind = decl.Kind{Name: "gazetteer", Order: 40, New: func() decl.Item { return &Gazetteer{} }}

// Check resolves the names of types and fields.
func (g *Gazetteer) Check(s *decl.Set, r *decl.Report) {
	field := func(at decl.Pos, typ string, names ...string) {
		t, ok := decl.Find[*record.Type](s, record.Kind.Name, typ)
		if !ok {
			zh, en := decl.Suggest(typ, s.Names(record.Kind.Name))
			r.Add(at, fmt.Sprintf("没有记录类型 %q；%s", typ, zh), fmt.Sprintf("no record type %q; %s", typ, en))
			return
		}
		for _, n := range names {
			if t.Field(n) == nil {
				r.Add(at, fmt.Sprintf("%q 没有字段 %q", typ, n), fmt.Sprintf("%q has no field %q", typ, n))
			}
		}
	}
	field(g.Areas.Pos, g.Areas.In, g.Areas.Geometry, g.Areas.Division)
	field(g.Points.Pos, g.Points.In, g.Points.Geometry, g.Points.Within, "level")
}

// Index answers where a point lies. Load it before use, and again when the
// gazetteer's records have changed.
type Index struct {
	records *record.Engine
	places  atomic.Pointer[places]
}

// New returns an empty index: every point is nowhere until Load.
func New(records *record.Engine) *Index {
	x := &Index{records: records}
	x.places.Store(&places{})
	return x
}

type places struct {
	areas  []area
	points []point
}

type area struct {
	record.Area
	box      record.Box
	id       string
	division string
}

type point struct {
	record.Point
	division string
	within   string // id of the boundary
}

// Load reads the gazetteers' records.
func (x *Index) Load(ctx context.Context, gazetteers []*Gazetteer) error {
	p := &places{}
	for _, g := range gazetteers {
		err := x.records.Each(ctx, g.Areas.In, func(r *record.Row) error {
			if a, ok := r.Get(g.Areas.Geometry).(record.Area); ok {
				p.areas = append(p.areas, area{a, a.Bounds(), r.ID, r.Text(g.Areas.Division)})
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("geo: %w", err)
		}
		err = x.records.Each(ctx, g.Points.In, func(r *record.Row) error {
			if at, ok := r.Get(g.Points.Geometry).(record.Point); ok && r.Text("level") == g.Points.Level {
				p.points = append(p.points, point{at, r.ID, r.Text(g.Points.Within)})
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("geo: %w", err)
		}
	}
	x.places.Store(p)
	return nil
}

// DivisionAt returns the id of the lowest division known to hold p, "" when it
// lies in none.
func (x *Index) DivisionAt(p record.Point) string {
	all := x.places.Load()
	for i := range all.areas {
		a := &all.areas[i]
		if a.box.Contains(p) && a.Contains(p) {
			return all.nearest(p, a)
		}
	}
	return ""
}

// nearest returns the division of the nearest point within a, or a's own.
func (all *places) nearest(p record.Point, a *area) string {
	best, least := a.division, math.Inf(1)
	squeeze := math.Cos(p.Lat * math.Pi / 180)
	for i := range all.points {
		q := &all.points[i]
		if q.within != a.id {
			continue
		}
		dx, dy := (q.Lon-p.Lon)*squeeze, q.Lat-p.Lat
		if d := dx*dx + dy*dy; d < least {
			best, least = q.division, d
		}
	}
	return best
}

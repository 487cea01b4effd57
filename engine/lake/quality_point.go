package lake

import (
	"fmt"
	"strings"

	"chengshu/core/decl"
	"chengshu/core/record"
	"chengshu/engine/lake/duck"
)

// Columns of the judged table about points: each as it was given, before it was
// moved into WGS84, and the system that the anchors tell.
const (
	givenName = "_given_"
	datumName = "_datum"
)

// stored is the system that points are kept in.
const stored = "WGS84"

// points reads each place from two cells, or from one that holds "lon,lat", and
// keeps it as it was given.
func (p *plan) points(from string) string {
	var degrees, given []string
	for _, f := range p.t.Fields {
		if f.Type != record.PointAt {
			continue
		}
		cells := p.cellsOf(f)
		cells = []string{cells[0], cells[len(cells)-1]}
		lon, lat := duck.Name("_lon_"+f.Name), duck.Name("_lat_"+f.Name)
		for i, as := range []string{lon, lat} {
			if cells[0] == cells[1] || len(f.Columns) < 2 {
				cells[i] = fmt.Sprintf("trim(regexp_extract(%s, '^([^,，]*)[,，]([^,，]*)$', %d))", p.cellsOf(f)[0], i+1)
			}
			degrees = append(degrees, fmt.Sprintf("case when regexp_full_match(%[1]s, '[+-]?\\d{1,3}(\\.\\d{0,15})?') then try_cast(%[1]s as double) end as %[2]s", cells[i], as))
		}
		given = append(given, fmt.Sprintf("case when %[1]s between -180 and 180 and %[2]s between -90 and 90 then {'lon': %[1]s, 'lat': %[2]s} end as %[3]s", lon, lat, givenOf(f)))
	}
	if len(given) == 0 {
		return from
	}
	return "select *, " + strings.Join(given, ", ") + " from (select *, " + strings.Join(degrees, ", ") + " from (" + from + "))"
}

// givenOf is the column of a point as it was given.
func givenOf(f *record.Field) string { return duck.Name(givenName + f.Name) }

// toStored moves a field's point from a system into the stored one.
func (p *plan) toStored(f *record.Field, datum string) string {
	for _, d := range p.out.datums {
		if d.Name == datum && datum != stored {
			return fmt.Sprintf("case when %[1]s is not null then %[2]s end", givenOf(f), d.SQL(givenOf(f)))
		}
	}
	return givenOf(f)
}

func declaredDatum(f *record.Field) string {
	if f.Datum == "" {
		return stored
	}
	return f.Datum
}

// anchored adds to each row the system that its point is in: the one in which
// the known position of the same key lies nearest, if near enough. The cleaning
// step moves the point as that tells.
func (p *plan) anchored(from string) string {
	if p.t.Quality == nil || p.t.Quality.Anchor == nil {
		return from
	}
	a := p.t.Quality.Anchor
	f := p.t.Field(a.Field)
	var metres, names, moved []string
	for _, d := range p.out.datums {
		metres = append(metres, fmt.Sprintf("111195 * sqrt(pow((%[1]s.lon - %[2]s_lon) * cos(radians(%[2]s_lat)), 2) + pow(%[1]s.lat - %[2]s_lat, 2))", givenOf(f), d.Name))
		names = append(names, duck.Quote(d.Name))
		moved = append(moved, fmt.Sprintf("when '%s' then %s", d.Name, p.toStored(f, d.Name)))
	}
	p.add("create table anchors as select * from (%s) qualify row_number() over (partition by key) = 1", p.out.anchors)
	from = fmt.Sprintf("select rows.*, list_transform([[%s]], lambda off: case when list_min(off) <= %d then [%s][list_position(off, list_min(off))] end)[1] as %s from (%s) as rows left join anchors on anchors.key = rows.%s",
		strings.Join(metres, ", "), a.Within, strings.Join(names, ", "), datumName, from, duck.Name(a.By))
	for _, c := range f.Clean {
		if c.Name == record.CleanDatum {
			from = fmt.Sprintf("select * replace (case %s %s else %s end as %s) from (%s)", datumName, strings.Join(moved, " "), duck.Name(f.Name), duck.Name(f.Name), from)
			before, after := p.toStored(f, declaredDatum(f)), duck.Name(f.Name)
			text := func(at string) string {
				return fmt.Sprintf("list_transform([%s], lambda pt: round(pt.lon, 6)::varchar || ',' || round(pt.lat, 6)::varchar)[1]", at)
			}
			p.cleaned = append(p.cleaned, cleaning{f, c, text(before), text(after)})
		}
	}
	return from
}

// inside makes a table of the rows as typed, and of those of their points that
// lie in one of the areas, by the even-odd rule.
func (p *plan) inside(from string) string {
	if p.out.edges == "" {
		return from
	}
	p.add("create table edges as %s", p.out.edges)
	p.reads("create table typed as %s", from)
	for _, f := range p.t.Fields {
		if f.Type != record.PointAt {
			continue
		}
		p.add("create table %[1]s as select distinct p from (select p, p.lon as x, p.lat as y from (select distinct %[2]s as p from typed) where p is not null)"+
			" join edges on strip = cast(floor(y * %[3]d) as bigint) and (y1 > y) <> (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1 group by p, area having count(*) %% 2 = 1",
			duck.Name("_in_"+f.Name), duck.Name(f.Name), strips)
		p.demands = append(p.demands, demand{field: f.Name, rule: ruleInside, when: fmt.Sprintf("%[1]s is not null and %[1]s not in (select p from %[2]s)", duck.Name(f.Name), duck.Name("_in_"+f.Name)),
			text: &decl.Text{Zh: "不在规定的范围内", En: "lies outside the area"}})
	}
	return "select * from typed"
}

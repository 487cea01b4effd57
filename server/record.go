package server

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"chengshu/core/access"
	"chengshu/core/evidence"
	"chengshu/core/identity"
	"chengshu/core/process"
	"chengshu/core/record"
	"chengshu/kernel/db"
	"chengshu/kernel/fault"
	"chengshu/kernel/id"
)

// listRecords answers GET /api/records/{type} and GET /api/cases/{type}. The
// rows of a dataset are those of its latest release.
func (s *Server) listRecords(w http.ResponseWriter, r *http.Request) error {
	t, err := s.lake.Dataset(r.PathValue("type"))
	if err != nil {
		t, err = s.typeOf(r)
	}
	if err != nil {
		return err
	}
	q, geojson, err := s.parseQuery(actorOf(r.Context()), t, r.URL.Query())
	if err != nil {
		return err
	}
	actor := actorOf(r.Context())
	if !s.access.May(actor, access.Read, t.Name) {
		return s.denied(actor)
	}
	scope := s.scope(actor, access.Read, t, q)
	q.Scope, q.Within, q.TextScope = scope.SQL, within(scope), scope.Places()
	rows, _, done, err := s.rowsToRead(r.Context(), t)
	if err != nil {
		return err
	}
	defer done()
	page, err := rows.Query(r.Context(), t, q)
	if err != nil {
		return err
	}
	if geojson {
		return s.sendGeoJSON(w, r, t, page)
	}
	return s.sendPage(w, r, t, page)
}

// scope narrows a query to what the actor may see. A query by a personal field
// counts only grants that show it: a search would tell what a mask hides.
func (s *Server) scope(actor *identity.Actor, action string, t *record.Type, q record.Query) access.Predicate {
	var using []string
	for _, c := range q.Where {
		using = append(using, c.Field)
	}
	if q.Sort != "" {
		using = append(using, q.Sort)
	}
	if q.Text != "" {
		using = append(using, t.Search...)
	}
	if f := t.PointField(); f != nil && (q.Near != nil || q.Box != nil) {
		using = append(using, f.Name)
	}
	return s.access.Filter(actor, action, t.Name, using...)
}

// within are the alternatives of a scope, for a query that may find few rows.
func within(p access.Predicate) []record.Alternative {
	if p.All() || !p.Open() {
		return nil
	}
	parts := p.Alternatives()
	out := make([]record.Alternative, len(parts))
	for i, a := range parts {
		out[i] = record.Alternative{Column: a.Column(), SQL: a.SQL}
	}
	return out
}

// typeOf returns the type named in the path. Under /api/cases only case types
// are found.
func (s *Server) typeOf(r *http.Request) (*record.Type, error) {
	t, err := s.records.Type(r.PathValue("type"))
	if err == nil && strings.HasPrefix(r.URL.Path, "/api/cases/") && !t.Case {
		_, err = s.processes.Process(t.Name)
	}
	return t, err
}

// parseQuery reads the parameters of a list; one that is not known is refused.
// created_by=me stands for the person who asks.
func (s *Server) parseQuery(a *identity.Actor, t *record.Type, params url.Values) (q record.Query, geojson bool, err error) {
	for name, vals := range params {
		v := vals[0]
		switch name {
		case "q":
			q.Text = v
		case "sort":
			q.Sort, q.Desc = strings.TrimPrefix(v, "-"), strings.HasPrefix(v, "-")
		case "limit":
			if q.Limit, err = strconv.Atoi(v); err != nil || q.Limit < 1 {
				return q, false, fault.New(fault.Invalid, "bad-limit", "limit 应在 1 到 200 之间", "limit must be between 1 and 200")
			}
		case "after":
			q.After = v
		case "total":
			q.Total, err = flag(name, v, "true", "false")
		case "format":
			geojson, err = flag(name, v, "geojson", "json")
		case "near":
			q.Near, err = parseNear(v)
		case "box":
			q.Box, err = parseBox(v)
		default:
			if name == "created_by" && v == "me" {
				v = a.Self()
			}
			var c record.Cond
			if c, err = t.ParseCond(name, v); err == nil {
				q.Where = append(q.Where, c)
			}
		}
		if err != nil {
			return q, false, err
		}
	}
	if p, err := s.processes.Process(t.Name); err == nil && openOnly(p, q.Where) {
		q.Where = append(q.Where, record.Cond{Field: "closed_at", Null: true})
	}
	return q, geojson, nil
}

// flag reads a parameter that says yes or no.
func flag(name, v, yes, no string) (bool, error) {
	if v != yes && v != no {
		return false, fault.New(fault.Invalid, "bad-filter", name+" 应为 "+yes+" 或 "+no, name+" is "+yes+" or "+no)
	}
	return v == yes, nil
}

// openOnly reports whether the filters name only states of open cases, so that
// the indexes which leave closed cases out can serve.
func openOnly(p *process.Process, conds []record.Cond) bool {
	for _, c := range conds {
		if c.Field != "state" || len(c.In) == 0 {
			continue
		}
		for _, v := range c.In {
			name, _ := v.(string)
			if st := p.State(name); st == nil || st.Kind == process.End {
				return false
			}
		}
		return true
	}
	return false
}

func floats(s string, n int) ([]float64, bool) {
	parts := strings.Split(s, ",")
	out := make([]float64, len(parts))
	for i, p := range parts {
		f, err := strconv.ParseFloat(p, 64)
		if err != nil || f != f {
			return nil, false
		}
		out[i] = f
	}
	return out, len(out) == n
}

// maxMetres bounds a circle: the city is about 150 km across.
const maxMetres = 50_000

func parseNear(v string) (*record.Near, error) {
	f, ok := floats(v, 3)
	if !ok || f[0] < -180 || f[0] > 180 || f[1] < -90 || f[1] > 90 || f[2] <= 0 || f[2] > maxMetres {
		return nil, fault.New(fault.Invalid, "bad-filter", "near 应为 经度,纬度,米（最多 50000）", "near is lon,lat,metres (at most 50000)")
	}
	return &record.Near{Point: record.Point{Lon: f[0], Lat: f[1]}, Metres: f[2]}, nil
}

func parseBox(v string) (*record.Box, error) {
	f, ok := floats(v, 4)
	bad := fault.New(fault.Invalid, "bad-filter", "box 应为 西,南,东,北，均为度数", "box is west,south,east,north, in degrees")
	switch {
	case !ok:
		return nil, bad
	case f[0] < -180 || f[2] > 180 || f[1] < -90 || f[3] > 90:
		return nil, bad.With("box", "经度在 -180 到 180 之间，纬度在 -90 到 90 之间", "longitudes lie between -180 and 180, latitudes between -90 and 90")
	case f[0] > f[2]:
		return nil, bad.With("box", fmt.Sprintf("西边 %g 在东边 %g 以东", f[0], f[2]), fmt.Sprintf("the west, %g, lies east of the east, %g", f[0], f[2]))
	case f[1] > f[3]:
		return nil, bad.With("box", fmt.Sprintf("南边 %g 在北边 %g 以北", f[1], f[3]), fmt.Sprintf("the south, %g, lies north of the north, %g", f[1], f[3]))
	}
	return &record.Box{West: f[0], South: f[1], East: f[2], North: f[3]}, nil
}

// load finds the row of a path and checks that the actor may read it. One who
// may not is told that there is no such record.
func (s *Server) load(r *http.Request) (*record.Row, access.Row, error) {
	t, err := s.typeOf(r)
	if err != nil {
		return nil, access.Row{}, err
	}
	return s.loadOf(r, t, r.PathValue("id"))
}

// loadEver is load that finds deleted records, too. What was done to one stays
// to be read by those who could read it as it was last.
func (s *Server) loadEver(r *http.Request) (*record.Row, access.Row, error) {
	t, err := s.typeOf(r)
	if err != nil {
		return nil, access.Row{}, err
	}
	row, err := s.records.GetEver(s.db.Read(r.Context()), t, r.PathValue("id"))
	return s.readable(r, row, err)
}

func (s *Server) loadOf(r *http.Request, t *record.Type, rowID string) (*record.Row, access.Row, error) {
	row, err := s.records.Get(s.db.Read(r.Context()), t, rowID)
	return s.readable(r, row, err)
}

// readable passes on a row, or why there is none, to one who may read it.
func (s *Server) readable(r *http.Request, row *record.Row, err error) (*record.Row, access.Row, error) {
	if err != nil {
		return nil, access.Row{}, err
	}
	subject, err := s.processes.Subject(r.Context(), row)
	if err != nil {
		return nil, access.Row{}, err
	}
	if !s.access.Decide(actorOf(r.Context()), access.Read, row.Type.Name, subject).Allow {
		return nil, access.Row{}, record.ErrNotFound()
	}
	return row, subject, nil
}

func (s *Server) getRecord(w http.ResponseWriter, r *http.Request) error {
	row, subject, err := s.load(r)
	if err != nil {
		return err
	}
	return s.sendRow(w, r, http.StatusOK, row, subject)
}

// change is the body of a write to a record or case.
type change struct {
	Action string         `json:"action"`
	Rev    int64          `json:"rev"`
	Fields map[string]any `json:"fields"`
	Note   string         `json:"note"`
}

func (s *Server) createRecord(w http.ResponseWriter, r *http.Request) error {
	t, err := s.typeOf(r)
	if err != nil {
		return err
	}
	var in change
	if err := decode(w, r, &in); err != nil {
		return err
	}
	actor := actorOf(r.Context())
	if t.Case {
		return useCases()
	}
	if !s.access.May(actor, access.Create, t.Name) {
		return s.denied(actor)
	}
	d, err := s.records.PlanCreate(r.Context(), t, in.Fields, s.author(actor))
	if err != nil {
		return err
	}
	d.Row.CreatedBy = actor.Self()
	decision := s.access.Decide(actor, access.Create, t.Name, access.RowOf(d.Row))
	if !decision.Allow {
		return s.denied(actor)
	}
	if err := mayWrite(decision, t, in.Fields); err != nil {
		return err
	}
	if err := s.write(r, d, t.Name+".create", decision); err != nil {
		return err
	}
	w.Header().Set("Location", addressOfRow(t, d.Row.ID))
	return s.sendChanged(w, r, http.StatusCreated, d.Row)
}

// mayWrite refuses fields that the grant leaves out.
func mayWrite(d access.Decision, t *record.Type, fields map[string]any) error {
	f := fault.New(fault.Denied, "denied", "您无权填写其中的字段", "you may not write some of these fields")
	for name := range fields {
		if t.Field(name) != nil && !d.View.MayWrite(name) {
			f.With("fields."+name, "您无权填写此字段", "you may not write this field")
		}
	}
	if len(f.Fields) > 0 {
		return f
	}
	return nil
}

func useCases() error {
	return fault.New(fault.Conflict, "use-cases", "事项通过 /api/cases 的动作办理", "cases are changed by their actions, under /api/cases")
}

func (s *Server) reviseRecord(w http.ResponseWriter, r *http.Request) error {
	row, subject, err := s.load(r)
	if err != nil {
		return err
	}
	if row.Type.Case {
		return useCases()
	}
	var in change
	if err := decode(w, r, &in); err != nil {
		return err
	}
	actor := actorOf(r.Context())
	decision := s.access.Decide(actor, access.Revise, row.Type.Name, subject)
	if !decision.Allow {
		return s.denied(actor)
	}
	if err := mayWrite(decision, row.Type, in.Fields); err != nil {
		return err
	}
	if in.Rev != row.Rev {
		return record.ErrStale(in.Rev)
	}
	shown := s.access.Decide(actor, access.Read, row.Type.Name, subject)
	if err := recordView(shown.View).RefuseMasks(row, in.Fields); err != nil {
		return err
	}
	d, err := s.records.PlanRevise(r.Context(), row, in.Fields, s.author(actor))
	if err != nil {
		return err
	}
	// What it becomes must lie within the grant too.
	if !s.access.Decide(actor, access.Revise, row.Type.Name, access.RowOf(d.Row)).Allow {
		return s.denied(actor)
	}
	if !d.Same() { // what changes nothing leaves no revision and no act
		if err := s.write(r, d, row.Type.Name+".revise", decision); err != nil {
			return err
		}
	}
	return s.sendChanged(w, r, http.StatusOK, d.Row)
}

func (s *Server) deleteRecord(w http.ResponseWriter, r *http.Request) error {
	row, subject, err := s.load(r)
	if err != nil {
		return err
	}
	if row.Type.Case {
		return useCases()
	}
	actor := actorOf(r.Context())
	decision := s.access.Decide(actor, access.Delete, row.Type.Name, subject)
	if !decision.Allow {
		return s.denied(actor)
	}
	rev, err := strconv.ParseInt(r.URL.Query().Get("rev"), 10, 64)
	if err != nil {
		return fault.New(fault.Invalid, "bad-rev", "rev 应为要删除的修订号，如 ?rev=3", "rev must be the number of the revision to delete, such as ?rev=3")
	}
	if rev != row.Rev {
		return record.ErrStale(rev)
	}
	if err := s.records.Unreferred(r.Context(), row); err != nil {
		return err
	}
	stamp := record.Stamp{Act: id.New(), Verb: row.Type.Name + ".delete", Person: actor.Self(), At: s.clock.Now().UnixMilli()}
	err = s.db.Do(r.Context(), func(tx *db.Tx) error {
		revision, err := s.records.Delete(tx, row, stamp)
		if err != nil {
			return err
		}
		return s.act(tx, r, row, stamp, revision, decision)
	})
	if err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (s *Server) denied(actor *identity.Actor) error {
	if actor.Anonymous {
		return fault.New(fault.Unauthenticated, "sign-in", "请先登录", "please sign in")
	}
	return fault.New(fault.Denied, "denied", "您无权这样做", "you may not do this")
}

// write stores a draft with its act.
func (s *Server) write(r *http.Request, d *record.Draft, verb string, decision access.Decision) error {
	stamp := record.Stamp{Act: id.New(), Verb: verb, Person: actorOf(r.Context()).Self(), At: s.clock.Now().UnixMilli()}
	return s.db.Do(r.Context(), func(tx *db.Tx) error {
		rev, err := d.Write(tx, stamp)
		if err != nil {
			return err
		}
		return s.act(tx, r, d.Row, stamp, rev, decision)
	})
}

func (s *Server) act(tx *db.Tx, r *http.Request, row *record.Row, stamp record.Stamp, rev record.Revision, decision access.Decision) error {
	_, err := s.evidence.Append(tx, evidence.Act{ID: stamp.Act, At: stamp.At, Verb: stamp.Verb, Actor: actorOf(r.Context()).Evidence(),
		Subject: evidence.Subject{Type: row.Type.Name, ID: row.ID, Rev: rev.Rev, Digest: rev.Digest}, Changed: rev.Changed,
		Grant: decision.Grant, Basis: decision.Basis, Purpose: decision.Purpose, Request: requestID(r.Context())})
	tx.AfterCommit(func() { s.events.Publish("record." + row.Type.Name) })
	return err
}

func (s *Server) history(w http.ResponseWriter, r *http.Request) error {
	row, subject, err := s.loadEver(r)
	if err != nil {
		return err
	}
	var before int64
	if after := r.URL.Query().Get("after"); after != "" {
		if before, err = strconv.ParseInt(after, 10, 64); err != nil {
			return fault.New(fault.Invalid, "bad-cursor", "翻页标记无效", "the cursor is not valid")
		}
	}
	const pageSize = 50
	items, err := s.records.History(s.db.Read(r.Context()), row.Type, row.ID, before, pageSize)
	if err != nil {
		return err
	}
	if _, err := s.viewOf(r, row, subject); err != nil {
		return err
	}
	return s.sendHistory(w, r, row, subject, items, pageSize)
}

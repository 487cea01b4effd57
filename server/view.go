package server

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"chengshu/core/access"
	"chengshu/core/evidence"
	"chengshu/core/identity"
	"chengshu/core/process"
	"chengshu/core/record"
)

func rfc(ms int64) string { return time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.000Z") }

func (s *Server) author(a *identity.Actor) record.Author {
	return record.Author{Actor: process.Me(a), Now: s.clock.Now(), Files: func(ctx context.Context, id string) (*record.FileRef, error) { return s.fileOf(ctx, a, id) }}
}

// sendRow sends one record or case with what its viewer may see and do. When
// personal values are shown in the clear, the reading leaves an act first.
func (s *Server) sendRow(w http.ResponseWriter, r *http.Request, code int, row *record.Row, subject access.Row) error {
	actor := actorOf(r.Context())
	see, err := s.viewOf(r, row, subject)
	if err != nil {
		return err
	}
	v := recordView(see)
	if row.Type.Case {
		p, err := s.processes.Process(row.Type.Name)
		if err != nil {
			return err
		}
		facts, err := s.caseMember(r.Context(), actor, p, row, subject)
		if err != nil {
			return err
		}
		v.Extra = func(dst []byte, _ *record.Row) []byte { return append(append(dst, `,"case":`...), facts...) }
	}
	body, err := v.Append(r.Context(), s.records, make([]byte, 0, 2048), row)
	if err != nil {
		return err
	}
	return sendRaw(w, code, body)
}

func recordView(see access.View) record.View {
	return record.View{See: func(_ *record.Row, f *record.Field) record.See { return see.Of(f) }, Mask: access.Mask}
}

// viewOf decides how a row is shown, and leaves the act of its reading.
func (s *Server) viewOf(r *http.Request, row *record.Row, subject access.Row) (access.View, error) {
	d := s.access.Decide(actorOf(r.Context()), access.Read, row.Type.Name, subject)
	return d.View, s.noteReadings(r, row.Type, row.ID, []*record.Row{row}, []access.Decision{d})
}

// viewsOf is viewOf for the rows of a page: one question for what decisions need
// to know, and one act for each grant that discloses something.
func (s *Server) viewsOf(r *http.Request, t *record.Type, rows []*record.Row) ([]access.View, error) {
	subjects, err := s.processes.Subjects(r.Context(), rows)
	if err != nil {
		return nil, err
	}
	views, decisions := make([]access.View, len(rows)), make([]access.Decision, len(rows))
	for i := range rows {
		decisions[i] = s.access.Decide(actorOf(r.Context()), access.Read, t.Name, subjects[i])
		views[i] = decisions[i].View
	}
	return views, s.noteReadings(r, t, aPage, rows, decisions)
}

// aPage stands for the record in an act of reading that is about many.
const aPage = "*"

// noteReadings leaves the acts of a reading that shows personal values of
// others in the clear.
func (s *Server) noteReadings(r *http.Request, t *record.Type, id string, rows []*record.Row, decisions []access.Decision) error {
	actor := actorOf(r.Context())
	type grant struct{ name, basis, purpose string }
	read := map[grant][]evidence.ReadSubject{}
	persons, err := s.personsOf(r.Context(), t, rows)
	if err != nil {
		return err
	}
	for i, row := range rows {
		d, person := decisions[i], persons[i]
		if person != actor.Person && d.View.Shows(row) {
			g := grant{d.Grant, d.Basis, d.Purpose}
			read[g] = append(read[g], evidence.ReadSubject{Person: person, Type: t.Name, Record: row.ID, Fields: d.View.PersonalFields()})
		}
	}
	for g, subjects := range read {
		act := evidence.Act{Verb: t.Name + ".read", Actor: actor.Evidence(), Grant: g.name, Basis: g.basis, Purpose: g.purpose,
			Request: requestID(r.Context()), Subject: evidence.Subject{Type: t.Name, ID: id}}
		if _, err := s.evidence.Read(r.Context(), act, subjects); err != nil {
			return err
		}
	}
	return nil
}

// sendPage sends a page of a list.
func (s *Server) sendPage(w http.ResponseWriter, r *http.Request, t *record.Type, page record.Page) error {
	views, err := s.viewsOf(r, t, page.Rows)
	if err != nil {
		return err
	}
	body := append(make([]byte, 0, 512+1024*len(page.Rows)), `{"items":[`...)
	for i, row := range page.Rows {
		if i > 0 {
			body = append(body, ',')
		}
		v := recordView(views[i])
		if p, err := s.processes.Process(t.Name); err == nil {
			v.Extra = func(dst []byte, row *record.Row) []byte {
				return append(s.appendFacts(append(dst, `,"case":`...), p, row), '}')
			}
		}
		if body, err = v.Append(r.Context(), s.records, body, row); err != nil {
			return err
		}
	}
	body = append(body, ']')
	if page.Next != "" {
		body = record.AppendString(append(body, `,"next":`...), page.Next)
	}
	if page.Total >= 0 {
		body = strconv.AppendInt(append(body, `,"total":`...), page.Total, 10)
	}
	return sendRaw(w, http.StatusOK, append(body, '}'))
}

// appendFacts appends the open object of a case's facts, without its closing
// brace, so that more members can follow.
func (s *Server) appendFacts(dst []byte, p *process.Process, row *record.Row) []byte {
	dst = record.AppendString(append(dst, `{"number":`...), row.Text("number"))
	dst = record.AppendString(append(dst, `,"state":`...), row.Text("state"))
	if st := p.State(row.Text("state")); st != nil {
		dst = record.AppendText(append(dst, `,"state_title":`...), st.Title)
	}
	dst = record.AppendTime(append(dst, `,"opened_at":`...), row.CreatedAt)
	for _, name := range []string{"closed_at", "due_at", "case_due_at", "unit", "assignee", "parent", "merged_into", "returns"} {
		dst = append(append(append(dst, `,"`...), name...), `":`...)
		dst = record.AppendField(dst, row.Type.Field(name), row.Get(name))
	}
	return record.AppendString(append(dst, `,"light":`...), string(s.processes.LightOf(p, row, s.clock.Now())))
}

// caseMember is the case member of a single case: facts, tasks, what I may do.
func (s *Server) caseMember(ctx context.Context, actor *identity.Actor, p *process.Process, row *record.Row, subject access.Row) ([]byte, error) {
	tasks, err := s.processes.Tasks(ctx, row.ID)
	if err != nil {
		return nil, err
	}
	shown := make([]map[string]any, 0, len(tasks))
	for _, t := range tasks {
		item := map[string]any{"id": t.ID, "step": t.Step, "unit": t.Unit, "unit_name": s.orgName(ctx, t.Unit), "light": t.Light}
		if t.Due != 0 {
			item["due_at"] = rfc(t.Due)
		}
		if t.Assignee != "" {
			item["assignee"], item["assignee_name"] = t.Assignee, s.officerName(ctx, t.Assignee)
		}
		shown = append(shown, item)
	}
	actions := make([]map[string]any, 0, 4)
	for _, o := range s.processes.Offers(actor, p, row, subject) {
		item := map[string]any{"name": o.Action.Name, "title": o.Action.Title, "style": o.Action.Style, "ok": len(o.Why) == 0, "form": formOf(o.Action)}
		if len(o.Why) > 0 {
			item["why"] = o.Why
		}
		actions = append(actions, item)
	}
	more := map[string]any{"tasks": shown, "actions": actions}
	jobs, err := s.processes.JobsOf(ctx, row)
	if err != nil {
		return nil, err
	}
	if len(jobs) > 0 {
		waits := make([]map[string]any, len(jobs))
		for i, j := range jobs {
			waits[i] = map[string]any{"id": j.ID, "state": j.State, "done": j.Done, "total": j.Total, "note": j.Note}
		}
		more["jobs"] = waits
	}
	dst := s.appendFacts(make([]byte, 0, 1024), p, row)
	for name, v := range more {
		b, err := json.Marshal(v)
		if err != nil {
			return nil, err
		}
		dst = append(append(append(dst, `,"`...), name...), `":`...)
		dst = append(dst, b...)
	}
	return append(dst, '}'), nil
}

// formOf is an action's form as the API shows it.
func formOf(a *process.Action) []map[string]any {
	out := make([]map[string]any, 0, len(a.Form))
	for _, f := range a.Form {
		if f.Field == "note" {
			out = append(out, map[string]any{"note": true, "required": f.Required})
		} else {
			out = append(out, map[string]any{"field": f.Field, "required": f.Required})
		}
	}
	return out
}

// sendGeoJSON sends a page as a FeatureCollection (RFC 7946).
func (s *Server) sendGeoJSON(w http.ResponseWriter, r *http.Request, t *record.Type, page record.Page) error {
	type feature struct {
		Type       string          `json:"type"`
		ID         string          `json:"id"`
		Properties map[string]any  `json:"properties"`
		Geometry   json.RawMessage `json:"geometry"`
	}
	views, err := s.viewsOf(r, t, page.Rows)
	if err != nil {
		return err
	}
	features := make([]feature, 0, len(page.Rows))
	for i, row := range page.Rows {
		v := recordView(views[i])
		geometry, ok := v.Geometry(row)
		if !ok {
			continue
		}
		props := map[string]any{"type": t.Name}
		if title, ok := v.Title(row); ok {
			props["title"] = title
		}
		if p, err := s.processes.Process(t.Name); err == nil {
			props["light"], props["state"] = s.processes.LightOf(p, row, s.clock.Now()), row.Text("state")
		}
		features = append(features, feature{"Feature", row.ID, props, geometry})
	}
	out := map[string]any{"type": "FeatureCollection", "features": features}
	if page.Next != "" {
		out["next"] = page.Next
	}
	return send(w, http.StatusOK, out)
}

func (s *Server) sendHistory(w http.ResponseWriter, r *http.Request, row *record.Row, subject access.Row, items []record.HistoryItem, pageSize int) error {
	see := s.access.View(actorOf(r.Context()), row.Type.Name, subject)
	out := make([]map[string]any, 0, len(items))
	for _, h := range items {
		fields := map[string]any{}
		for name, v := range h.Fields {
			if f := row.Type.Field(name); f != nil && !f.System && see.See(name) == record.Clear {
				fields[name] = v
			}
		}
		out = append(out, map[string]any{"rev": h.Rev, "at": rfc(h.At), "act": h.Act, "actor": h.Actor, "verb": h.Verb,
			"actor_name": s.actorName(r.Context(), evidence.Actor{Person: h.Actor}),
			"mine":       h.Actor != "" && h.Actor == actorOf(r.Context()).Self(), "changed": h.Changed, "fields": fields,
			"labels": s.labelsOf(r.Context(), row.Type, fields)})
	}
	body := map[string]any{"items": out}
	if row.DeletedAt != 0 {
		body["deleted_at"] = rfc(row.DeletedAt)
	}
	if len(items) == pageSize {
		body["next"] = strconv.FormatInt(items[len(items)-1].Rev, 10)
	}
	return send(w, http.StatusOK, body)
}

// labelsOf returns the titles of what raw values mean.
func (s *Server) labelsOf(ctx context.Context, t *record.Type, fields map[string]any) map[string]any {
	out := map[string]any{}
	for name, v := range fields {
		f := t.Field(name)
		raw, ok := v.(json.RawMessage)
		if f == nil || !ok || f.Type != record.ChoiceOf && f.Type != record.Reference {
			continue
		}
		var one string
		var many []string
		if json.Unmarshal(raw, &one) == nil {
			if label, err := s.records.Label(ctx, f, one); err == nil {
				out[name] = label
			}
		} else if json.Unmarshal(raw, &many) == nil {
			var labels []any
			for _, value := range many {
				label, _ := s.records.Label(ctx, f, value)
				labels = append(labels, label)
			}
			out[name] = labels
		}
	}
	return out
}

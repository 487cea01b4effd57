package server

import (
	"encoding/json"
	"fmt"
	"mime"
	"net/http"

	"chengshu/core/access"
	"chengshu/core/evidence"
	"chengshu/core/identity"
	"chengshu/core/process"
	"chengshu/core/record"
	"chengshu/kernel/fault"
)

// openCase answers POST /api/cases/{type}: the start action named, or the only
// one there is.
func (s *Server) openCase(w http.ResponseWriter, r *http.Request) error {
	var in change
	if err := decode(w, r, &in); err != nil {
		return err
	}
	p, err := s.processes.Process(r.PathValue("type"))
	if err != nil {
		return err
	}
	actor := actorOf(r.Context())
	if in.Action == "" {
		starts := s.processes.Starts(actor, p)
		if len(starts) == 0 {
			return s.denied(actor)
		}
		in.Action = starts[0].Name
	}
	row, err := s.processes.Do(r.Context(), process.Command{Type: p.Name, Action: in.Action, Input: in.Fields, Note: in.Note,
		Actor: actor, Request: requestID(r.Context())})
	if err != nil {
		return s.orSignIn(actor, err)
	}
	w.Header().Set("Location", addressOfRow(row.Type, row.ID))
	return s.sendChanged(w, r, http.StatusCreated, row)
}

// orSignIn tells a visitor who may not to sign in first.
func (s *Server) orSignIn(actor *identity.Actor, err error) error {
	if fault.Is(err, fault.Denied) {
		return s.denied(actor)
	}
	return err
}

func (s *Server) actOnCase(w http.ResponseWriter, r *http.Request) error {
	var in change
	if err := decode(w, r, &in); err != nil {
		return err
	}
	if in.Action != "" {
		return fault.New(fault.Invalid, "invalid-fields", "填写有误", "some fields are wrong").
			With("action", "动作写在地址中", "the action stands in the address")
	}
	actor := actorOf(r.Context())
	row, err := s.processes.Do(r.Context(), process.Command{Type: r.PathValue("type"), ID: r.PathValue("id"), Action: r.PathValue("action"),
		Rev: in.Rev, Input: in.Fields, Note: in.Note, Actor: actor, Request: requestID(r.Context())})
	if err != nil {
		return s.orSignIn(actor, err)
	}
	return s.sendChanged(w, r, http.StatusOK, row)
}

// sendChanged sends a record or case as it is after a change, which stands
// whatever happens now: when it cannot be shown, the answer says so and not
// that the change has failed. One who may no longer read it (a case that went
// to another unit) gets a case's number and state.
func (s *Server) sendChanged(w http.ResponseWriter, r *http.Request, code int, row *record.Row) error {
	subject := access.RowOf(row)
	var err error
	if row.Type.Case {
		subject, err = s.processes.Subject(r.Context(), row)
	}
	if err == nil && (!row.Type.Case || s.access.Decide(actorOf(r.Context()), access.Read, row.Type.Name, subject).Allow) {
		if err = s.sendRow(w, r, code, row, subject); err == nil {
			return nil
		}
	}
	if err != nil {
		s.log.Error("a change was made but cannot be shown", "type", row.Type.Name, "id", row.ID, "request", requestID(r.Context()), "err", err)
	}
	return s.sendTaken(w, code, row.Type, row.ID, row.Rev, row, err)
}

// sendTaken says of a change only that it was made: to what, and for a case
// where that stands. When unseen is not nil, the rest could not be read back,
// and the answer says so.
func (s *Server) sendTaken(w http.ResponseWriter, code int, t *record.Type, id string, rev int64, row *record.Row, unseen error) error {
	out := map[string]any{"id": id, "type": t.Name, "rev": rev, "fields": map[string]any{}}
	if row != nil && t.Case {
		out["case"] = map[string]any{"number": row.Text("number"), "state": row.Text("state")}
	}
	if unseen != nil {
		out["notice"] = fault.Text{Zh: "操作已完成，但暂时无法显示结果，请勿重复提交，稍后再查看", En: "it has been done, but cannot be shown just now; do not send it again, look later"}
	}
	return send(w, code, out)
}

func addressOfRow(t *record.Type, id string) string {
	if t.Case {
		return "/api/cases/" + t.Name + "/" + id
	}
	return "/api/records/" + t.Name + "/" + id
}

type commentInput struct {
	Text  string           `json:"text"`
	Files []record.FileRef `json:"files"`
}

func (s *Server) comment(w http.ResponseWriter, r *http.Request) error {
	row, _, err := s.load(r)
	if err != nil {
		return err
	}
	var in commentInput
	if err := decode(w, r, &in); err != nil {
		return err
	}
	p, err := s.processes.Process(row.Type.Name)
	if err != nil {
		return err
	}
	if len(in.Files) > 9 {
		return fault.New(fault.Invalid, "invalid-fields", "填写有误", "some fields are wrong").With("files", "最多 9 个文件", "at most 9 files")
	}
	c, err := s.processes.AddComment(r.Context(), p, row, actorOf(r.Context()), process.Comment{Text: in.Text, Files: in.Files}, requestID(r.Context()))
	if err != nil {
		return err
	}
	return sendComment(w, c)
}

func sendComment(w http.ResponseWriter, c process.Comment) error {
	return send(w, http.StatusCreated, map[string]any{"id": c.ID, "at": rfc(c.At), "text": c.Text})
}

func (s *Server) similar(w http.ResponseWriter, r *http.Request) error {
	row, _, err := s.load(r)
	if err != nil {
		return err
	}
	p, err := s.processes.Process(row.Type.Name)
	if err != nil {
		return err
	}
	scope := s.scope(actorOf(r.Context()), access.Read, p.Record, record.Query{})
	alike, err := s.processes.Similar(r.Context(), p, row, scope.SQL)
	if err != nil {
		return err
	}
	type item struct {
		ID     string          `json:"id"`
		Title  string          `json:"title"`
		Score  float64         `json:"score"`
		Metres float64         `json:"metres"`
		Hours  float64         `json:"hours"`
		Case   json.RawMessage `json:"case"`
	}
	items := make([]item, 0, len(alike))
	for _, a := range alike {
		items = append(items, item{a.Row.ID, a.Row.Text("number"), a.Score, a.Metres, a.Hours, append(s.appendFacts(nil, p, a.Row), '}')})
	}
	return send(w, http.StatusOK, map[string]any{"items": items})
}

// evidenceBundle exports what can be verified offline.
func (s *Server) evidenceBundle(w http.ResponseWriter, r *http.Request) error {
	row, subject, err := s.loadEver(r)
	if err != nil {
		return err
	}
	actor := actorOf(r.Context())
	decision := s.access.Decide(actor, "evidence", row.Type.Name, subject)
	if !decision.Allow {
		return s.denied(actor)
	}
	_, err = s.evidence.Read(r.Context(), evidence.Act{Verb: row.Type.Name + ".evidence", Actor: actor.Evidence(),
		Subject: evidence.Subject{Type: row.Type.Name, ID: row.ID}, Grant: decision.Grant, Basis: decision.Basis,
		Purpose: decision.Purpose, Request: requestID(r.Context())}, nil)
	if err != nil {
		return err
	}
	name := row.Type.Name + "-" + row.ID + ".evidence.json"
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	if err := s.evidence.Export(r.Context(), w, row.Type.Name, row.ID); err != nil {
		return fmt.Errorf("export evidence: %w", err)
	}
	return nil
}

package server

import (
	"net/http"
	"slices"
	"strings"

	"chengshu/core/access"
	"chengshu/core/evidence"
	"chengshu/core/process"
	"chengshu/core/record"
	"chengshu/kernel/fault"
)

// maxTimeline bounds the time line of one case.
const maxTimeline = 1000

// timeline answers with everything that happened to a case, oldest first: its
// acts, with the values that its revisions hold and the remarks made on it.
func (s *Server) timeline(w http.ResponseWriter, r *http.Request) error {
	row, subject, err := s.load(r)
	if err != nil {
		return err
	}
	p, err := s.processes.Process(row.Type.Name)
	if err != nil {
		return err
	}
	q := s.db.Read(r.Context())
	acts, err := evidence.ActsOn(q, row.Type.Name, row.ID, 0, maxTimeline)
	if err != nil {
		return err
	}
	revs, err := s.records.History(q, row.Type, row.ID, 0, maxTimeline)
	if err != nil {
		return err
	}
	comments, err := s.processes.Comments(r.Context(), row.ID)
	if err != nil {
		return err
	}
	if _, err := s.viewOf(r, row, subject); err != nil {
		return err
	}
	t := timelineView{s: s, r: r, p: p, see: s.access.View(actorOf(r.Context()), row.Type.Name, subject), revs: map[string]record.HistoryItem{}, remarks: map[string]process.Comment{}}
	for _, h := range revs {
		t.revs[h.Act] = h
	}
	for _, c := range comments {
		t.remarks[c.Act] = c
	}
	items := make([]map[string]any, 0, len(acts))
	for _, a := range acts {
		if strings.HasSuffix(a.Verb, ".evidence") || strings.HasSuffix(a.Verb, ".read") {
			continue // readings are shown to the person read, not here
		}
		items = append(items, t.item(a))
	}
	return send(w, http.StatusOK, map[string]any{"items": items})
}

type timelineView struct {
	s       *Server
	r       *http.Request
	p       *process.Process
	see     access.View
	revs    map[string]record.HistoryItem
	remarks map[string]process.Comment
}

func (t *timelineView) item(a evidence.Listed) map[string]any {
	out := map[string]any{"at": rfc(a.At), "act": a.ID, "verb": a.Verb, "sealed": a.Sealed, "title": t.title(a.Verb)}
	if a.Actor.Person != "" {
		out["actor_name"] = t.s.actorName(t.r.Context(), a.Actor)
		out["mine"] = a.Actor.Person == actorOf(t.r.Context()).Person
	}
	if org := a.Actor.Org; org != "" {
		out["org_name"] = t.s.orgName(t.r.Context(), org)
	}
	if a.From != "" {
		out["from"] = a.From
	}
	if a.To != "" {
		out["to"] = a.To
	}
	if h, ok := t.revs[a.ID]; ok {
		t.revision(out, h)
	}
	if c, ok := t.remarks[a.ID]; ok {
		out["note"] = c.Text
		if len(c.Files) > 0 {
			out["files"] = c.Files
		}
	}
	return out
}

// revision adds the values that the act changed, as the viewer may see them.
func (t *timelineView) revision(out map[string]any, h record.HistoryItem) {
	fields := map[string]any{}
	var changed []string
	for _, name := range h.Changed {
		f := t.p.Record.Field(name)
		value, has := h.Fields[name]
		switch {
		case f == nil:
		case name == "note":
			if has {
				out["note"] = value
			}
		case name == "due_at":
			if has {
				out["due_at"] = value
			}
		case f.System && !slices.Contains([]string{"unit", "assignee", "merged_into"}, name):
		case has && t.see.See(name) == record.Clear:
			fields[name] = value
			changed = append(changed, name)
		default:
			changed = append(changed, name)
		}
	}
	if len(changed) > 0 {
		out["changed"], out["fields"] = changed, fields
		if labels := t.s.labelsOf(t.r.Context(), t.p.Record, fields); len(labels) > 0 {
			out["labels"] = labels
		}
	}
}

// systemTitles name what the program does by itself.
var systemTitles = map[string]fault.Text{
	"overdue": {Zh: "超过时限", En: "Overdue"},
	"remind":  {Zh: "时限提醒", En: "Reminder"},
	"comment": {Zh: "留言", En: "Comment"},
	"absorb":  {Zh: "并入其他上报", En: "Another report was merged in"},
}

func (t *timelineView) title(verb string) fault.Text {
	_, action, _ := strings.Cut(verb, ".")
	if a := t.p.Action(action); a != nil {
		return a.Title
	}
	if title, ok := systemTitles[action]; ok {
		return title
	}
	return fault.Text{Zh: verb, En: verb}
}

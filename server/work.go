package server

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"chengshu/core/access"
	"chengshu/core/evidence"
	"chengshu/core/identity"
	"chengshu/core/process"
	"chengshu/core/record"
	"chengshu/kernel/fault"
)

type inboxInput struct {
	Scope string `query:"scope" enum:"mine,unit,all" default:"unit"`
	Light string `query:"light" enum:"red,yellow,green"`
	Type  string `query:"type"`
	Limit int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
	After int64  `query:"after"`
}

type inboxItem struct {
	Task         string     `json:"task"`
	Type         string     `json:"type"`
	ID           string     `json:"id"`
	Number       string     `json:"number"`
	Title        fault.Text `json:"title"`
	State        string     `json:"state"`
	StateTitle   fault.Text `json:"state_title"`
	Step         string     `json:"step"`
	UnitName     fault.Text `json:"unit_name"`
	AssigneeName string     `json:"assignee_name,omitempty"`
	DueAt        string     `json:"due_at,omitempty"`
	Light        string     `json:"light"`
}

type inboxTotals struct {
	Mine   int64 `json:"mine"`
	Unit   int64 `json:"unit"`
	Red    int64 `json:"red"`
	Yellow int64 `json:"yellow"`
	Green  int64 `json:"green"`
}

type inboxView struct {
	Items  []inboxItem `json:"items"`
	Totals inboxTotals `json:"totals"`
	Next   string      `json:"next,omitempty"`
}

type readView struct {
	At        string      `json:"at"`
	ActorName string      `json:"actor_name"`
	OrgName   fault.Text  `json:"org_name"`
	Type      string      `json:"type"`
	TypeTitle fault.Text  `json:"type_title"`
	ID        string      `json:"id"`
	Title     *fault.Text `json:"title,omitempty" doc:"absent when I may not read what was read, or it is gone"`
	Purpose   string      `json:"purpose"`
	Basis     string      `json:"basis"`
	Fields    []string    `json:"fields"`
}

type readsView struct {
	Items []readView `json:"items"`
	Next  string     `json:"next,omitempty"`
}

// workRoutes are a person's own affairs: what to do, and who read their data.
func (s *Server) workRoutes(api huma.API) {
	op(s, api, huma.Operation{OperationID: "inbox", Method: http.MethodGet, Path: "/api/inbox", Summary: "My open tasks, with true totals"}, s.inbox)
	op(s, api, huma.Operation{OperationID: "reads-of-me", Method: http.MethodGet, Path: "/api/me/reads", Summary: "Who read my data"}, s.readsOfMe)
	op(s, api, huma.Operation{OperationID: "notices", Method: http.MethodGet, Path: "/api/me/notices", Summary: "What I was told, the newest first"}, s.notices)
	op(s, api, huma.Operation{OperationID: "read-notices", Method: http.MethodPost, Path: "/api/me/notices/read", Summary: "I have read what I was told, up to one notice", DefaultStatus: http.StatusNoContent}, s.readNotices)
	op(s, api, huma.Operation{OperationID: "evidence-status", Method: http.MethodGet, Path: "/api/evidence", Summary: "State of the public log"},
		func(ctx context.Context, _ *identity.Actor, _ *none) (*body[evidence.Status], error) {
			st, err := s.evidence.Status(ctx)
			return &body[evidence.Status]{st}, err
		})
}

func (s *Server) inbox(ctx context.Context, a *identity.Actor, in *inboxInput) (*body[inboxView], error) {
	if a.Anonymous {
		return nil, s.denied(a)
	}
	items, totals, err := s.processes.Inbox(ctx, a, process.InboxQuery{Scope: in.Scope, Light: in.Light, Type: in.Type, Limit: in.Limit, After: in.After})
	if err != nil {
		return nil, err
	}
	v := inboxView{Items: []inboxItem{}, Totals: inboxTotals{totals.Mine, totals.Unit, totals.Red, totals.Yellow, totals.Green}}
	for _, it := range items {
		title, err := s.caseTitle(ctx, it)
		if err != nil {
			return nil, err
		}
		item := inboxItem{Task: it.Task, Type: it.Row.Type.Name, ID: it.Row.ID, Number: it.Row.Text("number"), Title: title, State: it.Row.Text("state"),
			Step: it.Step, UnitName: s.orgName(ctx, it.Unit), Light: string(it.Light)}
		if it.State != nil {
			item.StateTitle = it.State.Title
		}
		if it.Assignee != "" {
			item.AssigneeName = s.officerName(ctx, it.Assignee)
		}
		if it.Due != 0 {
			item.DueAt = rfc(it.Due)
		}
		v.Items = append(v.Items, item)
	}
	if len(items) == in.Limit {
		v.Next = strconv.FormatInt(items[len(items)-1].N, 10)
	}
	return &body[inboxView]{v}, nil
}

// caseTitle names a case in a list by the first reference or choice that its
// type lists, such as the category of an incident.
func (s *Server) caseTitle(ctx context.Context, it process.InboxItem) (fault.Text, error) {
	t := it.Row.Type
	for _, name := range t.List {
		f := t.Field(name)
		if f == nil || f.System || f.Mask != "" {
			continue
		}
		if v := it.Row.Text(name); v != "" {
			return s.records.Label(ctx, f, v)
		}
	}
	if f := t.Field(t.TitleBy); f != nil && f.Mask != "" {
		return fault.Text{Zh: it.Row.Text("number"), En: it.Row.Text("number")}, nil
	}
	return it.Row.Title(), nil
}

const readsPage = 50

func (s *Server) readsOfMe(ctx context.Context, a *identity.Actor, in *struct {
	After int64 `query:"after"`
}) (*body[readsView], error) {
	if a.Person == "" {
		return nil, s.denied(a)
	}
	reads, err := s.readings(ctx, a, in.After)
	if err != nil {
		return nil, err
	}
	v := readsView{Items: []readView{}}
	for _, r := range reads {
		item := readView{At: rfc(r.At), ActorName: s.officerName(ctx, r.Actor), OrgName: s.orgName(ctx, r.Org), Type: r.Type, ID: r.Record,
			Purpose: r.Purpose, Basis: r.Basis, Fields: orEmpty(r.Fields)}
		if t := s.typeNamed(r.Type); t != nil {
			item.TypeTitle = t.Title
		}
		if t, err := s.records.Type(r.Type); err == nil {
			if item.Title, err = s.titleFor(ctx, a, t, r.Record); err != nil {
				return nil, err
			}
		}
		v.Items = append(v.Items, item)
	}
	if len(reads) == readsPage {
		v.Next = strconv.FormatInt(reads[len(reads)-1].N, 10)
	}
	return &body[readsView]{v}, nil
}

// titleFor is what a record or case is called, nil when a may not read it or
// not its title.
func (s *Server) titleFor(ctx context.Context, a *identity.Actor, t *record.Type, id string) (*fault.Text, error) {
	row, err := s.records.Get(s.db.Read(ctx), t, id)
	if fault.Is(err, fault.NotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	subject, err := s.processes.Subject(ctx, row)
	if err != nil {
		return nil, err
	}
	decision := s.access.Decide(a, access.Read, t.Name, subject)
	title, ok := recordView(decision.View).Title(row)
	if !decision.Allow || !ok {
		return nil, nil
	}
	return &title, nil
}

// readings returns who read what is about the actor, newest first: under their
// account, and under their entry in the register of persons when it is known.
func (s *Server) readings(ctx context.Context, a *identity.Actor, after int64) ([]evidence.Reading, error) {
	reads, err := evidence.ReadsOf(s.db.Read(ctx), a.Person, after, readsPage)
	if err != nil || a.Subject == "" {
		return reads, err
	}
	more, err := evidence.ReadsOf(s.db.Read(ctx), a.Subject, after, readsPage)
	reads = append(reads, more...)
	slices.SortFunc(reads, func(x, y evidence.Reading) int { return cmp.Compare(y.N, x.N) })
	return reads[:min(len(reads), readsPage)], err
}

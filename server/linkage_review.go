package server

import (
	"context"
	"net/http"
	"strconv"

	"chengshu/core/access"
	"chengshu/core/evidence"
	"chengshu/core/record"
	"chengshu/engine/lake/link"
	"chengshu/engine/lake/linkage"
	"chengshu/kernel/fault"
)

const pageOfPairs = 20 // unless asked for, at most 200

type pairView struct {
	N           int64           `json:"n"`
	Left        linkSideView    `json:"left"`
	Right       linkSideView    `json:"right"`
	Probability float64         `json:"probability"`
	Bits        float64         `json:"bits"`
	Shared      float64         `json:"shared,omitempty"`
	Reason      string          `json:"reason"`
	ReasonText  fault.Text      `json:"reason_text"`
	Fields      []pairFieldView `json:"fields"`
}

type linkSideView struct {
	Source string      `json:"source"`
	Key    string      `json:"key"`
	Title  *fault.Text `json:"title,omitempty"`
}

type pairFieldView struct {
	Field  string     `json:"field"`
	Title  fault.Text `json:"title"`
	Left   *string    `json:"left"`
	Right  *string    `json:"right"`
	Masked bool       `json:"masked,omitempty"`
	Level  string     `json:"level"`
	Bits   float64    `json:"bits"`
}

// pairsAsked reads after which pair or decision a page begins, and how many it has.
func pairsAsked(r *http.Request) (after int64, limit int, err error) {
	if after, err = number(r, "after", 0); err != nil {
		return 0, 0, err
	}
	n, err := number(r, "limit", pageOfPairs)
	return after, int(min(max(n, 1), 200)), err
}

// reviewLinkage sends the pairs that wait for a decision, of those whose sides the caller
// may both read; a page may so be shorter than was asked for.
func (s *Server) reviewLinkage(w http.ResponseWriter, r *http.Request) error {
	l, run, _, err := s.presentRun(r, access.Read)
	if err != nil {
		return err
	}
	after, limit, err := pairsAsked(r)
	if err != nil {
		return err
	}
	pairs, err := s.linkage.Review(s.db.Read(r.Context()), run, after, limit)
	if err != nil {
		return err
	}
	var ids []link.RowID
	for _, p := range pairs {
		ids = append(ids, p.Left, p.Right)
	}
	lr, err := s.linkedRows(r, l, ids)
	if err != nil {
		return err
	}
	out := struct {
		Items []pairView `json:"items"`
		Next  string     `json:"next,omitempty"`
	}{Items: []pairView{}}
	var shown [][]linkedRow
	for _, p := range pairs {
		left, ok := lr.rows[p.Left]
		right, both := lr.rows[p.Right]
		if ok && both {
			out.Items = append(out.Items, lr.pair(p, left, right))
			shown = append(shown, []linkedRow{left, right})
		}
	}
	if len(pairs) == limit {
		out.Next = strconv.FormatInt(pairs[limit-1].N, 10)
	}
	if err := s.noteLinked(r, lr, shown); err != nil {
		return err
	}
	return send(w, http.StatusOK, out)
}

func (lr linkedRows) pair(p linkage.Pair, left, right linkedRow) pairView {
	v := pairView{N: p.N, Left: sideOf(left), Right: sideOf(right), Probability: p.Probability, Bits: p.Bits, Shared: p.Shared, Reason: p.Reason, ReasonText: linkReasons[p.Reason]}
	for i, f := range p.Fields {
		one := pairFieldView{Field: f.Field, Level: f.Level, Bits: f.Bits}
		if i < len(lr.l.Compare) {
			one.Title = linkField(lr.l, lr.l.Compare[i]).Title
		}
		var a, b bool
		one.Left, a = lr.value(f.Field, left, right)
		one.Right, b = lr.value(f.Field, right, left)
		one.Masked = a || b
		v.Fields = append(v.Fields, one)
	}
	return v
}

func sideOf(row linkedRow) linkSideView {
	v := linkSideView{Source: row.source.Name, Key: row.ID}
	if title, ok := recordView(row.may.View).Title(row.Row); ok && row.Type.TitleBy != "" {
		v.Title = &title
	}
	return v
}

// linkReasons say why a person is asked.
var linkReasons = map[string]fault.Text{
	link.Uncertain: {Zh: "相符程度不足以确定", En: "The evidence is not enough to be sure"},
	link.TooLarge:  {Zh: "合并后同一主体的行数过多", En: "The entity would have too many rows"},
	link.Rival:     {Zh: "不重复来源中的行另有相近的对象", En: "A row of a source without duplicates has nearly as good a partner"},
	link.Codes:     {Zh: "合并后会有两个不同的有效代码", En: "The entity would have two different valid codes"},
	link.Against:   {Zh: "合并后有两行明显不符", En: "Two rows of the entity would speak strongly against each other"},
}

type decisionInput struct {
	Left  link.RowID `json:"left"`
	Right link.RowID `json:"right"`
	Same  *bool      `json:"same"`
	Why   string     `json:"why"`
}

type decisionView struct {
	ID         string     `json:"id"`
	Left       link.RowID `json:"left"`
	Right      link.RowID `json:"right"`
	Same       bool       `json:"same"`
	Why        string     `json:"why"`
	At         string     `json:"at"`
	Act        string     `json:"act"`
	PersonName string     `json:"person_name,omitempty"`
	OrgName    fault.Text `json:"org_name"`
	Holds      bool       `json:"holds"` // nobody has decided about the rows since
}

func (s *Server) decisionView(ctx context.Context, d linkage.Decision) decisionView {
	return decisionView{ID: d.ID, Left: d.Left, Right: d.Right, Same: d.Same, Why: d.Why, At: rfc(d.At), Act: d.ID,
		PersonName: s.actorName(ctx, evidence.Actor{Person: d.Person}), OrgName: s.orgName(ctx, d.Org), Holds: d.Holds}
}

// listDecisions sends what was decided, the latest first, of pairs whose rows the
// caller may both read; a page may so be shorter than was asked for.
func (s *Server) listDecisions(w http.ResponseWriter, r *http.Request) error {
	l, _, _, err := s.presentRun(r, access.Read)
	if err != nil {
		return err
	}
	after, limit, err := pairsAsked(r)
	if err != nil {
		return err
	}
	list, err := s.linkage.AllDecisions(s.db.Read(r.Context()), l, after, limit)
	if err != nil {
		return err
	}
	var ids []link.RowID
	for _, d := range list {
		ids = append(ids, d.Left, d.Right)
	}
	lr, err := s.linkedRows(r, l, ids)
	if err != nil {
		return err
	}
	out := struct {
		Items []decisionView `json:"items"`
		Next  string         `json:"next,omitempty"`
	}{Items: []decisionView{}}
	for _, d := range list {
		if lr.has(d.Left) && lr.has(d.Right) {
			out.Items = append(out.Items, s.decisionView(r.Context(), d))
		}
	}
	if len(list) == limit {
		out.Next = strconv.FormatInt(list[limit-1].N, 10)
	}
	return send(w, http.StatusOK, out)
}

// decideLinkage keeps what a person decides about two rows that they may read.
func (s *Server) decideLinkage(w http.ResponseWriter, r *http.Request) error {
	l, run, d, err := s.presentRun(r, linkage.Decide)
	if err != nil {
		return err
	}
	actor := actorOf(r.Context())
	if actor.Person == "" {
		return fault.New(fault.Denied, "denied", "须由工作人员本人判断", "a person must decide")
	}
	var in decisionInput
	if err := decode(w, r, &in); err != nil {
		return err
	}
	if in.Same == nil {
		return fault.New(fault.Invalid, "invalid-fields", "填写有误", "some fields are wrong").With("same", "须写明是否同一", "say whether they are the same")
	}
	lr, err := s.linkedRows(r, l, []link.RowID{in.Left, in.Right})
	if err != nil {
		return err
	}
	if !lr.has(in.Left) || !lr.has(in.Right) {
		return record.ErrNotFound()
	}
	one := linkage.Decision{Left: in.Left, Right: in.Right, Same: *in.Same, Why: in.Why, Person: actor.Person}
	if len(actor.Posts) > 0 {
		one.Org = actor.Posts[0].Org
	}
	one, err = s.linkage.Decide(r.Context(), run, one, evidence.Act{Actor: actor.Evidence(), Grant: d.Grant, Basis: d.Basis, Purpose: d.Purpose, Request: requestID(r.Context())})
	if err != nil {
		return err
	}
	s.events.Publish("case." + run.CaseType)
	return send(w, http.StatusCreated, s.decisionView(r.Context(), one))
}

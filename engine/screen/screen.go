// Package screen is what people look at: the screens that packs declare, and
// the figures on their boards. It serves the command screen (Art. 36) and the
// law's own page (Art. 4, 5).
//
// A screen says which face it belongs to, what kind of view it is and what it
// is of. A board's widgets are computed within what the viewer may read: two
// people may see different numbers on one screen.
package screen

import (
	"fmt"
	"slices"

	"chengshu/core/decl"
	"chengshu/core/record"
)

// Screen is a declared screen: kind `screen`.
type Screen struct {
	decl.Meta
	Face    string            `yaml:"face,required"` // public | office | screen | admin
	Title   decl.Text         `yaml:"title,required"`
	About   decl.Text         `yaml:"about"`
	Icon    string            `yaml:"icon"`
	View    string            `yaml:"view,required"`
	Of      string            `yaml:"of"`     // record or case type
	Action  string            `yaml:"action"` // form: the start action
	List    []string          `yaml:"list"`
	Filters []string          `yaml:"filters"`
	Sort    string            `yaml:"sort"`
	Where   map[string]string `yaml:"where"` // list parameters that are always sent
	Order   int               `yaml:"order"`
	Roles   []string          `yaml:"roles"` // who sees it in the navigation; empty: all who have the face
	Widgets []*Widget         `yaml:"widgets"`
}

// Widget is one figure of a board.
type Widget struct {
	decl.Pos
	Name    string            `yaml:",key"`
	Kind    string            `yaml:"kind,required"`
	Title   decl.Text         `yaml:"title,required"`
	Span    int               `yaml:"span"` // columns of 12
	Rows    int               `yaml:"rows"`
	Of      string            `yaml:"of"`      // default: the screen's
	Measure string            `yaml:"measure"` // number: opened | closed | open | overdue | records
	Period  string            `yaml:"period"`  // day | week | month
	By      string            `yaml:"by"`      // group, ranking: a field
	Where   map[string]string `yaml:"where"`   // queue: filters
	Text    decl.Text         `yaml:"text"`    // text
}

// Kind is the declaration kind of screens.
var Kind = decl.Kind{Name: "screen", Order: 50, New: func() decl.Item { return &Screen{} }}

var (
	faces    = []string{"public", "office", "screen", "admin"}
	views    = []string{"form", "list", "inbox", "map", "board", "law", "catalogue"}
	widgets  = []string{"number", "series", "group", "ranking", "queue", "map", "text", "law"}
	measures = []string{"opened", "closed", "open", "overdue", "records"}
	periods  = []string{"day", "week", "month"}
)

// Check resolves what the screen is of.
func (s *Screen) Check(set *decl.Set, r *decl.Report) {
	known(r, s.Pos, "face", s.Face, faces)
	known(r, s.Pos, "view", s.View, views)
	if s.Of != "" {
		s.checkType(set, r, s.Pos, s.Of)
	}
	if s.Of == "" && slices.Contains([]string{"form", "list", "map"}, s.View) {
		r.Add(s.Pos, "须用 of 写明记录类型", "the screen must say of which type with of")
	}
	for _, role := range s.Roles {
		if _, ok := decl.Find[decl.Item](set, "role", role); !ok && role != "citizen" && role != "anyone" {
			zh, en := decl.Suggest(role, set.Names("role"))
			r.Add(s.Pos, fmt.Sprintf("没有角色 %q；%s", role, zh), fmt.Sprintf("no role %q; %s", role, en))
		}
	}
	for _, w := range s.Widgets {
		s.checkWidget(w, set, r)
	}
}

func (s *Screen) checkWidget(w *Widget, set *decl.Set, r *decl.Report) {
	known(r, w.Pos, "kind", w.Kind, widgets)
	if w.Of == "" {
		w.Of = s.Of
	}
	if w.Measure != "" {
		known(r, w.Pos, "measure", w.Measure, measures)
	}
	if w.Period != "" {
		known(r, w.Pos, "period", w.Period, periods)
	}
	if w.Kind == "text" || w.Kind == "law" {
		return
	}
	t := s.checkType(set, r, w.Pos, w.Of)
	if t == nil {
		return
	}
	if (w.Kind == "group" || w.Kind == "ranking") && t.Field(w.By) == nil {
		r.Add(w.Pos, fmt.Sprintf("by：没有字段 %q", w.By), fmt.Sprintf("by: there is no field %q", w.By))
	}
	if !t.Case && slices.Contains([]string{"series", "ranking", "queue"}, w.Kind) {
		r.Add(w.Pos, fmt.Sprintf("%s 只用于事项", w.Kind), fmt.Sprintf("%s is for cases only", w.Kind))
	}
}

func (s *Screen) checkType(set *decl.Set, r *decl.Report, at decl.Pos, name string) *record.Type {
	t, ok := decl.Find[*record.Type](set, record.Kind.Name, name)
	if !ok {
		zh, en := decl.Suggest(name, set.Names(record.Kind.Name))
		r.Add(at, fmt.Sprintf("没有记录类型 %q；%s", name, zh), fmt.Sprintf("no record type %q; %s", name, en))
		return nil
	}
	return t
}

func known(r *decl.Report, at decl.Pos, key, got string, all []string) {
	if slices.Contains(all, got) {
		return
	}
	zh, en := decl.Suggest(got, all)
	r.Add(at, fmt.Sprintf("%s 没有 %q；%s", key, got, zh), fmt.Sprintf("%s has no %q; %s", key, got, en))
}

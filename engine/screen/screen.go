// Package screen is what people look at: the screens that packs declare, and
// the figures on their boards. It serves the command screen (Art. 36) and the
// law's own page (Art. 4, 5).
//
// A screen says which face it belongs to, what kind of view it is and what it
// is of. A board's widgets are computed within what the viewer may read: two
// people may see different numbers on one screen. A law's page alone publishes:
// the figures of an article count everything, whoever looks.
//
// A figure is computed once for all viewers who may read the same rows, and
// kept for at most two seconds; any change of a record ends it at once, so that
// nobody sees a figure older than what they have just done. Of types with more
// than 100,000 rows a figure may be a second old all the same.
package screen

import (
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
	Where   map[string]string `yaml:"where"`   // list parameters that narrow what is counted or shown
	Text    decl.Text         `yaml:"text"`    // text
	Law     *LawOf            `yaml:"law"`     // law

	typ   *record.Type
	conds []record.Cond
}

// LawOf says which record types a law's page is made of, and since when the
// law is in force. The types need these fields:
//
//	chapters  number, title, title_en
//	articles  number, chapter (refers to chapters), text, duty (its gist),
//	          summary_en, departments (separated by semicolons),
//	          packs (refers to systems, many)
//	systems   pack, title, title_en
//	duties    article (refers to articles), due; what has to be done by when
//	done      duty (refers to duties), due, state; in the state named by
//	          confirmed the duty is done for the period that ends on due
type LawOf struct {
	decl.Pos
	Chapters  string `yaml:"chapters,required"`
	Articles  string `yaml:"articles,required"`
	Systems   string `yaml:"systems,required"`
	Duties    string `yaml:"duties,required"`
	Done      string `yaml:"done,required"`
	Confirmed string `yaml:"confirmed,required"`
	InForce   string `yaml:"in_force,required"` // a date

	chapters, articles, systems, duties, done *record.Type
}

// Kind is the declaration kind of screens.
var Kind = decl.Kind{Name: "screen", Order: 50, New: func() decl.Item { return &Screen{} }}

var (
	faces    = []string{"public", "office", "screen", "admin"}
	views    = []string{"form", "list", "inbox", "map", "board", "law", "catalogue", "grants", "open-data"}
	widgets  = []string{"number", "series", "group", "ranking", "queue", "map", "text", "law"}
	measures = []string{"opened", "closed", "open", "overdue", "records"}
	periods  = []string{"day", "week", "month"}
)

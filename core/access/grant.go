package access

import (
	"chengshu/core/decl"
	"chengshu/core/rule"
)

// Kind is the declaration kind of grants.
var Kind = decl.Kind{Name: "grant", Order: 30, New: func() decl.Item { return &Grant{} }}

// Scope says which rows a grant is about; see the package comment.
type Scope string

// The scopes, narrowest first: when several grants permit, the narrowest is
// the one that an act names.
const (
	Own      Scope = "own"
	Subject  Scope = "subject"
	Assigned Scope = "assigned"
	TaskOf   Scope = "task"
	Unit     Scope = "unit"
	Place    Scope = "place"
	All      Scope = "all"
)

var scopes = []Scope{Own, Subject, Assigned, TaskOf, Unit, Place, All}

const (
	Read   = "read"
	Create = "create"
	Revise = "revise"
	Delete = "delete"
	// Comment adds a remark to a case, Evidence exports what proves a row's history.
	Comment  = "comment"
	Evidence = "evidence"
)

// BasicActions are the actions that every type has.
var BasicActions = []string{Read, Create, Revise, Delete, Comment, Evidence}

// Grant is one declared permission: kind `grant`. Processes make theirs in
// code, with Meta's name and place filled.
type Grant struct {
	decl.Meta
	Role    []string `yaml:"role,required"`
	On      []string `yaml:"on,required"` // record types; a case bears its record type's name
	Actions []string `yaml:"actions,required"`
	Scope   Scope    `yaml:"scope,required"`

	// Fields are those that are shown or may be written; none, or "all", is
	// every field. Mask lists fields to be masked beside the personal ones,
	// Unmask the personal ones to be shown ("all" for every one).
	Fields []string `yaml:"fields"`
	Mask   []string `yaml:"mask"`
	Unmask []string `yaml:"unmask"`

	Purpose decl.Text   `yaml:"purpose"`        // required where personal fields are unmasked
	Basis   string      `yaml:"basis,required"` // the legal basis
	When    rule.Source `yaml:"when"`           // a condition on the row, see rule.Condition
}

// Check implements decl.Item. Grants are checked by New, together with those
// that processes make.
func (*Grant) Check(*decl.Set, *decl.Report) {}

func isAll(list []string) bool { return len(list) == 0 || len(list) == 1 && list[0] == "all" }

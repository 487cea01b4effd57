package record

import (
	"regexp"
	"slices"

	"chengshu/core/decl"
	"chengshu/core/rule"
	"chengshu/kernel/search"
)

// Type is a declared record type: kind `record`.
type Type struct {
	decl.Meta

	Title    decl.Text `yaml:"title,required"`
	About    decl.Text `yaml:"about"`
	Articles []string  `yaml:"articles"`

	Owner   string `yaml:"owner,required"` // the department that answers for the facts
	Basis   string `yaml:"basis,required"` // the legal basis for holding them
	Level   string `yaml:"level"`          // core | important | general (GB/T 43697-2024)
	Sharing string `yaml:"sharing"`        // none | conditional | unconditional
	Opening string `yaml:"opening"`        // none | conditional | unconditional
	Cycle   string `yaml:"cycle"`          // update cycle: live | daily | monthly | yearly | once

	// Resource is what the rows are kept as: a register (live rows in a table,
	// the default) or a dataset (immutable releases, see engine/lake).
	Resource string `yaml:"resource"`

	Fields   []*Field `yaml:"fields,required"`
	TitleBy  string   `yaml:"title_field"`    // the field that names a row to people
	TitleEn  string   `yaml:"title_field_en"` // the field that names it in English; without a value the Chinese name stands
	List     []string `yaml:"list"`           // columns of a list, in order
	Filters  []string `yaml:"filters"`        // fields a query may filter by; each gets an index
	Sorts    []string `yaml:"sorts"`          // fields a query may sort by; each gets an index
	Search   []string `yaml:"search"`         // text fields in the full-text index
	Unique   []string `yaml:"unique"`         // fields whose values are unique among living rows
	Validate []Check  `yaml:"validate"`

	// Quality is what a dataset asks of a file as a whole.
	Quality *Quality `yaml:"quality"`

	// Keep is how many releases of a dataset keep their rows; those before keep
	// their manifest only. 0 keeps all.
	Keep int `yaml:"keep"`

	// PlaceBy names the field that says where the row lies: a text field that
	// holds a division path itself, or a reference whose place is taken over.
	// OrgBy likewise names the field for the organisation that answers for it.
	PlaceBy string `yaml:"place"`
	OrgBy   string `yaml:"org"`
	// SubjectBy names the field that says whom the row is about.
	SubjectBy string `yaml:"subject"`
	// Was is the former name of the type, whose table is taken over.
	Was string `yaml:"was"`

	// Case is set when a process moves the rows of this type: it adds system
	// fields, and indexes leave out closed cases.
	Case bool `yaml:"-"`

	byName map[string]*Field
	table  string
	sql    statements
	text   *search.Index // nil without full-text search
}

// Check is a condition with the message that its failure shows.
type Check struct {
	If   rule.Source `yaml:"if,required"`
	Else decl.Text   `yaml:"else,required"`
	// Field names the input to mark; empty for the record as a whole.
	Field string `yaml:"field"`

	Expr *rule.Expr `yaml:"-"`
}

// Field is one declared field.
type Field struct {
	decl.Pos
	Name     string    `yaml:",key"`
	Title    decl.Text `yaml:"title,required"`
	Help     decl.Text `yaml:"help"`
	Type     FieldType `yaml:"type,required"`
	Required bool      `yaml:"required"`
	Many     bool      `yaml:"many"`  // choice, reference, file: a list of them
	To       string    `yaml:"to"`    // reference: the type referred to
	Scale    int       `yaml:"scale"` // decimal: digits after the point
	Max      int       `yaml:"max"`   // text: characters; integer, decimal: greatest value; list, many: items
	Min      *int64    `yaml:"min"`   // integer, decimal: least value
	Multi    bool      `yaml:"multiline"`
	Pattern  string    `yaml:"pattern"`
	Format   string    `yaml:"format"` // text: what it holds in a set form: span ("3 work-days"); see Span
	Choices  []Choice  `yaml:"choices"`
	Fields   []*Field  `yaml:"fields"` // list: the fields of each object
	Unit     string    `yaml:"unit"`   // unit of measure, UCUM
	Accept   []string  `yaml:"accept"` // file: media types

	// Of datasets: the headings that the field stands under, when it is not its
	// name or title, or a point in two columns; the coordinate system that a
	// point is given in; the records or the dataset that hold its value, as
	// type.field; and what is done to each cell before it is read.
	Columns []string `yaml:"columns"`
	Datum   string   `yaml:"datum"`
	In      string   `yaml:"in"`
	Clean   []Step   `yaml:"clean"`

	Personal  bool   `yaml:"personal"`
	Sensitive bool   `yaml:"sensitive"` // sensitive personal information (PIPL art. 28)
	Mask      string `yaml:"mask"`      // how it is shown without a grant to see it: name | phone | id | address | code | hide
	Level     string `yaml:"level"`     // when it differs from the type's
	Basis     string `yaml:"basis"`

	Default  rule.Source `yaml:"default"` // evaluated when no value is given
	Computed rule.Source `yaml:"compute"` // evaluated at each write; never input
	From     string      `yaml:"from"`    // ref_field.field: copied from the record referred to when the reference is set
	Was      string      `yaml:"was"`     // former name; the column is taken over

	// System fields are added by engines; they are never input.
	System bool `yaml:"-"`

	kind      kind
	index     int    // place in Row.Values
	width     int    // how many columns it takes
	listShape string // list: the shape of its objects in rules
	regexp    *regexp.Regexp
	def       *rule.Expr
	compute   *rule.Expr
	reads     reads // of compute
	choice    map[string]decl.Text
	from      *source
}

// reads is what a computed field depends on.
type reads struct {
	fields []string
	others bool
}

// source is where a copied field comes from.
type source struct {
	ref  *Field // the reference field of the same type
	name string // the field of the record referred to
}

// Choice is one allowed value.
type Choice struct {
	Value string    `yaml:",key"`
	Title decl.Text `yaml:"title,required"`
}

// FieldType names the kind of value a field holds.
type FieldType string

const (
	Text      FieldType = "text"
	Integer   FieldType = "integer"
	Decimal   FieldType = "decimal"
	Boolean   FieldType = "boolean"
	Date      FieldType = "date"
	Time      FieldType = "time"
	ChoiceOf  FieldType = "choice"
	Reference FieldType = "reference"
	PointAt   FieldType = "point"
	AreaOf    FieldType = "area"
	File      FieldType = "file"
	List      FieldType = "list"
)

// Field returns the field of that name, or nil.
func (t *Type) Field(name string) *Field { return t.byName[name] }

// Personal reports whether any field of the type is personal information, or
// holds some.
func (t *Type) Personal() bool { return slices.ContainsFunc(t.Fields, (*Field).HoldsPersonal) }

// HoldsPersonal reports whether the field is personal information, or holds some.
func (f *Field) HoldsPersonal() bool {
	return f.Personal || slices.ContainsFunc(f.Fields, (*Field).HoldsPersonal)
}

// Table returns the name of the SQL table that holds the living rows.
func (t *Type) Table() string { return t.table }

// Shape returns the name of the type's object shape in rules.
func (t *Type) Shape() string { return "record." + t.Name }

package access

import "chengshu/core/record"

// Row is what decisions need to know of a row. Empty texts are no value.
type Row struct {
	ID        string
	Org       string // path of the organisation that answers for it
	Place     string // path of the division where it lies
	CreatedBy string // person, or a client that is none: Actor.Self
	Assignee  string // person; cases only
	Subject   string // whom it is about: a person, or a natural person's record
	Tasks     []Task // the open tasks that people hold; see Engine.UsesTasks
	Fields    Getter // the values of its fields; nil when there are none yet
}

// Task is an open task of a case.
type Task struct {
	Org      string // path of the organisation that holds it
	Assignee string // person, or empty
}

// Getter gives the native value of a field (see core/record), nil for none.
type Getter interface{ Get(field string) any }

// RowOf returns what decisions need to know of r, but for its tasks.
func RowOf(r *record.Row) Row {
	out := Row{ID: r.ID, Org: r.Org, Place: r.Place, CreatedBy: r.CreatedBy, Fields: r}
	if r.Type.Case {
		out.Assignee = r.Text("assignee")
	}
	if r.Type.SubjectBy != "" {
		out.Subject = r.Text(r.Type.SubjectBy)
	}
	return out
}

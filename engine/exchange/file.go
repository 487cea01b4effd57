package exchange

import (
	"context"
	"fmt"

	"chengshu/core/access"
	"chengshu/core/record"
)

// File is all rows of a grant, to be delivered as a file. Its act is on disk.
type File struct {
	Type *record.Type
	View access.View
	// Done is called when the rows have been read.
	Done func()

	rows    *record.Engine
	version int64
	grant   *ready
}

// Name says what is in the file: the resource and, for a dataset, its release.
func (f *File) Name() string {
	if f.version == 0 {
		return f.Type.Name
	}
	return fmt.Sprintf("%s-v%d", f.Type.Name, f.version)
}

// Each calls fn for every row of the file, the oldest first.
func (f *File) Each(ctx context.Context, fn func(*record.Row) error) error {
	return f.rows.Scan(ctx, f.Type, f.grant.filter().SQL, fn)
}

// File counts all rows that a grant is about against it, and returns them for
// delivery. Its act names the release, or all rows of a register, and no
// persons: whose rows they are, the release or the register says.
func (e *Engine) File(ctx context.Context, c Caller, id string) (*File, error) {
	g, err := e.open(ctx, c.Actor, id)
	if err != nil {
		return nil, err
	}
	rows, version, done, err := e.Rows(ctx, g.typ)
	if err != nil {
		return nil, err
	}
	n, err := rows.Count(ctx, g.typ, record.Query{Scope: g.filter().SQL})
	if err == nil {
		err = e.note(ctx, c, g, about(version, aPage), n, nil)
	}
	if err != nil {
		done()
		return nil, err
	}
	return &File{Type: g.typ, View: g.see, Done: done, rows: rows, version: version, grant: g}, nil
}

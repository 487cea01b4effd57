package screen

import (
	"context"
	"encoding/json"
	"slices"

	"chengshu/core/record"
)

// mostQueued is how many cases a queue shows.
const mostQueued = 20

// queue returns the rows of open cases, the most urgent first. They are shared;
// queueItems makes of them what each viewer sees.
func (v viewer) queue(ctx context.Context, w *Widget) (any, error) {
	rows := []*record.Row{}
	q, ok := v.query(w)
	if !ok {
		return rows, nil
	}
	q.Limit = mostQueued
	page, err := v.e.Records.Query(ctx, w.typ, urgent(w.typ, open(q)))
	if err != nil {
		return nil, err
	}
	return append(rows, page.Rows...), nil
}

// urgent sorts by the deadline where the type can be sorted by one.
func urgent(t *record.Type, q record.Query) record.Query {
	for _, name := range []string{"due_at", "case_due_at"} {
		if slices.Contains(t.Sorts, name) {
			q.Sort = name
			break
		}
	}
	return q
}

func (v viewer) queueItems(ctx context.Context, rows []*record.Row) (any, error) {
	items := make([]json.RawMessage, 0, len(rows))
	for _, row := range rows {
		item, err := v.e.View(ctx, v.actor, row)
		if err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	return map[string]any{"items": items}, nil
}

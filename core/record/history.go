package record

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"chengshu/kernel/db"
)

// HistoryItem is one revision.
type HistoryItem struct {
	Rev     int64
	At      int64
	Act     string
	Verb    string
	Actor   string
	Changed []string
	Fields  map[string]json.RawMessage
}

// History returns up to limit revisions of a record, newest first, starting
// below rev before (0: from the latest).
func (e *Engine) History(q db.Querier, t *Type, id string, before int64, limit int) ([]HistoryItem, error) {
	if before == 0 {
		before = 1 << 62
	}
	rows, err := q.Query(`select rev, at, act, verb, actor, changed, body from record_history
		where id = $1 and rev < $2 and type = $3 order by rev desc limit $4`, id, before, t.Name, limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []HistoryItem
	for rows.Next() {
		var h HistoryItem
		var changed string
		var body *string
		if err := rows.Scan(&h.Rev, &h.At, &h.Act, &h.Verb, &h.Actor, &changed, &body); err != nil {
			return nil, err
		}
		if changed != "" {
			h.Changed = strings.Split(changed, ",")
		}
		if body != nil { // an erased revision has none
			var b struct {
				Fields map[string]json.RawMessage `json:"fields"`
			}
			if err := json.Unmarshal([]byte(*body), &b); err != nil {
				return nil, fmt.Errorf("record: history of %s rev %d: %w", id, h.Rev, err)
			}
			h.Fields = b.Fields
		}
		h.rename(t)
		out = append(out, h)
	}
	return out, rows.Err()
}

// rename gives the values of fields that have been renamed their present name.
func (h *HistoryItem) rename(t *Type) {
	for _, f := range t.Fields {
		if f.Was == "" || t.byName[f.Was] != nil {
			continue
		}
		if v, ok := h.Fields[f.Was]; ok {
			h.Fields[f.Name] = v
			delete(h.Fields, f.Was)
		}
		if i := slices.Index(h.Changed, f.Was); i >= 0 {
			h.Changed[i] = f.Name
		}
	}
}

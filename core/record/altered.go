package record

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"chengshu/core/evidence"
	"chengshu/kernel/db"
)

// alteredChunk is how many acts are compared in one look at the tables.
const alteredChunk = 100

// Altered compares the revisions that acts are about with what is stored of
// them, for evidence.Deps: the revision in the history must have the digest
// that its act sealed, and the row itself must say what its last revision says.
// It returns what is wrong by the act's id, in English. Acts about other things
// are passed over.
func (e *Engine) Altered(ctx context.Context, acts []evidence.Act) (map[string]string, error) {
	out := map[string]string{}
	byType := map[*Type][]evidence.Act{}
	for _, a := range acts {
		if t := e.types[a.Subject.Type]; t != nil && a.Subject.Rev > 0 {
			byType[t] = append(byType[t], a)
		}
	}
	for t, acts := range byType {
		for chunk := range slices.Chunk(acts, alteredChunk) {
			if err := e.altered(ctx, t, chunk, out); err != nil {
				return nil, fmt.Errorf("record: compare with acts: %w", err)
			}
		}
	}
	return out, nil
}

func (e *Engine) altered(ctx context.Context, t *Type, acts []evidence.Act, out map[string]string) error {
	var ids []any
	for _, a := range acts {
		if !slices.Contains(ids, any(a.Subject.ID)) {
			ids = append(ids, a.Subject.ID)
		}
	}
	histories, rows := map[string]*history{}, map[string]*Row{}
	// A snapshot: a row and its history are written together.
	err := e.db.Snapshot(ctx, func(q db.Querier) error {
		var err error
		if histories, err = historiesOf(q, t, ids, acts); err != nil {
			return err
		}
		found, err := byIDs(q, t, ids, "")
		for _, r := range found {
			rows[r.ID] = r
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, a := range acts {
		if why := histories[a.Subject.ID].against(a.Subject, t, rows[a.Subject.ID]); why != "" {
			out[a.ID] = fmt.Sprintf("%s %s: %s", a.Subject.Type, a.Subject.ID, why)
		}
	}
	return nil
}

// history is what is looked at of one record's revisions: the last, and those
// that acts are about. An erased one has no body.
type history struct {
	last   int64
	bodies map[int64]*string
}

func historiesOf(q db.Querier, t *Type, ids []any, acts []evidence.Act) (map[string]*history, error) {
	out := map[string]*history{}
	args := append([]any{t.Name}, ids...)
	rows, err := q.Query("select id, max(rev) from record_history where type = $1 and id in ("+db.Params(2, len(ids))+") group by id", args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		h := &history{bodies: map[int64]*string{}}
		if err := rows.Scan(&id, &h.last); err != nil {
			return nil, err
		}
		out[id] = h
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	return out, bodiesOf(q, t, acts, out)
}

// bodiesOf reads the revisions that the acts are about.
func bodiesOf(q db.Querier, t *Type, acts []evidence.Act, into map[string]*history) error {
	args, pairs := []any{t.Name}, make([]string, len(acts))
	for i, a := range acts {
		args = append(args, a.Subject.ID, a.Subject.Rev)
		pairs[i] = fmt.Sprintf("id = $%d and rev = $%d", len(args)-1, len(args))
	}
	rows, err := q.Query("select id, rev, body from record_history where type = $1 and ("+strings.Join(pairs, " or ")+")", args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		var rev int64
		var body *string
		if err := rows.Scan(&id, &rev, &body); err != nil {
			return err
		}
		if h := into[id]; h != nil {
			h.bodies[rev] = body
		}
	}
	return rows.Err()
}

// against says what of the history, and of the row when it is at that revision,
// is not as the act sealed it.
func (h *history) against(sealed evidence.Subject, t *Type, row *Row) string {
	if h == nil {
		return "its history is gone"
	}
	body, ok := h.bodies[sealed.Rev]
	switch {
	case !ok:
		return fmt.Sprintf("revision %d is not in its history", sealed.Rev)
	case body != nil && sha256.Sum256([]byte(*body)) != sealed.Digest:
		return fmt.Sprintf("revision %d in its history is not the one that was sealed", sealed.Rev)
	case row == nil:
		return "its row is gone"
	case row.Rev != h.last:
		return fmt.Sprintf("its row is at revision %d, its history at %d", row.Rev, h.last)
	case sealed.Rev == h.last && body != nil:
		return row.differs([]byte(*body), t)
	}
	return ""
}

// content is what a revision's body says.
type content struct {
	Org    string                     `json:"org"`
	Place  string                     `json:"place"`
	Fields map[string]json.RawMessage `json:"fields"`
}

// differs says which field of the row is not what the body of its revision has.
// Fields that the type no longer has, and those it got since, are not compared.
func (r *Row) differs(body []byte, t *Type) string {
	var was, is content
	if err := json.Unmarshal(body, &was); err != nil {
		return "its history cannot be read: " + err.Error()
	}
	if err := json.Unmarshal(r.appendBody(nil, ""), &is); err != nil {
		return "its row cannot be read: " + err.Error()
	}
	old := HistoryItem{Fields: was.Fields}
	old.rename(t)
	for _, f := range t.Fields {
		// A field whose type has changed is quoted in one of the two only.
		if !bytes.Equal(bytes.Trim(old.Fields[f.Name], `"`), bytes.Trim(is.Fields[f.Name], `"`)) {
			return "its row was altered: " + f.Name
		}
	}
	if was.Org != is.Org || was.Place != is.Place {
		return "its row was altered: whose it is, or where"
	}
	return ""
}

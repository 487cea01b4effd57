package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"chengshu/kernel/clock"
	"chengshu/kernel/db"
	"chengshu/kernel/id"
	"chengshu/kernel/search"
)

// caseTables hold a case's rows: the table and the column with the case's id.
var caseTables = [][2]string{{"r_complaint", "id"}, {"record_history", "id"}, {"act", "subject_id"}, {"process_task", "case_id"}}

// template is one case as it stands in the tables.
type template struct {
	id, number, district string
	acts                 []string
	bodies               []string // of its revisions
	place, text          string   // for the full-text index
	tables               []templateRows
}

// templateRows are a case's rows of one table, without the column n.
type templateRows struct {
	insert string
	rows   [][]any
}

// districts to which copies are spread.
var districts = []string{"130102", "130104", "130105", "130107", "130108", "130109", "130110", "130111"}

// perCommit is how many copies one commit takes.
const perCommit = 200

// multiply copies each case so many times.
func multiply(ctx context.Context, file string, ids []string, times int) error {
	d, err := db.Open(ctx, "sqlite:"+file, db.Options{})
	if err != nil {
		return err
	}
	defer d.Close()
	texts := search.New(search.Deps{DB: d, Clock: clock.System(), Log: slog.New(slog.DiscardHandler)}).Index("r_complaint_text")
	var cases []template
	for _, caseID := range ids {
		t, err := readTemplate(ctx, d, caseID)
		if err != nil {
			return err
		}
		cases = append(cases, t)
	}
	began := time.Now()
	for made := 0; made < len(cases)*times; {
		end := min(made+perCommit, len(cases)*times)
		err := d.Do(ctx, func(tx *db.Tx) error {
			for i := made; i < end; i++ {
				if err := cases[i%len(cases)].copy(tx, texts, i); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		if made = end; made%100_000 == 0 {
			say("%d cases, %.0f/s", made, float64(made)/time.Since(began).Seconds())
		}
	}
	return nil
}

func readTemplate(ctx context.Context, d *db.DB, caseID string) (template, error) {
	t := template{id: caseID}
	r := d.Read(ctx)
	var description string
	var address *string
	err := r.QueryRow(`select number, place, description, address from r_complaint where id = $1`, caseID).Scan(&t.number, &t.place, &description, &address)
	if err != nil {
		return t, err
	}
	t.district = districts[0]
	t.text = t.number + "\n" + description + "\n"
	if address != nil {
		t.text += *address + "\n"
	}
	for _, table := range caseTables {
		rows, err := t.read(r, table[0], table[1])
		if err != nil {
			return t, err
		}
		t.tables = append(t.tables, rows)
	}
	for sql, to := range map[string]*[]string{`select id from act where subject_id = $1`: &t.acts, `select body from record_history where id = $1`: &t.bodies} {
		rows, err := r.Query(sql, caseID)
		if err != nil {
			return t, err
		}
		for rows.Next() {
			var s string
			if err := rows.Scan(&s); err != nil {
				return t, err
			}
			*to = append(*to, s)
		}
		if err := rows.Err(); err != nil {
			return t, err
		}
	}
	return t, nil
}

func (t *template) read(r db.Querier, table, key string) (templateRows, error) {
	var out templateRows
	rows, err := r.Query(`select * from `+table+` where `+key+` = $1 order by n`, t.id)
	if err != nil {
		return out, err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return out, err
	}
	var names, params []string
	for _, name := range columns[1:] { // n comes first
		names, params = append(names, name), append(params, fmt.Sprintf("$%d", len(params)+1))
	}
	out.insert = fmt.Sprintf("insert into %s (%s) values (%s)", table, strings.Join(names, ", "), strings.Join(params, ", "))
	if table == "r_complaint" {
		out.insert += " returning n"
	}
	for rows.Next() {
		values, targets := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			targets[i] = &values[i]
		}
		if err := rows.Scan(targets...); err != nil {
			return out, err
		}
		for i, name := range columns {
			if table == "act" && name == "seq" {
				values[i] = nil // the copy is not sealed yet
			}
		}
		out.rows = append(out.rows, values[1:])
	}
	return out, rows.Err()
}

// copy writes copy number i. Its ids, number and district are its own, and so
// are the digests of its revisions in its acts.
func (t *template) copy(tx *db.Tx, texts *search.Index, i int) error {
	pairs := []string{t.id, id.New(), t.number, fmt.Sprintf("TS%d%07d", 20_250_101+i/100_000, i%100_000), t.district, districts[i%7919%len(districts)]}
	for _, a := range t.acts {
		pairs = append(pairs, a, id.New())
	}
	own := strings.NewReplacer(pairs...)
	for _, body := range t.bodies {
		before, after := sha256.Sum256([]byte(body)), sha256.Sum256([]byte(own.Replace(body)))
		pairs = append(pairs, hex.EncodeToString(before[:]), hex.EncodeToString(after[:]))
	}
	own = strings.NewReplacer(pairs...)
	for _, table := range t.tables {
		for _, row := range table.rows {
			n, err := insertCopy(tx, table.insert, row, own)
			if err != nil {
				return err
			}
			if n == 0 {
				continue
			}
			if err := texts.Put(tx, n, prefixes(own.Replace(t.place)), own.Replace(t.text)); err != nil {
				return err
			}
		}
	}
	return nil
}

// insertCopy writes one row with its texts replaced, and returns its n when the
// statement gives it.
func insertCopy(tx *db.Tx, insert string, row []any, own *strings.Replacer) (n int64, err error) {
	values := make([]any, len(row))
	for i, v := range row {
		switch v := v.(type) {
		case string:
			values[i] = own.Replace(v)
		case []byte:
			if bytes.HasPrefix(v, []byte("{")) {
				values[i] = []byte(own.Replace(string(v)))
			} else {
				values[i] = v
			}
		default:
			values[i] = v
		}
	}
	if strings.HasSuffix(insert, "returning n") {
		err = tx.QueryRow(insert, values...).Scan(&n)
		return n, err
	}
	_, err = tx.Exec(insert, values...)
	return 0, err
}

// prefixes returns "/a/", "/a/b/" for "/a/b/": the scopes of a row's text.
func prefixes(path string) []string {
	var out []string
	for i := 1; i < len(path); i++ {
		if path[i] == '/' {
			out = append(out, path[:i+1])
		}
	}
	return out
}

package process

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"chengshu/core/evidence"
	"chengshu/core/identity"
	"chengshu/core/record"
	"chengshu/kernel/db"
	"chengshu/kernel/fault"
	"chengshu/kernel/id"
)

// Comment is a remark on a case. It moves nothing and locks nothing.
type Comment struct {
	ID     string
	At     int64
	Act    string
	Person string
	Org    string
	Text   string
	Files  []record.FileRef
}

const maxComment = 4000 // characters

// AddComment adds a remark by one who may read the case.
func (e *Engine) AddComment(ctx context.Context, p *Process, row *record.Row, a *identity.Actor, c Comment, request string) (Comment, error) {
	c.Text = strings.TrimSpace(c.Text)
	if err := e.checkComment(ctx, a, c); err != nil {
		return c, err
	}
	subject, err := e.Subject(ctx, row)
	if err != nil {
		return c, err
	}
	d := e.Access.Decide(a, "comment", p.Name, subject)
	if !d.Allow {
		return c, fault.New(fault.Denied, "denied", "您无权在此留言", "you may not comment here")
	}
	c.ID, c.Act, c.At, c.Person = id.New(), id.New(), e.Clock.Now().UnixMilli(), a.Person
	if len(a.Posts) > 0 {
		c.Org = a.Posts[0].Org
	}
	files, err := json.Marshal(c.Files)
	if err != nil {
		return c, err
	}
	err = e.DB.Do(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(`insert into process_comment (id, case_id, at, act, person, org, text, files) values ($1, $2, $3, $4, $5, $6, $7, $8)`,
			c.ID, row.ID, c.At, c.Act, c.Person, c.Org, c.Text, string(files))
		if err != nil {
			return err
		}
		tx.AfterCommit(func() { e.hint(p.Name) })
		_, err = e.Evidence.Append(tx, evidence.Act{ID: c.Act, At: c.At, Verb: p.Name + ".comment", Actor: a.Evidence(),
			Subject: evidence.Subject{Type: p.Name, ID: row.ID}, Grant: d.Grant, Basis: d.Basis, Purpose: d.Purpose, Request: request,
			Note: evidence.DigestOf([]byte(c.Text))})
		return err
	})
	return c, err
}

// checkComment refuses empty or long text, and files that the actor has not stored.
func (e *Engine) checkComment(ctx context.Context, a *identity.Actor, c Comment) error {
	bad := fault.New(fault.Invalid, "invalid-fields", "填写有误", "some fields are wrong")
	if n := utf8.RuneCountInString(c.Text); n == 0 || n > maxComment || !utf8.ValidString(c.Text) || strings.IndexByte(c.Text, 0) >= 0 {
		bad.With("text", "留言应为 1 到 4000 字，不含空字符", "a comment has 1 to 4000 characters and no NUL")
	}
	if find := e.filesOf(a); find != nil {
		for i, ref := range c.Files {
			if err := record.CheckFile(ctx, find, ref, fmt.Sprintf("files.%d", i), bad); err != nil {
				return err
			}
		}
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	return nil
}

// Comments returns the remarks on a case, oldest first.
func (e *Engine) Comments(ctx context.Context, caseID string) ([]Comment, error) {
	rows, err := e.DB.Read(ctx).Query(`select id, at, act, person, org, text, files from process_comment where case_id = $1 order by n limit 1000`, caseID)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Comment
	for rows.Next() {
		var c Comment
		var org, files *string
		if err := rows.Scan(&c.ID, &c.At, &c.Act, &c.Person, &org, &c.Text, &files); err != nil {
			return nil, err
		}
		c.Org = str(org)
		if files != nil {
			if err := json.Unmarshal([]byte(*files), &c.Files); err != nil {
				return nil, err
			}
		}
		out = append(out, c)
	}
	return out, rows.Err()
}

package identity

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"chengshu/kernel/db"
	"chengshu/kernel/httpsig"
)

// Client is an API client as those see it who look after it.
type Client struct {
	ID        string
	Name      string
	Person    string
	Org       string
	Roles     []string
	CreatedAt int64 // ms UTC
	ExpiresAt int64 // ms UTC
	PerMinute int
	UsedOn    string       // day of the last use that was noted, YYYY-MM-DD; empty: never used
	Disabled  bool         // it was revoked
	Key       *httpsig.Key // of one that signs; else nil
}

// Keeps is a set of clients: those of Org that bear exactly Role.
type Keeps struct{ Org, Role string }

// ClientFilter says which clients are listed.
type ClientFilter struct {
	All   bool // every client; else those of Of
	Of    []Keeps
	After string // id of the last one of the page before
	Limit int
}

// Clients lists API clients, the newest first.
func (s *Service) Clients(ctx context.Context, f ClientFilter) ([]Client, error) {
	if !f.All && len(f.Of) == 0 {
		return nil, nil
	}
	var args []any
	bind := func(v any) string {
		args = append(args, v)
		return fmt.Sprintf("$%d", len(args))
	}
	where := "1 = 1"
	if !f.All {
		var of []string
		for _, k := range f.Of {
			of = append(of, "org = "+bind(k.Org)+" and roles = "+bind(k.Role))
		}
		where = "(" + strings.Join(of, " or ") + ")"
	}
	if f.After != "" {
		where += " and id < " + bind(f.After)
	}
	rows, err := s.db.Read(ctx).Query(clientColumns+` where `+where+` order by id desc limit `+bind(f.Limit), args...)
	if err != nil {
		return nil, wrap("clients", err)
	}
	defer rows.Close()
	var out []Client
	for rows.Next() {
		c, err := scanClient(rows)
		if err != nil {
			return nil, wrap("clients", err)
		}
		out = append(out, c)
	}
	return out, wrap("clients", rows.Err())
}

// ClientByID returns one client. An unknown one is NotFound no-client.
func (s *Service) ClientByID(q db.Querier, id string) (Client, error) {
	c, err := scanClient(q.QueryRow(clientColumns+` where id = $1`, id))
	if errors.Is(err, db.ErrNoRows) {
		return c, NoClient()
	}
	return c, wrap("client", err)
}

const clientColumns = `select id, name, coalesce(person, ''), coalesce(org, ''), roles, created_at, expires_at, per_minute, coalesce(used_on, ''), disabled,
	coalesce(public_key, '') from identity_client`

func scanClient(row interface{ Scan(...any) error }) (c Client, err error) {
	var roles, key string
	if err := row.Scan(&c.ID, &c.Name, &c.Person, &c.Org, &roles, &c.CreatedAt, &c.ExpiresAt, &c.PerMinute, &c.UsedOn, &c.Disabled, &key); err != nil {
		return c, err
	}
	c.Roles = strings.Fields(roles)
	if key != "" {
		c.Key, err = httpsig.ParseKey(key)
	}
	return c, err
}

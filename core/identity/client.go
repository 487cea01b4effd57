package identity

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"chengshu/kernel/db"
	"chengshu/kernel/fault"
	"chengshu/kernel/id"
)

// keyPrefix lets people and scanners for leaked secrets know a key by sight.
const keyPrefix = "csk_"

// NewClient is what an API client is entered with. It acts for Org with Roles,
// in Person's name when that is given.
type NewClient struct {
	Name      string
	Person    string // optional
	Org       string // optional when Roles is empty
	Roles     []string
	ExpiresAt int64 // ms UTC; at most ClientLife from now
	PerMinute int   // requests; 0 is the common rate
}

// ClientLife is the longest that a key is valid, in ms: two years.
const ClientLife = 2 * 366 * 24 * 3600 * 1000

// AddClient enters an API client and returns its id and its key, which is
// shown this once. Input at fault is Invalid bad-client; an unknown
// organisation NotFound no-org.
func (s *Service) AddClient(tx *db.Tx, by *Actor, c NewClient) (client, key string, err error) {
	now := s.nowMS()
	if err := c.check(now); err != nil {
		return "", "", err
	}
	if c.Org != "" {
		var closed *int64
		err := tx.QueryRow(`select closed_at from identity_org where id = $1`, c.Org).Scan(&closed)
		if errors.Is(err, db.ErrNoRows) || err == nil && closed != nil {
			return "", "", noOrg(c.Org)
		}
		if err != nil {
			return "", "", err
		}
	}
	client, key = id.New(), keyPrefix+newToken()
	hash := digestOf(key)
	_, err = tx.Exec(`insert into identity_client (id, hash, name, person, org, roles, created_at, expires_at, per_minute, disabled)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		client, hash[:], c.Name, null(c.Person), null(c.Org), strings.Join(c.Roles, " "), now, c.ExpiresAt, int64(c.PerMinute), false)
	if err != nil {
		return "", "", err
	}
	return client, key, s.record(tx, by, "client-add", "client", client)
}

func (c *NewClient) check(now int64) error {
	f := invalid("bad-client", "接口调用方信息有误", "the client cannot be entered like this")
	if n := utf8.RuneCountInString(c.Name); n < 1 || n > 100 || !printable(c.Name) {
		f.With("name", "名称为 1 至 100 个字", "a name has 1 to 100 characters")
	}
	c.Roles = slices.Compact(slices.Sorted(slices.Values(c.Roles)))
	for _, r := range c.Roles {
		if !roleForm.MatchString(r) || r == Anyone || r == Citizen {
			f.With("roles", fmt.Sprintf("角色 %q 不能授予", r), fmt.Sprintf("role %q cannot be given", r))
		}
	}
	if len(c.Roles) > 0 && c.Org == "" {
		f.With("org", "有角色时须指明组织", "roles need an organisation")
	}
	if len(c.Roles) == 0 && c.Person == "" {
		f.With("roles", "须有角色或人员", "roles or a person are needed")
	}
	if c.ExpiresAt <= now || c.ExpiresAt > now+ClientLife {
		f.With("expires_at", "到期时间须在两年之内", "must expire within two years")
	}
	if c.PerMinute < 0 {
		f.With("per_minute", "不得为负", "must not be negative")
	}
	return orNil(f)
}

// RevokeClient makes a client's key void at once. An unknown one is NotFound
// no-client.
func (s *Service) RevokeClient(tx *db.Tx, by *Actor, client string) error {
	n, err := tx.Exec(`update identity_client set disabled = $1 where id = $2`, true, client)
	if err != nil {
		return err
	}
	if n == 0 {
		return fault.New(fault.NotFound, "no-client", "没有这个接口调用方", "there is no such client")
	}
	tx.AfterCommit(func() { s.forget(func(a *Actor) bool { return a.Client == client }) })
	return s.record(tx, by, "client-revoke", "client", client, "disabled")
}

func badKey() error {
	return fault.New(fault.Unauthenticated, "unknown-key", "密钥无效或已过期", "the key is unknown, expired or revoked")
}

// AuthenticateKey returns the actor of an API client's key. One that is
// unknown, expired or revoked is Unauthenticated unknown-key.
func (s *Service) AuthenticateKey(ctx context.Context, key string) (*Actor, error) {
	if len(key) != len(keyPrefix)+tokenLength || !strings.HasPrefix(key, keyPrefix) {
		return nil, badKey()
	}
	k, now := digestOf(key), s.nowMS()
	if e := s.clients.get(k); e != nil && e.fresh(now) {
		return e.actor, nil
	}
	gen, _ := s.clients.begin(k)
	e, err := s.loadClient(s.db.Read(ctx), k, now)
	if err != nil {
		return nil, err
	}
	s.clients.put(k, e, gen)
	return e.actor, nil
}

func (s *Service) loadClient(q db.Querier, k digest, now int64) (*cached, error) {
	a := &Actor{}
	p := Post{}
	var roles string
	var expires int64
	var perMinute int
	var disabled, closed bool
	err := q.QueryRow(`select c.id, c.name, coalesce(c.person, ''), coalesce(c.org, ''), coalesce(o.path, ''), coalesce(o.division, ''),
			coalesce(p.subject, ''), c.roles, c.expires_at, c.per_minute, c.disabled, o.closed_at is not null
		from identity_client c left join identity_org o on o.id = c.org left join identity_person p on p.id = c.person
		where c.hash = $1`, k[:]).
		Scan(&a.Client, &a.Name, &a.Person, &p.Org, &p.Path, &p.Division, &a.Subject, &roles, &expires, &perMinute, &disabled, &closed)
	if errors.Is(err, db.ErrNoRows) {
		return nil, badKey()
	}
	if err != nil {
		return nil, wrap("client", err)
	}
	if disabled || closed || now >= expires {
		return nil, badKey()
	}
	a.perMinute = perMinute
	if p.Roles = strings.Fields(roles); len(p.Roles) > 0 {
		p.ID = a.Client
		a.Posts = []Post{p}
	}
	return &cached{actor: a, dies: expires, recheck: now + recheckAfter}, nil
}

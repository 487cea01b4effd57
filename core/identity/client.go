package identity

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"chengshu/kernel/clock"
	"chengshu/kernel/db"
	"chengshu/kernel/fault"
	"chengshu/kernel/httpsig"
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
	ExpiresAt int64  // ms UTC; at most ClientLife from now
	PerMinute int    // requests; 0 is the common rate
	PublicKey string // PEM; when given the client signs its requests, and gets no key
}

// ClientLife is the longest that a key is valid, in ms: two years.
const ClientLife = 2 * 366 * 24 * 3600 * 1000

// AddClient enters an API client and returns its id and, unless it signs, its
// key, which is shown this once. Input at fault is Invalid bad-client; an
// unknown organisation NotFound no-org.
func (s *Service) AddClient(tx *db.Tx, by *Actor, c NewClient) (client, key string, err error) {
	now := s.nowMS()
	c.Roles = slices.Compact(slices.Sorted(slices.Values(c.Roles)))
	if wrong := c.Check(now); len(wrong) > 0 {
		return "", "", BadClient(wrong)
	}
	if c.Org != "" {
		if _, _, err := orgPath(tx, c.Org); err != nil {
			return "", "", err
		}
	}
	client = id.New()
	var hash []byte
	if c.PublicKey == "" {
		key = keyPrefix + newToken()
		h := digestOf(key)
		hash = h[:]
	} else {
		public, err := httpsig.ParseKey(c.PublicKey)
		if err != nil {
			return "", "", err
		}
		c.PublicKey = public.PEM()
	}
	_, err = tx.Exec(`insert into identity_client (id, hash, name, person, org, roles, created_at, expires_at, per_minute, disabled, public_key)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		client, hash, c.Name, null(c.Person), null(c.Org), strings.Join(c.Roles, " "), now, c.ExpiresAt, int64(c.PerMinute), false, null(c.PublicKey))
	if err != nil {
		return "", "", err
	}
	return client, key, s.record(tx, by, "client-add", "client", client)
}

func keyError(text string) error {
	_, err := httpsig.ParseKey(text)
	return err
}

// BadClient is the Invalid fault bad-client that names the fields at fault.
func BadClient(wrong []fault.Field) error {
	f := invalid("bad-client", "接口调用方信息有误", "the client cannot be entered like this")
	f.Fields = wrong
	return f
}

// maxPerMinute bounds a client's own rate.
const maxPerMinute = 1_000_000

// Check returns what of c is at fault at now (ms UTC).
func (c *NewClient) Check(now int64) []fault.Field {
	f := &fault.Fault{}
	if n := utf8.RuneCountInString(c.Name); n < 1 || n > 100 || !printable(c.Name) {
		f.With("name", "名称为 1 至 100 个字", "a name has 1 to 100 characters")
	}
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
	if c.PerMinute < 0 || c.PerMinute > maxPerMinute {
		f.With("per_minute", "为 0 至 1000000", "from 0 to 1000000")
	}
	if c.PublicKey != "" {
		if why, wrong := errors.AsType[*fault.Fault](keyError(c.PublicKey)); wrong {
			f.With("public_key", why.Text.Zh, why.Text.En)
		}
	}
	return f.Fields
}

// RevokeClient makes a client void at once. An unknown one is NotFound
// no-client.
func (s *Service) RevokeClient(tx *db.Tx, by *Actor, client string) error {
	n, err := tx.Exec(`update identity_client set disabled = $1 where id = $2`, true, client)
	if err != nil {
		return err
	}
	if n == 0 {
		return NoClient()
	}
	tx.AfterCommit(func() { s.forget(func(a *Actor) bool { return a.Client == client }) })
	return s.record(tx, by, "client-revoke", "client", client, "disabled")
}

// NoClient is the NotFound fault no-client.
func NoClient() error {
	return fault.New(fault.NotFound, "no-client", "没有这个接口调用方", "there is no such client")
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
	e, err := s.loadClient(ctx, k, now)
	if err != nil {
		return nil, err
	}
	s.clients.put(k, e, gen)
	return e.actor, nil
}

// noteUse notes that a client was used today, once a day. What cannot be noted
// is logged: it is no reason to refuse the use.
func (s *Service) noteUse(ctx context.Context, client, noted string) {
	day := s.today()
	if noted == day {
		return
	}
	if err := s.db.Do(ctx, func(tx *db.Tx) error { return useClient(tx, client, day) }); err != nil {
		s.log.Warn("identity: noting the use of a client", "client", client, "err", err)
	}
}

func (s *Service) today() string { return s.clock.Now().In(clock.Shanghai).Format(time.DateOnly) }

func useClient(tx *db.Tx, client, day string) error {
	_, err := tx.Exec(`update identity_client set used_on = $1 where id = $2 and (used_on is null or used_on <> $1)`, day, client)
	return err
}

func (s *Service) loadClient(ctx context.Context, k digest, now int64) (*cached, error) {
	c, err := readClient(s.db.Read(ctx), `c.hash = $1`, k[:], now)
	if err != nil {
		return nil, err
	}
	s.noteUse(ctx, c.actor.Client, c.usedOn)
	return &cached{actor: c.actor, dies: c.expires, recheck: now + recheckAfter}, nil
}

// validClient is a client that may act.
type validClient struct {
	actor     *Actor
	expires   int64
	usedOn    string
	publicKey string // of one that signs
}

// readClient reads the client that the condition finds, unless it has expired
// or was revoked, or its organisation is closed: Unauthenticated unknown-key.
func readClient(q db.Querier, where string, value any, now int64) (*validClient, error) {
	c, a, p := &validClient{}, &Actor{}, Post{}
	var roles string
	var perMinute int
	var disabled, closed bool
	err := q.QueryRow(`select c.id, c.name, coalesce(c.person, ''), coalesce(c.org, ''), coalesce(o.path, ''), coalesce(o.division, ''),
			coalesce(p.subject, ''), c.roles, c.expires_at, c.per_minute, c.disabled, o.closed_at is not null, coalesce(c.used_on, ''), coalesce(c.public_key, '')
		from identity_client c left join identity_org o on o.id = c.org left join identity_person p on p.id = c.person
		where `+where, value).
		Scan(&a.Client, &a.Name, &a.Person, &p.Org, &p.Path, &p.Division, &a.Subject, &roles, &c.expires, &perMinute, &disabled, &closed, &c.usedOn, &c.publicKey)
	if errors.Is(err, db.ErrNoRows) {
		return nil, badKey()
	}
	if err != nil {
		return nil, wrap("client", err)
	}
	if disabled || closed || now >= c.expires {
		return nil, badKey()
	}
	a.perMinute = perMinute
	if p.Roles = strings.Fields(roles); len(p.Roles) > 0 {
		p.ID = a.Client
		a.Posts = []Post{p}
	}
	c.actor = a
	return c, nil
}

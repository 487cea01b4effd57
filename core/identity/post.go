package identity

import (
	"context"
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"

	"chengshu/kernel/db"
	"chengshu/kernel/fault"
	"chengshu/kernel/id"
)

// NewPost puts a person into an organisation. Times are ms UTC; Since 0 is now
// and Until 0 is without end.
type NewPost struct {
	Person string
	Org    string
	Roles  []string
	Since  int64
	Until  int64
}

var roleForm = regexp.MustCompile(`^[a-z][a-z0-9-]{0,62}$`)

// Appoint adds a post and returns its id. Input at fault is Invalid bad-post;
// an unknown or closed organisation is NotFound no-org.
func (s *Service) Appoint(tx *db.Tx, by *Actor, p NewPost) (post string, err error) {
	if err := p.check(); err != nil {
		return "", err
	}
	var closed *int64
	err = tx.QueryRow(`select closed_at from identity_org where id = $1`, p.Org).Scan(&closed)
	if errors.Is(err, db.ErrNoRows) || err == nil && closed != nil {
		return "", noOrg(p.Org)
	}
	if err != nil {
		return "", err
	}
	post = id.New()
	if p.Since == 0 {
		p.Since = s.nowMS()
	}
	var until any
	if p.Until != 0 {
		until = p.Until
	}
	_, err = tx.Exec(`insert into identity_post (id, person, org, since, until) values ($1, $2, $3, $4, $5)`,
		post, p.Person, p.Org, p.Since, until)
	if err != nil {
		return "", err
	}
	for _, r := range p.Roles {
		if _, err := tx.Exec(`insert into identity_post_role (post, role) values ($1, $2)`, post, r); err != nil {
			return "", err
		}
	}
	tx.AfterCommit(s.forgetPerson(p.Person))
	return post, s.record(tx, by, "appoint", "post", post)
}

func (p *NewPost) check() error {
	f := invalid("bad-post", "任职信息有误", "the post cannot be made like this")
	if p.Person == "" {
		f.With("person", "缺少人员", "the person is missing")
	}
	p.Roles = slices.Compact(slices.Sorted(slices.Values(p.Roles)))
	if len(p.Roles) == 0 {
		f.With("roles", "至少一个角色", "at least one role")
	}
	for _, r := range p.Roles {
		if !roleForm.MatchString(r) || r == Anyone || r == Citizen {
			f.With("roles", fmt.Sprintf("角色 %q 不能任命", r), fmt.Sprintf("role %q cannot be given", r))
		}
	}
	if p.Until != 0 && p.Until <= p.Since {
		f.With("until", "须晚于开始时间", "must be later than the beginning")
	}
	return orNil(f)
}

// EndPost ends a post now. An unknown one is NotFound no-post.
func (s *Service) EndPost(tx *db.Tx, by *Actor, post string) error {
	var person string
	err := tx.QueryRow(`select person from identity_post where id = $1`, post).Scan(&person)
	if errors.Is(err, db.ErrNoRows) {
		return fault.New(fault.NotFound, "no-post", "没有这个任职", "there is no such post")
	}
	if err != nil {
		return err
	}
	now := s.nowMS()
	_, err = tx.Exec(`update identity_post set until = $1 where id = $2 and (until is null or until > $1)`, now, post)
	if err != nil {
		return err
	}
	tx.AfterCommit(s.forgetPerson(person))
	return s.record(tx, by, "post-end", "post", post, "until")
}

// postsAt returns the posts of person that are valid at now, and when that
// answer ends: the next time at which a post begins or ends.
func postsAt(q db.Querier, person string, now int64) (posts []Post, boundary int64, err error) {
	rows, err := q.Query(`select p.id, p.org, o.path, o.division, p.since, p.until, r.role
		from identity_post p join identity_org o on o.id = p.org join identity_post_role r on r.post = p.id
		where p.person = $1 and o.closed_at is null order by p.id, r.role`, person)
	if err != nil {
		return nil, 0, wrap("posts", err)
	}
	defer rows.Close()
	boundary = math.MaxInt64
	for rows.Next() {
		var p Post
		var role string
		var since int64
		var until *int64
		if err := rows.Scan(&p.ID, &p.Org, &p.Path, &p.Division, &since, &until, &role); err != nil {
			return nil, 0, wrap("posts", err)
		}
		if since > now {
			boundary = min(boundary, since)
			continue
		}
		if until != nil {
			if *until <= now {
				continue
			}
			boundary = min(boundary, *until)
		}
		if n := len(posts); n == 0 || posts[n-1].ID != p.ID {
			posts = append(posts, p)
		}
		last := &posts[len(posts)-1]
		last.Roles = append(last.Roles, role)
	}
	return posts, boundary, wrap("posts", rows.Err())
}

// Holder is a person who holds a post with some role.
type Holder struct {
	Person, Name string
	Phone        string // "" when unknown
	Post         string
	Org, Path    string
}

// Holders returns who holds the role now in the organisation of path, or, when
// below is set, in it and all under it; ordered by path and post.
func (s *Service) Holders(q db.Querier, path, role string, below bool) ([]Holder, error) {
	end := path + "!" // sorts before every path below: ids begin with a letter or digit
	if below {
		end = PathEnd(path)
	}
	now := s.nowMS()
	rows, err := q.Query(`select n.id, n.name, n.phone, p.id, p.org, o.path
		from identity_org o join identity_post p on p.org = o.id join identity_post_role r on r.post = p.id
		join identity_person n on n.id = p.person
		where o.path >= $1 and o.path < $2 and o.closed_at is null and r.role = $3 and p.since <= $4 and (p.until is null or p.until > $4)
		order by o.path, p.id`, path, end, role, now)
	if err != nil {
		return nil, wrap("holders", err)
	}
	defer rows.Close()
	var out []Holder
	for rows.Next() {
		var h Holder
		var phone *string
		if err := rows.Scan(&h.Person, &h.Name, &phone, &h.Post, &h.Org, &h.Path); err != nil {
			return nil, wrap("holders", err)
		}
		if phone != nil {
			h.Phone = *phone
		}
		out = append(out, h)
	}
	return out, wrap("holders", rows.Err())
}

// PersonName returns the name of a person; NotFound no-person when unknown.
func (s *Service) PersonName(ctx context.Context, person string) (string, error) {
	var name string
	err := s.db.Read(ctx).QueryRow(`select name from identity_person where id = $1`, person).Scan(&name)
	if errors.Is(err, db.ErrNoRows) {
		return "", fault.New(fault.NotFound, "no-person", "没有这个人员", "there is no such person")
	}
	return name, wrap("person", err)
}

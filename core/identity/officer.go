package identity

import (
	"context"
	"strings"
)

// Officer is a person at one of their posts.
type Officer struct {
	Person, Name string
	Org          string
	Path         string // of the organisation
	Division     string // path of the division it serves
}

// Officers calls each, until that returns false, with everyone who holds a post
// now in the organisation of path or under it and whose name contains part;
// ordered by path and post. A person with several posts comes several times.
func (s *Service) Officers(ctx context.Context, path, part string, each func(Officer) bool) error {
	rows, err := s.db.Read(ctx).Query(`select n.id, n.name, p.org, o.path, coalesce(o.division, '')
		from identity_org o join identity_post p on p.org = o.id join identity_person n on n.id = p.person
		where o.path >= $1 and o.path < $2 and o.closed_at is null and p.since <= $3 and (p.until is null or p.until > $3)
		order by o.path, p.id`, path, PathEnd(path), s.nowMS())
	if err != nil {
		return wrap("officers", err)
	}
	defer rows.Close()
	part = strings.ToLower(part)
	for rows.Next() {
		var o Officer
		if err := rows.Scan(&o.Person, &o.Name, &o.Org, &o.Path, &o.Division); err != nil {
			return wrap("officers", err)
		}
		if strings.Contains(strings.ToLower(o.Name), part) && !each(o) {
			return nil
		}
	}
	return wrap("officers", rows.Err())
}

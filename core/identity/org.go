package identity

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"chengshu/kernel/db"
	"chengshu/kernel/fault"
)

// OrgKind says what sort of organisation one is: one of these, or any other
// word in lower case, such as "team" or "utility".
type OrgKind string

// The first four are divisions (GB/T 2260, GB/T 10114) and bear their codes;
// everything else serves one.
const (
	City       OrgKind = "city"
	County     OrgKind = "county"
	Street     OrgKind = "street"
	Village    OrgKind = "village"
	Department OrgKind = "department"
)

func (k OrgKind) isDivision() bool { return k == City || k == County || k == Street || k == Village }

// Org is a node of the organisation tree.
type Org struct {
	ID       string  `json:"id"`
	Parent   string  `json:"parent,omitempty"`
	Path     string  `json:"path"` // ids from the root, "/1301/130102/"; never changes
	Kind     OrgKind `json:"kind"`
	Division string  `json:"division"` // path of the division it serves; its own when it is one
	NameZh   string  `json:"name_zh"`
	NameEn   string  `json:"name_en,omitempty"`
	// LawNames is what the law calls it, separated by ";": "数字经济主管部门".
	LawNames string `json:"law_names,omitempty"`
	Closed   bool   `json:"closed,omitempty"`
}

// Name returns the name in both languages.
func (o *Org) Name() fault.Text { return fault.Text{Zh: o.NameZh, En: o.NameEn} }

// PathEnd returns the first text that sorts, by bytes, after every path below
// path: what lies in it is path <= p < PathEnd(path). The empty path, which
// nothing lies in, has the empty end.
func PathEnd(path string) string {
	if path == "" {
		return ""
	}
	return path[:len(path)-1] + string(path[len(path)-1]+1)
}

// Within reports whether path lies in the organisation or division of root.
func Within(path, root string) bool { return root != "" && strings.HasPrefix(path, root) }

var (
	orgIDForm   = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z-]{0,63}$`)
	orgKindForm = regexp.MustCompile(`^[a-z][a-z-]{0,31}$`)
)

func noOrg(id string) error {
	return fault.New(fault.NotFound, "no-org", fmt.Sprintf("没有组织 %q，或其已撤销", id), fmt.Sprintf("there is no organisation %q, or it is closed", id))
}

// AddOrg adds an organisation, or renames the one that is there already under
// the same parent. Path follows from Parent. Division may name another division
// by id; without it that is the organisation's own, or its parent's. Input at
// fault is Invalid bad-org; an unknown parent or division NotFound no-org.
func (s *Service) AddOrg(tx *db.Tx, by *Actor, o Org) (Org, error) {
	o, changed, err := s.putOrg(tx, o)
	if err != nil || !changed {
		return o, err
	}
	return o, s.record(tx, by, "org-put", "org", o.ID, "name")
}

func (s *Service) putOrg(tx *db.Tx, o Org) (_ Org, changed bool, err error) {
	if err := o.check(); err != nil {
		return o, false, err
	}
	path, division := "/"+o.ID+"/", ""
	if o.Parent != "" {
		parentPath, parentDivision, err := orgPath(tx, o.Parent)
		if err != nil {
			return o, false, err
		}
		path, division = parentPath+o.ID+"/", parentDivision
	}
	if o.Path != "" && o.Path != path {
		return o, false, invalid("bad-org", "组织信息有误", "the organisation cannot be like this").
			With("path", "按上级应为 "+path, "by its parent it is "+path)
	}
	switch {
	case o.Kind.isDivision():
		division = path
	case o.Division != "":
		if _, division, err = orgPath(tx, o.Division); err != nil {
			return o, false, err
		}
	}
	o.Path, o.Division = path, division
	changed, err = s.storeOrg(tx, o)
	return o, changed, err
}

// orgPath returns the path and division of an open organisation.
func orgPath(q db.Querier, id string) (path, division string, err error) {
	err = q.QueryRow(`select path, division from identity_org where id = $1 and closed_at is null`, id).Scan(&path, &division)
	if errors.Is(err, db.ErrNoRows) {
		return "", "", noOrg(id)
	}
	return path, division, err
}

func (s *Service) storeOrg(tx *db.Tx, o Org) (changed bool, err error) {
	var old Org
	err = tx.QueryRow(`select path, kind, division, name_zh, name_en, law_names from identity_org where id = $1`, o.ID).
		Scan(&old.Path, &old.Kind, &old.Division, &old.NameZh, &old.NameEn, &old.LawNames)
	old.ID, old.Parent = o.ID, o.Parent
	switch {
	case errors.Is(err, db.ErrNoRows):
		_, err = tx.Exec(`insert into identity_org (id, parent, path, kind, division, name_zh, name_en, law_names)
			values ($1, $2, $3, $4, $5, $6, $7, $8)`,
			o.ID, null(o.Parent), o.Path, string(o.Kind), o.Division, o.NameZh, o.NameEn, o.LawNames)
	case err != nil:
		return false, err
	case old.Path != o.Path || old.Kind != o.Kind:
		return false, invalid("bad-org", "组织已存在于别处；撤销它并另立新组织", "the organisation is elsewhere already; close it and open a new one").
			With("id", "路径 "+old.Path, "its path is "+old.Path)
	case old == o:
		return false, nil
	default:
		_, err = tx.Exec(`update identity_org set name_zh = $1, name_en = $2, division = $3, law_names = $4 where id = $5`,
			o.NameZh, o.NameEn, o.Division, o.LawNames, o.ID)
		tx.AfterCommit(func() { s.forget(func(*Actor) bool { return true }) })
	}
	if err != nil {
		return false, err
	}
	return true, s.treeChanged(tx)
}

func (o *Org) check() error {
	f := invalid("bad-org", "组织信息有误", "the organisation cannot be like this")
	if !orgIDForm.MatchString(o.ID) {
		f.With("id", "编号为 1 至 64 个字母、数字或连字符", "an id has 1 to 64 letters, digits or hyphens")
	}
	if !orgKindForm.MatchString(string(o.Kind)) {
		f.With("kind", "类别为小写字母，如 city、department", "a kind is a word in lower case, such as city or department")
	}
	if n := utf8.RuneCountInString(o.NameZh); n < 1 || n > 100 || !printable(o.NameZh+o.NameEn+o.LawNames) {
		f.With("name", "名称为 1 至 100 个字", "a name has 1 to 100 characters")
	}
	return orNil(f)
}

// CloseOrg closes an organisation: its posts give nothing any more, and it is
// offered nowhere. It must have no open organisation below it (Conflict
// org-in-use). An unknown or closed one is NotFound no-org.
func (s *Service) CloseOrg(tx *db.Tx, by *Actor, org string) error {
	var below int64
	err := tx.QueryRow(`select count(*) from identity_org where parent = $1 and closed_at is null`, org).Scan(&below)
	if err != nil {
		return err
	}
	if below > 0 {
		return fault.New(fault.Conflict, "org-in-use", "下级组织尚未撤销", "there are open organisations below it")
	}
	n, err := tx.Exec(`update identity_org set closed_at = $1 where id = $2 and closed_at is null`, s.nowMS(), org)
	if err != nil {
		return err
	}
	if n == 0 {
		return noOrg(org)
	}
	tx.AfterCommit(func() { s.forget(func(*Actor) bool { return true }) })
	if err := s.treeChanged(tx); err != nil {
		return err
	}
	return s.record(tx, by, "org-close", "org", org)
}

// treeChanged counts a change of the tree and forgets the copy of this process.
func (s *Service) treeChanged(tx *db.Tx) error {
	tx.AfterCommit(s.tree.forget)
	_, err := tx.Exec(`update identity_tree set n = n + 1 where id = 1`)
	return err
}

// Tree is the organisation tree at one moment. Nobody changes one.
type Tree struct {
	version  int64
	sorted   []*Org // by path, closed ones included
	byID     map[string]*Org
	byPath   map[string]*Org
	children map[string][]*Org // by parent's id, open ones only, by path
}

// Org returns the organisation of that id, closed or not, or nil.
func (t *Tree) Org(id string) *Org { return t.byID[id] }

// At returns the organisation of that path, closed or not, or nil.
func (t *Tree) At(path string) *Org { return t.byPath[path] }

// Children returns the open organisations right below parent, by path; those
// of the root when parent is empty.
func (t *Tree) Children(parent string) []*Org { return t.children[parent] }

// Under returns the organisation of path and all below it, by path, closed
// ones included.
func (t *Tree) Under(path string) []*Org {
	from, _ := slices.BinarySearchFunc(t.sorted, path, func(o *Org, p string) int { return strings.Compare(o.Path, p) })
	to := from
	for to < len(t.sorted) && strings.HasPrefix(t.sorted[to].Path, path) {
		to++
	}
	return t.sorted[from:to:to]
}

// OfDivision returns the open organisations that serve exactly the division of
// that path: the division's own and its departments, by path.
func (t *Tree) OfDivision(division string) []*Org {
	var out []*Org
	for _, o := range t.Under(division) {
		if o.Division == division && !o.Closed {
			out = append(out, o)
		}
	}
	return out
}

// Len returns how many organisations there are, closed ones included.
func (t *Tree) Len() int { return len(t.sorted) }

const treeTrust = 10_000 // ms that a tree is used without a look at its version

// treeCache keeps the last tree read.
type treeCache struct {
	mu      sync.Mutex
	tree    *Tree
	recheck int64
	gen     uint64
}

func (c *treeCache) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.recheck = 0
	c.gen++
}

func (c *treeCache) get(now int64) (t *Tree, fresh bool, gen uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.tree, c.tree != nil && now < c.recheck, c.gen
}

func (c *treeCache) put(t *Tree, recheck int64, gen uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.gen == gen {
		c.tree, c.recheck = t, recheck
	}
}

// Tree returns the organisation tree.
func (s *Service) Tree(ctx context.Context) (*Tree, error) {
	now := s.nowMS()
	old, fresh, gen := s.tree.get(now)
	if fresh {
		return old, nil
	}
	q := s.db.Read(ctx)
	var version int64
	if err := q.QueryRow(`select n from identity_tree where id = 1`).Scan(&version); err != nil {
		return nil, wrap("tree", err)
	}
	if old == nil || old.version != version {
		var err error
		// Read after its version: a change in between makes it newer than it
		// says, and it is read once more.
		if old, err = readTree(q, version); err != nil {
			return nil, wrap("tree", err)
		}
	}
	s.tree.put(old, now+treeTrust, gen)
	return old, nil
}

func readTree(q db.Querier, version int64) (*Tree, error) {
	rows, err := q.Query(`select id, coalesce(parent, ''), path, kind, division, name_zh, name_en, law_names, closed_at from identity_org order by path`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	t := &Tree{version: version, byID: map[string]*Org{}, byPath: map[string]*Org{}, children: map[string][]*Org{}}
	for rows.Next() {
		o := &Org{}
		var closed *int64
		if err := rows.Scan(&o.ID, &o.Parent, &o.Path, &o.Kind, &o.Division, &o.NameZh, &o.NameEn, &o.LawNames, &closed); err != nil {
			return nil, err
		}
		o.Closed = closed != nil
		t.sorted = append(t.sorted, o)
		t.byID[o.ID], t.byPath[o.Path] = o, o
		if !o.Closed {
			t.children[o.Parent] = append(t.children[o.Parent], o)
		}
	}
	return t, rows.Err()
}

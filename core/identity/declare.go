package identity

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"chengshu/core/decl"
	"chengshu/kernel/db"
	"chengshu/kernel/fault"
	"chengshu/kernel/id"
)

// Kinds returns the kinds of declarations that this package brings.
func Kinds() []decl.Kind {
	return []decl.Kind{
		{Name: "role", New: func() decl.Item { return &Role{} }, Order: 0},
		{Name: "organisations", New: func() decl.Item { return &Organisations{} }, Order: 5},
		{Name: "register", New: func() decl.Item { return &Register{} }, Order: 20},
		{Name: "account", New: func() decl.Item { return &Account{} }, Order: 90},
	}
}

// Faces of the program. Everybody has the public one.
const (
	Public = "public" // citizens and firms
	Office = "office" // those who handle cases
	Screen = "screen" // wall displays
	Admin  = "admin"  // those who run the program
)

var faces = []string{Public, Office, Screen, Admin}

// Role is a declared role: kind `role`. Posts give it; grants name it.
type Role struct {
	decl.Meta
	Title decl.Text `yaml:"title,required"`
	About decl.Text `yaml:"about"`
	Faces []string  `yaml:"faces"` // those it opens, beside the public one
	// Clients lets those whose post gives the role enter API clients of the
	// post's organisation that bear it, too.
	Clients bool `yaml:"clients"`
}

// Check implements decl.Item.
func (r *Role) Check(_ *decl.Set, rep *decl.Report) {
	if !roleForm.MatchString(r.Name) {
		rep.Add(r.Pos, "角色名应为小写字母、数字和连字符", "a role's name has lower-case letters, digits and hyphens")
	}
	if r.Name == Anyone || r.Name == Citizen {
		rep.Add(r.Pos, fmt.Sprintf("角色 %q 人人都有，不必声明", r.Name), fmt.Sprintf("role %q exists by itself; leave it out", r.Name))
	}
	if r.Clients && slices.Contains(r.Faces, Admin) {
		rep.Add(r.Pos, "开管理界面的角色不能自行登记接口调用方；去掉 clients", "a role that opens the admin face cannot be given to API clients by itself; leave out clients")
	}
	for _, f := range r.Faces {
		if !slices.Contains(faces, f) {
			zh, en := decl.Suggest(f, faces)
			rep.Add(r.Pos, fmt.Sprintf("没有界面 %q；%s", f, zh), fmt.Sprintf("there is no face %q; %s", f, en))
		}
	}
}

// FacesOf returns the faces that a's roles open, in a fixed order.
func FacesOf(a *Actor, set *decl.Set) []string {
	open := map[string]bool{Public: true}
	for _, name := range a.Roles() {
		if r, ok := decl.Find[*Role](set, "role", name); ok {
			for _, f := range r.Faces {
				open[f] = true
			}
		}
	}
	return slices.DeleteFunc(slices.Clone(faces), func(f string) bool { return !open[f] })
}

// Account is a declared demo account: kind `account`, its name being the login.
// It is loaded into a demo city only; its password is public.
type Account struct {
	decl.Meta
	Password string        `yaml:"password,required"`
	Title    decl.Text     `yaml:"title,required"` // what the sign-in page says of it
	Person   string        `yaml:"person,required"`
	Phone    string        `yaml:"phone"`
	Posts    []AccountPost `yaml:"posts"`
}

// AccountPost is a post of a demo account.
type AccountPost struct {
	decl.Pos
	Org   string   `yaml:"org,required"`
	Roles []string `yaml:"roles,required"`
}

// Check implements decl.Item. Whether the organisations exist is known only
// when they have been loaded, see SeedDemo.
func (a *Account) Check(s *decl.Set, r *decl.Report) {
	if a.Name != normalLogin(a.Name) || !loginForm.MatchString(a.Name) {
		r.Add(a.Pos, "账号应为 3 至 64 个小写字母、数字或 . _ - @", "an account has 3 to 64 lower-case letters, digits or . _ - @")
	}
	if a.Password == "" || len(a.Password) > maxPassword {
		r.Add(a.Pos, "密码为 1 至 128 字节", "a password has 1 to 128 bytes")
	}
	for _, p := range a.Posts {
		for _, role := range p.Roles {
			if _, ok := decl.Find[*Role](s, "role", role); !ok {
				zh, en := decl.Suggest(role, s.Names("role"))
				r.Add(p.Pos, fmt.Sprintf("没有角色 %q；%s", role, zh), fmt.Sprintf("there is no role %q; %s", role, en))
			}
		}
	}
}

// SeedDemo adds the declared accounts that are not there yet, each with its
// person and posts; an account that is there is left as it is. An unknown
// organisation is reported in r and its account left out.
func (s *Service) SeedDemo(ctx context.Context, accounts []*Account, r *decl.Report) error {
	for _, a := range accounts {
		if err := s.seedAccount(ctx, a, r); err != nil {
			return wrap("demo account "+a.Name, err)
		}
	}
	return nil
}

func (s *Service) seedAccount(ctx context.Context, a *Account, r *decl.Report) error {
	q := s.db.Read(ctx)
	if _, err := s.account(q, a.Name); !errors.Is(err, db.ErrNoRows) {
		return err
	}
	tree, err := s.Tree(ctx)
	if err != nil {
		return err
	}
	for _, p := range a.Posts {
		if o := tree.Org(p.Org); o == nil || o.Closed {
			r.Add(p.Pos, fmt.Sprintf("没有组织 %q，或其已撤销", p.Org), fmt.Sprintf("there is no organisation %q, or it is closed", p.Org))
			return nil
		}
	}
	hash, err := s.hasher.hashAt(ctx, demoCost, a.Password)
	if err != nil {
		return err
	}
	person := id.New()
	err = s.db.Do(ctx, func(tx *db.Tx) error {
		n := NewPerson{Login: a.Name, Name: a.Person, Phone: a.Phone}
		if err := s.insertAccount(tx, NewSystem(), person, n, hash, "account-add", true); err != nil {
			return err
		}
		for _, p := range a.Posts {
			if _, err := s.Appoint(tx, NewSystem(), NewPost{Person: person, Org: p.Org, Roles: p.Roles}); err != nil {
				return err
			}
		}
		return nil
	})
	if fault.Code(err) == "account-taken" {
		return nil // another process was quicker
	}
	return err
}

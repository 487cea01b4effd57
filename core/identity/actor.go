package identity

import (
	"slices"

	"chengshu/core/evidence"
)

// The roles that nobody needs to be given.
const (
	Anyone  = "anyone"  // everybody, signed in or not
	Citizen = "citizen" // every person who is signed in
)

// Actor is who asks. It is shared between requests: nobody changes one.
type Actor struct {
	Person  string // id of the person; empty for a client that acts for an organisation alone
	Subject string // id of the natural person's record that is about the person, when it is known
	Name    string // how the person or the client is called
	Account string // login name, when signed in by password
	Session string // id of the session (not its token), when there is one
	Client  string // id of the API client, when a key was shown
	Posts   []Post // the posts valid now, in the order of their ids

	Anonymous bool // nobody is signed in
	System    bool // the program itself acts; no grant ever matches it

	perMinute int // a client's own rate; 0 is the common one
}

// Post is a place that a person holds in an organisation.
type Post struct {
	ID       string
	Org      string   // id of the organisation
	Path     string   // its path, "/1301/130102/"
	Division string   // path of the division it serves
	Roles    []string // sorted
}

// NewAnonymous returns the actor of a request that shows no credentials.
func NewAnonymous() *Actor { return &Actor{Anonymous: true} }

// NewSystem returns the actor of what the program does by itself.
func NewSystem() *Actor { return &Actor{System: true} }

// Roles returns the names of all roles of a, sorted, the implicit ones included.
func (a *Actor) Roles() []string {
	if a.System {
		return nil
	}
	out := []string{Anyone}
	if a.Person != "" {
		out = append(out, Citizen)
	}
	for _, p := range a.Posts {
		out = append(out, p.Roles...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Has reports whether a has the role in any of its posts or implicitly.
func (a *Actor) Has(role string) bool {
	if a.System {
		return false
	}
	if role == Anyone || role == Citizen && a.Person != "" {
		return true
	}
	for i := range a.Posts {
		if slices.Contains(a.Posts[i].Roles, role) {
			return true
		}
	}
	return false
}

// Self returns the id under which a makes things and finds them again: the
// person's, for a client that acts for an organisation alone the client's.
func (a *Actor) Self() string {
	if a.Person != "" {
		return a.Person
	}
	return a.Client
}

// Evidence returns a as acts name it. Organisation and post are given when
// there is only one to choose.
func (a *Actor) Evidence() evidence.Actor {
	out := evidence.Actor{Person: a.Person, Via: a.Client}
	if len(a.Posts) == 1 {
		out.Org, out.Post = a.Posts[0].Org, a.Posts[0].ID
	}
	return out
}

package access

import (
	"fmt"
	"hash/maphash"
	"math/bits"
	"slices"
	"sync"

	"github.com/cedar-policy/cedar-go"
	"github.com/cedar-policy/cedar-go/types"

	"chengshu/core/identity"
	"chengshu/core/rule"
	"chengshu/kernel/fault"
)

// maxPlans bounds the plans kept, about 3 KB each. When there are more all are
// forgotten; making one again takes some 10 µs.
const maxPlans = 1 << 15

// plan is a target linked with the posts of an actor. Actors with the same
// relevant posts share it.
type plan struct {
	target *target
	posts  []sigPost
	who    who

	permits  []*permit // those that the actor holds and that can match, narrowest first
	trees    []node    // theirs
	policies policies  // theirs
	loaders  []loader
	attrs    []types.String
	why      []fault.Text
	fixed    uint64    // the permits that match every row, when no fact of one is looked at
	pool     sync.Pool // of types.RecordMap

	mu    sync.RWMutex
	views map[uint64]View     // by the permits that match
	sqls  map[uint64]*sqlText // by the permits that count
}

// sigPost is what matters of a post to one target.
type sigPost struct {
	path, division string
	roles          uint64 // bits of the target's roles
}

var seed = maphash.MakeSeed()

// signature is what of a decides which plan is theirs.
func (t *target) signature(a *identity.Actor, buf []sigPost) (posts []sigPost, w who, hash uint64) {
	w = who{person: a.Person != "", subject: a.Person != "" && a.Subject != "", client: a.Person == "" && a.Client != ""}
	posts = buf
	for i := range a.Posts {
		p := &a.Posts[i]
		var roles uint64
		for _, r := range p.Roles {
			if bit, ok := t.bits[r]; ok {
				roles |= 1 << bit
			}
		}
		if roles != 0 {
			posts = append(posts, sigPost{p.Path, p.Division, roles})
		}
	}
	if w.person {
		hash = 1
	}
	if w.subject {
		hash |= 2
	}
	if w.client {
		hash |= 4
	}
	for i := range posts {
		hash = hash*31 + maphash.String(seed, posts[i].path)
		hash = hash*31 + maphash.String(seed, posts[i].division)
		hash = hash*31 + posts[i].roles
	}
	return posts, w, hash
}

// plan returns the plan for a, making it when there is none yet.
func (t *target) plan(e *Engine, a *identity.Actor) *plan {
	var buf [8]sigPost
	posts, w, hash := t.signature(a, buf[:0])
	epoch := e.epoch.Load()
	t.mu.RLock()
	if t.epoch == epoch {
		for _, p := range t.plans[hash] {
			if p.who == w && slices.Equal(p.posts, posts) {
				t.mu.RUnlock()
				return p
			}
		}
	}
	t.mu.RUnlock()
	p := t.link(slices.Clone(posts), w)
	if e.plans.Add(1) > maxPlans {
		epoch = e.epoch.Add(1)
		e.plans.Store(1)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.epoch != epoch || t.plans == nil {
		t.plans, t.epoch = map[uint64][]*plan{}, epoch
	}
	t.plans[hash] = append(t.plans[hash], p)
	return p
}

// link makes a plan: it puts the posts into the scopes of every permit held.
func (t *target) link(posts []sigPost, w who) *plan {
	p := &plan{target: t, posts: posts, who: w, views: map[uint64]View{}, sqls: map[uint64]*sqlText{}}
	known := map[types.String]loader{}
	for _, pm := range t.permits {
		held := slices.DeleteFunc(slices.Clone(posts), func(s sigPost) bool { return s.roles&pm.roles == 0 })
		if len(held) == 0 && !pm.implicit(w) {
			continue
		}
		n := simplify(node{op: rule.And, args: []node{scopeNode(pm.grant.Scope, t.typ, held, w), linked(pm.when, w)}})
		p.why = append(p.why, pm.refusal())
		if n.op == rule.Never {
			continue
		}
		facts(n, known)
		p.permits = append(p.permits, pm)
		p.trees = append(p.trees, n)
		id := types.PolicyID(fmt.Sprintf("%d", len(p.policies)))
		p.policies = append(p.policies, numbered{id, cedar.NewPolicyFromAST(policy(pm, n))})
	}
	for attr, l := range known {
		p.attrs, p.loaders = append(p.attrs, attr), append(p.loaders, l)
	}
	if p.why == nil {
		p.why = t.nobody
	}
	if len(p.policies) > 0 && len(p.loaders) == 0 {
		p.fixed, _ = p.authorize(&identity.Actor{}, &Row{}) // the same whoever asks for whatever
	}
	return p
}

// first returns the narrowest grant that matched.
func (p *plan) first(matched uint64) *Grant { return p.permits[bits.TrailingZeros64(matched)].grant }

// view returns how fields are shown by the permits that matched, each as the
// most generous of them has it.
func (p *plan) view(matched uint64) View {
	p.mu.RLock()
	v, ok := p.views[matched]
	p.mu.RUnlock()
	if ok {
		return v
	}
	v = viewOf(p.target.typ, p.permits, matched)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.views[matched] = v
	return v
}

// showing returns the permits that show all the fields in clear.
func (p *plan) showing(fields []string) uint64 {
	var out uint64
	for i, pm := range p.permits {
		if pm.shows(fields) {
			out |= 1 << i
		}
	}
	return out
}

// sql returns the predicate of what these permits allow.
func (p *plan) sql(permits uint64) *sqlText {
	p.mu.RLock()
	s := p.sqls[permits]
	p.mu.RUnlock()
	if s != nil {
		return s
	}
	any := node{op: rule.Or}
	for i, n := range p.trees {
		if permits&(1<<i) != 0 {
			any.args = append(any.args, n)
		}
	}
	s = sqlOf(simplify(any))
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sqls[permits] = s
	return s
}

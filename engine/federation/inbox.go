package federation

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"

	"chengshu/core/decl"
	"chengshu/core/identity"
	"chengshu/core/process"
	"chengshu/core/record"
	"chengshu/core/rule"
	"chengshu/kernel/db"
	"chengshu/kernel/fault"
)

// Role is what an API client bears that speaks for a node.
const Role = "county-node"

// States of a release that a node sends.
const (
	Expected = "expected" // its file has not arrived whole
	Received = "received" // it has; the case is about to be opened
	Taken    = "taken"    // it has its case
)

// Offer is a release that a node wants to send.
type Offer struct {
	Manifest   string `json:"manifest"`   // as text, so that its digest can be computed
	Digest     string `json:"digest"`     // SHA-256 of it
	Checkpoint string `json:"checkpoint"` // of the sender's evidence log
}

// Answer is how a release stands, and from where on its file is wanted.
type Answer struct {
	State  string `json:"state"`
	Offset int64  `json:"offset"`
}

// Arrived is a release that a node has sent or is sending.
type Arrived struct {
	Node, Dataset string
	Version       int64
	Digest        string
	At            int64 // ms UTC
	State         string
	Case          string
	Why           *fault.Text // why its case could not be opened

	manifest, checkpoint, file string
}

// NodeOf returns the node that the actor speaks for, or a Denied fault.
func (e *Engine) NodeOf(a *identity.Actor) (*Node, error) {
	for _, p := range a.Posts {
		for _, role := range p.Roles {
			for _, n := range e.Nodes {
				if role == Role && n.Org == p.Org {
					return n, nil
				}
			}
		}
	}
	return nil, fault.New(fault.Denied, "no-node", "您不代表任何已登记的联邦节点", "you speak for no node that is declared here")
}

// Offered takes note of a release, if it fits, and says how it stands. One that
// is known already is not taken again.
func (e *Engine) Offered(ctx context.Context, n *Node, dataset string, version int64, o Offer) (Answer, error) {
	m, err := e.conforms(n, dataset, version, o)
	if err != nil {
		return Answer{}, err
	}
	if m.Files[0].Bytes > e.Limit {
		return Answer{}, fault.New(fault.Invalid, "too-large", fmt.Sprintf("文件超过上限 %d 字节", e.Limit), fmt.Sprintf("the file is over the limit of %d bytes", e.Limit))
	}
	err = e.DB.Do(ctx, func(tx *db.Tx) error {
		known, err := e.arrived(tx, n, dataset, version)
		switch {
		case err == nil && known.Digest != o.Digest:
			return fault.New(fault.Conflict, "version-differs", "此版本已收到，但摘要不同", "this version is here already, with another digest")
		case err == nil || !fault.Is(err, fault.NotFound):
			return err
		}
		var last int64
		if err := tx.QueryRow(`select coalesce(max(version), 0) from federation_inbox where node = $1 and dataset = $2 and state <> $3`, n.Name, dataset, Expected).Scan(&last); err != nil {
			return err
		}
		if version < last {
			return fault.New(fault.Conflict, "old-version", fmt.Sprintf("已收到更新的第 %d 版", last), fmt.Sprintf("release %d, which is newer, is here already", last))
		}
		_, err = tx.Exec(`insert into federation_inbox (node, dataset, version, digest, manifest, checkpoint, at, state) values ($1, $2, $3, $4, $5, $6, $7, $8)`,
			n.Name, dataset, version, o.Digest, o.Manifest, o.Checkpoint, e.Clock.Now().UnixMilli(), Expected)
		return err
	})
	if err != nil {
		return Answer{}, err
	}
	return e.standing(ctx, n, dataset, version)
}

// conforms holds an offer to what is declared here.
func (e *Engine) conforms(n *Node, dataset string, version int64, o Offer) (*manifest, error) {
	t := e.dataset(n.Datasets[dataset])
	if t == nil {
		return nil, fault.New(fault.Invalid, "not-federated", "本节点不接收贵方的数据集“"+dataset+"”", "this node takes no dataset "+dataset+" from you")
	}
	if sum := sha256.Sum256([]byte(o.Manifest)); hex.EncodeToString(sum[:]) != o.Digest {
		return nil, fault.New(fault.Invalid, "wrong-digest", "清单与其摘要不符", "the manifest does not have the digest given")
	}
	var m manifest
	if json.Unmarshal([]byte(o.Manifest), &m) != nil || m.Dataset != dataset || m.Version != version || len(m.Files) != 1 || m.Files[0].Bytes <= 0 {
		return nil, fault.New(fault.Invalid, "bad-manifest", "清单无效，或不是此数据集、此版本的", "the manifest cannot be read, or is not of this dataset and version")
	}
	differs := fault.New(fault.Invalid, "schema-differs", "数据结构与本节点登记的标准不一致", "the schema is not the one declared here")
	if m.Level != t.Level {
		differs.With("level", fmt.Sprintf("级别为 %q，应为 %q", m.Level, t.Level), fmt.Sprintf("the level is %q, want %q", m.Level, t.Level))
	}
	theirs := map[string]string{}
	for _, f := range m.Fields {
		theirs[f.Name] = f.Type
	}
	for _, f := range t.Fields {
		if got := theirs[f.Name]; got != string(f.Type) {
			differs.With(f.Name, fmt.Sprintf("字段 %s 的类型为 %q，应为 %q", f.Name, got, f.Type), fmt.Sprintf("field %s has the type %q, want %q", f.Name, got, f.Type))
		}
		delete(theirs, f.Name)
	}
	for name := range theirs {
		differs.With(name, "多出字段 "+name, "there should be no field "+name)
	}
	if len(differs.Fields) > 0 {
		return nil, differs
	}
	return &m, nil
}

func (e *Engine) dataset(name string) *record.Type {
	for _, t := range e.Datasets {
		if t.Name == name {
			return t
		}
	}
	return nil
}

const arrivedColumns = `select node, dataset, version, digest, at, state, coalesce(case_id, ''), manifest, checkpoint, coalesce(file, ''), coalesce(why, '') from federation_inbox `

func scanArrived(scan func(...any) error) (a Arrived, err error) {
	var why string
	err = scan(&a.Node, &a.Dataset, &a.Version, &a.Digest, &a.At, &a.State, &a.Case, &a.manifest, &a.checkpoint, &a.file, &why)
	a.Why = textFrom(why)
	return a, err
}

func (e *Engine) arrived(q db.Querier, n *Node, dataset string, version int64) (Arrived, error) {
	a, err := scanArrived(q.QueryRow(arrivedColumns+`where node = $1 and dataset = $2 and version = $3`, n.Name, dataset, version).Scan)
	if errors.Is(err, db.ErrNoRows) {
		return a, fault.New(fault.NotFound, "not-offered", "尚未提出发送此版本", "this release has not been offered")
	}
	return a, err
}

// Inbox returns the releases that a node, or any when it is "", has sent or is
// sending, newest first, at most limit.
func (e *Engine) Inbox(q db.Querier, node string, limit int) ([]Arrived, error) {
	return e.list(q, `where node = $1 or $2 = '' order by at desc, node, dataset, version desc limit $3`, node, node, limit)
}

func (e *Engine) list(q db.Querier, where string, args ...any) ([]Arrived, error) {
	rows, err := q.Query(arrivedColumns+where, args...)
	if err != nil {
		return nil, fmt.Errorf("federation: inbox: %w", err)
	}
	defer rows.Close()
	var out []Arrived
	for rows.Next() {
		a, err := scanArrived(rows.Scan)
		if err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	return out, rows.Err()
}

// standing is how a release stands that has been offered.
func (e *Engine) standing(ctx context.Context, n *Node, dataset string, version int64) (Answer, error) {
	a, err := e.arrived(e.DB.Read(ctx), n, dataset, version)
	if err != nil {
		return Answer{}, err
	}
	if a.State != Expected {
		return Answer{State: a.State}, nil
	}
	at, err := e.parts.size(a)
	return Answer{a.State, at}, err
}

// Part takes in the bytes of a release's file from an offset on, which is how
// many there are. With the last the release is received.
func (e *Engine) Part(ctx context.Context, n *Node, dataset string, version, offset int64, body io.Reader) (Answer, error) {
	a, err := e.arrived(e.DB.Read(ctx), n, dataset, version)
	if err != nil {
		return Answer{}, err
	}
	if a.State != Expected {
		return Answer{State: a.State}, nil
	}
	var m manifest
	if err := json.Unmarshal([]byte(a.manifest), &m); err != nil {
		return Answer{}, err
	}
	whole, err := e.parts.add(a, offset, m.Files[0].Bytes, m.Files[0].SHA256, body)
	if err != nil || !whole {
		return Answer{State: Expected, Offset: e.parts.sizeOr(a)}, err
	}
	if err := e.receive(ctx, a); err != nil {
		return Answer{}, err
	}
	if err := e.openCase(ctx, n, a.Dataset, a.Version); err != nil {
		// It is here, and will be tried again; the sender is done.
		e.Log.Error("the case of a release could not be opened", "node", n.Name, "dataset", dataset, "version", version, "err", err)
	}
	return e.standing(ctx, n, dataset, version)
}

// receive keeps a file that is whole, and what is known of it.
func (e *Engine) receive(ctx context.Context, a Arrived) error {
	f, err := e.parts.open(a)
	if err != nil {
		return err
	}
	ref, err := e.Keep(ctx, f, fmt.Sprintf("%s-%s-v%d.parquet", a.Node, a.Dataset, a.Version))
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	raw, err := json.Marshal(ref)
	if err != nil {
		return err
	}
	err = e.DB.Do(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(`update federation_inbox set state = $1, file = $2 where node = $3 and dataset = $4 and version = $5 and state = $6`, Received, string(raw), a.Node, a.Dataset, a.Version, Expected)
		return err
	})
	if err == nil {
		e.parts.remove(a)
	}
	return err
}

// openCase opens the case of a release that has been received. The effect
// federation.taken, in the same transaction, lets it have no second one.
func (e *Engine) openCase(ctx context.Context, n *Node, dataset string, version int64) error {
	a, err := e.arrived(e.DB.Read(ctx), n, dataset, version)
	if err != nil || a.State != Received {
		return err
	}
	var ref record.FileRef
	if err := json.Unmarshal([]byte(a.file), &ref); err != nil {
		return err
	}
	err = e.Open(ctx, n, map[string]any{"node": n.Name, "sent_as": a.Dataset, "version": json.Number(strconv.FormatInt(a.Version, 10)), "digest": a.Digest, "checkpoint": a.checkpoint,
		"dataset": n.Datasets[a.Dataset], "unit": n.Unit, "file": []any{map[string]any{"id": ref.ID, "name": ref.Name, "size": ref.Size, "media": ref.Media}}})
	if err == nil || ctx.Err() != nil {
		return err
	}
	why, failed := json.Marshal(reasonOf(err))
	return errors.Join(err, failed, e.DB.Do(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(`update federation_inbox set why = $1 where node = $2 and dataset = $3 and version = $4 and state = $5`, string(why), a.Node, a.Dataset, a.Version, Received)
		return err
	}))
}

func (e *Engine) openArrived(ctx context.Context) error {
	list, err := e.list(e.DB.Read(ctx), `where state = 'received' order by at, node, dataset, version limit 100`)
	for _, a := range list {
		for _, n := range e.Nodes {
			if n.Name == a.Node {
				err = errors.Join(err, e.openCase(ctx, n, a.Dataset, a.Version))
			}
		}
	}
	return err
}

// Effects are what actions can do with this engine.
func Effects() []process.EffectKind {
	return []process.EffectKind{{Name: "federation.taken", New: func() process.Effect { return &takenEffect{} }}}
}

// takenEffect is the effect federation.taken: the release of a node has its case.
type takenEffect struct {
	decl.Pos
	Node    rule.Source `yaml:"node,required"`
	Dataset rule.Source `yaml:"dataset,required"` // as the node calls it
	Version rule.Source `yaml:"version,required"`

	node, dataset, version *rule.Expr
}

func (*takenEffect) Check(*process.Process, *decl.Set, *decl.Report) {}

func (t *takenEffect) Compile(k process.Compiler) {
	t.node, t.dataset, t.version = k.Optional(t.Node, rule.String), k.Optional(t.Dataset, rule.String), k.Optional(t.Version, rule.Int)
}

func (t *takenEffect) Plan(_ context.Context, m *process.Moment) (process.Write, error) {
	node, err := process.Text(t.node, m.Vars)
	if err != nil {
		return nil, err
	}
	dataset, err := process.Text(t.dataset, m.Vars)
	if err != nil {
		return nil, err
	}
	version, err := t.version.Eval(m.Vars)
	if err != nil {
		return nil, err
	}
	return func(tx *db.Tx, _ string) error {
		n, err := tx.Exec(`update federation_inbox set state = $1, case_id = $2, why = null where node = $3 and dataset = $4 and version = $5 and state = $6`, Taken, m.Case.ID, node, dataset, version, Received)
		if err == nil && n == 0 {
			err = fault.New(fault.Conflict, "has-case", "此版本已有办理件", "this release has its case already")
		}
		return err
	}, nil
}

// fileName names the part file of a release: the digest keeps it apart from one
// that was offered under the same version before.
func (a *Arrived) fileName() string {
	return a.Node + "." + a.Dataset + "." + strconv.FormatInt(a.Version, 10) + "." + a.Digest
}

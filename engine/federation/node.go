package federation

import (
	"fmt"
	"slices"

	"chengshu/core/decl"
	"chengshu/core/process"
	"chengshu/core/record"
)

// Node is another installation that sends its releases here: kind `node`.
type Node struct {
	decl.Meta
	Title decl.Text `yaml:"title,required"`
	// Org is the organisation whose API clients speak for the node.
	Org string `yaml:"org,required"`
	// Datasets says as which dataset of this installation each of the node's is
	// kept. That dataset is the node's alone.
	Datasets map[string]string `yaml:"datasets,required"`
	Process  string            `yaml:"process,required"`
	Action   string            `yaml:"action,required"` // a start action of that process, which the system takes
	Unit     string            `yaml:"unit,required"`   // the organisation whose case it is
}

// NodeKind is the declaration kind of nodes.
var NodeKind = decl.Kind{Name: "node", Order: 46, New: func() decl.Item { return &Node{} }}

// Check resolves the names of the declaration.
func (n *Node) Check(set *decl.Set, r *decl.Report) {
	for theirs, ours := range n.Datasets {
		t, ok := decl.Find[*record.Type](set, record.Kind.Name, ours)
		if !ok || t.Resource != record.Dataset {
			r.Add(n.At("datasets", theirs), fmt.Sprintf("没有数据集 %q", ours), fmt.Sprintf("there is no dataset %q", ours))
		}
		for _, other := range decl.All[*Node](set, NodeKind.Name) {
			for name, one := range other.Datasets {
				if one == ours && (other != n || name != theirs) {
					r.Add(n.At("datasets", theirs), fmt.Sprintf("数据集 %q 已用于另一来源", ours), fmt.Sprintf("dataset %q is another's already", ours))
				}
			}
		}
	}
	p, ok := decl.Find[*process.Process](set, process.KindName, n.Process)
	if !ok || !slices.ContainsFunc(p.Actions, func(a *process.Action) bool { return a.Name == n.Action && a.Start && a.System }) {
		r.Add(n.At("action"), fmt.Sprintf("流程 %q 没有由系统采取的 start 动作 %q", n.Process, n.Action), fmt.Sprintf("process %q has no start action %q that the system takes", n.Process, n.Action))
	}
}

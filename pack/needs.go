package pack

import (
	"fmt"
	"sort"
	"strings"

	"chengshu/core/decl"
)

// inOrder returns the packs so that each comes after those it needs, else by
// source and name, overlays last. Names given twice, packs that are missing
// and circles are noted; a pack in a circle keeps its place by name.
func inOrder(found []*Pack, r *decl.Report) []*Pack {
	sort.SliceStable(found, func(i, j int) bool {
		a, b := found[i], found[j]
		if a.Overlay != b.Overlay {
			return b.Overlay
		}
		return a.folder.source < b.folder.source || a.folder.source == b.folder.source && a.Name < b.Name
	})
	s := sorter{byName: map[string]*Pack{}, state: map[string]int{}, report: r}
	var unique []*Pack
	for _, p := range found {
		if old := s.byName[p.Name]; old != nil {
			r.Add(p.Pos, fmt.Sprintf("能力包 %q 已在 %s 载入；请改名或删去其一", p.Name, old.Pos),
				fmt.Sprintf("the pack %q is already loaded from %s; rename or remove one", p.Name, old.Pos))
			continue
		}
		s.byName[p.Name] = p
		unique = append(unique, p)
	}
	for _, p := range unique {
		if s.state[p.Name] == 0 {
			s.visit(p, nil)
		}
	}
	return s.out
}

// sorter is a depth-first topological sort.
type sorter struct {
	byName map[string]*Pack
	state  map[string]int // 0 new, 1 on the way, 2 done
	out    []*Pack
	report *decl.Report
}

func (s *sorter) visit(p *Pack, way []string) {
	s.state[p.Name] = 1
	way = append(way, p.Name)
	for _, need := range p.needs {
		q := s.byName[need.text]
		switch {
		case q == nil:
			s.missing(need)
		case q.Overlay && !p.Overlay:
			s.report.Add(need.Pos, fmt.Sprintf("%q 是覆盖包，普通能力包不能依赖它", need.text),
				fmt.Sprintf("%q is an overlay; a pack cannot need it", need.text))
		case s.state[q.Name] == 1:
			s.circle(need, way)
		case s.state[q.Name] == 0:
			s.visit(q, way)
		}
	}
	s.state[p.Name] = 2
	s.out = append(s.out, p)
}

func (s *sorter) missing(need word) {
	known := make([]string, 0, len(s.byName))
	for n := range s.byName {
		known = append(known, n)
	}
	zh, en := decl.Suggest(need.text, known)
	s.report.Add(need.Pos, fmt.Sprintf("需要的能力包 %q 没有载入；%s", need.text, zh),
		fmt.Sprintf("the needed pack %q is not loaded; %s", need.text, en))
}

func (s *sorter) circle(need word, way []string) {
	from := 0
	for i, n := range way {
		if n == need.text {
			from = i
		}
	}
	circle := strings.Join(append(append([]string(nil), way[from:]...), need.text), " → ")
	s.report.Add(need.Pos, "能力包互相依赖："+circle+"；请去掉一处", "packs need each other in a circle: "+circle+"; remove one need")
}

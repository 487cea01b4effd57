package link

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"chengshu/kernel/fault"
)

// Spec declares a linkage. The zero value of a number stands for its default.
type Spec struct {
	Fields []Field `json:"fields" yaml:"fields"`
	// Blocks are candidate rules: rows whose keys all agree are compared. None: they are derived from the fields.
	Blocks     []Rule  `json:"blocks,omitempty" yaml:"blocks,omitempty"`
	MaxPairs   int64   `json:"max_pairs,omitempty" yaml:"max_pairs,omitempty"`     // budget of pairs for all rules together; 50 million
	MaxBlock   int64   `json:"max_block,omitempty" yaml:"max_block,omitempty"`     // pairs above which one block is skipped; 1 million
	MaxCluster int     `json:"max_cluster,omitempty" yaml:"max_cluster,omitempty"` // rows of one entity; 50
	Link       float64 `json:"link,omitempty" yaml:"link,omitempty"`               // probability from which a pair joins; 0.9
	Review     float64 `json:"review,omitempty" yaml:"review,omitempty"`           // probability from which a person is asked; 0.3
	// Against is the weight, in bits, at or below which a pair may not stand in one cluster; -20.
	Against float64 `json:"against,omitempty" yaml:"against,omitempty"`
	// Golden declares, for each field that is wanted, which row's value is taken.
	Golden []Survivor `json:"golden,omitempty" yaml:"golden,omitempty"`
}

// Field is a column and how two of its values are compared.
type Field struct {
	Name    string `json:"name" yaml:"name"`
	Compare string `json:"compare" yaml:"compare"`                 // one of Comparisons
	Check   string `json:"check,omitempty" yaml:"check,omitempty"` // code: the name of the check digit's rule
	// Steps grade "edit" (largest distances, rising) and "jaro-winkler" (least similarities, falling).
	Steps []float64 `json:"steps,omitempty" yaml:"steps,omitempty"`
	// Terms lets agreement on a rare value weigh more than on a common one.
	Terms bool `json:"terms,omitempty" yaml:"terms,omitempty"`
	// Shared says that different entities often have the value in common, and others with it: a household's telephone and address.
	Shared bool `json:"shared,omitempty" yaml:"shared,omitempty"`
	// Distinct forbids one entity to have two different valid values; only for code.
	Distinct bool `json:"distinct,omitempty" yaml:"distinct,omitempty"`
}

// Rule is a blocking rule: all its keys must agree.
type Rule []Key

// Key is a field or the part of its value that must agree: one of Parts, "first" and "last" with a number of characters ("first3").
type Key struct {
	Field string `json:"field" yaml:"field"`
	Part  string `json:"part,omitempty" yaml:"part,omitempty"`
}

// Survivor says where the golden value of a field comes from: the authoritative source if it has one, else the first rule that leaves one value.
type Survivor struct {
	Field  string   `json:"field" yaml:"field"`
	Source string   `json:"source,omitempty" yaml:"source,omitempty"`
	Rules  []string `json:"rules,omitempty" yaml:"rules,omitempty"` // of Survival, in order
}

// The words a Spec may use.
var (
	Comparisons = []string{"exact", "code", "edit", "jaro-winkler", "name", "company", "address", "date"}
	Parts       = []string{"", "pinyin", "year", "month", "core", "place"}
	Survival    = []string{"valid", "most", "newest", "longest"}
)

// maxFields keeps the pattern of a pair in 64 bits and the choice of rules quick.
const maxFields = 16

// with fills in the defaults.
func (s Spec) with() Spec {
	set(&s.MaxPairs, 50_000_000)
	set(&s.MaxBlock, 1_000_000)
	set(&s.MaxCluster, 50)
	set(&s.Link, 0.9)
	set(&s.Review, min(0.3, s.Link))
	set(&s.Against, -20)
	return s
}

func set[T int | int64 | float64](p *T, value T) {
	if *p == 0 {
		*p = value
	}
}

// check returns a fault of kind Invalid that lists every mistake, or nil.
func (s Spec) check(checks map[string]Check) error {
	f := fault.New(fault.Invalid, "bad-linkage", "实体归一的声明有误", "the declaration of the linkage has mistakes")
	bad := func(path, zh, en string) { f.With(path, zh, en) }
	if len(s.Fields) == 0 || len(s.Fields) > maxFields {
		bad("fields", fmt.Sprintf("须有1至%d个字段", maxFields), fmt.Sprintf("there must be 1 to %d fields", maxFields))
	}
	seen := map[string]bool{}
	for i, field := range s.Fields {
		path := fmt.Sprintf("fields.%d", i)
		if field.Name == "" || seen[field.Name] {
			bad(path+".name", "字段名为空或重复", "the name is empty or used twice")
		}
		seen[field.Name] = true
		checkField(path, field, checks, bad)
	}
	for i, rule := range s.Blocks {
		for j, key := range rule {
			if path := fmt.Sprintf("blocks.%d.%d", i, j); !seen[key.Field] || !knownPart(key.Part) {
				bad(path, "没有这个字段或部分", fmt.Sprintf("no field %q or no part %q", key.Field, key.Part))
			}
		}
		if len(rule) == 0 {
			bad(fmt.Sprintf("blocks.%d", i), "规则至少要有一个键", "a rule needs a key")
		}
	}
	for i, g := range s.Golden {
		for _, rule := range g.Rules {
			if !slices.Contains(Survival, rule) {
				bad(fmt.Sprintf("golden.%d.rules", i), "可用："+strings.Join(Survival, "、"), "must be of "+strings.Join(Survival, ", "))
			}
		}
		if !seen[g.Field] {
			bad(fmt.Sprintf("golden.%d.field", i), "没有这个字段", fmt.Sprintf("no field %q", g.Field))
		}
	}
	if d := s.with(); d.Review < 0 || d.Review > d.Link || d.Link > 1 || d.MaxPairs < 0 || d.MaxBlock < 0 || d.MaxCluster < 2 || d.Against > 0 {
		bad("link", "须有 0 ≤ review ≤ link ≤ 1，上限为正，against 不大于 0", "need 0 ≤ review ≤ link ≤ 1, limits above zero, against not above zero")
	}
	if len(f.Fields) > 0 {
		return f
	}
	return nil
}

func checkField(path string, field Field, checks map[string]Check, bad func(path, zh, en string)) {
	if !slices.Contains(Comparisons, field.Compare) {
		bad(path+".compare", "可用："+strings.Join(Comparisons, "、"), "must be one of "+strings.Join(Comparisons, ", "))
	}
	if field.Compare == "code" && checks[field.Check].Valid == nil || field.Compare != "code" && field.Check != "" {
		bad(path+".check", "仅 code 可且必须指定已登记的校验规则", fmt.Sprintf("only code takes a check, and %q must be a known one", field.Check))
	}
	if field.Distinct && field.Compare != "code" {
		bad(path+".distinct", "仅用于 code", "only for code")
	}
	rising := field.Compare == "edit"
	graded := rising || field.Compare == "jaro-winkler"
	sorted := slices.IsSortedFunc(field.Steps, func(a, b float64) int {
		if (a < b) == rising {
			return -1
		}
		return 1
	})
	if len(field.Steps) > 0 && !graded || len(field.Steps) > 4 || !sorted {
		bad(path+".steps", "仅 edit（递增）和 jaro-winkler（递减）可用，至多4级", "only for edit (rising) and jaro-winkler (falling), at most 4")
	}
}

func knownPart(part string) bool {
	_, _, cut := cutPart(part)
	return cut || slices.Contains(Parts, part)
}

// cutPart reads "first3" and "last4".
func cutPart(part string) (last bool, n int, ok bool) {
	digits, first := strings.CutPrefix(part, "first")
	if !first {
		if digits, last = strings.CutPrefix(part, "last"); !last {
			return false, 0, false
		}
	}
	n, err := strconv.Atoi(digits)
	return last, n, err == nil && n > 0
}

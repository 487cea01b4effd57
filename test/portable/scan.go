package portable

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Statement is one piece of SQL in the source.
type Statement struct {
	File string // slash-separated, relative to the root
	Line int
	Text string // what is not a literal stands as ∎
}

// hole stands for the part of a statement that is not a literal.
const hole = "∎"

// skipped are folders without source of ours.
var skipped = []string{".git", "node_modules", "dist", "bin", "out", "data"}

// forDuckDB are the files whose statements are for DuckDB, which has SQL of its
// own and no other database behind the same text.
var forDuckDB = []string{"engine/lake/plan.go", "engine/lake/rows.go", "engine/lake/diff_plan.go", "engine/lake/text.go", "engine/lake/parquet.go", "bench/ingest.go", "bench/diff.go"}

// Read returns the SQL of all Go files under root, other than tests.
func Read(root string) ([]Statement, error) {
	var found []Statement
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && slices.Contains(skipped, entry.Name()) && name != root:
			return fs.SkipDir
		case entry.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		if slices.Contains(forDuckDB, filepath.ToSlash(rel)) {
			return nil
		}
		got, err := readFile(name, filepath.ToSlash(rel), nil)
		found = append(found, got...)
		return err
	})
	return found, err
}

// readFile returns the SQL in one file; src replaces its text when not nil.
func readFile(name, rel string, src any) ([]Statement, error) {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, name, src, parser.SkipObjectResolution)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", rel, err)
	}
	fragments := usesDB(file)
	var found []Statement
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ImportSpec, *ast.Field:
			return false // a struct's tags
		case *ast.BinaryExpr, *ast.BasicLit:
			text, literal := flatten(n.(ast.Expr))
			if !literal {
				return true
			}
			if isSQL(text, fragments) {
				found = append(found, Statement{rel, files.Position(n.Pos()).Line, text})
				return false
			}
			_, leaf := n.(*ast.BasicLit)
			return !leaf
		}
		return true
	})
	return found, nil
}

func usesDB(file *ast.File) bool {
	return strings.HasSuffix(file.Name.Name, "db") || slices.ContainsFunc(file.Imports, func(i *ast.ImportSpec) bool {
		return i.Path.Value == `"chengshu/kernel/db"`
	})
}

// flatten joins the string literals of a sum; literal is false when there is none.
func flatten(e ast.Expr) (text string, literal bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		if e.Kind != token.STRING {
			return hole, false
		}
		s, err := strconv.Unquote(e.Value)
		return s, err == nil
	case *ast.ParenExpr:
		return flatten(e.X)
	case *ast.BinaryExpr:
		if e.Op != token.ADD {
			return hole, false
		}
		left, one := flatten(e.X)
		right, two := flatten(e.Y)
		return left + right, one || two
	}
	return hole, false
}

var (
	statement = regexp.MustCompile(`(?is)^\s*(select\b.*(\bfrom\b|\$\d|\()|insert\s+(or\s+\w+\s+)?into\b|replace\s+into\b|update\s+\S+\s+set\b|` +
		`delete\s+from\b|with\s+(recursive\s+)?\w+\s*(\([^)]*\)\s*)?as\b|create\s+(or\s+replace\s+)?(unique\s+|temp\s+|virtual\s+)*(table|index|view|trigger)\b|` +
		`alter\s+table\b|drop\s+(table|index|view)\b|pragma\s+\w+)`)
	clause = regexp.MustCompile(`(?s)^\s*(and|or|where|order by|group by|on conflict|limit|offset|returning|left join|join|union|case when|set)\b.*[$=<>(,∎]|^\s*for (update|share)\b`)
	prose  = regexp.MustCompile(`[\p{Han}.:;!?](\s|$)`) // messages, not statements
)

// isSQL reports whether text is a statement, or a clause of one.
func isSQL(text string, fragments bool) bool {
	if statement.MatchString(text) {
		return true
	}
	return fragments && clause.MatchString(text) && !prose.MatchString(strings.TrimSpace(withoutQuoted(text)))
}

var quoted = regexp.MustCompile(`'(?:[^']|'')*'`)

// withoutQuoted empties the string literals of SQL, so that what data says is not taken for SQL.
func withoutQuoted(text string) string { return quoted.ReplaceAllString(text, "''") }

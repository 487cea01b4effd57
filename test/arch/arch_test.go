package arch

import (
	"path/filepath"
	"testing"
)

// TestTree applies every rule to this tree.
func TestTree(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	tree, err := Read(root)
	if err != nil {
		t.Fatal(err)
	}
	if len(tree.Files) < 10 {
		t.Fatalf("only %d files read under %s: the rules would pass on nothing", len(tree.Files), root)
	}
	for name, found := range map[string][]string{
		"imports": Imports(tree),
		"sole":    Sole(tree),
		"lines":   Long(tree),
		"docs":    Undocumented(tree),
		"packs":   Packs(tree),
		"words":   Words(tree, filepath.ToSlash(root)),
	} {
		t.Run(name, func(t *testing.T) {
			for _, line := range found {
				t.Error(line)
			}
		})
	}
}

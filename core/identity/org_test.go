package identity

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"chengshu/core/decl"
	"chengshu/kernel/db"
	"chengshu/kernel/fault"
)

func ids(orgs []*Org) string {
	var out []string
	for _, o := range orgs {
		out = append(out, o.ID)
	}
	return strings.Join(out, " ")
}

func TestTree(t *testing.T) {
	onBoth(t, func(t *testing.T, c *city) {
		tree, err := c.Tree(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for what, pair := range map[string][2]string{
			"root":              {ids(tree.Children("")), "1301"},
			"children":          {ids(tree.Children("130102")), "130102-urban 130102001"},
			"none":              {ids(tree.Children("130102001-team")), ""},
			"under a county":    {ids(tree.Under("/1301/130102/")), "130102 130102-urban 130102001 130102001-team"},
			"under nothing":     {ids(tree.Under("/1302/")), ""},
			"of the county":     {ids(tree.OfDivision("/1301/130102/")), "130102 130102-urban"},
			"of the street":     {ids(tree.OfDivision("/1301/130102/130102001/")), "130102001 130102001-team"},
			"path":              {tree.Org("130102001-team").Path, "/1301/130102/130102001/130102001-team/"},
			"division":          {tree.Org("1301-urban").Division, "/1301/"},
			"organisation at":   {tree.At("/1301/1301-urban/").LawNames, "城市管理;行政执法部门"},
			"division of teams": {tree.Org("130102001-team").Division, "/1301/130102/130102001/"},
		} {
			if pair[0] != pair[1] {
				t.Errorf("%s: %q, want %q", what, pair[0], pair[1])
			}
		}
	})
}

func TestTreeChanges(t *testing.T) {
	onBoth(t, func(t *testing.T, c *city) {
		other := c.another(c.db)
		if _, err := other.Tree(t.Context()); err != nil {
			t.Fatal(err)
		}
		c.do(func(tx *db.Tx) error {
			_, err := c.AddOrg(tx, NewSystem(), Org{ID: "130102002", Parent: "130102", Kind: Street, NameZh: "青园街道办事处"})
			return err
		})
		here, _ := c.Tree(t.Context())
		if here.Org("130102002") == nil {
			t.Error("a change is not seen at once")
		}
		c.clock.Advance(10 * time.Second)
		there, _ := other.Tree(t.Context())
		if there.Org("130102002") == nil {
			t.Error("a change is not seen by another process after ten seconds")
		}
		again, _ := other.Tree(t.Context())
		c.clock.Advance(10 * time.Second)
		if later, _ := other.Tree(t.Context()); later != again || again != there {
			t.Error("the tree was read again although nothing changed")
		}
	})
}

func TestOrgRefuses(t *testing.T) {
	onBoth(t, func(t *testing.T, c *city) {
		for name, tt := range map[string]struct {
			org  Org
			kind fault.Kind
			code string
		}{
			"unknown parent":    {Org{ID: "x", Parent: "1302", Kind: County, NameZh: "某"}, fault.NotFound, "no-org"},
			"unknown division":  {Org{ID: "x", Parent: "1301", Division: "1302", Kind: Department, NameZh: "某"}, fault.NotFound, "no-org"},
			"slash in id":       {Org{ID: "x/y", Parent: "1301", Kind: County, NameZh: "某"}, fault.Invalid, "bad-org"},
			"moved":             {Org{ID: "130102-urban", Parent: "1301", Kind: Department, NameZh: "某"}, fault.Invalid, "bad-org"},
			"another kind":      {Org{ID: "130102-urban", Parent: "130102", Kind: "team", NameZh: "某"}, fault.Invalid, "bad-org"},
			"no name":           {Org{ID: "x", Parent: "1301", Kind: County}, fault.Invalid, "bad-org"},
			"path not parent's": {Org{ID: "x", Parent: "1301", Path: "/x/", Kind: County, NameZh: "某"}, fault.Invalid, "bad-org"},
		} {
			err := c.db.Do(t.Context(), func(tx *db.Tx) error {
				_, err := c.AddOrg(tx, NewSystem(), tt.org)
				return err
			})
			if !fault.Is(err, tt.kind) || fault.Code(err) != tt.code {
				t.Errorf("%s: got %v, want %s %s", name, err, tt.kind, tt.code)
			}
		}
		err := c.db.Do(t.Context(), func(tx *db.Tx) error { return c.CloseOrg(tx, NewSystem(), "130102") })
		wantCode(t, err, fault.Conflict, "org-in-use")
	})
}

func TestHolders(t *testing.T) {
	onBoth(t, func(t *testing.T, c *city) {
		zhang, li := c.register("zhang.san"), c.register("li.si")
		c.appoint(zhang, "130102", "handler")
		c.appoint(li, "130102001-team", "handler", "head")
		ended := c.appoint(zhang, "130102-urban", "handler")
		c.do(func(tx *db.Tx) error { return c.EndPost(tx, NewSystem(), ended) })
		for _, tt := range []struct {
			path, role string
			below      bool
			want       []string
		}{
			{"/1301/130102/", "handler", false, []string{zhang}},
			{"/1301/130102/", "handler", true, []string{zhang, li}},
			{"/1301/130102/", "head", true, []string{li}},
			{"/1301/130102/", "mayor", true, nil},
			{"/1301/", "handler", false, nil},
		} {
			got, err := c.Holders(c.db.Read(t.Context()), tt.path, tt.role, tt.below)
			var persons []string
			for _, h := range got {
				persons = append(persons, h.Person)
			}
			if err != nil || !slices.Equal(persons, tt.want) {
				t.Errorf("%+v: got %v, %v", tt, got, err)
			}
		}
	})
}

const unitsHead = "id,name,name_en,parent,path,kind,division,law_name\n"

func TestSeedOrgs(t *testing.T) {
	onBoth(t, func(t *testing.T, c *city) {
		file := "\ufeff" + unitsHead +
			"1301,石家庄市人民政府,,,/1301/,city,1301,市人民政府\n" + // renamed by its law name
			"130104,桥西区人民政府,Qiaoxi,1301,/1301/130104/,county,130104,\n" +
			"130104-x,派驻长安区的大队,,130104,,team,130102,\n"
		for i, want := range []int{3, 0} { // the second time there is nothing to do
			var r decl.Report
			n, err := c.SeedOrgs(t.Context(), strings.NewReader(file), "units.csv", &r)
			if err != nil || r.Err() != nil || n != want {
				t.Fatalf("time %d: %d, %v, %v", i+1, n, err, r.Err())
			}
		}
		tree, _ := c.Tree(t.Context())
		if o := tree.Org("130104-x"); o == nil || o.Division != "/1301/130102/" || o.Path != "/1301/130104/130104-x/" {
			t.Errorf("got %+v", o)
		}
	})
}

func TestSeedOrgsRefuses(t *testing.T) {
	onBoth(t, func(t *testing.T, c *city) {
		for name, tt := range map[string]struct{ file, at, says string }{
			"unknown column": {"id,parent,kind,name,colour\nz,,city,某,red\n", "units.csv:1:0", "colour"},
			"missing column": {"id,parent,kind\n", "units.csv:1:0", "name"},
			"bad row":        {unitsHead + "a b,某,,,,city,,\n", "units.csv:2:0", "id"},
			"twice":          {unitsHead + "z,某,,,,city,,\nz,某,,,,city,,\n", "units.csv:3:0", "twice"},
			"short row":      {unitsHead + "z,某\n", "units.csv:2:0", "fields"},
			"empty":          {"", "units.csv:1:0", "header"},
			"parent later":   {unitsHead + "z,某,,q,,city,,\n", "units.csv:2:0", "q"},
		} {
			var r decl.Report
			_, err := c.SeedOrgs(t.Context(), strings.NewReader(tt.file), "units.csv", &r)
			if err == nil {
				err = r.Err()
			}
			if err == nil || !strings.Contains(err.Error(), tt.at) || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("%s: got %v, want %s and %q", name, err, tt.at, tt.says)
			}
		}
		if tree, _ := c.Tree(t.Context()); tree.Len() != 6 {
			t.Errorf("%d organisations, want the 6 from before", tree.Len())
		}
	})
}

// TestSeedUnits loads the units of the city's own pack.
func TestSeedUnits(t *testing.T) {
	path := filepath.Join("..", "..", "packs", "city-governance", "data", "units.csv")
	f, err := os.Open(path)
	if err != nil {
		t.Skip("no units file: ", err)
	}
	defer f.Close()
	onBoth(t, func(t *testing.T, c *city) {
		if _, err := f.Seek(0, 0); err != nil {
			t.Fatal(err)
		}
		d := c.another(c.db)
		var r decl.Report
		n, err := d.SeedOrgs(t.Context(), f, "units.csv", &r)
		// newCity's departments have no place in the file's tree.
		if err != nil || r.Err() != nil || n < 1000 {
			t.Fatalf("%d, %v, %v", n, err, r.Err())
		}
	})
}

func FuzzReadOrgs(f *testing.F) {
	f.Add(unitsHead + "1301,石家庄市,,,/1301/,city,1301,\n")
	f.Add("id,parent\n\"")
	f.Fuzz(func(t *testing.T, s string) {
		var r decl.Report
		orgs, ok := readOrgs(strings.NewReader(s), "f", &r)
		if ok != (r.Err() == nil) {
			t.Fatalf("ok %v, report %v", ok, r.Err())
		}
		for _, o := range orgs {
			if ok && o.check() != nil {
				t.Fatalf("accepted %+v", o)
			}
		}
	})
}

package data

import (
	"strconv"
	"strings"
	"testing"

	"chengshu/kernel/clock"
	"chengshu/standard/gbcode"
)

const governance = packs + "/city-governance/data/"

func units(t *testing.T) []row {
	t.Helper()
	return table(t, governance+"units.csv", "id", "name", "name_en", "parent", "path", "kind", "division", "law_name")
}

func categories(t *testing.T) []row {
	t.Helper()
	return table(t, governance+"categories.csv", "code", "name", "name_en", "class", "class_name", "class_name_en",
		"kind", "department", "span", "urgency", "filing")
}

func TestUnits(t *testing.T) {
	rows := units(t)
	byID := index(t, rows, "id")
	places := index(t, divisions(t), "code")
	index(t, rows, "path")
	count := map[string]int{}
	for _, r := range rows {
		count[r["kind"]]++
		up := "/"
		if r["parent"] != "" {
			if byID[r["parent"]] == nil {
				t.Errorf("%s: no parent %s", r["id"], r["parent"])
				continue
			}
			up = byID[r["parent"]]["path"]
		}
		if r["path"] != up+r["id"]+"/" {
			t.Errorf("%s: path %s", r["id"], r["path"])
		}
		if places[r["division"]] == nil || r["name"] == "" || r["name_en"] == "" {
			t.Errorf("incomplete: %v", r)
		}
	}
	want := map[string]int{"city": 1, "county": 24, "street": 280, "team": 280, "center": 25}
	for kind, n := range want {
		if count[kind] != n {
			t.Errorf("%d units of kind %s, want %d", count[kind], kind, n)
		}
	}
}

func TestCategories(t *testing.T) {
	rows := categories(t)
	index(t, rows, "code")
	index(t, rows, "name")
	byID := index(t, units(t), "id")
	if len(rows) < 40 {
		t.Errorf("only %d categories", len(rows))
	}
	for _, r := range rows {
		wantKind := map[byte]string{'P': "component", 'E': "event"}[r["code"][0]]
		if r["kind"] != wantKind || r["class"] != r["code"][:3] || r["filing"] == "" || r["name_en"] == "" {
			t.Errorf("inconsistent: %v", r)
		}
		if _, err := clock.ParseSpan(r["span"]); err != nil {
			t.Errorf("%s: %v", r["code"], err)
		}
		if !strings.Contains(" urgent high normal low ", " "+r["urgency"]+" ") {
			t.Errorf("%s: urgency %q", r["code"], r["urgency"])
		}
		if byID["130102-"+r["department"]] == nil && byID["1301-"+r["department"]] == nil {
			t.Errorf("%s: no unit for department %q", r["code"], r["department"])
		}
	}
}

// TestDuty dispatches every category at every street by the rule the table is
// written for, the row of highest priority among those whose place contains the
// street and whose category is the code, its class or "*", and wants exactly
// one unit, which stands on the street's own line of the tree.
func TestDuty(t *testing.T) {
	byID := index(t, units(t), "id")
	rows := table(t, governance+"duty.csv", "id", "division", "category", "unit", "priority")
	index(t, rows, "id")
	type key struct{ division, category string }
	at := map[key]row{}
	for _, r := range rows {
		if byID[r["unit"]] == nil {
			t.Errorf("%s: no unit %s", r["id"], r["unit"])
		}
		at[key{r["division"], r["category"]}] = r
	}
	spot := map[key]string{
		{"130102001", "P0105"}: "130102-lamp",
		{"130102001", "E0101"}: "130102001-team",
		{"130102001", "E0501"}: "130102-traffic",
		{"130102001", "P0101"}: "130102001-team",
		{"130123100", "P0109"}: "1301-gas",
	}
	n := 0
	all := categories(t)
	for _, street := range divisions(t) {
		if street["level"] != "street" {
			continue
		}
		for _, c := range all {
			n++
			best, rank := "", 0
			for _, place := range gbcode.Chain(street["code"]) {
				for _, cat := range []string{c["code"], c["class"], "*"} {
					r := at[key{place, cat}]
					p, _ := strconv.Atoi(r["priority"])
					if p == rank && p > 0 {
						t.Errorf("%s at %s: %s and %s tie", c["code"], street["code"], best, r["unit"])
					}
					if p > rank {
						best, rank = r["unit"], p
					}
				}
			}
			if want := spot[key{street["code"], c["code"]}]; want != "" && want != best {
				t.Errorf("%s at %s goes to %s, want %s", c["code"], street["code"], best, want)
			}
			unit := byID[best]
			if unit == nil || !gbcode.Within(unit["division"], street["code"]) {
				t.Errorf("%s at %s goes to %q", c["code"], street["code"], best)
			}
		}
	}
	if n < 280*40 {
		t.Errorf("only %d pairs were tried", n)
	}
}

// TestRequestMap sends each of the real service requests through the map: the
// row of both type and descriptor comes first, then that of the type alone.
func TestRequestMap(t *testing.T) {
	byCode := index(t, categories(t), "code")
	to := map[[2]string]string{}
	for _, r := range table(t, governance+"nyc311-map.csv", "complaint_type", "descriptor", "category", "category_name") {
		k := [2]string{r["complaint_type"], r["descriptor"]}
		if to[k] != "" || byCode[r["category"]] == nil || byCode[r["category"]]["name"] != r["category_name"] {
			t.Errorf("repeated, or no such category: %v", r)
		}
		to[k] = r["category"]
	}
	if to[[2]string{"*", ""}] == "" {
		t.Error("nothing catches the types not listed")
	}
	_, requests := readCSV(t, source(t, "service311/nyc311-1000.csv"))
	for _, r := range requests {
		if to[[2]string{r["complaint_type"], ""}] == "" {
			t.Errorf("%q is not mapped", r["complaint_type"])
		}
	}
	if len(requests) != 1000 {
		t.Errorf("%d requests, want 1000", len(requests))
	}
}

package data

import (
	"strconv"
	"strings"
	"testing"

	"chengshu/standard/gbcode"
)

var divisionColumns = []string{"code", "name", "level", "parent", "path", "lon", "lat", "approx", "polygon"}

func divisions(t *testing.T) []row {
	t.Helper()
	return table(t, packs+"/public-data/data/divisions.csv", divisionColumns...)
}

func TestDivisions(t *testing.T) {
	rows := divisions(t)
	byCode := index(t, rows, "code")
	count := map[string]int{}
	for _, r := range rows {
		count[r["level"]]++
		code, level, ps := gbcode.Place(r["code"])
		if len(ps) > 0 || code != r["code"] || level.String() != r["level"] {
			t.Errorf("%v: gbcode says %q, %v, %v", r, code, level, ps)
		}
		if r["path"] != gbcode.Path("1301", code) {
			t.Errorf("%s: path %s", code, r["path"])
		}
		if r["name"] == "" || strings.TrimSpace(r["name"]) != r["name"] {
			t.Errorf("%s: name %q", code, r["name"])
		}
		if code == "1301" {
			continue
		}
		if r["parent"] != gbcode.Parent(code) || byCode[r["parent"]] == nil {
			t.Errorf("%s: parent %q", code, r["parent"])
		}
	}
	want := map[string]int{"city": 1, "county": 24, "street": 280, "village": 5152}
	for level, n := range want {
		if count[level] != n {
			t.Errorf("%d of level %s, want %d", count[level], level, n)
		}
	}
}

// TestDivisionsAgainstSource compares every code and name with the lists they
// were taken from.
func TestDivisionsAgainstSource(t *testing.T) {
	byCode := index(t, divisions(t), "code")
	n := 1
	for _, name := range []string{"admin/sjz-areas.csv", "admin/sjz-streets.csv", "admin/sjz-villages.csv"} {
		_, rows := readCSV(t, source(t, name))
		for _, r := range rows {
			n++
			if got := byCode[r["code"]]; got == nil || got["name"] != r["name"] {
				t.Errorf("%s %s %s: have %v", name, r["code"], r["name"], got)
			}
		}
	}
	if n != len(byCode) {
		t.Errorf("the sources have %d divisions, the table %d", n, len(byCode))
	}
}

// TestDivisionPoints holds what routing by place relies on: each county and
// street has a point inside the polygon that its row names, no two streets the
// same one, and the polygon of a street is its county's, or its host's for a
// development zone.
func TestDivisionPoints(t *testing.T) {
	rows := divisions(t)
	shapes := boundaries(t)
	hosts := map[string]string{}
	for _, r := range rows {
		if r["level"] == "county" {
			hosts[r["code"]] = r["polygon"]
		}
	}
	at := map[[2]float64]string{}
	for _, r := range rows {
		if r["level"] != "county" && r["level"] != "street" {
			continue
		}
		p := point(t, r)
		if r["level"] == "street" {
			if at[p] != "" {
				t.Errorf("%s lies on %s", r["code"], at[p])
			}
			at[p] = r["code"]
		}
		if !shapes[r["polygon"]].contains(p) {
			t.Errorf("%s %s: %v is not in polygon %s", r["code"], r["name"], p, r["polygon"])
		}
		if r["level"] == "street" && (r["polygon"] != hosts[r["parent"]] || r["approx"] != "true") {
			t.Errorf("%s: polygon %s, approx %s", r["code"], r["polygon"], r["approx"])
		}
	}
	for code, host := range hosts {
		zone := code == "130171" || code == "130172"
		if zone == (code == host) {
			t.Errorf("county %s is held by polygon %s", code, host)
		}
	}
}

func point(t *testing.T, r row) [2]float64 {
	t.Helper()
	lon, err1 := strconv.ParseFloat(r["lon"], 64)
	lat, err2 := strconv.ParseFloat(r["lat"], 64)
	if err1 != nil || err2 != nil {
		t.Errorf("%s: point %q, %q", r["code"], r["lon"], r["lat"])
	}
	return [2]float64{lon, lat}
}

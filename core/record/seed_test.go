package record

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"chengshu/core/decl"
	"chengshu/core/evidence"
	"chengshu/kernel/db"
	"chengshu/kernel/db/dbtest"
)

const seedYAML = cityYAML + `
---
seed: places
into: place
from: data/places.csv
key: id
columns: {name: title}
---
seed: lamps
into: lamp
from: data/lamps.csv
key: code
columns: {at: "x+y", stands: place}
---
seed: grounds
into: lamp
from: data/grounds.geojson
key: code
columns: {area: geometry}
`

func (w *world) seed(name, file string) (int, error) {
	w.t.Helper()
	for _, s := range w.seeds {
		if s.Name == name {
			return Seeder{Engine: w.e, Evidence: w.acts, Now: func() time.Time { return now }}.Load(context.Background(), s, []byte(file))
		}
	}
	w.t.Fatalf("no seed %s", name)
	return 0, nil
}

// sow loads a file and fails unless it wrote that many rows.
func (w *world) sow(name, file string, want int) {
	w.t.Helper()
	got, err := w.seed(name, file)
	must(w.t, err)
	if got != want {
		w.t.Errorf("%s wrote %d rows, want %d", name, got, want)
	}
}

const lampsCSV = "\ufeffcode,watts,lit,x,y,tags,place,label\nA,60,true,114.5,38.1,a; b,p1,one\nB,,false,,,,,\"two,\nlines\"\n"

func TestSeed(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, seedYAML)
		w.sow("places", "id,title,path\np1,First,/1/\n", 1)
		w.sow("lamps", lampsCSV, 2)
		a := w.get("lamp", "A")
		if got, want := a.json(), `{"code":"A","label":"one","watts":60,"lit":true,"colour":"warm","tags":["a","b"],"at":{"lon":114.5,"lat":38.1},"stands":"p1","doubled":120,"kilo":"0.060"}`; got != want {
			t.Errorf("A is\n%s, want\n%s", got, want)
		}
		if got, want := w.get("lamp", "B").json(), `{"code":"B","label":"two,\nlines","lit":false,"colour":"warm"}`; got != want {
			t.Errorf("B is\n%s, want\n%s", got, want)
		}

		w.sow("lamps", lampsCSV, 0) // the same file, byte for byte

		// A changed file: one row changes, one loses a value, one comes, one is
		// no longer named. Those that are the same get no revision.
		w.sow("lamps", "code,watts,lit,x,y,tags,place,label\nA,,true,114.5,38.1,a;b,p1,one\nC,7,false,,,,,\n", 2)
		if got := w.get("lamp", "A"); got.Rev != 2 || got.Get("watts") != nil || got.Get("doubled") != nil {
			t.Errorf("A is %s at revision %d", got.json(), got.Rev)
		}
		if got := w.get("lamp", "B"); got.Rev != 1 {
			t.Errorf("B, no longer named, is at revision %d", got.Rev)
		}

		// What somebody deleted does not come back.
		must(t, w.delete(w.get("lamp", "C")))
		w.sow("lamps", "code,watts,lit,x,y,place,label\nA,9,true,114.5,38.1,p1,one\nC,8,false,,,,\n", 1)

		// A column that the file does not have leaves its field alone.
		if got := w.get("lamp", "A"); got.Int("watts") != 9 || !strings.Contains(got.json(), `"tags":["a","b"]`) {
			t.Errorf("A is %s", got.json())
		}
		acts, err := evidence.ActsOn(d.Read(context.Background()), "seed", "lamps", 0, 10)
		must(t, err)
		if len(acts) != 3 || acts[0].Verb != "lamp.seed" {
			t.Errorf("acts of the seed: %+v", acts)
		}
	})
}

func TestSeedGeoJSON(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t), seedYAML)
	w.sow("grounds", `{"features":[{"properties":{"code":"G1","watts":5,"lit":false},"geometry":{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,0]]]}}]}`, 1)
	if got, want := w.get("lamp", "G1").json(), `{"code":"G1","watts":5,"lit":false,"colour":"warm","area":{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,0]]]},"doubled":10,"kilo":"0.005"}`; got != want {
		t.Errorf("G1 is\n%s, want\n%s", got, want)
	}
}

// TestSeedMistakes holds that a bad file names its line and loads nothing of
// the chunk.
func TestSeedMistakes(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t), seedYAML)
	for _, c := range []struct{ seed, file, want string }{
		{"lamps", "code,watts,x,y,place\nA,60,,,\nB,many,,,\n", "data/lamps.csv:3:3"},
		{"lamps", "code,x,y,place\nA,,,nowhere\n", "data/lamps.csv:2:1: fields.stands: the record it refers to does not exist"},
		{"lamps", "code,watts,lit,x,y,place\nA,1,true,,,\n", "data/lamps.csv:2:1: fields.watts: A lit lamp"},
	} {
		_, err := w.seed(c.seed, c.file)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %q: %v, want %s", c.seed, c.file, err, c.want)
		}
	}
	if n, err := w.e.Count(context.Background(), w.typ("lamp"), Query{}); err != nil || n != 0 {
		t.Errorf("%d rows of bad files were loaded, %v", n, err)
	}
}

// TestCheckFile holds what is said of each mistake in a file, and where.
func TestCheckFile(t *testing.T) {
	_, seeds, err := declare(t, seedYAML)
	must(t, err)
	const head = "code,watts,lit,x,y,tags,place\n"
	for _, c := range []struct{ seed, file, want string }{
		{"lamps", lampsCSV, ""},
		{"lamps", "", "1:1 the file is empty; its first line names the columns"},
		{"lamps", head + "A,60,true,,,,\nB,many,,,,,\n", "3:3 column watts: must be a whole number"},
		{"lamps", head + "A,600,true,,,,\n", "2:3 column watts: must be at most 500"},
		{"lamps", head + ",5,,,,,\n", "2:1 column code: is required; 2:1 column code: the key is empty"},
		{"lamps", head + "A,60,,,,,\n\"A\",70,,,,,\n", `3:1 column code: the key "A" is there twice`},
		{"lamps", head + "A\nB,no,,,,,\n", "2:1 this row has 1 columns, the header 7; 3:3 column watts: must be a whole number"},
		{"lamps", head + "A,,perhaps,114,,d,\n", "2:4 column lit: cannot read perhaps; 2:12 column x: must be degrees between -90 and 90; 2:17 column tags: must be one of [a b c]"},
		{"lamps", head + "A,\"60,,,,,\n", `2:12 cannot read this row: extraneous or missing " in quoted-field`},
		{"lamps", "code,wats,y\nA,60,1\n", `1:1 no field takes the column "wats"; did you mean "watts"?; 1:1 there is no column "place", which the field "stands" needs; 1:1 there is no column "x+y", which the field "at" needs`},
		{"lamps", "x,y,place,lit,lit\n", `1:1 the column "lit" is there twice; 1:1 there is no column "code", which is the key; 1:1 there is no column "code", which the field "code" needs`},
		{"lamps", "code,x,y,place,colours\n", `1:1 no field takes the column "colours"; did you mean "colour"?`},
		{"places", "id,title,path\np1,,/1/\n", "2:4 column title: is required"},
		{"grounds", `{"features":[{"properties":{"code":"G"},"geometry":{"type":"Point","coordinates":[1,1]}}]}`, `1:1 geometry of feature 1: not a valid area: type must be Polygon or MultiPolygon, not "Point"`},
		{"grounds", "{\n\"features\": [1]}", "not valid GeoJSON"},
	} {
		report := &decl.Report{}
		for _, s := range seeds {
			if s.Name == c.seed {
				s.CheckFile([]byte(c.file), "p/"+s.From, report)
			}
		}
		var got []string
		for _, p := range report.Problems() {
			got = append(got, fmt.Sprintf("%d:%d %s", p.Line, p.Col, p.En))
			if !strings.HasPrefix(p.File, "p/data/") || p.Zh == p.En {
				t.Errorf("problem %+v", p)
			}
		}
		if text := strings.Join(got, "; "); text != c.want && (c.want == "" || !strings.Contains(text, c.want)) {
			t.Errorf("%s %q:\n%s, want\n%s", c.seed, c.file, text, c.want)
		}
	}
}

// TestSeedRefersToItself loads rows that refer to later rows of the same file.
func TestSeedRefersToItself(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t), `
record: node
title: N
owner: a
basis: b
fields:
  name: {title: N, type: text}
  above: {title: A, type: reference, to: node}
---
seed: leaves
into: node
from: data/n.csv
key: id
`)
	w.sow("leaves", "id,name,above\n1,low,2\n2,high,\n", 2)
	if _, err := w.seed("leaves", "id,name,above\n1,low,3\n"); err == nil {
		t.Error("a row that refers to nothing was loaded")
	}
}

func TestInOrder(t *testing.T) {
	_, seeds, err := declare(t, strings.Replace(seedYAML, "seed: places", "seed: zplaces", 1))
	must(t, err)
	var names []string
	for _, s := range InOrder([]*Seed{seeds[1], seeds[2], seeds[0]}) {
		names = append(names, s.Name)
	}
	if got := strings.Join(names, " "); got != "zplaces lamps grounds" {
		t.Errorf("loaded in the order %s", got)
	}
}

package record

import (
	"context"
	"strings"
	"testing"
	"time"

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
		w.sow("lamps", "code,watts,lit,label\nA,9,true,one\nC,8,false,\n", 1)

		// A column that the file does not have leaves its field alone.
		if got := w.get("lamp", "A"); got.Int("watts") != 9 || got.Text("stands") != "p1" {
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
		{"lamps", "", "EOF"},
		{"lamps", "code,watts\nA,60\nB,many\n", "line 3"},
		{"lamps", "code,watts\nA,60\n,5\n", `line 3: the key "code" is empty`},
		{"lamps", "code,watts\nA,60\nA,70\n", `line 3: the key "A" is there twice`},
		{"lamps", "code,watts\nA\n", "wrong number of fields"},
		{"lamps", "code,x,y\nA,114,\n", "fields.at.lat"},
		{"lamps", "code,place\nA,nowhere\n", "fields.stands"},
		{"lamps", "code,lit\nA,perhaps\n", "line 2: column lit"},
		{"grounds", `{"features":[{"properties":{"code":"G"},"geometry":{"type":"Point","coordinates":[1,1]}}]}`, "fields.area"},
		{"grounds", `[`, "unexpected EOF"},
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

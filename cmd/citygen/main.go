// Command citygen writes made-up (合成) people and organisations of the city as
// persons.csv and entities.csv. The same flags give the same bytes.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"chengshu/bench/synth"
)

func main() {
	persons := flag.Int("persons", 2000, "how many natural persons")
	firms := flag.Int("firms", 500, "how many legal entities")
	out := flag.String("out", ".", "folder to write to")
	seed := flag.Uint64("seed", 1, "another seed, another city")
	asOf := flag.String("as-of", "2026-01-01", "the day at which ages are counted")
	divisions := flag.String("divisions", "packs/public-data/data/divisions.csv", "the places to live in")
	flag.Parse()
	if err := run(*persons, *firms, *out, *seed, *asOf, *divisions); err != nil {
		fmt.Fprintln(os.Stderr, "citygen:", err)
		os.Exit(1)
	}
}

func run(persons, firms int, out string, seed uint64, asOf, divisions string) error {
	day, err := time.Parse(time.DateOnly, asOf)
	if err != nil {
		return err
	}
	f, err := os.Open(divisions)
	if err != nil {
		return err
	}
	defer f.Close()
	city, err := synth.New(f, seed, day)
	if err != nil {
		return err
	}
	err = write(filepath.Join(out, "persons.csv"), func(w io.Writer) error { return city.WritePersons(w, persons) })
	if err != nil {
		return err
	}
	return write(filepath.Join(out, "entities.csv"), func(w io.Writer) error { return city.WriteEntities(w, firms, persons) })
}

func write(path string, rows func(io.Writer) error) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := rows(f); err != nil {
		f.Close()
		return fmt.Errorf("%s: %w", path, err)
	}
	return f.Close()
}

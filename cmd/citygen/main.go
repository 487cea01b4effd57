// Command citygen writes made-up (合成) people and organisations of the city as
// persons.csv and entities.csv and, when it is asked for copies, what other offices
// have of them, with the errors of people who type: persons-1.csv, entities-1.csv
// and so on, each beside its truth, which says of whom every row is and what is
// wrong in it. The same flags give the same bytes.
package main

import (
	"errors"
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
	copies := flag.Int("copies", 0, "how many offices have the same people and organisations with errors")
	rate := flag.Float64("rate", 0.05, "of the fields of a copy, how many are wrong: 0 to 1")
	flag.Parse()
	if err := run(*persons, *firms, *out, *seed, *asOf, *divisions, *copies, *rate); err != nil {
		fmt.Fprintln(os.Stderr, "citygen:", err)
		os.Exit(1)
	}
}

func run(persons, firms int, out string, seed uint64, asOf, divisions string, copies int, rate float64) error {
	if rate < 0 || rate > 1 {
		return fmt.Errorf("rate %v is not between 0 and 1", rate)
	}
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
	err = write(filepath.Join(out, "entities.csv"), func(w io.Writer) error { return city.WriteEntities(w, firms, persons) })
	for i := 1; i <= copies && err == nil; i++ {
		o := synth.Copies{Number: uint64(i), Rate: rate}
		err = errors.Join(
			both(filepath.Join(out, fmt.Sprintf("persons-%d", i)), func(rows, truth io.Writer) error { return city.WritePersonCopies(rows, truth, 0, persons, o) }),
			both(filepath.Join(out, fmt.Sprintf("entities-%d", i)), func(rows, truth io.Writer) error { return city.WriteEntityCopies(rows, truth, 0, firms, persons, o) }))
	}
	return err
}

// both writes a copy and its truth.
func both(base string, copies func(rows, truth io.Writer) error) error {
	return write(base+".csv", func(rows io.Writer) error {
		return write(base+"-truth.csv", func(truth io.Writer) error { return copies(rows, truth) })
	})
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

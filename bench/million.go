package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"chengshu/kernel/db"
)

// million is how many cases the large store is seeded with. Of a hundred, 98
// are closed, one is open and one assigned.
const (
	million   = 1_000_000
	templates = 100
)

// lifecycleMillion measures life cycles on a store of a million cases with all
// their revisions and sealed acts. The store is kept, so that only the first
// run has to make it; each run leaves its own cases in it.
func lifecycleMillion(ctx context.Context, o options) (result, error) {
	bin, err := o.binary(ctx)
	if err != nil {
		return result{}, err
	}
	data, err := millionStore(ctx, bin)
	if err != nil {
		return result{}, err
	}
	r, err := lifecycles(ctx, bin, data, o)
	if err != nil {
		return r, err
	}
	r.against(digitMillionName, digitMillion)
	return r, storeSize(ctx, data, r.Detail)
}

// storeSize adds what the store holds.
func storeSize(ctx context.Context, data string, detail map[string]any) error {
	file := filepath.Join(data, "chengshu.db")
	d, err := db.Open(ctx, "sqlite:"+file, db.Options{})
	if err != nil {
		return err
	}
	defer d.Close()
	for name, sql := range map[string]string{"cases": `select max(n) from r_complaint`, "revisions": `select max(n) from record_history`,
		"acts": `select max(n) from act`, "open_cases": `select count(*) from r_complaint where closed_at is null`} {
		var n int64
		if err := d.Read(ctx).QueryRow(sql).Scan(&n); err != nil {
			return err
		}
		detail[name] = n
	}
	info, err := os.Stat(file)
	if err == nil {
		detail["database_mb"] = round(float64(info.Size()) / 1e6)
	}
	return err
}

// millionStore returns the data folder of the large store, which it makes when
// it is not there: a hundred cases are taken through their life over HTTP, and
// each is copied ten thousand times with ids, numbers and digests of its own.
// The program itself then indexes the texts and seals the acts.
func millionStore(ctx context.Context, bin string) (string, error) {
	dir := filepath.Join("out", "bench", "million-1")
	data, done := filepath.Join(dir, "data"), filepath.Join(dir, "complete")
	if _, err := os.Stat(done); err == nil {
		return data, nil
	}
	say("making a store of %d cases in %s; this takes some minutes", million, dir)
	if err := os.RemoveAll(dir); err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	ids, err := makeTemplates(ctx, bin, data)
	if err != nil {
		return "", err
	}
	if err := multiply(ctx, filepath.Join(data, "chengshu.db"), ids, million/templates); err != nil {
		return "", err
	}
	if err := catchUp(ctx, bin, data); err != nil {
		return "", err
	}
	return data, os.WriteFile(done, nil, 0o644)
}

// makeTemplates takes the cases that are to be copied through their life.
func makeTemplates(ctx context.Context, bin, data string) ([]string, error) {
	s, err := start(ctx, bin, data)
	if err != nil {
		return nil, err
	}
	defer s.stop()
	people, err := signInAll(ctx, s.addr)
	if err != nil {
		return nil, err
	}
	c, err := dial(s.addr)
	if err != nil {
		return nil, err
	}
	defer c.close()
	var ids []string
	for i := range templates {
		who := people[i%len(people)]
		id, _, err := create(c, who, street)
		if err == nil && i > 0 {
			err = act(c, id, "assign", who.dispatcher, `{"fields":{"unit":"`+street.unit+`"}}`, "assigned")
		}
		if err == nil && i > 1 {
			err = act(c, id, "resolve", who.handler, `{"fields":{"result":"已到现场处置完毕，恢复原状"}}`, "resolved")
		}
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// catchUp runs the program until all acts are sealed and checked by the
// monitor, and all texts indexed: what it does after a bulk load, it does once.
func catchUp(ctx context.Context, bin, data string) error {
	s, err := start(ctx, bin, data)
	if err != nil {
		return err
	}
	defer s.stop()
	d, err := db.Open(ctx, "sqlite:"+filepath.Join(data, "chengshu.db"), db.Options{})
	if err != nil {
		return err
	}
	defer d.Close()
	for {
		var acts, sealed, texts int64
		r := d.Read(ctx)
		if err := r.QueryRow(`select count(*) from act where seq is null`).Scan(&acts); err != nil {
			return err
		}
		if err := r.QueryRow(`select coalesce(max(seq), -1) + 1 from act where seq is not null`).Scan(&sealed); err != nil {
			return err
		}
		if err := r.QueryRow(`select count(*) from search_pending`).Scan(&texts); err != nil {
			return err
		}
		checked, err := checkedActs(r)
		if err != nil {
			return err
		}
		if acts+texts == 0 && checked >= sealed {
			return nil
		}
		say("%d acts to be sealed, %d to be checked, %d texts to be indexed", acts, sealed-checked, texts)
		if answer, err := http.Get("http://" + s.addr + "/healthz"); err != nil {
			return fmt.Errorf("the program has ended: %w", err)
		} else {
			answer.Body.Close()
		}
		time.Sleep(5 * time.Second)
	}
}

// checkedActs returns the size of the log up to which the monitor has checked
// it: the second line of the checkpoint that it keeps.
func checkedActs(r db.Querier) (int64, error) {
	var checkpoint string
	err := r.QueryRow(`select checkpoint from evidence_monitor where id = 1`).Scan(&checkpoint)
	if errors.Is(err, db.ErrNoRows) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(checkpoint, "\n")
	size, _, _ := strings.Cut(rest, "\n")
	return strconv.ParseInt(size, 10, 64)
}

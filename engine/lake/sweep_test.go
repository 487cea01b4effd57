package lake

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"chengshu/kernel/blob"
	"chengshu/kernel/clock"
	"chengshu/kernel/db"
	"chengshu/kernel/db/dbtest"
	"chengshu/kernel/fault"

	"golang.org/x/sync/semaphore"
)

// TestSweep: releases beyond those to be kept lose their rows, old batches what
// came of them, and nothing goes that something else refers to.
func TestSweep(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		must(t, d.Migrate(t.Context(), Migrations()...))
		blobs, err := blob.OpenFolder(filepath.Join(t.TempDir(), "blobs"))
		must(t, err)
		now := clock.NewFake(time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC))
		typ := thing(t)
		typ.Keep = 2
		e := &Engine{Deps: Deps{DB: d, Blobs: blobs, Dir: t.TempDir(), Clock: now, KeepBatches: 24 * time.Hour, Log: slog.New(slog.DiscardHandler)}, asking: make(chan struct{}, 1), room: semaphore.NewWeighted(workerRoom)}
		e.Datasets = append(e.Datasets, typ)
		put := func(text string) string {
			ref, err := blobs.Put(t.Context(), strings.NewReader(text), 100)
			must(t, err)
			return ref.Hash
		}
		// Version 4 has the rows of version 1 again, and a young batch those of 2.
		shared := []string{put("a"), put("b"), put("c"), put("a"), put("e")}
		for i, hash := range shared {
			raw := mustJSON(t, Manifest{Dataset: typ.Name, Version: int64(i + 1), Files: []File{{SHA256: hash}}})
			must(t, d.Do(t.Context(), func(tx *db.Tx) error {
				_, err := tx.Exec(`insert into lake_release (dataset, version, at, batch, manifest, digest) values ($1, $2, $3, $4, $5, $6)`, typ.Name, i+1, 0, fmt.Sprint(i), raw, "")
				return err
			}))
		}
		batch := func(id string, age time.Duration, good, bad string) {
			must(t, d.Do(t.Context(), func(tx *db.Tx) error {
				_, err := tx.Exec(`insert into lake_batch (id, dataset, at, good, bad, report) values ($1, $2, $3, $4, $5, $6)`, id, typ.Name, now.Now().Add(-age).UnixMilli(), good, bad, "{}")
				return err
			}))
		}
		batch("old", 25*time.Hour, put("e"), put("failures of the old"))
		batch("young", time.Hour, put("b"), put("failures of the young"))
		diff := put("diff of 2 and 5")
		must(t, d.Do(t.Context(), func(tx *db.Tx) error {
			_, err := tx.Exec(`insert into lake_diff (dataset, older, newer, changes, report) values ($1, $2, $3, $4, $5)`, typ.Name, 2, 5, diff, "{}")
			return err
		}))
		for range 2 { // the second time there is nothing to do
			must(t, e.sweep(t.Context()))
		}
		for text, want := range map[string]bool{"a": true, "b": true, "c": false, "e": true, "failures of the old": false, "failures of the young": true, "diff of 2 and 5": false} {
			there, err := blobs.Has(context.Background(), nameOf(t, text))
			must(t, err)
			if there != want {
				t.Errorf("%q is there: %t, want %t", text, there, want)
			}
		}
		for version, gone := range map[int64]bool{1: true, 3: true, 4: false, 5: false} {
			r, err := e.Release(d.Read(t.Context()), typ, version)
			must(t, err)
			if r.Gone != gone || fault.Is(r.There(), fault.NotFound) != gone {
				t.Errorf("version %d is gone: %t, want %t", version, r.Gone, gone)
			}
		}
	})
}

// nameOf is the name of a blob.
func nameOf(t *testing.T, text string) string {
	t.Helper()
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

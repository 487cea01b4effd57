package lake

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"chengshu/core/decl"
	"chengshu/core/evidence"
	"chengshu/core/process"
	"chengshu/core/record"
	"chengshu/core/rule"
	"chengshu/engine/lake/intake"
	"chengshu/kernel/db"
	"chengshu/kernel/fault"
	"chengshu/kernel/id"
)

// Manifest is what a release says of itself. Its digest is in the evidence log,
// in an act about the dataset with the version as its id.
type Manifest struct {
	Dataset string          `json:"dataset"`
	Version int64           `json:"version"`
	At      string          `json:"at"` // RFC 3339, UTC
	Rows    int64           `json:"rows"`
	Level   string          `json:"level"` // GB/T 43697
	Fields  []Field         `json:"fields"`
	Files   []File          `json:"files"`
	Quality Quality         `json:"quality"`
	Source  Source          `json:"source"`
	Columns []intake.Column `json:"columns"`          // which column of the source became which field
	Parent  int64           `json:"parent,omitempty"` // the version before
	// Restores is the earlier version whose rows these are again.
	Restores int64 `json:"restores,omitempty"`
}

// Field is one column of a release.
type Field struct {
	Name  string    `json:"name"`
	Type  string    `json:"type"`
	Title decl.Text `json:"title"`
}

// File is one file of a release.
type File struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"`
	Bytes  int64  `json:"bytes"`
	Rows   int64  `json:"rows"`
}

// Release is one version of a dataset.
type Release struct {
	Version  int64
	At       int64  // ms UTC
	Digest   string // SHA-256 of the manifest, in hexadecimal
	Gone     bool   // its rows have been removed; see record.Type.Keep
	Manifest json.RawMessage
}

// Read decodes the manifest.
func (r *Release) Read() (Manifest, error) {
	var m Manifest
	err := json.Unmarshal(r.Manifest, &m)
	return m, err
}

const releaseColumns = `select version, at, digest, manifest, gone_at is not null from lake_release where dataset = $1 `

// Releases returns up to limit releases of a dataset, newest first, from below
// the version before on (0: from the latest).
func (e *Engine) Releases(q db.Querier, t *record.Type, before int64, limit int) ([]Release, error) {
	if before == 0 {
		before = 1 << 62
	}
	rows, err := q.Query(releaseColumns+`and version < $2 order by version desc limit $3`, t.Name, before, limit)
	if err != nil {
		return nil, fmt.Errorf("lake: releases: %w", err)
	}
	defer rows.Close()
	var out []Release
	for rows.Next() {
		r, err := scanRelease(rows.Scan)
		if err != nil {
			return nil, fmt.Errorf("lake: releases: %w", err)
		}
		out = append(out, r)
	}
	return out, rows.Err()
}

// LastBefore returns the latest release of a dataset before a time, in ms UTC;
// its version is 0 when there was none.
func (e *Engine) LastBefore(q db.Querier, t *record.Type, before int64) (Release, error) {
	r, err := scanRelease(q.QueryRow(releaseColumns+`and at < $2 order by version desc limit 1`, t.Name, before).Scan)
	if errors.Is(err, db.ErrNoRows) {
		return Release{}, nil
	}
	return r, err
}

// Release returns one version, or NotFound.
func (e *Engine) Release(q db.Querier, t *record.Type, version int64) (Release, error) {
	r, err := scanRelease(q.QueryRow(releaseColumns+`and version = $2`, t.Name, version).Scan)
	if errors.Is(err, db.ErrNoRows) {
		return r, fault.New(fault.NotFound, "no-such-release", "没有这个版本", "there is no such release")
	}
	return r, err
}

func scanRelease(scan func(...any) error) (Release, error) {
	var r Release
	var manifest string
	err := scan(&r.Version, &r.At, &r.Digest, &manifest, &r.Gone)
	r.Manifest = json.RawMessage(manifest)
	return r, err
}

// releaseEffect is the effect lake.release: the good rows of a batch become the
// next version of their dataset, with the action or not at all.
type releaseEffect struct {
	decl.Pos
	Batch rule.Source `yaml:"batch,required"` // gives the id that lake.check gave
	// Version names the case's integer field that is told the version.
	Version string `yaml:"version"`

	engine func() *Engine
	batch  *rule.Expr
}

func (c *releaseEffect) Check(p *process.Process, _ *decl.Set, r *decl.Report) {
	if f := p.Record.Field(c.Version); c.Version != "" && (f == nil || f.Type != record.Integer) {
		r.Add(c.Pos, fmt.Sprintf("没有 integer 字段 %q", c.Version), fmt.Sprintf("there is no field %q of type integer", c.Version))
	}
}

func (c *releaseEffect) Compile(k process.Compiler) { c.batch = k.Optional(c.Batch, rule.String) }

func (c *releaseEffect) Plan(ctx context.Context, m *process.Moment) (process.Write, error) {
	e := c.engine()
	key, err := process.Text(c.batch, m.Vars)
	if err != nil {
		return nil, err
	}
	b, err := e.Batch(e.DB.Read(ctx), key)
	if err != nil {
		return nil, err
	}
	if err := b.Report.Quality.stopped(); err != nil {
		return nil, err
	}
	t, err := e.Dataset(b.Dataset)
	if err != nil {
		return nil, err
	}
	body, size, err := e.Blobs.Open(ctx, b.Good)
	if err != nil {
		return nil, err
	}
	if err := body.Close(); err != nil {
		return nil, err
	}
	manifest := Manifest{Dataset: t.Name, At: rfc3339(m.Now.UnixMilli()), Rows: b.Report.Quality.Good, Level: t.Level, Quality: b.Report.Quality.published(), Source: b.Report.Source,
		Columns: b.Report.Columns, Files: []File{{goodFile, b.Good, size, b.Report.Quality.Good}}}
	manifest.Fields = b.Report.Fields
	return e.planRelease(ctx, m, t, manifest, c.Version, b.ID, func(tx *db.Tx) error { return holdBatch(tx, b.ID) })
}

// planRelease gives a release the number after the latest, tells it to the
// case's field, if one is named, and plans to publish it. What it comes from was
// never released before; hold keeps that from being removed meanwhile.
func (e *Engine) planRelease(ctx context.Context, m *process.Moment, t *record.Type, manifest Manifest, told, from string, hold func(tx *db.Tx) error) (process.Write, error) {
	last, err := e.Releases(e.DB.Read(ctx), t, 0, 1)
	if err != nil {
		return nil, err
	}
	if len(last) > 0 {
		manifest.Parent = last[0].Version
	}
	manifest.Version = manifest.Parent + 1
	if told != "" {
		m.Set(told, manifest.Version)
	}
	return func(tx *db.Tx, act string) error {
		if err := hold(tx); err != nil {
			return err
		}
		return e.publish(tx, t, from, manifest, m.Now.UnixMilli(), act)
	}, nil
}

// holdBatch keeps a batch from being swept in this transaction, and refuses one
// that has been.
func holdBatch(tx *db.Tx, batch string) error {
	return held(tx.Exec(`update lake_batch set at = at where id = $1 and gone_at is null`, batch))
}

// holdRelease is holdBatch for a release.
func holdRelease(tx *db.Tx, t *record.Type, version int64) error {
	return held(tx.Exec(`update lake_release set at = at where dataset = $1 and version = $2 and gone_at is null`, t.Name, version))
}

func held(n int64, err error) error {
	if err == nil && n == 0 {
		return fault.New(fault.NotFound, "rows-removed", "这些数据已按保留期限清除", "the rows have been removed when their time was over")
	}
	return err
}

func fieldsOf(t *record.Type) []Field {
	out := make([]Field, len(t.Fields))
	for i, f := range t.Fields {
		out[i] = Field{f.Name, string(f.Type), f.Title}
	}
	return out
}

// publish writes the release and its act. When another release has come in
// between, the action is planned anew.
func (e *Engine) publish(tx *db.Tx, t *record.Type, from string, m Manifest, at int64, cause string) error {
	raw, err := json.Marshal(m)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(raw)
	_, err = tx.Exec(`insert into lake_release (dataset, version, at, batch, manifest, digest) values ($1, $2, $3, $4, $5, $6)`,
		t.Name, m.Version, at, from, string(raw), hex.EncodeToString(sum[:]))
	if db.IsUnique(err) {
		return fault.Wrap(err, fault.Conflict, process.Again, "此批次已发布，或同时有另一个版本发布；请刷新", "this batch is released already, or another release has come; reload")
	}
	if err != nil {
		return err
	}
	tx.AfterCommit(func() { e.Events.Publish("record." + t.Name) })
	_, err = e.Evidence.Append(tx, evidence.Act{ID: id.New(), At: at, Verb: t.Name + ".release", Basis: t.Basis, Cause: cause,
		Subject: evidence.Subject{Type: t.Name, ID: fmt.Sprintf("v%d", m.Version), Digest: sum}})
	return err
}

// Effects are what actions can do with this engine, which is known when it is
// made.
func Effects(engine func() *Engine) []process.EffectKind {
	return []process.EffectKind{
		{Name: "lake.check", New: func() process.Effect { return &checkEffect{engine: engine} }},
		{Name: "lake.release", New: func() process.Effect { return &releaseEffect{engine: engine} }},
		{Name: "lake.restore", New: func() process.Effect { return &restoreEffect{engine: engine} }},
		{Name: "lake.pulled", New: func() process.Effect { return &pulledEffect{engine: engine} }},
	}
}

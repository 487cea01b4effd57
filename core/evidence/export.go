package evidence

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"slices"
	"time"

	"chengshu/kernel/db"
	"chengshu/kernel/fault"

	"github.com/transparency-dev/tessera/client"
	"golang.org/x/mod/sumdb/note"
)

const (
	exportWait  = 2 * time.Second // how long acts not yet sealed are waited for
	exportSlice = 64              // acts read and proved at a time
	proofTiles  = 4096            // proofs that share one cache of tiles
)

// Export writes the bundle of a case or record to w: every act on it, each with
// the proof that it is in the log. Acts not yet sealed are waited for, at most
// two seconds, and then listed as unsealed. What is held in memory grows by 16
// bytes an act.
//
// A fault of kind NotFound, code "no-acts", says that there is nothing on the
// subject; Unavailable, code "no-log", that this process has no log. Whoever
// calls has made sure that the caller may see the subject.
func (l *Log) Export(ctx context.Context, w io.Writer, subjectType, subjectID string) error {
	if l.own() == nil {
		return fault.New(fault.Unavailable, "no-log", "本节点没有存证日志", "this node has no evidence log")
	}
	acts, cp, err := l.settledActs(ctx, subjectType, subjectID)
	if err != nil {
		return fmt.Errorf("evidence: export: %w", err)
	}
	if len(acts) == 0 {
		return fault.New(fault.NotFound, "no-acts", "没有存证记录", "there are no acts on this subject")
	}
	x := newExporter(l, w, cp)
	x.head(subjectType, subjectID)
	split := slices.IndexFunc(acts, func(a place) bool { return !a.under(cp) })
	if split < 0 {
		split = len(acts)
	}
	if err := x.sealed(ctx, acts[:split]); err != nil {
		return fmt.Errorf("evidence: export: %w", err)
	}
	if err := x.unsealed(ctx, acts[split:]); err != nil {
		return fmt.Errorf("evidence: export: %w", err)
	}
	return x.finish()
}

// place says where an act is: n in the database, seq in the log or -1.
type place struct{ n, seq int64 }

func (p place) under(cp checkpoint) bool { return p.seq >= 0 && uint64(p.seq) < cp.size }

// settledActs returns the acts on a subject, those under the checkpoint first
// and by rising index, having waited for the others a while.
func (l *Log) settledActs(ctx context.Context, subjectType, subjectID string) ([]place, checkpoint, error) {
	for deadline := time.Now().Add(exportWait); ; {
		acts, err := l.places(ctx, subjectType, subjectID)
		if err != nil {
			return nil, checkpoint{}, err
		}
		cp, err := l.store.checkpoint(ctx)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, cp, err
		}
		sortPlaces(acts, cp)
		done := len(acts) == 0 || acts[len(acts)-1].under(cp)
		if len(acts) > 0 && cp.raw != nil && (done || time.Now().After(deadline)) || len(acts) == 0 {
			return acts, cp, nil
		}
		if time.Now().After(deadline) {
			return nil, cp, fault.New(fault.Unavailable, "no-log", "存证日志尚未开始", "the evidence log has not begun")
		}
		l.ring()
		if err := sleep(ctx, 25*time.Millisecond); err != nil {
			return nil, cp, err
		}
	}
}

func sortPlaces(acts []place, cp checkpoint) {
	slices.SortFunc(acts, func(a, b place) int {
		switch au, bu := a.under(cp), b.under(cp); {
		case au && bu:
			return int(a.seq - b.seq)
		case au != bu && au:
			return -1
		case au != bu:
			return 1
		}
		return int(a.n - b.n)
	})
}

func (l *Log) places(ctx context.Context, subjectType, subjectID string) ([]place, error) {
	rows, err := l.DB.Read(ctx).Query(`select n, coalesce(seq, -1) from act where subject_id = $1 and subject_type = $2 order by n`, subjectID, subjectType)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []place
	for rows.Next() {
		var p place
		if err := rows.Scan(&p.n, &p.seq); err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, rows.Err()
}

// exporter writes one bundle.
type exporter struct {
	log    *Log
	cp     checkpoint
	out    *bufio.Writer
	hash   hash.Hash
	err    error // the first failure of writing
	buf    []byte
	proofs *client.ProofBuilder
	proved int
}

func newExporter(l *Log, w io.Writer, cp checkpoint) *exporter {
	return &exporter{log: l, cp: cp, out: bufio.NewWriterSize(w, 64<<10), hash: sha256.New()}
}

func (x *exporter) write(b []byte) {
	x.hash.Write(b)
	if x.err == nil {
		_, x.err = x.out.Write(b)
	}
	x.buf = b[:0]
}

func (x *exporter) head(subjectType, subjectID string) {
	b := bundle{Format: bundleFormat, Origin: x.log.Origin, Subject: bundleSubject{subjectType, subjectID},
		Exported: x.log.Clock.Now().UnixMilli(), Checkpoint: string(x.cp.raw), Keys: x.log.store.keys.vkeys}
	x.write(b.appendHead(x.buf))
}

// sealed writes the acts under the checkpoint, a slice at a time.
func (x *exporter) sealed(ctx context.Context, acts []place) error {
	first := true
	for some := range slices.Chunk(acts, exportSlice) {
		bodies, err := x.bodies(ctx, some)
		if err != nil {
			return err
		}
		for i, p := range some {
			a := sealedAct{Index: p.seq, Salt: bodies[i].Salt, Body: bodies[i].Body}
			if a.Proof, err = x.proof(ctx, uint64(p.seq)); err != nil {
				return err
			}
			if a.Sealed, err = sealedAt(x.log.DB.Read(ctx), p.seq); err != nil {
				return err
			}
			x.write(a.appendTo(x.buf, first))
			first = false
		}
		if x.err != nil {
			return x.err
		}
	}
	x.write(append(x.buf, actsEnd...))
	return x.err
}

func (x *exporter) unsealed(ctx context.Context, acts []place) error {
	first := true
	for some := range slices.Chunk(acts, exportSlice) {
		bodies, err := x.bodies(ctx, some)
		if err != nil {
			return err
		}
		for _, b := range bodies {
			x.write(b.appendTo(x.buf, first))
			first = false
		}
	}
	return x.err
}

// bodies reads the acts at some places, in their order.
func (x *exporter) bodies(ctx context.Context, some []place) ([]*unsealedAct, error) {
	args := make([]any, exportSlice) // always as many: one statement is prepared
	at := make(map[int64]int, len(some))
	for i := range args {
		p := some[min(i, len(some)-1)]
		args[i] = p.n
		if i < len(some) {
			at[p.n] = i
		}
	}
	rows, err := x.log.DB.Read(ctx).Query(`select n, salt, body from act where n in `+rowsOf(exportSlice, 1), args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := make([]*unsealedAct, len(some))
	found := 0
	for rows.Next() {
		var n int64
		var salt, body []byte
		if err := rows.Scan(&n, &salt, &body); err != nil {
			return nil, err
		}
		out[at[n]] = &unsealedAct{Salt: base64.StdEncoding.EncodeToString(salt), Body: string(body)}
		found++
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	if found != len(some) {
		return nil, fmt.Errorf("of %d acts %d are in the database", len(some), found)
	}
	return out, nil
}

// sealedAt is when the leaf was sealed, ms UTC.
func sealedAt(q db.Querier, seq int64) (int64, error) {
	var at int64
	err := q.QueryRow(`select at from evidence_seal where first_seq <= $1 order by first_seq desc limit 1`, seq).Scan(&at)
	if err != nil {
		return 0, fmt.Errorf("when leaf %d was sealed: %w", seq, err)
	}
	return at, nil
}

// proof is the inclusion proof of a leaf. Proofs share the tiles they are made
// of; the cache is thrown away now and then, lest it grow without end.
func (x *exporter) proof(ctx context.Context, seq uint64) ([]string, error) {
	if x.proved%proofTiles == 0 {
		var err error
		if x.proofs, err = client.NewProofBuilder(ctx, x.cp.size, x.log.store.files.ReadTile); err != nil {
			return nil, err
		}
	}
	x.proved++
	hashes, err := x.proofs.InclusionProof(ctx, seq)
	if err != nil {
		return nil, fmt.Errorf("proof of leaf %d: %w", seq, err)
	}
	out := make([]string, len(hashes))
	for i, h := range hashes {
		out[i] = base64.StdEncoding.EncodeToString(h)
	}
	return out, nil
}

// finish seals the bundle.
func (x *exporter) finish() error {
	if x.err != nil {
		return fmt.Errorf("evidence: export: %w", x.err)
	}
	text := sealText(x.log.Origin, Digest(x.hash.Sum(nil)))
	seal, err := note.Sign(&note.Note{Text: text}, x.log.store.keys.primary)
	if err != nil {
		return fmt.Errorf("evidence: export: %w", err)
	}
	if _, err := x.out.Write(appendSeal(x.buf[:0], string(seal))); err != nil {
		return fmt.Errorf("evidence: export: %w", err)
	}
	if err := x.out.Flush(); err != nil {
		return fmt.Errorf("evidence: export: %w", err)
	}
	return nil
}

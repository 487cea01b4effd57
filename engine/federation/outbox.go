package federation

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"chengshu/core/evidence"
	"chengshu/core/record"
	"chengshu/kernel/db"
	"chengshu/kernel/fault"
	"chengshu/kernel/job"
	"chengshu/kernel/outbound"
)

// States of a release that is to be sent.
const (
	Waiting = "waiting"
	Sent    = "sent"
	Refused = "refused" // by the node above, with its reason; a person may have it tried again
	Gone    = "gone"    // its rows had been removed before it could be sent
)

const (
	sendJob    = "federation.send"
	partBytes  = 4 << 20
	partWithin = 2 * time.Minute
	maxAnswer  = 1 << 20
	firstPause = 5 * time.Second // after a failure; then twice that, and so on, at most lastPause
	lastPause  = time.Hour
)

// Outgoing is a release that was or is to be sent.
type Outgoing struct {
	Dataset  string
	Version  int64
	State    string
	At       int64 // ms UTC; when it was found
	EndedAt  int64 // 0 while it waits
	Attempts int64
	Why      *fault.Text // of the last failure
}

// Outbox returns what was or is to be sent, newest first, at most limit.
func (e *Engine) Outbox(q db.Querier, limit int) ([]Outgoing, error) {
	return e.outgoing(q, `order by at desc, dataset, version desc limit $1`, limit)
}

func (e *Engine) outgoing(q db.Querier, where string, args ...any) ([]Outgoing, error) {
	rows, err := q.Query(`select dataset, version, state, at, coalesce(ended_at, 0), attempts, coalesce(why, '') from federation_outbox `+where, args...)
	if err != nil {
		return nil, fmt.Errorf("federation: outbox: %w", err)
	}
	defer rows.Close()
	var out []Outgoing
	for rows.Next() {
		var o Outgoing
		var why string
		if err := rows.Scan(&o.Dataset, &o.Version, &o.State, &o.At, &o.EndedAt, &o.Attempts, &why); err != nil {
			return nil, err
		}
		o.Why = textFrom(why)
		out = append(out, o)
	}
	return out, rows.Err()
}

// Look puts each release that is shared and not yet there into the outbox, with
// its act, and has what waits sent.
func (e *Engine) Look(ctx context.Context) error {
	if e.Upstream == "" {
		return nil
	}
	for _, t := range e.Datasets {
		if t.Sharing == "none" {
			continue
		}
		for more := true; more; {
			var err error
			if more, err = e.find(ctx, t); err != nil {
				return err
			}
		}
	}
	return nil
}

// find puts the release after the last one into the outbox.
func (e *Engine) find(ctx context.Context, t *record.Type) (bool, error) {
	q := e.DB.Read(ctx)
	var last int64
	if err := q.QueryRow(`select coalesce(max(version), 0) from federation_outbox where dataset = $1`, t.Name).Scan(&last); err != nil {
		return false, err
	}
	r, err := e.Next(q, t, last)
	if err != nil || r == nil {
		return false, err
	}
	digest, err := hex.DecodeString(r.Digest)
	if err != nil || len(digest) != len(evidence.Digest{}) {
		return false, fmt.Errorf("federation: digest of %s %d: %w", t.Name, r.Version, err)
	}
	return true, e.DB.Do(ctx, func(tx *db.Tx) error {
		now := e.Clock.Now().UnixMilli()
		n, err := tx.Exec(`insert into federation_outbox (dataset, version, state, at, attempts) values ($1, $2, $3, $4, 0) on conflict (dataset, version) do nothing`, t.Name, r.Version, Waiting, now)
		if err != nil || n == 0 {
			return err
		}
		if _, err := e.Evidence.Append(tx, evidence.Act{At: now, Verb: t.Name + ".send-up", Basis: t.Basis,
			Subject: evidence.Subject{Type: t.Name, ID: fmt.Sprintf("v%d", r.Version), Digest: evidence.Digest(digest)}}); err != nil {
			return err
		}
		return e.enqueue(tx, t.Name)
	})
}

func (e *Engine) enqueue(tx *db.Tx, dataset string) error {
	_, err := e.Jobs.Enqueue(tx, job.Job{Kind: sendJob, Payload: dataset, UniqueKey: dataset})
	return err
}

// Retry has a release tried again at once: one that was refused, or one that
// waits after a failure.
func (e *Engine) Retry(ctx context.Context, dataset string, version int64) error {
	return e.DB.Do(ctx, func(tx *db.Tx) error {
		n, err := tx.Exec(`update federation_outbox set state = $1, ended_at = null where dataset = $2 and version = $3 and state <> $4`, Waiting, dataset, version, Sent)
		if err == nil && n == 0 {
			err = fault.New(fault.NotFound, "not-outgoing", "没有这个待发送的版本", "there is no such release to be sent")
		}
		if err != nil {
			return err
		}
		return e.enqueue(tx, dataset)
	})
}

// send is the handler of the jobs: what a dataset has waiting, in order.
func (e *Engine) send(ctx context.Context, r *job.Run) error {
	var name string
	if err := r.Decode(&name); err != nil {
		return err
	}
	t := e.dataset(name)
	if t == nil || e.Upstream == "" { // no longer declared, or no longer to be sent
		return nil
	}
	for {
		waiting, err := e.outgoing(e.DB.Read(ctx), `where dataset = $1 and state = 'waiting' order by version limit 1`, name)
		if err != nil || len(waiting) == 0 {
			return err
		}
		o := waiting[0]
		state, failed := e.sendOne(ctx, t, o.Version)
		if cause := context.Cause(ctx); cause != nil {
			return cause
		}
		if err := e.note(ctx, o, state, failed); err != nil {
			return err
		}
		if state == Waiting {
			return job.Postpone(min(lastPause, firstPause<<min(o.Attempts, 12)))
		}
	}
}

func (e *Engine) note(ctx context.Context, o Outgoing, state string, failed error) error {
	var why *string
	if failed != nil {
		raw, err := json.Marshal(reasonOf(failed))
		if err != nil {
			return err
		}
		text := string(raw)
		why = &text
		e.Log.Warn("a release could not be sent up", "dataset", o.Dataset, "version", o.Version, "err", failed)
	}
	var ended *int64
	if now := e.Clock.Now().UnixMilli(); state != Waiting {
		ended = &now
	}
	return e.DB.Do(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(`update federation_outbox set state = $1, attempts = attempts + 1, ended_at = $2, why = $3 where dataset = $4 and version = $5`, state, ended, why, o.Dataset, o.Version)
		return err
	})
}

// sendOne offers a release and sends what is wanted of its file. It returns how
// the release stands after that.
func (e *Engine) sendOne(ctx context.Context, t *record.Type, version int64) (string, error) {
	r, err := e.Next(e.DB.Read(ctx), t, version-1)
	if err != nil {
		return Waiting, err
	}
	if r == nil || r.Gone {
		return Gone, nil
	}
	checkpoint, err := e.Checkpoint(ctx)
	if err != nil {
		return Waiting, err
	}
	offer, err := json.Marshal(Offer{r.Manifest, r.Digest, checkpoint})
	if err != nil {
		return Waiting, err
	}
	address := fmt.Sprintf("%s/api/federation/releases/%s/%d", strings.TrimSuffix(e.Upstream, "/"), t.Name, version)
	answer, err := e.put(ctx, address, "application/json", offer)
	if err != nil {
		return stateAfter(err), err
	}
	var m manifest
	if err := json.Unmarshal([]byte(r.Manifest), &m); err != nil || len(m.Files) != 1 {
		return Gone, fmt.Errorf("federation: manifest of %s %d: %w", t.Name, version, err)
	}
	if err := e.sendFile(ctx, address+"/file", m.Files[0].SHA256, answer); err != nil {
		return stateAfter(err), err
	}
	return Sent, nil
}

func (e *Engine) sendFile(ctx context.Context, address, sum string, answer Answer) error {
	if answer.State != Expected {
		return nil
	}
	f, _, err := e.File(ctx, sum)
	if err != nil {
		return err
	}
	defer f.Close()
	part := make([]byte, partBytes)
	for answer.State == Expected {
		at := answer.Offset
		if _, err := f.Seek(at, io.SeekStart); err != nil {
			return err
		}
		n, err := io.ReadFull(f, part)
		// Nothing is left when the receiver ended before it looked at the whole.
		if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
			return fmt.Errorf("federation: %s at %d: %w", sum, at, err)
		}
		if answer, err = e.put(ctx, fmt.Sprintf("%s?offset=%d", address, at), "application/octet-stream", part[:n]); err != nil {
			return err
		}
		if answer.State == Expected && answer.Offset <= at {
			return errStrange()
		}
	}
	return nil
}

func errStrange() error {
	return fault.New(fault.Unavailable, "strange-answer", "上级节点的答复无法理解", "the answer of the node above cannot be understood")
}

// put sends one request to the node above.
func (e *Engine) put(ctx context.Context, address, media string, body []byte) (a Answer, err error) {
	ctx, cancel := context.WithTimeout(ctx, partWithin)
	defer cancel()
	req, err := outbound.Request(ctx, http.MethodPut, address, bytes.NewReader(body))
	if err != nil {
		return a, err
	}
	req.Header.Set("Content-Type", media)
	req.Header.Set("Authorization", "Bearer "+e.Key)
	got, err := e.Client.Do(req)
	if err != nil {
		return a, err
	}
	defer got.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(got.Body, maxAnswer))
	if err != nil {
		return a, err
	}
	if got.StatusCode != http.StatusOK {
		return a, refusal(got, raw)
	}
	if json.Unmarshal(raw, &a) != nil || a.State != Expected && a.State != Received && a.State != Taken {
		return a, errStrange()
	}
	return a, nil
}

// refusal is what an answer other than 200 says. The node above refuses a release
// for good by a problem with 409 or 422; anything else may pass.
func refusal(answer *http.Response, raw []byte) error {
	var p struct {
		Code   string
		Text   fault.Text
		Errors []struct{ Path, Zh, En string }
	}
	final := answer.StatusCode == http.StatusConflict || answer.StatusCode == http.StatusUnprocessableEntity
	if json.Unmarshal(raw, &p) != nil || p.Code == "" {
		return outbound.BadStatus(answer)
	}
	kind := fault.Unavailable
	if final && p.Code != "wrong-offset" && p.Code != "wrong-file" {
		kind = fault.Invalid
	}
	f := fault.New(kind, p.Code, "上级节点："+p.Text.Zh, "the node above: "+p.Text.En)
	for _, one := range p.Errors {
		f.With(one.Path, one.Zh, one.En)
	}
	return f
}

// stateAfter is how a release stands that could not be sent.
func stateAfter(err error) string {
	if fault.Is(err, fault.Invalid) && fault.Code(err) != "private-address" && fault.Code(err) != "bad-address" && fault.Code(err) != "redirected-elsewhere" {
		return Refused
	}
	return Waiting
}

package job

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"chengshu/kernel/db"
	"chengshu/kernel/fault"
)

// Run is one attempt at a job, as its handler sees it.
type Run struct {
	ID      string
	Kind    string
	Attempt int // 1 for the first
	// RunAt is when the job was due, by the engine's clock.
	RunAt time.Time

	engine      *Engine
	lane        lane
	payload     string
	resume      *string
	maxAttempts int
	cancel      context.CancelCauseFunc
	held        time.Time // when the lease was last known to be ours; guarded by engine.mu

	mu       sync.Mutex
	done     int64
	total    int64
	note     string
	news     bool // progress not yet in the table
	finished bool // by Finish, in the handler's transaction
	end      end  // once the handler has returned
}

// end is how an attempt came out.
type end struct {
	state State
	runAt time.Time // when to run again
	back  bool      // this attempt does not count
	why   string
}

// Decode reads the payload into v.
func (r *Run) Decode(v any) error {
	if err := json.Unmarshal([]byte(r.payload), v); err != nil {
		return Permanent(fmt.Errorf("job: payload of %s: %w", r.Kind, err))
	}
	return nil
}

// Resume reads what the last Checkpoint kept into v; false when there is none.
func (r *Run) Resume(v any) (bool, error) {
	if r.resume == nil {
		return false, nil
	}
	if err := json.Unmarshal([]byte(*r.resume), v); err != nil {
		return false, Permanent(fmt.Errorf("job: checkpoint of %s: %w", r.Kind, err))
	}
	return true, nil
}

// Checkpoint keeps v, as JSON, as the place to resume from, in the transaction
// that wrote the part up to there. It returns ErrLost when another worker has
// taken over; the handler returns then.
func (r *Run) Checkpoint(tx *db.Tx, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("job: checkpoint of %s: %w", r.Kind, err)
	}
	n, err := tx.Exec(`update job set resume = $1 where id = $2 and lease_by = $3 and attempts = $4 and state = 'running'`,
		string(text), r.ID, r.engine.name, r.Attempt)
	return r.fence(n, err)
}

// Finish ends the job as done in the handler's own transaction, which should be
// its last: what the handler returns afterwards is only logged. It returns
// ErrLost when another worker has taken over.
func (r *Run) Finish(tx *db.Tx) error {
	n, err := r.finish(tx, r.engine.clock.Now())
	if err := r.fence(n, err); err != nil {
		return err
	}
	tx.AfterCommit(func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.finished = true
	})
	return nil
}

func (r *Run) fence(n int64, err error) error {
	if err != nil {
		return fmt.Errorf("job: %s %s: %w", r.Kind, r.ID, err)
	}
	if n == 0 {
		return ErrLost
	}
	return nil
}

// Progress tells how far the work is: done of total, in whatever unit, and a
// word for people. It costs nothing: it is written once a second at most.
func (r *Run) Progress(done, total int64, note fault.Text) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.done, r.total, r.note, r.news = done, total, noteText(note), true
}

// noteText is how a note is kept: Chinese, and English on a line of its own.
func noteText(t fault.Text) string {
	if t == (fault.Text{}) {
		return ""
	}
	return t.Zh + "\n" + t.En
}

func noteOf(text string) fault.Text {
	zh, en, _ := strings.Cut(text, "\n")
	return fault.Text{Zh: zh, En: en}
}

// work runs the handler and hands the end to the engine.
func (e *Engine) work(ctx context.Context, r *Run, h Handler) {
	err := errors.New("the handler ended its goroutine")
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
			e.log.Error("a job panicked", "kind", r.Kind, "job", r.ID, "panic", p, "stack", string(debug.Stack()))
		}
		r.mu.Lock()
		r.end = e.endOf(ctx, r, err)
		r.mu.Unlock()
		e.mu.Lock()
		e.ended = append(e.ended, r)
		e.mu.Unlock()
		e.rouse()
	}()
	err = h(ctx, r)
}

// endOf decides what becomes of a job whose handler returned err.
func (e *Engine) endOf(ctx context.Context, r *Run, err error) end {
	now := e.clock.Now()
	if err == nil {
		return end{state: Done}
	}
	var later postpone
	switch cause := context.Cause(ctx); {
	case errors.Is(cause, ErrCancelled):
		return end{state: Cancelled, why: err.Error()}
	case errors.Is(cause, ErrStopping):
		return end{state: Waiting, runAt: r.RunAt, back: true, why: err.Error()}
	case errors.As(err, &later):
		return end{state: Scheduled, runAt: now.Add(time.Duration(later)), back: true}
	}
	if IsPermanent(err) || r.Attempt >= r.maxAttempts {
		e.log.Error("a job is dead", "kind", r.Kind, "job", r.ID, "attempts", r.Attempt, "err", err)
		return end{state: Dead, why: err.Error()}
	}
	e.log.Warn("a job failed and will be tried again", "kind", r.Kind, "job", r.ID, "attempt", r.Attempt, "err", err)
	return end{state: Scheduled, runAt: now.Add(backoff(r.Attempt)), why: err.Error()}
}

package scenario

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// Target is a server that a scenario may have for itself.
type Target interface {
	// BaseURL is where it listens, without a slash at the end.
	BaseURL() string
	// SetClock turns its clock to t, which is never earlier than before, and
	// returns when the timers that fall due and the jobs queued have run.
	SetClock(ctx context.Context, t time.Time) error
	// Close ends it and removes what it stored.
	Close() error
}

// Served returns the target that is served at base, its clock being turned by
// POST /api/test/clock {"now": …}. done is called by Close; it may be nil.
func Served(base string, done func() error) Target {
	return &served{strings.TrimSuffix(base, "/"), done}
}

type served struct {
	base string
	done func() error
}

func (s *served) BaseURL() string { return s.base }

func (s *served) Close() error {
	if s.done == nil {
		return nil
	}
	return s.done()
}

func (s *served) SetClock(ctx context.Context, t time.Time) error {
	body, err := json.Marshal(map[string]string{"now": t.UTC().Format(time.RFC3339Nano)})
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.base+"/api/test/clock", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, 4096))
	if err != nil {
		return err
	}
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("POST /api/test/clock: %s: %s", resp.Status, answer)
	}
	return nil
}

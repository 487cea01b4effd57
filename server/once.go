package server

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"

	"chengshu/core/evidence"
	"chengshu/kernel/db"
	"chengshu/kernel/fault"
)

// A request that bears an Idempotency-Key (draft-ietf-httpapi-idempotency-key-header)
// is carried out at most once: whoever lost the answer sends it again and gets
// it. What was done is kept in the transaction of the change, with the change's
// act: both are there or neither. A refusal is not kept: it has changed nothing,
// and the request may be tried again.

const (
	keyKept   = 24 * time.Hour // how long an answer can be asked for again
	maxKey    = 200            // bytes of a key
	keyHeader = "Idempotency-Key"
)

// attempt is a request with a key.
type attempt struct {
	owner, key string
	print      string // digest of method, address and body
}

// attempts are the requests with a key that this process is carrying out.
type attempts struct {
	mu        sync.Mutex
	running   map[[2]string]bool // by owner and key
	byRequest map[string]attempt
}

// begin enters a, unless one of the same owner and key is running. The function
// it returns takes it out.
func (as *attempts) begin(request string, a attempt) (end func(), ok bool) {
	as.mu.Lock()
	defer as.mu.Unlock()
	if as.running == nil {
		as.running, as.byRequest = map[[2]string]bool{}, map[string]attempt{}
	}
	name := [2]string{a.owner, a.key}
	if as.running[name] {
		return nil, false
	}
	as.running[name], as.byRequest[request] = true, a
	return func() {
		as.mu.Lock()
		defer as.mu.Unlock()
		delete(as.running, name)
		delete(as.byRequest, request)
	}, true
}

func (as *attempts) of(request string) (attempt, bool) {
	as.mu.Lock()
	defer as.mu.Unlock()
	a, ok := as.byRequest[request]
	return a, ok
}

// kept is a change that was made under a key.
type kept struct {
	print, typ, id, act string
	rev                 int64
}

// once makes of h a handler that carries out each key once; again answers a
// request whose change was made before.
func (s *Server) once(h handler, again func(w http.ResponseWriter, r *http.Request, k *kept) error) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		key, err := idempotencyKey(r.Header.Values(keyHeader))
		if err != nil {
			return err
		}
		if key == "" {
			return h(w, r)
		}
		body, err := bodyOf(w, r)
		if err != nil {
			return err
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		actor := actorOf(r.Context())
		print := sha256.Sum256(append([]byte(r.Method+" "+r.URL.RequestURI()+"\n"), body...))
		a := attempt{owner: actor.Person + "/" + actor.Client, key: key, print: string(print[:])}
		end, ok := s.attempts.begin(requestID(r.Context()), a)
		if !ok {
			return errStillRunning()
		}
		defer end()
		k, err := s.kept(r.Context(), a)
		if err != nil {
			return err
		}
		if k == nil {
			return h(w, r)
		}
		if k.print != a.print {
			return fault.New(fault.Invalid, "key-reused", "此 Idempotency-Key 已用于另一个请求", "this Idempotency-Key has been used for another request")
		}
		w.Header().Set("Idempotent-Replayed", "true")
		return again(w, r, k)
	}
}

func errStillRunning() error {
	return fault.New(fault.Conflict, "still-running", "带此 Idempotency-Key 的请求仍在办理，请稍后再试", "the request with this Idempotency-Key is still being carried out; try again shortly")
}

// idempotencyKey reads the header: one String of RFC 8941, 3.3.3, without
// parameters. It returns "" when there is none.
func idempotencyKey(lines []string) (string, error) {
	if len(lines) == 0 {
		return "", nil
	}
	malformed := fault.New(fault.Invalid, "bad-key", `Idempotency-Key 应为一个带引号的字符串，1 到 200 个可见 ASCII 字符，如 "8e03978e-40d5-43dd-bc93-6894a57f9324"`,
		`Idempotency-Key is one quoted string of 1 to 200 visible ASCII characters, such as "8e03978e-40d5-43dd-bc93-6894a57f9324"`)
	line := lines[0]
	if len(lines) > 1 || len(line) < 3 || line[0] != '"' || line[len(line)-1] != '"' {
		return "", malformed
	}
	inner := line[1 : len(line)-1]
	key := make([]byte, 0, len(inner))
	for i := 0; i < len(inner); i++ {
		c := inner[i]
		if c == '\\' {
			if i++; i == len(inner) || inner[i] != '"' && inner[i] != '\\' {
				return "", malformed
			}
			c = inner[i]
		} else if c == '"' || c < ' ' || c > '~' {
			return "", malformed
		}
		key = append(key, c)
	}
	if len(key) > maxKey {
		return "", malformed
	}
	return string(key), nil
}

// kept returns the change that was made under a key, nil when there is none.
func (s *Server) kept(ctx context.Context, a attempt) (*kept, error) {
	k := &kept{}
	var print []byte
	err := s.db.Read(ctx).QueryRow(`select print, type, subject, rev, act from server_answer where owner = $1 and key = $2 and at >= $3`,
		a.owner, a.key, s.clock.Now().Add(-keyKept).UnixMilli()).Scan(&print, &k.typ, &k.id, &k.rev, &k.act)
	if errors.Is(err, db.ErrNoRows) {
		return nil, nil
	}
	k.print = string(print)
	return k, err
}

// keep notes, in the transaction of a change, under which key it was made. An
// act that another has caused is part of that one's change. When the same key
// was used meanwhile, on another node, the change is taken back.
func (s *Server) keep(tx *db.Tx, act *evidence.Act) error {
	a, ok := s.attempts.of(act.Request)
	if !ok || act.Cause != "" {
		return nil
	}
	n, err := tx.Exec(`insert into server_answer (owner, key, print, request, type, subject, rev, act, at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		on conflict (owner, key) do update set print = excluded.print, request = excluded.request, type = excluded.type,
			subject = excluded.subject, rev = excluded.rev, act = excluded.act, at = excluded.at where server_answer.at < $10`,
		a.owner, a.key, []byte(a.print), act.Request, act.Subject.Type, act.Subject.ID, act.Subject.Rev, act.ID, act.At, act.At-keyKept.Milliseconds())
	if err != nil || n == 1 {
		return err
	}
	var by string
	if err := tx.QueryRow(`select request from server_answer where owner = $1 and key = $2`, a.owner, a.key).Scan(&by); err != nil {
		return err
	}
	if by != act.Request {
		return errStillRunning()
	}
	return nil
}

// rowAgain answers anew for the record or case that a request has changed: as
// it is now, with the status that the first answer had.
func (s *Server) rowAgain(status int) func(w http.ResponseWriter, r *http.Request, k *kept) error {
	return func(w http.ResponseWriter, r *http.Request, k *kept) error {
		t, err := s.records.Type(k.typ)
		if err != nil {
			return err
		}
		if status == http.StatusCreated {
			w.Header().Set("Location", addressOfRow(t, k.id))
		}
		row, err := s.records.Get(s.db.Read(r.Context()), t, k.id)
		if fault.Is(err, fault.NotFound) { // deleted since
			return s.sendTaken(w, status, t, k.id, k.rev, nil, nil)
		}
		if err != nil {
			return err
		}
		return s.sendChanged(w, r, status, row)
	}
}

// commentAgain answers anew for a comment.
func (s *Server) commentAgain(w http.ResponseWriter, r *http.Request, k *kept) error {
	comments, err := s.processes.Comments(r.Context(), k.id)
	if err != nil {
		return err
	}
	for _, c := range comments {
		if c.Act == k.act {
			return sendComment(w, c)
		}
	}
	return fault.New(fault.NotFound, "not-found", "没有这条留言", "there is no such comment")
}

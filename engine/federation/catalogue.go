package federation

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"chengshu/core/decl"
	"chengshu/core/process"
	"chengshu/kernel/clock"
	"chengshu/kernel/db"
	"chengshu/kernel/fault"
	"chengshu/kernel/job"
	"chengshu/kernel/outbound"
)

// Exchange is a catalogue of another site, by the API of CKAN, with which this
// one's is exchanged: kind `catalogue-exchange`.
type Exchange struct {
	decl.Meta
	Title decl.Text    `yaml:"title,required"`
	URL   string       `yaml:"url,required"`
	Every process.Span `yaml:"every,required"`
	// Send is given when this catalogue is sent there; else theirs is harvested.
	Send *Sending `yaml:"send"`
}

// Sending is how this catalogue is sent to another site.
type Sending struct {
	decl.Pos
	Key    string `yaml:"key,required"`  // names the key in the setting catalogue-keys
	Site   string `yaml:"site,required"` // where this catalogue is reached
	Org    string `yaml:"org"`           // that packages belong to there
	Prefix string `yaml:"prefix"`        // of the names of packages there
}

// ExchangeKind is the declaration kind of exchanges.
var ExchangeKind = decl.Kind{Name: "catalogue-exchange", Order: 47, New: func() decl.Item { return &Exchange{} }}

// Check holds the addresses and the time between two rounds to what can be.
func (x *Exchange) Check(_ *decl.Set, r *decl.Report) {
	if _, err := outbound.Parse(x.URL); err != nil {
		r.Add(x.At("url"), "url 应为 http(s) 地址，不含口令", "url must be an http(s) address without a password")
	}
	if !x.Every.IsZero() && x.every() < time.Minute {
		r.Add(x.At("every"), "every 至少为 1 分钟，以钟点时间计", "every is at least a minute, in plain time")
	}
}

// every is the time between two rounds.
func (x *Exchange) every() time.Duration {
	switch n := time.Duration(x.Every.Count()); x.Every.Unit() {
	case clock.Minutes:
		return n * time.Minute
	case clock.Hours:
		return n * time.Hour
	case clock.Days:
		return n * 24 * time.Hour
	}
	return 0
}

// Catalogue is this site's catalogue.
type Catalogue interface {
	// Take enters a package of another site, or brings its entry up to date.
	Take(ctx context.Context, x *Exchange, pkg map[string]any) error
	// Vanished marks the entry of a package that the other site has no more.
	Vanished(ctx context.Context, x *Exchange, name string) error
	// Packages are those that anybody may know of.
	Packages(ctx context.Context) ([]map[string]any, error)
}

// Round is how an exchange fares.
type Round struct {
	Due       int64       `json:"due"` // ms UTC, as all here
	Began     int64       `json:"began,omitempty"`
	Ended     int64       `json:"ended,omitempty"`
	Succeeded int64       `json:"succeeded,omitempty"`
	Failures  int64       `json:"failures,omitempty"` // one after the other
	Error     *fault.Text `json:"error,omitempty"`
	Taken     int64       `json:"taken"`     // packages that were new or had changed
	Unchanged int64       `json:"unchanged"` // by the last round, as all here
	Vanished  int64       `json:"vanished"`
	Failed    int64       `json:"failed"` // that were refused
}

const (
	roundJob     = "federation.round"
	pageOfRound  = 100
	mostPackages = 200_000
	answerBytes  = 64 << 20
	askWithin    = time.Minute
)

func (e *Engine) exchangeOf(name string) *Exchange {
	for _, x := range e.Exchanges {
		if x.Name == name {
			return x
		}
	}
	return nil
}

// RoundOf returns how an exchange fares; one that never ran is due.
func (e *Engine) RoundOf(q db.Querier, name string) (r Round, err error) {
	var text string
	err = q.QueryRow(`select state from federation_round where name = $1`, name).Scan(&text)
	if errors.Is(err, db.ErrNoRows) {
		return r, nil
	}
	if err == nil {
		err = json.Unmarshal([]byte(text), &r)
	}
	return r, err
}

func (e *Engine) noteRound(ctx context.Context, name string, do func(*Round)) error {
	return e.DB.Do(ctx, func(tx *db.Tx) error {
		r, err := e.RoundOf(tx, name)
		if err != nil {
			return err
		}
		do(&r)
		text, err := json.Marshal(r)
		if err != nil {
			return err
		}
		_, err = tx.Exec(`insert into federation_round (name, state) values ($1, $2) on conflict (name) do update set state = excluded.state`, name, string(text))
		return err
	})
}

// startDue has the rounds begin that are due.
func (e *Engine) startDue(ctx context.Context) error {
	for _, x := range e.Exchanges {
		r, err := e.RoundOf(e.DB.Read(ctx), x.Name)
		if err == nil && r.Due <= e.Clock.Now().UnixMilli() {
			err = e.DB.Do(ctx, func(tx *db.Tx) error { return e.enqueueRound(tx, x.Name) })
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (e *Engine) enqueueRound(tx *db.Tx, name string) error {
	_, err := e.Jobs.Enqueue(tx, job.Job{Kind: roundJob, Payload: name, UniqueKey: name})
	return err
}

// Begin has a round of an exchange begin now.
func (e *Engine) Begin(ctx context.Context, name string) error {
	if e.exchangeOf(name) == nil {
		return fault.New(fault.NotFound, "no-such-exchange", "没有这个目录交换："+name, "there is no such exchange of catalogues: "+name)
	}
	if err := e.noteRound(ctx, name, func(r *Round) { r.Due = 0 }); err != nil {
		return err
	}
	return e.DB.Do(ctx, func(tx *db.Tx) error { return e.enqueueRound(tx, name) })
}

// round is the handler of the jobs: one round of an exchange. Its failure is the
// exchange's, which waits and tries again. A round that was cut off begins anew:
// what it had done is found unchanged.
func (e *Engine) round(ctx context.Context, run *job.Run) error {
	var name string
	if err := run.Decode(&name); err != nil {
		return err
	}
	x := e.exchangeOf(name)
	r, err := e.RoundOf(e.DB.Read(ctx), name)
	if x == nil || err != nil || r.Due > e.Clock.Now().UnixMilli() {
		return err
	}
	if err := e.noteRound(ctx, name, func(r *Round) { r.Began = e.Clock.Now().UnixMilli() }); err != nil {
		return err
	}
	var did Round
	if x.Send != nil {
		err = e.sendCatalogue(ctx, x, &did)
	} else {
		err = e.harvest(ctx, x, &did)
	}
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return e.noteRound(ctx, name, func(r *Round) {
		now := e.Clock.Now()
		pause := x.every()
		r.Ended, r.Taken, r.Unchanged, r.Vanished, r.Failed, r.Error = now.UnixMilli(), did.Taken, did.Unchanged, did.Vanished, did.Failed, nil
		if err == nil {
			r.Failures, r.Succeeded = 0, r.Ended
		} else {
			why := reasonOf(err)
			pause = min(pause, time.Minute<<min(r.Failures, 12))
			r.Error, r.Failures = &why, r.Failures+1
			e.Log.Warn("catalogues could not be exchanged", "exchange", name, "err", err)
		}
		r.Due = now.Add(pause).UnixMilli()
	})
}

// entry is what is known of a package of an exchange.
type entry struct {
	digest string // of the package as it was taken or sent last
	gone   bool
}

func (e *Engine) entries(q db.Querier, x *Exchange) (map[string]entry, error) {
	rows, err := q.Query(`select package, digest, gone_at is not null from federation_package where exchange = $1`, x.Name)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[string]entry{}
	for rows.Next() {
		var name string
		var one entry
		if err := rows.Scan(&name, &one.digest, &one.gone); err != nil {
			return nil, err
		}
		out[name] = one
	}
	return out, rows.Err()
}

func (e *Engine) keepEntry(ctx context.Context, x *Exchange, name, digest string, gone bool) error {
	var at *int64
	if now := e.Clock.Now().UnixMilli(); gone {
		at = &now
	}
	return e.DB.Do(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(`insert into federation_package (exchange, package, digest, gone_at) values ($1, $2, $3, $4)
			on conflict (exchange, package) do update set digest = excluded.digest, gone_at = excluded.gone_at`, x.Name, name, digest, at)
		return err
	})
}

func digestOf(pkg map[string]any) string {
	raw, _ := json.Marshal(pkg) // it came from JSON
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:])
}

// harvest takes every package that is new or has changed, and marks those that
// the other site says it has no more.
func (e *Engine) harvest(ctx context.Context, x *Exchange, did *Round) error {
	known, err := e.entries(e.DB.Read(ctx), x)
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	var refused error
	take := func(pkg map[string]any) error {
		name, _ := pkg["name"].(string)
		if name == "" || seen[name] {
			return nil
		}
		seen[name] = true
		digest := digestOf(pkg)
		if known[name] == (entry{digest, false}) {
			did.Unchanged++
			return nil
		}
		if err := e.Catalogue.Take(ctx, x, pkg); err != nil { // the others are taken
			did.Failed++
			refused = errors.Join(refused, fault.Wrap(err, fault.Invalid, "not-taken", "条目“"+name+"”未能采集："+reasonOf(err).Zh, "the package "+name+" could not be taken: "+reasonOf(err).En))
			return ctx.Err()
		}
		did.Taken++
		return e.keepEntry(ctx, x, name, digest, false)
	}
	for start := 0; start < mostPackages; {
		var page struct {
			Count   int              `json:"count"`
			Results []map[string]any `json:"results"`
		}
		query := url.Values{"rows": {strconv.Itoa(pageOfRound)}, "start": {strconv.Itoa(start)}, "sort": {"name asc"}}
		if _, err := e.ask(ctx, x, http.MethodGet, "package_search?"+query.Encode(), nil, &page); err != nil {
			return err
		}
		for _, pkg := range page.Results {
			if err := take(pkg); err != nil {
				return err
			}
		}
		if start += len(page.Results); len(page.Results) == 0 || start >= page.Count {
			break
		}
	}
	for name, was := range known {
		if seen[name] || was.gone {
			continue
		}
		var pkg map[string]any
		status, err := e.ask(ctx, x, http.MethodGet, "package_show?"+url.Values{"id": {name}}.Encode(), nil, &pkg)
		switch {
		case status == http.StatusNotFound:
			if err := errors.Join(e.Catalogue.Vanished(ctx, x, name), e.keepEntry(ctx, x, name, was.digest, true)); err != nil {
				return err
			}
			did.Vanished++
		case err != nil:
			return err
		default: // it was only left out of the pages, which moved
			if err := take(pkg); err != nil {
				return err
			}
		}
	}
	return refused
}

// sendCatalogue sends every package that is new or has changed, and deletes
// there what it has sent and is here no more.
func (e *Engine) sendCatalogue(ctx context.Context, x *Exchange, did *Round) error {
	list, err := e.Catalogue.Packages(ctx)
	if err != nil {
		return err
	}
	known, err := e.entries(e.DB.Read(ctx), x)
	if err != nil {
		return err
	}
	here := map[string]bool{}
	for _, pkg := range list {
		x.Send.address(pkg)
		name, _ := pkg["name"].(string)
		here[name] = true
		digest := digestOf(pkg)
		if known[name] == (entry{digest, false}) {
			did.Unchanged++
			continue
		}
		status, err := e.ask(ctx, x, http.MethodGet, "package_show?"+url.Values{"id": {name}}.Encode(), nil, nil)
		action := "package_create"
		if status != http.StatusNotFound {
			if err != nil {
				return err
			}
			action, pkg["id"] = "package_update", name
		}
		if _, err := e.ask(ctx, x, http.MethodPost, action, pkg, nil); err != nil {
			return err
		}
		did.Taken++
		if err := e.keepEntry(ctx, x, name, digest, false); err != nil {
			return err
		}
	}
	for name, was := range known {
		if here[name] || was.gone {
			continue
		}
		if status, err := e.ask(ctx, x, http.MethodPost, "package_delete", map[string]any{"id": name}, nil); err != nil && status != http.StatusNotFound {
			return err
		}
		did.Vanished++
		if err := e.keepEntry(ctx, x, name, was.digest, true); err != nil {
			return err
		}
	}
	return nil
}

// address makes a package one of another site: its links lead here, and it
// belongs to the organisation that it has there.
func (s *Sending) address(pkg map[string]any) {
	site := strings.TrimSuffix(s.Site, "/")
	pkg["name"] = s.Prefix + fmt.Sprint(pkg["name"])
	for _, gone := range []string{"id", "organization", "owner_org", "creator_user_id"} { // they mean something here only
		delete(pkg, gone)
	}
	if s.Org != "" {
		pkg["owner_org"] = s.Org
	}
	list, _ := pkg["resources"].([]any)
	for _, one := range list {
		if r, ok := one.(map[string]any); ok {
			delete(r, "id")
			delete(r, "package_id")
			if at, _ := r["url"].(string); strings.HasPrefix(at, "/") {
				r["url"] = site + at
			}
		}
	}
}

// ask calls an action of the other site and reads its result. The status is 0
// when there was no answer.
func (e *Engine) ask(ctx context.Context, x *Exchange, method, action string, body, into any) (status int, err error) {
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	var raw []byte
	if body != nil {
		if raw, err = json.Marshal(body); err != nil {
			return 0, err
		}
	}
	req, err := outbound.Request(ctx, method, strings.TrimSuffix(x.URL, "/")+"/api/3/action/"+action, bytes.NewReader(raw))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", "application/json")
	if x.Send != nil {
		req.Header.Set("Authorization", e.Keys[x.Send.Key])
	}
	got, err := e.Client.Do(req)
	if err != nil {
		return 0, err
	}
	defer got.Body.Close()
	if raw, err = io.ReadAll(io.LimitReader(got.Body, answerBytes)); err != nil {
		return got.StatusCode, err
	}
	var answer struct {
		Success bool
		Result  json.RawMessage
		Error   json.RawMessage
	}
	switch {
	case json.Unmarshal(raw, &answer) != nil:
		if got.StatusCode == http.StatusOK {
			return 0, fault.New(fault.Unavailable, "strange-answer", "对方的答复不是 CKAN 的", "the answer is not CKAN's")
		}
		return 0, outbound.BadStatus(got)
	case got.StatusCode != http.StatusOK || !answer.Success:
		said := string(answer.Error[:min(len(answer.Error), 500)])
		return got.StatusCode, fault.New(fault.Unavailable, "refused-there", "对方目录拒绝（"+got.Status+"）："+said, "the other catalogue refuses ("+got.Status+"): "+said)
	case into != nil && json.Unmarshal(answer.Result, into) != nil:
		return 0, fault.New(fault.Unavailable, "strange-answer", "对方的答复不是 CKAN 的", "the answer is not CKAN's")
	}
	return got.StatusCode, nil
}

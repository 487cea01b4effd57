package server

import (
	"net/http"
	"strings"

	"chengshu/core/record"
	"chengshu/engine/exchange"
	"chengshu/kernel/db"
	"chengshu/kernel/fault"
)

// pushing is what the exchange needs to tell holders of grants what is new.
func (s *Server) pushing() exchange.Pushing {
	source, _, _ := strings.Cut(s.cfg.Origin, "/")
	return exchange.Pushing{Jobs: s.jobs, Client: s.outbound(), Log: s.log, Source: source, Next: s.nextRelease, Latest: s.latestRelease}
}

// nextRelease finds the release after a version: they are numbered without gaps.
func (s *Server) nextRelease(q db.Querier, t *record.Type, version int64) (*exchange.News, error) {
	r, err := s.lake.Release(q, t, version+1)
	if fault.Is(err, fault.NotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	m, err := r.Read()
	return &exchange.News{Version: r.Version, Digest: r.Digest, Rows: m.Rows, At: rfc(r.At)}, err
}

func (s *Server) latestRelease(q db.Querier, t *record.Type) (int64, error) {
	list, err := s.lake.Releases(q, t, 0, 1)
	if err != nil || len(list) == 0 {
		return 0, err
	}
	return list[0].Version, nil
}

type pushView struct {
	Event    string      `json:"event"`
	Kind     string      `json:"kind"`
	About    string      `json:"about"`
	MadeAt   string      `json:"made_at"`
	SentAt   string      `json:"sent_at,omitempty"`
	Attempts int64       `json:"attempts"`
	Status   int64       `json:"status,omitempty"`
	Error    *fault.Text `json:"error,omitempty"`
}

type subscriptionView struct {
	URL      string      `json:"url"`
	Events   []string    `json:"events"`
	State    string      `json:"state"` // active or paused
	Error    *fault.Text `json:"error,omitempty"`
	MadeAt   string      `json:"made_at"`
	Failures int64       `json:"failures"`         // one after the other
	Secret   string      `json:"secret,omitempty"` // shown once
	Pushes   []pushView  `json:"pushes"`           // the last, newest first
}

func (s *Server) sendSubscription(w http.ResponseWriter, r *http.Request, secret string) error {
	sub, list, err := s.exchange.Subscription(r.Context(), actorOf(r.Context()), r.PathValue("grant"))
	if err != nil {
		return err
	}
	v := subscriptionView{URL: sub.URL, Events: sub.Events, State: sub.State, Error: sub.Why, MadeAt: rfc(sub.MadeAt), Failures: sub.Failures, Secret: secret, Pushes: []pushView{}}
	for _, p := range list {
		v.Pushes = append(v.Pushes, pushView{Event: p.Event, Kind: p.Kind, About: p.About, MadeAt: rfc(p.MadeAt), SentAt: whenOf(p.SentAt), Attempts: p.Attempts, Status: p.Status, Error: p.Why})
	}
	return send(w, http.StatusOK, v)
}

// getSubscription tells the holder where the news of a grant goes, and how the
// last pushes fared.
func (s *Server) getSubscription(w http.ResponseWriter, r *http.Request) error {
	return s.sendSubscription(w, r, "")
}

// subscribe sends the news of a grant to an address that proves to be the
// holder's.
func (s *Server) subscribe(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		URL    string   `json:"url"`
		Events []string `json:"events"`
	}
	if err := decode(w, r, &in); err != nil {
		return err
	}
	secret, err := s.exchange.Subscribe(r.Context(), caller(r), r.PathValue("grant"), in.URL, in.Events)
	if err != nil {
		return err
	}
	return s.sendSubscription(w, r, secret)
}

func (s *Server) unsubscribe(w http.ResponseWriter, r *http.Request) error {
	if err := s.exchange.Unsubscribe(r.Context(), caller(r), r.PathValue("grant")); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// resumeSubscription has a subscription that was paused, or that waits after a
// failure, go on at once.
func (s *Server) resumeSubscription(w http.ResponseWriter, r *http.Request) error {
	if err := s.exchange.Resume(r.Context(), actorOf(r.Context()), r.PathValue("grant")); err != nil {
		return err
	}
	return s.sendSubscription(w, r, "")
}

package server

import (
	"context"
	"io"
	"net/http"
	"path/filepath"
	"strconv"

	"chengshu/core/decl"
	"chengshu/core/identity"
	"chengshu/core/process"
	"chengshu/core/record"
	"chengshu/engine/federation"
	"chengshu/kernel/db"
	"chengshu/kernel/fault"
)

// federationLimit bounds the file of a release that another node sends.
const federationLimit = 8 << 30

func (s *Server) newFederation() (*federation.Engine, error) {
	keys, err := connectionsOf(s.cfg.CatalogueKeys)
	if err != nil {
		return nil, err
	}
	return federation.New(federation.Deps{DB: s.db, Clock: s.clock, Evidence: s.evidence, Jobs: s.jobs, Log: s.log, Client: s.outbound(), Datasets: record.Datasets(s.declared.Types),
		Nodes: decl.All[*federation.Node](s.declared.Set, federation.NodeKind.Name), Dir: filepath.Join(s.cfg.Data, "inbox"), Limit: federationLimit,
		Keep: s.keepArrived, Open: s.openArrived, Next: s.nextManifest, File: s.lake.Blobs.Open, Upstream: s.cfg.Upstream, Key: s.cfg.UpstreamKey,
		Checkpoint: func(ctx context.Context) (string, error) {
			status, err := s.evidence.Status(ctx)
			return status.Checkpoint, err
		},
		Exchanges: decl.All[*federation.Exchange](s.declared.Set, federation.ExchangeKind.Name), Catalogue: harvested{s, newOpenData(s)}, Keys: keys}), nil
}

// nextManifest finds the release after a version, as it is sent to other nodes.
func (s *Server) nextManifest(q db.Querier, t *record.Type, version int64) (*federation.Release, error) {
	r, err := s.lake.Release(q, t, version+1)
	if fault.Is(err, fault.NotFound) {
		return nil, nil
	}
	return &federation.Release{Version: r.Version, Digest: r.Digest, Manifest: string(r.Manifest), Gone: r.Gone}, err
}

// keepArrived keeps a file of another node as one that was sent by the system.
func (s *Server) keepArrived(ctx context.Context, from io.Reader, name string) (record.FileRef, error) {
	ref, err := s.blobs.Put(ctx, from, federationLimit)
	if err != nil {
		return record.FileRef{}, err
	}
	file := record.FileRef{ID: ref.Hash, Name: name, Size: ref.Size, Media: ref.Media}
	return file, s.noteUpload(ctx, "", file)
}

// openArrived opens the case of a release that has arrived, as the system.
func (s *Server) openArrived(ctx context.Context, n *federation.Node, input map[string]any) error {
	_, err := s.processes.Do(ctx, process.Command{Type: n.Process, Action: n.Action, Actor: identity.NewSystem(), Input: input})
	return err
}

// nodeOf returns the node that asks, and which release it asks about.
func (s *Server) nodeOf(r *http.Request) (n *federation.Node, dataset string, version int64, err error) {
	if n, err = s.federation.NodeOf(actorOf(r.Context())); err != nil {
		return nil, "", 0, err
	}
	version, err = strconv.ParseInt(r.PathValue("version"), 10, 64)
	if err != nil || version < 1 {
		return nil, "", 0, fault.New(fault.Invalid, "bad-version", "版本号无效", "not a version")
	}
	return n, r.PathValue("dataset"), version, nil
}

// offerRelease takes note of a release that another node wants to send.
func (s *Server) offerRelease(w http.ResponseWriter, r *http.Request) error {
	n, dataset, version, err := s.nodeOf(r)
	if err != nil {
		return err
	}
	var in federation.Offer
	if err := decode(w, r, &in); err != nil {
		return err
	}
	answer, err := s.federation.Offered(r.Context(), n, dataset, version, in)
	if err != nil {
		return err
	}
	return send(w, http.StatusOK, answer)
}

// releasePart takes in a part of the file of a release.
func (s *Server) releasePart(w http.ResponseWriter, r *http.Request) error {
	n, dataset, version, err := s.nodeOf(r)
	if err != nil {
		return err
	}
	offset, err := number(r, "offset", 0)
	if err != nil {
		return err
	}
	body := upload{from: r.Body}
	answer, err := s.federation.Part(r.Context(), n, dataset, version, offset, &body)
	if body.failed != nil {
		return fault.Wrap(body.failed, fault.Invalid, "cut-off", "文件未能收全，请由已收到处继续", "the file did not arrive whole; go on from what is here")
	}
	if err != nil {
		return err
	}
	return send(w, http.StatusOK, answer)
}

type arrivedView struct {
	Node    string      `json:"node"`
	Dataset string      `json:"dataset"` // as the node calls it
	Version int64       `json:"version"`
	Digest  string      `json:"digest"`
	At      string      `json:"at"`
	State   string      `json:"state"` // expected, received or taken
	Case    string      `json:"case,omitempty"`
	Error   *fault.Text `json:"error,omitempty"` // why its case could not be opened
}

// federationInbox tells a node what of its own has arrived, and those who run
// the program about all nodes.
func (s *Server) federationInbox(w http.ResponseWriter, r *http.Request) error {
	actor, node := actorOf(r.Context()), ""
	if s.mustAdmin(actor) != nil {
		n, err := s.federation.NodeOf(actor)
		if err != nil {
			return err
		}
		node = n.Name
	}
	list, err := s.federation.Inbox(s.db.Read(r.Context()), node, shownReleases)
	if err != nil {
		return err
	}
	out := listOf[arrivedView]{Items: []arrivedView{}}
	for _, a := range list {
		out.Items = append(out.Items, arrivedView{a.Node, a.Dataset, a.Version, a.Digest, rfc(a.At), a.State, a.Case, a.Why})
	}
	return send(w, http.StatusOK, out)
}

const shownReleases = 200

type outgoingView struct {
	Dataset  string      `json:"dataset"`
	Version  int64       `json:"version"`
	State    string      `json:"state"` // waiting, sent, refused or gone
	At       string      `json:"at"`
	EndedAt  string      `json:"ended_at,omitempty"`
	Attempts int64       `json:"attempts"`
	Error    *fault.Text `json:"error,omitempty"`
}

// federationOutbox tells what was and is to be sent to the node above.
func (s *Server) federationOutbox(w http.ResponseWriter, r *http.Request) error {
	if err := s.mustAdmin(actorOf(r.Context())); err != nil {
		return err
	}
	list, err := s.federation.Outbox(s.db.Read(r.Context()), shownReleases)
	if err != nil {
		return err
	}
	out := listOf[outgoingView]{Items: []outgoingView{}}
	for _, o := range list {
		out.Items = append(out.Items, outgoingView{o.Dataset, o.Version, o.State, rfc(o.At), whenOf(o.EndedAt), o.Attempts, o.Why})
	}
	return send(w, http.StatusOK, out)
}

// retryOutgoing has a release sent again that was refused, or that waits after a
// failure.
func (s *Server) retryOutgoing(w http.ResponseWriter, r *http.Request) error {
	if err := s.mustAdmin(actorOf(r.Context())); err != nil {
		return err
	}
	version, err := strconv.ParseInt(r.PathValue("version"), 10, 64)
	if err != nil {
		return fault.New(fault.Invalid, "bad-version", "版本号无效", "not a version")
	}
	if err := s.federation.Retry(r.Context(), r.PathValue("dataset"), version); err != nil {
		return err
	}
	w.WriteHeader(http.StatusAccepted)
	return nil
}

package server

import (
	"context"
	"net/http"
	"path/filepath"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"chengshu/core/identity"
	"chengshu/core/process"
	"chengshu/core/record"
	"chengshu/engine/lake"
	"chengshu/engine/lake/feed"
	"chengshu/kernel/fault"
	"chengshu/kernel/outbound"
)

// connectionsOf reads NAME=VALUE of the settings connections and catalogue-keys.
func connectionsOf(list []string) (map[string]string, error) {
	out := map[string]string{}
	for _, one := range list {
		name, address, ok := strings.Cut(one, "=")
		if !ok || name == "" || address == "" {
			return nil, fault.New(fault.Invalid, "bad-config", "配置 connections、catalogue-keys 应为 名称=内容，以逗号分隔", "the settings connections and catalogue-keys are NAME=VALUE, with commas between")
		}
		out[name] = address
	}
	return out, nil
}

// pulling is what the lake needs to pull from sources.
func (s *Server) pulling(connections map[string]string) lake.Pulling {
	return lake.Pulling{Jobs: s.jobs, Log: s.log, Dir: filepath.Join(s.cfg.Data, "pulls"), Limit: int64(s.cfg.BlobLimit), Connections: connections, Client: s.outbound(), Open: s.openPulled}
}

// outbound reaches addresses that come from outside.
func (s *Server) outbound() outbound.Client { return outbound.Client{Hosts: s.cfg.OutboundHosts} }

// openPulled opens the case of what a source has brought, as the system.
func (s *Server) openPulled(ctx context.Context, f *lake.Feed, file record.FileRef) error {
	if err := s.noteUpload(ctx, "", file); err != nil {
		return err
	}
	_, err := s.processes.Do(ctx, process.Command{Type: f.Process, Action: f.Action, Actor: identity.NewSystem(), Input: map[string]any{
		"dataset": f.Dataset, "source": f.Name, "unit": f.Unit,
		"file": []any{map[string]any{"id": file.ID, "name": file.Name, "size": file.Size, "media": file.Media}}}})
	return err
}

type sourceView struct {
	Name       string      `json:"name"`
	Title      fault.Text  `json:"title"`
	Dataset    string      `json:"dataset"`
	Unit       string      `json:"unit"`
	Every      string      `json:"every"`
	DueAt      string      `json:"due_at,omitempty"`
	LastAt     string      `json:"last_at,omitempty" doc:"when the last pull ended"`
	LastGoodAt string      `json:"last_good_at,omitempty"`
	Running    bool        `json:"running"`
	Failures   int         `json:"failures" doc:"pulls that failed, one after the other"`
	Error      *fault.Text `json:"error,omitempty"`
	Rows       int64       `json:"rows" doc:"that the last pull from a table brought"`
	Mark       *feed.Mark  `json:"mark,omitempty" doc:"how far a table has been pulled"`
	Case       string      `json:"case,omitempty" doc:"the case that was opened last"`
}

// sourceRoutes tell how the sources of data fare, and have one pulled now.
func (s *Server) sourceRoutes(api huma.API) {
	op(s, api, huma.Operation{OperationID: "sources", Method: http.MethodGet, Path: "/api/sources", Summary: "Sources of data, and how they fare"},
		func(ctx context.Context, a *identity.Actor, _ *none) (*body[listOf[sourceView]], error) {
			if err := s.mustAdmin(a); err != nil {
				return nil, err
			}
			return s.listSources(ctx)
		})
	op(s, api, huma.Operation{OperationID: "pull-source", Method: http.MethodPost, Path: "/api/sources/{name}/pull", Summary: "Pull from a source now", DefaultStatus: http.StatusAccepted},
		func(ctx context.Context, a *identity.Actor, in *struct {
			Name string `path:"name" maxLength:"80"`
		}) (*none, error) {
			if err := s.mustAdmin(a); err != nil {
				return nil, err
			}
			return nil, s.lake.Pull(ctx, in.Name)
		})
}

func (s *Server) listSources(ctx context.Context) (*body[listOf[sourceView]], error) {
	out := listOf[sourceView]{Items: []sourceView{}}
	for _, f := range s.lake.Sources {
		state, err := s.lake.SourceState(s.db.Read(ctx), f.Name)
		if err != nil {
			return nil, err
		}
		v := sourceView{Name: f.Name, Title: fault.Text(f.Title), Dataset: f.Dataset, Unit: f.Unit, Every: f.Every.String(), Running: state.Began > state.Ended,
			Failures: state.Failures, Error: state.Error, Rows: state.Rows, Mark: state.Mark, Case: state.Case,
			DueAt: whenOf(state.Due), LastAt: whenOf(state.Ended), LastGoodAt: whenOf(state.Succeeded)}
		out.Items = append(out.Items, v)
	}
	return &body[listOf[sourceView]]{out}, nil
}

// whenOf is an instant in ms, "" for none.
func whenOf(ms int64) string {
	if ms == 0 {
		return ""
	}
	return rfc(ms)
}

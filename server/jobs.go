package server

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"chengshu/core/identity"
	"chengshu/kernel/db"
	"chengshu/kernel/job"
)

type jobView struct {
	ID          string  `json:"id"`
	Kind        string  `json:"kind"`
	State       string  `json:"state"`
	Attempt     int     `json:"attempt"`
	MaxAttempts int     `json:"max_attempts"`
	RunAt       string  `json:"run_at"`
	Progress    float64 `json:"progress"`
	Error       string  `json:"error,omitempty"`
}

type jobsView struct {
	Items  []jobView        `json:"items"`
	Totals map[string]int64 `json:"totals"`
}

type jobInput struct {
	ID string `path:"id" maxLength:"40"`
}

func (s *Server) jobRoutes(api huma.API) {
	op(s, api, huma.Operation{OperationID: "admin-jobs", Method: http.MethodGet, Path: "/api/admin/jobs", Summary: "Background jobs"},
		func(ctx context.Context, a *identity.Actor, in *struct {
			State string `query:"state" maxLength:"20"`
		}) (*body[jobsView], error) {
			if err := s.mustAdmin(a); err != nil {
				return nil, err
			}
			return s.listJobs(ctx, in.State)
		})
	change := func(id, path, summary string, do func(*db.Tx, string) error) {
		op(s, api, huma.Operation{OperationID: id, Method: http.MethodPost, Path: path, Summary: summary, DefaultStatus: http.StatusNoContent},
			func(ctx context.Context, a *identity.Actor, in *jobInput) (*none, error) {
				if err := s.mustAdmin(a); err != nil {
					return nil, err
				}
				if err := s.db.Do(ctx, func(tx *db.Tx) error { return do(tx, in.ID) }); err != nil {
					return nil, err
				}
				return nil, s.processes.JobCancelled(ctx, in.ID)
			})
	}
	change("retry-job", "/api/admin/jobs/{id}/retry", "Run a failed job again", s.jobs.Requeue)
	change("cancel-job", "/api/admin/jobs/{id}/cancel", "Stop a job", s.jobs.Cancel)
}

func (s *Server) listJobs(ctx context.Context, state string) (*body[jobsView], error) {
	q := s.db.Read(ctx)
	all, err := s.jobs.List(q, job.Filter{State: job.State(state), Limit: 200})
	if err != nil {
		return nil, err
	}
	v := jobsView{Items: []jobView{}, Totals: map[string]int64{}}
	for _, j := range all {
		item := jobView{ID: j.ID, Kind: j.Kind, State: string(j.State), Attempt: j.Attempts, MaxAttempts: j.MaxAttempts, RunAt: rfc(j.RunAt.UnixMilli()), Error: j.LastError}
		if j.Total > 0 {
			item.Progress = float64(j.Done) / float64(j.Total)
		}
		v.Items = append(v.Items, item)
		v.Totals[item.State]++
	}
	return &body[jobsView]{v}, nil
}

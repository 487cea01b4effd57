package server

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"chengshu/core/evidence"
	"chengshu/core/identity"
	"chengshu/kernel/db"
)

// alarmView is an alarm with what only those who run the program are told: who
// has looked into it, and what came of that.
type alarmView struct {
	evidence.Alarm
	AcknowledgedBy string `json:"acknowledged_by,omitempty"` // their name
	Note           string `json:"note,omitempty"`
}

// alarmsShown is how many alarms the page of the evidence shows, the newest.
const alarmsShown = 50

func (s *Server) alarmRoutes(api huma.API) {
	op(s, api, huma.Operation{OperationID: "admin-alarms", Method: http.MethodGet, Path: "/api/admin/evidence/alarms", Summary: "Alarms of the evidence's monitor"},
		func(ctx context.Context, a *identity.Actor, _ *none) (*body[listOf[alarmView]], error) {
			if err := s.mustAdmin(a); err != nil {
				return nil, err
			}
			alarms, err := s.evidence.Alarms(ctx, alarmsShown)
			out := listOf[alarmView]{Items: []alarmView{}}
			for _, found := range alarms {
				out.Items = append(out.Items, alarmView{found, s.officerName(ctx, found.AcknowledgedBy), found.Note})
			}
			return &body[listOf[alarmView]]{out}, err
		})
	op(s, api, huma.Operation{OperationID: "acknowledge-alarm", Method: http.MethodPost, Path: "/api/admin/evidence/alarms/{n}/acknowledge",
		Summary: "Say what came of looking into an alarm", DefaultStatus: http.StatusNoContent},
		func(ctx context.Context, a *identity.Actor, in *struct {
			N    int64 `path:"n"`
			Body struct {
				Note string `json:"note"`
			}
		}) (*none, error) {
			if err := s.mustAdmin(a); err != nil {
				return nil, err
			}
			return nil, s.db.Do(ctx, func(tx *db.Tx) error {
				return s.evidence.Acknowledge(tx, in.N, in.Body.Note, evidence.Act{At: s.clock.Now().UnixMilli(), Actor: a.Evidence(), Request: requestID(ctx)})
			})
		})
}

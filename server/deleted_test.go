package server

import "testing"

// TestDeletedRecord: a deleted record is gone, and what was done to it stays to
// be read by those who could read it.
func TestDeletedRecord(t *testing.T) {
	eachTown(t, func(t *testing.T, w *town) {
		w.do("gone", "operator", "POST /api/records/shelter", `{"fields":{"name":"四号","keeper":"赵六","beds":5}}`)
		sealed(t, w)
		const at = "/api/records/shelter/{gone}"
		w.run(t, []call{
			{name: "deleted", actor: "operator", request: "DELETE " + at + "?rev=1", status: 204},
			{name: "its history stays", actor: "operator", request: "GET " + at + "/history", status: 200,
				holds: []string{`"deleted_at":"`, `"verb":"shelter.delete"`, `"verb":"shelter.create"`, "四号", "赵六"}},
			{name: "as they could read it", actor: "citizen", request: "GET " + at + "/history", status: 200,
				holds: []string{`"deleted_at":"`, "四号"}, lacks: []string{"赵六"}},
			{name: "to nobody else", request: "GET " + at + "/history", status: 404},
			{name: "its evidence stays", actor: "operator", request: "GET " + at + "/evidence", status: 200, holds: []string{"shelter.delete"}},
			{name: "and is not everybody's", actor: "citizen", request: "GET " + at + "/evidence", status: 403},
			{name: "the record is gone", actor: "operator", request: "GET " + at, status: 404},
			{name: "for good", actor: "operator", request: `PATCH ` + at, body: `{"rev":2,"fields":{"beds":1}}`, status: 404},
			{name: "and not deleted twice", actor: "operator", request: "DELETE " + at + "?rev=2", status: 404},
			{name: "one that never was", actor: "operator", request: "GET /api/records/shelter/none/history", status: 404},
		})
	})
}

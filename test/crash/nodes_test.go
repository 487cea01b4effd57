package crash

import (
	"bytes"
	"net/http"
	"testing"
	"time"

	"chengshu/kernel/db/dbtest"
	"chengshu/test/program"
)

// TestTwoNodes starts two programs at once over one empty PostgreSQL. Both come
// up, the seeds are in once, what one does the other knows, and one of them
// seals the acts of both.
func TestTwoNodes(t *testing.T) {
	alone := dbtest.URL(t)
	program.Start(t, program.Options{Args: []string{"--db", alone}}).Stop()
	url := dbtest.URL(t)
	started := make(chan *program.Server, 2)
	for range 2 {
		go func() {
			s, err := program.Try(t, program.Options{Args: []string{"--db", url}})
			if err != nil {
				t.Error(err)
			}
			started <- s
		}()
	}
	nodes := []*program.Server{<-started, <-started}
	if t.Failed() {
		return
	}
	for _, count := range []string{`select count(*) from act where verb in ('org-seed', 'incident.seed', 'division.seed')`,
		`select count(*) from record_history`, `select count(*) from identity_account`, `select count(*) from identity_post`} {
		if got, want := number(t, url, count), number(t, alone, count); got != want || want == 0 {
			t.Errorf("%s: %d, want %d as with one node", count, got, want)
		}
	}

	// A case is opened at one node; its answer is lost, and asked for at the other.
	body := []byte(`{"fields":{"category":"P0101","location":{"lon":114.52972,"lat":38.04533},"description":"井盖缺失"}}`)
	head := http.Header{"Content-Type": {"application/json"}, "Idempotency-Key": {`"two nodes"`}}
	var ids []string
	for i, node := range nodes {
		a := node.SignIn(t, "citizen").Send(http.MethodPost, "/api/cases/incident", bytes.NewReader(body), head)
		if a.Status != http.StatusCreated || (a.Header.Get("Idempotent-Replayed") == "true") != (i == 1) {
			t.Fatalf("node %d: %s", i, a)
		}
		ids = append(ids, a.Text("id"))
	}
	if ids[0] != ids[1] {
		t.Errorf("opened twice: %v", ids)
	}
	for _, node := range nodes {
		awaitSealed(t, node)
	}
}

func number(t *testing.T, url, count string) (n int64) {
	t.Helper()
	if err := dbtest.Open(t, url).Read(t.Context()).QueryRow(count).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// awaitSealed waits until a node says that every act is sealed.
func awaitSealed(t *testing.T, node *program.Server) {
	t.Helper()
	limit, tick := time.After(30*time.Second), time.NewTicker(20*time.Millisecond)
	defer tick.Stop()
	for {
		a := node.Client().Get("/api/evidence")
		if a.JSON["unsealed"] == float64(0) && a.JSON["sealing"] == true {
			return
		}
		select {
		case <-limit:
			t.Fatalf("acts stay unsealed: %s", a)
		case <-tick.C:
		}
	}
}

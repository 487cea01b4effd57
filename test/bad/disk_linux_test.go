package bad

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"chengshu/test/program"
)

// TestFullDisk runs the program on a disk of its own that fills up. It says
// that it is full, loses nothing of what it acknowledged, and goes on by itself
// once there is room.
func TestFullDisk(t *testing.T) {
	data := t.TempDir()
	// A mount namespace of its own, with a disk of 96 MiB; PID and program stay the same.
	mount := []string{"unshare", "--mount", "sh", "-c", `mount -t tmpfs -o size=96m tmpfs "` + data + `" && exec "$@"`, "sh"}
	if out, err := exec.Command(mount[0], append(mount[1:], "true")...).CombinedOutput(); err != nil {
		t.Skipf("no small disk can be made here: the full disk is NOT tested: %v %s", err, out)
	}
	s := program.Start(t, program.Options{Data: data, Under: mount})
	citizen, auditor := s.SignIn(t, "citizen"), s.SignIn(t, "auditor")
	disk := fmt.Sprintf("/proc/%d/root%s", s.PID(), data)
	var acked []string
	report := func() program.Answer {
		text := strings.Repeat("路面塌陷，请尽快处理。", 80)
		a := citizen.Send(http.MethodPost, "/api/cases/incident", strings.NewReader(incident("description", `"`+text+`","reporter_phone":"13900000001"`)), nil)
		if a.Status == http.StatusCreated {
			acked = append(acked, a.Text("id"))
		}
		return a
	}
	for range 20 {
		if a := report(); a.Status != http.StatusCreated {
			t.Fatalf("with room: %s", a)
		}
	}
	shown, handler := acked[0], s.SignIn(t, "handler")
	if a := s.SignIn(t, "dispatcher").Post("/api/cases/incident/"+shown+"/assign", map[string]any{}); a.Status != http.StatusOK {
		t.Fatalf("assign: %s", a)
	}

	ballast := filepath.Join(disk, "ballast")
	fill(t, ballast)
	refusals, tries := 0, 0
	for ; refusals < 20 && tries < 3000; tries++ {
		if a := report(); a.Status != http.StatusCreated {
			refused(t, a, http.StatusInsufficientStorage, "disk-full")
			refusals++
		}
		if tries%100 == 99 {
			fill(t, ballast) // what was freed meanwhile
		}
		if t.Failed() {
			t.FailNow()
		}
	}
	if refusals == 0 {
		t.Fatalf("%d reports on a full disk and none refused", tries)
	}
	png := "\x89PNG\r\n\x1a\n" + strings.Repeat("x", 4<<20)
	refused(t, citizen.Send(http.MethodPost, "/api/files", strings.NewReader(png), http.Header{"X-Filename": {"a.png"}}), http.StatusInsufficientStorage, "disk-full")
	if a := handler.Get("/api/cases/incident/" + shown); a.Status != http.StatusOK { // reading what is personal leaves an act first
		refused(t, a, http.StatusInsufficientStorage, "disk-full")
	}
	if a := citizen.Get("/api/types"); a.Status != http.StatusOK {
		t.Errorf("reading what needs no writing, on a full disk: %s", a)
	}

	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	if a := report(); a.Status != http.StatusCreated {
		t.Errorf("with room again: %s", a)
	}
	if a := citizen.Send(http.MethodPost, "/api/files", strings.NewReader(png), http.Header{"X-Filename": {"a.png"}}); a.Status != http.StatusCreated {
		t.Errorf("a file with room again: %s", a)
	}
	for _, id := range acked {
		if a := citizen.Get("/api/cases/incident/" + id); a.Status != http.StatusOK {
			t.Errorf("acknowledged and lost: %s", a)
		}
	}
	if n := listed(t, citizen); n != len(acked) {
		t.Errorf("%d cases are there, %d were acknowledged", n, len(acked))
	}
	allSealed(t, auditor)
	t.Logf("%d reports acknowledged, %d refused on the full disk, in %d tries", len(acked), refusals, tries)
}

// fill takes all room that is left on the disk of path.
func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for size := 1 << 20; size >= 512; size /= 2 {
		for {
			if _, err := f.Write(bytes.Repeat([]byte("x"), size)); err != nil {
				break
			}
		}
	}
}

// listed counts the cases that the client may see, page by page.
func listed(t *testing.T, c *program.Client) (n int) {
	t.Helper()
	next := ""
	for {
		a := c.Get("/api/cases/incident?limit=200" + next)
		if a.Status != http.StatusOK {
			t.Fatalf("list: %s", a)
		}
		n += len(a.Items())
		if next = a.Text("next"); next == "" {
			return n
		}
		next = "&after=" + next
	}
}

// allSealed waits until every act is sealed, and checks that the log has no
// complaint.
func allSealed(t *testing.T, c *program.Client) {
	t.Helper()
	var a program.Answer
	for deadline := time.Now().Add(40 * time.Second); time.Now().Before(deadline); <-time.After(50 * time.Millisecond) {
		if a = c.Get("/api/evidence"); a.At("unsealed") == 0.0 {
			break
		}
	}
	if a.At("unsealed") != 0.0 || a.At("sealing") != true || len(a.At("alarms").([]any)) > 0 {
		t.Errorf("the log: %s", a)
	}
}

package feed

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"chengshu/kernel/db/dbtest"
	"chengshu/kernel/fault"
)

// mariaDB starts a server of its own and returns its address, or skips the test
// when there is none to be had.
func mariaDB(t *testing.T) string {
	t.Helper()
	if _, err := exec.LookPath("mariadbd"); err != nil {
		t.Skip("mariadb-server is not there: NOT tested with MySQL's protocol")
	}
	dir, err := os.MkdirTemp("/tmp", "chengshu-my-") // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	data, socket := filepath.Join(dir, "data"), filepath.Join(dir, "s")
	if out, err := exec.Command("mariadb-install-db", "--no-defaults", "--user=root", "--datadir="+data, "--auth-root-authentication-method=normal", "--skip-test-db").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	server := exec.Command("mariadbd", "--no-defaults", "--user=root", "--datadir="+data, "--socket="+socket, "--skip-networking", "--pid-file="+filepath.Join(dir, "pid"))
	var said bytes.Buffer
	server.Stderr = &said
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Process.Kill(); _ = server.Wait() })
	address := "root@unix(" + socket + ")/"
	admin, err := sql.Open("mysql", address)
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	for deadline := time.Now().Add(time.Minute); admin.Ping() != nil; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("it does not start: %s", said.String())
		}
	}
	if _, err := admin.Exec("create database city character set utf8mb4"); err != nil {
		t.Fatal(err)
	}
	return address + "city"
}

const tableRows = 25_000

// each runs fn against each kind of database, with a table of three pages whose
// rows change in pairs at the same second.
func each(t *testing.T, fn func(t *testing.T, table Table, do func(string))) {
	for kind, address := range map[string]func(*testing.T) string{PostgreSQL: func(t *testing.T) string { return dbtest.URL(t) }, MySQL: mariaDB} {
		t.Run(kind, func(t *testing.T) {
			table := Table{Kind: kind, URL: address(t), Name: "work order"}
			driver := map[string]string{PostgreSQL: "pgx", MySQL: "mysql"}[kind]
			admin, err := sql.Open(driver, table.URL)
			if err != nil {
				t.Fatal(err)
			}
			defer admin.Close()
			do := func(stmt string) {
				t.Helper()
				if _, err := admin.Exec(stmt); err != nil {
					t.Fatal(err)
				}
			}
			do(map[string]string{
				PostgreSQL: `create table "work order" as select n as id, '单' || n as "名称", timestamptz '2026-03-01 00:00:00+00' + (n / 2) * interval '1 second' as changed, n % 3 = 0 as done, n * 0.5 as fee, null::text as note from generate_series(1, 25000) n`,
				MySQL:      "create table `work order` as select seq as id, concat('单', seq) as `名称`, timestamp('2026-03-01 08:00:00') + interval floor(seq / 2) second as changed, seq % 3 = 0 as done, seq * 0.5 as fee, cast(null as char(9)) as note from seq_1_to_25000",
			}[kind])
			fn(t, table, do)
		})
	}
}

func records(t *testing.T, text string) [][]string {
	t.Helper()
	got, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// TestPull: every row comes once, in pages by key or by time of change, and what
// is new comes the next time.
func TestPull(t *testing.T) {
	each(t, func(t *testing.T, table Table, do func(string)) {
		for _, by := range [][2]string{{"id", ""}, {"changed", "id"}} {
			table.By, table.Key = by[0], by[1]
			var out strings.Builder
			var last Mark
			var pages int
			pull := func(from *Mark, heading bool) {
				t.Helper()
				if err := table.Pull(t.Context(), from, heading, &out, func(_ int64, at Mark) error { last = at; pages++; return nil }); err != nil {
					t.Fatal(err)
				}
			}
			pull(nil, true)
			got := records(t, out.String())
			if len(got) != tableRows+1 || pages != 3 || fmt.Sprint(got[0]) != "[id 名称 changed done fee note]" {
				t.Fatalf("%v: %d rows in %d pages, heading %v", by, len(got)-1, pages, got[0])
			}
			for i, row := range got[1:] {
				if row[0] != fmt.Sprint(i+1) || row[1] != fmt.Sprintf("单%d", i+1) {
					t.Fatalf("%v: row %d is %v", by, i+1, row)
				}
			}
			if row := got[3]; !strings.HasPrefix(row[2], "2026-03-01 08:00:01") || row[3] != map[string]string{PostgreSQL: "true", MySQL: "1"}[table.Kind] || row[4] != "1.5" || row[5] != "" {
				t.Errorf("%v: row 3 is %v", by, row)
			}
			out.Reset()
			pull(&last, false)
			if out.Len() > 0 {
				t.Errorf("%v: nothing is new, but there is %.100s", by, out.String())
			}
			name := table.quoted()
			do("insert into " + name + " (id, changed, done, fee) select 25001, max(changed), false, 1 from " + name)
			pull(&last, false)
			if got := records(t, out.String()); len(got) != 1 || got[0][0] != "25001" {
				t.Errorf("%v: what is new is %v", by, got)
			}
			do("delete from " + name + " where id = 25001")
		}
	})
}

// TestBrokenPull: a table that goes away in the middle is named, and the pull
// goes on where it was.
func TestBrokenPull(t *testing.T) {
	each(t, func(t *testing.T, table Table, do func(string)) {
		table.By = "id"
		gone := table
		gone.Name = "gone"
		var out strings.Builder
		var last Mark
		rename := func(from, to Table) { do("alter table " + from.quoted() + " rename to " + to.quoted()) }
		err := table.Pull(t.Context(), nil, true, &out, func(_ int64, at Mark) error { last = at; rename(table, gone); return nil })
		if fault.Code(err) != "source-database" || last.By != "10000" {
			t.Fatalf("%v at %v", err, last)
		}
		rename(gone, table)
		if err := table.Pull(t.Context(), &last, false, &out, func(int64, Mark) error { return nil }); err != nil {
			t.Fatal(err)
		}
		if got := records(t, out.String()); len(got) != tableRows+1 || got[tableRows][0] != fmt.Sprint(tableRows) {
			t.Errorf("%d rows", len(got)-1)
		}
		why := errors.New("enough")
		ctx, cancel := context.WithCancelCause(t.Context())
		if err := table.Pull(ctx, nil, false, &out, func(int64, Mark) error { cancel(why); return nil }); !errors.Is(err, why) {
			t.Errorf("cancelled: %v", err)
		}
		table.By = "none"
		if err := table.Pull(t.Context(), nil, false, &out, nil); fault.Code(err) != "no-such-column" {
			t.Errorf("a column that is not there: %v", err)
		}
		table.URL = "nonsense"
		if err := table.Pull(t.Context(), nil, false, &out, nil); fault.Code(err) == "" {
			t.Errorf("no address: %v", err)
		}
	})
}

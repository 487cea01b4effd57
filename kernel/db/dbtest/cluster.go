package dbtest

import (
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"sort"
	"strconv"
	"syscall"
	"time"
)

// clusterScript makes a cluster in $2 with the programs in $1, serves it on a
// socket in that folder, and takes everything away when its standard input
// ends: that is when the test binary ends, however it does. Text sorts by
// Chinese rules unless a statement says otherwise, so that a missing
// `collate "C"` shows. Durability is off: what tests it does so elsewhere.
const clusterScript = `
trap '' INT HUP TERM
bin=$1; dir=$2; cd "$dir" || exit 1
{
	"$bin/initdb" -D data -U postgres -A trust -E UTF8 --no-sync --locale=C.UTF-8 --locale-provider=icu --icu-locale=zh ||
	{ rm -rf data; "$bin/initdb" -D data -U postgres -A trust -E UTF8 --no-sync --locale=C; }
} >log 2>&1 || exit 1
"$bin/postgres" -D data -k "$dir" -c listen_addresses= -c fsync=off -c full_page_writes=off \
	-c shared_buffers=64MB -c max_connections=300 >>log 2>&1 &
pid=$!
cat >/dev/null
kill -QUIT $pid; wait $pid
cd /; rm -rf "$dir"
`

// startCluster starts a throw-away cluster and returns its address.
func startCluster() (string, error) {
	bin, err := findBin()
	if err != nil {
		return "", err
	}
	// A socket's path must be short, so the folder is not the test's own.
	dir, err := os.MkdirTemp("/tmp", "chengshu-pg-")
	if err != nil {
		return "", err
	}
	cmd := exec.Command("sh", "-c", clusterScript, "sh", bin, dir)
	cmd.Dir = "/"
	if err := asPostgres(cmd, dir); err != nil {
		os.RemoveAll(dir)
		return "", err
	}
	// The pipe is never closed by us: the end of the process closes it.
	if _, err := cmd.StdinPipe(); err != nil {
		return "", err
	}
	if err := cmd.Start(); err != nil {
		os.RemoveAll(dir)
		return "", err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	u := url.URL{Scheme: "postgres", User: url.User("postgres"), Path: "/postgres", RawQuery: url.Values{"host": {dir}}.Encode()}
	if err := waitFor(u.String(), ended); err != nil {
		log, _ := os.ReadFile(filepath.Join(dir, "log"))
		return "", fmt.Errorf("the cluster does not start: %w\n%s", err, log)
	}
	return u.String(), nil
}

// waitFor waits until the server answers, at most a minute.
func waitFor(server string, ended <-chan error) error {
	d, err := sql.Open("pgx", server)
	if err != nil {
		return err
	}
	defer d.Close()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); {
		select {
		case err := <-ended:
			return errors.Join(errors.New("it ended"), err)
		case <-tick.C:
		}
		if err = d.Ping(); err == nil {
			return nil
		}
	}
	return err
}

// findBin returns the folder of PostgreSQL's programs, the newest if several.
func findBin() (string, error) {
	if p, err := exec.LookPath("initdb"); err == nil {
		if p, err = filepath.EvalSymlinks(p); err == nil {
			return filepath.Dir(p), nil
		}
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if len(found) == 0 {
		return "", errors.New("no initdb in PATH or /usr/lib/postgresql/*/bin; install postgresql or set CHENGSHU_TEST_POSTGRES")
	}
	version := func(p string) int {
		n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(p))))
		return n
	}
	sort.Slice(found, func(i, j int) bool { return version(found[i]) > version(found[j]) })
	return filepath.Dir(found[0]), nil
}

// asPostgres has root run the cluster as the user postgres, since the server
// refuses to run as root.
func asPostgres(cmd *exec.Cmd, dir string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return fmt.Errorf("running as root, and there is no user postgres: %w", err)
	}
	uid, err := strconv.Atoi(u.Uid)
	if err != nil {
		return err
	}
	gid, err := strconv.Atoi(u.Gid)
	if err != nil {
		return err
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	return os.Chown(dir, uid, gid)
}

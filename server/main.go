package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"time"

	"k8s.io/klog/v2"

	"chengshu/core/decl"
	"chengshu/core/evidence"
	"chengshu/core/identity"
	"chengshu/engine/lake/duck"
	"chengshu/engine/lake/linkage"
	"chengshu/kernel/config"
	"chengshu/kernel/fault"
	"chengshu/kernel/log"
)

const usage = `城枢 Chengshu — the city's digital economy as its law asks

  chengshu serve [--demo] [--listen ADDR] [--data DIR] …   run the program
  chengshu config                                          settings in force and where they come from
  chengshu packs [--json]                                  what is loaded
  chengshu pack new NAME | check [DIR…] | show KIND/NAME   write or check a pack; show an item and its hash
  chengshu scenario [PACK…] [--json] [-j N] [--db URL]     run scenarios against a fresh server
  chengshu account --login L --name N [--org O --roles R]  make an account; its password is read from standard input
  chengshu client --name N --org O --roles R [--days D]    make an API client and print its key
  chengshu verify --key VKEY [--sm2-key VKEY] FILE         check an evidence bundle offline
  chengshu version

  chengshu COMMAND --help                                  what a command takes
`

// Main runs one command and returns the exit code: 0 done, 1 failed, 2 misused.
func Main(args []string, version string) int {
	duck.Worker()
	linkage.Worker(linkageChecks())
	if len(args) == 0 {
		fmt.Fprint(os.Stderr, usage)
		return 2
	}
	if asksHelp(args[1:]) && help(os.Stdout, args[0]) {
		return 0
	}
	switch command, rest := args[0], args[1:]; command {
	case "serve":
		return report(serve(rest, version, os.Stdout, os.Stderr))
	case "config":
		return report(explain(rest, os.Stdout))
	case "verify":
		return verify(rest, os.Stdout, os.Stderr)
	case "packs", "pack", "scenario":
		return packCommand(args, version, os.Stdout, os.Stderr)
	case "account":
		return report(addAccount(rest, os.Stdin, os.Stdout))
	case "client":
		return report(addClient(rest, os.Stdout))
	case "version", "--version":
		fmt.Println(version)
		return 0
	case "help", "--help", "-h":
		fmt.Print(usage)
		return 0
	default:
		zh, en := decl.Suggest(command, []string{"serve", "config", "packs", "pack", "scenario", "verify", "account", "client", "version"})
		fmt.Fprintf(os.Stderr, "没有命令 %q；%s\nno command %q; %s\n", command, zh, command, en)
		return 2
	}
}

func report(err error) int {
	if err == nil {
		return 0
	}
	var f *fault.Fault
	if !errors.As(err, &f) {
		fmt.Fprintln(os.Stderr, "chengshu:", err)
		return 1
	}
	fmt.Fprintf(os.Stderr, "chengshu: %s\n          %s\n", f.Text.Zh, f.Text.En)
	if err != error(f) {
		fmt.Fprintf(os.Stderr, "          (%v)\n", err)
	}
	for _, p := range f.Fields {
		fmt.Fprintf(os.Stderr, "  %s\n    %s\n    %s\n", p.Path, p.Zh, p.En)
	}
	return 1
}

func explain(args []string, w io.Writer) error {
	settings, err := config.Load(&Config{}, args, os.Environ())
	if err != nil {
		return err
	}
	return settings.Explain(w)
}

// serve runs the program until it is told to stop: it then takes no new
// requests, lets those under way end, and closes its stores.
func serve(args []string, version string, stdout, stderr io.Writer) error {
	var cfg Config
	if _, err := config.Load(&cfg, args, os.Environ()); err != nil {
		return err
	}
	logger, err := log.New(stderr, cfg.LogLevel, cfg.LogFormat)
	if err != nil {
		return err
	}
	klog.SetSlogLogger(logger) // the log library's own messages
	atLeastFour()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	s, err := New(ctx, cfg, version, logger)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", cfg.Listen)
	if err != nil {
		return errors.Join(err, s.Close())
	}
	s.greet(stdout, listener.Addr().String())
	return s.serve(ctx, listener)
}

// atLeastFour lets Go code run on four threads even where there are two cores,
// unless the operator has chosen. The one goroutine that writes comes back from
// each fsync to find every thread taken by requests that its last commit has
// answered; with threads to spare the kernel lets it go first. On two cores that
// is 10 % more throughput.
func atLeastFour() {
	if os.Getenv("GOMAXPROCS") == "" && runtime.GOMAXPROCS(0) < 4 {
		runtime.GOMAXPROCS(4)
	}
}

// Limits of one connection. Streams and downloads may last, so there is no
// write deadline; a client that sends nothing is cut off.
const (
	readHeader = 10 * time.Second
	readBody   = 5 * time.Minute
	keepAlive  = 2 * time.Minute
)

func (s *Server) serve(ctx context.Context, listener net.Listener) error {
	web := &http.Server{Handler: s.Handler(), ReadHeaderTimeout: readHeader, ReadTimeout: readBody, IdleTimeout: keepAlive, MaxHeaderBytes: 64 << 10}
	web.RegisterOnShutdown(s.events.Close)
	ctx, cancel := context.WithCancelCause(ctx)
	ran := make(chan error, 1)
	go func() {
		err := s.Run(ctx)
		if err != nil {
			cancel(err)
		}
		ran <- err
	}()
	served := make(chan error, 1)
	go func() { served <- web.Serve(listener) }()
	select {
	case <-ctx.Done():
	case err := <-served:
		cancel(err)
	}
	end, done := context.WithTimeout(context.Background(), s.cfg.Shutdown)
	defer done()
	err := web.Shutdown(end)
	cancel(nil)
	return errors.Join(<-ran, err, s.Close())
}

// greet prints where the program is, and the demo accounts.
func (s *Server) greet(w io.Writer, addr string) {
	fmt.Fprintf(w, "城枢 Chengshu %s\n  http://%s\n", s.version, addr)
	if !s.cfg.Demo {
		return
	}
	fmt.Fprintln(w, "示范城市（合成数据）账号 / demo accounts (synthetic data):")
	for _, a := range decl.All[*identity.Account](s.declared.Set, "account") {
		fmt.Fprintf(w, "  %-12s %-18s %s / %s\n", a.Name, a.Password, a.Title.Zh, a.Title.En)
	}
}

// verify checks an exported evidence bundle offline.
func verify(args []string, stdout, stderr io.Writer) int {
	var o evidence.VerifyOptions
	var file string
	asJSON := false
	for i := 0; i < len(args); i++ {
		name, value, given := strings.Cut(args[i], "=")
		next := func() string {
			if given || i+1 >= len(args) {
				return value
			}
			i++
			return args[i]
		}
		switch name {
		case "--key":
			o.Key = append(o.Key, next())
		case "--sm2-key":
			o.SM2Key = append(o.SM2Key, next())
		case "--witness":
			o.Witness = append(o.Witness, next())
		case "--json":
			asJSON = true
		default:
			file = args[i]
		}
	}
	if file == "" || len(o.Key) == 0 {
		fmt.Fprint(stderr, verifyUsage)
		return 2
	}
	f, err := os.Open(file)
	if err != nil {
		return report(err)
	}
	defer f.Close()
	r, err := evidence.Verify(f, o)
	if err != nil {
		return report(err)
	}
	if asJSON {
		return report(json.NewEncoder(stdout).Encode(r))
	}
	for _, t := range r.Verified() {
		fmt.Fprintf(stdout, "✓ %s\n  %s\n", t.Zh, t.En)
	}
	for _, t := range r.NotCovered() {
		fmt.Fprintf(stdout, "· %s\n  %s\n", t.Zh, t.En)
	}
	return 0
}

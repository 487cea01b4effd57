// Package outbound sends requests to addresses that come from outside: of
// sources that packs name, of webhooks that holders of grants give, of
// catalogues that are harvested.
//
// What it promises: a request reaches the host of its address and no other, for
// redirects elsewhere and proxies are not followed; no address of the machine's
// own or of a private network is reached, whatever name leads there, unless the
// operator has allowed that host by name; and no answer's head is waited for
// longer than 30 s (ctx bounds the whole), nor read beyond 1 MiB.
//
// Faults: bad-address, private-address and redirected-elsewhere are Invalid, for
// another time will be no better; timed-out, unreachable and bad-status are
// Unavailable.
package outbound

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"time"

	"chengshu/kernel/fault"
)

const (
	maxRedirects = 5
	answerWithin = 30 * time.Second // the head of an answer
	maxHead      = 1 << 20
)

// Client sends requests. Hosts are those that may have an address in a private
// network.
type Client struct{ Hosts []string }

// Parse reads an address that requests may be sent to: http or https, with a
// host, without a password.
func Parse(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil {
		return nil, fault.New(fault.Invalid, "bad-address", "地址无效（须为 http(s)，不含口令）："+address, "not an http(s) address without a password: "+address)
	}
	return u, nil
}

// Request makes a request that Do sends.
func Request(ctx context.Context, method, address string, body io.Reader) (*http.Request, error) {
	if _, err := Parse(address); err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, method, address, body)
	if err != nil {
		return nil, fmt.Errorf("outbound: %w", err)
	}
	req.Header.Set("User-Agent", "chengshu")
	return req, nil
}

// Do sends a request and returns the answer, whatever its status. Errors of
// reading its body are faults too; whoever closes it lets the connection go.
func (c Client) Do(req *http.Request) (*http.Response, error) {
	client := c.client(req.URL)
	answer, err := client.Do(req)
	if err != nil {
		client.CloseIdleConnections()
		return nil, explain(req.Context(), err)
	}
	answer.Body = &body{from: answer.Body, of: req.Context(), done: client.CloseIdleConnections}
	return answer, nil
}

// BadStatus is the fault of an answer that is not the one wanted.
func BadStatus(answer *http.Response) error {
	return fault.New(fault.Unavailable, "bad-status", "对方服务器答复 "+answer.Status, "the server answers "+answer.Status)
}

// body is the body of an answer.
type body struct {
	from io.ReadCloser
	of   context.Context
	done func()
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.from.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = explain(b.of, err)
	}
	return n, err
}

func (b *body) Close() error {
	err := b.from.Close()
	b.done()
	return err
}

var errElsewhere = errors.New("redirected to another host")

// client reaches one host, without a proxy, and looks at each address that the
// host's name leads to at the moment of connecting.
func (c Client) client(to *url.URL) *http.Client {
	dialer := &net.Dialer{Timeout: answerWithin}
	if !slices.Contains(c.Hosts, to.Hostname()) {
		dialer.Control = func(_, address string, _ syscall.RawConn) error { return mustBePublic(address) }
	}
	return &http.Client{
		Transport: &http.Transport{DialContext: dialer.DialContext, ResponseHeaderTimeout: answerWithin, TLSHandshakeTimeout: answerWithin, MaxResponseHeaderBytes: maxHead},
		CheckRedirect: func(req *http.Request, via []*http.Request) error {
			if !strings.EqualFold(req.URL.Host, to.Host) || to.Scheme == "https" && req.URL.Scheme != "https" || len(via) > maxRedirects {
				return errElsewhere
			}
			return nil
		},
	}
}

var errPrivate = errors.New("an address of a private network")

// shared are ranges that net/netip does not call private: of carriers, of
// benchmarks, of this network, and those that carry IPv4 within.
var shared = []netip.Prefix{netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("0.0.0.0/8"),
	netip.MustParsePrefix("192.0.0.0/24"), netip.MustParsePrefix("240.0.0.0/4"), netip.MustParsePrefix("64:ff9b::/96"), netip.MustParsePrefix("2002::/16")}

func mustBePublic(address string) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return errPrivate
	}
	ip := at.Addr().Unmap()
	if !ip.IsGlobalUnicast() || ip.IsPrivate() || slices.ContainsFunc(shared, func(p netip.Prefix) bool { return p.Contains(ip) }) {
		return errPrivate
	}
	return nil
}

// explain says why a request has failed.
func explain(ctx context.Context, err error) error {
	var slow net.Error
	switch {
	case errors.Is(err, errPrivate):
		return fault.Wrap(err, fault.Invalid, "private-address", "地址指向内部网络；如确需访问，由运维人员在配置 outbound-hosts 中列出该主机", "the address leads into a private network; if that is meant, the operator lists the host in the setting outbound-hosts")
	case errors.Is(err, errElsewhere):
		return fault.Wrap(err, fault.Invalid, "redirected-elsewhere", "对方服务器转向别的主机，不予跟随", "the server redirects to another host, which is not followed")
	case errors.Is(ctx.Err(), context.DeadlineExceeded), errors.As(err, &slow) && slow.Timeout():
		return fault.Wrap(err, fault.Unavailable, "timed-out", "对方服务器没有在时限内答复", "the server has not answered in time")
	case ctx.Err() != nil:
		return context.Cause(ctx)
	}
	return fault.Wrap(err, fault.Unavailable, "unreachable", "无法连接对方服务器，或传输中断", "the server cannot be reached, or broke off")
}

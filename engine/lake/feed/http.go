package feed

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

// HTTP is a file at an address.
type HTTP struct {
	URL string
	// Hosts are those that may have an address in a private network.
	Hosts []string
	// Limit bounds the file, in bytes.
	Limit int64
}

// Seen is what a server said of a file, by which it knows it again.
type Seen struct {
	ETag     string `json:"etag,omitempty"`
	Modified string `json:"modified,omitempty"`
}

const (
	maxRedirects = 5
	answerWithin = 30 * time.Second // the heads of an answer; ctx bounds the whole
)

// Fetch writes the file to out, and tells by what to know it again; fresh is
// false, and nothing is written, when the server says that the file seen last
// is still the same. Faults are of kind Unavailable where another time may do.
func (h HTTP) Fetch(ctx context.Context, last Seen, out io.Writer) (seen Seen, fresh bool, err error) {
	u, err := url.Parse(h.URL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return last, false, fault.New(fault.Invalid, "bad-address", "地址无效："+h.URL, "not an address: "+h.URL)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, h.URL, nil)
	if err != nil {
		return last, false, fmt.Errorf("feed: %w", err)
	}
	req.Header.Set("User-Agent", "chengshu")
	if last.ETag != "" {
		req.Header.Set("If-None-Match", last.ETag)
	}
	if last.Modified != "" {
		req.Header.Set("If-Modified-Since", last.Modified)
	}
	client := h.client(u)
	defer client.CloseIdleConnections()
	answer, err := client.Do(req)
	if err != nil {
		return last, false, h.explain(ctx, err)
	}
	defer answer.Body.Close()
	switch {
	case answer.StatusCode == http.StatusNotModified:
		return last, false, nil
	case answer.StatusCode != http.StatusOK:
		return last, false, fault.New(fault.Unavailable, "feed-status", "对方服务器答复 "+answer.Status, "the server answers "+answer.Status)
	}
	body := &noting{from: answer.Body}
	n, err := io.Copy(out, io.LimitReader(body, h.Limit+1))
	switch {
	case body.failed != nil:
		return last, false, h.explain(ctx, body.failed)
	case err != nil:
		return last, false, err
	case n > h.Limit:
		return last, false, fault.New(fault.Invalid, "feed-too-large", fmt.Sprintf("对方的文件超过上限 %d 字节", h.Limit), fmt.Sprintf("the file is over the limit of %d bytes", h.Limit))
	}
	return Seen{answer.Header.Get("ETag"), answer.Header.Get("Last-Modified")}, true, nil
}

// noting tells errors of reading from those of writing.
type noting struct {
	from   io.Reader
	failed error
}

func (n *noting) Read(p []byte) (int, error) {
	got, err := n.from.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		n.failed = err
	}
	return got, err
}

var errElsewhere = errors.New("redirected to another host")

// client reaches one host, without a proxy, and looks at each address that the
// host's name leads to at the moment of connecting.
func (h HTTP) client(to *url.URL) *http.Client {
	dialer := &net.Dialer{Timeout: answerWithin}
	if !slices.Contains(h.Hosts, to.Hostname()) {
		dialer.Control = func(_, address string, _ syscall.RawConn) error { return mustBePublic(address) }
	}
	return &http.Client{
		Transport: &http.Transport{DialContext: dialer.DialContext, ResponseHeaderTimeout: answerWithin, TLSHandshakeTimeout: answerWithin, MaxResponseHeaderBytes: 1 << 20},
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

// explain says why a file could not be fetched.
func (h HTTP) explain(ctx context.Context, err error) error {
	var slow net.Error
	switch {
	case errors.Is(err, errPrivate):
		return fault.Wrap(err, fault.Invalid, "feed-private", "地址指向内部网络；如确需访问，由运维人员在配置 feed-hosts 中列出该主机", "the address leads into a private network; if that is meant, the operator lists the host in the setting feed-hosts")
	case errors.Is(err, errElsewhere):
		return fault.Wrap(err, fault.Invalid, "feed-redirect", "对方服务器转向别的主机，不予跟随", "the server redirects to another host, which is not followed")
	case errors.Is(ctx.Err(), context.DeadlineExceeded), errors.As(err, &slow) && slow.Timeout():
		return fault.Wrap(err, fault.Unavailable, "feed-timeout", "对方服务器没有在时限内答复", "the server has not answered in time")
	case ctx.Err() != nil:
		return context.Cause(ctx)
	}
	return fault.Wrap(err, fault.Unavailable, "feed-unreachable", "无法连接对方服务器，或传输中断", "the server cannot be reached, or broke off")
}

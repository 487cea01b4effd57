package server

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"net/netip"
	"strings"

	"chengshu/kernel/fault"
)

// scraped lets only those read the program's measures who run it: whoever
// brings the token of the settings, or, where there is none, this machine.
func (s *Server) scraped(measures http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.mayScrape(r) {
			writeProblem(w, r, s.log, fault.New(fault.Denied, "metrics-closed",
				"指标只供本机读取；设置 metrics-token 后，凭该令牌读取", "measures are for this machine alone, or, when metrics-token is set, for whoever brings it"))
			return
		}
		measures.ServeHTTP(w, r)
	})
}

func (s *Server) mayScrape(r *http.Request) bool {
	if s.cfg.MetricsToken != "" {
		_, given, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		// Hashes, so that the time taken tells nothing of the token, its length included.
		want, got := sha256.Sum256([]byte(s.cfg.MetricsToken)), sha256.Sum256([]byte(strings.TrimSpace(given)))
		return subtle.ConstantTimeCompare(want[:], got[:]) == 1
	}
	for _, passedOn := range []string{"Forwarded", "X-Forwarded-For", "X-Real-Ip", "Via"} {
		if r.Header.Get(passedOn) != "" { // by a proxy on this machine, for somebody else
			return false
		}
	}
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	return err == nil && from.Addr().Unmap().IsLoopback()
}

package metric

import (
	"io"
	"net/http"
	"strings"
	"time"
)

// Middleware measures every request that next answers, by method, pattern of
// the route, and class of status. next is the mux, or hands on to it the same
// request, on which the mux leaves the pattern.
func (r *Registry) Middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		start := time.Now()
		rec := &recorder{ResponseWriter: w}
		ended := false
		defer func() {
			if !ended && rec.status == 0 { // It panicked; the client sees the connection end.
				rec.status = http.StatusInternalServerError
			}
			if !rec.stream() {
				r.requests.WithLabelValues(method(req.Method), route(req.Pattern), class(rec.status)).Observe(time.Since(start).Seconds())
			}
		}()
		next.ServeHTTP(rec, req)
		ended = true
	})
}

// method keeps to the methods of RFC 9110 and PATCH: a client may invent more.
func method(m string) string {
	switch m {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete,
		http.MethodConnect, http.MethodOptions, http.MethodTrace:
		return m
	}
	return "other"
}

// route returns a pattern of the mux without its method.
func route(pattern string) string {
	if pattern == "" {
		return "none"
	}
	if _, path, ok := strings.Cut(pattern, " "); ok {
		return path
	}
	return pattern
}

func class(status int) string {
	switch {
	case status == 0: // net/http sends 200 for a handler that says nothing.
		return "2xx"
	case status >= 200 && status < 600:
		return [...]string{"2xx", "3xx", "4xx", "5xx"}[status/100-2]
	}
	return "other"
}

// recorder keeps the status of an answer. http.ResponseController reaches
// through it, and files are still sent by the kernel.
type recorder struct {
	http.ResponseWriter
	status int
}

// Unwrap is for http.ResponseController.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *recorder) WriteHeader(status int) {
	if w.status == 0 && (status >= 200 || status == http.StatusSwitchingProtocols) {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *recorder) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(b)
}

// ReadFrom lets the connection copy from a file by itself.
func (w *recorder) ReadFrom(r io.Reader) (int64, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return io.Copy(w.ResponseWriter, r)
}

func (w *recorder) stream() bool {
	return strings.HasPrefix(w.Header().Get("Content-Type"), "text/event-stream")
}

package metric

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Registry holds the measures of one program. It is safe for concurrent use.
type Registry struct {
	all      *prometheus.Registry
	requests *prometheus.HistogramVec
}

// New returns a registry with the measures of the Go runtime, of the process,
// and of requests.
func New() *Registry {
	r := &Registry{all: prometheus.NewRegistry(), requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:    "chengshu_http_request_duration_seconds",
		Help:    "Time from the first byte of a request's head to the end of its handler, streams of events left out.",
		Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
	}, []string{"method", "route", "status"})}
	r.all.MustRegister(r.requests, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return r
}

// Handler answers scrapes in the formats of Prometheus.
func (r *Registry) Handler() http.Handler {
	return promhttp.HandlerFor(r.all, promhttp.HandlerOpts{MaxRequestsInFlight: 4})
}

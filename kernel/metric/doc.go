// Package metric measures the program for Prometheus: how long requests take,
// and what the Go runtime and the process use.
//
// Labels come from lists that the program bounds: methods, the patterns of its
// routes, classes of status. Nothing a caller sends becomes a label.
package metric

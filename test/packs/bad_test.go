package packs

import (
	"log/slog"
	"testing"

	"chengshu/core/decl"
	"chengshu/pack"
	"chengshu/pack/packtest"
	"chengshu/server"
)

// TestBad loads packs with one mistake each, as the server does, and compares
// what is said of it with want.txt. The one without a mistake must load.
func TestBad(t *testing.T) {
	packtest.Golden(t, "testdata/bad", func(sources []pack.Source) *decl.Report {
		declared, report := server.Declare(sources, server.Functions())
		if report.Err() == nil {
			declared.Access(report, slog.New(slog.DiscardHandler))
		}
		return report
	})
}

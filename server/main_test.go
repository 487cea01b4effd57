package server

import (
	"os"
	"testing"

	"chengshu/engine/lake/duck"
	"chengshu/engine/lake/linkage"
)

func TestMain(m *testing.M) {
	duck.Worker()
	linkage.Worker(linkageChecks())
	os.Exit(m.Run())
}

package server

import (
	"os"
	"testing"

	"chengshu/engine/lake/duck"
)

func TestMain(m *testing.M) {
	duck.Worker()
	os.Exit(m.Run())
}

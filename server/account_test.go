package server

import (
	"io"
	"strings"
	"testing"

	"chengshu/kernel/fault"
)

// TestAccountWhole: the command makes no account when its post cannot be given,
// so that it can be given again.
func TestAccountWhole(t *testing.T) {
	dir := t.TempDir()
	add := func(more ...string) error {
		args := append([]string{"--data", dir, "--login", "clerk", "--name", "测试"}, more...)
		return addAccount(args, strings.NewReader("correct horse 7\n"), io.Discard)
	}
	if err := add("--org", "nowhere", "--roles", "handler"); fault.Code(err) != "no-org" {
		t.Fatalf("an organisation that is not there: %v", err)
	}
	if err := add(); err != nil {
		t.Fatalf("the second try: %v", err)
	}
	if err := add(); fault.Code(err) != "account-taken" {
		t.Errorf("the third: %v", err)
	}
}

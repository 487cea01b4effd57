package blob

import (
	"strings"
	"testing"
)

// Whatever passes here becomes a path.
func TestValidHash(t *testing.T) {
	good := strings.Repeat("0123456789abcdef", 4)
	for s, want := range map[string]bool{
		good: true, "": false, good[1:]: false, good + "0": false, strings.ToUpper(good): false,
		good[:63] + "g": false, good[:63] + "/": false, good[:63] + "`": false, good[:63] + ":": false, good[:63] + "\n": false,
		"..": false, "../" + good[3:]: false, good[:32] + "/../" + good[36:]: false, strings.Repeat("０", 22)[:64]: false,
	} {
		if got := validHash(s); got != want {
			t.Errorf("%q: %v", s, got)
		}
	}
}

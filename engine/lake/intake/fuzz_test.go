package intake

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"testing"

	"chengshu/core/record"
	"chengshu/kernel/fault"
)

// checkRead fails unless a file is refused by name, or becomes rows of as many
// cells as there are columns.
func checkRead(t *testing.T, typ *record.Type, file []byte) {
	t.Helper()
	var out bytes.Buffer
	tab, err := Read(t.Context(), File{bytes.NewReader(file), int64(len(file)), t.TempDir()}, Want{Type: typ}, &out)
	if err != nil {
		if fault.KindOf(err) != fault.Invalid {
			t.Fatalf("not told apart: %v", err)
		}
		return
	}
	if !tab.Columns[0].Place {
		return // CSV is passed on as it stands
	}
	r := csv.NewReader(&out)
	r.Comma, r.FieldsPerRecord = tab.Delimiter, len(tab.Columns)
	for {
		if _, err := r.Read(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatalf("%v in %.200q", err, out.String())
		}
	}
}

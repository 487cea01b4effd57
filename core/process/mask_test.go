package process

import (
	"strings"
	"testing"

	"chengshu/kernel/db"
	"chengshu/kernel/db/dbtest"
	"chengshu/kernel/fault"
)

// TestMaskIsNoValue holds that an action does not write what is shown in place
// of a value over it.
func TestMaskIsNoValue(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newCity(t, d)
		id := c.must(citizen, "", "report", `{"what":"a hole","caller":"Ann Lee"}`).ID
		c.must(clerk, id, "ask", `{"note":"where?"}`)
		_, err := c.act(citizen, id, "answer", `{"caller":"A** L**"}`)
		if fault.Code(err) != "invalid-fields" || !strings.Contains(err.Error(), "fields.caller") {
			t.Errorf("the mask: %v", err)
		}
		if got := c.job(id).Text("caller"); got != "Ann Lee" {
			t.Errorf("the caller is %q", got)
		}
		if got := c.must(citizen, id, "answer", `{"caller":"Bo Lee"}`).Text("caller"); got != "Bo Lee" {
			t.Errorf("the caller is %q", got)
		}
	})
}

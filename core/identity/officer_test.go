package identity

import (
	"slices"
	"testing"

	"chengshu/kernel/db"
)

func TestOfficers(t *testing.T) {
	onBoth(t, func(t *testing.T, c *city) {
		zhang := c.register("zhang.san")
		li, err := c.Register(t.Context(), NewPerson{Login: "li.si", Password: goodPassword, Name: "Li Si"})
		if err != nil {
			t.Fatal(err)
		}
		c.register("wang.wu") // holds no post
		c.appoint(zhang, "130102", "handler")
		c.appoint(li, "130102001-team", "handler", "head")
		ended := c.appoint(li, "130102-urban", "handler")
		c.do(func(tx *db.Tx) error { return c.EndPost(tx, NewSystem(), ended) })
		for name, tt := range map[string]struct {
			path, part string
			most       int
			want       []string
		}{
			"all":               {"/", "", 9, []string{zhang, li}},
			"under":             {"/1301/130102/130102001/", "", 9, []string{li}},
			"by name":           {"/", "lI s", 9, []string{li}},
			"by no such name":   {"/", "王", 9, nil},
			"after an end":      {"/1301/130102/130102-urban/", "", 9, nil},
			"no more than asks": {"/", "", 1, []string{zhang}},
		} {
			var got []string
			err := c.Officers(t.Context(), tt.path, tt.part, func(o Officer) bool {
				got = append(got, o.Person)
				return len(got) < tt.most
			})
			if err != nil || !slices.Equal(got, tt.want) {
				t.Errorf("%s: got %v, %v, want %v", name, got, err, tt.want)
			}
		}
	})
}

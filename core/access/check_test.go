package access

import (
	"strings"
	"testing"

	"chengshu/core/decl"
)

// TestGrantsRefused: what cannot be decided and searched alike does not load.
func TestGrantsRefused(t *testing.T) {
	w := newWorld(t)
	const head = "role: handler, on: thing, actions: read, basis: b, "
	for text, want := range map[string]string{
		"role: hendler, on: thing, actions: read, scope: all, basis: b":                          `did you mean "handler"`,
		"role: handler, on: thong, actions: read, scope: all, basis: b":                          `did you mean "thing"`,
		"role: handler, on: thing, actions: reed, scope: all, basis: b":                          `did you mean "read"`,
		"role: handler, on: plain, actions: assign, scope: all, basis: b":                        `no action "assign"`,
		"role: handler, on: thing, actions: read, scope: al, basis: b":                           `did you mean "all"`,
		"role: handler, on: thing, actions: read, scope: all, basis: ' '":                        "legal basis",
		"role: [], on: thing, actions: read, scope: all, basis: b":                               "role must not be empty",
		"role: [handler, citizen], on: thing, actions: read, scope: unit, basis: b":              "follows from a post",
		"role: anyone, on: thing, actions: read, scope: own, basis: b":                           "who asks",
		"role: handler, on: plain, actions: read, scope: assigned, basis: b":                     "no process",
		"role: handler, on: plain, actions: read, scope: subject, basis: b":                      "no subject",
		head + "scope: all, fields: [levle]":                                                     `did you mean "level"`,
		head + "scope: all, unmask: [phone]":                                                     "needs a purpose",
		head + "scope: all, purpose: x, unmask: [level]":                                         "not masked",
		head + "scope: all, purpose: x, unmask: [phone], fields: [level]":                        "left out",
		head + "scope: all, purpose: x, unmask: [phone], mask: [phone]":                          "masked",
		head + "scope: all, when: 'row.level = 1'":                                               "mistake in the expression",
		head + "scope: all, when: 'row.levle == \"a\"'":                                          "undefined field",
		head + "scope: all, when: row.count":                                                     "expected bool",
		head + "scope: all, when: 'row.label.endsWith(\"x\")'":                                   "cannot",
		head + "scope: all, when: 'row.note.startsWith(\"x\")'":                                  "one line",
		head + "scope: all, when: 'row.label < \"x\"'":                                           "no order",
		head + "scope: all, when: 'row.day < \"2026-2-3\"'":                                      "expected a date",
		head + "scope: all, when: 'row.day == \"x\"'":                                            "expected a date",
		head + "scope: all, when: 'row.amount > 1.005'":                                          "decimal places",
		head + "scope: all, when: 'row.label == row.note'":                                       "different kinds",
		head + "scope: all, when: 'row.tags == [\"a\"]'":                                         "cannot",
		head + "scope: all, when: 'has(row.tags)'":                                               "cannot use the field tags",
		head + "scope: all, when: 'row.rev > 3'":                                                 "cannot use the field rev",
		head + "scope: all, when: 'me.person == \"x\"'":                                          "row.field",
		head + "scope: all, when: 'me.person != me.person'":                                      "row.field",
		head + "scope: all, when: 'me.roles == [\"x\"]'":                                         "cannot",
		"role: handler, on: [thing, plain], actions: read, scope: all, basis: b, when: row.open": "undefined field",
	} {
		r := &decl.Report{}
		g := grantOf(t, "g", "{"+text+"}", r)
		if err := r.Err(); err != nil {
			t.Fatal(text, err)
		}
		e := w.engine(r, g)
		err := r.Err()
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "test.yaml:1:") {
			t.Errorf("%s: got %v, want %q with its place", text, err, want)
		}
		if len(e.targets) != 0 {
			t.Errorf("%s: the wrong grant was entered all the same", text)
		}
	}
}

func TestTooManyGrants(t *testing.T) {
	w := newWorld(t)
	r := &decl.Report{}
	var grants []*Grant
	for range maxBits + 1 {
		grants = append(grants, grantOf(t, "g", "{role: anyone, on: plain, actions: read, scope: all, basis: b}", r))
	}
	w.engine(r, grants...)
	if err := r.Err(); err == nil || !strings.Contains(err.Error(), "at most 64") {
		t.Errorf("got %v", err)
	}
}

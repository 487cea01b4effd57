// Package scenario reads and runs scenarios: plain texts that tell who does
// what, on which day, over the public HTTP API, and what they see. They are
// the acceptance tests of packs and their documentation.
//
//	scenario: 井盖缺失，从上报到评价 | A missing manhole cover, from report to rating
//	basis: 36
//
//	at 2026-03-02 09:00                    # Asia/Shanghai; due timers run
//
//	citizen opens incident by report as case
//	  category: "0101"
//	  location: {lon: 114.50, lat: 38.05}
//	  description: 路口井盖不见了
//	then state is reported
//	 and due_at is 2026-03-02 11:00
//
//	dispatcher assign {case}
//	then state is assigned
//
//	stranger reads {case}
//	then refused 404
//
// The whole language is described in docs/guide/scenarios.md.
//
// Parse turns a text into a Scenario and notes every mistake with its line.
// A Runner runs one against a Target, a server whose clock it may turn, and
// returns the first Difference between what was told and what happened. It
// never waits by sleeping: Target.SetClock returns when what was due has run.
package scenario

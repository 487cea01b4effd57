package scenario

import (
	"time"

	"chengshu/core/decl"
	"chengshu/kernel/clock"
)

// Scenario is one parsed scenario.
type Scenario struct {
	File  string
	Title decl.Text
	// Basis are the articles of the law that it shows at work.
	Basis []string
	// Follows is the name of a scenario of the same pack that is told first.
	Follows string
	Steps   []*Step
	// Before is the scenario that Follows names; whoever loads scenarios sets it.
	Before *Scenario
}

// Anyone is the actor who has not signed in.
const Anyone = "anyone"

// Step is one thing that happens, and what is expected then.
type Step struct {
	Line int
	Text string // as written
	Do   Action
	Then []*Expect
}

// Action is what a step does: one of the types below.
type Action interface{ action() }

type (
	// At turns the clock to a time; Day is zero when only the time of day was
	// given, for the same day or, with NextWorkday, the next working day.
	At struct {
		Day         time.Time // midnight in Shanghai
		OfDay       time.Duration
		NextWorkday bool
	}
	// After turns the clock by a span, as a deadline of that length would fall.
	After struct{ Span clock.Span }
	// Settle waits until timers that are due and queued jobs have run.
	Settle struct{}
	// Ask is one HTTP request of an actor.
	Ask struct {
		Actor   string
		Verb    Verb
		Type    string // record or case type, when it was written
		Name    string // action, part ("timeline"), method, or screen
		Ref     Value  // what it is about
		URL     Value  // raw requests
		Body    Value  // fields, query or JSON; nil when there is none
		Options Options
		As      string // the name under which the answer is kept
		Not     bool   // `does not find`
	}
	// Options are the `with` lines of a request.
	Options struct {
		Rev     Value
		Headers []pair
		File    string // its bytes are the body
		Text    Value  // the body as it stands
	}
	// Once starts several requests at the same moment.
	Once struct {
		Times int
		Asks  []*Step
	}
	// Listen opens an actor's stream of events; Hear waits for a topic on it.
	Listen struct{ Actor string }
	// Hear expects a hint with the topic.
	Hear struct{ Actor, Topic string }
	// Prove checks an evidence bundle that was downloaded.
	Prove struct {
		Name    string
		Changed bool // one byte of it is changed first
		Refused bool
	}
)

func (At) action()     {}
func (After) action()  {}
func (Settle) action() {}
func (*Ask) action()   {}
func (*Once) action()  {}
func (Listen) action() {}
func (Hear) action()   {}
func (Prove) action()  {}

// Verb says what an Ask does.
type Verb uint8

// The verbs, in the order of the guide.
const (
	Opens Verb = iota + 1
	Acts
	Creates
	Revises
	Deletes
	Reads
	ReadsPart
	Lists
	Inbox
	Finds
	FindsInInbox
	Comments
	Uploads
	DownloadsPart
	Downloads
	Registers
	SignsIn
	SignsOut
	Raw
)

// Expect is one line after `then`, `and` or `keep`.
type Expect struct {
	Line  int
	Text  string
	Check Check
}

// Check is what an expectation looks at: one of the types below.
type Check interface{ check() }

type (
	// Status expects how the request ended.
	Status struct {
		OK      bool   // any 2xx
		Refused bool   // any 4xx
		Code    int    // exactly this one, when not 0
		Problem string // the code of the problem, when not empty
	}
	// Outcomes expects how several requests at once ended.
	Outcomes []Outcome
	// Outcome is a number of requests that ended alike; Others is all the rest.
	Outcome struct {
		Count  int
		Others bool
		Status Status
	}
	// Compare looks at a part of the answer.
	Compare struct {
		Path  Path
		Op    Op
		Want  Value
		Regex string
		Count int
	}
	// Keep keeps a part of the answer under a name.
	Keep struct {
		Path Path
		Name string
	}
)

func (Status) check()   {}
func (Outcomes) check() {}
func (Compare) check()  {}
func (Keep) check()     {}

// Op is a comparison.
type Op uint8

// The comparisons.
const (
	Is Op = iota + 1
	IsNot
	Contains
	DoesNotContain
	Matches
	DoesNotMatch
	HasItems
	HasAtLeast
	HasAtMost
	Exists
	IsMissing
	Greater
	AtLeast
	Less
	AtMost
)

package scenario

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
)

// once prepares all requests, then sends them at the same moment.
func (t *telling) once(ctx context.Context, s *Step, o *Once) *Difference {
	var sends []sending
	for range o.Times {
		for _, step := range o.Asks {
			send, err := t.prepare(ctx, step.Do.(*Ask))
			if err != nil {
				d := asDifference(err)
				d.Line, d.Step = step.Line, step.Text
				return d
			}
			sends = append(sends, send)
		}
	}
	answers, err := together(ctx, sends)
	if err != nil {
		return asDifference(err)
	}
	for _, a := range answers {
		t.learn(a.json)
	}
	for _, e := range s.Then {
		outcomes, ok := e.Check.(Outcomes)
		if !ok {
			return &Difference{Line: e.Line, Step: e.Text, Zh: "同时进行的步骤没有单个答复可保存", En: "requests at once have no single answer to keep"}
		}
		if d := outcomes.compare(answers); d != nil {
			d.Line, d.Step = e.Line, e.Text
			return d
		}
	}
	return nil
}

// together sends all requests as close to one moment as goroutines allow.
func together(ctx context.Context, sends []sending) ([]*answer, error) {
	answers := make([]*answer, len(sends))
	errs := make([]error, len(sends))
	start := make(chan struct{})
	var wait sync.WaitGroup
	for i, send := range sends {
		wait.Go(func() {
			<-start
			answers[i], errs[i] = send(ctx)
		})
	}
	close(start)
	wait.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return answers, nil
}

// compare checks that the answers are as many of each sort as told, and that
// none is left over.
func (os Outcomes) compare(answers []*answer) *Difference {
	left := answers
	for _, o := range os {
		var rest []*answer
		matching := 0
		for _, a := range left {
			if o.Status.matches(a) {
				matching++
			} else {
				rest = append(rest, a)
			}
		}
		if o.Others && len(rest) > 0 || !o.Others && matching != o.Count {
			return os.differ(answers)
		}
		left = rest
	}
	if len(left) > 0 {
		return os.differ(answers)
	}
	return nil
}

func (os Outcomes) differ(answers []*answer) *Difference {
	var wanted []string
	for _, o := range os {
		n := fmt.Sprint(o.Count)
		if o.Others {
			n = "the others"
		}
		wanted = append(wanted, n+" "+o.Status.String())
	}
	// One example of each outcome, in an order that does not depend on who won.
	counts, examples := map[string]int{}, map[string]*answer{}
	for _, a := range answers {
		counts[a.outcome()]++
		examples[a.outcome()] = a
	}
	var got, exchanges []string
	for _, o := range slices.Sorted(maps.Keys(counts)) {
		got = append(got, fmt.Sprintf("%d × %s", counts[o], o))
		exchanges = append(exchanges, examples[o].exchange())
	}
	d := differ(strings.Join(wanted, ", "), strings.Join(got, ", "))
	d.Exchange = strings.Join(exchanges, "\n")
	return d
}

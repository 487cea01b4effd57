package lake

import (
	"fmt"
	"net/url"
	"slices"
	"time"

	"chengshu/core/decl"
	"chengshu/core/process"
	"chengshu/core/record"
	"chengshu/engine/lake/intake"
	"chengshu/kernel/clock"
)

// Feed is where data of a dataset comes from by itself: kind `source`. What
// arrives opens a case, so that all after it is as with a file that is sent.
type Feed struct {
	decl.Meta
	Title   decl.Text    `yaml:"title,required"`
	Dataset string       `yaml:"dataset,required"`
	Process string       `yaml:"process,required"`
	Action  string       `yaml:"action,required"` // a start action of that process, which the system takes
	Unit    string       `yaml:"unit,required"`   // the organisation whose case it is
	Every   process.Span `yaml:"every,required"`
	Timeout process.Span `yaml:"timeout"` // of one pull; 10 minutes when it is not given
	Path    string       `yaml:"path"`    // of the rows in JSON and XML
	Sheet   string       `yaml:"sheet"`
	Member  string       `yaml:"member"` // file within an archive
	// Aliases are what fields are called where the data comes from.
	Aliases map[string][]string `yaml:"aliases"`

	HTTP     *httpSource  `yaml:"http"`
	Postgres *tableSource `yaml:"postgres"`
	MySQL    *tableSource `yaml:"mysql"`
}

type httpSource struct {
	decl.Pos
	URL string `yaml:"url,required"`
}

// tableSource is a table of a database whose address the operator's
// configuration has under the connection's name.
type tableSource struct {
	decl.Pos
	Connection string `yaml:"connection,required"`
	Table      string `yaml:"table,required"`
	By         string `yaml:"by,required"` // a column that grows: the key, or the time of the last change
	Key        string `yaml:"key"`         // with a time: the key
}

// SourceKind is the declaration kind of sources.
var SourceKind = decl.Kind{Name: "source", Order: 45, New: func() decl.Item { return &Feed{} }}

const (
	leastEvery  = time.Minute
	pullTimeout = 10 * time.Minute
)

// Check resolves the names of the declaration.
func (s *Feed) Check(set *decl.Set, r *decl.Report) {
	t, ok := decl.Find[*record.Type](set, record.Kind.Name, s.Dataset)
	if !ok || t.Resource != record.Dataset {
		r.Add(s.At("dataset"), fmt.Sprintf("没有数据集 %q", s.Dataset), fmt.Sprintf("there is no dataset %q", s.Dataset))
	} else {
		for name := range s.Aliases {
			if t.Field(name) == nil {
				r.Add(s.At("aliases", name), fmt.Sprintf("%q 没有字段 %q", s.Dataset, name), fmt.Sprintf("%q has no field %q", s.Dataset, name))
			}
		}
	}
	p, ok := decl.Find[*process.Process](set, process.KindName, s.Process)
	if !ok || !slices.ContainsFunc(p.Actions, func(a *process.Action) bool { return a.Name == s.Action && a.Start && a.System }) {
		r.Add(s.At("action"), fmt.Sprintf("流程 %q 没有由系统采取的 start 动作 %q", s.Process, s.Action), fmt.Sprintf("process %q has no start action %q that the system takes", s.Process, s.Action))
	}
	ways := 0
	for _, given := range []bool{s.HTTP != nil, s.Postgres != nil, s.MySQL != nil} {
		if given {
			ways++
		}
	}
	if ways != 1 {
		r.Add(s.Pos, "须恰有 http、postgres、mysql 之一", "there must be exactly one of http, postgres and mysql")
	}
	if s.HTTP != nil {
		if u, err := url.Parse(s.HTTP.URL); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil {
			r.Add(s.HTTP.Pos, "url 应为 http(s) 地址，不含口令", "url must be an http(s) address without a password")
		}
	}
	if !s.Every.IsZero() && s.every() < leastEvery {
		r.Add(s.At("every"), "every 至少为 1 分钟，以钟点时间计", "every is at least a minute, in plain time")
	}
}

// every is the time between two pulls.
func (s *Feed) every() time.Duration { return plain(s.Every) }

// timeout bounds one pull.
func (s *Feed) timeout() time.Duration {
	if d := plain(s.Timeout); d > 0 {
		return d
	}
	return pullTimeout
}

// plain is the length of a span that no calendar changes, 0 for others.
func plain(s process.Span) time.Duration {
	switch n := time.Duration(s.Count()); s.Unit() {
	case clock.Minutes:
		return n * time.Minute
	case clock.Hours:
		return n * time.Hour
	case clock.Days:
		return n * 24 * time.Hour
	}
	return 0
}

// hint is what is known of a file of a dataset beforehand: what its source says,
// if it has one, and what any source of the dataset calls its fields, for files
// that are sent by hand may call them so, too.
func (e *Engine) hint(dataset, source string) intake.Hint {
	h := intake.Hint{Aliases: map[string][]string{}}
	for _, s := range e.Sources {
		if s.Dataset != dataset {
			continue
		}
		for field, names := range s.Aliases {
			h.Aliases[field] = append(h.Aliases[field], names...)
		}
		if s.Name == source {
			h.Path, h.Sheet, h.Member = s.Path, s.Sheet, s.Member
		}
	}
	return h
}

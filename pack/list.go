package pack

import (
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"strings"
	"text/tabwriter"

	"chengshu/core/decl"
	"chengshu/core/rule"
)

// Row is one pack as `chengshu packs` shows it.
type Row struct {
	Pack      string    `json:"pack"`
	Title     decl.Text `json:"title"`
	Articles  []string  `json:"articles"`
	Version   string    `json:"version"`
	Needs     []string  `json:"needs"`
	Overlay   bool      `json:"overlay"`
	Records   int       `json:"records"`
	Processes int       `json:"processes"`
	// Rules counts expressions, wherever they stand, and declared rules.
	Rules     int            `json:"rules"`
	Services  int            `json:"services"`
	Screens   int            `json:"screens"`
	Scenarios int            `json:"scenarios"`
	Kinds     map[string]int `json:"kinds"` // documents of every kind
}

// Rows returns one row for each pack, in load order.
func Rows(l *Loaded) []Row {
	rules := map[string]int{}
	for _, d := range l.docs {
		rules[d.Pack] += expressions(reflect.ValueOf(d.item))
	}
	rows := make([]Row, 0, len(l.Packs))
	for _, p := range l.Packs {
		rows = append(rows, Row{
			Pack: p.Name, Title: p.Title, Articles: p.Articles, Version: p.Version, Needs: p.Needs, Overlay: p.Overlay,
			Records: p.Counts["record"], Processes: p.Counts["process"], Rules: rules[p.Name] + p.Counts["rule"],
			Services: p.Counts["service"], Screens: p.Counts["screen"], Scenarios: len(p.Scenarios), Kinds: p.Counts,
		})
	}
	return rows
}

// List writes the rows: as JSON one object a line, else as a table.
func List(w io.Writer, l *Loaded, asJSON bool) error {
	if asJSON {
		e := json.NewEncoder(w)
		e.SetEscapeHTML(false)
		for _, r := range Rows(l) {
			if err := e.Encode(r); err != nil {
				return err
			}
		}
		return nil
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "PACK\tARTICLES\tRECORDS\tPROCESSES\tRULES\tSERVICES\tSCREENS\tSCENARIOS\tTITLE")
	for _, r := range Rows(l) {
		fmt.Fprintf(t, "%s\t%s\t%d\t%d\t%d\t%d\t%d\t%d\t%s %s\n", r.Pack, strings.Join(r.Articles, " "),
			r.Records, r.Processes, r.Rules, r.Services, r.Screens, r.Scenarios, r.Title.Zh, r.Title.En)
	}
	return t.Flush()
}

var sourceType = reflect.TypeFor[rule.Source]()

// expressions counts the written expressions of an item. Only what a
// declaration can set is followed, so that resolved names are not counted again.
func expressions(v reflect.Value) int {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return 0
		}
		return expressions(v.Elem())
	case reflect.Slice:
		n := 0
		for i := range v.Len() {
			n += expressions(v.Index(i))
		}
		return n
	case reflect.Map:
		n := 0
		for it := v.MapRange(); it.Next(); {
			n += expressions(it.Value())
		}
		return n
	case reflect.Struct:
		return expressionsIn(v)
	}
	return 0
}

func expressionsIn(v reflect.Value) int {
	if v.Type() == sourceType {
		if v.Interface().(rule.Source).Given() {
			return 1
		}
		return 0
	}
	n := 0
	for i := range v.NumField() {
		f := v.Type().Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if f.IsExported() && name != "" && name != "-" || f.Type == sourceType && f.IsExported() {
			n += expressions(v.Field(i))
		}
	}
	return n
}

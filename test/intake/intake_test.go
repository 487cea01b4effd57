// Package intake hands the program a thousand real service requests of a city,
// in the order and at the pace in which they came, through the public API, and
// checks what becomes of each: accepted or refused with a reason, placed,
// routed, given its deadlines, compared with its neighbours, and escalated when
// nobody acts.
//
// The requests are those of New York's 311 of one night (NYC Open Data). Their
// categories become the city's by the pack's table, their moments a Monday
// morning, and their coordinates are stretched linearly from the box that they
// span to a box that lies inside the city's districts: real rhythm and real
// clusters, in another city.
package intake

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"net/http"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"chengshu/kernel/clock"
	"chengshu/test/program"
)

func TestMain(m *testing.M) { os.Exit(program.Main(m)) }

const (
	requests   = "../../../shared/realdata/service311/nyc311-1000.csv"
	mapping    = "../../packs/city-governance/data/nyc311-map.csv"
	categories = "../../packs/city-governance/data/categories.csv"
)

// box is west, south, east and north in degrees. The city's lies within the
// boundaries of its districts, so that every request has a place.
type box struct{ west, south, east, north float64 }

var city = box{114.40, 37.98, 114.62, 38.12}

// begin is the moment of the first request: a Monday, at the opening of offices.
var begin = time.Date(2026, 3, 2, 9, 0, 0, 0, time.FixedZone("Asia/Shanghai", 8*3600))

// request is one row, as it is sent.
type request struct {
	key, category, description, address string
	at                                  time.Time // by the test's clock
	lon, lat                            float64
	placed                              bool // it has coordinates
}

// report is a request that was accepted.
type report struct {
	request
	id, division, unit, span string
	due                      time.Time
}

func TestIntake(t *testing.T) {
	all := read(t)
	s := program.Start(t, program.Options{Args: []string{"--test-clock", begin.Format(time.RFC3339)}})
	desk := s.SignIn(t, "intake")
	spans := column(t, categories, "code", "span")
	var accepted []*report
	refused := map[string]int{}
	began := time.Now()
	for _, q := range all {
		turn(t, desk, q.at)
		r, why := send(t, desk, q)
		if r == nil {
			refused[why]++
			continue
		}
		accepted = append(accepted, r)
		r.check(t, spans[q.category])
	}
	took := time.Since(began)
	unplaced := 0
	for _, q := range all {
		if !q.placed {
			unplaced++
		}
	}
	if refused["invalid-fields fields.location"] != unplaced || len(refused) > 1 || len(accepted)+unplaced != len(all) {
		t.Errorf("refused: %v; want the %d without coordinates", refused, unplaced)
	}
	t.Logf("%d requests in %s (%.0f a second, one after the other, the clock turned before each): %d accepted, refused %v",
		len(all), took.Round(time.Millisecond), float64(len(all))/took.Seconds(), len(accepted), refused)
	spread(t, accepted)
	similar(t, s, desk, accepted)
	lights(t, s, accepted)
	handle(t, s, accepted, spans)
	overdue(t, s, accepted)
}

// read returns the requests in the order in which they came.
func read(t *testing.T) []request {
	t.Helper()
	rows := table(t, requests)
	known := map[string]string{}
	for _, row := range table(t, mapping) {
		known[row["complaint_type"]+"/"+row["descriptor"]] = row["category"]
	}
	names := column(t, categories, "code", "name")
	slices.SortStableFunc(rows, func(a, b map[string]string) int { return compare(a["created_date"], b["created_date"]) })
	from := span(rows)
	first := moment(t, rows[0])
	var out []request
	for _, row := range rows {
		category := known[row["complaint_type"]+"/"+row["descriptor"]]
		if category == "" {
			category = known[row["complaint_type"]+"/"]
		}
		if category == "" {
			t.Errorf("request %s: no category for %q, %q", row["unique_key"], row["complaint_type"], row["descriptor"])
		}
		q := request{key: row["unique_key"], category: category, at: begin.Add(moment(t, row).Sub(first)),
			description: fmt.Sprintf("%s。%s: %s", names[category], row["complaint_type"], row["descriptor"]), address: row["incident_address"]}
		lon, lat := number(row["longitude"]), number(row["latitude"])
		if q.placed = !math.IsNaN(lon) && !math.IsNaN(lat); q.placed {
			q.lon = city.west + (lon-from.west)/(from.east-from.west)*(city.east-city.west)
			q.lat = city.south + (lat-from.south)/(from.north-from.south)*(city.north-city.south)
		}
		out = append(out, q)
	}
	return out
}

// span is the box that the requests lie in.
func span(rows []map[string]string) box {
	b := box{math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)}
	for _, row := range rows {
		if lon, lat := number(row["longitude"]), number(row["latitude"]); !math.IsNaN(lon) && !math.IsNaN(lat) {
			b.west, b.south, b.east, b.north = min(b.west, lon), min(b.south, lat), max(b.east, lon), max(b.north, lat)
		}
	}
	return b
}

func number(s string) float64 {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return math.NaN()
	}
	return f
}

func moment(t *testing.T, row map[string]string) time.Time {
	at, err := time.Parse("2006-01-02T15:04:05.000", row["created_date"])
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func compare(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// table reads a CSV file with a head line.
func table(t *testing.T, path string) []map[string]string {
	t.Helper()
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) && path == requests {
		t.Skipf("the real requests are not at hand (%s): the intake is NOT tested with them", path)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	var out []map[string]string
	for _, row := range rows[1:] {
		m := map[string]string{}
		for i, name := range rows[0] {
			m[name] = row[i]
		}
		out = append(out, m)
	}
	return out
}

// column reads two columns of a table.
func column(t *testing.T, path, key, value string) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, row := range table(t, path) {
		out[row[key]] = row[value]
	}
	return out
}

func turn(t *testing.T, c *program.Client, now time.Time) {
	t.Helper()
	if a := c.Post("/api/test/clock", map[string]any{"now": now}); a.Status != http.StatusOK {
		t.Fatalf("turn the clock to %s: %s", now, a)
	}
}

// send hands one request in. It returns why it was refused: the code and the
// first field.
func send(t *testing.T, desk *program.Client, q request) (*report, string) {
	t.Helper()
	fields := map[string]any{"category": q.category, "description": q.description, "source": "system", "external_id": q.key}
	if q.placed {
		fields["location"] = map[string]any{"lon": q.lon, "lat": q.lat}
	}
	if q.address != "" {
		fields["address"] = q.address
	}
	a := desk.Post("/api/cases/incident", map[string]any{"action": "register", "fields": fields})
	if a.Status != http.StatusCreated {
		if a.Code() == "" || a.Text("text.zh") == "" || a.Text("text.en") == "" {
			t.Errorf("request %s: refused without a reason: %s", q.key, a)
		}
		return nil, a.Code() + " " + a.Text("errors.0.path")
	}
	due, err := time.Parse(time.RFC3339, a.Text("case.due_at"))
	if err != nil {
		t.Errorf("request %s: %v", q.key, err)
	}
	return &report{request: q, id: a.Text("id"), division: a.Text("fields.division"), unit: a.Text("fields.duty_unit"), span: a.Text("fields.span"), due: due}, ""
}

// check holds one accepted request to what it must have been given.
func (r *report) check(t *testing.T, span string) {
	t.Helper()
	if len(r.division) != 9 || r.division[:4] != "1301" {
		t.Errorf("request %s lies in %q, want a street of the city", r.key, r.division)
	}
	if r.unit == "" {
		t.Errorf("request %s in %s: nobody's duty", r.key, r.division)
	}
	if r.span != span {
		t.Errorf("request %s of %s: time to handle %q, want %q", r.key, r.category, r.span, span)
	}
	if want := r.at.Add(2 * time.Hour); !r.due.Equal(want) {
		t.Errorf("request %s of %s is to be dispatched by %s, want %s", r.key, r.at, r.due, want)
	}
}

// spread says where the requests went.
func spread(t *testing.T, all []*report) {
	divisions, units, kinds := map[string]int{}, map[string]int{}, map[string]int{}
	for _, r := range all {
		divisions[r.division]++
		units[r.unit]++
		kinds[r.category]++
	}
	t.Logf("%d divisions, %d duty units, %d categories", len(divisions), len(units), len(kinds))
	if len(divisions) < 20 || len(units) < 10 {
		t.Errorf("a city's requests do not all go to %d places and %d units", len(divisions), len(units))
	}
}

// handle takes one request of each category through dispatch and acceptance:
// its handler gets the time that the category gives, by working hours.
func handle(t *testing.T, s *program.Server, all []*report, spans map[string]string) {
	t.Helper()
	dispatcher, handler := s.SignIn(t, "dispatcher"), s.SignIn(t, "handler")
	now := begin.Add(4 * time.Hour)
	turn(t, handler, now)
	done := map[string]bool{}
	for _, r := range all {
		if done[r.category] || r.division[:6] != "130102" {
			continue
		}
		done[r.category] = true
		path := "/api/cases/incident/" + r.id
		if a := dispatcher.Post(path+"/assign", map[string]any{"fields": map[string]any{"unit": "130102001-team"}}); a.Status != http.StatusOK {
			t.Errorf("dispatch %s: %s", r.key, a)
			continue
		}
		a := handler.Post(path+"/accept", map[string]any{})
		span, err := clock.ParseSpan(spans[r.category])
		if err != nil {
			t.Fatal(err)
		}
		due, _ := time.Parse(time.RFC3339, a.Text("case.due_at"))
		if want := span.From(now, clock.National()); a.Status != http.StatusOK || !due.Equal(want) {
			t.Errorf("%s of %s, %s: due %s, want %s: %s", r.key, r.category, spans[r.category], due, want, a.Text("case.state"))
		}
		r.id = "" // no longer to be dispatched
	}
	t.Logf("%d categories were dispatched and accepted, each with its own deadline", len(done))
	if len(done) < 5 {
		t.Errorf("only %d categories in the district", len(done))
	}
}

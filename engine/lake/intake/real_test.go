package intake

import (
	"encoding/csv"
	"os"
	"strings"
	"testing"
)

// realFile reads a file that real providers publish, or says that it is not there.
func realFile(t *testing.T, name string) string {
	t.Helper()
	raw, err := os.ReadFile("../../../../shared/realdata/" + name)
	if err != nil {
		t.Skipf("../shared/realdata/%s is not there: NOT tested with real data", name)
	}
	return string(raw)
}

// TestAirFeed: the national feed of stations, as the centre publishes it: the
// rows are found by themselves, the names by aliases.
func TestAirFeed(t *testing.T) {
	typ := typeOf(t, `
record: air
resource: dataset
title: {zh: 空气, en: Air}
owner: a
basis: b
fields:
  station: {title: {zh: 站点编号, en: Station}, type: text, required: true}
  name: {title: {zh: 站点名称, en: Name}, type: text}
  at: {title: {zh: 监测时间, en: Measured at}, type: time, required: true}
  aqi: {title: {zh: 空气质量指数, en: AQI}, type: integer}
  pm25: {title: {zh: PM2.5浓度, en: PM2.5}, type: decimal, scale: 1}
`)
	w := Want{Type: typ, Hint: Hint{Aliases: map[string][]string{"station": {"StationCode"}, "name": {"PositionName"}, "at": {"TimePoint"}}}}
	for _, c := range []struct {
		file string
		rows int
	}{{"air/cn-cnemc-live-201907181104.xml", 1499}, {"air/cn-cnemc-live-20190723T10.xml", 0}} {
		tab, got, err := taken(t, w, realFile(t, c.file))
		if err != nil {
			t.Fatal(err)
		}
		records, err := csv.NewReader(strings.NewReader(got)).ReadAll() // one name has a line end in its value
		if err != nil {
			t.Fatal(err)
		}
		rows := len(records) - 1
		if tab.Part != "GetAQIDataPublishLivesResult.RootResults.AQIDataPublishLive" || c.rows > 0 && rows != c.rows || rows < 1000 {
			t.Errorf("%s: %d rows at %s", c.file, rows, tab.Part)
		}
		for _, field := range []string{"station", "name", "at", "aqi", "pm25"} {
			if n := len(fieldsNamed(tab, field)); n != 1 {
				t.Errorf("%s: %s is %d columns", c.file, field, n)
			}
		}
	}
}

func fieldsNamed(tab *Table, field string) (out []string) {
	for _, c := range tab.Columns {
		if c.Field == field {
			out = append(out, c.Header)
		}
	}
	return out
}

// TestTimetable: each file of a timetable in GTFS is a dataset.
func TestTimetable(t *testing.T) {
	file := realFile(t, "gtfs/sample-gtfs-feed.zip")
	for name, fields := range map[string]string{
		"gtfs-stops":      "  stop_id: {title: stop, type: text, required: true}\n  stop_name: {title: name, type: text, required: true}\n",
		"gtfs-routes":     "  route_id: {title: route, type: text, required: true}\n  route_type: {title: type, type: integer, required: true}\n",
		"gtfs-stop-times": "  trip_id: {title: trip, type: text, required: true}\n",
	} {
		typ := typeOf(t, "record: "+name+"\nresource: dataset\ntitle: x\nowner: a\nbasis: b\nfields:\n"+fields)
		tab, got, err := taken(t, Want{Type: typ}, file)
		want := strings.ReplaceAll(strings.TrimPrefix(name, "gtfs-"), "-", "_") + ".txt"
		if err != nil || tab.Part != want || strings.Count(got, "\n") < 3 {
			t.Errorf("%s: %+v, %v", name, tab, err)
		}
	}
}

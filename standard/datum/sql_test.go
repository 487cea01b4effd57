package datum

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"chengshu/engine/lake/duck"
)

func TestMain(m *testing.M) {
	duck.Worker()
	os.Exit(m.Run())
}

// TestSQL: points of datasets are moved as those of records are, to a
// millimetre.
func TestSQL(t *testing.T) {
	random := rand.New(rand.NewPCG(1984, 2008))
	points := []Point{{0, 0}, {-120, 30}, {72.004, 30}, {114.4548, 38.0513}, {180, -90}}
	for range 500 {
		points = append(points, Point{73 + 60*random.Float64(), 3 + 50*random.Float64()})
	}
	values := make([]string, len(points))
	for i, p := range points {
		values[i] = fmt.Sprintf("(%d, {'lon': '%v'::double, 'lat': '%v'::double})", i, p.Lon, p.Lat)
	}
	for _, d := range All() {
		got, err := duck.Run(t.Context(), duck.Task{Dir: t.TempDir(), Steps: []duck.Step{{SQL: fmt.Sprintf("select x.lon, x.lat from (select i, %s as x from (values %s) as t(i, p)) order by i", SQL(d, "p"), strings.Join(values, ", ")), Rows: true}}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i, p := range points {
			lon, err1 := got[0].Rows[i][0].(json.Number).Float64()
			lat, err2 := got[0].Rows[i][1].(json.Number).Float64()
			want := Convert(p, d, WGS84)
			if err1 != nil || err2 != nil || math.Abs(lon-want.Lon) > 1e-8 || math.Abs(lat-want.Lat) > 1e-8 {
				t.Errorf("%v in %s: %v %v, want %v", p, d, lon, lat, want)
			}
		}
	}
}

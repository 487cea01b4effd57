package synth

import (
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// City is what rows are made from: real places, a seed and a day.
type City struct {
	seed     uint64
	asOf     time.Time
	villages []village
	counties []string // as they begin the name of a firm
}

// village is a community or village with the names above it.
type village struct {
	code    string // 12 digits
	name    string // short: 棉一东社区, 西杜村
	street  string
	county  string
	issuing string // GB/T 2260 code under which numbers of the place are issued
	urban   bool
}

// zones are development zones: they have a statistical code but none in GB/T
// 2260, so that numbers are issued by the counties that host them, and
// organisations register with the city.
var zones = map[string]string{"130171": "130108", "130172": "130109"}

// New reads the divisions of a city, a CSV table with at least the columns code,
// name and level, parents before children. Ages are counted at asOf. The error
// says which row is wrong.
func New(divisions io.Reader, seed uint64, asOf time.Time) (*City, error) {
	rows, err := csv.NewReader(divisions).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("divisions: %w", err)
	}
	if len(rows) == 0 || len(rows[0]) < 3 || strings.Join(rows[0][:3], ",") != "code,name,level" {
		return nil, fmt.Errorf("divisions: the columns must begin with code,name,level")
	}
	c := &City{seed: seed, asOf: time.Date(asOf.Year(), asOf.Month(), asOf.Day(), 0, 0, 0, 0, time.UTC)}
	names := map[string]string{}
	for i, r := range rows[1:] {
		names[r[0]] = r[1]
		if r[2] != "village" {
			continue
		}
		v, ok := makeVillage(r[0], r[1], names)
		if !ok {
			return nil, fmt.Errorf("divisions: line %d: village %q does not follow its street and county", i+2, r[0])
		}
		c.villages = append(c.villages, v)
		if county := strings.TrimPrefix(v.county, "石家庄"); !slices.Contains(c.counties, county) {
			c.counties = append(c.counties, county)
		}
	}
	if len(c.villages) == 0 {
		return nil, fmt.Errorf("divisions: there is no village to live in")
	}
	return c, nil
}

func makeVillage(code, name string, names map[string]string) (village, bool) {
	if len(code) != 12 || names[code[:9]] == "" || names[code[:6]] == "" {
		return village{}, false
	}
	v := village{code: code, street: names[code[:9]], county: names[code[:6]], issuing: code[:6]}
	if host := zones[v.issuing]; host != "" {
		v.issuing = host
	}
	v.name, v.urban = shortName(name)
	return v, true
}

// shortName turns the name of a committee into that of its place, as written in
// an address, and says whether it is an urban community.
func shortName(name string) (string, bool) {
	for _, rural := range []string{"村民委员会", "村委会"} {
		if s, ok := strings.CutSuffix(name, rural); ok {
			return strings.TrimSuffix(s, "村") + "村", false
		}
	}
	for _, urban := range []string{"居民委员会", "居委会"} {
		if s, ok := strings.CutSuffix(name, urban); ok {
			return strings.TrimSuffix(s, "社区") + "社区", true
		}
	}
	return name, true
}

// address writes where in v a person or an organisation is found.
func (v village) address(d *dice) string {
	head := "河北省石家庄市" + strings.TrimPrefix(v.county, "石家庄") + v.street + v.name
	if v.urban {
		return fmt.Sprintf("%s%d号楼%d单元%d%02d室", head, 1+d.below(30), 1+d.below(6), 1+d.below(18), 1+d.below(4))
	}
	return fmt.Sprintf("%s%d组%d号", head, 1+d.below(12), 1+d.below(120))
}

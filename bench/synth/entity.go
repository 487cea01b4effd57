package synth

import (
	"fmt"
	"strings"
	"time"

	"chengshu/standard/gbcode"
)

// Entity is one legal entity or other organisation of the city.
type Entity struct {
	CreditCode         string
	Name               string
	Category           string // "enterprise", "business" (个体工商户) or "cooperative"
	IndustryCode       string // section and division of GB/T 4754-2017: I65
	Industry           string
	Established        time.Time
	CapitalFen         int64 // registered capital, fen
	Employees          int
	Division           string // 12-digit code of the community or village of the seat
	Address            string
	RepresentativeID   string // identity number of one of the persons
	RepresentativeName string
	Status             string // "active", "suspended" or "revoked"
}

// trade is a line of business: its code, its name and the words it puts into a
// company's name.
type trade struct{ code, name, words string }

// class is one way of being registered, and how many of a hundred are.
type class struct {
	share    int
	category string
	kind     string // the first two characters of the credit code
	forms    []string
	trades   []trade
}

// MaxEntities is how many organisations can be made before a name may repeat.
const MaxEntities = 4_000_000

// Entity returns the i-th organisation, 0 <= i < MaxEntities, whose legal
// representative is an adult among the first persons people, at least 100 of
// them. It panics outside these bounds.
func (c *City) Entity(i, persons int) Entity {
	if i < 0 || i >= MaxEntities || persons < 100 || persons > MaxPersons {
		panic(fmt.Sprintf("synth: entity %d among %d persons", i, persons))
	}
	d := throw(c.seed, ofEntity, i)
	cl, n := c.class(i)
	seat := pick(d, c.villages)
	name, tr := cl.name(n, c.seed, seat)
	code, err := gbcode.MakeCredit(cl.kind, registrar(seat), subject(i, c.seed))
	if err != nil {
		panic(fmt.Sprintf("synth: entity %d: %v", i, err))
	}
	boss := c.adult(d, persons)
	e := Entity{CreditCode: code, Name: name, Category: cl.category, IndustryCode: tr.code, Industry: tr.name,
		Division: seat.code, Address: seat.address(d), RepresentativeID: boss.IDNumber, RepresentativeName: boss.Name}
	e.Established = c.asOf.AddDate(0, 0, -30-d.below(min(25*365, grownDays(boss, c.asOf)-30)))
	e.CapitalFen, e.Employees = size(d, cl.category)
	e.Status = pick(d, []string{"active", "active", "active", "active", "active", "active", "active", "active", "suspended", "revoked"})
	return e
}

// class deals each hundred entities to the classes and numbers them within.
func (c *City) class(i int) (class, int) {
	place := shuffle(i%100, 100, c.seed)
	k := 0
	for place >= classes[k].share {
		place -= classes[k].share
		k++
	}
	return classes[k], i/100*classes[k].share + place
}

// name composes place, core, trade and form, as the rules for enterprise names
// ask. The core and the trade come from the shuffled number n, so that no two
// entities of a class share both; beyond the two-character cores a third
// character is added.
func (cl class) name(n int, seed uint64, seat village) (string, trade) {
	size := len(coreFirst) * len(coreSecond) * len(cl.trades)
	at := shuffle(n%size, size, seed)
	tr := cl.trades[at%len(cl.trades)]
	at /= len(cl.trades)
	core := coreFirst[at%len(coreFirst)] + coreSecond[at/len(coreFirst)]
	if more := n / size; more > 0 {
		core += coreSecond[(more-1)%len(coreSecond)]
		if more > len(coreSecond) {
			core += coreFirst[(more-1)/len(coreSecond)%len(coreFirst)]
		}
	}
	place := strings.TrimPrefix(seat.county, "石家庄")
	if cl.kind == "91" && n%3 != 0 {
		place = "石家庄"
	} else if zones[seat.code[:6]] != "" {
		place = "石家庄市"
	}
	return place + core + tr.words + cl.forms[n%len(cl.forms)], tr
}

// registrar is the division of the authority that registers: the county's, or
// the city's for development zones.
func registrar(v village) string {
	if zones[v.code[:6]] != "" {
		return "130101"
	}
	return v.issuing
}

// subject is the i-th organisation code without its check character.
func subject(i int, seed uint64) string {
	const alphabet, size = "0123456789ABCDEFGHJKLMNPQRTUWXY", 31 * 31 * 31 * 31 * 31 * 31 * 31
	n := shuffle(i, size, seed)
	b := []byte("Y0000000")
	for k := 7; k > 0; k-- {
		b[k] = alphabet[n%31]
		n /= 31
	}
	return string(b)
}

// adult draws a person of 20 to 79 among the first persons.
func (c *City) adult(d *dice, persons int) Person {
	for {
		p := c.Person(d.below(persons))
		if p.BirthDate.Before(c.asOf.AddDate(-20, 0, 0)) && p.BirthDate.After(c.asOf.AddDate(-80, 0, 0)) {
			return p
		}
	}
}

// grownDays is how long p has been of age, so that nobody founds a firm as a
// child.
func grownDays(p Person, asOf time.Time) int {
	return int(asOf.Sub(p.BirthDate.AddDate(18, 0, 0)).Hours() / 24)
}

// size draws registered capital, in fen, and staff.
func size(d *dice, category string) (int64, int) {
	const yuan = 100
	switch category {
	case "business":
		return int64(pick(d, []int{1, 2, 3, 5, 8, 10})) * 10_000 * yuan, 1 + d.below(6)
	case "cooperative":
		return int64(pick(d, []int{20, 50, 100, 200})) * 10_000 * yuan, 5 + d.below(60)
	}
	n := pick(d, []int{5, 10, 10, 20, 20, 40, 80, 150, 300, 800}) // staff, mostly small firms
	return int64(pick(d, []int{50, 100, 100, 200, 300, 500, 1000, 2000, 5000})) * 10_000 * yuan, n/2 + d.below(n)
}

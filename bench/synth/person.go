package synth

import (
	"fmt"
	"time"

	"chengshu/standard/gbcode"
)

// Person is one natural person of the city.
type Person struct {
	IDNumber  string
	Name      string
	Sex       string // "male" or "female", as the identity number says
	BirthDate time.Time
	Phone     string // 11 digits; a child's is that of a guardian
	Division  string // 12-digit code of the community or village of residence
	Address   string
}

// band is a span of ages and how many of a hundred people are in it.
type band struct{ from, to, share int }

var bands = [...]band{{0, 14, 19}, {15, 59, 62}, {60, 89, 19}}

// Numbers of one day are given out in tens from 999 down to 10.
const (
	tens       = 99
	mobileHead = "154"
	mobileMax  = 100_000_000
)

// MaxPersons is how many people can be made without repeating an identity
// number: more than twice as many as live in the city.
const MaxPersons = 26_000_000

// Person returns the i-th person, 0 <= i < MaxPersons. It panics outside.
func (c *City) Person(i int) Person {
	if i < 0 || i >= MaxPersons {
		panic(fmt.Sprintf("synth: person %d of at most %d", i, MaxPersons))
	}
	d := throw(c.seed, ofPerson, i)
	birth, sequence := c.slot(i)
	home := pick(d, c.villages)
	issued := home.issuing
	if d.below(100) < 15 { // moved within the city
		issued = pick(d, c.villages).issuing
	}
	id, err := gbcode.MakeCitizen(issued, birth, sequence)
	if err != nil { // a place outside GB/T 2260 in the divisions
		panic(fmt.Sprintf("synth: person %d: %v", i, err))
	}
	p := Person{IDNumber: id, Sex: "female", BirthDate: birth, Division: home.code}
	if sequence%2 == 1 {
		p.Sex = "male"
	}
	p.Name = fullName(d, p.Sex, birth.Year())
	p.Phone = fmt.Sprintf("%s%08d", mobileHead, shuffle(i%mobileMax, mobileMax, c.seed))
	p.Address = home.address(d)
	return p
}

// slot gives the i-th person a day of birth and a sequence number that no other
// has together. Each hundred people are dealt to the bands by share; within a
// band, days and the ten numbers of each are shuffled, ten after ten.
func (c *City) slot(i int) (time.Time, int) {
	place := shuffle(i%100, 100, c.seed)
	b := 0
	for place >= bands[b].share {
		place -= bands[b].share
		b++
	}
	n := i/100*bands[b].share + place
	oldest := c.asOf.AddDate(-bands[b].to-1, 0, 1)
	youngest := c.asOf.AddDate(-bands[b].from, 0, 0)
	days := int(youngest.Sub(oldest).Hours()/24) + 1
	size := days * 10
	at := shuffle(n%size, size, c.seed)
	ten := n / size
	return oldest.AddDate(0, 0, at/10), 990 - 10*ten + at%10
}

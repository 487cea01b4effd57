package link

// Check is what is known of a kind of code. The names under which a Spec finds them are given to New.
type Check struct {
	Valid func(code string) bool          // its check digit is right
	Write func(code string) (same string) // its one writing: without hyphens, of the present generation; nil: as it is
}

// comparison grades two different values of one field. Levels rise with agreement: 0 is for a value that is missing, the last for equal ones, and neither is asked for.
type comparison interface {
	// names are the levels' names, from "missing" to "same".
	names() []string
	// prepare is called once, when all values are there.
	prepare(values *dictionary)
	// level grades values a and b; it may be called by many at a time.
	level(a, b uint32) uint8
}

// comparisonOf makes the comparison that a field declares; the field has been checked.
func comparisonOf(f Field, checks map[string]Check) comparison {
	switch f.Compare {
	case "code":
		return &code{check: checks[f.Check].Valid}
	case "edit":
		return &edit{steps: steps(f.Steps, 1, 2)}
	case "jaro-winkler":
		return &winkler{steps: steps(f.Steps, 0.92, 0.85)}
	case "name":
		return &name{}
	case "company":
		return &company{}
	case "address":
		return &address{}
	case "date":
		return &date{}
	}
	return exact{}
}

func steps(declared []float64, standard ...float64) []float64 {
	if len(declared) > 0 {
		return declared
	}
	return standard
}

// exact knows equal and different.
type exact struct{}

func (exact) names() []string         { return []string{"missing", "different", "same"} }
func (exact) prepare(*dictionary)     {}
func (exact) level(_, _ uint32) uint8 { return 1 }

// code compares codes with a check digit. Two valid ones that differ are strong evidence against; an invalid one that a single slip makes
// out of the other is its repair.
type code struct {
	check  func(string) bool
	values *dictionary
	valid  []bool
}

func (*code) names() []string {
	return []string{"missing", "different", "different, one invalid", "one slip", "same"}
}

func (c *code) prepare(values *dictionary) {
	c.values, c.valid = values, make([]bool, values.len())
	for n := 1; n < values.len(); n++ {
		c.valid[n] = c.check(values.get(uint32(n)))
	}
}

func (c *code) level(a, b uint32) uint8 {
	switch {
	case c.valid[a] && c.valid[b]:
		return 1
	case slip(c.values.bytes(a), c.values.bytes(b)):
		return 3
	}
	return 2
}

// slip reports whether one substitution, swap of neighbours, omission or doubling turns a into b.
func slip(a, b []byte) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	a, b = a[i:], b[i:]
	for len(a) > 0 && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	switch len(b) {
	case 1:
		return true
	case 2:
		return len(a) == 2 && a[0] == b[1] && a[1] == b[0]
	}
	return false
}

// letters are the runes of all values in one piece of memory.
type letters struct {
	starts []uint32
	runes  []rune
}

func (l *letters) prepare(values *dictionary) {
	l.starts = make([]uint32, values.len()+1)
	for n := 1; n < values.len(); n++ {
		for _, r := range values.get(uint32(n)) {
			l.runes = append(l.runes, r)
		}
		l.starts[n+1] = uint32(len(l.runes))
	}
}

func (l *letters) of(n uint32) []rune { return l.runes[l.starts[n]:l.starts[n+1]] }

// edit grades by the distance of optimal string alignment.
type edit struct {
	letters
	steps []float64
}

func (e *edit) names() []string { return graded(len(e.steps)) }

func (e *edit) level(a, b uint32) uint8 {
	limit := int(e.steps[len(e.steps)-1])
	d := distance(e.of(a), e.of(b), limit)
	for i, most := range e.steps {
		if d <= int(most) {
			return uint8(1 + len(e.steps) - i)
		}
	}
	return 1
}

// winkler grades by the similarity of Jaro and Winkler.
type winkler struct {
	letters
	steps []float64
}

func (w *winkler) names() []string { return graded(len(w.steps)) }

func (w *winkler) level(a, b uint32) uint8 {
	s := jaroWinkler(w.of(a), w.of(b))
	for i, least := range w.steps {
		if s >= least {
			return uint8(1 + len(w.steps) - i)
		}
	}
	return 1
}

// graded names n steps between different and same.
func graded(n int) []string {
	words := []string{"close", "similar", "somewhat similar", "remotely similar"}[:n]
	out := []string{"missing", "different"}
	for i := n - 1; i >= 0; i-- {
		out = append(out, words[i])
	}
	return append(out, "same")
}

// date compares days: one wrong digit, two digits swapped, or day and month swapped is near.
type date struct{ digits [][8]byte }

func (*date) names() []string {
	return []string{"missing", "different", "same year and month", "near", "same"}
}

func (d *date) prepare(values *dictionary) {
	d.digits = make([][8]byte, values.len())
	for n := 1; n < values.len(); n++ {
		d.digits[n], _ = day(values.get(uint32(n)))
	}
}

func (d *date) level(a, b uint32) uint8 {
	x, y := d.digits[a], d.digits[b]
	switch {
	case x[0] == 0 || y[0] == 0:
		return 1
	case x == y: // written otherwise
		return 4
	case slip(x[:], y[:]), string(x[:4]) == string(y[:4]) && string(x[4:6]) == string(y[6:]) && string(x[6:]) == string(y[4:6]):
		return 3
	case string(x[:6]) == string(y[:6]):
		return 2
	}
	return 1
}

// day reads YYYYMMDD, YYYY-M-D, YYYY/M/D, YYYY.M.D and YYYY年M月D日; it does not ask whether there is such a day, since a wrong one
// still resembles the right one.
func day(s string) ([8]byte, bool) {
	var parts [3][]byte
	k := 0
	for i := range len(s) {
		switch c := s[i]; {
		case c >= '0' && c <= '9':
			parts[k] = append(parts[k], c)
		case k < 2 && len(parts[k]) > 0:
			k++
		}
	}
	var d [8]byte
	if k == 0 && len(parts[0]) == 8 {
		return [8]byte(parts[0]), true
	}
	if len(parts[0]) != 4 || len(parts[1]) < 1 || len(parts[1]) > 2 || len(parts[2]) < 1 || len(parts[2]) > 2 {
		return d, false
	}
	copy(d[:], "00000000")
	copy(d[:4], parts[0])
	copy(d[6-len(parts[1]):6], parts[1])
	copy(d[8-len(parts[2]):], parts[2])
	return d, true
}

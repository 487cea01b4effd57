package synth

// dice is a stream of random numbers for one row: SplitMix64 (Steele, Lea and
// Flood, 2014), started from the seed, the kind of row and its index. It is
// written out here because rows must stay the same for ever, which the standard
// library promises for no generator as cheap to start.
type dice uint64

// kinds of row, so that person 7 and entity 7 are unrelated.
const (
	ofPerson = 0x70657273
	ofEntity = 0x656e7469

	ofPersonCopy = 0x70636f70
	ofEntityCopy = 0x65636f70
)

func throw(seed, kind uint64, i int) *dice {
	d := dice(seed ^ kind<<32)
	d = dice(d.next() ^ uint64(i))
	d.next()
	return &d
}

func (d *dice) next() uint64 {
	*d += 0x9e3779b97f4a7c15
	z := uint64(*d)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// below is a number from 0 to n-1. The bias is under n/2^64.
func (d *dice) below(n int) int { return int(d.next() % uint64(n)) }

// pick is one of the words, all alike in chance.
func pick[T any](d *dice, words []T) T { return words[d.below(len(words))] }

// shuffle maps 0..size-1 onto itself without repeats and without order to the
// eye, shifted by the seed: i times a number prime to size near the golden
// section of it.
func shuffle(i, size int, seed uint64) int {
	step := int(float64(size) * 0.6180339887498949)
	for step < 1 || gcd(step, size) != 1 {
		step++
	}
	return int((uint64(i)*uint64(step) + seed%uint64(size)) % uint64(size))
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

package link

import (
	"hash/maphash"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// dictionary numbers distinct texts from 1; 0 is the empty one. The texts lie in one piece of memory that the garbage collector need
// not walk.
type dictionary struct {
	text  []byte
	ends  []uint64 // of text i; ends[0] = 0
	table []uint32 // open addressing, a power of two; 0 is free
	seed  maphash.Seed
}

func newDictionary() *dictionary {
	return &dictionary{ends: make([]uint64, 1), table: make([]uint32, 1024), seed: maphash.MakeSeed()}
}

// add returns the number of s, a new one if it was not there.
func (d *dictionary) add(s string) uint32 {
	if s == "" {
		return 0
	}
	at := d.slot(s)
	if d.table[at] != 0 {
		return d.table[at]
	}
	if len(d.ends)*4 > len(d.table)*3 {
		d.grow()
		at = d.slot(s)
	}
	n := uint32(len(d.ends))
	d.text = append(d.text, s...)
	d.ends = append(d.ends, uint64(len(d.text)))
	d.table[at] = n
	return n
}

// slot is where s stands or would.
func (d *dictionary) slot(s string) uint64 {
	mask := uint64(len(d.table) - 1)
	for at := maphash.String(d.seed, s) & mask; ; at = (at + 1) & mask {
		if n := d.table[at]; n == 0 || string(d.bytes(n)) == s {
			return at
		}
	}
}

func (d *dictionary) grow() {
	d.table = make([]uint32, 2*len(d.table))
	mask := uint64(len(d.table) - 1)
	for n := uint32(1); n < uint32(len(d.ends)); n++ {
		at := maphash.Bytes(d.seed, d.bytes(n)) & mask
		for d.table[at] != 0 {
			at = (at + 1) & mask
		}
		d.table[at] = n
	}
}

func (d *dictionary) bytes(n uint32) []byte { return d.text[d.ends[n-1]:d.ends[n]] }

// get returns text n.
func (d *dictionary) get(n uint32) string {
	if n == 0 {
		return ""
	}
	return string(d.bytes(n))
}

// len is how many numbers there are, with 0.
func (d *dictionary) len() int { return len(d.ends) }

// seal drops what only add needs.
func (d *dictionary) seal() { d.table = nil }

// normal is the one writing of a value: NFKC, blanks single and none at the ends, codes in capitals, the rest in small letters.
func normal(s string, capitals bool) string {
	s = strings.Join(strings.Fields(norm.NFKC.String(s)), " ")
	if capitals {
		return strings.ToUpper(s)
	}
	return strings.ToLower(s)
}

package archive

import (
	"bufio"
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	maxWords = 20_000 // of a page
	maxWord  = 200    // characters of a word
)

// parseTSV reads what Tesseract says of a page: a line for each block, paragraph,
// line and word, of which the words are kept. Lines that are cut off or broken
// are left out.
func parseTSV(tsv []byte, reading int) []Word {
	var out []Word
	line, last := 0, ""
	in := bufio.NewScanner(bytes.NewReader(tsv))
	in.Buffer(make([]byte, 64<<10), 1<<20)
	for in.Scan() && len(out) < maxWords {
		// level page block par line word left top width height conf text
		cols := strings.SplitN(in.Text(), "\t", 12)
		if len(cols) != 12 || cols[0] != "5" {
			continue
		}
		text := strings.TrimSpace(cols[11])
		if text == "" || !utf8.ValidString(text) || utf8.RuneCountInString(text) > maxWord {
			continue
		}
		var box [4]int
		ok := true
		for i := range box {
			v, err := strconv.Atoi(cols[6+i])
			box[i], ok = v, ok && err == nil && v >= 0 && v <= maxSide
		}
		conf, err := strconv.ParseFloat(cols[10], 64)
		if !ok || err != nil || !(conf >= 0 && conf <= 100) {
			continue
		}
		if place := strings.Join(cols[1:5], "/"); place != last {
			line, last = line+1, place
		}
		out = append(out, Word{X: box[0], Y: box[1], W: box[2], H: box[3], Conf: int(conf), Line: line, Reading: reading, Text: text})
	}
	return out
}

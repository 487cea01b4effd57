package evidence

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"chengshu/kernel/fault"

	"github.com/google/go-cmp/cmp"
)

// fullAct has every member set.
func fullAct() Act {
	return Act{
		ID: "0198c0de-0000-7000-8000-000000000001", At: 1772413200000, Verb: "incident.assign",
		Actor:   Actor{Person: "0198c0de-0000-7000-8000-0000000000aa", Org: "org-1", Post: "post-1", Via: "web"},
		Subject: Subject{Type: "incident", ID: "0198c0de-0000-7000-8000-0000000000bb", Rev: 3, Digest: DigestOf([]byte("rev 3"))},
		Changed: []string{"unit", "state"}, From: "reported", To: "assigned",
		Grant: "city-governance/dispatch", Basis: "《条例》第三十六条", Purpose: "处置 \"井盖\" 缺失\n\\", Request: "req-1",
		Effects: []string{"notify", "record.write"}, Cause: "0198c0de-0000-7000-8000-000000000000",
		Subjects: DigestOf([]byte("subjects")), Within: 600000, Note: DigestOf([]byte("note")),
	}
}

func smallAct() Act {
	return Act{ID: "a", Verb: "v", Subject: Subject{Type: "t", ID: "s"}}
}

func TestBodyRoundTrip(t *testing.T) {
	for name, a := range map[string]Act{"full": fullAct(), "small": smallAct()} {
		body := a.AppendBody(nil)
		if !json.Valid(body) {
			t.Errorf("%s: not JSON: %s", name, body)
		}
		got, err := ParseBody(body)
		if err != nil {
			t.Fatalf("%s: %v in %s", name, err, body)
		}
		if d := cmp.Diff(a, got); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}

// TestBodyGolden fixes the canonical form: bodies already sealed must stay readable.
func TestBodyGolden(t *testing.T) {
	a := fullAct()
	want := `{"v":1,"id":"0198c0de-0000-7000-8000-000000000001","at":1772413200000,"verb":"incident.assign",` +
		`"actor":{"person":"0198c0de-0000-7000-8000-0000000000aa","org":"org-1","post":"post-1","via":"web"},` +
		`"subject":{"type":"incident","id":"0198c0de-0000-7000-8000-0000000000bb","rev":3,"digest":"` + a.Subject.Digest.String() + `"},` +
		`"changed":["unit","state"],"from":"reported","to":"assigned","grant":"city-governance/dispatch",` +
		`"basis":"《条例》第三十六条","purpose":"处置 \"井盖\" 缺失\u000a\\","request":"req-1",` +
		`"effects":["notify","record.write"],"cause":"0198c0de-0000-7000-8000-000000000000",` +
		`"subjects":"` + a.Subjects.String() + `","within":600000,"note":"` + a.Note.String() + `"}`
	if got := string(a.AppendBody(nil)); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestParseBodyRefuses(t *testing.T) {
	a := fullAct()
	full := string(a.AppendBody(nil))
	small := `{"v":1,"id":"a","at":0,"verb":"v","actor":{},"subject":{"type":"t","id":"s"}}`
	if _, err := ParseBody([]byte(small)); err != nil {
		t.Fatalf("the smallest act: %v", err)
	}
	for name, body := range map[string]string{
		"empty":            "",
		"cut":              full[:len(full)-1],
		"trailing byte":    full + " ",
		"space":            strings.Replace(small, `,"at"`, `, "at"`, 1),
		"other version":    strings.Replace(small, `"v":1`, `"v":2`, 1),
		"leading zero":     strings.Replace(small, `"at":0`, `"at":00`, 1),
		"sign":             strings.Replace(small, `"at":0`, `"at":-1`, 1),
		"too large":        strings.Replace(small, `"at":0`, `"at":9223372036854775808`, 1),
		"order":            strings.Replace(small, `"type":"t","id":"s"`, `"id":"s","type":"t"`, 1),
		"empty member":     strings.Replace(small, `}}`, `},"from":""}`, 1),
		"empty list":       strings.Replace(small, `}}`, `},"changed":[]}`, 1),
		"list comma":       strings.Replace(small, `}}`, `},"changed":["a",]}`, 1),
		"revision 0":       strings.Replace(small, `"id":"s"`, `"id":"s","rev":0`, 1),
		"unknown member":   strings.Replace(small, `}}`, `},"x":"y"}`, 1),
		"twice":            strings.Replace(small, `"verb":"v"`, `"verb":"v","verb":"v"`, 1),
		"needless escape":  strings.Replace(small, `"v"`, `"\u0076"`, 2),
		"upper case hex":   strings.Replace(full, `\u000a`, `\u000A`, 1),
		"short escape":     strings.Replace(full, `\u000a`, `\n`, 1),
		"raw control":      strings.Replace(full, `\u000a`, "\n", 1),
		"upper case digst": strings.Replace(full, a.Note.String(), strings.ToUpper(a.Note.String()), 1),
		"zero digest":      strings.Replace(full, a.Note.String(), strings.Repeat("0", 64), 1),
		"short digest":     strings.Replace(full, a.Note.String(), a.Note.String()[:62], 1),
		"bad UTF-8":        strings.Replace(full, "条例", "\xff", 1),
		"no verb":          strings.Replace(small, `"verb":"v",`, ``, 1),
		"comma for brace":  strings.Replace(small, `{"type"`, `{,"type"`, 1),
	} {
		if body == small || body == full {
			t.Fatalf("%s: the case changes nothing", name)
		}
		if _, err := ParseBody([]byte(body)); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: got %v for %s", name, err, body)
		}
	}
}

func TestCheckNamesEveryFault(t *testing.T) {
	a := Act{At: -1, Verb: "张三", Actor: Actor{Person: "a b"}, Subject: Subject{Type: "t", Rev: -1},
		Changed: []string{"phone=138"}, Basis: strings.Repeat("x", 2000), Purpose: "\x00"}
	err := a.check()
	if fault.Code(err) != "bad-act" {
		t.Fatalf("got %v", err)
	}
	for _, path := range []string{"id:", "at:", "verb:", "actor.person:", "subject.id:", "subject.rev:", "changed:", "basis:", "purpose:"} {
		if !strings.Contains(err.Error(), path) {
			t.Errorf("%s is not named in %v", path, err)
		}
	}
}

// FuzzParseBody holds that whatever is accepted is written back byte for byte.
func FuzzParseBody(f *testing.F) {
	for _, a := range []Act{fullAct(), smallAct()} {
		f.Add(a.AppendBody(nil))
	}
	f.Add([]byte(`{"v":1,"id":"a","at":0,"verb":"v","actor":{},"subject":{"type":"t","id":"s"},"purpose":"\u001f\"\\"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		a, err := ParseBody(body)
		if err != nil {
			return
		}
		if back := a.AppendBody(nil); !bytes.Equal(back, body) {
			t.Errorf("%q became %q", body, back)
		}
	})
}

func BenchmarkAppendBody(b *testing.B) {
	a, buf := fullAct(), make([]byte, 0, 2048)
	for b.Loop() {
		buf = a.AppendBody(buf[:0])
	}
	b.ReportMetric(float64(len(buf)), "bytes")
}

func BenchmarkParseBody(b *testing.B) {
	a := fullAct()
	body := a.AppendBody(nil)
	for b.Loop() {
		if _, err := ParseBody(body); err != nil {
			b.Fatal(err)
		}
	}
}

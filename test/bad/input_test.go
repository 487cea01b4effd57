package bad

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// incident is a report in which one field is replaced or added.
func incident(name, value string) string {
	fields := []string{`"category":"P0101"`, `"location":` + place, `"description":"井盖缺失"`}
	given := fmt.Sprintf("%q:%s", name, value)
	for i, f := range fields {
		if strings.HasPrefix(f, `"`+name+`"`) {
			fields[i], given = given, ""
		}
	}
	if given != "" {
		fields = append(fields, given)
	}
	return `{"fields":{` + strings.Join(fields, ",") + `}}`
}

func TestInput(t *testing.T) {
	onBoth(t, func(s *site) {
		s.under("json", func(s *site) { s.refuseAll(badJSON()) })
		s.under("fields", func(s *site) { s.refuseAll(badFields()) })
		s.under("routes", func(s *site) { s.refuseAll(badRoutes) })
		s.under("files", func(s *site) { s.files() })
	})
}

func badJSON() (list []request) {
	for name, body := range map[string]string{
		"nothing":             "",
		"a list":              "[]",
		"text":                `"report"`,
		"cut off":             `{"fields":{"category":"P01`,
		"two values":          `{"fields":{}} {"fields":{}}`,
		"a brace too many":    `{"fields":{}}}`,
		"a bracket too many":  `{"fields":{}}]`,
		"an unknown member":   `{"fields":{},"colour":"red"}`,
		"fields as a list":    `{"fields":["P0101"]}`,
		"fields as text":      `{"fields":"P0101"}`,
		"rev as text":         `{"rev":"1","fields":{}}`,
		"rev with a part":     `{"rev":1.5,"fields":{}}`,
		"rev without end":     `{"rev":1e999,"fields":{}}`,
		"a member twice":      `{"fields":{},"fields":{"category":"P0101"}}`,
		"a field twice":       `{"fields":{"category":"P0101","category":"P0102","location":` + place + `,"description":"x"}}`,
		"nested deeply":       `{"fields":{"description":` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + `}}`,
		"nested very deeply":  `{"fields":{"description":` + strings.Repeat(`{"a":`, 100_000) + "1" + strings.Repeat("}", 100_000) + `}}`,
		"not UTF-8":           incident("description", "\"\xff\xfe\""),
		"half a surrogate":    incident("description", `"\ud800"`),
		"a raw NUL":           incident("description", "\"a\x00b\""),
		"a comment":           `{/* x */"fields":{}}`,
		"a byte order mark":   "\xef\xbb\xbf" + incident("address", `"x"`),
		"compressed, unsaid":  "\x1f\x8b\x08\x00\x00\x00\x00\x00",
		"NaN":                 incident("location", `{"lon":NaN,"lat":38}`),
		"a number with zeros": incident("location", `{"lon":0114.5,"lat":38}`),
	} {
		list = append(list, request{name: name, who: "citizen", path: "/api/cases/incident", body: body, status: http.StatusBadRequest, code: "bad-json"})
	}
	large := incident("description", `"`+strings.Repeat("长", 1<<20/3)+`"`)
	list = append(list,
		request{name: "over 1 MiB", who: "citizen", path: "/api/cases/incident", body: large, status: http.StatusRequestEntityTooLarge, code: "too-large"},
		request{name: "over 1 MiB to sign in", path: "/api/session", body: `{"account":"` + strings.Repeat("a", 1<<20) + `","password":"x"}`, status: http.StatusRequestEntityTooLarge, code: "too-large"},
		request{name: "sign in with a list", path: "/api/session", body: `[]`, status: http.StatusUnprocessableEntity},
		request{name: "sign in cut off", path: "/api/session", body: `{"account":`, status: http.StatusBadRequest, code: "bad-json"},
		request{name: "sign in with nothing", path: "/api/session", body: ``, status: http.StatusBadRequest},
		request{name: "sign in with more", path: "/api/session", body: `{"account":"a","password":"b","admin":true}`, status: http.StatusUnprocessableEntity},
		request{name: "sign in wrong", path: "/api/session", body: `{"account":"citizen","password":"wrong"}`, status: http.StatusUnauthorized, code: "wrong-credentials"},
		request{name: "sign in unknown", path: "/api/session", body: `{"account":"nobody-of-this-name","password":"wrong"}`, status: http.StatusUnauthorized, code: "wrong-credentials"},
		request{name: "sign in with NUL", path: "/api/session", body: `{"account":"a\u0000b","password":"x"}`, status: http.StatusUnauthorized, code: "wrong-credentials"},
		request{name: "register with NUL", path: "/api/people", body: `{"account":"a\u0000bcdefg","password":"long-enough-for-you","name":"x"}`, status: http.StatusUnprocessableEntity},
		request{name: "register with a short password", path: "/api/people", body: `{"account":"somebody","password":"x","name":"x"}`, status: http.StatusUnprocessableEntity},
		request{name: "register a taken name", path: "/api/people", body: `{"account":"citizen","password":"long-enough-for-you","name":"x"}`, status: http.StatusConflict},
	)
	return list
}

// registered is the body of a report that an operator takes in.
func registered(source string) string {
	return strings.Replace(incident("source", source), "{", `{"action":"register",`, 1)
}

func badFields() (list []request) {
	many := strings.Builder{}
	for i := range 30_000 {
		fmt.Fprintf(&many, `,"x%d":1`, i)
	}
	photo := `{"id":"` + strings.Repeat("a", 64) + `","name":"a.png","size":1,"media":"image/png"}`
	for _, c := range []struct{ name, field, value string }{
		{"a number for a reference", "category", `5`},
		{"an unknown category", "category", `"NO-SUCH"`},
		{"an empty category", "category", `""`},
		{"no category", "category", `null`},
		{"a reference with NUL", "category", `"P0101\u0000"`},
		{"a place in words", "location", `"here"`},
		{"a place as a list", "location", `[114.5,38]`},
		{"half a place", "location", `{"lon":114.5}`},
		{"a place with text", "location", `{"lon":"114.5","lat":38}`},
		{"a place with more", "location", `{"lon":114.5,"lat":38,"alt":5}`},
		{"a longitude of 181", "location", `{"lon":181,"lat":38}`},
		{"a latitude of 91", "location", `{"lon":114.5,"lat":91}`},
		{"a longitude without end", "location", `{"lon":1e400,"lat":38}`},
		{"an unknown datum", "location", `{"lon":114.5,"lat":38,"datum":"mars"}`},
		{"a datum that is a number", "location", `{"lon":114.5,"lat":38,"datum":7}`},
		{"text of 1001 characters", "description", `"` + strings.Repeat("字", 1001) + `"`},
		{"text with NUL", "description", `"a\u0000b"`},
		{"text that is a list", "description", `["a"]`},
		{"text that is an object", "description", `{"zh":"a"}`},
		{"a telephone of letters", "reporter_phone", `"call me"`},
		{"a photo that is text", "photos", `"a.png"`},
		{"a photo that was not stored", "photos", `[` + photo + `]`},
		{"ten photos", "photos", `[` + strings.TrimSuffix(strings.Repeat(photo+",", 10), ",") + `]`},
		{"a computed field", "division", `"130102001"`},
		{"a copied field", "span", `"100 days"`},
		{"a system field", "state", `"closed"`},
		{"a field of another action", "rating", `5`},
		{"an unknown field", "colour", `"red"`},
		{"a field without a name", "", `1`},
		{"a field of JavaScript's", "__proto__", `{"admin":true}`},
		{"a field of SQL's", `id'); drop table r_incident; --`, `1`},
	} {
		body := incident(c.field, c.value)
		list = append(list, request{name: c.name, who: "citizen", path: "/api/cases/incident", body: body,
			status: http.StatusUnprocessableEntity, code: "invalid-fields", at: "fields." + c.field})
	}
	return append(list,
		request{name: "a choice that is none", who: "operator", path: "/api/cases/incident", body: registered(`"rumour"`), status: http.StatusUnprocessableEntity, code: "invalid-fields", at: "fields.source"},
		request{name: "a choice that is a list", who: "operator", path: "/api/cases/incident", body: registered(`["hotline"]`), status: http.StatusUnprocessableEntity, code: "invalid-fields", at: "fields.source"},
		request{name: "a report in the name of a citizen", who: "operator", path: "/api/cases/incident", body: registered(`"citizen"`), status: http.StatusUnprocessableEntity, code: "guard"},
		request{name: "a citizen who would be a sensor", who: "citizen", path: "/api/cases/incident", body: incident("source", `"sensor"`), status: http.StatusUnprocessableEntity, code: "invalid-fields", at: "fields.source"},
		request{name: "null", who: "citizen", path: "/api/cases/incident", body: `null`, status: http.StatusUnprocessableEntity, code: "invalid-fields", at: "fields.category"},
		request{name: "thirty thousand unknown fields", who: "citizen", path: "/api/cases/incident", body: `{"fields":{"description":"x"` + many.String() + `}}`,
			status: http.StatusUnprocessableEntity, code: "invalid-fields"},
		request{name: "a field of half a million letters", who: "citizen", path: "/api/cases/incident", body: `{"fields":{"` + strings.Repeat("x", 500_000) + `":1}}`,
			status: http.StatusUnprocessableEntity, code: "invalid-fields"},
		request{name: "an action of half a million letters", who: "citizen", path: "/api/cases/incident", body: `{"action":"` + strings.Repeat("x", 500_000) + `"}`,
			status: http.StatusNotFound, code: "no-such-action"},
		request{name: "a place outside the city", who: "citizen", path: "/api/cases/incident", body: incident("location", `{"lon":116.39,"lat":39.9}`),
			status: http.StatusUnprocessableEntity, code: "guard"},
		request{name: "a place at zero", who: "citizen", path: "/api/cases/incident", body: incident("location", `{"lon":0,"lat":0}`),
			status: http.StatusUnprocessableEntity, code: "guard"},
		request{name: "an identity number with a wrong check digit", who: "admin", path: "/api/records/natural-person",
			body: `{"fields":{"id_number":"110105194912310021","name":"合成甲","sex":"female"}}`, status: http.StatusUnprocessableEntity, code: "invalid-fields", at: "fields.id_number"},
		request{name: "a credit code with a wrong check digit", who: "admin", path: "/api/records/legal-entity",
			body: `{"fields":{"credit_code":"91130100MA00000000","name":"合成公司"}}`, status: http.StatusUnprocessableEntity, code: "invalid-fields", at: "fields.credit_code"},
		request{name: "an integer with a part", who: "supervisor", path: "/api/records/duty",
			body: `{"fields":{"division":"130102","category":"*","unit":"130102-municipal","priority":1.5}}`, status: http.StatusUnprocessableEntity, at: "fields.priority"},
		request{name: "an integer without end", who: "supervisor", path: "/api/records/duty",
			body: `{"fields":{"division":"130102","category":"*","unit":"130102-municipal","priority":1e999}}`, status: http.StatusUnprocessableEntity, at: "fields.priority"},
		request{name: "an integer of 30 digits", who: "supervisor", path: "/api/records/duty",
			body: `{"fields":{"division":"130102","category":"*","unit":"130102-municipal","priority":999999999999999999999999999999}}`, status: http.StatusUnprocessableEntity, at: "fields.priority"},
		request{name: "an organisation that is none", who: "supervisor", path: "/api/records/duty",
			body: `{"fields":{"division":"130102","category":"*","unit":"NO-SUCH","priority":1}}`, status: http.StatusUnprocessableEntity, at: "fields.unit"},
		request{name: "everything wrong at once", who: "citizen", path: "/api/cases/incident",
			body: `{"fields":{"category":5,"location":"x","description":"` + strings.Repeat("a", 1001) + `","colour":1}}`, status: http.StatusUnprocessableEntity, code: "invalid-fields", at: "fields.colour"},
	)
}

var badRoutes = []request{
	{name: "an unknown type", who: "citizen", path: "/api/cases/no-such", body: `{}`, status: http.StatusNotFound},
	{name: "a record that is no case", who: "citizen", path: "/api/cases/duty", body: `{}`, status: http.StatusNotFound},
	{name: "a case as a record", who: "citizen", path: "/api/records/incident", body: incident("address", `"x"`), status: http.StatusConflict, code: "use-cases"},
	{name: "an unknown action", who: "citizen", path: "/api/cases/incident", body: `{"action":"fly"}`, status: http.StatusNotFound, code: "no-such-action"},
	{name: "to open by another action", who: "dispatcher", path: "/api/cases/incident", body: `{"action":"assign"}`, status: http.StatusNotFound, code: "no-such-action"},
	{name: "an unknown case", who: "dispatcher", path: "/api/cases/incident/none/assign", body: `{}`, status: http.StatusNotFound, code: "not-found"},
	{name: "a case by SQL", who: "dispatcher", method: http.MethodGet, path: "/api/cases/incident/'%20or%201=1%20--", status: http.StatusNotFound, code: "not-found"},
	{name: "a case with NUL", who: "dispatcher", method: http.MethodGet, path: "/api/cases/incident/a%00b", status: http.StatusNotFound, code: "no-such-route"},
	{name: "a case that is not UTF-8", who: "dispatcher", method: http.MethodGet, path: "/api/cases/incident/%ff%fe", status: http.StatusNotFound, code: "no-such-route"},
	{name: "a case of 8000 letters", who: "dispatcher", method: http.MethodGet, path: "/api/cases/incident/" + strings.Repeat("x", 8000), status: http.StatusNotFound, code: "not-found"},
	{name: "a type with NUL", who: "citizen", method: http.MethodGet, path: "/api/types/a%00b", status: http.StatusNotFound},
	{name: "an unknown address", who: "citizen", method: http.MethodGet, path: "/api/no/such", status: http.StatusNotFound, code: "no-such-route"},
	{name: "a method that is none", who: "citizen", method: "FLY", path: "/api/cases/incident", status: http.StatusNotFound, code: "no-such-route"},
	{name: "PUT", who: "citizen", method: http.MethodPut, path: "/api/cases/incident/x", body: `{}`, status: http.StatusNotFound, code: "no-such-route"},
	{name: "the test clock without one", who: "admin", path: "/api/test/clock", body: `{"now":"2030-01-01T00:00:00Z"}`, status: http.StatusNotFound, code: "no-such-route"},
	{name: "organisations of NUL", who: "admin", method: http.MethodGet, path: "/api/orgs?parent=a%00b", status: http.StatusBadRequest, code: "bad-query"},
	{name: "a bad key", method: http.MethodGet, path: "/api/session", header: http.Header{"Authorization": {"Bearer nonsense"}}, status: http.StatusUnauthorized},
	{name: "a key with NUL", method: http.MethodGet, path: "/api/session", header: http.Header{"Authorization": {"Bearer a\x80\xffb"}}, status: http.StatusUnauthorized},
}

// files sends files that must be refused, and takes some in.
func (s *site) files() {
	png := "\x89PNG\r\n\x1a\n" + strings.Repeat("x", 100)
	named := func(name string) http.Header { return http.Header{"X-Filename": {name}} }
	s.refuseAll([]request{
		{name: "over 20 MiB", who: "citizen", path: "/api/files", body: png + strings.Repeat("x", 20<<20), header: named("a.png"), status: http.StatusRequestEntityTooLarge, code: "too-large"},
		{name: "nobody's", path: "/api/files", body: png, header: named("a.png"), status: http.StatusUnauthorized, code: "sign-in"},
		{name: "a page", who: "citizen", path: "/api/files", body: "<!doctype html><script>alert(1)</script>", header: named("a.png"), status: http.StatusUnprocessableEntity, code: "bad-media"},
		{name: "a drawing that runs", who: "citizen", path: "/api/files", body: `<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>`, header: named("a.svg"), status: http.StatusUnprocessableEntity, code: "bad-media"},
		{name: "a program", who: "citizen", path: "/api/files", body: "\x7fELF\x02\x01\x01" + strings.Repeat("\x00", 100), header: named("a.png"), status: http.StatusUnprocessableEntity, code: "bad-media"},
		{name: "a name that is not UTF-8", who: "citizen", path: "/api/files", body: png, header: named("%ff%fe.png"), status: http.StatusUnprocessableEntity, code: "bad-filename"},
		{name: "a name that is cut", who: "citizen", path: "/api/files", body: png, header: named("%e4%b"), status: http.StatusUnprocessableEntity, code: "bad-filename"},
		{name: "a name of 300 letters", who: "citizen", path: "/api/files", body: png, header: named(strings.Repeat("a", 300)), status: http.StatusUnprocessableEntity, code: "bad-filename"},
		{name: "a name with NUL", who: "citizen", path: "/api/files", body: png, header: named("a%00.png"), status: http.StatusUnprocessableEntity, code: "bad-filename"},
		{name: "a name with a new line", who: "citizen", path: "/api/files", body: png, header: named("a%0d%0aSet-Cookie:%20x=1.png"), status: http.StatusUnprocessableEntity, code: "bad-filename"},
		{name: "to read one that is not there", who: "citizen", method: http.MethodGet, path: "/api/files/" + strings.Repeat("a", 64), status: http.StatusNotFound, code: "no-such-file"},
		{name: "to read one by a way up", who: "citizen", method: http.MethodGet, path: "/api/files/..%2f..%2fchengshu.db", status: http.StatusNotFound, code: "no-such-file"},
		{name: "to read one with NUL", who: "citizen", method: http.MethodGet, path: "/api/files/a%00b", status: http.StatusNotFound, code: "no-such-route"},
	})
	s.under("nothing is kept of what was refused", func(s *site) {
		if left := kept(s.t, s.Data); len(left) > 0 {
			s.t.Errorf("on the disk: %v", left)
		}
	})
	s.under("others' files", func(s *site) { s.othersFiles(png) })
}

// kept lists the files of the store.
func kept(t *testing.T, data string) (list []string) {
	err := filepath.Walk(filepath.Join(data, "blobs"), func(path string, info os.FileInfo, err error) error {
		if err == nil && info.Mode().IsRegular() {
			list = append(list, path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	return list
}

// othersFiles: who knows the digest of another's file cannot make it their own
// by putting it into a report, nor change what it is said to be.
func (s *site) othersFiles(png string) {
	a := s.as("citizen").Send(http.MethodPost, "/api/files", strings.NewReader(png), http.Header{"X-Filename": {"a.png"}})
	if a.Status != http.StatusCreated {
		s.t.Fatalf("store: %s", a)
	}
	own := string(bytes.TrimSpace(a.Body))
	id := a.Text("id")
	refused(s.t, s.as("neighbour").Get("/api/files/"+id), http.StatusNotFound, "no-such-file")
	s.unchanged(func() {
		steal := s.as("neighbour").Send(http.MethodPost, "/api/cases/incident", strings.NewReader(incident("photos", "["+own+"]")), nil)
		refused(s.t, steal, http.StatusUnprocessableEntity, "invalid-fields")
		lie := strings.Replace(own, `"size":`, `"size":1`, 1)
		refused(s.t, s.as("citizen").Send(http.MethodPost, "/api/cases/incident", strings.NewReader(incident("photos", "["+lie+"]")), nil), http.StatusUnprocessableEntity, "invalid-fields")
	})
	text := s.as("citizen").Send(http.MethodPost, "/api/files", strings.NewReader("a,b\n1,2\n"), http.Header{"X-Filename": {"a.png"}})
	said := strings.Replace(strings.TrimSpace(string(text.Body)), text.Text("media"), "image/png", 1)
	s.unchanged(func() {
		refused(s.t, s.as("citizen").Send(http.MethodPost, "/api/cases/incident", strings.NewReader(incident("photos", "["+said+"]")), nil), http.StatusUnprocessableEntity, "invalid-fields")
	})
	address := s.report()
	s.unchanged(func() {
		refused(s.t, s.act("citizen", address, "comments", `{"text":"看","files":[{"id":"`+strings.Repeat("b", 64)+`","name":"x","size":1,"media":"image/png"}]}`), http.StatusUnprocessableEntity, "invalid-fields")
		refused(s.t, s.act("citizen", address, "comments", `{"text":"a\u0000b"}`), http.StatusUnprocessableEntity, "invalid-fields")
		refused(s.t, s.act("citizen", address, "comments", `{"text":"  "}`), http.StatusUnprocessableEntity, "invalid-fields")
		refused(s.t, s.act("citizen", address, "comments", `{"text":"`+strings.Repeat("字", 4001)+`"}`), http.StatusUnprocessableEntity, "invalid-fields")
	})
	mine := s.as("citizen").Send(http.MethodPost, "/api/cases/incident", strings.NewReader(incident("photos", "["+own+"]")), nil)
	if mine.Status != http.StatusCreated {
		s.t.Errorf("one's own photo: %s", mine)
	}
	got := s.as("dispatcher").Get("/api/files/" + id + "?type=incident&of=" + mine.Text("id"))
	if got.Status != http.StatusOK || string(got.Body) != png {
		s.t.Errorf("the dispatcher reads the photo: %s", got)
	}
}

// A client that goes away amid a file leaves nothing behind.
func TestUploadCutOff(t *testing.T) {
	s := open(t, "")
	r, w := io.Pipe()
	go func() {
		_, _ = w.Write([]byte("\x89PNG\r\n\x1a\n" + strings.Repeat("x", 1<<20)))
		w.CloseWithError(fmt.Errorf("gone"))
	}()
	if a := s.as("citizen").Send(http.MethodPost, "/api/files", r, http.Header{"X-Filename": {"a.png"}}); a.Err == nil {
		t.Errorf("an answer to half a file: %s", a)
	}
	for range 200 {
		if len(kept(t, s.Data)) == 0 {
			break
		}
		if a := s.as("citizen").Get("/api/session"); a.Status != http.StatusOK { // lets the program get on
			t.Fatal(a)
		}
	}
	if left := kept(t, s.Data); len(left) > 0 {
		t.Errorf("on the disk: %v", left)
	}
	if strings.Contains(s.Log(), "level=ERROR") {
		t.Errorf("a client's going is no error of ours:\n%s", s.Log())
	}
}

package synth

import (
	"bytes"
	"encoding/csv"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chengshu/standard/gbcode"
)

// TestCopies holds the errors against what the package promises: their chance in each field, their independence, the share of each kind, and that what
// is called an error is one and all else is the truth.
func TestCopies(t *testing.T) {
	c := city(t, 1)
	const n, rate = 40_000, 0.05
	o := Copies{Number: 3, Rate: rate}
	kindsOf := map[string]map[string][]kind{
		"persons":  {"id_number": ofID, "name": ofName, "sex": ofSex, "birth_date": ofDate, "phone": ofPhone, "address": ofAddress},
		"entities": {"credit_code": ofCode, "name": ofFirm, "representative_name": ofName, "established": ofDate, "address": ofAddress},
	}
	files := map[string]func(i int) (fields, truth, row []string, errors []Error){
		"persons": func(i int) ([]string, []string, []string, []Error) {
			p := c.Person(i)
			row, errors := c.PersonCopy(i, o)
			return PersonFields, []string{p.IDNumber, p.Name, p.Sex, p.BirthDate.Format(time.DateOnly), p.Phone, p.Address}, row, errors
		},
		"entities": func(i int) ([]string, []string, []string, []Error) {
			e := c.Entity(i, 1000)
			row, errors := c.EntityCopy(i, 1000, o)
			return EntityFields, []string{e.CreditCode, e.Name, e.RepresentativeName, e.Established.Format(time.DateOnly), e.Address}, row, errors
		},
	}
	for file, read := range files {
		count, byField, rows := map[Error]int{}, map[string]int{}, map[int]int{}
		for i := range n {
			fields, truth, row, errors := read(i)
			wrong := map[string]string{}
			for _, e := range errors {
				count[e]++
				byField[e.Field]++
				wrong[e.Field] = e.Kind
			}
			rows[len(errors)]++
			for f, field := range fields {
				if (row[f] != truth[f]) != (wrong[field] != "") {
					t.Fatalf("%s %d: %s is %q, in truth %q, and called %q", file, i, field, row[f], truth[f], wrong[field])
				}
				if wrong[field] == "missing" != (row[f] == "") {
					t.Fatalf("%s %d: %s is %q and called %q", file, i, field, row[f], wrong[field])
				}
			}
		}
		fields := len(kindsOf[file])
		for field, kinds := range kindsOf[file] {
			near(t, file+"."+field, float64(byField[field])/n, rate, 0.005)
			shares := 0
			for _, k := range kinds {
				shares += k.share
				// What changes nothing is drawn again, which takes from some kinds and gives to others.
				near(t, file+"."+field+":"+k.name, float64(count[Error{field, k.name}])/float64(byField[field]), float64(k.share)/100, 0.06)
			}
			if shares != 100 {
				t.Errorf("the kinds of %s are %d of a hundred", field, shares)
			}
		}
		near(t, file+" without error", float64(rows[0])/n, math.Pow(1-rate, float64(fields)), 0.008)
		near(t, file+" with two", float64(rows[2])/n, float64(fields*(fields-1)/2)*rate*rate*math.Pow(1-rate, float64(fields-2)), 0.005)
	}
}

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if math.Abs(got-want) > tolerance {
		t.Errorf("%s: %.4f, want %.4f", what, got, want)
	}
}

// TestKinds shows each kind of error on one value, as far as chance does not matter.
func TestKinds(t *testing.T) {
	c := city(t, 1)
	d := throw(1, 2, 3)
	tests := []struct {
		spoil    func(*City, *dice, string) string
		in, want string
	}{
		{dayMonth, "1980-01-02", "1980-02-01"}, {january, "1980-05-02", "1980-01-01"}, {otherSex, "male", "female"}, {otherSex, "female", "male"},
		{swapped, "张伟", "伟张"}, {omitted, "张伟", "张伟"}, {noPlace, "石家庄冀石科技有限公司", "冀石科技有限公司"}, {noPlace, "裕华区冀石便利店", "冀石便利店"},
		{oldNumber, "130102198001011234", "130102800101123"}, {oldNumber, "130102200001011234", "130102200001011234"},
		{shortFirm, "石家庄冀石科技股份有限公司", "冀石科技"}, {shortFirm, "裕华区冀石便利店", "冀石便利店"}, {otherForm, "裕华区冀石便利店", "裕华区冀石便利店"},
	}
	for _, test := range tests {
		if got := test.spoil(c, d, test.in); got != test.want {
			t.Errorf("%s becomes %s, want %s", test.in, got, test.want)
		}
	}
	for range 200 {
		id := c.Person(d.below(1000)).IDNumber
		for _, spoil := range []func(*City, *dice, string) string{wrongDigit, transposed, wrongCheck, cutShort} {
			if s := spoil(c, d, id); s != id && gbcode.ValidCitizen(s) {
				t.Errorf("%s, made of %s, is valid", s, id)
			}
		}
	}
}

// TestCopiesStable pins a row: a published file must come out the same for ever. Another number makes other errors.
func TestCopiesStable(t *testing.T) {
	c := city(t, 1)
	row, errors := c.PersonCopy(6, Copies{Number: 1, Rate: 0.5})
	again, _ := city(t, 1).PersonCopy(6, Copies{Number: 1, Rate: 0.5})
	other, _ := c.PersonCopy(6, Copies{Number: 2, Rate: 0.5})
	if diff := cmp.Diff(row, again); diff != "" {
		t.Errorf("the same copy differs:\n%s", diff)
	}
	if cmp.Equal(row, other) {
		t.Error("another copy has the same errors")
	}
	want := "130131199572209992|郭小刚||1995-12-25|15470820395|河北省石家庄市赵县沙河店镇东诰村1组43号"
	if got := strings.Join(row, "|"); got != want {
		t.Errorf("person 6 has become %s %v", got, errors)
	}
}

// TestWriteCopies: the truth names each row's person, in an order of the file's own.
func TestWriteCopies(t *testing.T) {
	c := city(t, 1)
	var rows, truth bytes.Buffer
	if err := c.WritePersonCopies(&rows, &truth, 50, 100, Copies{Number: 1, Rate: 0.05}); err != nil {
		t.Fatal(err)
	}
	r, err := csv.NewReader(&rows).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	answers, err := csv.NewReader(&truth).ReadAll()
	if err != nil || len(r) != 101 || len(answers) != 101 {
		t.Fatal(err, len(r), len(answers))
	}
	seen, inOrder := map[int]bool{}, 0
	for k := 1; k <= 100; k++ {
		i, err := strconv.Atoi(answers[k][1])
		if err != nil || i < 50 || i >= 150 || seen[i] || answers[k][0] != r[k][0] {
			t.Fatalf("row %d: %v %v", k, answers[k], err)
		}
		seen[i] = true
		if i == 49+k {
			inOrder++
		}
		row, errors := c.PersonCopy(i, Copies{Number: 1, Rate: 0.05})
		if diff := cmp.Diff(row, r[k][1:]); diff != "" || len(errors) != len(strings.Fields(answers[k][2])) {
			t.Errorf("row %d: %v\n%s", k, answers[k], diff)
		}
	}
	if inOrder > 30 {
		t.Errorf("%d rows are in the order of their persons", inOrder)
	}
	for _, err := range []error{c.WritePersonCopies(&rows, &truth, MaxPersons, 1, Copies{}), c.WritePersonCopies(&rows, &truth, -1, 1, Copies{}),
		c.WriteEntityCopies(&rows, &truth, 0, 1, 99, Copies{}), c.WriteEntityCopies(&rows, &truth, MaxEntities, 1, 100, Copies{})} {
		if err == nil {
			t.Error("a number out of bounds was accepted")
		}
	}
}

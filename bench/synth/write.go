package synth

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"time"
)

// PersonColumns and EntityColumns are the headings that WritePersons and
// WriteEntities write.
var (
	PersonColumns = []string{"id_number", "name", "sex", "birth_date", "phone", "division", "address", "synthetic"}
	EntityColumns = []string{"credit_code", "name", "category", "industry_code", "industry", "established", "capital_fen",
		"employees", "division", "address", "representative_id", "representative_name", "status", "synthetic"}
)

// WritePersons writes the first n persons as CSV, one at a time.
func (c *City) WritePersons(w io.Writer, n int) error {
	if n < 0 || n > MaxPersons {
		return fmt.Errorf("%d persons: must be 0 to %d", n, MaxPersons)
	}
	return writeAll(w, PersonColumns, n, func(i int, r []string) {
		p := c.Person(i)
		copy(r, []string{p.IDNumber, p.Name, p.Sex, p.BirthDate.Format(time.DateOnly), p.Phone, p.Division, p.Address, "true"})
	})
}

// WriteEntities writes the first n entities as CSV, one at a time. Their
// representatives are among the first persons people.
func (c *City) WriteEntities(w io.Writer, n, persons int) error {
	if n < 0 || n > MaxEntities {
		return fmt.Errorf("%d entities: must be 0 to %d", n, MaxEntities)
	}
	if persons < 100 || persons > MaxPersons {
		return fmt.Errorf("entities among %d persons: must be 100 to %d", persons, MaxPersons)
	}
	return writeAll(w, EntityColumns, n, func(i int, r []string) {
		e := c.Entity(i, persons)
		copy(r, []string{e.CreditCode, e.Name, e.Category, e.IndustryCode, e.Industry, e.Established.Format(time.DateOnly),
			strconv.FormatInt(e.CapitalFen, 10), strconv.Itoa(e.Employees), e.Division, e.Address,
			e.RepresentativeID, e.RepresentativeName, e.Status, "true"})
	})
}

func writeAll(w io.Writer, head []string, n int, fill func(int, []string)) error {
	out := csv.NewWriter(w)
	if err := out.Write(head); err != nil {
		return err
	}
	row := make([]string, len(head))
	for i := range n {
		fill(i, row)
		if err := out.Write(row); err != nil {
			return fmt.Errorf("row %d: %w", i, err)
		}
	}
	out.Flush()
	return out.Error()
}

package lake

import (
	"chengshu/core/decl"
	"chengshu/core/record"
)

// Because says in words why a row of the batch was not taken: as the declaration
// of the rule said then, else as Because does.
func (b *Batch) Because(t *record.Type, why Rule) decl.Text {
	for _, r := range b.Report.Quality.Rules {
		if r.Field == why.Field && r.Rule == why.Rule && r.Text != nil {
			return *r.Text
		}
	}
	zh, en := Because(t, why)
	return decl.Text{Zh: zh, En: en}
}

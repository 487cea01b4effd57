package identity

import "chengshu/core/decl"

// Organisations is a file of the organisation tree that a pack brings: kind
// `organisations`. See [Service.SeedOrgs] for its columns.
type Organisations struct {
	decl.Meta
	From string `yaml:"from,required"`
}

// Check implements decl.Item.
func (*Organisations) Check(*decl.Set, *decl.Report) {}

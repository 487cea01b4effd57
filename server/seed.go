package server

import (
	"bytes"
	"context"
	"fmt"

	"chengshu/core/decl"
	"chengshu/core/identity"
	"chengshu/core/record"
	"chengshu/engine/geo"
)

// seed brings in what the packs' data files hold: organisations, records, and
// for a demo city its accounts. What is there already is left alone. Of several
// nodes one does it after the other.
func (s *Server) seed(ctx context.Context) error {
	release, err := s.db.Alone(ctx)
	if err != nil {
		return err
	}
	defer release()
	report := &decl.Report{}
	for _, o := range decl.All[*identity.Organisations](s.declared.Set, "organisations") {
		file, err := s.declared.Data(o.Pack, o.From)
		if err != nil {
			return err
		}
		if _, err := s.identity.SeedOrgs(ctx, bytes.NewReader(file), o.From, report); err != nil {
			return err
		}
	}
	loader := record.Seeder{Engine: s.records, Evidence: s.evidence, Now: s.clock.Now}
	for _, seed := range record.InOrder(decl.All[*record.Seed](s.declared.Set, record.SeedKind.Name)) {
		if seed.Demo && !s.cfg.Demo {
			continue
		}
		file, err := s.declared.Data(seed.Pack, seed.From)
		if err != nil {
			return err
		}
		n, err := loader.Load(ctx, seed, file)
		if err != nil {
			return err
		}
		if n > 0 {
			s.log.Info("seeded", "seed", seed.Name, "records", n)
		}
	}
	if s.cfg.Demo {
		if err := s.identity.SeedDemo(ctx, decl.All[*identity.Account](s.declared.Set, "account"), report); err != nil {
			return err
		}
	}
	if err := report.Err(); err != nil {
		return fmt.Errorf("seed: %w", err)
	}
	return s.places.Load(ctx, decl.All[*geo.Gazetteer](s.declared.Set, geo.Kind.Name))
}

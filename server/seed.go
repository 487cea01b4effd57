package server

import (
	"bytes"
	"context"
	"fmt"
	"slices"

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
	if err := s.seedRecords(ctx); err != nil {
		return err
	}
	if s.cfg.Demo {
		if err := s.identity.SeedDemo(ctx, decl.All[*identity.Account](s.declared.Set, "account"), report); err != nil {
			return err
		}
	}
	if err := report.Err(); err != nil {
		return fmt.Errorf("seed: %w", err)
	}
	return nil
}

// seedRecords brings in records: those of the gazetteers first, so that where
// the others lie can be computed.
func (s *Server) seedRecords(ctx context.Context) error {
	gazetteers := decl.All[*geo.Gazetteer](s.declared.Set, geo.Kind.Name)
	isPlace := func(seed *record.Seed) bool {
		return slices.ContainsFunc(gazetteers, func(g *geo.Gazetteer) bool { return seed.Into == g.Areas.In || seed.Into == g.Points.In })
	}
	seeds := decl.All[*record.Seed](s.declared.Set, record.SeedKind.Name)
	others := slices.DeleteFunc(slices.Clone(seeds), isPlace)
	seeds = record.InOrder(append(slices.DeleteFunc(seeds, func(seed *record.Seed) bool { return !isPlace(seed) }), others...))
	last := len(seeds) // of those that places need
	for last > 0 && !isPlace(seeds[last-1]) {
		last--
	}
	if err := s.loadSeeds(ctx, seeds[:last]); err != nil {
		return err
	}
	if err := s.places.Load(ctx, gazetteers); err != nil {
		return err
	}
	return s.loadSeeds(ctx, seeds[last:])
}

func (s *Server) loadSeeds(ctx context.Context, seeds []*record.Seed) error {
	loader := record.Seeder{Engine: s.records, Evidence: s.evidence, Now: s.clock.Now}
	for _, seed := range seeds {
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
	return nil
}

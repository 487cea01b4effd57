// Package lake takes files in, judges every row of them, and publishes the good
// rows as releases: 汇聚、治理、发布.
//
// A file is checked in one pass in DuckDB, in a process of its own (package
// duck): the rows that keep every rule of their type become a batch, those that
// do not are kept with the reasons, row by row. A batch becomes a release: an
// immutable Parquet file and a manifest, whose digest is in the evidence log.
//
// Both steps are effects of cases (lake.check and lake.release), so that who
// loads, who looks and who decides is declared in packs.
package lake

// Package rule is 规: one typed expression language, in CEL syntax
// (cel.dev/cel-go), for what is permitted, required, defaulted, computed,
// routed, warned or scored.
//
// An expression is parsed and type-checked when its pack loads; a mistake is
// reported with the file, line and column of the expression. Evaluation is
// free of side effects, bounded in cost, and reads records through Object
// values without copying them. When a condition refuses, Explain says which
// part of it failed and which could not be decided because a value is missing.
package rule

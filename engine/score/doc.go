// Package score evaluates organisations by figures that packs declare: 评估. It
// serves Art. 43 (evaluation of public data work).
//
// A score is a weighted mean of figures, each between 0 and 1, over a month. The
// declaration is the formula, and anybody may read it. Each month's scores are
// records of a type that the pack names, written by the program with an act
// each, so that their history stays and an appeal can correct them.
package score

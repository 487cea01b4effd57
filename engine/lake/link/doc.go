// Package link finds the rows that speak of the same person or organisation, 实体归一: rows of files matched to a base register, and
// duplicates within one.
//
// A Spec declares what is compared and how; nothing is programmed and nothing is labelled. A Linker takes sources of rows and answers
// with clusters of rows, one per entity, with the pairs a person must look at, and with a report of what was done and left out:
//
//   - Blocking. Comparing everything with everything is impossible, so candidate pairs agree on a key. Candidate rules are declared or derived;
//     the pairs of each are counted first, and rules are taken while they promise matches and fit into the budget. Blocks too large are skipped and said.
//   - Weights after Fellegi and Sunter (1969). How often two unrelated rows agree is counted on random pairs, how often the same
//     entity's rows agree is learned by expectation maximisation on candidate pairs, for each rule on the fields outside its key. Where a field
//     says so, agreement on a rare value weighs more than on a common one. Fields that different entities share, as a household shares telephone and
//     address, are declared: groups that share them are learned as a third kind of pair, and what agreement is owed to them is taken off.
//   - Clusters. Pairs join by descending weight. A join is refused when the cluster would grow too large, hold two rows of a source without
//     duplicates, two different valid codes, or a pair whose own evidence is strongly against it. What was refused is for a person to see.
//   - Decisions of people stand above all of it: rows said to be the same are together, rows said to be different never.
//   - Entity ids stay. An id goes to the cluster that holds most of the rows that bore it, each cluster takes one, and what merged or split is listed.
//   - Golden values follow a declared order of rules, and each says which row it is from and which rule chose it.
//
// The same rows in the same order give the same answer. Values are kept in normalised writing (NFKC, single blanks, capitals for codes), once for each
// distinct value. Memory, in bytes: for each row 4 a field, 16 and its key, 8 a rule chosen; for each distinct value 16 and its text, and up to 60 for what its
// comparison prepares; 32 for each pair above the threshold of review. Two million rows of persons in six fields take up to 1.4 GB.
package link

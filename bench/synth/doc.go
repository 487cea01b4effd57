// Package synth makes up (合成) the people and organisations of a city: the demo
// starts with a few hundred, load tests ask for millions.
//
// It promises:
//
//   - the same seed and index give the same row for ever, on every machine, and
//     any row is computed on its own: there is no state, so rows can be made
//     in any order, by many workers, in constant memory;
//   - identity numbers and credit codes are valid (GB 11643-1999, GB 32100-2015)
//     and never repeat; sex and birth date agree with the identity number;
//   - no row is drawn from anybody, and chance agreement is made unlikely:
//     identity numbers take the highest sequence numbers of a day (990 to 999
//     for the first quarter of a million people), where registration offices
//     seldom come; mobile numbers begin with 154, a block that to our knowledge
//     no operator has; organisation codes begin with Y, of which we know no
//     issued one. Every row says synthetic=true.
//
// Ages follow the broad shape of the city's census of 2020: 19 in 100 under 15,
// 62 from 15 to 59, 19 older.
// # Copies with errors
//
// A copy of a row is what another office's file holds of the same person or organisation. It is for trying record linkage, of which no public
// Chinese benchmark is known to us: rows, errors and truth follow from a seed and two numbers, stream, and may be published.
//
// With a rate of 0.05 each field of each row is wrong with that chance, independently of the others. A wrong field has one error, drawn thus
// (of a hundred errors; what would change nothing is drawn again):
//
//	id_number                  35 one digit wrong, 30 two neighbours transposed, 10 check digit wrong, 5 the end cut off, 5 of 15 digits, 15 missing
//	credit_code                35 one digit wrong, 30 two neighbours transposed, 10 check digit wrong, 5 the end cut off, 20 missing
//	name of a person           35 homophone, 20 similar shape, 15 a character omitted, 10 two swapped, 10 nickname, 10 missing
//	name of an organisation    40 short name without place and form, 20 another legal form, 20 similar shape, 10 without place, 10 missing
//	sex                        70 the other, 30 missing
//	birth_date, established    35 one digit wrong, 25 day and month swapped, 10 transposed, 10 first of January of the year, 20 missing
//	phone                      45 another number, 25 one digit wrong, 15 transposed, 15 missing
//	address                    40 old (another place), 30 written short, 15 a digit wrong, 15 missing
//
// The truth about a file is a table of three columns: key, the row's key in the file; index, that of the person or organisation; errors, as field:kind
// with blanks between. Rows of equal index are one. Two files overlap as the ranges of indexes that they are written from.
package synth

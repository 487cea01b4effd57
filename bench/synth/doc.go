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
package synth

// Package gbcode checks, explains and makes the codes by which a Chinese city
// names people, organisations and places:
//
//   - citizen identity numbers, GB 11643-1999, check character by ISO 7064
//     MOD 11-2 (GB/T 17710);
//   - unified social credit codes, GB 32100-2015 with its amendment 1 of 2016,
//     check character modulo 31, and the GB 11714 organisation code inside;
//   - division codes, GB/T 2260 and the 9- and 12-digit statistical codes that
//     extend it to streets and villages;
//   - mobile telephone numbers, by shape only.
//
// Everything here is a pure function of its arguments: no clock, no register.
// A valid code is well-formed; whether it was ever issued, or whether a birth
// date lies in the future, is for the caller, who has the register and the
// clock. Valid is strict: it wants the canonical writing. Pass what people typed
// or a scanner read through Normal first.
//
// Both check systems catch every substitution of a single character, and MOD
// 11-2 every swap of two neighbours as well; the tests prove it exhaustively.
package gbcode

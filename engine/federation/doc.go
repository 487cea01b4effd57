// Package federation joins nodes that run this same program: counties send
// their releases up to the city, and the city takes them in. It serves Art. 43
// (counties bring their public data under the city's unified management).
//
// What it promises:
//
//   - A release is offered by its manifest and digest, then its file follows in
//     parts, each at an offset. The receiver says what it has, so whoever was cut
//     off goes on from there, and what has arrived is not taken twice.
//   - A release is taken in only when its dataset is one that the node may send,
//     its fields, their types and its level are those that are declared here, and
//     every digest fits. What is refused is refused by name, and the sender sees it.
//   - It becomes a case, so that its rows are judged here as in any load, and the
//     case says from which node, version, digest and log checkpoint it comes.
//   - The sender keeps a row for each release until the receiver has taken it,
//     written by looking which versions there are: nothing is lost when either
//     side is down.
package federation

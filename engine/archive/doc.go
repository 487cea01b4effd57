// Package archive turns scanned pages into records (Art. 43, 存量历史资料数字化).
//
// A template says where on a page the fields of a record type stand: beside or
// below a label, or in a box. The effect archive.read, a job, has the pages of a
// case read by Tesseract and finds the fields; a person checks them beside the
// page; archive.enter makes the record, each field of which points at its place
// on the page.
//
// Tesseract and Poppler are programs of the machine, started for one page at a
// time in a folder of its own, with bounds on time and memory. Without them the
// program runs, and reading says what to install. What was read of a page is
// kept under the digest of its file, so that no page is read twice, also after a
// crash.
package archive

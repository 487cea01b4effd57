// Program bench measures the program side by side with what it replaces and
// with what bare parts can do, one JSON line for each benchmark on standard
// output:
//
//	go run ./bench [-bench NAME,…] [-for 15s]
//
// Every benchmark counts errors and checks answers: a figure made of wrong
// answers is no figure. Progress goes to standard error. Figures and how they
// were taken: docs/benchmarks.md.
package main

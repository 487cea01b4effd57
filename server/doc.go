// Package server is the program: it reads the settings, wires the engines in
// one readable place (wire.go), serves one list of routes (routes.go), and maps
// errors to answers in one table (problem.go).
package server

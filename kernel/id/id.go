// Package id makes identifiers: UUIDv7 (RFC 9562, section 5.7) in
// their canonical text form, whose order is the order of their making.
package id

import "github.com/google/uuid"

// New returns a fresh UUIDv7, 36 characters. Two ids made by one process sort
// in the order they were made.
func New() string { return uuid.Must(uuid.NewV7()).String() }

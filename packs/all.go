// Package packs embeds every pack: each folder beside this file is one, and
// copying a folder here is all it takes to add a system.
package packs

import "embed"

// FS holds the pack folders with everything in them, data/ and scenarios/
// included. Names that begin with a dot or an underscore are left out, as
// package pack leaves them out of other folders.
//
//go:embed *
var FS embed.FS

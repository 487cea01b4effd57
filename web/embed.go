// Package web embeds the built web application.
package web

import "embed"

// Dist holds the folder dist: what `npm run build` made, or only a marker when
// the application has not been built.
//
//go:embed all:dist
var Dist embed.FS

// Package arch checks the shape of the source tree: who imports whom, how long files are, that packages say what they
// are, and that nothing of a developer's machine got in. It reads source files only, so it needs no build and holds
// for code that does not compile yet. Each rule carries its reason, which the failing test prints.
package arch

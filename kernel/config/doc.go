// Package config reads the program's settings into a typed struct and can say
// where each came from.
//
// One setting has one name everywhere: `name:"blob-limit"` is --blob-limit on
// the command line, CHENGSHU_BLOB_LIMIT in the environment and the key
// blob-limit in the YAML file. The command line goes before the environment,
// the environment before the file, the file before the default.
//
// A setting that nobody declared, or a value that does not parse, stops the
// program with all such mistakes at once, each with its place.
package config

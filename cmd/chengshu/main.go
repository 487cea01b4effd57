// Command chengshu runs a city's digital economy as its law asks.
package main

import (
	"os"

	"chengshu/server"
)

// version is set when the program is built, see the Makefile.
var version = "development"

func main() { os.Exit(server.Main(os.Args[1:], version)) }

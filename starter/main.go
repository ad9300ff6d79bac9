// Command caresync sets CareSync up, starts syncs, shows what they did, and serves the HTTP API.
package main

import (
	"os"

	"github.com/caresync/caresync/starter/cli"
)

func main() { os.Exit(cli.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

// Package scenarios holds the built-in scenario files: telling people, one for each situation that real data hold.
package scenarios

import "embed"

// FS holds the built-in scenario files in its root.
//
//go:embed *.yaml
var FS embed.FS

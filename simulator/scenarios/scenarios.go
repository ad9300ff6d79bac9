// Package scenarios holds the built-in scenario files: example people, one for each situation in real data.
package scenarios

import "embed"

// FS holds the built-in scenario files in its root.
//
//go:embed *.yaml
var FS embed.FS

package caresync_test

import (
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// machineDay is where a day would be taken from the machine's clock.
var machineDay = regexp.MustCompile(`Today\(time\.Now\(\)|DateIn\(time\.Now\(\)|[sS]tore\)?\.\w+\(.*time\.Now\(\)`)

// The product has one clock that decides by the day, which tests can set: db.Store.Now (R1).
func TestDaysAreTakenFromTheStoresClock(t *testing.T) {
	root := os.DirFS(".")
	for _, folder := range []string{"activities", "db", "starter", "worker"} {
		require.NoError(t, fs.WalkDir(root, folder, func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			source, err := fs.ReadFile(root, path)
			require.Empty(t, machineDay.FindAllString(string(source), -1), path)
			return err
		}))
	}
}

// docTag documents a field of the HTTP API.
var docTag = regexp.MustCompile("`[^`\n]*\\bdoc:\"")

// How something looks in HTTP is said in starter/api alone: a field of the API changes in one place.
func TestOnlyTheAPIHasItsDocumentation(t *testing.T) {
	require.NoError(t, fs.WalkDir(os.DirFS("."), ".", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasPrefix(path, "starter/api/") {
			return err
		}
		source, err := os.ReadFile(path)
		require.Empty(t, docTag.FindAllString(string(source), 1), path)
		return err
	}))
}

package caresync_test

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/caresync/caresync/"

// mayImport says which packages the packages of each folder may use (docs/architecture.md). A folder may always use its own.
var mayImport = map[string][]string{
	"care":       {},
	"words":      {"care"},
	"protocol":   {"care"},
	"workflows":  {"care", "protocol", "words"},
	"upstream":   {"care"},
	"db":         {"care", "platform/poll", "upstream/proda", "words"},
	"activities": {"care", "protocol", "db", "upstream"},
	"platform":   {},
	"worker":     {"activities", "care", "db", "platform", "protocol", "upstream", "workflows"},
	"claims":     {"care", "protocol"},
	"starter":    {"care", "claims", "db", "platform", "protocol", "upstream", "words"},
	"simulator":  {},
	"testkit":    {"activities", "care", "db", "platform", "protocol", "simulator", "upstream", "worker", "workflows"},
	"demo":       {},
	"deploy":     {},
}

// mustNotUse are packages that a folder keeps away from. Whoever syncs has no use for what is shown.
var mustNotUse = map[string][]string{
	"activities": {module + "db/read"},
	"worker":     {module + "db/read"},
	"workflows":  {"net/http", "os", "net", "go.uber.org/zap", "github.com/jackc/pgx/v5", "math/rand"},
}

// careUses is everything that the vocabulary is made of beside the standard library.
var careUses = []string{"github.com/shopspring/decimal", "golang.org/x/text/unicode/norm"}

type listedPackage struct {
	ImportPath, Name string
	Imports          []string
}

func listPackages(t *testing.T) (packages []listedPackage) {
	output, err := exec.Command("go", "list", "-json=ImportPath,Name,Imports", "./...").Output()
	require.NoError(t, err)
	decoder := json.NewDecoder(strings.NewReader(string(output)))
	for {
		var one listedPackage
		if err := decoder.Decode(&one); errors.Is(err, io.EOF) {
			return packages
		} else {
			require.NoError(t, err)
		}
		packages = append(packages, one)
	}
}

func TestPackagesImportOnlyWhatTheyMay(t *testing.T) {
	packages := listPackages(t)
	mains := map[string]bool{}
	for _, one := range packages {
		mains[one.ImportPath] = one.Name == "main"
	}
	for _, one := range packages {
		if one.ImportPath == strings.TrimSuffix(module, "/") {
			continue // only this test
		}
		folder, _, _ := strings.Cut(strings.TrimPrefix(one.ImportPath, module), "/")
		allowed, known := mayImport[folder]
		require.True(t, known, "say in mayImport what %s may use", one.ImportPath)
		for _, imported := range one.Imports {
			require.False(t, mains[imported], "%s imports the program %s", one.ImportPath, imported)
			require.NotContains(t, mustNotUse[folder], imported, one.ImportPath)
			inside, isOurs := strings.CutPrefix(imported, module)
			if isOurs {
				require.True(t, slices.ContainsFunc(append(allowed, folder), within(inside)), "%s imports %s", one.ImportPath, imported)
			} else if folder == "care" && strings.Contains(imported, ".") {
				require.Contains(t, careUses, imported)
			}
		}
	}
}

func within(inside string) func(string) bool {
	return func(folder string) bool { return inside == folder || strings.HasPrefix(inside, folder+"/") }
}

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
	require.NoError(t, fs.WalkDir(os.DirFS("."), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasPrefix(path, "starter/api/") {
			return err
		}
		source, err := os.ReadFile(path)
		require.Empty(t, docTag.FindAllString(string(source), 1), path)
		return err
	}))
}

package care

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/testkit/wire"
)

// What PostgreSQL keeps as JSON outlives the program that wrote it: columns of jsonb, by table and column.
func TestStoredValuesKeepTheirShape(t *testing.T) {
	golden := wire.Open(t, "stored")
	for column, of := range map[string]reflect.Type{
		"bulk_run.options":               reflect.TypeFor[BulkOptions](),
		"contribution_set.contributions": reflect.TypeFor[[]Contribution](),
		"pace_standing.relationships":    reflect.TypeFor[[]Relationship](),
		"person.entries":                 reflect.TypeFor[[]Entry](),
		"service_contract.declined":      reflect.TypeFor[[]DeclinedBudget](),
		"sync_issue.about":               reflect.TypeFor[About](),
		"sync_run.counts":                reflect.TypeFor[Counts](),
		"sync_step.answer":               reflect.TypeFor[AreaResult](),
	} {
		golden.WrittenAndRead(column, of)
	}
}

// Codes stand in rows, in payloads and in answers of the API: one that changes its text is another code. A new one is added to the file.
func TestCodesKeepTheirText(t *testing.T) {
	codes := map[string][]string{}
	require.NoError(t, filepath.WalkDir(".", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		ast.Inspect(file, func(node ast.Node) bool {
			noteCodes(codes, node)
			return true
		})
		return err
	}))
	for _, texts := range codes {
		slices.Sort(texts)
	}
	wire.Open(t, "codes").JSON("codes.json", codes)
}

// noteCodes notes the constants of an exported type of text, such as ReasonNoPlan Reason = "no_plan".
func noteCodes(codes map[string][]string, node ast.Node) {
	spec, isConstant := node.(*ast.ValueSpec)
	if !isConstant || len(spec.Values) != 1 {
		return
	}
	of, isTyped := spec.Type.(*ast.Ident)
	literal, isLiteral := spec.Values[0].(*ast.BasicLit)
	if isTyped && isLiteral && literal.Kind == token.STRING && of.IsExported() {
		codes[of.Name] = append(codes[of.Name], strings.Trim(literal.Value, `"`))
	}
}

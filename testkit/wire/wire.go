// Package wire pins the shapes of JSON that others rely on: payloads in Temporal's histories, values in PostgreSQL, requests and answers of
// the HTTP API. Golden files beside a test hold each shape, with every field set and with none. A test that changes a shape on purpose
// rewrites them with GOLDIE_UPDATE=1.
package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/sebdah/goldie/v2"
	"github.com/stretchr/testify/require"
)

// Folder is a folder of golden files of a test.
type Folder struct {
	t       *testing.T
	path    string
	checked []string
}

// Open returns the golden files of testdata/<name>. When the test ends, it fails for a file that it has not checked: a shape that is gone.
func Open(t *testing.T, name string) *Folder {
	t.Helper()
	folder := &Folder{t: t, path: filepath.Join("testdata", name)}
	t.Cleanup(folder.requireNoOther)
	return folder
}

// shape is what a golden file holds of a type.
type shape struct {
	Full any `json:"full"`
	Zero any `json:"zero"`
}

// Written compares the JSON of a type with its golden file, name.json.
func (f *Folder) Written(name string, of reflect.Type) {
	f.t.Helper()
	f.JSON(name+".json", shape{Full: Filled(of).Interface(), Zero: reflect.Zero(of).Interface()})
}

// WrittenAndRead does what Written does, and requires that the golden file reads as the same values, whatever fields it has that the type
// has not: an older or newer program wrote them.
func (f *Folder) WrittenAndRead(name string, of reflect.Type) {
	f.t.Helper()
	f.Written(name, of)
	var stored struct{ Full, Zero json.RawMessage }
	golden, err := os.ReadFile(filepath.Join(f.path, name+".json"))
	require.NoError(f.t, err)
	require.NoError(f.t, json.Unmarshal(golden, &stored))
	full, zero := read(f.t, of, withUnknownField(of, stored.Full)), read(f.t, of, stored.Zero)
	require.JSONEq(f.t, string(stored.Full), string(encoded(f.t, full)), "%s reads other values than were written", name)
	require.JSONEq(f.t, string(stored.Zero), string(encoded(f.t, zero)), "%s with no field set reads other values than were written", name)
}

// Function checks what a function takes and returns, contexts and errors aside, as WrittenAndRead does: name.input.json and name.result.json.
func (f *Folder) Function(name string, function any) {
	f.t.Helper()
	of := reflect.TypeOf(function)
	for i := range of.NumIn() {
		if in := of.In(i); in.Kind() != reflect.Interface {
			f.WrittenAndRead(name+inputSuffix(i), in)
		}
	}
	for i := range of.NumOut() {
		if out := of.Out(i); out.Kind() != reflect.Interface {
			f.WrittenAndRead(name+".result", out)
		}
	}
}

// inputSuffix tells the inputs of a function apart, of which the first follows the context.
func inputSuffix(position int) string {
	if position < 2 {
		return ".input"
	}
	return fmt.Sprint(".input", position)
}

// JSON compares the JSON of a value with a golden file.
func (f *Folder) JSON(file string, value any) {
	f.t.Helper()
	f.Text(file, encoded(f.t, value))
}

// Text compares any text with a golden file.
func (f *Folder) Text(file string, text []byte) {
	f.t.Helper()
	require.NotContains(f.t, f.checked, file, "two shapes have one golden file")
	f.checked = append(f.checked, file)
	goldie.New(f.t, goldie.WithFixtureDir(f.path), goldie.WithNameSuffix(""), goldie.WithDiffEngine(goldie.ClassicDiff)).Assert(f.t, file, text)
}

func (f *Folder) requireNoOther() {
	if f.t.Failed() || f.t.Skipped() {
		return
	}
	files, err := os.ReadDir(f.path)
	require.NoError(f.t, err)
	for _, file := range files {
		require.True(f.t, slices.Contains(f.checked, file.Name()), "%s is the golden file of nothing: delete it", filepath.Join(f.path, file.Name()))
	}
}

func encoded(t *testing.T, value any) []byte {
	t.Helper()
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	require.NoError(t, encoder.Encode(value))
	return text.Bytes()
}

func read(t *testing.T, of reflect.Type, text []byte) any {
	t.Helper()
	value := reflect.New(of)
	require.NoError(t, json.Unmarshal(text, value.Interface()), "%s", of)
	return value.Elem().Interface()
}

// withUnknownField adds a field that no type has to the JSON of a struct.
func withUnknownField(of reflect.Type, text json.RawMessage) []byte {
	rest, isObject := strings.CutPrefix(strings.TrimSpace(string(text)), "{")
	if of.Kind() != reflect.Struct || !isObject || strings.HasPrefix(strings.TrimSpace(rest), "}") {
		return text
	}
	return []byte(`{"field_of_another_version": {"a": [1]},` + rest)
}

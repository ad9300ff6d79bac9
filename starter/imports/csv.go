// Package imports reads the files that people bring: CSV as spreadsheets write it. It reports everything that is wrong with a file by
// line and column, and never repeats a value (R10).
package imports

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/caresync/caresync/db"
)

// MaxSize is the largest file that is read, in bytes.
const MaxSize = 32 << 20

const (
	// mostProblems bounds the list for a file that is wrong throughout.
	mostProblems = 1000
	// longestText bounds a value, in characters.
	longestText = 200
	utf8Mark    = "\xef\xbb\xbf"
)

// column is a column that a file may have.
type column struct {
	name     string
	required bool
}

// record is a line of a file with its values by column.
type record struct {
	line     int
	values   map[string]string
	problems *[]db.LineError
}

// text is the value of a column, without blanks around it.
func (r record) text(column string) string { return r.values[column] }

// needed is the value of a column that must not be empty.
func (r record) needed(column string) string {
	if r.values[column] == "" {
		r.refuse(column, "is empty")
	}
	return r.values[column]
}

func (r record) refuse(column, message string) {
	*r.problems = append(*r.problems, db.LineError{Line: r.line, Column: column, Message: message})
}

// ReadAll reads a file up to MaxSize. A larger one is a LineError of the whole file.
func ReadAll(from io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(from, MaxSize+1))
	if err == nil && len(data) > MaxSize {
		return nil, &db.ImportError{Problems: []db.LineError{{Message: fmt.Sprintf("the file is larger than %d MiB: split it", MaxSize>>20)}}}
	}
	return data, err
}

// read gives each line to take and collects what is wrong with the file.
func read(data []byte, columns []column, take func(record)) []db.LineError {
	text, problem := decode(data)
	if problem != nil {
		return []db.LineError{*problem}
	}
	reader := csv.NewReader(bytes.NewReader(text))
	reader.FieldsPerRecord = -1 // counted below, with a clearer message
	header, problems := readHeader(reader, columns)
	if len(problems) > 0 {
		return problems
	}
	for {
		fields, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return limited(problems)
		}
		if err != nil {
			problems = append(problems, syntaxError(err))
			continue
		}
		line, _ := reader.FieldPos(0)
		if values, ok := byColumn(header, fields, line, &problems); ok {
			take(record{line: line, values: values, problems: &problems})
		}
	}
}

// decode refuses what is not UTF-8 text, and drops the mark that spreadsheets write in front of it.
func decode(data []byte) ([]byte, *db.LineError) {
	switch {
	case bytes.HasPrefix(data, []byte("\xff\xfe")), bytes.HasPrefix(data, []byte("\xfe\xff")):
		return nil, &db.LineError{Message: "the file is UTF-16 text: save it as \"CSV UTF-8\""}
	case bytes.HasPrefix(data, []byte("PK\x03\x04")):
		return nil, &db.LineError{Message: "the file is a spreadsheet, not CSV: save it as \"CSV UTF-8\""}
	}
	data = bytes.TrimPrefix(data, []byte(utf8Mark))
	if len(bytes.TrimSpace(data)) == 0 {
		return nil, &db.LineError{Message: "the file is empty"}
	}
	for number, line := range bytes.Split(data, []byte("\n")) {
		if !utf8.Valid(line) {
			return nil, &db.LineError{Line: number + 1, Message: "is not UTF-8 text: save the file as \"CSV UTF-8\""}
		}
	}
	return data, nil
}

func readHeader(reader *csv.Reader, columns []column) ([]string, []db.LineError) {
	fields, err := reader.Read()
	if err != nil {
		return nil, []db.LineError{syntaxError(err)}
	}
	header := make([]string, len(fields))
	for i, field := range fields {
		header[i] = strings.ToLower(strings.TrimSpace(field))
	}
	if len(header) == 1 && strings.ContainsAny(header[0], ";\t") {
		return nil, []db.LineError{{Line: 1, Message: "the columns are not separated by commas: save the file as \"CSV UTF-8 (comma delimited)\""}}
	}
	return header, checkHeader(header, columns)
}

func checkHeader(header []string, columns []column) (problems []db.LineError) {
	for _, column := range columns {
		if column.required && !slices.Contains(header, column.name) {
			problems = append(problems, db.LineError{Line: 1, Message: "the column " + column.name + " is missing"})
		}
	}
	for i, name := range header {
		if slices.Index(header, name) < i {
			problems = append(problems, db.LineError{Line: 1, Message: fmt.Sprintf("column %d has the same header as an earlier one", i+1)})
		} else if !slices.ContainsFunc(columns, func(known column) bool { return known.name == name }) {
			problems = append(problems, db.LineError{Line: 1, Message: fmt.Sprintf("column %d is not known; there can be: %s", i+1, names(columns))})
		}
	}
	return problems
}

func names(columns []column) string {
	list := make([]string, len(columns))
	for i, column := range columns {
		list[i] = column.name
	}
	return strings.Join(list, ", ")
}

// byColumn answers false for a line without any value and for one that is not right.
func byColumn(header, fields []string, line int, problems *[]db.LineError) (map[string]string, bool) {
	if !slices.ContainsFunc(fields, func(field string) bool { return strings.TrimSpace(field) != "" }) {
		return nil, false
	}
	if len(fields) != len(header) {
		*problems = append(*problems, db.LineError{Line: line, Message: fmt.Sprintf("has %d values, the header has %d columns", len(fields), len(header))})
		return nil, false
	}
	values, before := make(map[string]string, len(header)), len(*problems)
	for i, name := range header {
		values[name] = strings.TrimSpace(fields[i])
		if problem := textProblem(values[name]); problem != "" {
			*problems = append(*problems, db.LineError{Line: line, Column: name, Message: problem})
		}
	}
	return values, len(*problems) == before
}

func textProblem(value string) string {
	switch {
	case utf8.RuneCountInString(value) > longestText:
		return fmt.Sprintf("is longer than %d characters", longestText)
	case strings.ContainsFunc(value, unicode.IsControl):
		return "holds a line break or another control character"
	default:
		return ""
	}
}

func syntaxError(err error) db.LineError {
	var syntax *csv.ParseError
	if !errors.As(err, &syntax) {
		return db.LineError{Message: "the file cannot be read as CSV"}
	}
	if errors.Is(err, csv.ErrQuote) {
		return db.LineError{Line: syntax.StartLine, Message: "has a quotation mark that is not closed, or more behind it"}
	}
	return db.LineError{Line: syntax.StartLine, Message: "has a quotation mark in the middle of a value: put the whole value in quotation marks and double those inside"}
}

func limited(problems []db.LineError) []db.LineError {
	if len(problems) <= mostProblems {
		return problems
	}
	rest := db.LineError{Line: problems[mostProblems].Line, Message: fmt.Sprintf("and %d more errors from here on", len(problems)-mostProblems)}
	return append(problems[:mostProblems:mostProblems], rest)
}

// Package imports reads the files that people bring: CSV as spreadsheets write it. It reports what is wrong with a file by line and
// column, and never repeats a value (R10).
//
// A file is read as it arrives, by encoding/csv: the standard library's reader is fuzzed, streams, and says where a quotation mark is
// wrong. What it does not do is done here, around it: it would collect a record of any length, so that the bytes of one are bounded.
package imports

import (
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// MaxSize is the largest file that is read, in bytes.
	MaxSize = 32 << 20
	// MaxLines is how many lines a file may have, without its header. All of them are imported together, and held until then.
	MaxLines = 250_000
	// longestRecord bounds a line in bytes, together with the empty lines before it: all columns of the longest texts fit several times.
	longestRecord = 64 << 10
	// longestText bounds a value, in characters.
	longestText = 200
	utf8Mark    = "\xef\xbb\xbf"
)

var (
	errFileTooLarge   = errors.New("the file is too large")
	errRecordTooLarge = errors.New("a record is too large")
)

// column is a column that a file may have.
type column struct {
	name     string
	required bool
}

// record is a line of a file with its values.
type record struct {
	line int
	layout
	fields   []string
	problems *[]LineError
}

// layout is which columns a file has, in their order, and where each of them stands.
type layout struct {
	names []string
	at    map[string]int
}

// text is the value of a column, without blanks around it.
func (r record) text(column string) string {
	if place, present := r.at[column]; present {
		return r.fields[place]
	}
	return ""
}

// needed is the value of a column that must not be empty.
func (r record) needed(column string) string {
	text := r.text(column)
	if text == "" {
		r.refuse(column, "is empty")
	}
	return text
}

func (r record) refuse(column, message string) {
	*r.problems = append(*r.problems, LineError{Line: r.line, Column: column, Message: message})
}

// read reads a file with these columns: each line that is right becomes a row. It stops at MostProblems. Its error is that of the
// reader, or that the context has ended.
func read[T any](ctx context.Context, from io.Reader, columns []column, take func(record) T) (file File[T], err error) {
	source := &source{ctx: ctx, from: from, left: MaxSize}
	text := bufio.NewReader(source)
	if problem, err := beginning(text); problem != nil || err != nil {
		return refusal[T](problem, err)
	}
	source.record = longestRecord
	lines := csv.NewReader(text)
	lines.FieldsPerRecord = -1 // counted below, with a clearer message
	lines.ReuseRecord = true
	header, problems, err := readHeader(lines, columns)
	if len(problems) > 0 || err != nil {
		return File[T]{Problems: problems}, err
	}
	for count := 0; len(file.Problems) < MostProblems; count++ {
		source.record = longestRecord
		fields, err := lines.Read()
		if errors.Is(err, io.EOF) {
			return file, nil
		}
		if count == MaxLines {
			return refusal[T](&LineError{Message: fmt.Sprintf("the file has more than %d lines: split it", MaxLines)}, nil)
		}
		if err != nil {
			problem, ends, err := readProblem(err, lines)
			if err != nil {
				return File[T]{}, err
			}
			if file.Problems = append(file.Problems, problem); ends {
				return file, nil
			}
			continue
		}
		line, _ := lines.FieldPos(0)
		before := len(file.Problems)
		if row := (record{line, header, fields, &file.Problems}); row.usable() {
			value := take(row)
			if len(file.Problems) == before {
				file.Rows = append(file.Rows, value)
			}
		}
	}
	return file, nil
}

// refusal is what becomes of a file that cannot be read.
func refusal[T any](problem *LineError, err error) (File[T], error) {
	if problem == nil {
		return File[T]{}, err
	}
	return File[T]{Problems: []LineError{*problem}}, nil
}

// source is a file on its way, bounded as a whole and for each record, and given up with its context.
type source struct {
	ctx  context.Context
	from io.Reader
	// left is how many bytes the file may still have, record how many the record that is being read; 0 does not bound it.
	left, record int
}

// Read implements io.Reader.
func (s *source) Read(part []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	if s.record < 0 {
		return 0, errRecordTooLarge
	}
	n, err := s.from.Read(part)
	if s.left -= n; s.left < 0 {
		return 0, errFileTooLarge
	}
	if s.record > 0 {
		if s.record -= n; s.record == 0 {
			s.record = -1
		}
	}
	return n, err
}

// beginning refuses what is not text, and drops the mark that spreadsheets write in front of it.
func beginning(text *bufio.Reader) (*LineError, error) {
	start, err := text.Peek(len("PK\x03\x04"))
	if err != nil && !errors.Is(err, io.EOF) {
		return fileProblem(err)
	}
	switch {
	case bytes.HasPrefix(start, []byte("\xff\xfe")), bytes.HasPrefix(start, []byte("\xfe\xff")):
		return &LineError{Message: "the file is UTF-16 text: save it as \"CSV UTF-8\""}, nil
	case bytes.HasPrefix(start, []byte("PK\x03\x04")):
		return &LineError{Message: "the file is a spreadsheet, not CSV: save it as \"CSV UTF-8\""}, nil
	case bytes.HasPrefix(start, []byte(utf8Mark)):
		_, err = text.Discard(len(utf8Mark))
		return nil, err
	}
	return nil, nil
}

// readHeader reads which column stands where.
func readHeader(lines *csv.Reader, columns []column) (layout, []LineError, error) {
	fields, err := lines.Read()
	if err != nil && !errors.Is(err, io.EOF) {
		problem, _, err := readProblem(err, lines)
		if err != nil {
			return layout{}, nil, err
		}
		return layout{}, []LineError{problem}, nil
	}
	if err != nil || len(fields) == 1 && strings.TrimSpace(fields[0]) == "" {
		return layout{}, []LineError{{Message: "the file is empty"}}, nil
	}
	if len(fields) == 1 && strings.ContainsAny(fields[0], ";\t") {
		return layout{}, []LineError{{Line: 1, Message: "the columns are not separated by commas: save the file as \"CSV UTF-8 (comma delimited)\""}}, nil
	}
	header, problems := layoutOf(fields, columns)
	return header, problems, nil
}

// layoutOf finds the columns of a header. It stops at the first that it does not know: a header of any length costs no more than its
// own reading.
func layoutOf(fields []string, columns []column) (layout, []LineError) {
	known := make(map[string]bool, len(columns))
	for _, column := range columns {
		known[column.name] = true
	}
	header := layout{at: make(map[string]int, len(columns))}
	for i, field := range fields {
		name := strings.ToLower(strings.TrimSpace(field))
		if !known[name] {
			return layout{}, []LineError{{Line: 1, Message: fmt.Sprintf("column %d is unknown; known columns: %s", i+1, names(columns))}}
		}
		if _, twice := header.at[name]; twice {
			return layout{}, []LineError{{Line: 1, Message: fmt.Sprintf("column %d has the same header as an earlier one", i+1)}}
		}
		header.names, header.at[name] = append(header.names, name), i
	}
	var problems []LineError
	for _, column := range columns {
		if _, present := header.at[column.name]; column.required && !present {
			problems = append(problems, LineError{Line: 1, Message: "the column " + column.name + " is missing"})
		}
	}
	return header, problems
}

func names(columns []column) string {
	list := make([]string, len(columns))
	for i, column := range columns {
		list[i] = column.name
	}
	return strings.Join(list, ", ")
}

// usable reports whether a line has values, and each of them can be text of ours. It takes the blanks around them away.
func (r record) usable() bool {
	blank := true
	for i, field := range r.fields {
		r.fields[i] = strings.TrimSpace(field)
		blank = blank && r.fields[i] == ""
	}
	if blank {
		return false
	}
	if len(r.fields) != len(r.names) {
		r.refuse("", fmt.Sprintf("has %d values, the header has %d columns", len(r.fields), len(r.names)))
		return false
	}
	before := len(*r.problems)
	for i, name := range r.names {
		if problem := textProblem(r.fields[i]); problem != "" {
			r.refuse(name, problem)
		}
	}
	return len(*r.problems) == before
}

func textProblem(value string) string {
	switch {
	case !utf8.ValidString(value):
		return "is not UTF-8 text: save the file as \"CSV UTF-8\""
	case utf8.RuneCountInString(value) > longestText:
		return fmt.Sprintf("is longer than %d characters", longestText)
	case strings.ContainsFunc(value, unicode.IsControl):
		return "holds a line break or another control character"
	default:
		return ""
	}
}

// readProblem says why a line cannot be read, and whether nothing behind it can be. An error that is not about the file is returned.
func readProblem(err error, lines *csv.Reader) (problem LineError, ends bool, unreadable error) {
	var syntax *csv.ParseError
	switch {
	case errors.As(err, &syntax) && errors.Is(err, csv.ErrQuote):
		return LineError{Line: syntax.StartLine, Message: "has a quotation mark that is not closed, or more behind it"}, false, nil
	case errors.As(err, &syntax):
		return LineError{Line: syntax.StartLine, Message: "has a quotation mark in the middle of a value: put the whole value in quotation marks and double those inside"}, false, nil
	case errors.Is(err, errRecordTooLarge):
		return LineError{Message: fmt.Sprintf("a line is longer than %d KiB, has a quotation mark that is not closed, or follows as many empty lines: "+
			"look near byte %d of the file", longestRecord>>10, lines.InputOffset())}, true, nil
	}
	whole, err := fileProblem(err)
	if whole == nil {
		return LineError{}, true, err
	}
	return *whole, true, nil
}

// fileProblem tells a file that is too large from one that did not arrive.
func fileProblem(err error) (*LineError, error) {
	if errors.Is(err, errFileTooLarge) {
		return &LineError{Message: fmt.Sprintf("the file is larger than %d MiB: split it", MaxSize>>20)}, nil
	}
	return nil, err
}

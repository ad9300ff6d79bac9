package imports

import (
	"fmt"
	"slices"
)

// MostProblems is how many problems of a file are listed. A file that has as many is not looked at any further.
const MostProblems = 1000

// File is a file as it was read: its good rows, and what was wrong with the others.
type File[T any] struct {
	Rows     []T
	Problems []LineError
}

// LineError says what is wrong with a line of a file. It names line and column; its text never repeats a value (R10).
type LineError struct {
	// Line counts from 1, the header's; 0 is the file as a whole.
	Line    int    `json:"line"`
	Column  string `json:"column,omitempty"`
	Message string `json:"message"`
	// Contradiction are the two values of a number that a file may not change (R33). It is shown to who imports, beside the text.
	Contradiction *Contradiction `json:"contradiction,omitempty"`
}

// Contradiction is a value that we hold beside the one that was given. It is about a person: show it, and never log it (R10).
type Contradiction struct {
	Held  string `json:"held"`
	Given string `json:"given"`
}

// String names the place first.
func (e LineError) String() string {
	switch {
	case e.Line == 0:
		return e.Message
	case e.Column == "":
		return fmt.Sprintf("line %d: %s", e.Line, e.Message)
	default:
		return fmt.Sprintf("line %d, %s: %s", e.Line, e.Column, e.Message)
	}
}

// FileError says that nothing of a file was imported, and everything that is wrong with it, by line.
type FileError struct{ Problems []LineError }

func (e *FileError) Error() string {
	if len(e.Problems) == 1 {
		return "nothing was imported: " + e.Problems[0].String()
	}
	return fmt.Sprintf("nothing was imported: the file has %d errors, the first in %s", len(e.Problems), e.Problems[0])
}

// fileError refuses a file that has problems.
func fileError(problems []LineError) error {
	if len(problems) == 0 {
		return nil
	}
	slices.SortStableFunc(problems, func(a, b LineError) int { return a.Line - b.Line })
	if len(problems) >= MostProblems {
		last := LineError{Line: problems[MostProblems-1].Line, Message: fmt.Sprintf("the list ends here, after %d problems: correct these first", MostProblems)}
		problems = append(problems[:MostProblems:MostProblems], last)
	}
	return &FileError{Problems: problems}
}

// unknownPerson is what is wrong with a line about someone who is not in the organisation.
const unknownPerson = "is not that of any person of this organisation: import the person first"

// problems are what is wrong with a file beside what its reader found.
type problems []LineError

func (p *problems) refuse(line int, column, message string) {
	*p = append(*p, LineError{Line: line, Column: column, Message: message})
}

// enough reports whether the file is not looked at any further.
func (p problems) enough() bool { return len(p) >= MostProblems }

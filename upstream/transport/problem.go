package transport

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

const (
	// maxProblem is how much of an error's body is looked at, maxRaw how much of it is kept, in bytes.
	maxProblem = 64 << 10
	maxRaw     = 4 << 10
)

// Problem is what an error's body says.
type Problem struct {
	CodeType string
	// Codes are the codes that it gives, the outermost first.
	Codes []string
	// Words are its messages verbatim, one a line; the body as it is where it has no known form.
	Words string
	// Enveloped is set where the body has one of the known forms of an error.
	Enveloped bool
}

// scalar is a text or a number; anything else counts as absent.
type scalar string

func (s *scalar) UnmarshalJSON(data []byte) error {
	var text string
	if json.Unmarshal(data, &text) == nil {
		*s = scalar(text)
		return nil
	}
	var number json.Number
	if json.Unmarshal(data, &number) == nil {
		*s = scalar(number)
	}
	return nil
}

type entry struct {
	Code    scalar `json:"code"`
	Message scalar `json:"message"`
}

// entries are the members of a list of errors; what is not a list of objects counts as absent.
type entries []entry

func (e *entries) UnmarshalJSON(data []byte) error {
	var members []json.RawMessage
	if json.Unmarshal(data, &members) != nil {
		return nil
	}
	for _, member := range members {
		var one entry
		if json.Unmarshal(member, &one) == nil {
			*e = append(*e, one)
		}
	}
	return nil
}

// ParseProblem reads an error's body in any of the forms that the services use: {"codeType","code","message","details":[…]},
// {"message"}, {"errors":[{"code","message"}]}, OAuth's {"error","error_description"}, or plain text.
func ParseProblem(body []byte) Problem {
	var form struct {
		CodeType scalar `json:"codeType"`
		entry
		Details     entries `json:"details"`
		Errors      entries `json:"errors"`
		Error       scalar  `json:"error"`
		Description scalar  `json:"error_description"`
	}
	text := string(body)
	if json.Unmarshal(body, &form) != nil {
		return Problem{Words: Storable(text, maxRaw)}
	}
	problem := Problem{CodeType: asCode(string(form.CodeType))}
	var words []string
	said := append(entries{form.entry, {Code: form.Error, Message: form.Description}}, form.Errors...)
	for _, one := range append(said, form.Details...) {
		if code := asCode(string(one.Code)); code != "" {
			problem.Codes = append(problem.Codes, code)
		}
		if message := string(one.Message); message != "" && !slices.Contains(words, message) {
			words = append(words, message)
		}
	}
	problem.Words = Storable(strings.Join(words, "\n"), maxRaw)
	problem.Enveloped = problem.Words != "" || len(problem.Codes) > 0
	if problem.Words == "" && len(problem.Codes) == 0 {
		problem.Words = Storable(text, maxRaw)
	}
	return problem
}

var (
	codeForm  = regexp.MustCompile(`^[A-Za-z0-9_.:-]{1,40}$`)
	longDigit = regexp.MustCompile(`[0-9]{6}`)
)

// asCode lets a code through into an error's text only if it looks like one: short, without spaces, and without a run of digits
// that could be a person's number (R10).
func asCode(text string) string {
	if !codeForm.MatchString(text) || longDigit.MatchString(text) {
		return ""
	}
	return text
}

// Storable makes a text that PostgreSQL takes: valid UTF-8 without NUL, at most a given number of bytes.
func Storable(text string, most int) string {
	text = strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD")
	if len(text) <= most {
		return text
	}
	for most > 0 && !utf8.RuneStart(text[most]) {
		most--
	}
	return text[:most]
}

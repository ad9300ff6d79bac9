package ndia

import (
	"encoding/json"
	"strings"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/upstream/record"
	"github.com/caresync/caresync/upstream/transport"
)

// flag reads yes or no, in one of the ways in which services write it; nil where the field is absent, and with a warning where it says
// neither (R3).
func flag(row record.Row, field string) *bool {
	raw, ok := row.Present(field)
	if !ok {
		return nil
	}
	value, said := truth(raw)
	if !said {
		row.Odd(field, care.ProblemNotFlag)
		return nil
	}
	return &value
}

// identityFlag reads a flag without which the record says nothing.
func identityFlag(row record.Row, field string) bool {
	raw, _ := row.Present(field)
	value, said := truth(raw)
	if !said {
		row.Refuse(transport.InvalidRecord, field)
	}
	return value
}

// truth reads true or false from a JSON value or from a text ("Y", "yes", "1"), and reports whether it was either.
func truth(raw json.RawMessage) (value, said bool) {
	text, ok := record.Scalar(raw)
	if !ok {
		text = string(raw)
	}
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "true", "y", "yes", "1":
		return true, true
	case "false", "n", "no", "0":
		return false, true
	default:
		return false, false
	}
}

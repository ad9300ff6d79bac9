package ndia

import (
	"encoding/json"
	"strings"

	"github.com/caresync/caresync/upstream/record"
	"github.com/caresync/caresync/upstream/transport"
)

// flag reads true or false, also as a text; anything else is a warning and false.
func flag(row record.Row, field string) bool {
	raw, ok := row.Present(field)
	if !ok {
		return false
	}
	value, said := truth(raw)
	if !said {
		row.Odd(field, "is neither true nor false")
	}
	return value
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

// truth reads true or false from a JSON value or from a text, and reports whether it was either.
func truth(raw json.RawMessage) (value, said bool) {
	text, ok := record.Scalar(raw)
	if !ok {
		text = string(raw)
	}
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "true":
		return true, true
	case "false":
		return false, true
	default:
		return false, false
	}
}

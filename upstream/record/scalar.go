package record

import (
	"encoding/json"

	"github.com/caresync/caresync/upstream/transport"
)

// Scalar returns a JSON text as it is and a number as its digits; ok is false for anything else.
func Scalar(raw json.RawMessage) (text string, ok bool) {
	if isText(raw) {
		err := json.Unmarshal(raw, &text)
		return text, err == nil
	}
	return string(raw), IsNumber(raw)
}

// IsNumber reports whether a JSON value is a number rather than a text of digits.
func IsNumber(raw json.RawMessage) bool {
	return len(raw) > 0 && (raw[0] == '-' || (raw[0] >= '0' && raw[0] <= '9'))
}

func isText(raw json.RawMessage) bool { return len(raw) > 0 && raw[0] == '"' }

// quote is a value in a form that can be stored, cut if it is long.
func quote(raw json.RawMessage) string {
	text, ok := Scalar(raw)
	if !ok {
		text = string(raw)
	}
	if len(text) <= LongestQuote {
		return transport.Storable(text, LongestQuote)
	}
	return transport.Storable(text, LongestQuote-len("…")) + "…"
}

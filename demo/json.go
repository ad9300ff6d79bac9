package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// pretty writes JSON for people: what fits stands in one line, and long lists are cut short.
func pretty(content []byte) []string {
	content = bytes.TrimSpace(content)
	if !json.Valid(content) {
		return strings.Split(string(content), "\n")
	}
	return prettyValue("", content, "")
}

const (
	longestLine = 112
	longestList = 4
)

// prettyValue keeps the order of an object's fields, which decoding into a map would lose.
func prettyValue(name string, raw json.RawMessage, margin string) []string {
	if compact := margin + name + spaced(raw); width(compact) <= longestLine || raw[0] != '{' && raw[0] != '[' {
		return []string{compact}
	}
	names, values := parts(raw)
	opening, closing := string(raw[0]), map[byte]string{'{': "}", '[': "]"}[raw[0]]
	lines := []string{margin + name + opening}
	for i, value := range values {
		if raw[0] == '[' && i == longestList && len(values) > longestList+1 {
			lines = append(lines, fmt.Sprintf("%s  … %d more", margin, len(values)-longestList))
			break
		}
		inner := prettyValue(names[i], value, margin+indent)
		if i < len(values)-1 {
			inner[len(inner)-1] += ","
		}
		lines = append(lines, inner...)
	}
	return append(lines, margin+closing)
}

// picked makes an object of some of an object's fields, in the given order.
func picked(raw json.RawMessage, fields []string) []byte {
	var all map[string]json.RawMessage
	_ = json.Unmarshal(raw, &all) // that it is an object is known
	var lines []string
	for _, field := range fields {
		if value, given := all[field]; given {
			lines = append(lines, fmt.Sprintf("%q:%s", field, value))
		}
	}
	return []byte("{" + strings.Join(lines, ",") + "}")
}

// parts takes an object or a list apart; names end with a colon, and those of a list's elements are empty.
func parts(raw json.RawMessage) (names []string, values []json.RawMessage) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	_, _ = decoder.Token() // the opening bracket; that the JSON is sound is known
	for decoder.More() {
		name := ""
		if raw[0] == '{' {
			token, _ := decoder.Token()
			name = fmt.Sprintf("%q: ", token)
		}
		var value json.RawMessage
		_ = decoder.Decode(&value)
		names, values = append(names, name), append(values, value)
	}
	return names, values
}

// spaced is compact JSON with a space after colons and commas, outside of texts.
func spaced(raw json.RawMessage) string {
	var line strings.Builder
	inText, escaped := false, false
	for _, character := range string(raw) {
		line.WriteRune(character)
		switch {
		case escaped:
			escaped = false
		case character == '\\':
			escaped = true
		case character == '"':
			inText = !inText
		case !inText && (character == ',' || character == ':'):
			line.WriteByte(' ')
		}
	}
	return line.String()
}

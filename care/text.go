package care

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// StorableText reports whether a text can be kept: PostgreSQL takes UTF-8 only, and no zero byte.
func StorableText(text string) bool { return utf8.ValidString(text) && !strings.ContainsRune(text, 0) }

// longestNote bounds what somebody gives as the reason of a change, in characters.
const longestNote = 500

// NoteProblem is what is wrong with the reason that somebody gives for a change, empty for nothing.
func NoteProblem(note string) string {
	switch {
	case strings.TrimSpace(note) == "":
		return "is empty: say why"
	case !utf8.ValidString(note) || utf8.RuneCountInString(note) > longestNote || strings.ContainsFunc(note, unicode.IsControl):
		return "is text of up to 500 characters, without line breaks"
	default:
		return ""
	}
}

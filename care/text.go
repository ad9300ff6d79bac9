package care

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// StorableText reports whether a text can be kept: PostgreSQL takes UTF-8 only, and no zero byte.
func StorableText(text string) bool { return utf8.ValidString(text) && !strings.ContainsRune(text, 0) }

// longestNote bounds what someone gives as the reason of a change, in characters.
const longestNote = 500

// ValidNote reports whether a text can be the reason that someone gives for a change.
func ValidNote(note string) bool {
	return strings.TrimSpace(note) != "" && utf8.ValidString(note) && utf8.RuneCountInString(note) <= longestNote && !strings.ContainsFunc(note, unicode.IsControl)
}

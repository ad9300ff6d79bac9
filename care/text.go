package care

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// StorableText reports whether a text can be kept: PostgreSQL takes UTF-8 only, and no zero byte.
func StorableText(text string) bool { return utf8.ValidString(text) && !strings.ContainsRune(text, 0) }

const (
	// longestName bounds a name, longestNote the reason of a change, in characters.
	longestName = 100
	longestNote = 500
)

// ValidName reports whether a text can be the name of an organisation, a connection, a token or a link.
func ValidName(name string) bool { return isLine(name, longestName) }

// ValidNote reports whether a text can be the reason that someone gives for a change.
func ValidNote(note string) bool { return isLine(note, longestNote) }

// isLine reports whether a text is one line of at most so many characters, and not blank.
func isLine(text string, most int) bool {
	return strings.TrimSpace(text) != "" && utf8.ValidString(text) && utf8.RuneCountInString(text) <= most && !strings.ContainsFunc(text, unicode.IsControl)
}

var slugPattern = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,39}$`)

// ValidSlug reports whether a text can name an organisation or a schedule in commands and addresses.
func ValidSlug(slug string) bool { return slugPattern.MatchString(slug) }

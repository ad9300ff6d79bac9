package care

import (
	"fmt"
	"strings"
	"unicode"
)

// Visible shows the characters of a text that act where others are seen, such as \u001b: control characters, and the marks that turn
// a text's direction or break its line. Line feeds and tabs stay; what is no UTF-8 is replaced. Within JSON, what is shown so stands for the same character.
func Visible(text string) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	if !strings.ContainsFunc(text, acts) {
		return text
	}
	var shown strings.Builder
	for _, letter := range text {
		if acts(letter) {
			fmt.Fprintf(&shown, `\u%04x`, letter)
		} else {
			shown.WriteRune(letter)
		}
	}
	return shown.String()
}

func acts(letter rune) bool {
	if letter == '\n' || letter == '\t' {
		return false
	}
	return unicode.IsControl(letter) || unicode.Is(unicode.Bidi_Control, letter) || unicode.In(letter, unicode.Zl, unicode.Zp)
}

// OneLine is Visible for what stands within a line, such as a name: line feeds and tabs become spaces.
func OneLine(text string) string {
	return Visible(strings.NewReplacer("\n", " ", "\t", " ").Replace(text))
}

package cli

import (
	"io"
	"os"
	"unicode/utf8"

	"golang.org/x/term"

	"github.com/caresync/caresync/care"
)

// visibleWriter is the one way by which texts reach the terminal. What the government, or a file, sent cannot act there: control
// sequences are shown instead of being obeyed. JSON stays the same JSON.
type visibleWriter struct {
	out io.Writer
	// rest is the beginning of a letter whose end has not been written yet.
	rest []byte
}

func (w *visibleWriter) Write(data []byte) (int, error) {
	text := append(w.rest, data...)
	whole := len(text) - begun(text)
	w.rest = append([]byte(nil), text[whole:]...)
	if _, err := io.WriteString(w.out, care.Visible(string(text[:whole]))); err != nil {
		return 0, err
	}
	return len(data), nil
}

// begun is how many bytes at the end of a text begin a letter without ending it.
func begun(text []byte) int {
	for i := 1; i < utf8.UTFMax && i <= len(text); i++ {
		if last := text[len(text)-i:]; utf8.RuneStart(last[0]) {
			if utf8.FullRune(last) {
				return 0
			}
			return i
		}
	}
	return 0
}

// terminalWidth is how many letters a line of the terminal holds; 0 where the output is none.
func (a *app) terminalWidth() int {
	file, isFile := a.terminal.(*os.File)
	if !isFile || !term.IsTerminal(int(file.Fd())) {
		return 0
	}
	width, _, err := term.GetSize(int(file.Fd()))
	if err != nil {
		return 0
	}
	return width
}

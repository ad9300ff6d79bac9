package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"unicode/utf8"

	"golang.org/x/term"
)

const (
	pageWidth = 100
	indent    = "  "
)

// Styles of a terminal.
const (
	bold   = "1"
	dim    = "2"
	red    = "31"
	green  = "32"
	yellow = "33"
	cyan   = "36"
)

// page is where the story is printed, with colours if it is a terminal. Safe for use by several goroutines.
type page struct {
	mu       sync.Mutex
	out      io.Writer
	colours  bool
	chapters int
}

func newPage(file *os.File) *page {
	return &page{out: file, colours: term.IsTerminal(int(file.Fd())) && os.Getenv("NO_COLOR") == ""}
}

// print prints text as it is.
func (p *page) print(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, _ = fmt.Fprintln(p.out, text) // whoever closed the output does not want to read on
}

func (p *page) styled(style, text string) string {
	if !p.colours {
		return text
	}
	return "\x1b[" + style + "m" + text + "\x1b[0m"
}

func (p *page) title(name, about string) {
	p.print("\n" + p.styled(bold, name) + " – " + about)
}

// chapter begins a part of the story.
func (p *page) chapter(title string) {
	p.chapters++
	head := fmt.Sprintf("── %d  %s ", p.chapters, title)
	p.print("\n\n" + p.styled(bold, head+strings.Repeat("─", max(0, pageWidth-width(head)))))
}

// say prints sentences, wrapped.
func (p *page) say(text string) {
	p.print("")
	for paragraph := range strings.Lines(text) {
		p.print(wrapped(strings.TrimSpace(paragraph)))
	}
}

// command prints a command as a user would type it.
func (p *page) command(text string) {
	p.print("\n" + p.styled(cyan, "$ "+text))
}

// output prints a line that a program has printed, with its mark in colour.
func (p *page) output(line string) {
	p.print(strings.TrimRight(indent+p.marked(line), " "))
}

var markStyles = map[string]string{"✓": green, "✗": red, "!": yellow, "…": dim}

func (p *page) marked(line string) string {
	rest := strings.TrimLeft(line, " ")
	mark, words, _ := strings.Cut(rest, " ")
	style, known := markStyles[mark]
	if !known {
		return line
	}
	return line[:len(line)-len(rest)] + p.styled(style, mark) + " " + words
}

// failure prints why the story ended early.
func (p *page) failure(err error) { p.print("\n" + p.styled(red, "✗ "+err.Error())) }

// details prints names and values below each other.
func (p *page) details(pairs ...string) {
	longest := 0
	for i := 0; i < len(pairs); i += 2 {
		longest = max(longest, width(pairs[i]))
	}
	for i := 0; i < len(pairs); i += 2 {
		p.output(padded(pairs[i], longest) + indent + pairs[i+1])
	}
}

func width(text string) int { return utf8.RuneCountInString(text) }

func padded(text string, to int) string { return text + strings.Repeat(" ", max(0, to-width(text))) }

// wrapped breaks a paragraph into lines.
func wrapped(text string) string {
	var page strings.Builder
	column := 0
	for word := range strings.FieldsSeq(text) {
		switch {
		case column == 0:
		case column+1+width(word) > pageWidth:
			page.WriteByte('\n')
			column = 0
		default:
			page.WriteByte(' ')
			column++
		}
		page.WriteString(word)
		column += width(word)
	}
	return page.String()
}

// commandLine writes a command so that a shell reads it; what does not fit into a line goes on in the next.
func commandLine(words ...string) string {
	const prompt = 2
	var line strings.Builder
	column := prompt
	for i, word := range words {
		word = quoted(word)
		switch {
		case i == 0:
		case column+1+width(word) > pageWidth-prompt && (strings.HasPrefix(word, "-") || strings.HasPrefix(word, "'")):
			line.WriteString(" \\\n    ")
			column = 2 * prompt
		default:
			line.WriteByte(' ')
			column++
		}
		line.WriteString(word)
		column += width(word)
	}
	return line.String()
}

// quoted puts a word into quotes where a shell would otherwise take it apart. In double quotes variables keep their meaning.
func quoted(word string) string {
	switch {
	case !strings.ContainsAny(word, " {}\"'&?|;<>()*"):
		return word
	case strings.Contains(word, `"`):
		return "'" + word + "'"
	default:
		return `"` + word + `"`
	}
}

package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/jedib0t/go-pretty/v6/text"
	"golang.org/x/term"
)

const (
	pageWidth = 100
	indent    = "  "
)

// page is where the story is printed, with colours if it is a terminal.
type page struct {
	out      io.Writer
	colours  bool
	chapters int
}

func newPage(file *os.File) *page {
	return &page{out: file, colours: term.IsTerminal(int(file.Fd())) && os.Getenv("NO_COLOR") == ""}
}

// print prints text as it is.
func (p *page) print(words string) {
	_, _ = fmt.Fprintln(p.out, words) // whoever closed the output does not want to read on
}

func (p *page) styled(style text.Color, words string) string {
	if !p.colours {
		return words
	}
	return style.EscapeSeq() + words + text.EscapeReset
}

// chapter begins a part of the story.
func (p *page) chapter(title string) {
	p.chapters++
	head := fmt.Sprintf("── %d  %s ", p.chapters, title)
	p.print("\n\n" + p.styled(text.Bold, text.Pad(head, pageWidth, '─')))
}

// say prints a paragraph.
func (p *page) say(paragraph string) {
	p.print("")
	for line := range strings.Lines(text.WrapSoft(paragraph, pageWidth)) {
		p.print(strings.TrimRight(line, " \n"))
	}
}

// command prints a command as a user would type it.
func (p *page) command(command string) {
	p.print(p.styled(text.FgCyan, "$ "+strings.ReplaceAll(command, "\n", "\n  ")))
}

// output prints a line that a program has printed, with its mark in colour.
func (p *page) output(line string) {
	p.print(strings.TrimRight(indent+p.marked(line), " "))
}

var markStyles = map[string]text.Color{"✓": text.FgGreen, "✗": text.FgRed, "!": text.FgYellow, "…": text.Faint}

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
func (p *page) failure(err error) { p.print("\n" + p.styled(text.FgRed, "✗ "+err.Error())) }

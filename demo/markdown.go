package main

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/text"
)

// part is a piece of a story: exactly one of its fields is set.
type part struct {
	title   string
	prose   string
	command *command
}

// command is what is typed into the shell, with what must come out.
type command struct {
	// at is where it stands, as file:line.
	at       string
	text     string
	expected []string
	exitCode int
	// says reports whether the exit code is written below the command, and so is an expectation of its own.
	says bool
	// until is how long the command is repeated until what is expected comes out; 0 runs it once.
	until time.Duration
	// first reports whether it is the first of its block.
	first bool
	// quiet hides the command and its output unless the demo is verbose.
	quiet bool
}

const (
	commandMark      = "$ "
	continuationMark = "> "
	consoleLanguage  = "console"
)

var exitCodeLine = regexp.MustCompile(`^\[exit code (\d+)\]$`)

// parseStory reads the headings, the prose and the console blocks of a Markdown file. Blocks in other languages are not part of the story.
func parseStory(path string, source []byte) (parts []part, err error) {
	document := goldmark.DefaultParser().Parse(text.NewReader(source))
	for node := document.FirstChild(); node != nil; node = node.NextSibling() {
		switch node := node.(type) {
		case *ast.Heading:
			parts = append(parts, part{title: plainText(node, source)})
		case *ast.Paragraph:
			parts = append(parts, part{prose: plainText(node, source)})
		case *ast.List:
			for item := node.FirstChild(); item != nil; item = item.NextSibling() {
				parts = append(parts, part{prose: "– " + plainText(item, source)})
			}
		case *ast.FencedCodeBlock:
			commands, err := readBlock(path, node, source)
			if err != nil {
				return nil, err
			}
			parts = append(parts, commands...)
		}
	}
	return parts, nil
}

// plainText is a node's text without its markup.
func plainText(node ast.Node, source []byte) string {
	var plain strings.Builder
	_ = ast.Walk(node, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if one, isText := n.(*ast.Text); isText && entering {
			plain.Write(one.Segment.Value(source))
			if one.SoftLineBreak() || one.HardLineBreak() {
				plain.WriteByte(' ')
			}
		}
		return ast.WalkContinue, nil
	})
	return plain.String()
}

// readBlock reads the commands of a console block.
func readBlock(path string, block *ast.FencedCodeBlock, source []byte) (parts []part, err error) {
	if string(block.Language(source)) != consoleLanguage {
		return nil, nil
	}
	form, err := readInfo(string(block.Info.Segment.Value(source)))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	var current *command
	for i := range block.Lines().Len() {
		segment := block.Lines().At(i)
		line := strings.TrimRight(string(segment.Value(source)), "\n")
		at := fmt.Sprintf("%s:%d", path, 1+strings.Count(string(source[:segment.Start]), "\n"))
		typed, isCommand := strings.CutPrefix(line, commandMark)
		switch {
		case isCommand:
			one := form
			one.at, one.text, one.first = at, typed, current == nil
			current = &one
			parts = append(parts, part{command: current})
		case current == nil:
			return nil, fmt.Errorf("%s: a console block begins with a command: %q", at, line)
		default:
			current.add(line)
		}
	}
	return parts, nil
}

// readInfo reads what stands behind the block's language: "until 30s" and "quiet".
func readInfo(info string) (form command, err error) {
	words := strings.Fields(info)[1:]
	for i := 0; i < len(words); i++ {
		switch {
		case words[i] == "quiet":
			form.quiet = true
		case words[i] == "until" && i+1 < len(words):
			i++
			if form.until, err = time.ParseDuration(words[i]); err != nil {
				return form, fmt.Errorf("how long a command is repeated: %w", err)
			}
		default:
			return form, fmt.Errorf("a console block is %q or %q with a duration, not %q", "quiet", "until", words[i])
		}
	}
	return form, nil
}

// add adds a line below a command: more of the command, its exit code or a line of its output.
func (c *command) add(line string) {
	more, continued := strings.CutPrefix(line, continuationMark)
	code := exitCodeLine.FindStringSubmatch(line)
	switch {
	case continued && len(c.expected) == 0:
		c.text += "\n" + more
	case code != nil:
		c.exitCode, _ = strconv.Atoi(code[1]) // the expression admits digits only
		c.says = true
	case strings.TrimSpace(line) != "":
		c.expected = append(c.expected, line)
	}
}

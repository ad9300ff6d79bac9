package main

import (
	"fmt"
	"strings"

	"github.com/jedib0t/go-pretty/v6/text"
)

// verdict counts what was expected and came, by chapter, and keeps what did not.
type verdict struct {
	chapters []chapter
	failures []failure
}

type chapter struct {
	title         string
	expected, met int
	commands      int
}

// failure is a command that did not do what the story says.
type failure struct {
	command command
	missing string
	printed []string
}

func (v *verdict) begin(title string) { v.chapters = append(v.chapters, chapter{title: title}) }

// add notes what became of a command. An exit code counts where the story says it, or where it is another one.
func (v *verdict) add(one command, found result) {
	current := v.current()
	current.commands++
	for _, line := range one.expected {
		if strings.TrimSpace(line) != anyLines {
			current.expected++
		}
	}
	current.met += len(found.met)
	if one.says || !found.ended {
		current.expected++
	}
	if one.says && found.ended {
		current.met++
	}
	switch {
	case found.failed != nil:
		v.failures = append(v.failures, failure{one, found.failed.Error(), found.printed})
	case !found.ended:
		v.failures = append(v.failures, failure{one, exitCodeWords(one.exitCode), append(found.printed, exitCodeWords(found.exitCode))})
	case !found.complete():
		v.failures = append(v.failures, failure{one, found.missing, found.printed})
	}
}

func (v *verdict) current() *chapter {
	if len(v.chapters) == 0 {
		v.begin("Before the first chapter")
	}
	return &v.chapters[len(v.chapters)-1]
}

// show shows the counts and the failures, and reports whether there are none.
func (v *verdict) show(out *page) (passed bool) {
	out.chapter("Verdict")
	out.print("")
	expected, met := 0, 0
	for _, one := range v.chapters {
		mark := "✓"
		if one.met < one.expected {
			mark = "✗"
		}
		expected, met = expected+one.expected, met+one.met
		out.output(fmt.Sprintf("%s %3d of %3d  %s", mark, one.met, one.expected, one.title))
	}
	for _, one := range v.failures {
		one.show(out)
	}
	if len(v.failures) > 0 {
		out.say(fmt.Sprintf("%d of %d expectations were not met.", expected-met, expected))
		return false
	}
	out.say(fmt.Sprintf("All %d expectations were met.", expected))
	return true
}

// show names the command and the line that did not come, with the end of what came in its place.
func (f failure) show(out *page) {
	const most = 12
	out.print("\n" + out.styled(text.FgRed, "✗ "+f.command.at) + "  " + firstLine(f.command.text))
	out.output("expected: " + f.missing)
	if len(f.printed) == 0 {
		out.output("printed nothing")
		return
	}
	out.output("printed:")
	for _, line := range f.printed[max(0, len(f.printed)-most):] {
		out.output("  " + line)
	}
}

func firstLine(command string) string {
	first, _, more := strings.Cut(command, "\n")
	if more {
		first = strings.TrimSuffix(first, "\\") + "…"
	}
	return first
}

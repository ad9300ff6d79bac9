package main

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/text"
)

// anyLines stands for any number of lines; within a line it stands for any text.
const anyLines = "..."

// variables are the words that were captured from what commands printed, by name.
type variables map[string]string

// token is what has a meaning in an expected line: "..." is any text, <name> captures a word, $name is a captured word.
var token = regexp.MustCompile(` ?\.\.\. ?|<([a-z][a-z_]*)>|\$([a-z][a-z_]*)`)

// A captured word ends where a word in a table, in JSON and in CSV ends.
const capturedWord = `([^\s"',;]+)`

// comparison is how the expected lines of a command compare with what it printed.
type comparison struct {
	// met are the lines that came, as they are shown.
	met []string
	// missing is the first line that did not come.
	missing string
	known   variables
}

func (c comparison) complete() bool { return c.missing == "" }

// check looks for the expected lines: each directly below the one before, unless "..." stands between them. Empty lines and the width of
// gaps do not count.
func check(expected, printed []string, known variables) comparison {
	result := comparison{known: known}
	printed = slices.DeleteFunc(slices.Clone(printed), func(line string) bool { return strings.TrimSpace(line) == "" })
	groups, at := groupsOf(expected), 0
	for i, group := range groups {
		from, to := at, len(printed)-len(group)
		if i == len(groups)-1 {
			from = max(from, to)
		}
		if i == 0 {
			to = min(to, at)
		}
		found, end := result.find(group, printed, at, from, to)
		result.met, result.known = append(result.met, found.met...), found.known
		if !found.complete() {
			result.missing = found.missing
			return result
		}
		at = end
	}
	return result
}

// groupsOf are the expected lines between those that stand for any number of lines.
func groupsOf(expected []string) [][]string {
	groups := [][]string{nil}
	for _, line := range expected {
		if strings.TrimSpace(line) == anyLines {
			groups = append(groups, nil)
			continue
		}
		groups[len(groups)-1] = append(groups[len(groups)-1], line)
	}
	return groups
}

// find finds a group at one of the places in what was printed; where it is at none, the result is the place at which most of it came.
func (c comparison) find(group, printed []string, at, from, to int) (best comparison, end int) {
	best = matchGroup(group, printed[at:], c.known)
	if best.complete() {
		best.missing = endOfOutput
	}
	for ; from <= to; from++ {
		here := matchGroup(group, printed[from:], c.known)
		if here.complete() {
			return here, from + len(group)
		}
		if len(here.met) > len(best.met) {
			best = here
		}
	}
	return best, 0
}

// endOfOutput is what is missing where more was printed than expected.
const endOfOutput = "(nothing more)"

// matchGroup compares lines one by one.
func matchGroup(group, printed []string, known variables) comparison {
	result := comparison{known: maps.Clone(known)}
	for i, line := range group {
		var words variables
		if i < len(printed) {
			words = matchLine(line, printed[i], result.known)
		}
		if words == nil {
			result.missing = line
			return result
		}
		maps.Copy(result.known, words)
		result.met = append(result.met, shown(line, printed[i], result.known))
	}
	return result
}

// matchLine returns the words that a line captures, or nil if it is not the line that was printed.
func matchLine(expected, printed string, known variables) variables {
	expected, printed = narrow(expected), narrow(printed)
	var pattern strings.Builder
	var names []string
	at := 0
	for _, place := range token.FindAllStringSubmatchIndex(expected, -1) {
		pattern.WriteString(regexp.QuoteMeta(expected[at:place[0]]))
		at = place[1]
		switch {
		case place[2] >= 0:
			names = append(names, expected[place[2]:place[3]])
			pattern.WriteString(capturedWord)
		case place[4] >= 0:
			pattern.WriteString(regexp.QuoteMeta(known.fill(expected[place[0]:place[1]])))
		default:
			pattern.WriteString(".*?")
		}
	}
	pattern.WriteString(regexp.QuoteMeta(expected[at:]))
	found := regexp.MustCompile("^" + pattern.String() + "$").FindStringSubmatch(printed)
	if found == nil {
		return nil
	}
	words := variables{}
	for i, name := range names {
		words[name] = found[i+1]
	}
	return words
}

// narrow makes every gap one space wide: columns of a table are as wide as their longest value.
func narrow(line string) string { return strings.Join(strings.Fields(line), " ") }

// fill is the word that $name stands for, or the text itself if there is none.
func (v variables) fill(text string) string {
	if word, known := v[strings.Trim(text, "<>$")]; known {
		return word
	}
	return text
}

// shown is how a line that came is shown: as it was printed, or as it is expected if it is too long for the page.
func shown(expected, printed string, known variables) string {
	if text.StringWidthWithoutEscSequences(printed) <= pageWidth {
		return printed
	}
	return token.ReplaceAllStringFunc(expected, func(text string) string {
		return strings.Replace(known.fill(text), anyLines, "…", 1)
	})
}

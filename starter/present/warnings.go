package present

import (
	"fmt"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/read"
)

// mostAlike is how many records of warnings that are alike are named; `runs show --json` has all of them.
const mostAlike = 5

// Warning is a warning as people are shown it: one, or several that say the same of different records.
type Warning struct {
	Area care.Area
	Code care.IssueCode
	// Message is the whole warning, or what those that are alike have in common.
	Message string
	// Records are the first of those that are alike, each with what came; none where Message says it all.
	Records []string
	Words   string
	// Count is how many warnings it stands for.
	Count int
}

// Warnings are the warnings among a run's issues, those that are alike together, in the order in which they came.
func Warnings(issues []read.Issue) []Warning {
	var groups [][]read.Issue
	at := map[[5]string]int{}
	for _, issue := range issues {
		if issue.Severity == care.SeverityError {
			continue
		}
		key := [5]string{string(issue.Area), string(issue.Code), issue.Field, issue.Problem, issue.Words}
		if _, known := at[key]; !known {
			at[key] = len(groups)
			groups = append(groups, nil)
		}
		groups[at[key]] = append(groups[at[key]], issue)
	}
	warnings := make([]Warning, len(groups))
	for i, group := range groups {
		warnings[i] = warningOf(group)
	}
	return warnings
}

// CountWarnings is how many warnings these stand for.
func CountWarnings(warnings []Warning) (count int) {
	for _, warning := range warnings {
		count += warning.Count
	}
	return count
}

func warningOf(alike []read.Issue) Warning {
	first := alike[0]
	warning := Warning{Area: first.Area, Code: first.Code, Message: first.Message, Words: first.Words, Count: len(alike)}
	if len(alike) == 1 {
		return warning
	}
	warning.Message = fmt.Sprintf("%s (%s times)", first.Problem, Number(len(alike)))
	for _, issue := range alike[:min(len(alike), mostAlike)] {
		if issue.Record != "" {
			warning.Records = append(warning.Records, recordWords(issue))
		}
	}
	if more := len(alike) - mostAlike; more > 0 && len(warning.Records) > 0 {
		warning.Records = append(warning.Records, "and "+Number(more)+" more")
	}
	return warning
}

func recordWords(issue read.Issue) string {
	if issue.Reported == "" {
		return issue.Record
	}
	return issue.Record + ": “" + care.OneLine(issue.Reported) + "”"
}

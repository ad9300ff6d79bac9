package present_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/starter/present"
)

func TestWarningsThatAreAlikeAreShownTogether(t *testing.T) {
	odd := func(code, field, reported string) read.Issue {
		issue := care.Warning(care.AreaBudgets, care.IssueOddValue).With(care.ValueDetails{Field: field, Problem: care.ProblemNotAmount})
		issue.About = &care.About{Record: care.Label{Kind: care.KindBudget, Code: code}, Field: field, Reported: reported}
		return read.IssueOf(issue)
	}
	issues := []read.Issue{odd("AT", "available", "x"), read.IssueOf(care.RefusalIssue(care.AreaUsage, care.ReasonNotFound, ""))}
	for i := range 27 {
		issues = append(issues, odd(fmt.Sprint("ON", i), "total", "1,\x1b[2J"))
	}
	warnings := present.Warnings(issues)
	require.Len(t, warnings, 2, "an error is no warning")
	require.Equal(t, "Budget AT: The available is not a valid amount, and was ignored. Received: “x”.", warnings[0].Message)
	require.Empty(t, warnings[0].Records)
	require.Equal(t, "The total is not a valid amount, and was ignored. (27 times)", warnings[1].Message)
	require.Equal(t, []string{
		`budget ON0: “1,\u001b[2J”`, `budget ON1: “1,\u001b[2J”`, `budget ON2: “1,\u001b[2J”`, `budget ON3: “1,\u001b[2J”`, `budget ON4: “1,\u001b[2J”`, "and 22 more",
	}, warnings[1].Records)
	require.Equal(t, 28, present.CountWarnings(warnings))
}

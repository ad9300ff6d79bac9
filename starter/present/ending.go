package present

import (
	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/words"
)

// Tone is how good or bad something is. A tone never stands alone: words say the same.
type Tone string

// The tones of what has ended. Quiet is neither good nor bad.
const (
	Good  Tone = "good"
	Warn  Tone = "warn"
	Bad   Tone = "bad"
	Quiet Tone = "quiet"
)

// Ending is how a run, or a person's part of a bulk run, ended.
type Ending struct{ words.Ending }

// EndingOf is how something ended.
func EndingOf(outcome care.RunOutcome, reason care.Reason) Ending {
	return Ending{words.Ending{Outcome: outcome, Reason: reason}}
}

// Tone is how good or bad the end is.
func (e Ending) Tone() Tone {
	switch {
	case e.Harmless():
		return Quiet
	case e.Outcome == care.RunSucceeded:
		return Good
	case e.Outcome == care.RunSucceededWithWarnings, e.Outcome == care.RunPartial:
		return Warn
	case e.Outcome == care.RunFailed:
		return Bad
	default:
		return Quiet
	}
}

// Mark is a sign for a terminal, which has no colours.
func (e Ending) Mark() string {
	switch {
	case e.Harmless():
		return "·"
	case e.Outcome == care.RunSucceeded, e.Outcome == care.RunSucceededWithWarnings:
		return "✓"
	case e.Outcome == care.RunPartial:
		return "!"
	default:
		return "✗"
	}
}

// IsError reports whether an issue is something to mend.
func IsError(issue read.Issue) bool {
	return issue.Severity == care.SeverityError && !care.Reason(issue.Code).Harmless()
}

// EndOf is how a run ended.
func EndOf(run read.RunSummary) Ending { return EndingOf(run.Outcome, run.Reason) }

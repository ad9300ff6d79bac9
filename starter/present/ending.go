package present

import (
	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/read"
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

// Ending is how a run, or a person's part of a bulk run, ended. The reason counts: what is recorded as a failure may be nothing to mend.
type Ending struct {
	Outcome care.RunOutcome
	Reason  care.Reason
}

// endingWords are how an ending is worded: in a sentence, and in a badge where that is too long.
type endingWords struct{ long, short string }

var endings = map[care.RunOutcome]endingWords{
	care.RunSucceeded:             {long: "succeeded"},
	care.RunSucceededWithWarnings: {long: "succeeded with warnings", short: "with warnings"},
	care.RunPartial:               {long: "partly saved"},
	care.RunFailed:                {long: "failed, nothing was saved", short: "failed"},
	care.RunCancelled:             {long: "cancelled"},
	care.ItemSkipped:              {long: "not reached"},
}

// PlanNotBegun is said of what nothing was saved of, since the plan begins later.
const PlanNotBegun = "plan not begun"

// harmless reports whether nothing is wrong and there is nothing to do.
func (e Ending) harmless() bool { return e.Outcome == care.RunFailed && e.Reason.Harmless() }

func (e Ending) words() endingWords {
	if e.harmless() {
		return endingWords{long: PlanNotBegun}
	}
	return endings[e.Outcome]
}

// Words say how it ended.
func (e Ending) Words() string {
	if words := e.words(); words.long != "" {
		return words.long
	}
	return known[care.RunOutcome](nil, e.Outcome)
}

// Badge is Words, short enough for a badge.
func (e Ending) Badge() string {
	if words := e.words(); words.short != "" {
		return words.short
	}
	return e.Words()
}

// Tone is how good or bad the end is.
func (e Ending) Tone() Tone {
	switch {
	case e.harmless():
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
	case e.harmless():
		return "·"
	case e.Outcome == care.RunSucceeded, e.Outcome == care.RunSucceededWithWarnings:
		return "✓"
	case e.Outcome == care.RunPartial:
		return "!"
	default:
		return "✗"
	}
}

// Sentence says in a sentence how a run ended.
func (e Ending) Sentence() string {
	if e.harmless() {
		return "The plan has not begun, nothing was saved."
	}
	return "Sync " + e.Words() + "."
}

// IsError reports whether an issue is something to mend.
func IsError(issue read.Issue) bool {
	return issue.Severity == care.SeverityError && !care.Reason(issue.Code).Harmless()
}

// EndOf is how a run ended.
func EndOf(run read.RunSummary) Ending { return Ending{Outcome: run.Outcome, Reason: run.Reason} }

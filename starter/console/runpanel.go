package console

import (
	"slices"
	"time"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/starter/console/ui"
	"github.com/caresync/caresync/starter/present"
	"github.com/caresync/caresync/words"
)

// runPanel is a run as people follow it, and the message that they are left with (Care Recipient Sync §Success message).
type runPanel struct {
	run read.Run
	// another: one more pass follows this run, because someone asked for more than it does (R7).
	another bool
	// after is a preview that is being created or retrieved again, so that it does not wait for anyone (R22).
	after care.ID
	// abandoned: the workflow ended without finishing the run.
	abandoned bool
	zone      *time.Location
	// details leads to the run's own page; empty on that page.
	details string
}

func (p runPanel) finished() bool { return p.run.State == read.RunFinished }

// preview is the one that waits for someone to look at it, empty if none does.
func (p runPanel) preview() care.ID { return newPreview(p.run.RunSummary, p.after) }

func (p runPanel) live() bool { return !p.finished() && !p.abandoned }

// events is where the news of the run come from.
func (p runPanel) events() string {
	if p.another {
		return runPath(p.run.ID) + "/events?another=yes"
	}
	return runPath(p.run.ID) + "/events"
}

// said is the run's state in one sentence, for screen readers.
func (p runPanel) said() string {
	if p.abandoned {
		return "The sync ended without a result."
	}
	if p.finished() {
		return resultTitle(p.run.RunSummary) + "."
	}
	if p.preview() != "" {
		return "The plan was retrieved. Its preview is ready."
	}
	if p.run.Wait.Known() {
		return ui.Sentence(words.WaitTitle(p.run.Wait)) + "."
	}
	for _, area := range slices.Backward(p.run.Areas) {
		if area.State == read.AreaRunning {
			return areaTitle(area.Area) + ": " + areaWords(area, p.run.Kind)
		}
	}
	return "The sync is waiting to start."
}

// wait is what the run waits for, where none of its areas says so.
func (p runPanel) wait() care.Wait {
	for _, area := range p.run.Areas {
		if area.Retry != nil && area.Retry.Wait.Cause == p.run.Wait.Cause {
			return care.Wait{}
		}
	}
	return p.run.Wait
}

// resultTitle says how a run ended.
func resultTitle(run read.RunSummary) string {
	return words.RunTitle(present.EndOf(run).Ending, run.Warnings)
}

// breakdown is what the number of synced records of a kind is made of (R6).
func breakdown(panel runPanel, kind care.Kind) string {
	return words.Breakdown(present.Counts(panel.run.Counts)[kind])
}

// counted are the kinds of record that the message counts, those of Care Recipient Sync §Success message first.
func (p runPanel) counted() []care.Kind { return p.run.Kind.CountedKinds() }

// saved reports whether there is anything to count.
func (p runPanel) saved() bool { return p.run.Outcome != care.RunFailed }

func (p runPanel) errors() []read.Issue {
	return slices.DeleteFunc(slices.Clone(p.run.Issues), func(issue read.Issue) bool { return !present.IsError(issue) })
}

func (p runPanel) warnings() []present.Warning { return present.Warnings(p.run.Issues) }

// explained reports whether an issue says what the run's own explanation says.
func (p runPanel) explained() bool {
	return p.run.Explanation == "" || slices.ContainsFunc(p.errors(), func(issue read.Issue) bool { return issue.Problem == p.run.Explanation })
}

func waitsForYes(hold read.Hold) bool { return hold.AcceptedAt == nil && hold.ClosedAt == nil }

// heldRecords is what a hold keeps, in words.
func heldRecords(hold read.Hold) string {
	return words.Held(hold.Records, hold.Kind, hold.Budget, hold.BudgetFrom)
}

// holdState says what became of a removal that was held back.
func holdState(hold read.Hold, zone *time.Location) string {
	switch {
	case hold.ClosedAt != nil:
		return "Settled " + ui.Moment(hold.ClosedAt, zone) + "."
	case hold.AcceptedAt != nil:
		return "Accepted by " + hold.AcceptedBy + ", " + ui.Moment(hold.AcceptedAt, zone) + "; " + words.AcceptedRemoval(hold.Records)
	default:
		return "We kept " + words.Them(hold.Records) + "."
	}
}

// identityWarnings are the warnings that show values of ours beside the government's.
func (p runPanel) identityWarnings() (issues []read.Issue) {
	for _, issue := range p.run.Issues {
		if issue.Severity == care.SeverityWarning && len(identityRows(issue)) > 0 {
			issues = append(issues, issue)
		}
	}
	return issues
}

// settle is the address at which someone can say that it is the same person, empty for any other issue.
func (p runPanel) settle(issue read.Issue) string {
	if !inDoubt(issue) {
		return ""
	}
	return samePersonPath(p.run.ID)
}

func holdTone(hold read.Hold) ui.Tone {
	if waitsForYes(hold) {
		return ui.Warn
	}
	return ui.Quiet
}

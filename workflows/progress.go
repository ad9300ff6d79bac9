package workflows

import (
	"fmt"
	"strings"

	"go.temporal.io/sdk/workflow"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/words"
)

// progress is what a running pass shows. The progress query and the current details in the Temporal UI are made from the one struct.
type progress struct{ protocol.Progress }

func newProgress(kind care.RunKind, runID care.ID, pass int, trigger care.Trigger) *progress {
	p := &progress{protocol.Progress{Kind: kind, RunID: runID, Pass: pass, Trigger: trigger}}
	for _, area := range kind.Areas() {
		p.Steps = append(p.Steps, protocol.StepProgress{Area: area, State: protocol.StepWaiting})
	}
	return p
}

func (p *progress) answer() (protocol.Progress, error) { return p.Progress, nil }

func (p *progress) start(ctx workflow.Context, area care.Area) {
	p.step(area).State = protocol.StepRunning
	p.Waiting = nil
	p.show(ctx)
}

// wait shows a preview that waits to be created (R22).
func (p *progress) wait(ctx workflow.Context, preview care.WaitingPreview) {
	p.step(care.AreaContract).State = protocol.StepWaiting
	p.Waiting = &protocol.WaitingProgress{PreviewID: preview.ID, ExpiresAt: preview.ExpiresAt}
	p.show(ctx)
}

// stale shows that a preview which waits may no longer hold.
func (p *progress) stale(ctx workflow.Context) {
	if p.Waiting != nil {
		p.Waiting.Stale = true
		p.show(ctx)
	}
}

func (p *progress) end(ctx workflow.Context, area care.Area, answer care.AreaResult) {
	step := p.step(area)
	step.State, step.Outcome, step.Reason, step.Counts = protocol.StepDone, answer.Outcome, answer.Reason, answer.Counts
	p.Warnings += answer.Warnings
	p.show(ctx)
}

// finish shows the run's outcome, and those of the areas that were not attempted.
func (p *progress) finish(ctx workflow.Context, result care.RunResult) {
	p.Waiting = nil
	for _, area := range p.Kind.Areas() {
		if step := p.step(area); step.State != protocol.StepDone {
			step.State, step.Outcome, step.Reason = protocol.StepDone, result.Areas[area].Outcome, result.Areas[area].Reason
		}
	}
	p.Outcome, p.Reason, p.Warnings = result.Outcome, result.Reason, result.Warnings
	p.show(ctx)
}

func (p *progress) step(area care.Area) *protocol.StepProgress {
	for i := range p.Steps {
		if p.Steps[i].Area == area {
			return &p.Steps[i]
		}
	}
	panic("no such area: " + string(area))
}

// show puts the progress into the workflow's current details, as Markdown.
func (p *progress) show(ctx workflow.Context) { workflow.SetCurrentDetails(ctx, p.markdown()) }

func (p *progress) markdown() string {
	var page strings.Builder
	page.WriteString(fmt.Sprintf("**%s**\n\n", p.headline()))
	page.WriteString("| area | state | records |\n|---|---|---|\n")
	for _, step := range p.Steps {
		page.WriteString(fmt.Sprintf("| %s | %s | %s |\n", words.Area(step.Area), stepState(step), p.records(step)))
	}
	if p.Warnings > 0 {
		page.WriteString(fmt.Sprintf("\nWarnings: %d\n", p.Warnings))
	}
	if p.Waiting != nil {
		page.WriteString(p.waitingInWords())
	}
	if p.Reason != "" {
		page.WriteString(fmt.Sprintf("\n%s\n", words.Reason(p.Reason, p.Kind.Service())))
	}
	page.WriteString(fmt.Sprintf("\nPass %d, trigger: %s. What it found and changed: `caresync runs show %s`\n", p.Pass, words.Trigger(p.Trigger), p.RunID))
	return page.String()
}

// waitingInWords says what a preview waits for.
func (p *progress) waitingInWords() string {
	said := fmt.Sprintf("\nA preview is ready to be created until %s.\n", p.Waiting.ExpiresAt.UTC().Format("15:04 UTC"))
	if p.Waiting.Stale {
		said += "\nThe NDIA has since notified a change: creating compares first, and a refresh follows.\n"
	}
	return said
}

func (p *progress) headline() string {
	switch {
	case p.Waiting != nil:
		return "Preview ready"
	case p.Outcome != "":
		return words.RunTitle(words.Ending{Outcome: p.Outcome, Reason: p.Reason}, p.Warnings)
	default:
		return "Syncing with " + words.Service(p.Kind.Service())
	}
}

func stepState(step protocol.StepProgress) string {
	if step.State != protocol.StepDone {
		return string(step.State)
	}
	outcome := words.AreaOutcome(step.Outcome, step.Reason)
	if step.Reason == "" || step.Reason.Harmless() {
		return outcome
	}
	return fmt.Sprintf("**%s** (%s)", outcome, words.Field(string(step.Reason)))
}

// records are those of a step that has counted some.
func (p *progress) records(step protocol.StepProgress) string {
	if len(step.Counts) == 0 {
		return ""
	}
	return words.Saved(p.Kind.CountedKinds(), step.Counts, 0)
}

func usageSummary(in protocol.UsageInput) string {
	return fmt.Sprintf("Read the details of %d budgets, save entitlements and usage", len(in.Budgets))
}

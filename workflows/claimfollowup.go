package workflows

import (
	"fmt"
	"strings"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/words"
)

// ClaimFollowUp follows one claim (R20): it takes the claim service's events in the order in which they arrive, has each recorded, and
// where the claim was approved or completed asks for the sync of each distinct person. It ends when the claim is completed or cancelled;
// an event that arrives later starts it again, and the rows of the claim decide what is left to do.
func ClaimFollowUp(ctx workflow.Context, input protocol.ClaimFollowUpInput) (protocol.ClaimProgress, error) {
	followUp := claimFollowUp{
		input: input, progress: input.Progress,
		events: workflow.GetSignalChannel(ctx, protocol.ClaimStatusChanged.Name),
	}
	if err := workflow.SetQueryHandler(ctx, protocol.ProgressQuery, followUp.answer); err != nil {
		return followUp.progress, err
	}
	return followUp.run(ctx)
}

// claimFollowUp is one run of a claim's follow-up.
type claimFollowUp struct {
	input    protocol.ClaimFollowUpInput
	steps    steps
	events   workflow.ReceiveChannel
	progress protocol.ClaimProgress
	// handled counts the events of this run.
	handled int
}

func (f *claimFollowUp) answer() (protocol.ClaimProgress, error) { return f.progress, nil }

func (f *claimFollowUp) run(ctx workflow.Context) (protocol.ClaimProgress, error) {
	for {
		event, arrived, err := f.next(ctx)
		if err != nil {
			return f.progress, err
		}
		if !arrived {
			return f.progress, f.end(ctx)
		}
		if err := f.handle(ctx, event); err != nil {
			return f.progress, err
		}
	}
}

// next takes the event that arrived first, and waits for one as long as the claim is under way. Nothing blocks between the last look at
// what has arrived and the end of the run, or its continuing as new, so that no event is lost.
func (f *claimFollowUp) next(ctx workflow.Context) (event protocol.ClaimStatusEvent, arrived bool, err error) {
	for !f.events.ReceiveAsync(&event) {
		if f.over() {
			return event, false, nil
		}
		if f.handled >= claimEventsPerRun || workflow.GetInfo(ctx).GetContinueAsNewSuggested() {
			return event, false, f.continued(ctx)
		}
		if err := workflow.Await(ctx, func() bool { return f.events.Len() > 0 }); err != nil {
			return event, false, err
		}
	}
	return event, true, nil
}

// over reports whether nothing more is awaited: the claim has come to its end, or no event of it could be recorded.
func (f *claimFollowUp) over() bool {
	return f.progress.Status.Final() || f.handled > 0 && f.progress.Status == ""
}

// end lets operators find the claim by how it ended.
func (f *claimFollowUp) end(ctx workflow.Context) error {
	if f.progress.Status == "" {
		return nil
	}
	return workflow.UpsertTypedSearchAttributes(ctx, protocol.SearchOutcome.ValueSet(string(f.progress.Status)))
}

func (f *claimFollowUp) continued(ctx workflow.Context) error {
	next := f.input
	next.Progress = f.progress
	return workflow.NewContinueAsNewError(ctx, protocol.ClaimFollowUpWorkflow, next)
}

// handle has an event recorded, and then the syncs asked for that are due.
func (f *claimFollowUp) handle(ctx workflow.Context, event protocol.ClaimStatusEvent) error {
	f.handled++
	f.progress.Events++
	answer, err := untilDone(ctx, f, func() (care.ClaimAnswer, error) {
		return f.steps.recordClaimEvent(ctx, protocol.ClaimEventInput{
			OrganisationID: f.input.OrganisationID, ClaimID: f.input.ClaimID, Event: event,
		})
	})
	if err != nil {
		return err
	}
	f.note(ctx, answer)
	if answer.Due == 0 {
		return nil
	}
	asked, err := untilDone(ctx, f, func() (int, error) {
		return f.steps.requestClaimSyncs(ctx, protocol.ClaimSyncsInput{
			OrganisationID: f.input.OrganisationID, ClaimID: answer.ClaimID, TaskQueuePrefix: f.input.TaskQueuePrefix,
		})
	})
	f.progress.Syncs += asked
	f.show(ctx)
	return err
}

// untilDone tries a step again until it succeeds or the follow-up is cancelled: also one that failed by a fault of ours, since a worker
// that is mended continues from here.
func untilDone[T any](ctx workflow.Context, f *claimFollowUp, step func() (T, error)) (T, error) {
	for {
		answer, err := step()
		if err == nil || temporal.IsCanceledError(err) {
			f.progress.Trouble = false
			return answer, err
		}
		workflow.GetLogger(ctx).Error("a step of a claim's follow-up failed and will be retried", "error", err)
		f.progress.Trouble = true
		f.show(ctx)
		if err := workflow.Sleep(ctx, claimTriesAgainAfter); err != nil {
			return answer, err
		}
	}
}

// note shows what became of an event. A refused one says nothing of the claim.
func (f *claimFollowUp) note(ctx workflow.Context, answer care.ClaimAnswer) {
	defer f.show(ctx)
	if answer.Refusal != "" {
		f.progress.Refused++
		f.progress.LastRefusal, f.progress.Problem = answer.Refusal, answer.Problem
		workflow.GetLogger(ctx).Warn("a claim event was refused", "refusal", answer.Refusal, "problem", answer.Problem)
		return
	}
	f.progress.ClaimID, f.progress.Status = answer.ClaimID, answer.Status
	f.progress.People, f.progress.Unknown = answer.People, answer.Unknown
	if answer.Repeated {
		f.progress.Repeated++
	}
}

// show puts the progress into the workflow's current details, as Markdown.
func (f *claimFollowUp) show(ctx workflow.Context) {
	workflow.SetCurrentDetails(ctx, claimMarkdown(f.progress))
}

func claimMarkdown(p protocol.ClaimProgress) string {
	var page strings.Builder
	status := string(p.Status)
	if status == "" {
		status = "not known yet"
	}
	page.WriteString(fmt.Sprintf("**Claim: %s**\n\nEvents: %d (%d repeated), people: %d, syncs requested: %d\n", status, p.Events, p.Repeated, p.People, p.Syncs))
	if p.Unknown > 0 {
		page.WriteString(fmt.Sprintf("\n**%d people are not in the organisation.**\n", p.Unknown))
	}
	if p.Refused > 0 {
		page.WriteString(fmt.Sprintf("\n**%d events were refused**, the latest as %s. %s\n", p.Refused, words.Field(string(p.LastRefusal)), p.Problem))
	}
	if p.Trouble {
		page.WriteString("\n**A step failed and will be retried.**\n")
	}
	if p.ClaimID != "" {
		page.WriteString(fmt.Sprintf("\nWho they are: `caresync claim show %s`\n", p.ClaimID))
	}
	return page.String()
}

package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/protocol"
)

// BulkSync syncs many people of an organisation: it plans them as rows, runs batches of them, a few at a time, and settles whoever a batch
// left. It completes with the outcome of the bulk run; one person's trouble is that person's alone. A scheduled run in which no one could be
// synced fails, with protocol.ErrorSyncFailed, once that is recorded.
func BulkSync(ctx workflow.Context, input protocol.BulkSyncInput) (protocol.BulkResult, error) {
	bulk := newBulkSync(ctx, input)
	if err := bulk.listen(ctx); err != nil {
		return protocol.BulkResult{}, err
	}
	if err := bulk.plan(ctx); err != nil {
		bulk.stop = failedArea(err).Reason
	} else if err := bulk.run(ctx); err != nil {
		return protocol.BulkResult{}, err // continues as new
	}
	return bulk.complete(ctx)
}

// bulkSync is a bulk run, or a part of it between two continuations.
type bulkSync struct {
	input    protocol.BulkSyncInput
	steps    steps
	progress *bulkProgress
	// running are the batches under way, by number.
	running map[int]workflow.ChildWorkflowFuture
	// pausing lets one pause or resume be told at a time.
	pausing workflow.Mutex
	// stop is why the run ends early, empty as long as it does not.
	stop care.Reason
}

func newBulkSync(ctx workflow.Context, input protocol.BulkSyncInput) *bulkSync {
	if input.BulkID == "" { // a scheduled run
		input.BulkID = care.ID(workflow.GetInfo(ctx).OriginalRunID)
	}
	return &bulkSync{
		input: input, steps: steps{queues: protocol.TaskQueues{Prefix: input.TaskQueuePrefix}},
		progress: newBulkProgress(input.Continued), running: make(map[int]workflow.ChildWorkflowFuture), pausing: workflow.NewMutex(ctx),
	}
}

// listen takes the commands of operators.
func (b *bulkSync) listen(ctx workflow.Context) error {
	if err := workflow.SetQueryHandler(ctx, protocol.ProgressQuery, b.progress.answer); err != nil {
		return err
	}
	if err := workflow.SetUpdateHandler(ctx, protocol.Pause.Name, b.pause); err != nil {
		return err
	}
	if err := workflow.SetUpdateHandler(ctx, protocol.Resume.Name, b.resume); err != nil {
		return err
	}
	return workflow.SetUpdateHandlerWithOptions(ctx, protocol.SetWindow.Name, b.setWindow, workflow.UpdateHandlerOptions{Validator: admitWindow})
}

func (b *bulkSync) pause(ctx workflow.Context) (protocol.BulkProgress, error) {
	return b.setPaused(ctx, true)
}
func (b *bulkSync) resume(ctx workflow.Context) (protocol.BulkProgress, error) {
	return b.setPaused(ctx, false)
}

// setPaused tells the row, for chunks under way, and the batches.
func (b *bulkSync) setPaused(ctx workflow.Context, paused bool) (protocol.BulkProgress, error) {
	if err := b.pausing.Lock(ctx); err != nil {
		return b.progress.BulkProgress, err
	}
	defer b.pausing.Unlock()
	b.progress.Paused = paused
	b.progress.show(ctx)
	if err := b.steps.setBulkPaused(ctx, b.part(0), paused); err != nil {
		return b.progress.BulkProgress, err
	}
	for batch := range b.progress.NextBatch {
		if child, runs := b.running[batch]; runs {
			// A batch that has ended meanwhile needs no signal.
			_ = child.SignalChildWorkflow(ctx, protocol.BatchPauseChanged.Name, paused).Get(ctx, nil)
		}
	}
	return b.progress.BulkProgress, nil
}

func admitWindow(window int) error {
	if window < 1 || window > protocol.MostBatchesAtOnce {
		return temporal.NewNonRetryableApplicationError("a window must be between 1 and 20", protocol.ErrorNotAdmitted, nil)
	}
	return nil
}

func (b *bulkSync) setWindow(ctx workflow.Context, window int) (protocol.BulkProgress, error) {
	b.progress.Window = window
	b.progress.show(ctx)
	return b.progress.BulkProgress, nil
}

// plan makes the rows of the people, once.
func (b *bulkSync) plan(ctx workflow.Context) error {
	if b.input.Continued != nil {
		return nil
	}
	b.progress.show(ctx)
	plan, err := b.steps.planBulk(ctx, protocol.PlanBulkInput{
		BulkID: b.input.BulkID, OrganisationID: b.input.OrganisationID, RequestedBy: b.input.RequestedBy, Options: b.input.Options,
		WorkflowID: workflow.GetInfo(ctx).WorkflowExecution.ID,
	})
	if err != nil {
		return err
	}
	if plan.ReadLists {
		part := b.part(0)
		part.Options = plan.Options
		if plan, err = b.steps.planFromLists(ctx, part); err != nil {
			return err
		}
	}
	b.stop = plan.Stop
	b.progress.setPlan(ctx, plan)
	return nil
}

// run starts batches until all were started or the run ends early, and waits for those under way.
func (b *bulkSync) run(ctx workflow.Context) error {
	for b.mayStart() {
		if err := workflow.Await(ctx, b.hasRoom); err != nil || b.stop != "" {
			break
		}
		if b.historyIsLong(ctx) {
			if next := b.continueAsNew(ctx); next != nil {
				return next
			}
			break
		}
		b.start(ctx, b.progress.NextBatch)
	}
	waiting, _ := workflow.NewDisconnectedContext(ctx) // batches are cancelled with the run, and end on their own
	if err := workflow.Await(waiting, func() bool { return len(b.running) == 0 && workflow.AllHandlersFinished(waiting) }); err != nil {
		return err
	}
	b.syncSetAside(ctx)
	return nil
}

// syncSetAside syncs the people who were set aside until the others had ended (R9): immediately people who would lose their contributions, and
// after a pause, once or more, people for whom the service is unavailable. Anyone left is settled by the end of the run.
func (b *bulkSync) syncSetAside(ctx workflow.Context) {
	if b.progress.SetAside == 0 {
		return
	}
	input := protocol.BulkChunkInput{BulkPart: b.part(0), Since: workflow.Now(ctx)}
	for b.stop == "" && b.awaitResumed(ctx) == nil {
		people, err := b.steps.setAsidePeople(ctx, b.part(0))
		if err != nil || people.Losing+people.Unavailable == 0 {
			return
		}
		input.SetAside, input.LostContributions = care.AsideContributions, people.LostContributions
		if people.Losing == 0 {
			input.SetAside = care.AsideUnavailable
			if workflow.Sleep(ctx, b.setAsidePause()) != nil {
				return
			}
		}
		result, err := b.steps.syncChunk(ctx, b.progress.Options.Kind, input)
		if err != nil {
			return
		}
		b.stop = result.Stop
		if result.Settled == 0 && workflow.Sleep(ctx, chunkPause) != nil {
			return
		}
	}
}

func (b *bulkSync) awaitResumed(ctx workflow.Context) error {
	return workflow.Await(ctx, func() bool { return !b.progress.Paused })
}

func (b *bulkSync) setAsidePause() time.Duration {
	if b.input.SetAsidePause > 0 {
		return b.input.SetAsidePause
	}
	return setAsidePause
}

func (b *bulkSync) mayStart() bool { return b.progress.NextBatch < b.progress.Batches && b.stop == "" }

func (b *bulkSync) hasRoom() bool {
	return b.stop != "" || len(b.running) < b.progress.Window && !b.progress.Paused
}

// start starts a batch and takes its result when it comes.
func (b *bulkSync) start(ctx workflow.Context, batch int) {
	b.startBatch(ctx, batch)
	b.progress.NextBatch = batch + 1
	b.progress.show(ctx)
	workflow.Go(ctx, func(ctx workflow.Context) {
		defer delete(b.running, batch)
		b.take(ctx, batch)
	})
}

func (b *bulkSync) startBatch(ctx workflow.Context, batch int) {
	b.running[batch] = workflow.ExecuteChildWorkflow(workflow.WithChildOptions(ctx, batchOptions(b.input.BulkID, batch)), protocol.BulkSyncBatchWorkflow,
		protocol.BulkSyncBatchInput{
			BulkPart: b.part(batch), Chunks: protocol.PeoplePerBatch / protocol.PeoplePerChunk, TaskQueuePrefix: b.input.TaskQueuePrefix,
			Paused: b.progress.Paused,
		})
}

// await waits for a batch's result. After an operator's reset, the batch of before may still be ending; it is started again when it has.
func (b *bulkSync) await(ctx workflow.Context, batch int) (result protocol.BatchResult, err error) {
	err = b.running[batch].Get(ctx, &result)
	for temporal.IsWorkflowExecutionAlreadyStartedError(err) && workflow.Sleep(ctx, resetBatchPollInterval) == nil {
		b.startBatch(ctx, batch)
		err = b.running[batch].Get(ctx, &result)
	}
	return result, err
}

func (b *bulkSync) part(batch int) protocol.BulkPart {
	return protocol.BulkPart{
		BulkID: b.input.BulkID, OrganisationID: b.input.OrganisationID, RequestedBy: b.input.RequestedBy, Options: b.progress.Options, Batch: batch,
	}
}

// take takes a batch's result. Whoever a batch left that was lost (terminated, timed out) is settled and counted as not processed.
func (b *bulkSync) take(ctx workflow.Context, batch int) {
	result, err := b.await(ctx, batch)
	if ctx.Err() != nil {
		return // the whole run is settled at once
	}
	if err != nil {
		settling, _ := workflow.NewDisconnectedContext(ctx)
		counts, settled := b.steps.settleBatch(settling, protocol.SettleInput{
			BulkID: b.input.BulkID, OrganisationID: b.input.OrganisationID, Batch: &batch, Reason: care.ReasonBatchLost,
		})
		if settled != nil {
			workflow.GetLogger(ctx).Error("a batch could not be settled; it is settled at the end of the run", "batch", batch)
		}
		result.Counts = counts
	}
	b.progress.addBatch(ctx, result)
	switch {
	case result.Stop != "":
		b.stop = result.Stop
	case b.progress.Counts.ExceedFailures(b.progress.Options.FailureThreshold):
		b.stop = care.ReasonFailureThreshold
	}
}

// historyIsLong reports whether the run should continue as new.
func (b *bulkSync) historyIsLong(ctx workflow.Context) bool {
	info, most := workflow.GetInfo(ctx), b.input.ContinueAfterEvents
	if most == 0 {
		most = continueAfterEvents
	}
	return info.GetCurrentHistoryLength() > most || info.GetCurrentHistorySize() > continueAfterBytes || info.GetContinueAsNewSuggested()
}

// continueAsNew waits until nothing is in flight, since continuing would close the batches. It answers nil where the run ends here.
func (b *bulkSync) continueAsNew(ctx workflow.Context) error {
	if err := workflow.Await(ctx, func() bool { return len(b.running) == 0 && workflow.AllHandlersFinished(ctx) }); err != nil {
		return nil // cancelled: the run ends here
	}
	if b.stop != "" {
		return nil
	}
	next := b.input
	next.Continued = &b.progress.BulkProgress
	return workflow.NewContinueAsNewError(ctx, protocol.BulkSyncWorkflow, next)
}

// complete records the outcome, also after a cancellation.
func (b *bulkSync) complete(ctx workflow.Context) (protocol.BulkResult, error) {
	completing, _ := workflow.NewDisconnectedContext(ctx)
	if ctx.Err() != nil {
		b.stop = care.ReasonCancelled
	}
	result, err := b.steps.completeBulk(completing, protocol.CompleteBulkInput{
		BulkID: b.input.BulkID, OrganisationID: b.input.OrganisationID, Stop: b.stop,
	})
	if err != nil {
		return protocol.BulkResult{}, err
	}
	b.progress.finish(completing, result)
	if err := workflow.UpsertTypedSearchAttributes(completing,
		protocol.SearchOutcome.ValueSet(string(result.Outcome)), protocol.SearchFailedCount.ValueSet(int64(result.Counts.Failed))); err != nil {
		return protocol.BulkResult{}, err
	}
	if err := ctx.Err(); err != nil || b.input.Options == nil || result.Outcome != care.RunFailed {
		return result, err
	}
	// A schedule learns of a failure, and pauses if it was told to, only by a workflow that fails.
	return result, temporal.NewNonRetryableApplicationError("no one could be synced", protocol.ErrorSyncFailed, nil, result)
}

package workflows

import (
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/protocol"
)

// BulkSyncBatch syncs the people of one batch of a bulk run in chunks, a few at a time. Whoever fails while others succeed is given a sync
// of their own, with its full retry policy.
func BulkSyncBatch(ctx workflow.Context, input protocol.BulkSyncBatchInput) (protocol.BatchResult, error) {
	batch := &bulkBatch{input: input, steps: steps{queues: protocol.TaskQueues{Prefix: input.TaskQueuePrefix}}, paused: input.Paused}
	workflow.GoNamed(ctx, "pause changed", batch.listen)
	batch.atOnce(ctx, protocol.ChunksAtOnce, batch.syncChunks)
	if err := batch.escalate(ctx); err != nil {
		return protocol.BatchResult{}, err
	}
	return batch.settle(ctx)
}

// bulkBatch is a batch under way.
type bulkBatch struct {
	input  protocol.BulkSyncBatchInput
	steps  steps
	paused bool
	// nextChunk is the first that no one has taken; failed counts who failed for good, of those processed.
	nextChunk         int
	processed, failed int
	// escalated need a sync of their own.
	escalated []care.ID
	// setAside wait for the end of the bulk run.
	setAside int
	stop     care.Reason
}

func (b *bulkBatch) listen(ctx workflow.Context) {
	for {
		var paused bool
		if more := workflow.GetSignalChannel(ctx, protocol.BatchPauseChanged.Name).Receive(ctx, &paused); !more {
			return
		}
		b.paused = paused
	}
}

// atOnce runs several of the same coroutines and waits for them, also after a cancellation: they end on their own.
func (b *bulkBatch) atOnce(ctx workflow.Context, number int, work func(workflow.Context)) {
	group := workflow.NewWaitGroup(ctx)
	for range number {
		group.Add(1)
		workflow.Go(ctx, func(ctx workflow.Context) {
			defer group.Done()
			work(ctx)
		})
	}
	waiting, _ := workflow.NewDisconnectedContext(ctx)
	group.Wait(waiting)
}

// syncChunks takes one chunk after the other.
func (b *bulkBatch) syncChunks(ctx workflow.Context) {
	for b.goesOn(ctx) && b.nextChunk < b.input.Chunks {
		chunk := b.nextChunk
		b.nextChunk++
		b.syncChunk(ctx, chunk)
	}
}

// goesOn waits while the bulk run is paused, and reports whether further people may be begun.
func (b *bulkBatch) goesOn(ctx workflow.Context) bool {
	err := workflow.Await(ctx, func() bool { return !b.paused || b.stop != "" })
	return err == nil && b.stop == ""
}

// syncChunk syncs a chunk until no one in it is left. People who cannot be synced because of a fault of ours are settled later.
func (b *bulkBatch) syncChunk(ctx workflow.Context, chunk int) {
	input := protocol.BulkChunkInput{BulkPart: b.input.BulkPart, Chunk: chunk, Since: workflow.Now(ctx)}
	for b.goesOn(ctx) {
		result, err := b.steps.syncChunk(ctx, b.input.Options.Kind, input)
		if err != nil {
			if !temporal.IsCanceledError(err) {
				workflow.GetLogger(ctx).Error("a chunk failed", "batch", b.input.Batch, "chunk", chunk)
			}
			return
		}
		b.take(result)
		if result.Left == 0 {
			return
		}
		if result.Settled == 0 && workflow.Sleep(ctx, chunkPause) != nil { // it was paused before this batch was told
			return
		}
	}
}

func (b *bulkBatch) take(result protocol.BulkChunkResult) {
	b.processed += result.Settled
	b.failed += result.Failed
	b.escalated = append(b.escalated, result.Escalated...)
	b.setAside += result.SetAside
	counts := care.BulkCounts{Processed: b.processed, Failed: b.failed}
	switch {
	case b.stop != "":
	case result.Stop != "":
		b.stop = result.Stop
	case counts.ExceedFailures(b.input.Options.FailureThreshold):
		b.stop = care.ReasonFailureThreshold
	}
}

// escalate retries the people individually who failed while others succeeded, including those of an earlier attempt of this batch.
func (b *bulkBatch) escalate(ctx workflow.Context) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if len(b.escalated) > 0 {
		people, err := b.steps.escalatedPeople(ctx, b.input.BulkPart)
		if err != nil {
			return err
		}
		b.escalated = people
	}
	next := 0
	b.atOnce(ctx, escalationsAtOnce, func(ctx workflow.Context) {
		for ctx.Err() == nil && next < len(b.escalated) {
			person := b.escalated[next]
			next++
			b.syncAlone(ctx, person)
		}
	})
	return ctx.Err()
}

// syncAlone starts a person's own sync and waits for it; one that is running already is joined. How it ends settles the person, in the
// database. It outlives this batch, also a cancelled one: someone else may wait for it, too.
func (b *bulkBatch) syncAlone(ctx workflow.Context, person care.ID) {
	request := care.Request{
		OrganisationID: b.input.OrganisationID, PersonID: person, AllBudgets: b.input.Options.AllBudgets, Areas: b.input.Options.Areas(),
		ReviewAll: b.input.Options.ReviewAll, Trigger: care.TriggerBulk, RequestedBy: b.input.RequestedBy, BulkID: b.input.BulkID,
	}
	id, name, input := b.own(request)
	queue := b.steps.queues.Upstream(b.input.Options.Kind.Service())
	outliving, _ := workflow.NewDisconnectedContext(ctx)
	child := workflow.ExecuteChildWorkflow(workflow.WithChildOptions(outliving, ownSyncOptions(id, queue)), name, input)
	if err := child.GetChildWorkflowExecution().Get(outliving, nil); err != nil {
		if temporal.IsWorkflowExecutionAlreadyStartedError(err) {
			// An error leaves the person to the settling.
			_ = b.steps.awaitRun(ctx, protocol.AwaitRunInput{BulkPart: b.input.BulkPart, PersonID: person, WorkflowID: id})
		}
		return
	}
	_ = workflow.Await(ctx, child.IsReady) // how it ended stands in its row
}

// own is a person's own sync of the bulk run's kind.
func (b *bulkBatch) own(request care.Request) (id, name string, input any) {
	if b.input.Options.Kind == care.RunPACEContract {
		return protocol.PaceContractSyncID(request.PersonID), protocol.PaceContractSyncWorkflow,
			protocol.PaceContractSyncInput{Request: request, TaskQueuePrefix: b.input.TaskQueuePrefix, Refresh: true, Pass: 1}
	}
	return protocol.CareRecipientSyncID(request.PersonID), protocol.CareRecipientSyncWorkflow,
		protocol.CareRecipientSyncInput{Request: request, TaskQueuePrefix: b.input.TaskQueuePrefix, Pass: 1}
}

// settle settles the remaining people, and counts.
func (b *bulkBatch) settle(ctx workflow.Context) (protocol.BatchResult, error) {
	if ctx.Err() != nil {
		return protocol.BatchResult{}, ctx.Err()
	}
	reason := b.stop
	if reason == "" {
		reason = care.ReasonBatchLost
	}
	counts, err := b.steps.settleBatch(ctx, protocol.SettleInput{
		BulkID: b.input.BulkID, OrganisationID: b.input.OrganisationID, Batch: &b.input.Batch, Reason: reason,
	})
	return protocol.BatchResult{Counts: counts, SetAside: b.setAside, Stop: b.stop}, err
}

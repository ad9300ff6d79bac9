package activities

import (
	"context"
	"errors"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"golang.org/x/sync/semaphore"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/protocol"
)

// Bulk are the steps of a Bulk Sync.
type Bulk struct {
	store         *db.Store
	runs          *Runs
	careRecipient *CareRecipient
	syncers       map[care.RunKind]syncer
	capacities    map[care.RunKind]capacity
	now           func() time.Time
}

const (
	// chunksInTurn is how many chunks of a kind begin people at the same time. A worker holds more of them than that: the next one begins
	// its people as soon as another has started its last, so that nothing is idle while that finishes.
	chunksInTurn = 4
	// peopleAtOncePerChunk is how many people of one chunk are synced in parallel at most, so that a slow connection leaves room for others.
	peopleAtOncePerChunk = 8
	// peopleInHand is how many people of a kind are in hand at most. More of them would only wait for each other.
	peopleInHand = chunksInTurn * peopleAtOncePerChunk
)

// capacity is what this process has for a kind of run: turns of chunks, and places of people.
type capacity struct{ turns, people *semaphore.Weighted }

func newCapacity() capacity {
	return capacity{turns: semaphore.NewWeighted(chunksInTurn), people: semaphore.NewWeighted(peopleInHand)}
}

// syncer make one pass over one person by direct calls.
type syncer interface {
	sync(ctx context.Context, runID care.ID, request care.Request) (syncResult, error)
}

// NewBulk makes the steps for a process. careRecipient and paceContract have allowances of their own, which let others go before.
func NewBulk(store *db.Store, careRecipient *CareRecipient, paceContract *PaceContract) *Bulk {
	return &Bulk{store: store, runs: NewRuns(store), careRecipient: careRecipient, syncers: map[care.RunKind]syncer{
		care.RunCareRecipient: passSyncer{careRecipient}, care.RunPACEContract: paceContract,
	}, capacities: map[care.RunKind]capacity{care.RunCareRecipient: newCapacity(), care.RunPACEContract: newCapacity()}, now: time.Now}
}

// UseClock lets tests say what time it is when a person meets a trouble.
func (b *Bulk) UseClock(now func() time.Time) { b.now = now }

// PlanBulk records a bulk run, if no one has yet, and plans its people as rows, unless the providers' lists have to be read first.
func (b *Bulk) PlanBulk(ctx context.Context, in protocol.PlanBulkInput) (protocol.BulkPlan, error) {
	bulk := db.Bulk{ID: in.BulkID, OrganisationID: in.OrganisationID, RequestedBy: in.RequestedBy, WorkflowID: in.WorkflowID}
	if in.Options != nil {
		bulk.Request.BulkOptions = *in.Options
		if err := b.store.RecordBulk(ctx, bulk); err != nil {
			return protocol.BulkPlan{}, err
		}
	}
	var err error
	if bulk.Request, err = b.store.BeginBulk(ctx, in.OrganisationID, in.BulkID); err != nil {
		return protocol.BulkPlan{}, err
	}
	if bulk.Request.ReadsLists() {
		return protocol.BulkPlan{BulkID: in.BulkID, Options: bulk.Request.BulkOptions, ReadLists: true}, nil
	}
	return b.planned(ctx, bulk, nil)
}

// planned plans the people as rows, once.
func (b *Bulk) planned(ctx context.Context, bulk db.Bulk, moved db.ChangedPeople) (protocol.BulkPlan, error) {
	plan := protocol.BulkPlan{BulkID: bulk.ID, Options: bulk.Request.BulkOptions}
	size := db.BulkSize{PerBatch: protocol.PeoplePerBatch, PerChunk: protocol.PeoplePerChunk}
	var err error
	plan.Total, plan.Batches, err = b.store.PlanBulk(ctx, bulk, size, moved, b.store.Now())
	plan.Options.Delta = moved != nil // a delta run that has nothing to compare with is a full one
	if errors.Is(err, db.ErrNoConnection) {
		plan.Stop, err = care.ReasonNoConnection, nil
	}
	return plan, err
}

// SetBulkPaused records in the bulk run's row that it is paused or resumed, for chunks in progress.
func (b *Bulk) SetBulkPaused(ctx context.Context, part protocol.BulkPart, paused bool) error {
	return b.store.SetBulkPaused(ctx, part.OrganisationID, part.BulkID, paused)
}

// EscalatedPeople are those of a batch who were given a sync of their own and have no outcome yet.
func (b *Bulk) EscalatedPeople(ctx context.Context, part protocol.BulkPart) ([]care.ID, error) {
	return b.store.EscalatedItems(ctx, part.OrganisationID, part.BulkID, part.Batch)
}

// SetAsidePeople tells who waits for the end of a bulk run, and what happens to the contributions of people who would lose all of them (R9).
func (b *Bulk) SetAsidePeople(ctx context.Context, part protocol.BulkPart) (people protocol.PeopleSetAside, err error) {
	people.Unavailable, people.Losing, err = b.store.CountSetAside(ctx, part.OrganisationID, part.BulkID)
	if err != nil || people.Losing == 0 {
		return people, err
	}
	with, err := b.store.CountWithContributions(ctx, part.OrganisationID, part.BulkID)
	people.LostContributions = care.WhenLost(with, people.Losing)
	return people, err
}

// SettleBatch settles those of a batch who have no outcome, whatever became of it, and counts how all of them ended.
func (b *Bulk) SettleBatch(ctx context.Context, in protocol.SettleInput) (care.BulkCounts, error) {
	if in.Reason != "" {
		if err := b.store.SettleItems(ctx, in.OrganisationID, in.BulkID, in.Batch, care.ItemSkipped, in.Reason); err != nil {
			return care.BulkCounts{}, err
		}
	}
	return b.store.CountItems(ctx, in.OrganisationID, in.BulkID, in.Batch)
}

// CompleteBulk settles the remaining people and records how the bulk run ended.
func (b *Bulk) CompleteBulk(ctx context.Context, in protocol.CompleteBulkInput) (protocol.BulkResult, error) {
	counts, outcome, err := b.store.FinishBulk(ctx, in.OrganisationID, in.BulkID, in.Stop)
	return protocol.BulkResult{BulkID: in.BulkID, Outcome: outcome, Reason: in.Stop, Counts: counts}, err
}

// Workflows is what the steps need of a Temporal client to look at other workflows.
type Workflows interface {
	Executions
	Signaller
	GetWorkflow(ctx context.Context, workflowID, runID string) client.WorkflowRun
}

type awaiter struct {
	store    *db.Store
	temporal Workflows
}

// awaitRun waits for a person's sync that someone else had started, and settles the person with it.
func (a awaiter) awaitRun(ctx context.Context, in protocol.AwaitRunInput) error {
	var failed *temporal.WorkflowExecutionError // how it ended stands in its row
	var unknown *serviceerror.NotFound
	err := a.temporal.GetWorkflow(ctx, in.WorkflowID, "").Get(ctx, nil)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil && !errors.As(err, &failed) && !errors.As(err, &unknown) {
		return askError("wait for a sync", err)
	}
	return a.store.SettleJoined(ctx, in.OrganisationID, in.BulkID, in.PersonID, in.WorkflowID)
}

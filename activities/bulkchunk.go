package activities

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"go.temporal.io/sdk/activity"
	"golang.org/x/sync/errgroup"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/upstream/transport"
)

const (
	// failuresInARow of different people, without anyone succeeding in between, are the service's and not theirs.
	failuresInARow = 5
	// notAuthorisedStopsAt is how many people the government may refuse to this provider before it refuses everyone (R9).
	notAuthorisedStopsAt = 2
)

// SyncBulkChunk syncs the people of a chunk who have no outcome, several at once. One who fails while others succeed is answered as escalated.
// Where the service as a whole fails, it returns an error that is tried again later: no one is settled for that.
func (b *Bulk) SyncBulkChunk(ctx context.Context, in protocol.BulkChunkInput) (protocol.BulkChunkResult, error) {
	slots := b.capacities[in.Options.Kind]
	if err := slots.turns.Acquire(ctx, 1); err != nil {
		return protocol.BulkChunkResult{}, err
	}
	chunk := &chunk{bulk: b, in: in, began: time.Now()}
	var people errgroup.Group
	err := chunk.begin(ctx, slots, &people)
	slots.turns.Release(1)
	_ = people.Wait() // what went wrong stands in the chunk
	if err != nil {
		return chunk.result, err
	}
	return chunk.end(context.WithoutCancel(ctx))
}

// begin starts the people of the chunk, one after the other as slots become free.
func (s *chunk) begin(ctx context.Context, slots capacity, group *errgroup.Group) error {
	people, err := s.people(ctx)
	if err != nil {
		return err
	}
	group.SetLimit(peopleAtOncePerChunk)
	for i, person := range people {
		if !s.mayBegin(ctx) {
			s.leave(len(people) - i)
			break
		}
		group.Go(func() error {
			if slots.people.Acquire(ctx, 1) != nil {
				s.leave(1)
				return nil
			}
			defer slots.people.Release(1)
			s.sync(ctx, person)
			return nil
		})
	}
	return nil
}

// people returns those people of the chunk who have no outcome yet or, in an attempt at those set aside, these.
func (s *chunk) people(ctx context.Context) ([]db.OpenItem, error) {
	if s.in.SetAside != "" {
		return s.bulk.store.ItemsSetAside(ctx, s.in.OrganisationID, s.in.BulkID, s.in.SetAside)
	}
	return s.bulk.store.OpenItems(ctx, s.row())
}

func (s *chunk) row() db.BulkChunk {
	return db.BulkChunk{OrganisationID: s.in.OrganisationID, BulkID: s.in.BulkID, Batch: s.in.Batch, Chunk: s.in.Chunk}
}

// leave leaves people to another attempt.
func (s *chunk) leave(people int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.result.Left += people
}

// chunk is one attempt to sync a chunk of a bulk run.
type chunk struct {
	bulk  *Bulk
	in    protocol.BulkChunkInput
	began time.Time

	mu     sync.Mutex
	looked time.Time
	paused bool
	result protocol.BulkChunkResult
	// troubled failed for a technical reason; inARow is how many did since anyone succeeded.
	troubled []trouble
	inARow   int
	// notAuthorised are the people that this provider was refused.
	notAuthorised int
	// outage is why the service as a whole fails.
	outage error
}

// trouble is a pass that gave up for a technical reason.
type trouble struct {
	person care.ID
	result syncResult
	// failure is why. Where the pass could not even begin, or not be recorded, the pass is empty.
	failure error
}

// mayBegin reports whether another person may be started. People in progress are always finished.
func (s *chunk) mayBegin(ctx context.Context) bool {
	if ctx.Err() != nil || time.Since(s.began) > chunkStartDeadline || workerStops(ctx) || s.isPaused(ctx) {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.outage == nil && s.result.Stop == ""
}

func workerStops(ctx context.Context) bool {
	if !activity.IsActivity(ctx) {
		return false
	}
	select {
	case <-activity.GetWorkerStopChannel(ctx):
		return true
	default:
		return false
	}
}

// isPaused looks at the bulk run's row now and then. A row that cannot be read pauses nothing: the steps will tell.
func (s *chunk) isPaused(ctx context.Context) bool {
	if !s.paused && time.Since(s.looked) > pausePollInterval {
		s.looked = time.Now()
		status, err := s.bulk.store.BulkStatus(ctx, s.in.OrganisationID, s.in.BulkID)
		s.paused = err == nil && status.Paused
		if err == nil && status.Finished {
			s.stop(care.ReasonBulkLost)
		}
	}
	return s.paused
}

// sync makes a person's pass. It continues when the chunk is cancelled: a person in progress will finish.
func (s *chunk) sync(ctx context.Context, item db.OpenItem) {
	ctx = context.WithoutCancel(ctx)
	person := item.PersonID
	made, err := s.bulk.syncers[s.in.Options.Kind].sync(ctx, db.BulkRunID(s.in.BulkID, person), s.request(item))
	switch {
	case errors.Is(err, db.ErrNotFound):
		gone := care.RunResult{Outcome: care.RunFailed, Reason: care.ReasonNotFound}
		s.recordOutcome(ctx, person, s.bulk.store.SettleItem(ctx, s.in.OrganisationID, s.in.BulkID, person, gone.Outcome, gone.Reason), gone)
	case err != nil:
		s.recordFailure(trouble{person: person, failure: err})
	case db.OfAnotherDeployment(made.failure):
		s.recordOutage(made.failure)
	case errors.Is(made.failure, errWouldLoseContributions):
		s.setAside(ctx, care.AsideContributions, made)
	case mayBeOwnUnavailability(made.failure) && s.isPatient():
		s.setAside(ctx, care.AsideUnavailable, made)
	case made.failure != nil && s.isPatient() && (s.in.SetAside == "" || organisationWide(made.failure)):
		s.recordFailure(trouble{person: person, result: made, failure: made.failure})
	case made.recorded != nil:
		s.recordOutcome(ctx, person, nil, *made.recorded)
	default:
		s.complete(ctx, made)
	}
}

// request is what is asked of a person's pass.
func (s *chunk) request(item db.OpenItem) care.Request {
	request := care.Request{
		OrganisationID: s.in.OrganisationID, PersonID: item.PersonID, AllBudgets: s.in.Options.AllBudgets, Areas: s.in.Options.Areas(),
		MovedOnly: s.in.Options.Delta && !item.Whole, MovedBudgets: item.MovedBudgets, ReviewAll: s.in.Options.ReviewAll,
		LostContributions: care.AskAboutContributions, Trigger: care.TriggerBulk, RequestedBy: s.in.RequestedBy, BulkID: s.in.BulkID,
	}
	if s.in.SetAside == care.AsideContributions {
		request.LostContributions = s.in.LostContributions
	}
	return request
}

// complete records a pass, which settles the person.
func (s *chunk) complete(ctx context.Context, made syncResult) {
	result, err := s.bulk.runs.CompleteRun(ctx, made.CompleteInput)
	s.recordOutcome(ctx, made.Scope.PersonID, err, result)
}

// mayBeOwnUnavailability recognises a 503 that may be the trouble of one person, rather than of the service: Services Australia's, that does not
// say when to try again (R9).
func mayBeOwnUnavailability(err error) bool {
	var failure *transport.Error
	return errors.As(err, &failure) && failure.Service == care.ServicesAustralia && failure.Kind != transport.LoginUnavailable &&
		failure.Status == http.StatusServiceUnavailable && failure.RetryAfter == 0
}

// setAside leaves a person to the end of the bulk run, so that the others continue. What turns out to be the service's trouble is an outage; what
// turns out to be the person's own settles them.
func (s *chunk) setAside(ctx context.Context, cause care.AsideCause, made syncResult) {
	person, area := made.Scope.PersonID, unavailableArea(made.Areas)
	aside, err := s.bulk.store.SetItemAside(ctx, s.in.OrganisationID, s.in.BulkID, person, cause, s.bulk.now(), area)
	if err != nil {
		s.recordFailure(trouble{person: person, failure: err})
		return
	}
	culprit := care.CulpritUnknown
	if cause == care.AsideUnavailable {
		if culprit, err = s.culprit(ctx, person, area, aside); err != nil {
			s.recordFailure(trouble{person: person, failure: err})
			return
		}
	}
	switch {
	case culprit == care.CulpritService || cause == care.AsideUnavailable && s.manyInARow():
		s.recordOutage(made.failure)
	case culprit == care.CulpritPerson:
		care.OwnUnavailability(made.Areas)
		s.complete(ctx, made)
	}
}

// culprit decides whose trouble a person's 503 is.
func (s *chunk) culprit(ctx context.Context, person care.ID, area care.Area, aside db.SetAside) (care.Culprit, error) {
	known := care.Unavailability{MetAt: aside.MetAt, People: aside.People, Selected: aside.Selected}
	if s.in.SetAside == "" { // the others are not done yet
		return known.Culprit(), nil
	}
	var err error
	known.OthersSucceeded, known.OthersFailedAt, err = s.bulk.store.OthersOfBulk(ctx, s.in.OrganisationID, s.in.BulkID, person, area, care.OthersWhoSucceeded)
	return known.Culprit(), err
}

// manyInARow counts a person whose read failed because the service was unavailable. It reports whether too many failed in a row for the cause to
// be one person. People who were set aside all count.
func (s *chunk) manyInARow() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.in.SetAside != "" {
		return false
	}
	s.inARow++
	return s.inARow >= failuresInARow
}

// unavailableArea is the area of a pass in which the service was unavailable.
func unavailableArea(areas map[care.Area]care.AreaResult) care.Area {
	for _, area := range care.Areas {
		if areas[area].Reason == care.ReasonServiceUnavailable {
			return area
		}
	}
	return ""
}

// isPatient reports whether failures may still be those of an outage.
func (s *chunk) isPatient() bool {
	return s.in.Since.IsZero() || time.Since(s.in.Since) < outageGracePeriod
}

// stop ends the bulk run: no one else is started.
func (s *chunk) stop(reason care.Reason) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.result.Stop = reason
}

// recordOutcome notes that a person has an outcome, and with the first one that the bulk run continues. An outcome that would be everyone's ends it.
func (s *chunk) recordOutcome(ctx context.Context, person care.ID, err error, result care.RunResult) {
	if err != nil {
		s.recordFailure(trouble{person: person, failure: err})
		return
	}
	if first := s.count(result); !first {
		return
	}
	if err := s.bulk.store.ClearBulkWaiting(ctx, s.in.OrganisationID, s.in.BulkID); err != nil {
		s.recordOutage(err)
	}
}

// count counts someone who has an outcome, and reports whether they are the chunk's first.
func (s *chunk) count(result care.RunResult) (first bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inARow = 0
	s.result.Settled++
	if result.Outcome == care.RunFailed && !result.Reason.Harmless() {
		s.result.Failed++
	}
	if result.Reason == care.ReasonNotAuthorised {
		s.notAuthorised++
	}
	if s.organisationWide(result.Reason) {
		s.result.Stop = result.Reason
	}
	return s.result.Settled == 1
}

// organisationWide reports whether a reason would be the same for all people of the bulk run. The NDIA's authority error concerns one person.
func (s *chunk) organisationWide(reason care.Reason) bool {
	if reason == care.ReasonNotAuthorised && s.in.Options.Kind == care.RunCareRecipient {
		return s.notAuthorised >= notAuthorisedStopsAt
	}
	return reason.OrganisationWide()
}

// recordOutage notes that no one can be synced at the moment.
func (s *chunk) recordOutage(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.outage == nil {
		s.outage = err
	}
}

// recordFailure notes a person's technical failure, and recognises one that is not the person's own.
func (s *chunk) recordFailure(t trouble) {
	if s.isPatient() && organisationWide(t.failure) || db.Away(t.failure) || db.OfAnotherDeployment(t.failure) {
		s.recordOutage(t.failure)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.troubled = append(s.troubled, t)
	var failure *transport.Error
	if !errors.As(t.failure, &failure) {
		return // a fault of ours is no outage of the service
	}
	s.inARow++
	if s.inARow >= failuresInARow && s.outage == nil && s.isPatient() {
		s.outage = t.failure
	}
}

// organisationWide recognises what belongs to the connection rather than to a person: too many calls, a planned outage, an allowance
// that is used up.
func organisationWide(err error) bool {
	var failure *transport.Error
	if errors.As(err, &failure) {
		return failure.Kind == transport.RateLimited || failure.Kind == transport.LoginUnavailable || failure.Status == http.StatusServiceUnavailable
	}
	return errors.Is(err, db.ErrNoAllowance)
}

// end escalates people who failed while others succeeded. In an outage they are left, like everyone else, to a later attempt. People that
// an attempt before has escalated, and could not answer with any more, are answered, too.
func (s *chunk) end(ctx context.Context) (protocol.BulkChunkResult, error) {
	if db.OfAnotherDeployment(s.outage) {
		return s.result, s.outage
	}
	if s.outage != nil {
		return s.result, errors.Join(s.outage, s.bulk.noteOutage(ctx, s.in.BulkPart, s.outage), s.takeBack(ctx))
	}
	if err := s.escalate(ctx); err != nil || s.in.SetAside != "" {
		return s.result, err
	}
	var err error
	s.result.Escalated, s.result.SetAside, err = s.bulk.store.UnsettledOfChunk(ctx, s.row())
	return s.result, err
}

// takeBack lets the people that the chunk has set aside wait for the end of the outage like everyone else.
func (s *chunk) takeBack(ctx context.Context) error {
	if s.in.SetAside != "" {
		return nil
	}
	return s.bulk.store.TakeItemsBack(ctx, s.row())
}

func (b *Bulk) noteOutage(ctx context.Context, part protocol.BulkPart, outage error) error {
	if db.OfAnotherDeployment(outage) { // whose rows are not ours to write
		return nil
	}
	return b.store.NoteBulkWaiting(ctx, part.OrganisationID, part.BulkID, waitOf(outage))
}

func (s *chunk) escalate(ctx context.Context) error {
	if len(s.troubled) == 0 {
		return nil
	}
	people := make([]care.ID, 0, len(s.troubled))
	for _, t := range s.troubled {
		if t.result.Scope.RunID != "" {
			if err := s.bulk.runs.escalate(ctx, t.result.CompleteInput); err != nil {
				return err
			}
		}
		people = append(people, t.person)
	}
	return s.bulk.store.EscalateItems(ctx, s.in.OrganisationID, s.in.BulkID, people)
}

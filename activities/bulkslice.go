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
	// sliceTakesNoneAfter is how long a slice begins further people; the rest is left to another attempt.
	sliceTakesNoneAfter = 45 * time.Second
	// pauseIsSeenWithin is how often a slice looks whether its bulk run was paused.
	pauseIsSeenWithin = time.Second
	// failuresInARow of different people, without anybody succeeding in between, are the service's and not theirs.
	failuresInARow = 5
	// outageIsWaitedFor is how long a slice takes failures for an outage; then they are the people's own (R9).
	outageIsWaitedFor = 2 * time.Hour
	// notAuthorisedStopsAt is how many people the government may refuse to this provider before it refuses everybody (R9).
	notAuthorisedStopsAt = 2
)

// SyncSlice syncs the people of a slice who have no outcome, several at once. One who fails while others succeed is answered as escalated.
// Where the service as a whole fails, it returns an error that is tried again later: nobody is settled for that.
func (b *Bulk) SyncSlice(ctx context.Context, in protocol.SliceInput) (protocol.SliceResult, error) {
	room := b.rooms[in.Options.Kind]
	if err := room.turns.Acquire(ctx, 1); err != nil {
		return protocol.SliceResult{}, err
	}
	slice := &slice{bulk: b, in: in, took: time.Now()}
	var people errgroup.Group
	err := slice.begin(ctx, room, &people)
	room.turns.Release(1)
	_ = people.Wait() // what went wrong stands in the slice
	if err != nil {
		return slice.result, err
	}
	return slice.end(context.WithoutCancel(ctx))
}

// begin begins the people of the slice, one after the other as there is room.
func (s *slice) begin(ctx context.Context, room room, group *errgroup.Group) error {
	people, err := s.bulk.store.OpenItems(ctx, db.BulkSlice{OrganisationID: s.in.OrganisationID, BulkID: s.in.BulkID, Batch: s.in.Batch, Slice: s.in.Slice})
	if err != nil {
		return err
	}
	group.SetLimit(peopleOfSlice)
	for i, person := range people {
		if !s.goesOn(ctx) {
			s.leave(len(people) - i)
			break
		}
		group.Go(func() error {
			if room.people.Acquire(ctx, 1) != nil {
				s.leave(1)
				return nil
			}
			defer room.people.Release(1)
			s.sync(ctx, person)
			return nil
		})
	}
	return nil
}

// leave leaves people to another attempt.
func (s *slice) leave(people int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.result.Left += people
}

// slice is one attempt of a slice.
type slice struct {
	bulk *Bulk
	in   protocol.SliceInput
	took time.Time

	mu     sync.Mutex
	looked time.Time
	paused bool
	result protocol.SliceResult
	// troubled failed for a technical reason; inARow is how many did since anybody succeeded.
	troubled []trouble
	inARow   int
	// notAuthorised are those whom the government refused to this provider.
	notAuthorised int
	// outage is why the service as a whole fails.
	outage error
}

// trouble is a pass that gave up for a technical reason.
type trouble struct {
	client care.ID
	pass   pass
	// failure is why. Where the pass could not even begin, or not be recorded, the pass is empty.
	failure error
}

// goesOn reports whether a further person may be begun. People in hand are always finished.
func (s *slice) goesOn(ctx context.Context) bool {
	if ctx.Err() != nil || time.Since(s.took) > sliceTakesNoneAfter || workerStops(ctx) || s.isPaused(ctx) {
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
func (s *slice) isPaused(ctx context.Context) bool {
	if !s.paused && time.Since(s.looked) > pauseIsSeenWithin {
		s.looked = time.Now()
		halt, err := s.bulk.store.BulkHalt(ctx, s.in.OrganisationID, s.in.BulkID)
		s.paused = err == nil && halt.Paused
		if err == nil && halt.Finished {
			s.stop(care.ReasonBulkLost)
		}
	}
	return s.paused
}

// sync makes a person's pass. It goes on when the slice is cancelled: a person in hand is finished.
func (s *slice) sync(ctx context.Context, item db.OpenItem) {
	ctx = context.WithoutCancel(ctx)
	person := item.ClientID
	request := care.Request{
		OrganisationID: s.in.OrganisationID, ClientID: person, AllBudgets: s.in.Options.AllBudgets, Areas: s.in.Options.Areas,
		MovedOnly: s.in.Options.Delta && !item.Whole, MovedBudgets: item.MovedBudgets, HoldChanges: s.in.Options.HoldChanges, Trigger: care.TriggerBulk, RequestedBy: s.in.RequestedBy, BulkID: s.in.BulkID,
	}
	made, err := s.bulk.passes[s.in.Options.Kind].pass(ctx, db.BulkRunID(s.in.BulkID, person), request)
	switch {
	case errors.Is(err, db.ErrNotFound):
		s.settled(ctx, person, s.bulk.store.SettleItem(ctx, s.in.OrganisationID, s.in.BulkID, person, care.RunFailed, care.ReasonNotFound), care.RunResult{})
	case err != nil:
		s.hasTrouble(trouble{client: person, failure: err})
	case made.failure != nil && s.isPatient():
		s.hasTrouble(trouble{client: person, pass: made, failure: made.failure})
	default:
		result, err := s.bulk.runs.CompleteRun(ctx, made.CompleteInput)
		s.settled(ctx, person, err, result)
	}
}

// isPatient reports whether failures may still be those of an outage.
func (s *slice) isPatient() bool {
	return s.in.Since.IsZero() || time.Since(s.in.Since) < outageIsWaitedFor
}

// stop ends the bulk run: nobody else is begun.
func (s *slice) stop(reason care.Reason) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.result.Stop = reason
}

// settled notes that a person has an outcome, and with the first one that the bulk run goes on. An outcome that would be everybody's ends it.
func (s *slice) settled(ctx context.Context, person care.ID, err error, result care.RunResult) {
	if err != nil {
		s.hasTrouble(trouble{client: person, failure: err})
		return
	}
	if first := s.count(result); !first {
		return
	}
	if err := s.bulk.store.NoteBulkGoesOn(ctx, s.in.OrganisationID, s.in.BulkID); err != nil {
		s.fails(err)
	}
}

// count counts somebody who has an outcome, and reports whether they are the slice's first.
func (s *slice) count(result care.RunResult) (first bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inARow = 0
	s.result.Settled++
	if result.Outcome == care.RunFailed {
		s.result.Failed++
	}
	if result.Reason == care.ReasonNotAuthorised {
		s.notAuthorised++
	}
	if s.concernsAll(result.Reason) {
		s.result.Stop = result.Reason
	}
	return s.result.Settled == 1
}

// concernsAll reports whether a reason would be the same for all people of the bulk run. The NDIA's authority error concerns one client.
func (s *slice) concernsAll(reason care.Reason) bool {
	if reason == care.ReasonNotAuthorised && s.in.Options.Kind == care.RunCareRecipient {
		return s.notAuthorised >= notAuthorisedStopsAt
	}
	return reason.ConcernsOrganisation()
}

// fails notes that nobody can be synced at the moment.
func (s *slice) fails(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.outage == nil {
		s.outage = err
	}
}

// hasTrouble notes a person's technical failure, and recognises one that is not the person's own.
func (s *slice) hasTrouble(t trouble) {
	if s.isPatient() && concernsEverybody(t.failure) || databaseUnavailable(t.failure) {
		s.fails(t.failure)
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

// concernsEverybody recognises what belongs to the connection rather than to a person: too many calls, a planned outage, an allowance
// that is used up.
func concernsEverybody(err error) bool {
	var failure *transport.Error
	if errors.As(err, &failure) {
		return failure.Kind == transport.RateLimited || failure.Kind == transport.LoginUnavailable || failure.Status == http.StatusServiceUnavailable
	}
	return errors.Is(err, db.ErrNoAllowance)
}

// end escalates those who failed while others succeeded. In an outage they are left, like everybody else, to a later attempt. Those whom
// an attempt before has escalated, and could not answer with any more, are answered, too.
func (s *slice) end(ctx context.Context) (protocol.SliceResult, error) {
	if s.outage != nil {
		return s.result, errors.Join(s.outage, s.bulk.noteOutage(ctx, s.in.BulkPart, s.outage))
	}
	if err := s.escalate(ctx); err != nil {
		return s.result, err
	}
	var err error
	s.result.Escalated, err = s.bulk.store.EscalatedItems(ctx, s.in.OrganisationID, s.in.BulkID, s.in.Batch, &s.in.Slice)
	return s.result, err
}

func (b *Bulk) noteOutage(ctx context.Context, part protocol.BulkPart, outage error) error {
	words := ""
	var failure *transport.Error
	if errors.As(outage, &failure) {
		words = failure.Words
	}
	return b.store.NoteBulkWaiting(ctx, part.OrganisationID, part.BulkID, words)
}

func (s *slice) escalate(ctx context.Context) error {
	if len(s.troubled) == 0 {
		return nil
	}
	clients := make([]care.ID, 0, len(s.troubled))
	for _, t := range s.troubled {
		if t.pass.Subject.RunID != "" {
			if err := s.bulk.runs.escalate(ctx, t.pass.CompleteInput); err != nil {
				return err
			}
		}
		clients = append(clients, t.client)
	}
	return s.bulk.store.EscalateItems(ctx, s.in.OrganisationID, s.in.BulkID, clients)
}

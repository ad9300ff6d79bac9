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
	people, err := s.people(ctx)
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

// people are those whom the slice is asked for.
func (s *slice) people(ctx context.Context) ([]db.OpenItem, error) {
	if s.in.SetAside != "" {
		return s.bulk.store.ItemsSetAside(ctx, s.in.OrganisationID, s.in.BulkID, s.in.SetAside)
	}
	return s.bulk.store.OpenItems(ctx, s.row())
}

func (s *slice) row() db.BulkSlice {
	return db.BulkSlice{OrganisationID: s.in.OrganisationID, BulkID: s.in.BulkID, Batch: s.in.Batch, Slice: s.in.Slice}
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
	made, err := s.bulk.passes[s.in.Options.Kind].pass(ctx, db.BulkRunID(s.in.BulkID, person), s.request(item))
	switch {
	case errors.Is(err, db.ErrNotFound):
		gone := care.RunResult{Outcome: care.RunFailed, Reason: care.ReasonNotFound}
		s.settled(ctx, person, s.bulk.store.SettleItem(ctx, s.in.OrganisationID, s.in.BulkID, person, gone.Outcome, gone.Reason), gone)
	case err != nil:
		s.hasTrouble(trouble{client: person, failure: err})
	case errors.Is(made.failure, errWouldLoseContributions):
		s.setAside(ctx, care.AsideContributions, made)
	case mayBeOwnUnavailability(made.failure) && s.isPatient():
		s.setAside(ctx, care.AsideUnavailable, made)
	case made.failure != nil && s.isPatient() && (s.in.SetAside == "" || concernsEverybody(made.failure)):
		s.hasTrouble(trouble{client: person, pass: made, failure: made.failure})
	default:
		s.complete(ctx, made)
	}
}

// request is what is asked of a person's pass.
func (s *slice) request(item db.OpenItem) care.Request {
	request := care.Request{
		OrganisationID: s.in.OrganisationID, ClientID: item.ClientID, AllBudgets: s.in.Options.AllBudgets, Areas: s.in.Options.Areas,
		MovedOnly: s.in.Options.Delta && !item.Whole, MovedBudgets: item.MovedBudgets, HoldChanges: s.in.Options.HoldChanges,
		LostContributions: care.AskAboutContributions, Trigger: care.TriggerBulk, RequestedBy: s.in.RequestedBy, BulkID: s.in.BulkID,
	}
	if s.in.SetAside == care.AsideContributions {
		request.LostContributions = s.in.LostContributions
	}
	return request
}

// complete records a pass, which settles the person.
func (s *slice) complete(ctx context.Context, made pass) {
	result, err := s.bulk.runs.CompleteRun(ctx, made.CompleteInput)
	s.settled(ctx, made.Subject.ClientID, err, result)
}

// mayBeOwnUnavailability recognises a 503 that may be the trouble of one person, rather than of the service: Services Australia's, that does not
// say when to try again (R9).
func mayBeOwnUnavailability(err error) bool {
	var failure *transport.Error
	return errors.As(err, &failure) && failure.Service == care.ServicesAustralia && failure.Kind != transport.LoginUnavailable &&
		failure.Status == http.StatusServiceUnavailable && failure.RetryAfter == 0
}

// setAside leaves a person to the end of the bulk run, so that the others go on. What turns out to be the service's trouble is an outage; what
// turns out to be the person's own settles them.
func (s *slice) setAside(ctx context.Context, cause care.AsideCause, made pass) {
	person, area := made.Subject.ClientID, unavailableArea(made.Areas)
	aside, err := s.bulk.store.SetItemAside(ctx, s.in.OrganisationID, s.in.BulkID, person, cause, s.bulk.now(), area)
	if err != nil {
		s.hasTrouble(trouble{client: person, failure: err})
		return
	}
	culprit := care.CulpritUnknown
	if cause == care.AsideUnavailable {
		if culprit, err = s.culprit(ctx, person, area, aside); err != nil {
			s.hasTrouble(trouble{client: person, failure: err})
			return
		}
	}
	switch {
	case culprit == care.CulpritService || cause == care.AsideUnavailable && s.manyInARow():
		s.fails(made.failure)
	case culprit == care.CulpritPerson:
		care.OwnUnavailability(made.Areas)
		s.complete(ctx, made)
	}
}

// culprit decides whose trouble a person's 503 is.
func (s *slice) culprit(ctx context.Context, person care.ID, area care.Area, aside db.SetAside) (care.Culprit, error) {
	known := care.Unavailability{MetAt: aside.MetAt, People: aside.People, Selected: aside.Selected}
	if s.in.SetAside == "" { // the others are not done yet
		return known.Culprit(), nil
	}
	var err error
	known.OthersSucceeded, known.OthersFailedAt, err = s.bulk.store.OthersOfBulk(ctx, s.in.OrganisationID, s.in.BulkID, person, area, care.OthersWhoSucceeded)
	return known.Culprit(), err
}

// manyInARow counts somebody whom the service is unavailable for, and reports whether so many were in a row that it is no one person's trouble.
// Among those who were set aside all are.
func (s *slice) manyInARow() bool {
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
	if s.isPatient() && concernsEverybody(t.failure) || db.Away(t.failure) {
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
		return s.result, errors.Join(s.outage, s.bulk.noteOutage(ctx, s.in.BulkPart, s.outage), s.takeBack(ctx))
	}
	if err := s.escalate(ctx); err != nil || s.in.SetAside != "" {
		return s.result, err
	}
	var err error
	s.result.Escalated, s.result.SetAside, err = s.bulk.store.UnsettledOfSlice(ctx, s.row())
	return s.result, err
}

// takeBack lets those whom the slice has set aside wait for the end of the outage like everybody else.
func (s *slice) takeBack(ctx context.Context) error {
	if s.in.SetAside != "" {
		return nil
	}
	return s.bulk.store.TakeItemsBack(ctx, s.row())
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

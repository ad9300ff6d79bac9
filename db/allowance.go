package db

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/gen"
	"github.com/caresync/caresync/platform/poll"
)

const (
	// CallsAllowance is the limit on all calls of a connection; it may have others.
	CallsAllowance = "calls"
	// useOfRate leaves a little room, so that we never provoke a 429 by ourselves.
	useOfRate = 0.98
	// bookingsPerSecond is how often a process books at the full rate: the fewer, the fewer statements and the larger the bursts.
	bookingsPerSecond = 4
	// burstsPerHour says which part of an hour's calls people may make at once after a quiet time: no one waits while the hour is far from
	// used. A bulk run may make the part that bulkBurstsPerHour says, and is spread over the hour otherwise.
	burstsPerHour, bulkBurstsPerHour = 4, 20
	// bookingLife is how long a booked call may be made late before it lapses.
	bookingLife = time.Second
	// onDemandHorizon is how far ahead someone who waits for an answer may book. Who would have to wait longer is told so and tries again
	// later, rather than sitting in a slot that another connection could use.
	onDemandHorizon = 5 * time.Second
	// bulkHorizon is how far ahead a bulk run may book. It asks again for bulkPatience before its chunk gives its place up.
	bulkHorizon, bulkPatience = time.Second, 10 * time.Second
	// askAgainAfter is how long it waits in between. Calls for a second are booked meanwhile, so that none is lost.
	askAgainAfter = 50 * time.Millisecond
)

// ErrNoAllowance means that the connection's calls are booked for some time, or the service asked to be left alone. Trying again later helps. A
// *NoAllowanceError says which.
var ErrNoAllowance = errors.New("the allowance of upstream calls is used up for now")

// NoAllowanceError is an ErrNoAllowance that says until when.
type NoAllowanceError struct {
	Service care.Service
	// Until is when a call may be booked again, by this machine's clock; zero where that is not known.
	Until time.Time
	// Asked: the service itself has asked to be left alone.
	Asked bool
}

func (e *NoAllowanceError) Error() string {
	if e.Asked {
		return "the service asked to be left alone"
	}
	return ErrNoAllowance.Error()
}

// Is lets errors.Is find ErrNoAllowance.
func (e *NoAllowanceError) Is(target error) bool { return target == ErrNoAllowance }

// Allowances hand out the calls that all workers together may make on each connection. The state is one row in PostgreSQL for each
// limit of a connection (a generic cell rate algorithm on its clock); a process books a few calls at a time.
type Allowances struct {
	store *Store
	terms allowanceTerms
	mu    sync.Mutex
	known map[allowanceKey]*Allowance
}

// allowanceTerms are how far ahead calls may be booked, and for how long a caller who may not book yet asks again.
type allowanceTerms struct {
	horizon, patience time.Duration
	// burstsPerHour says which part of an hour's calls may be made at once.
	burstsPerHour int
}

var (
	onDemandTerms = allowanceTerms{horizon: onDemandHorizon, burstsPerHour: burstsPerHour}
	bulkTerms     = allowanceTerms{horizon: bulkHorizon, patience: bulkPatience, burstsPerHour: bulkBurstsPerHour}
)

type allowanceKey struct {
	connection care.ID
	name       string
}

// NewAllowances makes a process's share of the allowances.
func (s *Store) NewAllowances() *Allowances { return s.newAllowances(onDemandTerms) }

// NewBulkAllowances is NewAllowances for bulk runs, which use what others leave: they never book far ahead, so that whoever waits for one
// person waits little longer beside them.
func (s *Store) NewBulkAllowances() *Allowances { return s.newAllowances(bulkTerms) }

func (s *Store) newAllowances(terms allowanceTerms) *Allowances {
	return &Allowances{store: s, terms: terms, known: make(map[allowanceKey]*Allowance)}
}

// For returns the allowance of all calls of a connection, at the rate a second that it has now.
func (a *Allowances) For(connection care.Connection) *Allowance {
	return a.limited(connection, callsPerSecond(connection.RatePerSecond))
}

// PerHour returns a further allowance of a connection, for calls of one sort that the service limits by the hour; its name is the
// sort's own, and not "calls". No hour has more than perHour of them (at least 1). After a quiet time people may make a quarter of them at
// once, and a bulk run a twentieth.
func (a *Allowances) PerHour(connection care.Connection, name string, perHour int) *Allowance {
	return a.limited(connection, callsPerHour(name, perHour, a.terms.burstsPerHour))
}

func (a *Allowances) limited(connection care.Connection, limit callLimit) *Allowance {
	a.mu.Lock()
	defer a.mu.Unlock()
	key := allowanceKey{connection: connection.ID, name: limit.name}
	allowance := a.known[key]
	if allowance == nil {
		allowance = &Allowance{store: a.store, terms: a.terms}
		a.known[key] = allowance
	}
	allowance.setLimit(connection, limit)
	return allowance
}

// Allowance is the calls that one connection may make, all of them or those of one sort. It is safe for use by many goroutines.
type Allowance struct {
	store *Store
	terms allowanceTerms

	mu         sync.Mutex
	connection care.Connection
	limit      callLimit
	booked     int
	from       time.Time
}

func (a *Allowance) setLimit(connection care.Connection, limit callLimit) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.connection, a.limit = connection, limit
}

// Take waits until one call may be made, or fails with ErrNoAllowance where that would take long.
func (a *Allowance) Take(ctx context.Context) error {
	from, err := a.next(ctx)
	if err != nil {
		return err
	}
	timer := time.NewTimer(time.Until(from))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// next is when the next call may be made, of those that are booked.
func (a *Allowance) next(ctx context.Context) (time.Time, error) {
	givesUp := time.Now().Add(a.terms.patience) // whoever queues behind others has been patient already
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.booked == 0 || time.Since(a.from) > bookingLife {
		if err := a.bookPatiently(ctx, givesUp); err != nil {
			return time.Time{}, a.untilFree(ctx, err)
		}
	}
	a.booked--
	return a.from, nil
}

// bookPatiently asks again until it gives up.
func (a *Allowance) bookPatiently(ctx context.Context, givesUp time.Time) error {
	_, err := poll.Until(ctx, askAgainAfter, func() (struct{}, bool, error) {
		err := a.book(ctx)
		if errors.Is(err, ErrNoAllowance) && !time.Now().After(givesUp) {
			return struct{}{}, false, nil
		}
		return struct{}{}, true, err
	})
	return err
}

// untilFree adds to an ErrNoAllowance when a call may be booked again, and who keeps it from being booked.
func (a *Allowance) untilFree(ctx context.Context, err error) error {
	if !errors.Is(err, ErrNoAllowance) {
		return err
	}
	told := &NoAllowanceError{Service: a.connection.Service}
	free, lookup := a.store.queries.AllowanceFree(ctx, gen.AllowanceFreeParams{
		ConnectionID: a.connection.ID, Name: a.limit.name, HorizonSeconds: a.limit.ahead() + a.terms.horizon.Seconds(),
	})
	if lookup == nil {
		told.Until, told.Asked = time.Now().Add(time.Duration(free.FreeSeconds*float64(time.Second))), free.Asked
	}
	return fmt.Errorf("book upstream calls: %w", told)
}

func (a *Allowance) book(ctx context.Context) error {
	wait, err := a.store.queries.TakeAllowance(ctx, gen.TakeAllowanceParams{
		OrganisationID: a.connection.OrganisationID, ConnectionID: a.connection.ID, Name: a.limit.name,
		BookedSeconds: a.limit.gap * float64(a.limit.booking), HorizonSeconds: a.limit.ahead() + a.terms.horizon.Seconds(),
	})
	if errors.Is(err, pgx.ErrNoRows) {
		if err := a.followClock(ctx); err != nil {
			return err
		}
		return fmt.Errorf("book upstream calls: %w", ErrNoAllowance)
	}
	if err != nil {
		return MapError("book upstream calls", err)
	}
	wait = max(0, wait-a.limit.ahead())
	a.booked, a.from = a.limit.booking, time.Now().Add(time.Duration(wait*float64(time.Second)))
	return nil
}

// followClock lets what is booked ahead pass by the database's clock where that was put back. Calls that were booked while it was an hour
// ahead would otherwise be waited for all that hour.
func (a *Allowance) followClock(ctx context.Context) error {
	return MapError("book upstream calls", a.store.queries.FollowClock(ctx, gen.FollowClockParams{ConnectionID: a.connection.ID, Name: a.limit.name}))
}

// PushBack lets no worker call before the time that the service named; from then on calls come one by one, without a burst.
func (a *Allowance) PushBack(ctx context.Context, wait time.Duration) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.booked = 0
	return MapError("push back upstream calls", a.store.queries.PushBackAllowance(ctx, gen.PushBackAllowanceParams{
		OrganisationID: a.connection.OrganisationID, ConnectionID: a.connection.ID, Name: a.limit.name,
		WaitSeconds: a.limit.farthest() + wait.Seconds(), AskedSeconds: wait.Seconds(),
	}))
}

// callLimit is how fast calls of one sort may be made.
type callLimit struct {
	name string
	// gap is the time between two calls, in seconds.
	gap float64
	// booking is how many calls a process books at once.
	booking int
	// burst is how many bookings may be made at once after a quiet time, and largestBurst how many by anyone; no more are saved up.
	burst, largestBurst int
}

// callsPerSecond books a quarter of a second's calls at once, which is burst enough.
func callsPerSecond(rate int) callLimit {
	return callLimit{name: CallsAllowance, gap: 1 / (useOfRate * float64(rate)), booking: max(1, rate/bookingsPerSecond), burst: 1, largestBurst: 1}
}

// callsPerHour lets calls be made at once. The largest burst is taken out of the hour's calls: whenever the hour begins, that burst and what
// comes at the gap after it are perHour together.
func callsPerHour(name string, perHour, bursts int) callLimit {
	perHour = max(1, perHour)
	largest := max(1, perHour/burstsPerHour)
	return callLimit{
		name: name, gap: time.Hour.Seconds() / float64(perHour-largest+1), booking: 1, burst: max(1, perHour/bursts), largestBurst: largest,
	}
}

// ahead is how far bookings may run ahead of their gaps, in seconds.
func (l callLimit) ahead() float64 { return l.gap * float64(l.booking*(l.burst-1)) }

// farthest is how far anyone's bookings may run ahead: a push back has to reach beyond it.
func (l callLimit) farthest() float64 { return l.gap * float64(l.booking*(l.largestBurst-1)) }

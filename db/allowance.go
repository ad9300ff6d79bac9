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
)

const (
	// callsAllowance is the limit on calls a second; a connection may have others.
	callsAllowance = "calls"
	// useOfRate leaves a little room, so that we never provoke a 429 by ourselves.
	useOfRate = 0.98
	// bookingsPerSecond is how often a process books at the full rate: the fewer, the fewer statements and the larger the bursts.
	bookingsPerSecond = 4
	// bookingLife is how long a booked call may be made late before it lapses.
	bookingLife = time.Second
	// onDemandHorizon is how far ahead somebody who waits for an answer may book. Who would have to wait longer is told so and tries again
	// later, rather than sitting in a slot that another connection could use.
	onDemandHorizon = 5 * time.Second
)

// ErrNoAllowance: the connection's calls are booked for some time, or the service asked to be left alone. Trying again later helps.
var ErrNoAllowance = errors.New("the allowance of upstream calls is used up for now")

// Allowances hand out the calls that all workers together may make on each connection. The state is one row for each in PostgreSQL
// (a generic cell rate algorithm on its clock); a process books a few calls at a time.
type Allowances struct {
	store *Store
	mu    sync.Mutex
	known map[care.ID]*Allowance
}

// NewAllowances makes a process's share of the allowances.
func (s *Store) NewAllowances() *Allowances {
	return &Allowances{store: s, known: make(map[care.ID]*Allowance)}
}

// For answers with the allowance of a connection at the rate that it has now.
func (a *Allowances) For(connection care.Connection) *Allowance {
	a.mu.Lock()
	defer a.mu.Unlock()
	allowance := a.known[connection.ID]
	if allowance == nil {
		allowance = &Allowance{store: a.store}
		a.known[connection.ID] = allowance
	}
	allowance.setConnection(connection)
	return allowance
}

// Allowance is the calls that one connection may make. It is safe for use by many goroutines.
type Allowance struct {
	store *Store

	mu         sync.Mutex
	connection care.Connection
	booked     int
	from       time.Time
}

func (a *Allowance) setConnection(connection care.Connection) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.connection = connection
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
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.booked == 0 || time.Since(a.from) > bookingLife {
		if err := a.book(ctx); err != nil {
			return time.Time{}, err
		}
	}
	a.booked--
	return a.from, nil
}

func (a *Allowance) book(ctx context.Context) error {
	calls := max(1, a.connection.RatePerSecond/bookingsPerSecond)
	gap := 1 / (useOfRate * float64(a.connection.RatePerSecond))
	wait, err := a.store.queries.TakeAllowance(ctx, gen.TakeAllowanceParams{
		OrganisationID: a.connection.OrganisationID, ConnectionID: a.connection.ID, Name: callsAllowance,
		BookedSeconds: gap * float64(calls), HorizonSeconds: onDemandHorizon.Seconds(),
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return fmt.Errorf("book upstream calls: %w", ErrNoAllowance)
	}
	if err != nil {
		return mapError("book upstream calls", err)
	}
	a.booked, a.from = calls, time.Now().Add(time.Duration(wait*float64(time.Second)))
	return nil
}

// PushBack lets no worker call before the time that the service named.
func (a *Allowance) PushBack(ctx context.Context, wait time.Duration) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.booked = 0
	return mapError("push back upstream calls", a.store.queries.PushBackAllowance(ctx, gen.PushBackAllowanceParams{
		OrganisationID: a.connection.OrganisationID, ConnectionID: a.connection.ID, Name: callsAllowance, WaitSeconds: wait.Seconds(),
	}))
}

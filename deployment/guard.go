// Package deployment keeps a program from working on the database of another deployment (R37). A copy of production's database, or a program
// that is connected to another Temporal namespace than the one that holds the database's workflows, calls no government, starts nothing and
// closes nothing, until an operator says otherwise with `caresync deployment adopt`.
package deployment

import (
	"context"
	"errors"
	"sync"
	"time"

	"go.temporal.io/sdk/client"
	"golang.org/x/sync/singleflight"

	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/platform/temporal"
)

const (
	// checkedFor is how long an answer stands: within it another deployment's adoption of the database may go unseen.
	checkedFor = 3 * time.Second
	// answersWithin is how long a check waits for PostgreSQL and Temporal.
	answersWithin = 5 * time.Second
)

// Rows are what a database knows of its deployment.
type Rows interface {
	Deployment(ctx context.Context) (db.Deployment, error)
	AdoptUnclaimed(ctx context.Context, by string, temporal db.TemporalIdentity) (db.Deployment, error)
}

// Identify tells which Temporal namespace a program is connected to.
type Identify func(ctx context.Context) (db.TemporalIdentity, error)

// Connected identifies the namespace of a connected client, which the settings named when it was connected.
func Connected(connected client.Client) Identify {
	namespace, unnamed := temporal.Namespace()
	return func(ctx context.Context) (db.TemporalIdentity, error) {
		if unnamed != nil {
			return db.TemporalIdentity{}, unnamed
		}
		found, err := temporal.Identify(ctx, connected, namespace)
		return db.TemporalIdentity(found), err
	}
}

// Guard checks whether a program and its database belong to the same deployment. A nil one admits everything, for programs that have a
// database to themselves. It is safe for use by many goroutines.
type Guard struct {
	rows     Rows
	identify Identify
	by       string
	now      func() time.Time

	checks singleflight.Group
	mu     sync.Mutex
	// checked is when the answer was found, zero before the first.
	checked time.Time
	answer  error
	// belongs: the last check that could be made found that the database is this deployment's. own is which it was, empty before that.
	belongs bool
	own     db.TemporalIdentity
}

// New makes a guard. by is who adopts a database that has never belonged to a deployment.
func New(rows Rows, identify Identify, by string) *Guard {
	return &Guard{rows: rows, identify: identify, by: by, now: time.Now}
}

// Check fails with a *db.DeploymentError where the database belongs to another deployment, and otherwise where that cannot be found out. It
// asks every few seconds only. Once the database was found to be this deployment's, that stands while PostgreSQL or Temporal is away: work in
// progress neither ends nor reaches another deployment's records. A database that has never belonged to a deployment is adopted.
func (g *Guard) Check(ctx context.Context) error {
	if g == nil {
		return nil
	}
	if fresh, answer := g.known(); fresh {
		return answer
	}
	checked := g.checks.DoChan("", func() (any, error) {
		if fresh, answer := g.known(); fresh { // since another check has ended
			return nil, answer
		}
		checking, cancel := context.WithTimeout(context.WithoutCancel(ctx), answersWithin)
		defer cancel()
		return nil, g.note(g.check(checking))
	})
	select {
	case answered := <-checked:
		return answered.Err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// known is the last answer, and whether it still stands.
func (g *Guard) known() (fresh bool, answer error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return !g.checked.IsZero() && g.now().Sub(g.checked) < checkedFor, g.answer
}

// note keeps an answer for some seconds. One that says nothing about whose the database is leaves the last that did.
func (g *Guard) note(err error) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case err == nil:
		g.belongs = true
	case db.OfAnotherDeployment(err), errors.Is(err, temporal.ErrNamespaceMissing):
		g.belongs = false
	case g.belongs:
		err = nil
	}
	g.answer, g.checked = err, g.now()
	return err
}

func (g *Guard) check(ctx context.Context) error {
	owner, err := g.rows.Deployment(ctx)
	unclaimed := errors.Is(err, db.ErrNotFound)
	if err != nil && !unclaimed {
		return err
	}
	own, err := g.identity(ctx)
	if err != nil {
		return err
	}
	if unclaimed {
		if owner, err = g.rows.AdoptUnclaimed(ctx, g.by, own); err != nil {
			return err
		}
	}
	if !owner.Temporal.Same(own) {
		return &db.DeploymentError{Owner: owner, Program: own}
	}
	return nil
}

// identity is the namespace's, as it was last told where Temporal is away: adoption is noticed all the same.
func (g *Guard) identity(ctx context.Context) (db.TemporalIdentity, error) {
	own, err := g.identify(ctx)
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case err == nil:
		g.own = own
	case g.own.NamespaceID != "" && !errors.Is(err, temporal.ErrNamespaceMissing):
		return g.own, nil
	}
	return own, err
}

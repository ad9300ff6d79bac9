package scheduling

import (
	"context"
	"errors"
	"time"

	"go.temporal.io/sdk/client"
	"go.uber.org/zap"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/platform/temporal"
	"github.com/caresync/caresync/protocol"
)

const (
	// lookInterval is how often it is looked whether a row has changed, passInterval how often everything is compared.
	lookInterval = 5 * time.Second
	passInterval = 3 * time.Minute
	// retryInterval is the pause after a pass in which something failed.
	retryInterval = 20 * time.Second
	// loopLease is for how long the process that applies schedules is the only one; it renews the lease while it lives.
	loopLease = time.Minute
	// listPage is how many of Temporal's schedules are asked for at once.
	listPage = 100
)

// loopName is the lease of the process that applies schedules.
const loopName = "schedules"

// Run applies whatever differs until ctx ends, if no other process does. It is a part of a worker process, and fails with nothing: what fails
// is tried again.
func (a *Applier) Run(ctx context.Context) error {
	ticks := time.NewTicker(lookInterval)
	defer ticks.Stop()
	var next time.Time
	failed := false
	for {
		if passed, err := a.tick(ctx, next, failed); passed {
			next, failed = time.Now().Add(passInterval), err != nil
			if failed {
				next = time.Now().Add(retryInterval)
			}
		}
		select {
		case <-ctx.Done():
			ending, cancel := afterwards(ctx)
			defer cancel()
			_ = a.store.ReleaseLease(ending, loopName, a.holder) // else it runs out
			return nil
		case <-ticks.C:
		}
	}
}

// tick applies what differs where it is this process's turn and time, and reports whether it did. Before the next pass is due, it is time where a
// row has changed, unless the last pass failed.
func (a *Applier) tick(ctx context.Context, next time.Time, failed bool) (passed bool, err error) {
	ours, err := a.takeTurn(ctx)
	if err != nil || !ours {
		return false, err
	}
	if time.Now().Before(next) {
		if pending, err := a.store.SchedulesPending(ctx); err != nil || !pending || failed {
			return false, err
		}
	}
	if err = a.Pass(ctx); err != nil && ctx.Err() == nil {
		a.logger.Warn("not all schedules could be applied to Temporal; it is tried again", zap.Error(err))
	}
	return true, err
}

// takeTurn makes it this process's turn, or keeps it so. It is not interrupted, since a statement that is may still be carried out, after the
// turn was given up.
func (a *Applier) takeTurn(ctx context.Context) (bool, error) {
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	whole, cancel := afterwards(ctx)
	defer cancel()
	return a.store.TakeLease(whole, loopName, a.holder, loopLease)
}

// Pass compares all schedules with what stands in Temporal, and applies what differs. A schedule that fails keeps no other one back.
func (a *Applier) Pass(ctx context.Context) error {
	listed, failures := a.listed(ctx) // before the rows: a schedule's row is there before Temporal's
	rows, err := a.store.AllSchedules(ctx)
	if err != nil {
		return err
	}
	wanted := map[string]bool{}
	for _, row := range rows {
		if ours, err := a.takeTurn(ctx); err != nil || !ours {
			return errors.Join(failures, err) // another process goes on with it
		}
		wanted[protocol.ScheduleID(row.OrganisationID, row.Name)] = true
		if !temporal.Away(failures) { // else each would be waited for
			failures = errors.Join(failures, notBusy(a.Apply(ctx, row.OrganisationID, row.Name)))
		}
		failures = errors.Join(failures, Settle(ctx, a.store, row, a.store.Now().Add(-row.Jitter-startGrace)))
	}
	if temporal.Away(failures) {
		return failures
	}
	for _, own := range protocol.OwnSchedules(a.queues, time.Now().Add(a.ownLife)) {
		failures = errors.Join(failures, notBusy(a.applyOwn(ctx, own)))
	}
	return errors.Join(failures, a.removeOthers(ctx, wanted, listed), a.store.ForgetScheduleTimes(ctx, a.store.Now().Add(-TimesKeptFor)))
}

// notBusy leaves out that another program is about the same.
func notBusy(err error) error {
	if errors.Is(err, ErrBusy) {
		return nil
	}
	return err
}

// removeOthers deletes from Temporal what has no row: what was deleted while Temporal was away, and what someone has made there for one of our
// organisations. Schedules of other organisations are another deployment's.
func (a *Applier) removeOthers(ctx context.Context, wanted map[string]bool, listed []string) error {
	organisations, err := a.store.Organisations(ctx)
	if err != nil {
		return err
	}
	known := map[care.ID]bool{}
	for _, organisation := range organisations {
		known[organisation.ID] = true
	}
	applied, err := a.store.AppliedSchedules(ctx)
	if err != nil {
		return err
	}
	for id := range applied {
		listed = append(listed, id)
	}
	var failures error
	for _, id := range listed {
		organisation, name, ours := protocol.ScheduleOf(id)
		if !ours || !known[organisation] || wanted[id] {
			continue
		}
		wanted[id] = true // once
		failures = errors.Join(failures, notBusy(a.Apply(ctx, organisation, name)))
	}
	return failures
}

// listed are the ids of Temporal's schedules.
func (a *Applier) listed(ctx context.Context) ([]string, error) {
	bounded, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	entries, err := a.schedules.List(bounded, client.ScheduleListOptions{PageSize: listPage})
	if err != nil {
		return nil, err
	}
	var ids []string
	for entries.HasNext() {
		entry, err := entries.Next()
		if err != nil {
			return ids, err
		}
		ids = append(ids, entry.ID)
	}
	return ids, nil
}

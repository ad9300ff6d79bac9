// Package schedules schedules bulk runs: nightly, weekly, or as wanted. A schedule is a row in PostgreSQL, which package scheduling applies to
// Temporal. Commands, the HTTP API and pages use it alike.
package schedules

import (
	"cmp"
	"context"
	"errors"
	"time"

	"go.temporal.io/sdk/client"
	"go.uber.org/zap"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/platform/poll"
	"github.com/caresync/caresync/platform/temporal"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/scheduling"
	"github.com/caresync/caresync/starter/bulks"
	"github.com/caresync/caresync/starter/syncs"
	"github.com/caresync/caresync/words"
)

const (
	// DefaultCatchUp is how late a run may still begin after Temporal was away: a night's run is no good at noon.
	DefaultCatchUp = 4 * time.Hour
	// shortestCatchUp is what Temporal allows at least; longest bounds it and the jitter.
	shortestCatchUp = 10 * time.Second
	longest         = 7 * 24 * time.Hour
	// triggerShowsWithin is how long a trigger waits for its run to show, asking every triggerInterval.
	triggerShowsWithin = 10 * time.Second
	triggerInterval    = 200 * time.Millisecond
	// appliedWithin is how long someone who changes a schedule waits for Temporal.
	appliedWithin = 5 * time.Second
)

// Request says what a schedule is to be.
type Request struct {
	Organisation care.Organisation
	// Name is as care.ValidSlug says. Nothing changes it later.
	Name string
	// ScheduleTimes say when; their time zone is the organisation's where they name none.
	care.ScheduleTimes
	// Bulk says who is synced each time, and what of them.
	Bulk care.BulkOptions
	// Overlap is care.OverlapSkip where it is empty.
	Overlap care.Overlap
	// CatchUp is how late a run may still begin after Temporal was away; 0 takes DefaultCatchUp.
	CatchUp time.Duration
	// Jitter delays each run by a random time up to it.
	Jitter time.Duration
	// PauseOnFailure pauses the schedule when a run ends in which no one could be synced.
	PauseOnFailure bool
	// Paused creates it paused; a change leaves that as it is. RequestedBy is who creates or changes it.
	Paused      bool
	RequestedBy string
	// Version is the one that a change was made for; 0 replaces any.
	Version int64
}

// withDefaults says what was left open.
func (r Request) withDefaults() Request {
	r.TimeZone = cmp.Or(r.TimeZone, r.Organisation.TimeZone)
	r.Overlap = cmp.Or(r.Overlap, care.OverlapSkip)
	r.CatchUp = cmp.Or(r.CatchUp, DefaultCatchUp)
	return r
}

// Service is safe for use by many goroutines.
type Service struct {
	store     *db.Store
	schedules client.ScheduleClient
	applier   *scheduling.Applier
	bulks     *bulks.Service
}

// New makes a service. The keyring is the one with which the schedules' client seals.
func New(store *db.Store, schedules client.ScheduleClient, keyring scheduling.Keyring, bulks *bulks.Service, queues protocol.TaskQueues) *Service {
	return &Service{store: store, schedules: schedules, applier: scheduling.New(store, schedules, keyring, queues, zap.NewNop()), bulks: bulks}
}

// Create makes a schedule. It fails with care.InvalidError, db.ErrScheduleExists or a *db.DeploymentError. Where Temporal is away, it is saved all the same, and
// applied later: the view says so.
func (s *Service) Create(ctx context.Context, request Request) (ScheduleView, error) {
	if err := s.bulks.CheckDeployment(ctx); err != nil {
		return ScheduleView{}, err
	}
	schedule, err := s.schedule(ctx, request)
	if err != nil {
		return ScheduleView{}, err
	}
	if err := s.store.CreateSchedule(ctx, schedule, request.RequestedBy); err != nil {
		return ScheduleView{}, err
	}
	return s.applied(ctx, schedule.OrganisationID, schedule.Name)
}

// Change replaces what the schedule of that name says: its times, its options, and how errors are handled. Whether it is paused and why, who
// created it and what it has led to stay; a run in progress continues unchanged. It fails with db.ErrNotFound, db.ErrScheduleChanged or
// care.InvalidError, and is applied as Create says.
func (s *Service) Change(ctx context.Context, request Request) (ScheduleView, error) {
	schedule, err := s.schedule(ctx, request)
	if err != nil {
		return ScheduleView{}, err
	}
	if err := s.settle(ctx, schedule.OrganisationID, schedule.Name); err != nil {
		return ScheduleView{}, err
	}
	if err := s.store.ChangeSchedule(ctx, schedule, request.RequestedBy, request.Version); err != nil {
		return ScheduleView{}, err
	}
	return s.applied(ctx, schedule.OrganisationID, schedule.Name)
}

// settle records which times led to no run before a change makes that unknowable. Another deployment's schedule is not to be changed (R37).
func (s *Service) settle(ctx context.Context, organisation care.ID, name string) error {
	if err := s.bulks.CheckDeployment(ctx); err != nil {
		return err
	}
	row, err := s.store.Schedule(ctx, organisation, name)
	if err != nil {
		return err
	}
	return scheduling.Settle(ctx, s.store, row, s.store.Now())
}

// applied applies a schedule that was saved, and shows it. What Temporal does not take now is recorded with the schedule, and applied later.
func (s *Service) applied(ctx context.Context, organisation care.ID, name string) (ScheduleView, error) {
	if err := s.apply(ctx, organisation, name); err != nil && ctx.Err() != nil {
		return ScheduleView{}, ctx.Err()
	}
	return s.Schedule(ctx, organisation, name)
}

// apply applies a schedule as far as that can be done soon.
func (s *Service) apply(ctx context.Context, organisation care.ID, name string) error {
	soon, cancel := context.WithTimeout(ctx, appliedWithin)
	defer cancel()
	return s.applier.Apply(soon, organisation, name)
}

// schedule is what a request asks for, checked.
func (s *Service) schedule(ctx context.Context, request Request) (schedule care.Schedule, err error) {
	request = request.withDefaults()
	if err := request.check(); err != nil {
		return schedule, err
	}
	if _, err := db.LoadZone(request.TimeZone); err != nil {
		return schedule, err
	}
	if _, err := protocol.ScheduleCalendar(request.ScheduleTimes); err != nil {
		return schedule, err
	}
	options, err := s.bulks.Options(ctx, request.Organisation.ID, request.Bulk)
	return care.Schedule{
		OrganisationID: request.Organisation.ID, Name: request.Name, ScheduleTimes: request.ScheduleTimes, Options: options,
		Overlap: request.Overlap, CatchUp: request.CatchUp.Truncate(time.Millisecond), Jitter: request.Jitter.Truncate(time.Millisecond),
		PauseOnFailure: request.PauseOnFailure, Paused: request.Paused,
	}, err
}

var errOverlap = &care.InvalidError{Field: "overlap", Message: "must be skip, buffer-one or cancel-other"}

func (r Request) check() error {
	_, known := protocol.OverlapPolicy(r.Overlap)
	switch {
	case !care.ValidSlug(r.Name):
		return &care.InvalidError{Field: "name", Message: words.SlugRule}
	case !known:
		return errOverlap
	case r.CatchUp < shortestCatchUp || r.CatchUp > longest:
		return &care.InvalidError{Field: "catch_up", Message: "must be a time from 10s to 168h"}
	case r.Jitter < 0 || r.Jitter > longest:
		return &care.InvalidError{Field: "jitter", Message: "must be a time up to 168h"}
	default:
		return nil
	}
}

// Pause lets a schedule run no more until it is resumed. It fails with db.ErrNotFound, and is applied as Create says.
func (s *Service) Pause(ctx context.Context, organisation care.ID, name, requestedBy string) (ScheduleView, error) {
	if err := s.settle(ctx, organisation, name); err != nil {
		return ScheduleView{}, err
	}
	if err := s.store.PauseSchedule(ctx, organisation, name, requestedBy, 0); err != nil {
		return ScheduleView{}, err
	}
	return s.applied(ctx, organisation, name)
}

// Resume lets a paused schedule run again. It fails and is applied as Pause.
func (s *Service) Resume(ctx context.Context, organisation care.ID, name, requestedBy string) (ScheduleView, error) {
	if err := s.settle(ctx, organisation, name); err != nil {
		return ScheduleView{}, err
	}
	if err := s.store.ResumeSchedule(ctx, organisation, name, requestedBy); err != nil {
		return ScheduleView{}, err
	}
	return s.applied(ctx, organisation, name)
}

// Delete removes a schedule; a run in progress continues. It fails with db.ErrNotFound. applied is false where Temporal does not take
// it now, so that it is removed there later.
func (s *Service) Delete(ctx context.Context, organisation care.ID, name string) (applied bool, err error) {
	if err := s.bulks.CheckDeployment(ctx); err != nil {
		return false, err
	}
	if err := s.store.DeleteSchedule(ctx, organisation, name); err != nil {
		return false, err
	}
	return s.apply(ctx, organisation, name) == nil, nil
}

// Triggered says what a trigger led to.
type Triggered struct {
	// BulkID is the bulk run that began; empty if none did within some seconds.
	BulkID care.ID `json:"bulk_id,omitempty"`
	// Skipped reports that a run is in progress, and the schedule starts no second one.
	Skipped bool `json:"skipped"`
}

// Trigger runs a schedule now, also a paused one, under its overlap policy. It fails with db.ErrNotFound or syncs.ErrUnavailable.
func (s *Service) Trigger(ctx context.Context, organisation care.ID, name string) (Triggered, error) {
	if err := s.mustBeApplied(ctx, organisation, name); err != nil {
		return Triggered{}, err
	}
	handle := s.handle(ctx, organisation, name)
	before, err := handle.Describe(ctx)
	if err != nil {
		return Triggered{}, handleError("look at the schedule", err)
	}
	if err := handle.Trigger(ctx, client.ScheduleTriggerOptions{}); err != nil {
		return Triggered{}, handleError("trigger the schedule", err)
	}
	waiting, cancel := context.WithTimeout(ctx, triggerShowsWithin)
	defer cancel()
	triggered, err := poll.Until(waiting, triggerInterval, func() (Triggered, bool, error) {
		now, err := handle.Describe(ctx)
		if err != nil {
			return Triggered{}, false, handleError("look at the schedule", err)
		}
		if now.Info.NumActionsSkippedOverlap > before.Info.NumActionsSkippedOverlap {
			return Triggered{Skipped: true}, true, nil
		}
		if recent := now.Info.RecentActions; now.Info.NumActions > before.Info.NumActions && len(recent) > 0 {
			return Triggered{BulkID: bulkOf(recent[len(recent)-1])}, true, nil
		}
		return Triggered{}, false, nil
	})
	if errors.Is(err, context.DeadlineExceeded) && waiting.Err() != nil {
		return Triggered{}, ctx.Err() // none began within the time, which is no error
	}
	return triggered, err
}

// Backfill runs a schedule now for the times that it had between two instants, as if they came now. overlap is that of the schedule where
// it is empty. It fails with care.InvalidError, and as Trigger does.
func (s *Service) Backfill(ctx context.Context, organisation care.ID, name string, from, to time.Time, overlap care.Overlap) error {
	policy, known := protocol.OverlapPolicy(overlap)
	switch {
	case overlap != "" && !known:
		return errOverlap
	case !from.Before(to):
		return &care.InvalidError{Field: "to", Message: "must be after the start"}
	case to.After(time.Now()):
		return &care.InvalidError{Field: "to", Message: "must not be in the future"}
	}
	if err := s.mustBeApplied(ctx, organisation, name); err != nil {
		return err
	}
	return handleError("backfill the schedule", s.handle(ctx, organisation, name).Backfill(ctx, client.ScheduleBackfillOptions{
		Backfill: []client.ScheduleBackfill{{Start: from, End: to, Overlap: policy}},
	}))
}

// mustBeApplied makes sure that Temporal has the schedule as it is stored.
func (s *Service) mustBeApplied(ctx context.Context, organisation care.ID, name string) error {
	if _, err := s.store.Schedule(ctx, organisation, name); err != nil {
		return err
	}
	waiting, cancel := context.WithTimeout(ctx, appliedWithin)
	defer cancel()
	_, err := poll.Until(waiting, triggerInterval, func() (struct{}, bool, error) {
		err := s.apply(ctx, organisation, name)
		if errors.Is(err, scheduling.ErrBusy) {
			return struct{}{}, false, nil
		}
		return struct{}{}, true, err
	})
	if err != nil {
		return syncs.TemporalError("apply the schedule", err)
	}
	return nil
}

func (s *Service) handle(ctx context.Context, organisation care.ID, name string) client.ScheduleHandle {
	return s.schedules.GetHandle(ctx, protocol.ScheduleID(organisation, name))
}

func handleError(operation string, err error) error {
	if temporal.Gone(err) {
		return db.ErrNotFound
	}
	return syncs.TemporalError(operation, err)
}

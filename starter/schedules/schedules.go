// Package schedules schedules bulk runs, by Temporal's schedules: nightly, weekly, or as wanted. Commands, the HTTP API and
// pages use it alike.
package schedules

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/platform/poll"
	"github.com/caresync/caresync/protocol"
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
)

// ErrExists means that the organisation has a schedule of that name already.
var ErrExists = errors.New("a schedule with this name already exists: choose another name, or delete that one first")

// Overlap says what happens when it is time to run while the run before is still under way.
type Overlap string

// What may happen.
const (
	// OverlapSkip leaves the new run out. It is the default.
	OverlapSkip Overlap = "skip"
	// OverlapBuffer begins it as soon as the one before has ended; no more than one waits so.
	OverlapBuffer Overlap = "buffer-one"
	// OverlapCancel cancels the one before.
	OverlapCancel Overlap = "cancel-other"
)

var overlapPolicies = map[Overlap]enumspb.ScheduleOverlapPolicy{
	OverlapSkip:   enumspb.SCHEDULE_OVERLAP_POLICY_SKIP,
	OverlapBuffer: enumspb.SCHEDULE_OVERLAP_POLICY_BUFFER_ONE,
	OverlapCancel: enumspb.SCHEDULE_OVERLAP_POLICY_CANCEL_OTHER,
}

// Request says what a schedule is to be.
type Request struct {
	Organisation care.Organisation
	// Name is as care.ValidSlug says. Nothing changes it later.
	Name string
	// Times say when; their time zone is the organisation's where they name none.
	Times
	// Bulk says who is synced each time, and what of them.
	Bulk care.BulkOptions
	// Overlap is OverlapSkip where it is empty.
	Overlap Overlap
	// CatchUp is how late a run may still begin after Temporal was away; 0 takes DefaultCatchUp.
	CatchUp time.Duration
	// Jitter delays each run by a random time up to it.
	Jitter time.Duration
	// PauseOnFailure pauses the schedule when a run ends in which no one could be synced.
	PauseOnFailure bool
	// Paused creates it paused, and RequestedBy is who creates it. A change leaves both as they are.
	Paused      bool
	RequestedBy string
}

// withDefaults says what was left open.
func (r Request) withDefaults() Request {
	r.TimeZone = cmp.Or(r.TimeZone, r.Organisation.TimeZone)
	r.Overlap = cmp.Or(r.Overlap, OverlapSkip)
	r.CatchUp = cmp.Or(r.CatchUp, DefaultCatchUp)
	return r
}

// Service is safe for use by many goroutines.
type Service struct {
	store     *db.Store
	schedules client.ScheduleClient
	converter converter.DataConverter
	bulks     *bulks.Service
	queues    protocol.TaskQueues
}

// New makes a service. The converter is the Temporal client's, so that schedules can be shown: what they start is encrypted.
func New(store *db.Store, schedules client.ScheduleClient, converter converter.DataConverter, bulks *bulks.Service, queues protocol.TaskQueues) *Service {
	return &Service{store: store, schedules: schedules, converter: converter, bulks: bulks, queues: queues}
}

// Create makes a schedule. It fails with care.InvalidError, ErrExists or syncs.ErrUnavailable.
func (s *Service) Create(ctx context.Context, request Request) (ScheduleView, error) {
	options, err := s.options(ctx, request)
	if err != nil {
		return ScheduleView{}, err
	}
	if _, err = s.schedules.Create(ctx, options); err != nil {
		return ScheduleView{}, saveError("create the schedule", err)
	}
	return s.Schedule(ctx, request.Organisation.ID, request.Name)
}

// Change replaces what the schedule of that name says: its times, its order, and how errors are handled. Whether it
// is paused and why, who created it and what it has led to stay; a run in progress continues unchanged. It fails with db.ErrNotFound,
// care.InvalidError or syncs.ErrUnavailable.
func (s *Service) Change(ctx context.Context, request Request) (ScheduleView, error) {
	options, err := s.options(ctx, request)
	if err != nil {
		return ScheduleView{}, err
	}
	err = s.handle(ctx, request.Organisation.ID, request.Name).Update(ctx, client.ScheduleUpdateOptions{
		DoUpdate: func(present client.ScheduleUpdateInput) (*client.ScheduleUpdate, error) {
			return &client.ScheduleUpdate{
				Schedule: &client.Schedule{
					Action: options.Action, Spec: &options.Spec, State: present.Description.Schedule.State,
					Policy: &client.SchedulePolicies{
						Overlap: options.Overlap, CatchupWindow: options.CatchupWindow, PauseOnFailure: options.PauseOnFailure,
					},
				},
				TypedSearchAttributes: &options.TypedSearchAttributes, // the kind of sync is one of them, and may change
			}, nil
		},
	})
	if err != nil {
		return ScheduleView{}, saveError("change the schedule", err)
	}
	return s.Schedule(ctx, request.Organisation.ID, request.Name)
}

// options are what Temporal is told of a schedule.
func (s *Service) options(ctx context.Context, request Request) (options client.ScheduleOptions, err error) {
	request = request.withDefaults()
	if err := request.check(); err != nil {
		return options, err
	}
	spec, err := request.spec()
	if err != nil {
		return options, err
	}
	wanted, err := s.bulks.Options(ctx, request.Organisation.ID, request.Bulk)
	if err != nil {
		return options, err
	}
	spec.Jitter = request.Jitter
	options = protocol.BulkSyncSchedule(s.queues, request.Organisation.ID, request.Name, wanted)
	options.Spec, options.Overlap, options.CatchupWindow = spec, overlapPolicies[request.Overlap], request.CatchUp
	options.PauseOnFailure, options.Paused = request.PauseOnFailure, request.Paused
	options.Memo = map[string]any{memoCreatedBy: request.RequestedBy}
	return options, nil
}

var errOverlap = &care.InvalidError{Field: "overlap", Message: "must be skip, buffer-one or cancel-other"}

func (r Request) check() error {
	_, known := overlapPolicies[r.Overlap]
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

func saveError(operation string, err error) error {
	if errors.Is(err, temporal.ErrScheduleAlreadyRunning) {
		return ErrExists
	}
	return handleError(operation, err)
}

// Pause lets a schedule run no more until it is resumed. It fails with db.ErrNotFound or syncs.ErrUnavailable.
func (s *Service) Pause(ctx context.Context, organisation care.ID, name string) error {
	return handleError("pause the schedule", s.handle(ctx, organisation, name).Pause(ctx, client.SchedulePauseOptions{Note: "Paused with CareSync"}))
}

// Resume lets a paused schedule run again. It fails as Pause does.
func (s *Service) Resume(ctx context.Context, organisation care.ID, name string) error {
	return handleError("resume the schedule", s.handle(ctx, organisation, name).Unpause(ctx, client.ScheduleUnpauseOptions{Note: "Resumed with CareSync"}))
}

// Delete removes a schedule; a run in progress continues. It fails as Pause does.
func (s *Service) Delete(ctx context.Context, organisation care.ID, name string) error {
	return handleError("delete the schedule", s.handle(ctx, organisation, name).Delete(ctx))
}

// Triggered says what a trigger led to.
type Triggered struct {
	// BulkID is the bulk run that began; empty if none did within some seconds.
	BulkID care.ID `json:"bulk_id,omitempty"`
	// Skipped: a run is under way, and the schedule begins none beside it.
	Skipped bool `json:"skipped"`
}

// Trigger runs a schedule now, also a paused one, under its overlap policy. It fails as Pause does.
func (s *Service) Trigger(ctx context.Context, organisation care.ID, name string) (Triggered, error) {
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
// it is empty. It fails with care.InvalidError, and as Pause does.
func (s *Service) Backfill(ctx context.Context, organisation care.ID, name string, from, to time.Time, overlap Overlap) error {
	policy, known := overlapPolicies[overlap]
	switch {
	case overlap != "" && !known:
		return errOverlap
	case !from.Before(to):
		return &care.InvalidError{Field: "to", Message: "must be after the start"}
	case to.After(time.Now()):
		return &care.InvalidError{Field: "to", Message: "must not be in the future"}
	}
	return handleError("backfill the schedule", s.handle(ctx, organisation, name).Backfill(ctx, client.ScheduleBackfillOptions{
		Backfill: []client.ScheduleBackfill{{Start: from, End: to, Overlap: policy}},
	}))
}

func (s *Service) handle(ctx context.Context, organisation care.ID, name string) client.ScheduleHandle {
	return s.schedules.GetHandle(ctx, protocol.ScheduleID(organisation, name))
}

func handleError(operation string, err error) error {
	var gone *serviceerror.NotFound
	if errors.As(err, &gone) {
		return db.ErrNotFound
	}
	return syncs.TemporalError(operation, err)
}

// memoCreatedBy names who made a schedule, in its memo, which is encrypted.
const memoCreatedBy = "CareSyncCreatedBy"

func (s *Service) memo(memo *commonpb.Memo, key string) (text string, err error) {
	payload := memo.GetFields()[key]
	if payload == nil {
		return "", nil
	}
	return text, s.converter.FromPayload(payload, &text)
}

// nameOf is a schedule's name by its id; false means that it is not one of the organisation's.
func nameOf(organisation care.ID, id string) (string, bool) {
	return strings.CutPrefix(id, protocol.SchedulePrefix(organisation))
}

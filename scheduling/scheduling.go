// Package scheduling makes the schedules in Temporal equal to those in PostgreSQL, which are the truth. Whoever changes a schedule's row applies
// it at once; one worker process at a time applies whatever differs, at start, after changes and every few minutes. Nothing that stands in
// Temporal has to be decrypted for that: a schedule that was encrypted with a lost key is encrypted again like any other.
package scheduling

import (
	"context"
	"errors"
	"time"

	"go.temporal.io/sdk/client"
	sdktemporal "go.temporal.io/sdk/temporal"
	"go.uber.org/zap"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/platform/sealing"
	"github.com/caresync/caresync/platform/temporal"
	"github.com/caresync/caresync/protocol"
)

const (
	// applyLease is how long one program may take to apply one schedule before another one may.
	applyLease = 30 * time.Second
	// callTimeout bounds what is asked of Temporal for one schedule.
	callTimeout = 10 * time.Second
	// afterTimeout bounds what is recorded of it.
	afterTimeout = 3 * time.Second
	// ownScheduleLife is how long the deployment's own schedules outlive its workers. It is renewed when half of it is over.
	ownScheduleLife = 24 * time.Hour
)

// ErrBusy means that another program is applying the schedule.
var ErrBusy = errors.New("another program is applying the schedule")

// Keyring names the key that seals.
type Keyring interface{ ActiveKeyID() string }

// Applier applies schedules. It is safe for use by many goroutines.
type Applier struct {
	store     *db.Store
	schedules client.ScheduleClient
	keyring   Keyring
	queues    protocol.TaskQueues
	logger    *zap.Logger
	// holder names this program where one at a time may do something.
	holder care.ID
	// ownLife is ownScheduleLife.
	ownLife time.Duration
}

// New makes an applier. The keyring is the one with which the client seals.
func New(store *db.Store, schedules client.ScheduleClient, keyring Keyring, queues protocol.TaskQueues, logger *zap.Logger) *Applier {
	return &Applier{store: store, schedules: schedules, keyring: keyring, queues: queues, logger: logger, holder: db.NewID(), ownLife: ownScheduleLife}
}

// Apply makes an organisation's schedule in Temporal equal to its row, or deletes it there where there is no row. An error is recorded with
// the schedule, which is applied later; it is ErrBusy where another program is about it.
func (a *Applier) Apply(ctx context.Context, organisation care.ID, name string) error {
	id := protocol.ScheduleID(organisation, name)
	return a.alone(ctx, id, func(ctx context.Context) error {
		row, err := a.store.Schedule(ctx, organisation, name)
		if errors.Is(err, db.ErrNotFound) {
			return a.remove(ctx, id)
		}
		if err != nil {
			return err
		}
		return a.applyRow(ctx, row)
	})
}

// alone does something about one schedule that no other program does at the same time, and records why Temporal did not take it.
func (a *Applier) alone(ctx context.Context, id string, work func(context.Context) error) error {
	done, err := a.store.Alone(ctx, "apply "+id, applyLease, func(ctx context.Context) error { return a.recorded(ctx, id, work) })
	if err == nil && !done {
		return ErrBusy
	}
	return err
}

// recorded does something about a schedule, and records why Temporal did not take it.
func (a *Applier) recorded(ctx context.Context, id string, work func(context.Context) error) error {
	bounded, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	err := work(bounded)
	after, cancelAfter := afterwards(ctx)
	defer cancelAfter()
	switch {
	case err == nil || db.Away(err) || db.OfAnotherDeployment(err) || ctx.Err() != nil && !errors.Is(ctx.Err(), context.DeadlineExceeded):
		return err
	case temporal.Away(err):
		return errors.Join(err, a.store.RecordScheduleError(after, id, db.ScheduleTemporalAway))
	default:
		return errors.Join(err, a.store.RecordScheduleError(after, id, db.ScheduleRefused))
	}
}

// afterwards is for what is recorded also where the caller has gone, and not for long where the database has.
func afterwards(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), afterTimeout)
}

func (a *Applier) remove(ctx context.Context, id string) error {
	if err := a.schedules.GetHandle(ctx, id).Delete(ctx); err != nil && !temporal.Gone(err) {
		return err
	}
	return a.store.ForgetAppliedSchedule(ctx, id)
}

// applyRow applies a row as it was read. Where Temporal has paused the schedule by itself, the row is paused first, and read again.
func (a *Applier) applyRow(ctx context.Context, row db.Schedule) error {
	wanted, err := protocol.BulkSyncSchedule(a.queues, row.Schedule)
	if err != nil {
		return err
	}
	described, found, err := a.describe(ctx, wanted.ID)
	if err != nil {
		return err
	}
	if found == readable && !row.Paused && !row.Applied.Paused && protocol.PausedForFailure(described.Schedule.State) {
		if err := Settle(ctx, a.store, row, a.store.Now()); err != nil {
			return err
		}
		if err := a.store.PauseSchedule(ctx, row.OrganisationID, row.Name, "", row.Version); err != nil {
			return err
		}
		changed, err := a.store.Schedule(ctx, row.OrganisationID, row.Name)
		if err != nil {
			return err
		}
		return a.applyRow(ctx, changed)
	}
	return a.apply(ctx, target{options: wanted, version: row.Version, applied: row.Applied, pausable: true}, described, found)
}

// applyOwn applies a schedule of the deployment itself, whose content is that of the program. Whether it is paused is left to operators.
func (a *Applier) applyOwn(ctx context.Context, wanted client.ScheduleOptions) error {
	return a.alone(ctx, wanted.ID, func(ctx context.Context) error {
		applied, err := a.store.AppliedSchedule(ctx, wanted.ID)
		if err != nil || applied.Version > protocol.OwnSchedulesVersion { // a newer program's
			return err
		}
		described, found, err := a.describe(ctx, wanted.ID)
		if err != nil {
			return err
		}
		renewal := wanted.Spec.EndAt.Add(-a.ownLife / 2)
		return a.apply(ctx, target{options: wanted, version: protocol.OwnSchedulesVersion, applied: applied, renewal: renewal}, described, found)
	})
}

// target is a schedule as it should be, with what Temporal was told of it last.
type target struct {
	options  client.ScheduleOptions
	version  int64
	applied  db.AppliedSchedule
	pausable bool
	// renewal: a schedule that ends before it is replaced by one that ends later. Zero for one that has no end.
	renewal time.Time
}

// found says how a schedule stands in Temporal.
type found int

const (
	absent found = iota
	readable
	// broken: it exists but cannot be described, for example because a key is missing.
	broken
)

func (a *Applier) describe(ctx context.Context, id string) (*client.ScheduleDescription, found, error) {
	described, err := a.schedules.GetHandle(ctx, id).Describe(ctx)
	switch {
	case err == nil:
		return described, readable, nil
	case temporal.Gone(err):
		return nil, absent, nil
	case isUnreadable(err):
		return nil, broken, nil
	default:
		return nil, absent, err
	}
}

// isUnreadable reports whether a schedule was described and could not be opened.
func isUnreadable(err error) bool {
	var unknown *sealing.UnknownKeyError
	return errors.As(err, &unknown) || errors.Is(err, sealing.ErrTampered) || errors.Is(err, sealing.ErrMalformed)
}

// apply makes, replaces or leaves a schedule, and records what stands there then.
func (a *Applier) apply(ctx context.Context, wanted target, described *client.ScheduleDescription, state found) error {
	handle := a.schedules.GetHandle(ctx, wanted.options.ID)
	now := db.AppliedNow{Version: wanted.version, KeyID: a.keyring.ActiveKeyID(), Paused: wanted.pausable && wanted.options.Paused}
	if state == readable {
		differs, edited := a.differs(wanted, described)
		if !differs && wanted.applied.Error == "" {
			return nil
		}
		now.Edited = edited
	}
	if err := a.store.BeginApplyingSchedule(ctx, wanted.options.ID); err != nil {
		return err
	}
	switch state {
	case readable:
		if err := handle.Update(ctx, client.ScheduleUpdateOptions{DoUpdate: replaceBy(wanted)}); err != nil {
			return err
		}
	case broken:
		if err := handle.Delete(ctx); err != nil && !temporal.Gone(err) {
			return err
		}
		now.Made = true
	case absent:
		now.Made = true
	}
	if now.Made {
		if _, err := a.schedules.Create(ctx, wanted.options); err != nil && !errors.Is(err, sdktemporal.ErrScheduleAlreadyRunning) {
			return err
		}
	}
	stands, err := handle.Describe(ctx)
	if err != nil {
		return err
	}
	if now.Fingerprint, err = fingerprint(stands); err != nil {
		return err
	}
	after, cancel := afterwards(ctx)
	defer cancel()
	return a.store.RecordAppliedSchedule(after, wanted.options.ID, now)
}

// differs reports whether a schedule has to be replaced, and whether someone has edited it in Temporal.
func (a *Applier) differs(wanted target, described *client.ScheduleDescription) (differs, edited bool) {
	now, err := fingerprint(described)
	told := wanted.applied.Version == wanted.version
	state := !wanted.pausable || described.Schedule.State.Paused == wanted.options.Paused
	edited = wanted.applied.Fingerprint != "" && now != wanted.applied.Fingerprint || told && !state
	ends := described.Schedule.Spec.EndAt.Before(wanted.renewal)
	return err != nil || edited || !told || !state || ends || now != wanted.applied.Fingerprint || SealedWith(described) != a.keyring.ActiveKeyID(), edited
}

// replaceBy replaces a schedule. Its note stays where it says why it is paused, or not.
func replaceBy(wanted target) func(client.ScheduleUpdateInput) (*client.ScheduleUpdate, error) {
	options := wanted.options
	return func(present client.ScheduleUpdateInput) (*client.ScheduleUpdate, error) {
		state := &client.ScheduleState{Paused: present.Description.Schedule.State.Paused, Note: present.Description.Schedule.State.Note}
		if wanted.pausable && state.Paused != options.Paused {
			state.Paused, state.Note = options.Paused, notes[options.Paused]
		}
		return &client.ScheduleUpdate{
			Schedule: &client.Schedule{
				Action: options.Action, Spec: &options.Spec, State: state, Policy: &client.SchedulePolicies{
					Overlap: options.Overlap, CatchupWindow: options.CatchupWindow, PauseOnFailure: options.PauseOnFailure,
				},
			},
			TypedSearchAttributes: &options.TypedSearchAttributes,
		}, nil
	}
}

// notes are what the Temporal UI shows of a schedule that is paused, and of one that is not. They are not encrypted.
var notes = map[bool]string{true: "Paused with CareSync", false: "Resumed with CareSync"}

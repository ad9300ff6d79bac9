package db

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/gen"
	"github.com/caresync/caresync/db/internal/bulkwait"
	"github.com/caresync/caresync/db/internal/optional"
)

var (
	// ErrScheduleExists means that the organisation has a schedule of that name already.
	ErrScheduleExists = errors.New("a schedule with this name already exists: choose another name, or delete that one first")
	// ErrScheduleChanged means that someone has changed the schedule since it was read.
	ErrScheduleChanged = errors.New("the schedule was changed meanwhile")
)

// Schedule is a stored schedule, with what Temporal was told of it.
type Schedule struct {
	care.Schedule
	// PausedBy is empty if Temporal paused the schedule because a run failed.
	PausedAt             *time.Time
	PausedBy             string
	CreatedBy, ChangedBy string
	CreatedAt, ChangedAt time.Time
	// Version is new with every change.
	Version int64
	// SettledUntil is up to when its times were compared with its runs.
	SettledUntil time.Time
	Applied      AppliedSchedule
}

// IsApplied reports whether Temporal was told all of the schedule.
func (s Schedule) IsApplied() bool { return s.Applied.Version == s.Version && s.Applied.Error == "" }

// AppliedSchedule is what Temporal was told of a schedule.
type AppliedSchedule struct {
	Version int64
	// KeyID names the key that seals its input, Fingerprint tells whether someone has changed it in Temporal.
	KeyID, Fingerprint string
	// Paused: Temporal was told to pause it.
	Paused bool
	// MadeAt is when it was made in Temporal, EditedAt when a change made there was last replaced.
	MadeAt, AppliedAt, EditedAt *time.Time
	// Error is why the last attempt failed, since ErrorAt; empty where it did not.
	Error   ScheduleError
	ErrorAt *time.Time
}

// ScheduleError is why a schedule could not be applied to Temporal.
type ScheduleError string

// Why a schedule could not be applied.
const (
	ScheduleTemporalAway ScheduleError = "temporal_unavailable"
	ScheduleRefused      ScheduleError = "refused"
)

// ScheduledRun is a bulk run that a schedule started.
type ScheduledRun struct {
	ID          care.ID
	WorkflowID  string
	RequestedAt time.Time
	FinishedAt  *time.Time
	// Wait says what the run is waiting for: a person if it is paused.
	Wait    care.Wait
	Outcome care.RunOutcome
	Reason  care.Reason
}

// UnderWayAt reports whether the run had been requested and was unfinished at an instant.
func (r ScheduledRun) UnderWayAt(at time.Time) bool {
	return !r.RequestedAt.After(at) && (r.FinishedAt == nil || r.FinishedAt.After(at))
}

// ScheduleTime is a time of a schedule for which no run was known when it was looked at.
type ScheduleTime struct {
	// Name is the schedule's; it is read, not written.
	Name  string
	DueAt time.Time
	// BulkID is the run that was in progress at the time and may have kept the schedule from running; empty if there was none.
	BulkID care.ID
	// Wait is what that run was waiting for: cause, service, since when, and who had paused it.
	Wait care.Wait
	// BulkRequestedAt is when that run was requested, BulkUnfinished whether it is still in progress. Both are read, not written.
	BulkRequestedAt *time.Time
	BulkUnfinished  bool
}

// CreateSchedule stores a new schedule. It fails with ErrScheduleExists.
func (s *Store) CreateSchedule(ctx context.Context, schedule care.Schedule, requestedBy string) error {
	changed := changedSchedule(schedule, requestedBy, 0)
	err := MapError("create the schedule", s.queries.CreateSchedule(ctx, gen.CreateScheduleParams{
		OrganisationID: changed.OrganisationID, Name: changed.Name, Cron: changed.Cron, TimeOfDay: changed.TimeOfDay, Weekdays: changed.Weekdays,
		TimeZone: changed.TimeZone, JitterMs: changed.JitterMs, CatchUpMs: changed.CatchUpMs, Overlap: changed.Overlap,
		PauseOnFailure: changed.PauseOnFailure, Options: changed.Options, Paused: schedule.Paused, RequestedBy: requestedBy,
	}))
	if conflicts(err, "schedule_pkey") {
		return ErrScheduleExists
	}
	return err
}

// ChangeSchedule replaces what a schedule says; whether it is paused stays. version is the one that the change was made for, 0 replaces any. It
// fails with ErrNotFound or ErrScheduleChanged.
func (s *Store) ChangeSchedule(ctx context.Context, schedule care.Schedule, requestedBy string, version int64) error {
	changed, err := s.queries.ChangeSchedule(ctx, changedSchedule(schedule, requestedBy, version))
	if err != nil {
		return MapError("change the schedule", err)
	}
	return s.mustHaveChanged(ctx, schedule.OrganisationID, schedule.Name, changed, ErrScheduleChanged)
}

func changedSchedule(schedule care.Schedule, requestedBy string, version int64) gen.ChangeScheduleParams {
	weekdays := make([]int32, 0, len(schedule.Weekdays))
	for _, day := range schedule.Weekdays {
		weekdays = append(weekdays, int32(day))
	}
	return gen.ChangeScheduleParams{
		OrganisationID: schedule.OrganisationID, Name: schedule.Name, Cron: schedule.Cron, TimeOfDay: schedule.TimeOfDay, Weekdays: weekdays,
		TimeZone: schedule.TimeZone, JitterMs: schedule.Jitter.Milliseconds(), CatchUpMs: schedule.CatchUp.Milliseconds(),
		Overlap: string(schedule.Overlap), PauseOnFailure: schedule.PauseOnFailure, Options: object(schedule.Options), RequestedBy: requestedBy,
		Version: version,
	}
}

// mustHaveChanged tells why a statement changed no row: there is none, or otherwise.
func (s *Store) mustHaveChanged(ctx context.Context, organisation care.ID, name string, rows int64, otherwise error) error {
	if rows > 0 {
		return nil
	}
	if _, err := s.Schedule(ctx, organisation, name); err != nil {
		return err
	}
	return otherwise
}

// PauseSchedule pauses a schedule; requestedBy is empty where Temporal did by itself. One that is paused stays as it is. version is as in
// ChangeSchedule. It fails with ErrNotFound.
func (s *Store) PauseSchedule(ctx context.Context, organisation care.ID, name, requestedBy string, version int64) error {
	changed, err := s.queries.PauseSchedule(ctx, gen.PauseScheduleParams{OrganisationID: organisation, Name: name, RequestedBy: requestedBy, Version: version})
	if err != nil {
		return MapError("pause the schedule", err)
	}
	return s.mustHaveChanged(ctx, organisation, name, changed, nil)
}

// ResumeSchedule resumes a paused schedule. It fails with ErrNotFound.
func (s *Store) ResumeSchedule(ctx context.Context, organisation care.ID, name, requestedBy string) error {
	changed, err := s.queries.ResumeSchedule(ctx, gen.ResumeScheduleParams{OrganisationID: organisation, Name: name, RequestedBy: requestedBy})
	if err != nil {
		return MapError("resume the schedule", err)
	}
	return s.mustHaveChanged(ctx, organisation, name, changed, nil)
}

// DeleteSchedule deletes a schedule; its runs stay. It fails with ErrNotFound.
func (s *Store) DeleteSchedule(ctx context.Context, organisation care.ID, name string) error {
	deleted, err := s.queries.DeleteSchedule(ctx, gen.DeleteScheduleParams{OrganisationID: organisation, Name: name})
	if err == nil && deleted == 0 {
		return fmt.Errorf("delete the schedule: %w", ErrNotFound)
	}
	return MapError("delete the schedule", err)
}

// Schedule returns an organisation's schedule of that name, or ErrNotFound.
func (s *Store) Schedule(ctx context.Context, organisation care.ID, name string) (Schedule, error) {
	found, err := s.schedules(ctx, gen.SchedulesParams{OrganisationID: &organisation, Name: name})
	if err == nil && (len(found) == 0 || name == "") {
		err = fmt.Errorf("load the schedule: %w", ErrNotFound)
	}
	if err != nil {
		return Schedule{}, err
	}
	return found[0], nil
}

// Schedules returns an organisation's schedules by name.
func (s *Store) Schedules(ctx context.Context, organisation care.ID) ([]Schedule, error) {
	return s.schedules(ctx, gen.SchedulesParams{OrganisationID: &organisation})
}

// AllSchedules returns the schedules of all organisations.
func (s *Store) AllSchedules(ctx context.Context) ([]Schedule, error) {
	return s.schedules(ctx, gen.SchedulesParams{})
}

func (s *Store) schedules(ctx context.Context, params gen.SchedulesParams) ([]Schedule, error) {
	rows, err := s.queries.Schedules(ctx, params)
	if err != nil {
		return nil, MapError("load the schedules", err)
	}
	all := make([]Schedule, 0, len(rows))
	for _, row := range rows {
		schedule, err := scheduleOf(row)
		if err != nil {
			return nil, err
		}
		all = append(all, schedule)
	}
	return all, nil
}

func scheduleOf(row gen.SchedulesRow) (Schedule, error) {
	schedule := Schedule{
		Schedule: care.Schedule{
			OrganisationID: row.OrganisationID, Name: row.Name,
			ScheduleTimes: care.ScheduleTimes{Cron: row.Cron, TimeOfDay: row.TimeOfDay, TimeZone: row.TimeZone},
			Overlap:       care.Overlap(row.Overlap), CatchUp: time.Duration(row.CatchUpMs) * time.Millisecond,
			Jitter: time.Duration(row.JitterMs) * time.Millisecond, PauseOnFailure: row.PauseOnFailure, Paused: row.PausedAt != nil,
		},
		PausedAt: row.PausedAt, PausedBy: row.PausedBy, CreatedBy: row.CreatedBy, CreatedAt: row.CreatedAt, ChangedBy: row.ChangedBy,
		ChangedAt: row.ChangedAt, Version: row.Version, SettledUntil: row.SettledUntil,
		Applied: AppliedSchedule{
			Version: row.AppliedVersion, KeyID: row.KeyID, Fingerprint: row.Fingerprint, Paused: row.AppliedPaused, MadeAt: row.MadeAt,
			AppliedAt: row.AppliedAt, EditedAt: row.EditedAt, Error: ScheduleError(row.Error), ErrorAt: row.ErrorAt,
		},
	}
	for _, day := range row.Weekdays {
		schedule.Weekdays = append(schedule.Weekdays, time.Weekday(day))
	}
	if err := json.Unmarshal(row.Options, &schedule.Options); err != nil {
		return Schedule{}, fmt.Errorf("read the options of a schedule: %w", err)
	}
	return schedule, nil
}

// SchedulesPending reports whether Temporal has yet to be told of a change.
func (s *Store) SchedulesPending(ctx context.Context) (bool, error) {
	pending, err := s.queries.SchedulesPending(ctx)
	return pending, MapError("look for changed schedules", err)
}

// AppliedSchedule returns what Temporal was told of the schedule with that id there; nothing where it was never told.
func (s *Store) AppliedSchedule(ctx context.Context, id string) (AppliedSchedule, error) {
	row, err := s.queries.AppliedSchedule(ctx, id)
	if err = MapError("load what Temporal was told", err); errors.Is(err, ErrNotFound) {
		return AppliedSchedule{}, nil
	}
	return appliedSchedule(row), err
}

// AppliedSchedules returns what Temporal was told of all schedules, by their ids there.
func (s *Store) AppliedSchedules(ctx context.Context) (map[string]AppliedSchedule, error) {
	rows, err := s.queries.AppliedSchedules(ctx)
	all := make(map[string]AppliedSchedule, len(rows))
	for _, row := range rows {
		all[row.ID] = appliedSchedule(row)
	}
	return all, MapError("load what Temporal was told", err)
}

func appliedSchedule(row gen.TemporalSchedule) AppliedSchedule {
	return AppliedSchedule{
		Version: row.Version, KeyID: row.KeyID, Fingerprint: row.Fingerprint, Paused: row.Paused, MadeAt: row.MadeAt, AppliedAt: row.AppliedAt, EditedAt: row.EditedAt,
		Error: ScheduleError(row.Error), ErrorAt: row.ErrorAt,
	}
}

// AppliedNow is what Temporal has just been told of a schedule.
type AppliedNow struct {
	Version            int64
	KeyID, Fingerprint string
	// Paused: it is to be paused. Made: it was not there. Edited: someone had changed it there.
	Paused, Made, Edited bool
}

// BeginApplyingSchedule notes that Temporal is about to be told of the schedule with that id there. Until RecordAppliedSchedule, what differs
// there is no one's edit.
func (s *Store) BeginApplyingSchedule(ctx context.Context, id string) error {
	return MapError("begin applying a schedule", s.queries.BeginApplyingSchedule(ctx, id))
}

// RecordAppliedSchedule records what Temporal was told of the schedule with that id there.
func (s *Store) RecordAppliedSchedule(ctx context.Context, id string, now AppliedNow) error {
	return MapError("record what Temporal was told", s.queries.RecordAppliedSchedule(ctx, gen.RecordAppliedScheduleParams{
		ID: id, Version: now.Version, KeyID: now.KeyID, Fingerprint: now.Fingerprint, Paused: now.Paused, Made: now.Made, Edited: now.Edited,
	}))
}

// RecordScheduleError records why a schedule could not be applied.
func (s *Store) RecordScheduleError(ctx context.Context, id string, reason ScheduleError) error {
	return MapError("record why a schedule was not applied", s.queries.RecordScheduleError(ctx, gen.RecordScheduleErrorParams{ID: id, Error: string(reason)}))
}

// ForgetAppliedSchedule forgets a schedule that Temporal has no more.
func (s *Store) ForgetAppliedSchedule(ctx context.Context, id string) error {
	return MapError("forget what Temporal was told", s.queries.ForgetAppliedSchedule(ctx, id))
}

// ScheduledRuns returns a requester's bulk runs, of a schedule for instance, that were requested since then or were still in progress then,
// newest first.
func (s *Store) ScheduledRuns(ctx context.Context, organisation care.ID, requestedBy string, since time.Time, most int) ([]ScheduledRun, error) {
	rows, err := s.queries.ScheduledRuns(ctx, gen.ScheduledRunsParams{
		OrganisationID: organisation, RequestedBy: requestedBy, Since: since, Most: int32(most),
	})
	runs := make([]ScheduledRun, 0, len(rows))
	for _, row := range rows {
		runs = append(runs, ScheduledRun{
			ID: row.ID, WorkflowID: row.WorkflowID, RequestedAt: row.RequestedAt, FinishedAt: row.FinishedAt, Wait: waitOfRun(row),
			Outcome: care.RunOutcome(row.Outcome), Reason: care.Reason(row.Reason),
		})
	}
	return runs, MapError("load the schedule's runs", err)
}

func waitOfRun(row gen.ScheduledRunsRow) care.Wait {
	wait := bulkwait.Row{Kind: row.Kind, PausedAt: row.PausedAt, PausedBy: row.PausedBy, WaitingFor: row.WaitingFor, Since: row.WaitingSince}.Wait()
	if !wait.Known() && row.StartedAt == nil && row.FinishedAt == nil {
		return care.Wait{Cause: care.WaitsToBegin, Since: row.RequestedAt}
	}
	return wait
}

// SettleSchedule records the times of a schedule, up to an instant, that led to no run. It does nothing where the schedule was changed, or settled
// by another program, since it was read.
func (s *Store) SettleSchedule(ctx context.Context, schedule Schedule, until time.Time, times []ScheduleTime) error {
	return s.inTransaction(ctx, "settle the schedule", func(queries *gen.Queries) error {
		settled, err := queries.SettleSchedule(ctx, gen.SettleScheduleParams{
			OrganisationID: schedule.OrganisationID, Name: schedule.Name, Version: schedule.Version, SettledUntil: schedule.SettledUntil, Until: until,
		})
		if err != nil || settled == 0 {
			return err
		}
		rows := make([]scheduleTimeRow, 0, len(times))
		for _, one := range times {
			rows = append(rows, scheduleTimeRow{one.DueAt, optional.Of(one.BulkID), one.Wait.Cause, one.Wait.By, optional.Of(one.Wait.Since)})
		}
		return queries.RecordScheduleTimes(ctx, gen.RecordScheduleTimesParams{OrganisationID: schedule.OrganisationID, Name: schedule.Name, Times: list(rows)})
	})
}

// scheduleTimeRow is a time without a run as RecordScheduleTimes stores it.
type scheduleTimeRow struct {
	DueAt        time.Time      `json:"due_at"`
	BulkID       *care.ID       `json:"bulk_id"`
	WaitingFor   care.WaitCause `json:"waiting_for"`
	WaitingBy    string         `json:"waiting_by"`
	WaitingSince *time.Time     `json:"waiting_since"`
}

// ScheduleTimes returns the times of a schedule since then for which no run was known, in their order.
func (s *Store) ScheduleTimes(ctx context.Context, organisation care.ID, name string, since time.Time) ([]ScheduleTime, error) {
	rows, err := s.queries.ScheduleTimes(ctx, gen.ScheduleTimesParams{OrganisationID: organisation, Name: name, Since: since})
	times := make([]ScheduleTime, 0, len(rows))
	for _, row := range rows {
		one := ScheduleTime{
			Name: row.Name, DueAt: row.DueAt, BulkID: optional.Value(row.BulkID), BulkRequestedAt: row.BulkRequestedAt, BulkUnfinished: row.BulkUnfinished,
			Wait: care.Wait{
				Cause: care.WaitCause(row.WaitingFor), Service: care.RunKind(row.BulkKind).Service(), By: row.WaitingBy, Since: optional.Value(row.WaitingSince),
			},
		}
		times = append(times, one)
	}
	return times, MapError("load the schedule's times", err)
}

// ForgetScheduleTimes deletes the times before an instant.
func (s *Store) ForgetScheduleTimes(ctx context.Context, before time.Time) error {
	return MapError("forget old times of schedules", s.queries.ForgetScheduleTimes(ctx, before))
}

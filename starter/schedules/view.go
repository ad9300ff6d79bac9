package schedules

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/platform/temporal"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/scheduling"
	"github.com/caresync/caresync/words"
)

const (
	// nextShown is how many of the next times are computed where Temporal does not tell them, nextWithin how far ahead.
	nextShown  = 10
	nextWithin = 366 * 24 * time.Hour
	// lastShown is how many of the last runs are shown.
	lastShown = 10
	// mostRuns is how many runs are compared with the times.
	mostRuns = 2000
	// askedWithin bounds what is asked of Temporal for what is shown.
	askedWithin = 3 * time.Second
)

// ScheduleView is a schedule as people and programs are shown it.
type ScheduleView struct {
	Name           string
	When           string
	Cron           string
	TimeOfDay      string
	Weekdays       []string
	TimeZone       string
	Warnings       []string
	Kind           care.RunKind
	Options        care.BulkOptions
	Overlap        care.Overlap
	CatchUp        string
	Jitter         string
	PauseOnFailure bool
	Paused         bool
	// PausedBy is empty if Temporal paused the schedule because a run failed.
	PausedBy  string
	PausedAt  *time.Time
	CreatedBy string
	CreatedAt time.Time
	ChangedBy string
	ChangedAt time.Time
	// Version is new with every change.
	Version int64
	// Pending is why Temporal does not have the schedule as it is stored, since PendingSince; empty where it has.
	Pending      Pending
	PendingSince *time.Time
	AppliedAt    *time.Time
	// EditedAt is when a change that someone had made in Temporal was last replaced.
	EditedAt *time.Time
	// TemporalAway reports that Temporal did not answer: the next runs are computed, and runs that no worker has started are missing.
	TemporalAway bool
	NextRuns     []time.Time
	LastRuns     []ScheduledRun
	// LeftOut are the times of the last 90 days that were skipped because another run of the schedule was in progress, MissedTimes those that
	// passed without one, Failed the runs in which no one could be synced.
	LeftOut     []LeftOut
	MissedTimes []time.Time
	Failed      []FailedRun
	// ToRunNow are the missed times since the last run: one run makes up for all of them.
	ToRunNow []time.Time
}

// Pending is why a schedule is not applied yet.
type Pending string

// Why a schedule is not applied yet.
const (
	PendingChange   Pending = "pending"
	PendingTemporal         = Pending(db.ScheduleTemporalAway)
	PendingRefused          = Pending(db.ScheduleRefused)
)

// ScheduledRun is one run of a schedule.
type ScheduledRun struct {
	BulkID      care.ID
	ScheduledAt time.Time
	StartedAt   time.Time
	Bulk        *read.BulkSummary
}

// LeftOut are times that were skipped because of one bulk run in progress.
type LeftOut struct {
	Times       []time.Time
	BulkID      care.ID
	RequestedAt time.Time
	// Wait is what that run was waiting for when it last kept the schedule from running: a person where it was paused.
	Wait care.Wait
	// InProgress: it still keeps the schedule from running.
	InProgress bool
}

// FailedRun is a run of a schedule in which no one could be synced.
type FailedRun struct {
	BulkID      care.ID
	StartedAt   time.Time
	Reason      care.Reason
	Explanation string
}

// Schedule returns an organisation's schedule, or db.ErrNotFound.
func (s *Service) Schedule(ctx context.Context, organisation care.ID, name string) (ScheduleView, error) {
	row, err := s.store.Schedule(ctx, organisation, name)
	if err != nil {
		return ScheduleView{}, err
	}
	views, err := s.views(ctx, organisation, []db.Schedule{row})
	if err != nil {
		return ScheduleView{}, err
	}
	return views[0], nil
}

// Stored returns an organisation's schedule as it is stored, without what it has led to and what Temporal says of it, or db.ErrNotFound.
func (s *Service) Stored(ctx context.Context, organisation care.ID, name string) (ScheduleView, error) {
	row, err := s.store.Schedule(ctx, organisation, name)
	if err != nil {
		return ScheduleView{}, err
	}
	return s.stored(row), nil
}

// Schedules returns an organisation's schedules by name, also while Temporal is away.
func (s *Service) Schedules(ctx context.Context, organisation care.ID) ([]ScheduleView, error) {
	rows, err := s.store.Schedules(ctx, organisation)
	if err != nil {
		return nil, err
	}
	return s.views(ctx, organisation, rows)
}

func (s *Service) views(ctx context.Context, organisation care.ID, rows []db.Schedule) ([]ScheduleView, error) {
	times, err := s.timesByName(ctx, organisation, rows)
	if err != nil {
		return nil, err
	}
	asking, cancel := context.WithTimeout(ctx, askedWithin)
	defer cancel()
	away := false
	views := make([]ScheduleView, 0, len(rows))
	for _, row := range rows {
		var described *client.ScheduleDescription
		if !away {
			var err error
			described, err = s.handle(asking, row.OrganisationID, row.Name).Describe(asking)
			away = err != nil && temporal.Away(err)
		}
		view, err := s.view(ctx, row, times[row.Name], described)
		if err != nil {
			return nil, err
		}
		view.TemporalAway = away
		views = append(views, view)
	}
	return views, s.addBulks(ctx, organisation, views)
}

// timesByName are the times without a run of schedules, by the schedule's name.
func (s *Service) timesByName(ctx context.Context, organisation care.ID, rows []db.Schedule) (map[string][]db.ScheduleTime, error) {
	name := ""
	if len(rows) == 1 {
		name = rows[0].Name
	}
	all, err := s.store.ScheduleTimes(ctx, organisation, name, s.store.Now().Add(-scheduling.TimesKeptFor))
	times := make(map[string][]db.ScheduleTime, len(rows))
	for _, one := range all {
		times[one.Name] = append(times[one.Name], one)
	}
	return times, err
}

// addBulks adds to the last runs of schedules what became of them.
func (s *Service) addBulks(ctx context.Context, organisation care.ID, views []ScheduleView) error {
	var ids []care.ID
	for _, view := range views {
		for _, run := range view.LastRuns {
			ids = append(ids, run.BulkID)
		}
	}
	found, err := read.From(s.store).BulksByID(ctx, organisation, ids)
	bulks := make(map[care.ID]*read.BulkSummary, len(found))
	for i := range found {
		bulks[found[i].ID] = &found[i]
	}
	for _, view := range views {
		for i, run := range view.LastRuns {
			view.LastRuns[i].Bulk = bulks[run.BulkID]
		}
	}
	return err
}

// view shows a row, with what Temporal says of it where that is known.
func (s *Service) view(ctx context.Context, row db.Schedule, times []db.ScheduleTime, described *client.ScheduleDescription) (ScheduleView, error) {
	now := s.store.Now()
	since := now.Add(-scheduling.TimesKeptFor)
	if row.CreatedAt.After(since) {
		since = row.CreatedAt
	}
	runs, err := s.store.ScheduledRuns(ctx, row.OrganisationID, protocol.ScheduleRequester(row.Name), since, mostRuns)
	if err != nil {
		return ScheduleView{}, err
	}
	view := s.stored(row)
	if described == nil || !row.IsApplied() || described.Schedule.State.Paused {
		described = describedOnlyActions(described)
	}
	view.NextRuns = nextRuns(row, described, now)
	view.LastRuns = lastRuns(runs, described)
	view.addTimes(row, times, runs, described, now)
	for _, run := range runs {
		if run.Outcome == care.RunFailed {
			view.Failed = append(view.Failed, FailedRun{
				BulkID: run.ID, StartedAt: run.RequestedAt, Reason: run.Reason, Explanation: words.Reason(run.Reason, row.Options.Kind.Service()),
			})
		}
	}
	return view, nil
}

// describedOnlyActions is what Temporal says of what was, without what will be: that is not the row's.
func describedOnlyActions(described *client.ScheduleDescription) *client.ScheduleDescription {
	if described == nil {
		return nil
	}
	past := *described
	past.Info.NextActionTimes = nil
	return &past
}

// stored is what the row says.
func (s *Service) stored(row db.Schedule) ScheduleView {
	view := ScheduleView{
		Name: row.Name, When: protocol.ScheduleWords(row.ScheduleTimes), Cron: row.Cron, TimeOfDay: row.TimeOfDay, Weekdays: dayNames(row.ScheduleTimes),
		TimeZone: row.TimeZone, Warnings: Warnings(row.ScheduleTimes, s.store.Now()), Kind: row.Options.Kind, Options: row.Options, Overlap: row.Overlap,
		CatchUp: row.CatchUp.String(), Jitter: row.Jitter.String(), PauseOnFailure: row.PauseOnFailure,
		Paused: row.Paused, PausedBy: row.PausedBy, PausedAt: row.PausedAt, CreatedBy: row.CreatedBy, CreatedAt: row.CreatedAt,
		ChangedBy: row.ChangedBy, ChangedAt: row.ChangedAt, Version: row.Version, AppliedAt: row.Applied.AppliedAt, EditedAt: row.Applied.EditedAt,
		NextRuns: []time.Time{}, LastRuns: []ScheduledRun{}, LeftOut: []LeftOut{}, MissedTimes: []time.Time{}, ToRunNow: []time.Time{},
		Failed: []FailedRun{},
	}
	switch {
	case row.Applied.Error != "":
		view.Pending, view.PendingSince = Pending(row.Applied.Error), row.Applied.ErrorAt
	case !row.IsApplied():
		view.Pending, view.PendingSince = PendingChange, &row.ChangedAt
	}
	return view
}

// dayNames are weekdays as programs write them, in their order; none where that is every day.
func dayNames(times care.ScheduleTimes) []string {
	var names []string
	for _, day := range protocol.ScheduleDays(times) {
		names = append(names, strings.ToLower(day.String()))
	}
	return names
}

// nextRuns are Temporal's next times, else those that are computed.
func nextRuns(row db.Schedule, described *client.ScheduleDescription, now time.Time) []time.Time {
	switch {
	case row.Paused:
		return []time.Time{}
	case described != nil && len(described.Info.NextActionTimes) > 0:
		return described.Info.NextActionTimes
	default:
		return append([]time.Time{}, protocol.DueTimes(row.ScheduleTimes, now, now.Add(nextWithin), nextShown)...)
	}
}

// lastRuns are the newest runs, the newest first: those that have a row, and those that Temporal has started and no worker has picked up.
func lastRuns(runs []db.ScheduledRun, described *client.ScheduleDescription) []ScheduledRun {
	last := map[care.ID]ScheduledRun{}
	for _, run := range runs[:min(len(runs), lastShown)] {
		at, _ := protocol.ScheduledFor(run.WorkflowID)
		last[run.ID] = ScheduledRun{BulkID: run.ID, ScheduledAt: at, StartedAt: run.RequestedAt}
	}
	if described != nil {
		for _, action := range described.Info.RecentActions {
			if id := bulkOf(action); id != "" {
				last[id] = ScheduledRun{BulkID: id, ScheduledAt: action.ScheduleTime, StartedAt: action.ActualTime}
			}
		}
	}
	all := slices.SortedFunc(maps.Values(last), func(one, other ScheduledRun) int { return other.StartedAt.Compare(one.StartedAt) })
	return append([]ScheduledRun{}, all[:min(len(all), lastShown)]...)
}

// bulkOf is the bulk run that a schedule began: it takes the id of its first Temporal run.
func bulkOf(action client.ScheduleActionResult) care.ID {
	if action.StartWorkflowResult == nil {
		return ""
	}
	return care.ID(action.StartWorkflowResult.FirstExecutionRunID)
}

// addTimes adds the times that led to no run, and still have none.
func (v *ScheduleView) addTimes(row db.Schedule, times []db.ScheduleTime, runs []db.ScheduledRun, described *client.ScheduleDescription, now time.Time) {
	started := scheduling.StartedFor(runs)
	if described != nil {
		for _, action := range described.Info.RecentActions {
			if action.StartWorkflowResult != nil {
				if at, scheduled := protocol.ScheduledFor(action.StartWorkflowResult.WorkflowID); scheduled {
					started[at.Unix()] = true
				}
			}
		}
	}
	for _, one := range times {
		switch {
		case started[one.DueAt.Unix()]:
		case one.BulkID != "":
			v.addLeftOut(one)
		case isFinal(row, one.DueAt, now):
			v.MissedTimes = append(v.MissedTimes, one.DueAt)
			if len(v.LastRuns) == 0 || v.LastRuns[0].StartedAt.Before(one.DueAt) {
				v.ToRunNow = append(v.ToRunNow, one.DueAt)
			}
		}
	}
}

// isFinal reports whether Temporal starts nothing more by itself for a time that has passed: it is too late, or was before Temporal knew the schedule.
func isFinal(row db.Schedule, due, now time.Time) bool {
	made := row.Applied.MadeAt
	return now.Sub(due) > row.CatchUp+row.Jitter || made != nil && made.After(due)
}

func (v *ScheduleView) addLeftOut(one db.ScheduleTime) {
	if last := len(v.LeftOut) - 1; last >= 0 && v.LeftOut[last].BulkID == one.BulkID {
		group := &v.LeftOut[last]
		group.Times = append(group.Times, one.DueAt)
		if one.Wait.Known() {
			group.Wait = one.Wait
		}
		return
	}
	group := LeftOut{
		Times: []time.Time{one.DueAt}, BulkID: one.BulkID, Wait: one.Wait, InProgress: one.BulkUnfinished,
	}
	if one.BulkRequestedAt != nil {
		group.RequestedAt = *one.BulkRequestedAt
	}
	v.LeftOut = append(v.LeftOut, group)
}

// Skipped returns the number of times that were skipped because another run was in progress.
func (v ScheduleView) Skipped() int {
	skipped := 0
	for _, group := range v.LeftOut {
		skipped += len(group.Times)
	}
	return skipped
}

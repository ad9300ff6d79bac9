package schedules

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/client"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/starter/syncs"
)

// listPage is how many schedules are asked for at once.
const listPage = 100

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
	Overlap        Overlap
	CatchUp        string
	Jitter         string
	PauseOnFailure bool
	Paused         bool
	Note           string
	CreatedBy      string
	CreatedAt      time.Time
	NextRuns       []time.Time
	LastRuns       []ScheduledRun
	Skipped        int
	Missed         int
}

// ScheduledRun is one run of a schedule.
type ScheduledRun struct {
	BulkID      care.ID
	ScheduledAt time.Time
	StartedAt   time.Time
	Bulk        *read.BulkSummary
}

// Schedule returns an organisation's schedule, or db.ErrNotFound.
func (s *Service) Schedule(ctx context.Context, organisation care.ID, name string) (ScheduleView, error) {
	description, err := s.handle(ctx, organisation, name).Describe(ctx)
	if err != nil {
		return ScheduleView{}, handleError("look at the schedule", err)
	}
	views, err := s.views(ctx, organisation, []described{{name: name, description: description}})
	if err != nil {
		return ScheduleView{}, err
	}
	return views[0], nil
}

// Schedules returns an organisation's schedules by name. One that was just made may take a moment to show.
func (s *Service) Schedules(ctx context.Context, organisation care.ID) ([]ScheduleView, error) {
	query := fmt.Sprintf("%s = '%s'", protocol.SearchOrganisation.GetName(), organisation)
	listed, err := s.schedules.List(ctx, client.ScheduleListOptions{PageSize: listPage, Query: query})
	if err != nil {
		return nil, syncs.TemporalError("list the schedules", err)
	}
	var all []described
	for listed.HasNext() {
		entry, err := listed.Next()
		if err != nil {
			return nil, syncs.TemporalError("list the schedules", err)
		}
		name, ours := nameOf(organisation, entry.ID)
		if !ours {
			continue
		}
		description, err := s.handle(ctx, organisation, name).Describe(ctx)
		if err = handleError("look at the schedule", err); errors.Is(err, db.ErrNotFound) {
			continue // it was deleted meanwhile
		}
		if err != nil {
			return nil, err
		}
		all = append(all, described{name: name, description: description})
	}
	slices.SortFunc(all, func(one, other described) int { return strings.Compare(one.name, other.name) })
	return s.views(ctx, organisation, all)
}

// described is a schedule as Temporal describes it.
type described struct {
	name        string
	description *client.ScheduleDescription
}

func (s *Service) views(ctx context.Context, organisation care.ID, all []described) ([]ScheduleView, error) {
	runs, err := s.runs(ctx, organisation, all)
	if err != nil {
		return nil, err
	}
	views := make([]ScheduleView, 0, len(all))
	for _, one := range all {
		view, err := s.view(one, runs)
		if err != nil {
			return nil, err
		}
		views = append(views, view)
	}
	return views, nil
}

// runs are the bulk runs that schedules have led to lately, by id.
func (s *Service) runs(ctx context.Context, organisation care.ID, all []described) (map[care.ID]*read.BulkSummary, error) {
	var ids []care.ID
	for _, one := range all {
		for _, action := range one.description.Info.RecentActions {
			if id := bulkOf(action); id != "" {
				ids = append(ids, id)
			}
		}
	}
	found, err := read.From(s.store).BulksByID(ctx, organisation, ids)
	runs := make(map[care.ID]*read.BulkSummary, len(found))
	for i := range found {
		runs[found[i].ID] = &found[i]
	}
	return runs, err
}

// bulkOf is the bulk run that a schedule began: it takes the id of its first Temporal run.
func bulkOf(action client.ScheduleActionResult) care.ID {
	if action.StartWorkflowResult == nil {
		return ""
	}
	return care.ID(action.StartWorkflowResult.FirstExecutionRunID)
}

func (s *Service) view(one described, runs map[care.ID]*read.BulkSummary) (ScheduleView, error) {
	schedule, info := one.description.Schedule, one.description.Info
	options, err := s.startedOptions(schedule.Action)
	if err != nil {
		return ScheduleView{}, err
	}
	createdBy, err := s.memo(one.description.Memo, memoCreatedBy)
	if err != nil {
		return ScheduleView{}, err
	}
	times := timesOf(schedule.Spec)
	view := ScheduleView{
		Name: one.name, When: whenWords(schedule.Spec), Cron: times.Cron, TimeOfDay: times.TimeOfDay, Weekdays: dayNames(times.Weekdays),
		TimeZone: times.TimeZone, Warnings: times.warnings(time.Now()), Kind: options.Kind,
		Options: options, Overlap: overlapOf(schedule.Policy),
		CatchUp: schedule.Policy.CatchupWindow.String(), Jitter: schedule.Spec.Jitter.String(), PauseOnFailure: schedule.Policy.PauseOnFailure,
		Paused: schedule.State.Paused, Note: schedule.State.Note, CreatedBy: createdBy, CreatedAt: info.CreatedAt,
		NextRuns: info.NextActionTimes, LastRuns: []ScheduledRun{}, Skipped: info.NumActionsSkippedOverlap, Missed: info.NumActionsMissedCatchupWindow,
	}
	for _, action := range slices.Backward(info.RecentActions) {
		if id := bulkOf(action); id != "" {
			view.LastRuns = append(view.LastRuns, ScheduledRun{BulkID: id, ScheduledAt: action.ScheduleTime, StartedAt: action.ActualTime, Bulk: runs[id]})
		}
	}
	return view, nil
}

// dayNames are weekdays as programs write them.
func dayNames(days []time.Weekday) []string {
	var names []string
	for _, day := range days {
		names = append(names, strings.ToLower(day.String()))
	}
	return names
}

// startedOptions are the options of the bulk runs that a schedule starts.
func (s *Service) startedOptions(action client.ScheduleAction) (options care.BulkOptions, err error) {
	started, isWorkflow := action.(*client.ScheduleWorkflowAction)
	if !isWorkflow || len(started.Args) != 1 {
		return options, errors.New("the schedule does not start a bulk run")
	}
	payload, isPayload := started.Args[0].(*commonpb.Payload)
	if !isPayload {
		return options, errors.New("the schedule's input cannot be read")
	}
	var input protocol.BulkSyncInput
	if err := s.converter.FromPayload(payload, &input); err != nil {
		return options, fmt.Errorf("read the schedule's input: %w", err)
	}
	if input.Options == nil {
		return options, errors.New("the schedule's input names no options")
	}
	return *input.Options, nil
}

func overlapOf(policies *client.SchedulePolicies) Overlap {
	for overlap, policy := range overlapPolicies {
		if policy == policies.Overlap {
			return overlap
		}
	}
	return OverlapSkip // Temporal's default
}

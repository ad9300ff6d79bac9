package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/starter/api/views"
	"github.com/caresync/caresync/starter/schedules"
)

const (
	tagSchedules  = "Schedules"
	pathSchedules = "/v1/schedules"
	pathSchedule  = pathSchedules + "/{name}"
)

// ScheduleTerms say when a schedule runs, who is synced then, and how errors are handled.
type ScheduleTerms struct {
	Cron           string       `json:"cron,omitempty" maxLength:"100" doc:"A cron expression of five fields, such as 30 3 * * 1-5"`
	TimeOfDay      string       `json:"time_of_day,omitempty" pattern:"^([01][0-9]|2[0-3]):[0-5][0-9]$" patternDescription:"a time such as 03:30" doc:"Instead of a cron expression"`
	Weekdays       []string     `json:"weekdays,omitempty" maxItems:"7" enum:"sunday,monday,tuesday,wednesday,thursday,friday,saturday" doc:"The days on which the time of day applies; absent: all"`
	TimeZone       string       `json:"time_zone,omitempty" maxLength:"64" doc:"The time zone; absent: the organisation's"`
	Overlap        care.Overlap `json:"overlap,omitempty" enum:"skip,buffer-one,cancel-other" doc:"What to do if the previous run is still in progress; absent: skip"`
	CatchUp        string       `json:"catch_up,omitempty" maxLength:"20" doc:"Catch-up window: how late a run may start if Temporal was down at its time; a duration; absent: 4h"`
	Jitter         string       `json:"jitter,omitempty" maxLength:"20" doc:"Maximum random delay of each run: a duration"`
	PauseOnFailure bool         `json:"pause_on_failure,omitempty" doc:"Pause the schedule if no one could be synced in a run"`
	views.BulkOptions
}

type createScheduleInput struct {
	Body struct {
		Name   string `json:"name" pattern:"^[a-z0-9][a-z0-9-]{0,39}$" patternDescription:"1 to 40 lower-case letters, digits and dashes" doc:"The schedule's name, unique within the organisation"`
		Paused bool   `json:"paused,omitempty" doc:"Create it paused"`
		ScheduleTerms
	}
}

type changeScheduleInput struct {
	Name string `path:"name" pattern:"^[a-z0-9][a-z0-9-]{0,39}$" patternDescription:"a schedule's name"`
	Body struct {
		Version int64 `json:"version,omitempty" minimum:"0" doc:"The version that the change is made to: refused if someone has changed the schedule since; absent: any"`
		ScheduleTerms
	}
}

// SavedSchedule is the response to creating or changing a schedule.
type SavedSchedule struct {
	Schedule ScheduleView `json:"schedule"`
	Warnings []string     `json:"warnings" doc:"What may surprise in the schedule, such as a time that daylight saving leaves out"`
}

type createdScheduleOutput struct {
	Location string `header:"Location"`
	Body     SavedSchedule
}

type changedScheduleOutput struct{ Body SavedSchedule }

type scheduleInput struct {
	Name string `path:"name" pattern:"^[a-z0-9][a-z0-9-]{0,39}$" patternDescription:"a schedule's name"`
}

type scheduleOutput struct{ Body ScheduleView }

type schedulesOutput struct {
	Body struct {
		Schedules []ScheduleView `json:"schedules"`
	}
}

type triggeredOutput struct{ Body schedules.Triggered }

type backfillInput struct {
	Name string `path:"name" pattern:"^[a-z0-9][a-z0-9-]{0,39}$" patternDescription:"a schedule's name"`
	Body struct {
		From    time.Time    `json:"from" doc:"The times after this one"`
		To      time.Time    `json:"to" doc:"The times up to this one"`
		Overlap care.Overlap `json:"overlap,omitempty" enum:"skip,buffer-one,cancel-other" doc:"Absent: the schedule's own"`
	}
}

func (a api) registerSchedules(served huma.API) {
	notFound := []int{http.StatusNotFound}
	operation := func(id, method, path, summary string, status int, errors []int) huma.Operation {
		return huma.Operation{
			OperationID: id, Method: method, Path: path, Tags: []string{tagSchedules}, Summary: summary, DefaultStatus: status, Errors: errors,
		}
	}
	huma.Register(served, operation("create-schedule", http.MethodPost, pathSchedules, "Schedule bulk runs",
		http.StatusCreated, []int{http.StatusConflict}), a.createSchedule)
	huma.Register(served, operation("list-schedules", http.MethodGet, pathSchedules, "List the schedules with their next and last runs", 0, nil), a.listSchedules)
	huma.Register(served, operation("get-schedule", http.MethodGet, pathSchedule, "Read a schedule", 0, notFound), a.getSchedule)
	huma.Register(served, operation("change-schedule", http.MethodPut, pathSchedule,
		"Replace a schedule's settings; a paused schedule stays paused, and a run in progress continues", 0,
		[]int{http.StatusNotFound, http.StatusConflict}), a.changeSchedule)
	huma.Register(served, operation("delete-schedule", http.MethodDelete, pathSchedule, "Delete a schedule; a run in progress continues",
		http.StatusNoContent, notFound), a.deleteSchedule)
	huma.Register(served, operation("pause-schedule", http.MethodPost, pathSchedule+"/pause", "Pause a schedule", 0, notFound), a.commandSchedule(a.schedules.Pause))
	huma.Register(served, operation("resume-schedule", http.MethodPost, pathSchedule+"/resume", "Resume a paused schedule", 0, notFound), a.commandSchedule(a.schedules.Resume))
	huma.Register(served, operation("trigger-schedule", http.MethodPost, pathSchedule+"/trigger", "Run a schedule now, even if it is paused",
		http.StatusAccepted, notFound), a.triggerSchedule)
	huma.Register(served, operation("backfill-schedule", http.MethodPost, pathSchedule+"/backfill", "Run missed times of a schedule now",
		http.StatusAccepted, notFound), a.backfillSchedule)
}

func (a api) createSchedule(ctx context.Context, in *createScheduleInput) (*createdScheduleOutput, error) {
	request, err := in.Body.request(ctx, in.Body.Name)
	if err != nil {
		return nil, a.problem(ctx, err)
	}
	request.Paused = in.Body.Paused
	view, err := a.schedules.Create(ctx, request)
	if err != nil {
		return nil, a.problem(ctx, err)
	}
	return &createdScheduleOutput{Location: pathSchedules + "/" + view.Name, Body: savedSchedule(view, request.Organisation)}, nil
}

func (a api) changeSchedule(ctx context.Context, in *changeScheduleInput) (*changedScheduleOutput, error) {
	request, err := in.Body.request(ctx, in.Name)
	if err != nil {
		return nil, a.problem(ctx, err)
	}
	request.Version = in.Body.Version
	view, err := a.schedules.Change(ctx, request)
	if err != nil {
		return nil, a.problem(ctx, err)
	}
	return &changedScheduleOutput{Body: savedSchedule(view, request.Organisation)}, nil
}

func savedSchedule(view schedules.ScheduleView, organisation care.Organisation) SavedSchedule {
	return SavedSchedule{Schedule: FromSchedule(view, organisation.Location()), Warnings: view.Warnings}
}

// request asks for a schedule of that name in the caller's organisation.
func (t ScheduleTerms) request(ctx context.Context, name string) (request schedules.Request, err error) {
	caller := callerOf(ctx)
	request = schedules.Request{
		Organisation: caller.Organisation, Name: name, ScheduleTimes: care.ScheduleTimes{Cron: t.Cron, TimeOfDay: t.TimeOfDay, TimeZone: t.TimeZone},
		Overlap: t.Overlap, PauseOnFailure: t.PauseOnFailure, RequestedBy: by(caller),
	}
	for _, name := range t.Weekdays {
		day, err := schedules.ParseWeekday(name)
		if err != nil {
			return request, err
		}
		request.Weekdays = append(request.Weekdays, day)
	}
	if request.CatchUp, err = duration("catch_up", t.CatchUp); err != nil {
		return request, err
	}
	if request.Jitter, err = duration("jitter", t.Jitter); err != nil {
		return request, err
	}
	request.Bulk = care.BulkOptions(t.BulkOptions)
	return request, nil
}

// duration reads a time that someone gave, such as 24h; none is 0, as 0s is.
func duration(field, text string) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	read, err := time.ParseDuration(text)
	if err != nil || read < 0 {
		return 0, &care.InvalidError{Field: field, Message: "must be a time such as 24h or 90m"}
	}
	return read, nil
}

func (a api) listSchedules(ctx context.Context, _ *struct{}) (*schedulesOutput, error) {
	found, err := a.schedules.Schedules(ctx, callerOf(ctx).Organisation.ID)
	if err != nil {
		return nil, a.problem(ctx, err)
	}
	out := &schedulesOutput{}
	out.Body.Schedules = FromSchedules(found, callerOf(ctx).Organisation.Location())
	return out, nil
}

func (a api) getSchedule(ctx context.Context, in *scheduleInput) (*scheduleOutput, error) {
	view, err := a.schedules.Schedule(ctx, callerOf(ctx).Organisation.ID, in.Name)
	if err != nil {
		return nil, a.problem(ctx, err)
	}
	return &scheduleOutput{Body: FromSchedule(view, callerOf(ctx).Organisation.Location())}, nil
}

func (a api) deleteSchedule(ctx context.Context, in *scheduleInput) (*struct{}, error) {
	if _, err := a.schedules.Delete(ctx, callerOf(ctx).Organisation.ID, in.Name); err != nil {
		return nil, a.problem(ctx, err)
	}
	return nil, nil
}

// commandSchedule answers a command with the schedule as it is after it.
func (a api) commandSchedule(
	command func(ctx context.Context, organisation care.ID, name, requestedBy string) (schedules.ScheduleView, error),
) func(context.Context, *scheduleInput) (*scheduleOutput, error) {
	return func(ctx context.Context, in *scheduleInput) (*scheduleOutput, error) {
		caller := callerOf(ctx)
		view, err := command(ctx, caller.Organisation.ID, in.Name, by(caller))
		if err != nil {
			return nil, a.problem(ctx, err)
		}
		return &scheduleOutput{Body: FromSchedule(view, caller.Organisation.Location())}, nil
	}
}

func (a api) triggerSchedule(ctx context.Context, in *scheduleInput) (*triggeredOutput, error) {
	triggered, err := a.schedules.Trigger(ctx, callerOf(ctx).Organisation.ID, in.Name)
	if err != nil {
		return nil, a.problem(ctx, err)
	}
	return &triggeredOutput{Body: triggered}, nil
}

func (a api) backfillSchedule(ctx context.Context, in *backfillInput) (*scheduleOutput, error) {
	organisation := callerOf(ctx).Organisation.ID
	if err := a.schedules.Backfill(ctx, organisation, in.Name, in.Body.From, in.Body.To, in.Body.Overlap); err != nil {
		return nil, a.problem(ctx, err)
	}
	return a.getSchedule(ctx, &scheduleInput{Name: in.Name})
}

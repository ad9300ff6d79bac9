package console

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/starter/console/ui"
	"github.com/caresync/caresync/starter/schedules"
)

// How a schedule's form says when.
const (
	whenAt   = "at"
	whenCron = "cron"
)

var overlapOptions = []ui.Option{
	{Value: string(care.OverlapSkip), Words: "Skip the new run"},
	{Value: string(care.OverlapBuffer), Words: "Start the new run afterwards"},
	{Value: string(care.OverlapCancel), Words: "Cancel the previous run"},
}

var weekdayOptions = []ui.Option{
	{Value: "monday", Words: "Monday"}, {Value: "tuesday", Words: "Tuesday"}, {Value: "wednesday", Words: "Wednesday"},
	{Value: "thursday", Words: "Thursday"}, {Value: "friday", Words: "Friday"}, {Value: "saturday", Words: "Saturday"}, {Value: "sunday", Words: "Sunday"},
}

// zones are Australia's (R1).
var zones = []string{
	"Australia/Sydney", "Australia/Melbourne", "Australia/Brisbane", "Australia/Adelaide", "Australia/Perth", "Australia/Hobart", "Australia/Darwin",
	"Australia/Broken_Hill", "Australia/Eucla", "Australia/Lindeman", "Australia/Lord_Howe", "Pacific/Norfolk", "Indian/Christmas", "Indian/Cocos",
}

// zoneOptions have zones of elsewhere at the end, if they are current ones.
func zoneOptions(current ...string) []ui.Option {
	var options []ui.Option
	for _, zone := range zones {
		options = append(options, ui.Option{Value: zone, Words: strings.ReplaceAll(zone, "_", " ")})
	}
	slices.Sort(current)
	for _, zone := range slices.Compact(current) {
		if !slices.Contains(zones, zone) {
			options = append(options, ui.Option{Value: zone, Words: zone})
		}
	}
	return options
}

// presets are the two schedules that most organisations want.
var presets = map[string]url.Values{
	"nightly":     {"name": {"nightly"}, "time_of_day": {"03:30"}, "who": {whoChanged}},
	"weekly-full": {"name": {"weekly-full"}, "time_of_day": {"22:00"}, "weekday": {"saturday"}, "who": {whoEveryone}},
}

// schedulesView is the list of schedules.
type schedulesView struct {
	schedules []schedules.ScheduleView
	zone      *time.Location
}

func (c console) scheduleList(w http.ResponseWriter, r *http.Request, v visitor) error {
	found, err := c.schedules.Schedules(r.Context(), v.Organisation.ID)
	if err != nil {
		return err
	}
	page := ui.Page{Title: "Schedules", Section: schedulesPath}
	switch r.URL.Query().Get("deleted") {
	case yes:
		page.Notice = &ui.Message{Tone: ui.Good, Words: "The schedule was deleted. A run in progress continues."}
	case "later":
		page.Notice = &ui.Message{Tone: ui.Warn, Words: "The schedule was deleted, but Temporal has not been told yet: " + schedules.DeletedLater}
	}
	return c.render(w, r, http.StatusOK, schedulesPage(c.frame(r, page), schedulesView{schedules: found, zone: v.zone}))
}

// scheduleFormView is the form that creates a schedule, or changes one.
type scheduleFormView struct {
	adminForm
	// changes is the name of the schedule that is changed; empty for a new one.
	changes          string
	providers, zones []ui.Option
}

// action is where the form is sent to.
func (f scheduleFormView) action() string {
	if f.changes == "" {
		return schedulesPath
	}
	return schedulePath(f.changes) + "/change"
}

func (c console) scheduleForm(w http.ResponseWriter, r *http.Request, v visitor) error {
	form := newBulkForm(presets[r.URL.Query().Get("preset")])
	for name, value := range map[string]string{
		"when": whenAt, "time_zone": v.Organisation.TimeZone, "overlap": string(care.OverlapSkip), "catch_up": "4", "catch_up_unit": unitHours,
		"jitter_unit": unitMinutes,
	} {
		if form.value(name) == "" {
			form.values.Set(name, value)
		}
	}
	return c.showNewScheduleForm(w, r, v, http.StatusOK, form)
}

func (c console) showNewScheduleForm(w http.ResponseWriter, r *http.Request, v visitor, status int, form adminForm) error {
	page := ui.Page{Title: "New schedule", Section: schedulesPath, Trail: []ui.Crumb{{Words: "Schedules", Address: schedulesPath}}}
	return c.showScheduleForm(w, r, v, status, page, scheduleFormView{adminForm: form, zones: zoneOptions(v.Organisation.TimeZone)})
}

func (c console) showScheduleForm(w http.ResponseWriter, r *http.Request, v visitor, status int, page ui.Page, view scheduleFormView) error {
	connections, err := c.store.Connections(r.Context(), v.Organisation.ID)
	if err != nil {
		return err
	}
	view.providers = providerOptions(connections)
	return c.render(w, r, status, scheduleFormPage(c.frame(r, page), view))
}

func (c console) createSchedule(w http.ResponseWriter, r *http.Request, v visitor) error {
	if err := r.ParseForm(); err != nil {
		return formError(err)
	}
	request, err := scheduleRequest(r.PostForm)
	var view schedules.ScheduleView
	if err == nil {
		request.Organisation, request.Name, request.RequestedBy = v.Organisation, r.PostForm.Get("name"), v.requestedBy()
		view, err = c.schedules.Create(r.Context(), request)
	}
	form := adminForm{values: r.PostForm}
	if form.refused(err) {
		return c.showNewScheduleForm(w, r, v, http.StatusUnprocessableEntity, form)
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r, schedulePath(view.Name)+"?created=yes", http.StatusSeeOther)
	return nil
}

// scheduleRequest reads what a form asks for. What belongs to the other way of saying when is left out, as the form hides it.
func scheduleRequest(values url.Values) (request schedules.Request, err error) {
	request = schedules.Request{
		Overlap: care.Overlap(values.Get("overlap")), PauseOnFailure: values.Get("pause_on_failure") == yes, Paused: values.Get("paused") == yes,
	}
	request.TimeZone = values.Get("time_zone")
	if values.Get("when") == whenCron {
		request.Cron = strings.TrimSpace(values.Get("cron"))
	} else {
		request.TimeOfDay = values.Get("time_of_day")
		for _, name := range values["weekday"] {
			weekday, err := schedules.ParseWeekday(name)
			if err != nil {
				return request, err
			}
			request.Weekdays = append(request.Weekdays, weekday)
		}
	}
	if request.CatchUp, err = timeOf(values, "catch_up", "catch_up_unit"); err != nil {
		return request, err
	}
	if request.Jitter, err = timeOf(values, "jitter", "jitter_unit"); err != nil {
		return request, err
	}
	var listed []string
	if request.Bulk, listed, err = bulkOptionsOf(values); err == nil && listed != nil {
		err = &care.InvalidError{Field: "people", Message: "cannot be used in a schedule: select people otherwise"}
	}
	return request, err
}

// scheduleView is a schedule's page.
type scheduleView struct {
	schedules.ScheduleView
	zone *time.Location
	// form is the one that runs missed times.
	form  adminForm
	today care.Date
}

func (c console) schedule(w http.ResponseWriter, r *http.Request, v visitor) error {
	return c.showSchedule(w, r, v, http.StatusOK, adminForm{})
}

func (c console) showSchedule(w http.ResponseWriter, r *http.Request, v visitor, status int, form adminForm) error {
	name, err := scheduleName(r)
	if err != nil {
		return err
	}
	schedule, err := c.schedules.Schedule(r.Context(), v.Organisation.ID, name)
	if err != nil {
		return err
	}
	page := scheduleFrame(schedule)
	page.Notice = scheduleNotice(r.URL.Query())
	view := scheduleView{ScheduleView: schedule, zone: v.zone, form: form, today: v.Organisation.Today(c.store.Now())}
	return c.render(w, r, status, schedulePage(c.frame(r, page), view))
}

// storedSchedule is the one that an address names, for forms that show what it says.
func (c console) storedSchedule(r *http.Request, v visitor) (schedules.ScheduleView, error) {
	name, err := scheduleName(r)
	if err != nil {
		return schedules.ScheduleView{}, err
	}
	return c.schedules.Stored(r.Context(), v.Organisation.ID, name)
}

// scheduleNotice says what someone has just done.
func scheduleNotice(query url.Values) *ui.Message {
	switch {
	case query.Get("created") == yes:
		return &ui.Message{Tone: ui.Good, Words: "The schedule was created."}
	case query.Get("changed") == yes:
		return &ui.Message{Tone: ui.Good, Words: "The schedule was changed. A run in progress continues unchanged."}
	case query.Get("triggered") == yes:
		return &ui.Message{Tone: ui.Good, Words: "A run was requested. It appears under Last runs once a worker has started it: reload the page in a moment."}
	case query.Get("skipped") == yes:
		return &ui.Message{Tone: ui.Warn, Words: "A run of the schedule is in progress, and the schedule does not start another one at the same time."}
	case query.Get("backfilled") == yes:
		return &ui.Message{Tone: ui.Good, Words: "Missed times are being run. Their bulk runs appear below once they start."}
	}
	return nil
}

func scheduleFrame(view schedules.ScheduleView) ui.Page {
	return ui.Page{
		Title: "Schedule " + view.Name, Lead: ui.Sentence(view.When) + ", " + view.TimeZone, Section: schedulesPath,
		Trail: []ui.Crumb{{Words: "Schedules", Address: schedulesPath}},
	}
}

// belowSchedule is the frame of a page that a schedule's own page leads to.
func belowSchedule(view schedules.ScheduleView) ui.Page {
	page := scheduleFrame(view)
	page.Trail = append(page.Trail, ui.Crumb{Words: page.Title, Address: schedulePath(view.Name)})
	return page
}

func (c console) pauseSchedule(w http.ResponseWriter, r *http.Request, v visitor) error {
	return c.commandSchedule(w, r, v, c.schedules.Pause)
}

func (c console) resumeSchedule(w http.ResponseWriter, r *http.Request, v visitor) error {
	return c.commandSchedule(w, r, v, c.schedules.Resume)
}

func (c console) commandSchedule(
	w http.ResponseWriter, r *http.Request, v visitor,
	command func(ctx context.Context, organisation care.ID, name, requestedBy string) (schedules.ScheduleView, error),
) error {
	name, err := scheduleName(r)
	if err != nil {
		return err
	}
	if _, err := command(r.Context(), v.Organisation.ID, name, v.requestedBy()); err != nil {
		return err
	}
	http.Redirect(w, r, schedulePath(name), http.StatusSeeOther)
	return nil
}

// begunWithin is how long someone who triggers a schedule waits for a worker to begin its run.
const begunWithin = 5 * time.Second

// triggerSchedule runs a schedule now, and shows the bulk run if a worker begins it soon.
func (c console) triggerSchedule(w http.ResponseWriter, r *http.Request, v visitor) error {
	name, err := scheduleName(r)
	if err != nil {
		return err
	}
	triggered, err := c.schedules.Trigger(r.Context(), v.Organisation.ID, name)
	if err != nil {
		return err
	}
	address := schedulePath(name) + "?triggered=yes"
	switch {
	case triggered.Skipped:
		address = schedulePath(name) + "?skipped=yes"
	case triggered.BulkID != "":
		waiting, cancel := context.WithTimeout(r.Context(), begunWithin)
		defer cancel()
		if c.bulks.HasBegun(waiting, v.Organisation.ID, triggered.BulkID) == nil {
			address = bulkPath(triggered.BulkID)
		}
	}
	http.Redirect(w, r, address, http.StatusSeeOther)
	return nil
}

// backfillSchedule runs a schedule now for the times that it had on some days.
func (c console) backfillSchedule(w http.ResponseWriter, r *http.Request, v visitor) error {
	name, err := scheduleName(r)
	if err != nil {
		return err
	}
	if err := r.ParseForm(); err != nil {
		return formError(err)
	}
	form := adminForm{values: r.PostForm}
	from, to, err := daysOf(r.PostForm, v, c.store.Now())
	if err == nil {
		err = c.schedules.Backfill(r.Context(), v.Organisation.ID, name, from, to, care.Overlap(r.PostForm.Get("overlap")))
	}
	if form.refused(err) {
		return c.showSchedule(w, r, v, http.StatusUnprocessableEntity, form)
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r, schedulePath(name)+"?backfilled=yes", http.StatusSeeOther)
	return nil
}

// daysOf reads a first and a last day of the organisation's (R1); without a last day, and on the present one, time ends now.
func daysOf(values url.Values, v visitor, now time.Time) (from, to time.Time, err error) {
	first, err := dayOf(values, "from")
	if err != nil {
		return from, to, err
	}
	from, to = startOf(first, v.zone), now
	if values.Get("to") == "" {
		return from, to, nil
	}
	last, err := dayOf(values, "to")
	if err == nil && last != v.Organisation.Today(now) {
		to = startOf(last.AddDays(1), v.zone)
	}
	return from, to, err
}

func dayOf(values url.Values, field string) (care.Date, error) {
	date, err := care.ParseDate(values.Get(field))
	if err != nil {
		return date, &care.InvalidError{Field: field, Message: "must be a date such as 2026-05-20"}
	}
	return date, nil
}

func startOf(date care.Date, zone *time.Location) time.Time {
	at := date.Time()
	return time.Date(at.Year(), at.Month(), at.Day(), 0, 0, 0, 0, zone)
}

func (c console) deleteScheduleForm(w http.ResponseWriter, r *http.Request, v visitor) error {
	view, err := c.storedSchedule(r, v)
	if err != nil {
		return err
	}
	page := belowSchedule(view)
	page.Title = "Delete the schedule " + view.Name + "?"
	return c.render(w, r, http.StatusOK, questionPage(c.frame(r, page), question{
		words: "It no longer runs. A run in progress continues, and all bulk runs stay.", action: schedulePath(view.Name) + "/delete",
		yes: "Delete the schedule", back: schedulePath(view.Name), danger: true,
	}))
}

func (c console) deleteSchedule(w http.ResponseWriter, r *http.Request, v visitor) error {
	name, err := scheduleName(r)
	if err != nil {
		return err
	}
	applied, err := c.schedules.Delete(r.Context(), v.Organisation.ID, name)
	if err != nil {
		return err
	}
	told := "?deleted=yes"
	if !applied {
		told = "?deleted=later"
	}
	http.Redirect(w, r, schedulesPath+told, http.StatusSeeOther)
	return nil
}

// scheduleName is the name in an address; what cannot be one names nothing.
func scheduleName(r *http.Request) (string, error) {
	name := r.PathValue("schedule")
	if !care.ValidSlug(name) {
		return "", db.ErrNotFound
	}
	return name, nil
}

func schedulePath(name string) string { return schedulesPath + "/" + url.PathEscape(name) }

// lastRunOf is the newest run of a schedule; nil if it has no runs.
func lastRunOf(schedule schedules.ScheduleView) *schedules.ScheduledRun {
	if len(schedule.LastRuns) == 0 {
		return nil
	}
	return &schedule.LastRuns[0]
}

func scheduledTone(run schedules.ScheduledRun) ui.Tone {
	if run.Bulk == nil {
		return ui.Quiet
	}
	return bulkTone(*run.Bulk)
}

func scheduledWords(run schedules.ScheduledRun) string {
	if run.Bulk == nil {
		return "waiting for a worker"
	}
	return bulkWords(*run.Bulk)
}

func scheduleWho(schedule schedules.ScheduleView) string {
	who, _ := schedule.Describe()
	return ui.Sentence(who)
}

func scheduleWhat(schedule schedules.ScheduleView) string {
	_, what := schedule.Describe()
	return what
}

func overlapWords(overlap care.Overlap) string {
	for _, option := range overlapOptions {
		if option.Value == string(overlap) {
			return option.Words
		}
	}
	return string(overlap)
}

// jitterWords are empty where runs are not delayed.
func jitterWords(jitter string) string {
	if duration, err := time.ParseDuration(jitter); err != nil || duration == 0 {
		return ""
	}
	return "Up to " + durationWords(jitter)
}

// backfillForm is the form that runs missed times, from the first of them where no one has said otherwise.
func backfillForm(view scheduleView) adminForm {
	if view.form.values != nil || len(view.ToRunNow) == 0 {
		return view.form
	}
	return adminForm{values: url.Values{"from": {view.ToRunNow[0].In(view.zone).Format(time.DateOnly)}}}
}

// pendingMark is empty where a schedule is applied.
func pendingMark(schedule schedules.ScheduleView) string {
	if schedule.Pending == "" {
		return ""
	}
	return "not applied yet"
}

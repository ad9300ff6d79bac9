package console

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/caresync/caresync/starter/schedules"
)

// changeScheduleForm is the form of a new schedule, filled in with what the schedule says.
func (c console) changeScheduleForm(w http.ResponseWriter, r *http.Request, v visitor) error {
	present, err := c.storedSchedule(r, v)
	if err != nil {
		return err
	}
	request, err := present.Request()
	if err != nil {
		return err
	}
	return c.showChangeForm(w, r, v, http.StatusOK, present, adminForm{values: scheduleValues(request)})
}

func (c console) showChangeForm(w http.ResponseWriter, r *http.Request, v visitor, status int, present schedules.ScheduleView, form adminForm) error {
	page := belowSchedule(present)
	page.Title = "Change the schedule " + present.Name
	return c.showScheduleForm(w, r, v, status, page, scheduleFormView{
		adminForm: form, changes: present.Name, zones: zoneOptions(v.Organisation.TimeZone, present.TimeZone),
	})
}

func (c console) changeSchedule(w http.ResponseWriter, r *http.Request, v visitor) error {
	present, err := c.storedSchedule(r, v)
	if err != nil {
		return err
	}
	if err := r.ParseForm(); err != nil {
		return formError(err)
	}
	request, err := scheduleRequest(r.PostForm)
	if err == nil {
		request.Organisation, request.Name, request.RequestedBy = v.Organisation, present.Name, v.requestedBy()
		request.Version, _ = strconv.ParseInt(r.PostForm.Get("version"), 10, 64) // none replaces any
		_, err = c.schedules.Change(r.Context(), request)
	}
	form := adminForm{values: r.PostForm}
	if form.refused(err) {
		return c.showChangeForm(w, r, v, http.StatusUnprocessableEntity, present, form)
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r, schedulePath(present.Name)+"?changed=yes", http.StatusSeeOther)
	return nil
}

// scheduleValues are what a form holds that asks for such a schedule, as scheduleRequest reads it.
func scheduleValues(request schedules.Request) url.Values {
	values := bulkValues(request.Bulk)
	values.Set("when", whenAt)
	if request.Cron != "" {
		values.Set("when", whenCron)
	}
	values.Set("cron", request.Cron)
	values.Set("time_of_day", request.TimeOfDay)
	for _, day := range request.Weekdays {
		values.Add("weekday", strings.ToLower(day.String()))
	}
	values.Set("time_zone", request.TimeZone)
	values.Set("overlap", string(request.Overlap))
	setTime(values, "catch_up", "catch_up_unit", request.CatchUp)
	setTime(values, "jitter", "jitter_unit", request.Jitter)
	if request.Jitter == 0 {
		values.Set("jitter_unit", unitMinutes) // as the form of a new schedule offers
	}
	setTick(values, "pause_on_failure", request.PauseOnFailure)
	values.Set("version", strconv.FormatInt(request.Version, 10))
	return values
}

func setTick(values url.Values, name string, ticked bool) {
	if ticked {
		values.Set(name, yes)
	}
}

// setNumber leaves the field of a 0 empty.
func setNumber(values url.Values, name string, number int) {
	if number != 0 {
		values.Set(name, strconv.Itoa(number))
	}
}

func setTime(values url.Values, name, unitName string, length time.Duration) {
	number, unit := inUnits(length)
	values.Set(name, number)
	values.Set(unitName, unit)
}

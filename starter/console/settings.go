package console

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/starter/console/ui"
	"github.com/caresync/caresync/starter/pace"
	"github.com/caresync/caresync/starter/present"
	"github.com/caresync/caresync/upstream/check"
	"github.com/caresync/caresync/upstream/proda"
)

// settingsView is an organisation's settings. Nothing secret is among them.
type settingsView struct {
	organisation care.Organisation
	connections  []care.Connection
	pace         db.PACESettings
	zones        []ui.Option
	// organisationForm and paceForm are what someone typed.
	organisationForm, paceForm adminForm
	now                        time.Time
	zone                       *time.Location
}

// reachesNDIA reports whether there is a connection over which the PACE API could be used.
func (v settingsView) reachesNDIA() bool {
	return slices.ContainsFunc(v.connections, func(one care.Connection) bool { return one.Service == care.NDIA })
}

func (c console) settings(w http.ResponseWriter, r *http.Request, v visitor) error {
	return c.showSettings(w, r, v, http.StatusOK, nil)
}

// showSettings shows the settings, with what change does to the view.
func (c console) showSettings(w http.ResponseWriter, r *http.Request, v visitor, status int, change func(*settingsView)) error {
	view := settingsView{organisation: v.Organisation, zones: zoneOptions(v.Organisation.TimeZone), now: c.store.Now(), zone: v.zone}
	var err error
	if view.connections, err = c.store.Connections(r.Context(), v.Organisation.ID); err != nil {
		return err
	}
	if view.pace, err = c.store.PACESettings(r.Context(), v.Organisation.ID); err != nil {
		return err
	}
	view.organisationForm = adminForm{values: url.Values{"name": {v.Organisation.Name}, "time_zone": {v.Organisation.TimeZone}}}
	view.paceForm = paceForm(view.pace)
	if change != nil {
		change(&view)
	}
	page := ui.Page{Title: "Settings", Section: settingsPath, Notice: settingsNotice(r.URL.Query())}
	return c.render(w, r, status, settingsPage(c.frame(r, page), view))
}

func paceForm(settings db.PACESettings) adminForm {
	form := adminForm{values: url.Values{}}
	if settings.Enabled {
		form.values.Set("enabled", yes)
	}
	if settings.BudgetCallsPerHour > 0 {
		form.values.Set("budget_calls_per_hour", strconv.Itoa(settings.BudgetCallsPerHour))
	}
	return form
}

// settingsNotice says what someone has just changed.
func settingsNotice(query url.Values) *ui.Message {
	switch query.Get("changed") {
	case "organisation":
		return &ui.Message{Tone: ui.Good, Words: "The organisation was changed."}
	case "pace":
		return &ui.Message{Tone: ui.Good, Words: "The connection to the NDIA works. The PACE API is enabled."}
	case "pace-disabled":
		return &ui.Message{Tone: ui.Good, Words: "The PACE API is disabled. Saved contracts stay as they are."}
	}
	return nil
}

func (c console) changeOrganisation(w http.ResponseWriter, r *http.Request, v visitor) error {
	if err := r.ParseForm(); err != nil {
		return formError(err)
	}
	name, zone := strings.TrimSpace(r.PostForm.Get("name")), r.PostForm.Get("time_zone")
	_, err := c.store.ChangeOrganisation(r.Context(), v.Organisation.Slug, &name, &zone)
	form := adminForm{values: r.PostForm}
	if form.refused(err) {
		return c.showSettings(w, r, v, http.StatusUnprocessableEntity, func(view *settingsView) { view.organisationForm = form })
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r, settingsPath+"?changed=organisation", http.StatusSeeOther)
	return nil
}

// changePACE enables the PACE API if the connection works, or asks whether it is to be used no more (R21).
func (c console) changePACE(w http.ResponseWriter, r *http.Request, v visitor) error {
	if err := r.ParseForm(); err != nil {
		return formError(err)
	}
	form := adminForm{values: r.PostForm}
	calls, err := wholeNumber(r.PostForm, "budget_calls_per_hour")
	if err == nil && !form.ticked("enabled") {
		return c.askToDisablePACE(w, r, v, calls)
	}
	var enabled pace.EnableResult
	if err == nil {
		enabled, err = c.pace.Enable(r.Context(), pace.EnableRequest{Organisation: v.Organisation, BudgetCallsPerHour: calls, By: v.requestedBy()})
	}
	if errors.Is(err, pace.ErrCheckFailed) {
		page := testFrame("The PACE API was not enabled", "The connection to the NDIA does not work. Fix the problem shown below, then try again.")
		return c.render(w, r, http.StatusUnprocessableEntity, connectionTestPage(c.frame(r, page), enabled.Check))
	}
	if form.refused(err) {
		return c.showSettings(w, r, v, http.StatusUnprocessableEntity, func(view *settingsView) { view.paceForm = form })
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r, settingsPath+"?changed=pace", http.StatusSeeOther)
	return nil
}

// askToDisablePACE also says that a number of budget calls which someone typed beside an empty box is not kept.
func (c console) askToDisablePACE(w http.ResponseWriter, r *http.Request, v visitor, calls int) error {
	settings, err := c.store.PACESettings(r.Context(), v.Organisation.ID)
	if err != nil {
		return err
	}
	if calls != 0 && calls != settings.BudgetCallsPerHour {
		form := adminForm{values: r.PostForm}
		form.refused(&care.InvalidError{Field: "budget_calls_per_hour", Message: "can be changed only while “PACE API enabled” is selected: select it too, or leave the number unchanged"})
		return c.showSettings(w, r, v, http.StatusUnprocessableEntity, func(view *settingsView) { view.paceForm = form })
	}
	if !settings.Enabled {
		http.Redirect(w, r, settingsPath, http.StatusSeeOther)
		return nil
	}
	page := testFrame("Stop using the PACE API?", "")
	return c.render(w, r, http.StatusOK, questionPage(c.frame(r, page), question{
		words:  "No more plans are retrieved or contracts refreshed, including by notifications and schedules. Saved contracts stay as they are.",
		action: settingsPath + "/pace/disable", yes: "Stop using it", back: settingsPath, danger: true,
	}))
}

func (c console) disablePACE(w http.ResponseWriter, r *http.Request, v visitor) error {
	if _, err := c.store.DisablePACE(r.Context(), v.Organisation.ID, v.requestedBy()); err != nil {
		return err
	}
	http.Redirect(w, r, settingsPath+"?changed=pace-disabled", http.StatusSeeOther)
	return nil
}

// ConnectionTester logs in over a connection and makes one cheap call.
type ConnectionTester interface {
	Check(ctx context.Context, connection care.Connection) check.Result
}

func (c console) testConnection(w http.ResponseWriter, r *http.Request, v visitor) error {
	id, err := pathID(r, "connection")
	if err != nil {
		return err
	}
	connections, err := c.store.Connections(r.Context(), v.Organisation.ID)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(connections, func(one care.Connection) bool { return one.ID == id })
	if at < 0 {
		return db.ErrNotFound
	}
	result := c.connections.Check(r.Context(), connections[at])
	if db.OfAnotherDeployment(result.Err) {
		return result.Err
	}
	lead := "To " + present.Service(connections[at].Service) + ", using the device " + connections[at].DeviceName + "."
	page := testFrame("Test of the connection "+connections[at].Name, lead)
	return c.render(w, r, http.StatusOK, connectionTestPage(c.frame(r, page), result))
}

func testFrame(title, lead string) ui.Page {
	return ui.Page{Title: title, Lead: lead, Section: settingsPath, Trail: []ui.Crumb{{Words: "Settings", Address: settingsPath}}}
}

func stepTone(step check.Step) ui.Tone {
	if step.OK {
		return ui.Good
	}
	return ui.Bad
}

func warningTone(warning proda.ExpiryWarning) ui.Tone {
	if warning.Urgent {
		return ui.Bad
	}
	return ui.Warn
}

// connectionTone says how a connection stands as far as is known without a test.
func connectionTone(connection care.Connection, now time.Time) ui.Tone {
	if connection.ActivatedAt == nil {
		return ui.Warn
	}
	if warnings := proda.ConnectionWarnings(connection, now); len(warnings) > 0 {
		return warningTone(slices.MinFunc(warnings, func(one, other proda.ExpiryWarning) int { return one.Days - other.Days }))
	}
	return ui.Good
}

func connectionWords(connection care.Connection, now time.Time) string {
	return present.DeviceState(connection, now)
}

package console_test

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/simulator/faults"
	"github.com/caresync/caresync/simulator/world"
	"github.com/caresync/caresync/starter/bulks"
	"github.com/caresync/caresync/starter/console"
	"github.com/caresync/caresync/starter/schedules"
	"github.com/caresync/caresync/starter/upstreams"
	"github.com/caresync/caresync/testkit"
)

func bulkLink(workflowID string, bulk care.ID) string {
	return "https://temporal.example/workflows?query=" + url.QueryEscape(workflowID+" "+string(bulk))
}

// withAdmin adds what the pages of administrators work with.
func withAdmin(options console.Options, connected *testkit.Temporal) console.Options {
	options.Bulks = bulks.New(options.Store, connected, connected.Queues)
	options.Schedules = schedules.New(options.Store, connected.ScheduleClient(), testkit.Keyring(), options.Bulks, connected.Queues)
	options.Connections, options.BulkLink = upstreams.New(options.Store, nil), bulkLink
	return options
}

// fill types into a field in place of what is there.
func (w *tab) fill(selector, text string) {
	w.t.Helper()
	w.eventually(selector, `(() => {
		const field = document.querySelector(`+quoted(selector)+`);
		if (field === null || !field.checkVisibility()) return false;
		field.value = `+quoted(text)+`;
		field.dispatchEvent(new Event("input", {bubbles: true}));
		return true;
	})()`)
}

// count is the number that a bulk run's page gives.
func (w *tab) count(words string) string {
	w.t.Helper()
	return value[string](w, `document.querySelector('#progress [data-count=`+quoted(words)+`] dd')?.textContent.trim() ?? ""`)
}

// counts waits until a bulk run's page gives a number.
func (w *tab) counts(words, number string) {
	w.t.Helper()
	w.eventually(words+" "+number, `document.querySelector('#progress [data-count=`+quoted(words)+`] dd')?.textContent.trim() === `+quoted(number))
}

// startBulk opens the form, fills it in and sends it.
func (w *tab) startBulk(fill func()) {
	w.t.Helper()
	w.open("/bulks")
	w.press("Start a bulk run")
	w.sees("What is synced")
	fill()
	w.press("Start the bulk run")
	w.sees("About this bulk run")
}

// A bulk run with one faulty person: that person's trouble is that person's alone, and a retry mends it.
func TestABulkRunStepByStep(t *testing.T) {
	s := newSite(t)
	request := s.Request(t, "several-open")
	s.moves(t, "several-open", world.Move{Name: world.ChangeIdentity, FamilyName: "Wentworth"})
	w := s.newTab(t, request.OrganisationID)
	w.press("Bulk runs")
	w.sees("No bulk runs yet")

	// Someone on the list is not known: nothing is started, and what was typed stays.
	w.startBulkWithList("415056224\nnobody\n" + string(s.Request(t, "usage-by-others").PersonID))
	w.sees("The person at place 2 of the list is not one of the organisation’s.")
	w.fill("#field-people", "415056224\n"+string(s.Request(t, "usage-by-others").PersonID))
	w.press("Start the bulk run")
	w.sees("Completed with failures")
	w.counts("Selected", "2")
	w.counts("Succeeded", "1")
	w.counts("Failed", "1")
	w.eventually("the failed list with the reason", `document.querySelector("#people").innerText.includes("Whitlock, Marjorie") && document.querySelector("#people").innerText.includes("1 person failed")`)
	require.NotContains(t, value[string](w, `document.querySelector("#people table").innerText`), "Tran", "she succeeded")

	// From the list to what went wrong, and to the person.
	page := value[string](w, `location.pathname`)
	w.press("View sync")
	w.sees("Wentworth")
	w.open(page)
	w.press("Whitlock, Marjorie")
	w.sees("Recent syncs")
	w.open(page)

	// Once the records agree, the people who failed are retried, in a bulk run of their own.
	s.moves(t, "several-open", world.Move{Name: world.CorrectIdentity})
	w.press("Retry the 1 person")
	w.sees("Everyone was synced")
	w.sees("The previous bulk run")
	w.counts("Selected", "1")
	w.open("/bulks")
	w.sees("People who did not succeed in an earlier bulk run")
	w.sees("with failures")
}

func (w *tab) startBulkWithList(people string) {
	w.t.Helper()
	w.open("/bulks/new")
	w.pick(`[name="who"][value="listed"]`)
	w.fill("#field-people", people)
	w.press("Start the bulk run")
}

// Progress appears without a reload; a bulk run is paused, given another window, resumed, and cancelled after one confirmation.
func TestABulkRunIsCommanded(t *testing.T) {
	s := newSite(t)
	organisation := s.Request(t, "several-open").OrganisationID
	w := s.newTab(t, organisation)
	require.NoError(t, s.Faults.Add(faults.Fault{Kind: faults.Hang, Operation: "budget-details", Delay: 10 * time.Minute}))
	w.startBulk(func() { w.fill("#field-failure_threshold", "90") })
	w.sees("90 % of failures")
	w.eventually("a live region", `document.querySelector('#progress [role="status"]').innerText.includes("The bulk run is running")`)
	w.press("Pause")
	w.sees("People in progress will finish, no one else is started")
	w.fill("#window", "5")
	w.press("Set")
	w.sees("From now on, 5 batches run in parallel.")
	w.press("Resume")
	w.eventually("the bulk run continues", `[...document.querySelectorAll("#progress button")].some((one) => one.innerText === "Pause")`)
	w.press("Cancel…")
	w.sees("Cancel this bulk run?")
	w.press("Cancel the bulk run")
	s.Faults.Clear()
	w.sees("Bulk run cancelled")
	w.eventually("nothing that could still be commanded", `document.querySelector("#bulk-pause, #bulk-resume, #bulk-cancel") === null`)
	w.eventually("the rest of the page, without loading it again", `document.querySelector("#bulk-details").innerText.includes("Finished")`)
	require.Equal(t, w.count("Selected"), w.count("Processed"), "everyone has an outcome")

	// The report comes with the session's cookie.
	id := strings.TrimPrefix(value[string](w, `location.pathname`), "/bulks/")
	for _, format := range []string{"csv", "json"} {
		report := value[string](w, `fetch("/bulks/`+id+`/report.`+format+`").then((answer) => answer.text())`)
		require.Contains(t, report, "415056224", format)
	}
}

// Listed people who are unknown are reported, never created.
func TestUnknownPeopleAreReported(t *testing.T) {
	s := newSite(t)
	request := s.Request(t, "several-open")
	sql := testkit.OpenSQL(t, s.DatabaseURL)
	require.NoError(t, sql.Try(t, `UPDATE person SET care_recipient_id = '99' WHERE id = $1`, request.PersonID))
	w := s.newTab(t, request.OrganisationID)
	w.startBulk(func() {})
	w.sees("On the providers’ lists, but not in CareSync")
	w.eventually("whom we lack", `document.querySelector("#unknown").innerText.includes("415056224")`)

	// Name and birth date are those of someone who is gone: it is one person under two numbers (R33).
	w.sees("1 person may be listed under another number")
	w.requireNoBarriers("whoever is listed under another number")
	bulk := value[string](w, `location.pathname`)
	w.press("Change number")
	w.sees("Which number changes")
	w.requireNoBarriers("a number that changes")
	w.fill("#field-number", "415056224")
	w.press("Change number")
	w.sees("must have 1 to 500 characters")
	w.fill("#field-note", "the letter of August")
	w.fill("#field-number", testkit.Value[string](t, sql, `SELECT care_recipient_id FROM person WHERE organisation_id = $1 AND id <> $2 ORDER BY id LIMIT 1`,
		request.OrganisationID, request.PersonID))
	w.press("Change number")
	w.sees("Another person has this number")
	w.requireNoBarriers("a number that someone has")
	w.fill("#field-number", "415056224")
	w.press("Change number")
	w.sees("The number was changed. Sync the person next")
	w.sees("the letter of August")
	require.Equal(t, "415056224", testkit.Value[string](t, sql, `SELECT care_recipient_id FROM person WHERE id = $1`, request.PersonID))
	w.open(bulk)
	w.sees("The number has been changed since.")
}

// A schedule is created from a preset, paused, resumed, run, made good for days that have passed, and deleted, which is asked once.
func TestASchedulesLifeInTheConsole(t *testing.T) {
	s := newSite(t)
	organisation := s.Request(t, "several-open").OrganisationID
	t.Cleanup(func() { // a schedule outlives its test otherwise
		_ = s.temporal.ScheduleClient().GetHandle(context.Background(), protocol.ScheduleID(organisation, "weekly-full")).Delete(context.Background())
	})
	w := s.newTab(t, organisation)
	w.press("Schedules")
	w.sees("There are no schedules yet")
	w.press("Everyone once a week")
	w.fill("#field-time_of_day", "02:30")
	w.pick(`[name="weekday"][value="saturday"]`)
	w.pick(`[name="weekday"][value="sunday"]`)
	w.press("Create the schedule")
	w.sees("The schedule was created.")
	w.sees("Daylight saving changes at that time of day")
	w.sees("Sunday at 02:30")
	w.press("Pause")
	w.sees("Paused until resumed.")

	// It is changed where it is; what someone has not touched stays, and it stays paused.
	w.press("change the schedule")
	w.sees("Change the schedule weekly-full")
	require.True(t, value[bool](w, `document.querySelector("#field-name").readOnly`), "its name stays")
	require.Equal(t, "02:30", value[string](w, `document.querySelector("#field-time_of_day").value`))
	require.True(t, value[bool](w, `document.querySelector('[name="weekday"][value="sunday"]').checked`))
	w.press("Cancel")
	w.sees("Paused until resumed.")
	w.press("Change")
	w.fill("#field-time_of_day", "04:45")
	w.pick(`[name="weekday"][value="saturday"]`)
	w.press("Save")
	w.sees("The schedule was changed.")
	w.sees("Sunday, Saturday at 04:45")
	w.sees("Paused until resumed.")
	require.NotContains(t, w.text(), "Daylight saving changes at that time of day")
	w.press("Resume")
	w.eventually("next runs", `document.querySelectorAll("#next .next-runs li").length > 0`)

	// A time that was missed stands in the list and on the page until a run has made up for it.
	testkit.OpenSQL(t, s.DatabaseURL).Exec(t, "INSERT INTO schedule_time (organisation_id, name, due_at) VALUES ($1, 'weekly-full', now() - interval '3 hours')", organisation)
	w.open("/schedules")
	w.sees("Missed: ")
	w.press("weekly-full")
	w.sees("No run has started since. Run missed times")
	w.press("Run now")
	w.sees("About this bulk run")
	w.sees("Completed with failures")
	w.open("/schedules/weekly-full")
	w.eventually("the last run", `document.querySelectorAll("#last tbody tr").length === 1`)
	require.NotContains(t, w.text(), "No run has started since")
	today := care.DateIn(time.Now(), time.UTC)
	w.fill("#field-from", today.AddDays(-9).String())
	w.press("Run missed times")
	w.sees("Missed times are being run.")
	w.open("/schedules")
	w.press("weekly-full")
	w.press("Delete…")
	w.sees("Delete the schedule weekly-full?")
	w.press("Delete the schedule")
	w.sees("The schedule was deleted.")
}

// R11: another organisation's schedules are not there; a form that makes no sense creates none, and keeps what was typed.
func TestAnotherOrganisationsSchedulesAreNotThere(t *testing.T) {
	s := newSite(t)
	organisation := s.Request(t, "several-open").OrganisationID
	require.NotEqual(t, organisation, s.Request(t, "details-refused").OrganisationID)
	ours, theirs := newVisitor(t, s.Store, s.url, organisation), newVisitor(t, s.Store, s.url, s.Request(t, "details-refused").OrganisationID)
	form := url.Values{"name": {"nightly"}, "when": {"at"}, "time_of_day": {"03:30"}, "time_zone": {"Australia/Sydney"}, "kind": {"care-recipient"}, "who": {"changed"}}
	t.Cleanup(func() {
		_ = s.temporal.ScheduleClient().GetHandle(context.Background(), protocol.ScheduleID(organisation, "nightly")).Delete(context.Background())
	})
	require.Equal(t, "/schedules/nightly?created=yes", ours.post("/schedules", form).header.Get("Location"))
	require.Contains(t, ours.post("/schedules", form).body, "A schedule with this name already exists")
	twice := maps.Clone(form)
	maps.Copy(twice, url.Values{"name": {"twice"}, "time_of_day": {"02:30"}})
	t.Cleanup(func() {
		_ = s.temporal.ScheduleClient().GetHandle(context.Background(), protocol.ScheduleID(organisation, "twice")).Delete(context.Background())
	})
	require.Equal(t, "/schedules/twice?created=yes", ours.post("/schedules", twice).header.Get("Location"))
	require.Contains(t, ours.get("/schedules/twice").body, "Daylight saving changes at that time of day")
	require.Equal(t, http.StatusUnprocessableEntity, theirs.get("/schedules/%FF").status, "a name that is not text")
	for _, name := range []string{"nightly", "unknown", strings.Repeat("9", 10_000), "..%2Fnightly", "NIGHTLY", "'%20OR%201=1--"} {
		for _, path := range []string{"", "/change", "/delete"} {
			require.Equal(t, http.StatusNotFound, theirs.get("/schedules/"+name+path).status, name)
		}
		for _, command := range []string{"/change", "/pause", "/resume", "/trigger", "/delete"} {
			require.Equal(t, http.StatusNotFound, theirs.post("/schedules/"+name+command, nil).status, name+command)
		}
		require.Equal(t, http.StatusNotFound, theirs.post("/schedules/"+name+"/backfill", url.Values{"from": {"2026-01-01"}}).status, name)
	}
	for said, change := range map[string]url.Values{
		"Name must have 1 to 40 lower-case letters": {"name": {"<script>alert(1)</script>"}},
		"must be a time from 00:00 to 23:59":        {"name": {"other"}, "time_of_day": {"25:00"}},
		"must be the name of a time zone":           {"name": {"other"}, "time_zone": {"../etc"}},
		"must be an expression of five fields":      {"name": {"other"}, "when": {"cron"}, "cron": {"every day"}},
		"must be days such as mon":                  {"name": {"other"}, "weekday": {"someday"}},
		"must be skip, buffer-one or cancel-other":  {"name": {"other"}, "overlap": {"<b>"}},
		"The catch-up window must be a time":        {"name": {"other"}, "catch_up": {"999"}},
		"The random delay must be a whole number":   {"name": {"other"}, "jitter": {"-1"}},
		"cannot be used in a schedule":              {"name": {"other"}, "who": {"listed"}, "people": {"415056224"}},
		"between 1 and 20":                          {"name": {"other"}, "window": {"21"}},
	} {
		wrong := maps.Clone(form)
		maps.Copy(wrong, change)
		answer := ours.post("/schedules", wrong)
		require.Equal(t, http.StatusUnprocessableEntity, answer.status, said)
		require.Contains(t, answer.body, said)
		require.NotContains(t, answer.body, "<script>alert")
		if !change.Has("name") || change.Get("name") == "other" { // a change leaves the name alone
			answer = ours.post("/schedules/nightly/change", wrong)
			require.Equal(t, http.StatusUnprocessableEntity, answer.status, said)
			require.Contains(t, answer.body, said)
			require.Contains(t, answer.body, "Change the schedule nightly")
			require.NotContains(t, answer.body, `value="other"`, "the address says which it is")
		}
	}
	for said, days := range map[string]url.Values{
		"must be a date such as": {"from": {"<b>"}}, "must not be in the future": {"from": {"2026-01-01"}, "to": {"2999-01-01"}}, "must be after the start": {"from": {"2026-01-02"}, "to": {"2026-01-01"}},
	} {
		answer := ours.post("/schedules/nightly/backfill", days)
		require.Equal(t, http.StatusUnprocessableEntity, answer.status, said)
		require.Contains(t, answer.body, said)
	}
}

// The form that changes a schedule holds all that the schedule says: sent as it is, it changes nothing.
func TestAScheduleIsChangedWithItsForm(t *testing.T) {
	s := newSite(t)
	organisation := organisation(t, s.Store, s.Request(t, "several-open").OrganisationID)
	options := schedules.New(s.Store, s.temporal.ScheduleClient(), testkit.Keyring(), bulks.New(s.Store, s.temporal, s.temporal.Queues), s.temporal.Queues)
	w := s.newTab(t, organisation.ID)
	var provider string
	for _, connection := range s.connections(t, organisation.ID) {
		if connection.Service == care.ServicesAustralia {
			provider = connection.ServiceProviderID
		}
	}
	t.Cleanup(func() {
		for _, name := range []string{"simple", "selected", "contracts", "absences"} {
			_, _ = options.Delete(context.Background(), organisation.ID, name)
		}
	})
	for _, request := range []schedules.Request{
		{Name: "simple", ScheduleTimes: care.ScheduleTimes{TimeOfDay: "03:30"}, Bulk: care.BulkOptions{Delta: true}, Paused: true},
		{
			Name: "selected", ScheduleTimes: care.ScheduleTimes{TimeOfDay: "02:30", Weekdays: []time.Weekday{time.Tuesday, time.Sunday}, TimeZone: "Europe/Berlin"},
			Overlap: care.OverlapCancel, CatchUp: 90 * time.Second, Jitter: 36 * time.Hour, PauseOnFailure: true, Bulk: care.BulkOptions{
				ServiceProviderID: provider, InCare: true, FailedLastTime: true, NotSyncedFor: care.Timespan(90 * time.Minute), Only: care.AreaBudgets,
				AllBudgets: true, Window: 3, FailureThreshold: 40,
			},
		},
		{
			Name: "contracts", ScheduleTimes: care.ScheduleTimes{Cron: "*/30 3 * * mon-fri"}, Overlap: care.OverlapBuffer, Jitter: 10 * time.Minute,
			Bulk: care.BulkOptions{Kind: care.RunPACEContract, ReviewAll: true, NotSyncedFor: care.Timespan(48 * time.Hour)},
		},
		{Name: "absences", ScheduleTimes: care.ScheduleTimes{TimeOfDay: "03:30"}, Bulk: care.BulkOptions{AcceptAbsences: true, Only: care.AreaContributions}},
	} {
		request.Organisation = organisation
		created, err := options.Create(t.Context(), request)
		require.NoError(t, err)
		w.open("/schedules/" + request.Name + "/change")
		w.press("Save")
		w.sees("The schedule was changed.")
		changed, err := options.Schedule(t.Context(), organisation.ID, request.Name)
		require.NoError(t, err)
		require.NotEqual(t, created.Version, changed.Version)
		require.Equal(t, "console: Robin Ellery", changed.ChangedBy)
		changed.Version, changed.ChangedBy, changed.ChangedAt, changed.AppliedAt = created.Version, created.ChangedBy, created.ChangedAt, created.AppliedAt
		require.Equal(t, created, changed, request.Name)
		require.Equal(t, len(created.Warnings) > 0, strings.Contains(w.text(), "Daylight saving changes at that time of day"), request.Name)
	}
}

// A connection is tested, with the government's own words where it refuses; the PACE API is enabled only over one that works.
func TestSettingsAreTestedAndChanged(t *testing.T) {
	s := newSite(t)
	organisation := s.Request(t, "several-open").OrganisationID
	w := s.newTab(t, organisation)
	w.press("Settings")
	w.sees("Providers and connections")
	require.NotContains(t, value[string](w, `document.documentElement.outerHTML`), s.apiKey(t, organisation), "nothing secret is shown")
	w.press("Test the connection " + s.connections(t, organisation)[0].Name)
	w.sees("The connection works")
	w.press("Back to the settings")

	w.pick(`[name="enabled"]`)
	w.press("Save the PACE settings")
	w.sees("Stop using the PACE API?")
	w.press("Stop using it")
	w.sees("The PACE API is disabled.")
	require.NoError(t, s.Faults.Add(faults.Fault{Kind: faults.Forbidden}))
	w.pick(`[name="enabled"]`)
	w.press("Save the PACE settings")
	w.sees("The PACE API was not enabled")
	s.Faults.Clear()
	w.press("Back to the settings")
	w.pick(`[name="enabled"]`)
	w.fill("#field-budget_calls_per_hour", "250")
	w.press("Save the PACE settings")
	w.sees("The connection to the NDIA works. The PACE API is enabled.")
	settings, err := s.Store.PACESettings(t.Context(), organisation)
	require.NoError(t, err)
	require.True(t, settings.Enabled)
	require.Equal(t, 250, settings.BudgetCallsPerHour)
	require.Equal(t, "console: Robin Ellery", settings.ChangedBy)

	w.fill("#field-name", "Wattle Grove Care")
	w.do(chromedp.SetValue("#choice-time_zone", "Australia/Perth"))
	w.press("Save the organisation")
	w.sees("The organisation was changed.")
	w.sees("All times are in the time zone Australia/Perth.")
}

func (s *site) connections(t *testing.T, organisation care.ID) []care.Connection {
	t.Helper()
	connections, err := s.Store.Connections(t.Context(), organisation)
	require.NoError(t, err)
	require.NotEmpty(t, connections)
	return connections
}

func (s *site) apiKey(t *testing.T, organisation care.ID) string {
	t.Helper()
	key := s.connections(t, organisation)[0].APIKey
	require.NotEmpty(t, key)
	return key
}

// A file with a bad line changes nothing, and every problem is shown by line; corrected, it is imported.
func TestAFileIsImported(t *testing.T) {
	s := newSite(t)
	w := s.newTab(t, s.Request(t, "several-open").OrganisationID)
	w.press("Settings")
	w.press("Import a file")
	header := "given_name,family_name,birth_date,care_recipient_id\n"
	w.upload("people", header+"Ada,Kookaburra,1941-03-09,77001\nBert,Wombat,9/3/1941,77002\nCleo,,1940-01-02,x\n")
	w.sees("People: nothing was imported")
	for _, said := range []string{"Line 3", "birth_date", "Line 4", "family_name", "care_recipient_id"} {
		w.sees(said)
	}
	w.open("/people?search=kookaburra")
	w.sees("No matching people")
	w.open("/imports")
	w.upload("people", header+"Ada,Kookaburra,1941-03-09,77001\n")
	w.sees("1 person imported: 1 new, 0 changed, 0 unchanged")
	w.open("/people?search=kookaburra")
	w.sees("Kookaburra, Ada")
}

// upload chooses a file for one of the forms, and sends it.
func (w *tab) upload(kind, content string) {
	w.t.Helper()
	path := filepath.Join(w.t.TempDir(), kind+".csv")
	require.NoError(w.t, os.WriteFile(path, []byte(content), 0o600))
	w.eventually(kind, `document.readyState === "complete" && document.getElementById("file-`+kind+`") !== null`)
	w.do(chromedp.SetUploadFiles("#file-"+kind, []string{path}))
	w.press("Import " + kind)
}

// WCAG 2.2 AA on the pages of administrators.
func TestAdminPagesHaveNoBarriers(t *testing.T) {
	s := newSite(t)
	organisation := s.Request(t, "several-open").OrganisationID
	bulk, run := s.temporal.Bulk(t, s.Store, organisation, care.BulkRequest{BulkOptions: care.BulkOptions{Kind: care.RunCareRecipient}})
	require.NoError(t, run.Get(t.Context(), nil))
	require.NoError(t, s.Faults.Add(faults.Fault{Kind: faults.Hang, Operation: "budget-details", Delay: 10 * time.Minute}))
	t.Cleanup(s.Faults.Clear)
	running, _ := s.temporal.Bulk(t, s.Store, organisation, care.BulkRequest{BulkOptions: care.BulkOptions{Kind: care.RunCareRecipient}})
	options := schedules.New(s.Store, s.temporal.ScheduleClient(), testkit.Keyring(), bulks.New(s.Store, s.temporal, s.temporal.Queues), s.temporal.Queues)
	_, err := options.Create(t.Context(), schedules.Request{
		Organisation: care.Organisation{ID: organisation, TimeZone: care.DefaultTimeZone}, Name: "nightly", ScheduleTimes: care.ScheduleTimes{TimeOfDay: "03:30"},
	})
	require.NoError(t, err)
	t.Cleanup(func() { _, _ = options.Delete(context.Background(), organisation, "nightly") })

	w := s.newTab(t, organisation)
	for _, path := range []string{
		"/bulks", "/bulks?outcome=cancelled", "/bulks/new", "/bulks/" + string(bulk), "/bulks/" + string(bulk) + "?outcome=everyone",
		"/bulks/" + string(running), "/bulks/" + string(running) + "/cancel", "/schedules", "/new-schedule", "/schedules/nightly",
		"/schedules/nightly/change", "/schedules/nightly/delete", "/settings", "/settings/connections", "/imports",
	} {
		w.open(path)
		w.requireNoBarriers(path)
	}
	w.open("/bulks/new")
	w.pick(`[name="who"][value="listed"]`)
	w.press("Start the bulk run")
	w.sees("There is a problem")
	w.eventually("the focus on the field with the problem", `document.activeElement.name === "people"`)
	w.requireNoBarriers("a form with a problem")
	w.open("/imports")
	w.upload("people", "given_name\nAda\n")
	w.sees("nothing was imported")
	w.requireNoBarriers("a file with problems")
	w.open("/settings")
	w.press("Test the connection " + s.connections(t, organisation)[0].Name)
	w.sees("What was tested")
	w.requireNoBarriers("a connection's test")
}

// moves lets something happen to a person at the government.
func (s *site) moves(t *testing.T, key string, move world.Move) {
	t.Helper()
	_, err := s.World.World.Move(key, move)
	require.NoError(t, err)
}

package console_test

import (
	"bytes"
	"context"
	"fmt"
	"html"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/simulator/world"
	"github.com/caresync/caresync/starter/bulks"
	"github.com/caresync/caresync/starter/console"
	"github.com/caresync/caresync/starter/imports"
	"github.com/caresync/caresync/starter/pace"
	"github.com/caresync/caresync/starter/syncs"
	"github.com/caresync/caresync/starter/temporaltest"
	"github.com/caresync/caresync/starter/upstreams"
	"github.com/caresync/caresync/testkit"
)

// desk is a console for administrators beside a Temporal server that no one works for.
type desk struct {
	quiet
	temporal *temporaltest.Server
}

func newDesk(t *testing.T) desk {
	t.Helper()
	d := desk{quiet: quiet{World: testkit.NewWorld(t, world.Options{}), queries: &counter{}}, temporal: temporaltest.New()}
	store, err := db.Open(t.Context(), d.DatabaseURL, testkit.Keyring(), db.Options{Tracer: d.queries})
	require.NoError(t, err)
	t.Cleanup(store.Close)
	core, logs := observer.New(zapcore.InfoLevel)
	d.logs = logs
	following, clients := syncs.New(store, d.temporal, protocol.TaskQueues{}), upstreams.New(store, nil)
	d.url = serve(t, console.Options{
		Store: store, Syncs: following, Bulks: bulks.New(store, d.temporal, protocol.TaskQueues{}), Logger: zap.New(core), BulkLink: bulkLink,
		PACE: pace.New(store, d.temporal, protocol.TaskQueues{}, following, clients), Connections: clients,
	})
	return d
}

// bulkOf starts a bulk run with a form, and returns its id.
func (d desk) bulkOf(t *testing.T, v visitor, form url.Values) care.ID {
	t.Helper()
	answer := v.post("/bulks", form)
	require.Equal(t, http.StatusSeeOther, answer.status, answer.body)
	return care.ID(strings.TrimPrefix(answer.header.Get("Location"), "/bulks/"))
}

// requested is what a bulk run was asked for that lists no one.
func requested(options care.BulkOptions) care.BulkRequest {
	return care.BulkRequest{BulkOptions: options}
}

// finish ends a bulk run as its workflow would, with everyone's outcome.
func (d desk) finish(t *testing.T, organisation, bulk care.ID, outcome care.ItemOutcome, reason care.Reason) {
	t.Helper()
	request, err := d.Store.BulkRequest(t.Context(), organisation, bulk)
	require.NoError(t, err)
	_, _, err = d.Store.PlanBulk(t.Context(), db.Bulk{ID: bulk, OrganisationID: organisation, Request: request}, db.BulkSize{PerBatch: 500, PerChunk: 50}, nil, time.Now())
	require.NoError(t, err)
	require.NoError(t, d.Store.SettleItems(t.Context(), organisation, bulk, nil, outcome, reason))
	_, _, err = d.Store.FinishBulk(t.Context(), organisation, bulk, "")
	require.NoError(t, err)
}

var everyone = url.Values{"kind": {"care-recipient"}, "who": {"everyone"}}

// Everything that the HTTP API offers can be said in the form.
func TestABulkRunsFormSaysEverything(t *testing.T) {
	d := newDesk(t)
	v := d.visitor(t, "several-open")
	organisation := d.Request(t, "several-open").OrganisationID
	connections, err := d.Store.Connections(t.Context(), organisation)
	require.NoError(t, err)
	var provider care.Connection
	for _, connection := range connections {
		if connection.Service == care.ServicesAustralia {
			provider = connection
		}
	}
	for name, test := range map[string]struct {
		form url.Values
		want care.BulkRequest
	}{
		"everyone": {everyone, requested(care.BulkOptions{Kind: care.RunCareRecipient})},
		"absences": {
			url.Values{"kind": {"care-recipient"}, "who": {"everyone"}, "accept_absences": {"yes"}, "window": {"4"}, "failure_threshold": {"30"}, "all_budgets": {"yes"}},
			requested(care.BulkOptions{Kind: care.RunCareRecipient, AcceptAbsences: true, Window: 4, FailureThreshold: 30, AllBudgets: true}),
		},
		"delta": {url.Values{"kind": {"care-recipient"}, "who": {"changed"}}, requested(care.BulkOptions{Kind: care.RunCareRecipient, Delta: true})},
		"selection": {
			url.Values{
				"kind": {"care-recipient"}, "who": {"selected"}, "service_provider_id": {provider.ServiceProviderID}, "in_care": {"yes"}, "failed_last_time": {"yes"},
				"not_synced_for": {"2"}, "not_synced_for_unit": {"days"}, "only": {"contributions"},
			},
			requested(care.BulkOptions{
				Kind: care.RunCareRecipient, Only: care.AreaContributions, ServiceProviderID: provider.ServiceProviderID, InCare: true, FailedLastTime: true,
				NotSyncedFor: care.Timespan(48 * time.Hour),
			}),
		},
		"list": {
			url.Values{"kind": {"care-recipient"}, "who": {"listed"}, "people": {" 415056224\r\n\r\n415056224,"}},
			care.BulkRequest{BulkOptions: care.BulkOptions{Kind: care.RunCareRecipient}, People: []care.ID{d.Request(t, "several-open").PersonID}},
		},
		"contracts, with the choice of who has changed left over": { // the form hides it
			url.Values{"kind": {"pace-contract"}, "who": {"changed"}}, requested(care.BulkOptions{Kind: care.RunPACEContract}),
		},
		"contracts, with what only care recipients have left over": {
			url.Values{"kind": {"pace-contract"}, "who": {"selected"}, "in_care": {"yes"}, "not_synced_for": {"24"}, "all_budgets": {"yes"}, "policy": {"hold"}},
			requested(care.BulkOptions{Kind: care.RunPACEContract, ReviewAll: true, NotSyncedFor: care.Timespan(24 * time.Hour)}),
		},
	} {
		t.Run(name, func(t *testing.T) {
			bulk := d.bulkOf(t, v, test.form)
			request, err := d.Store.BulkRequest(t.Context(), organisation, bulk)
			require.NoError(t, err)
			require.Equal(t, test.want, request)
			require.True(t, d.temporal.Known(protocol.BulkSyncID(bulk)))
			progress, err := read.From(d.Store).BulkProgress(t.Context(), organisation, bulk)
			require.NoError(t, err)
			require.Equal(t, "console: Robin Ellery", progress.RequestedBy)
		})
	}
}

// A form that makes no sense starts nothing, and keeps what was typed.
func TestABulkRunsFormIsChecked(t *testing.T) {
	d := newDesk(t)
	v := d.visitor(t, "several-open")
	long := strings.Repeat("9", 10_000)
	for said, form := range map[string]url.Values{
		"must be between 1 and 20":                   {"kind": {"care-recipient"}, "who": {"everyone"}, "window": {"21"}},
		"must be a whole number from 1":              {"kind": {"care-recipient"}, "who": {"everyone"}, "window": {"many"}},
		"percentage from 1 to 100":                   {"kind": {"care-recipient"}, "who": {"everyone"}, "failure_threshold": {"101"}},
		"The list must name at least one person":     {"kind": {"care-recipient"}, "who": {"listed"}, "people": {" , \n"}},
		"The selection must have at least one":       {"kind": {"care-recipient"}, "who": {"selected"}},
		"must be that of one of the":                 {"kind": {"care-recipient"}, "who": {"selected"}, "service_provider_id": {"4000099999"}},
		"cannot be combined with":                    {"kind": {"care-recipient"}, "who": {"everyone"}, "only": {"contributions"}, "all_budgets": {"yes"}},
		"must be contributions or budgets":           {"kind": {"care-recipient"}, "who": {"everyone"}, "only": {"<b>"}},
		"care-recipient or pace-contract":            {"kind": {long}, "who": {"everyone"}},
		"2 people of the list are not the organisat": {"kind": {"care-recipient"}, "who": {"listed"}, "people": {"nobody\n415056224\n" + long}},
		"must be a number up to 87600":               {"kind": {"care-recipient"}, "who": {"selected"}, "not_synced_for": {"999999"}},
	} {
		answer := v.post("/bulks", form)
		require.Equal(t, http.StatusUnprocessableEntity, answer.status, said)
		require.Contains(t, answer.body, said)
		require.Contains(t, answer.body, "There is a problem")
	}
	hostile := v.post("/bulks", url.Values{"kind": {"care-recipient"}, "who": {"listed"}, "people": {"</textarea><script>alert(1)</script>"}, "window": {`"><img src=x>`}})
	require.NotContains(t, hostile.body, "<script>alert")
	require.NotContains(t, hostile.body, "<img")
	require.NotContains(t, v.get("/bulks/new?window=%22%3E%3Cscript%3Ealert(1)%3C/script%3E&who=listed&people=%3C/textarea%3E%3Cb%3E").body, "<script>alert")
	for _, form := range []url.Values{{}, {"kind": {"care-recipient"}}, {"kind": {"care-recipient"}, "who": {"anyone"}}, {"kind": {"care-recipient"}, "who": {"everyone"}, "id": {"1"}}} {
		require.Equal(t, http.StatusBadRequest, v.post("/bulks", form).status, form)
	}
	require.Equal(t, http.StatusBadRequest, v.post("/bulks", url.Values{"people": {strings.Repeat("9", 2<<20)}}).status, "too large")
	found, _, err := read.From(d.Store).Bulks(t.Context(), d.Request(t, "several-open").OrganisationID, read.BulkFilter{})
	require.NoError(t, err)
	require.Empty(t, found)
}

// A form that is sent twice leads to one bulk run.
func TestTheSameFormStartsOneBulkRun(t *testing.T) {
	d := newDesk(t)
	v := d.visitor(t, "several-open")
	id := regexpFind(t, `name="id" value="[0-9a-f-]{36}"`, v.get("/bulks/new").body)
	form := url.Values{"kind": {"care-recipient"}, "who": {"everyone"}, "id": {id[len(`name="id" value="`) : len(id)-1]}}
	require.Equal(t, d.bulkOf(t, v, form), d.bulkOf(t, v, form))
	form.Set("who", "changed")
	answer := v.post("/bulks", form)
	require.Equal(t, http.StatusConflict, answer.status)
	require.Contains(t, answer.body, "This form was sent before")
}

func TestABulkRunsEnd(t *testing.T) {
	d := newDesk(t)
	v := d.visitor(t, "several-open")
	organisation := d.Request(t, "several-open").OrganisationID
	bulk := d.bulkOf(t, v, everyone)
	page := "/bulks/" + string(bulk)
	under := v.get(page)
	require.Contains(t, under.body, "Selecting people")
	require.Contains(t, under.body, `http-equiv="refresh"`, "without JavaScript, the page is loaded again")
	require.Equal(t, http.StatusConflict, v.post(page+"/retry", nil).status, "it is under way")
	require.Contains(t, v.get(page+"/cancel").body, "Cancel this bulk run?")

	d.finish(t, organisation, bulk, care.RunFailed, care.ReasonNotFound)
	ended := v.get(page)
	for _, said := range []string{"No one was synced", "does not know this care recipient id", "Whitlock, Marjorie", "Report as CSV", "Retry the ", "temporal.example"} {
		require.Contains(t, ended.body, said)
	}
	require.NotContains(t, ended.body, "http-equiv")
	require.NotContains(t, v.get(page+"?outcome=succeeded").body, "Whitlock")
	require.Contains(t, v.get(page+"?outcome=everyone").body, "Whitlock")
	require.Contains(t, v.get(page+"?outcome=%3Cscript%3E").body, "Whitlock", "an unknown filter filters nothing else")
	require.Equal(t, http.StatusNotFound, v.get(page+"?after=1").status)
	for _, command := range []string{"/pause", "/resume", "/cancel"} {
		require.Equal(t, http.StatusConflict, v.post(page+command, nil).status, command)
	}
	require.Equal(t, http.StatusConflict, v.post(page+"/window", url.Values{"window": {"3"}}).status)
	require.Equal(t, http.StatusConflict, v.get(page+"/cancel").status)
	require.Equal(t, http.StatusUnprocessableEntity, v.post(page+"/window", url.Values{"window": {"99"}}).status)
	require.Contains(t, v.get(page+"/events").body, "event: end")

	csv := v.get(page + "/report.csv")
	require.Equal(t, "text/csv; charset=utf-8; header=present", csv.header.Get("Content-Type"))
	require.Equal(t, `attachment; filename="bulk-run-`+string(bulk)+`.csv"`, csv.header.Get("Content-Disposition"))
	require.True(t, strings.HasPrefix(csv.body, "person_id,care_recipient_id"))
	require.Contains(t, csv.body, "415056224")
	require.Contains(t, v.get(page+"/report.json").body, `"bulk_run":`)

	id := string(db.NewID())
	first := v.post(page+"/retry", url.Values{"id": {id}})
	require.Equal(t, "/bulks/"+id, first.header.Get("Location"))
	require.Equal(t, "/bulks/"+id, v.post(page+"/retry", url.Values{"id": {id}}).header.Get("Location"), "a double click leads to one bulk run")
	require.Contains(t, v.get("/bulks/"+id).body, page, "it leads to the one that it retries")
	require.Contains(t, v.get("/bulks").body, "No one succeeded")
}

// R11: another organisation's bulk runs and connections are not there, to look at or to command.
func TestAnotherOrganisationsBulkRunsAreNotThere(t *testing.T) {
	d := newDesk(t)
	ours, theirs := d.visitor(t, "several-open"), d.visitor(t, "details-refused")
	bulk := d.bulkOf(t, ours, everyone)
	d.finish(t, d.Request(t, "several-open").OrganisationID, bulk, care.RunFailed, care.ReasonNotFound)
	connections, err := d.Store.Connections(t.Context(), d.Request(t, "several-open").OrganisationID)
	require.NoError(t, err)
	for _, id := range []string{string(bulk), string(db.NewID()), "1", strings.Repeat("9", 10_000), "..%2f", "%F0%9F%92%A9", "'%20OR%201=1--"} {
		page := "/bulks/" + id
		for _, path := range []string{"", "/events", "/report.csv", "/report.json", "/cancel"} {
			answer := theirs.get(page + path)
			require.Equal(t, http.StatusNotFound, answer.status, page+path)
			require.NotContains(t, answer.body, "Whitlock")
		}
		for _, command := range []string{"/pause", "/resume", "/cancel", "/retry"} {
			require.Equal(t, http.StatusNotFound, theirs.post(page+command, nil).status, page+command)
		}
		require.Equal(t, http.StatusNotFound, theirs.post(page+"/window", url.Values{"window": {"2"}}).status)
	}
	require.NotContains(t, theirs.get("/bulks").body, string(bulk))
	require.Equal(t, http.StatusNotFound, theirs.get("/bulks?before=1").status)
	require.Equal(t, http.StatusUnprocessableEntity,
		theirs.post("/bulks", url.Values{"kind": {"care-recipient"}, "who": {"listed"}, "people": {string(d.Request(t, "several-open").PersonID)}}).status)
	for _, id := range []string{string(connections[0].ID), string(db.NewID()), "1"} {
		require.Equal(t, http.StatusNotFound, theirs.post("/settings/connections/"+id+"/test", nil).status, id)
	}
	require.NotContains(t, theirs.get("/settings").body, connections[0].DeviceName)
}

// Forms of other sites are refused, and a GET changes nothing.
func TestForgedFormsOfAdministratorsAreRefused(t *testing.T) {
	d := newDesk(t)
	v := d.visitor(t, "several-open")
	bulk := "/bulks/" + string(d.bulkOf(t, v, everyone))
	for _, path := range []string{
		"/bulks", bulk + "/pause", bulk + "/resume", bulk + "/window", bulk + "/cancel", bulk + "/retry", "/schedules", "/schedules/nightly/change", "/schedules/nightly/pause",
		"/schedules/nightly/resume", "/schedules/nightly/trigger", "/schedules/nightly/backfill", "/schedules/nightly/delete", "/settings/organisation",
		"/settings/pace", "/settings/pace/disable", "/settings/connections/" + string(db.NewID()) + "/test", "/imports/people",
	} {
		answer := v.send(http.MethodPost, path, everyone, http.Header{"Sec-Fetch-Site": {"cross-site"}})
		require.Equal(t, http.StatusForbidden, answer.status, path)
		signedOut := stranger(t, d.url).post(path, everyone)
		require.Equal(t, http.StatusSeeOther, signedOut.status, path)
		require.Equal(t, "/sign-in", signedOut.header.Get("Location"), path)
	}
	for _, path := range []string{bulk + "/pause", bulk + "/retry", "/settings/pace/disable", "/imports/people"} {
		require.Contains(t, []int{http.StatusNotFound, http.StatusMethodNotAllowed}, v.get(path).status, path)
	}
	found, _, err := read.From(d.Store).Bulks(t.Context(), d.Request(t, "several-open").OrganisationID, read.BulkFilter{})
	require.NoError(t, err)
	require.Len(t, found, 1)
}

// A page costs the same number of queries however many bulk runs and people there are, and nothing of it is an inline script or style.
func TestAdminPagesCostAFixedNumberOfQueries(t *testing.T) {
	d := newDesk(t)
	v := d.visitor(t, "several-open")
	organisation := d.Request(t, "several-open").OrganisationID
	bulk := d.bulkOf(t, v, everyone)
	d.finish(t, organisation, bulk, care.RunFailed, care.ReasonNotFound)
	page := "/bulks/" + string(bulk)
	paths := []string{"/bulks", "/bulks/new", page, page + "?outcome=everyone", page + "/cancel", "/settings", "/imports"}
	paths = append(paths[:4], paths[5:]...)
	cost := func(path string) int64 {
		before := d.queries.statements.Load()
		answer := v.get(path)
		require.Equal(t, http.StatusOK, answer.status, path)
		require.Equal(t, policy, answer.header.Get("Content-Security-Policy"), path)
		require.NotContains(t, answer.body, "style=", path)
		require.NotRegexp(t, `(?i)<script(?: defer)?>|\son[a-z]+=|javascript:`, answer.body, path)
		return d.queries.statements.Load() - before
	}
	before := map[string]int64{}
	for _, path := range paths {
		before[path] = cost(path)
		require.LessOrEqual(t, before[path], int64(12), path)
	}
	d.quiet.grow(t)
	sql := testkit.OpenSQL(t, d.DatabaseURL)
	require.NoError(t, sql.Try(t, `INSERT INTO bulk_item (organisation_id, bulk_id, person_id, batch, chunk, outcome, reason, settled_at)
		SELECT organisation_id, $1, id, 0, 0, 'failed', 'not_found', now() FROM person WHERE organisation_id = $2 ON CONFLICT DO NOTHING`, bulk, organisation))
	for range 60 {
		d.bulkOf(t, v, everyone)
	}
	for _, path := range paths {
		require.Equal(t, before[path], cost(path), path)
	}
	require.Contains(t, v.get("/bulks").body, `rel="next"`)
	require.Contains(t, v.get(page).body, `rel="next"`)
}

func TestTheOrganisationIsChanged(t *testing.T) {
	d := newDesk(t)
	v := d.visitor(t, "several-open")
	for _, form := range []url.Values{
		{"name": {""}, "time_zone": {"Australia/Perth"}}, {"name": {"x\x00"}, "time_zone": {"Australia/Perth"}}, {"name": {"\xff"}, "time_zone": {"Australia/Perth"}},
		{"name": {strings.Repeat("x", 101)}, "time_zone": {"Australia/Perth"}}, {"name": {"Wattle"}, "time_zone": {"Local"}}, {"name": {"Wattle"}, "time_zone": {"../etc"}},
	} {
		require.Equal(t, http.StatusUnprocessableEntity, v.post("/settings/organisation", form).status, form)
	}
	require.Contains(t, v.get("/settings").body, "Banksia Home Care")
	answer := v.post("/settings/organisation", url.Values{"name": {"<b>Wattle</b>"}, "time_zone": {"Australia/Perth"}})
	require.Equal(t, http.StatusSeeOther, answer.status)
	body := v.get("/settings").body
	require.NotContains(t, body, "<b>Wattle")
	require.Contains(t, body, "&lt;b&gt;Wattle")
	require.Equal(t, "Australia/Perth", organisation(t, d.Store, d.Request(t, "several-open").OrganisationID).TimeZone)
}

// What expires soon or has expired is unmistakable; nothing secret is shown.
func TestExpiriesAreWarnedOf(t *testing.T) {
	d := newDesk(t)
	v := d.visitor(t, "several-open")
	organisation := d.Request(t, "several-open").OrganisationID
	connections, err := d.Store.Connections(t.Context(), organisation)
	require.NoError(t, err)
	for _, connection := range connections {
		_, err := d.Store.ChangeConnection(t.Context(), organisation, connection.Name, func(one *care.Connection) {
			soon, gone := time.Now().AddDate(0, 0, 20), time.Now().AddDate(0, 0, -3)
			one.KeyExpiry, one.DeviceExpiry = &soon, &gone
			if connection.Service == care.NDIA {
				one.DeviceExpiry, one.APIKey = nil, "a-very-secret-key"
			}
		})
		require.NoError(t, err)
	}
	body := v.get("/settings").body
	for _, said := range []string{"The PRODA key expires on", "The PRODA device expired on", "expires soon", "expired", "not known yet"} {
		require.Contains(t, body, said)
	}
	require.NotContains(t, body, "a-very-secret-key")
	require.NotContains(t, body, connections[0].ClientID)
}

// upload sends a file as a browser does.
func (v visitor) upload(path, field, name string, content []byte) answer {
	v.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile(field, name)
	require.NoError(v.t, err)
	_, err = part.Write(content)
	require.NoError(v.t, err)
	require.NoError(v.t, form.Close())
	request, err := http.NewRequestWithContext(v.t.Context(), http.MethodPost, v.address+path, &body)
	require.NoError(v.t, err)
	request.Header = http.Header{"Sec-Fetch-Site": {"same-origin"}, "Content-Type": {form.FormDataContentType()}}
	response, err := v.client.Do(request)
	require.NoError(v.t, err)
	defer response.Body.Close()
	var read bytes.Buffer
	_, err = read.ReadFrom(response.Body)
	require.NoError(v.t, err)
	return answer{status: response.StatusCode, header: response.Header, body: read.String()}
}

// A file with a problem changes nothing, and each problem is named by line and column, never by its value (R10).
func TestBadFilesAreRefused(t *testing.T) {
	d := newDesk(t)
	v := d.visitor(t, "several-open")
	header := "given_name,family_name,birth_date,care_recipient_id\n"
	snapshot := testkit.OpenSQL(t, d.DatabaseURL).Snapshot(t)
	for said, content := range map[string]string{
		"The file is empty":                 "",
		"Line 3":                            header + "Ada,Kookaburra,1941-03-09,77001\nBert,<script>alert(1)</script>,9/3/1941,77002\n",
		"save it as &#34;CSV UTF-8&#34;":    "PK\x03\x04",
		"The column family_name is missing": "given_name,birth_date\n",
		"Is not UTF-8 text":                 header + "\xff,x,1941-03-09,1\n",
		"Is also in line 2":                 header + "Ada,One,1941-03-09,77001\nBert,Two,1942-03-09,77001\n",
	} {
		answer := v.upload("/imports/people", "file", "people.csv", []byte(content))
		require.Equal(t, http.StatusUnprocessableEntity, answer.status, said)
		require.Contains(t, answer.body, said)
		require.NotContains(t, answer.body, "<script>alert")
		require.NotContains(t, answer.body, "Kookaburra", "values are not repeated")
	}
	var wrong strings.Builder
	wrong.WriteString(header)
	for i := range 1500 {
		fmt.Fprintf(&wrong, "Ada,,1941-03-09,%d\n", i+1)
	}
	many := v.upload("/imports/people", "file", "people.csv", []byte(wrong.String()))
	require.Equal(t, http.StatusUnprocessableEntity, many.status)
	require.Contains(t, many.body, "more.")
	require.Equal(t, http.StatusUnprocessableEntity, v.upload("/imports/people", "other", "people.csv", []byte(header)).status, "no file was chosen")
	require.Equal(t, http.StatusUnprocessableEntity, v.upload("/imports/people", "file", "", nil).status, "no file was chosen")
	require.Equal(t, http.StatusBadRequest, v.post("/imports/people", url.Values{"file": {"x"}}).status, "no upload")
	require.Equal(t, http.StatusNotFound, v.upload("/imports/secrets", "file", "x.csv", nil).status)
	line := "Ada,Wren,1941-03-09,415056224" + strings.Repeat(" ", 970) + "\n"
	large := v.upload("/imports/people", "file", "people.csv", []byte(header+strings.Repeat(line, imports.MaxSize/len(line)+1)))
	require.Equal(t, http.StatusUnprocessableEntity, large.status)
	require.Contains(t, large.body, "larger than 32 MiB")
	require.Equal(t, snapshot, testkit.OpenSQL(t, d.DatabaseURL).Snapshot(t), "nothing was half-written")
}

func TestFilesOfEachKindAreImported(t *testing.T) {
	d := newDesk(t)
	v := d.visitor(t, "several-open")
	for kind, test := range map[string]struct{ content, said string }{
		"people":    {"given_name,family_name,birth_date,care_recipient_id\nAda,Kookaburra,1941-03-09,77001\n", "1 person imported: 1 new"},
		"invoices":  {"invoice_id,item_id,care_recipient_id,service_id,delivery_date,amount\nA-1,1,415056224,SERV-0001,2026-05-20,12.50\n", "1 invoice line imported: 1 new"},
		"contracts": {"ndis_number,reference,start_date\n" + d.ndisNumber(t) + ",hand-1,2026-01-01\n", "1 contract imported: 1 new"},
	} {
		first := v.upload("/imports/"+kind, "file", kind+".csv", []byte(test.content))
		require.Equal(t, http.StatusOK, first.status, kind)
		require.Contains(t, first.body, test.said)
		require.Contains(t, v.upload("/imports/"+kind, "file", kind+".csv", []byte(test.content)).body, "0 new, 0 changed, 1 unchanged", kind)
	}
	refused := v.upload("/imports/delivered-services", "file", "x.csv", []byte("reference\nx\n"))
	require.Contains(t, refused.body, "Delivered services: nothing was imported")
}

// ndisNumber is that of one of the organisation's clients.
func (d desk) ndisNumber(t *testing.T) string {
	t.Helper()
	people, _, err := read.From(d.Store).PeopleAfter(t.Context(), organisation(t, d.Store, d.Request(t, "several-open").OrganisationID), "", read.MostPerPage, time.Now())
	require.NoError(t, err)
	for _, person := range people {
		if person.NDISNumber != "" {
			return person.NDISNumber
		}
	}
	require.Fail(t, "the organisation has no NDIS participant")
	return ""
}

// While Temporal is away, pages say so and what to do.
func TestABulkRunCannotBeStartedWithoutTemporal(t *testing.T) {
	d := newDesk(t)
	v := d.visitor(t, "several-open")
	d.temporal.Err = context.DeadlineExceeded
	answer := v.post("/bulks", everyone)
	require.Equal(t, http.StatusServiceUnavailable, answer.status)
	require.Contains(t, answer.body, "Temporal server")
}

// The commands of a bulk run are exchanged while it is running: the keyboard's focus is found again by their ids.
func TestABulkRunsCommandsHaveIDs(t *testing.T) {
	d := newDesk(t)
	v := d.visitor(t, "several-open")
	shown := v.get("/bulks/" + string(d.bulkOf(t, v, everyone))).body
	require.Contains(t, shown, `<button id="bulk-pause">Pause</button>`)
	require.Contains(t, shown, `<a id="bulk-cancel" `)
}

// While a bulk run is under way, its figures and the list of its people are of one moment; at its end no commands are left.
func TestALiveBulkRunAgreesWithItself(t *testing.T) {
	d := newDesk(t)
	organisation := d.Request(t, "several-open").OrganisationID
	v := d.visitor(t, "several-open")
	bulk := d.bulkOf(t, v, everyone)
	request, err := d.Store.BulkRequest(t.Context(), organisation, bulk)
	require.NoError(t, err)
	_, _, err = d.Store.PlanBulk(t.Context(), db.Bulk{ID: bulk, OrganisationID: organisation, Request: request}, db.BulkSize{PerBatch: 5, PerChunk: 5}, nil, time.Now())
	require.NoError(t, err)
	page := v.get("/bulks/" + string(bulk) + "?outcome=failed").body
	address := html.UnescapeString(regexpFind(t, `sse-connect="[^"]*"`, page))
	require.Contains(t, address, "outcome=failed")

	stream := v.follow(strings.TrimSuffix(strings.TrimPrefix(address, `sse-connect="`), `"`))
	shown := map[string]string{}
	failed := func() int {
		found := regexp.MustCompile(`data-count="Failed".*?<dd>(\d+)`).FindStringSubmatch(shown["progress"])
		if found == nil {
			return 0
		}
		people, err := strconv.Atoi(found[1])
		require.NoError(t, err)
		return people
	}
	until := func(reached func() bool) {
		for !reached() {
			name, data := stream.next()
			require.NotEmpty(t, name, "the stream continues")
			if shown[name] = data; name == "people" {
				require.Equal(t, failed(), strings.Count(data, `id="person-`), "figures and people agree")
			}
		}
	}
	until(func() bool { return strings.Contains(shown["commands"], "bulk-pause") })
	for _, batch := range []int{1, 2} {
		require.NoError(t, d.Store.SettleItems(t.Context(), organisation, bulk, &batch, care.RunFailed, care.ReasonNotFound))
		until(func() bool { return failed() == 5*batch && strings.Count(shown["people"], `id="person-`) == failed() })
	}
	require.NoError(t, d.Store.SettleItems(t.Context(), organisation, bulk, nil, care.RunSucceeded, ""))
	_, _, err = d.Store.FinishBulk(t.Context(), organisation, bulk, "")
	require.NoError(t, err)
	until(func() bool { return shown["end"] != "" })
	require.NotEmpty(t, shown["commands"], "browsers leave an event without data out")
	require.NotContains(t, shown["commands"], "button")
}

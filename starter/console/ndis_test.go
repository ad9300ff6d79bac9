package console_test

import (
	"bufio"
	"context"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/temporal"
	"go.uber.org/zap"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/starter/console"
	"github.com/caresync/caresync/starter/imports"
	"github.com/caresync/caresync/starter/pace"
	"github.com/caresync/caresync/starter/pacetest"
	"github.com/caresync/caresync/starter/syncs"
	"github.com/caresync/caresync/starter/temporaltest"
	"github.com/caresync/caresync/testkit"
)

const ndisNumber = "430000017"

// hostile is a text that a page must not take for anything else.
const hostile = `<script>alert("x")</script><img src=x onerror=alert(1)>`

// ndisDesk is a console over two organisations, of which the first has an NDIS participant; its worker is played by the test.
type ndisDesk struct {
	t             *testing.T
	store         *db.Store
	queries       *counter
	databaseURL   string
	server        *temporaltest.Server
	organisation  care.Organisation
	client, other care.ID
	ours, theirs  visitor
	url           string
	// reads counts the previews that were staged.
	reads int
}

func newNDISDesk(t *testing.T, publicURL string) *ndisDesk {
	t.Helper()
	d := &ndisDesk{t: t, queries: &counter{}, databaseURL: testkit.DatabaseURL(t), server: temporaltest.New()}
	store, err := db.Open(t.Context(), d.databaseURL, testkit.Keyring(), db.Options{Tracer: d.queries})
	require.NoError(t, err)
	t.Cleanup(store.Close)
	d.store = store
	d.organisation, err = store.CreateOrganisation(t.Context(), "wattle", "Wattle Grove", care.DefaultTimeZone)
	require.NoError(t, err)
	others, err := store.CreateOrganisation(t.Context(), "banksia", "Banksia", care.DefaultTimeZone)
	require.NoError(t, err)
	connection := pacetest.Connection(t, store, d.organisation, "ndia")
	_, err = store.EnablePACE(t.Context(), d.organisation.ID, connection.ID, 0, "tests")
	require.NoError(t, err)
	d.client = pacetest.Participant(t, store, d.organisation, ndisNumber)
	d.other = testkit.AddPeople(t, store, d.organisation.ID, db.PersonRecord{
		NDISNumber: "430000025", Identity: care.Identity{GivenName: "Bo", FamilyName: "Wagtail", BirthDate: care.NewDate(1980, time.May, 4)},
	})[0]
	d.answer(pacetest.Read(pacetest.Budget("Consumables", "78000", "22.50"), pacetest.Budget("Transport", "0", "0")), nil)
	following := syncs.New(store, d.server, protocol.TaskQueues{})
	d.url = serve(t, console.Options{
		Store: store, Syncs: following, PACE: pace.New(store, d.server, protocol.TaskQueues{}, following, nil), Logger: zap.NewNop(),
		PublicURL: publicURL, RunLink: runLink, Heartbeat: 50 * time.Millisecond,
	})
	d.ours, d.theirs = newVisitor(t, store, d.url, d.organisation.ID), newVisitor(t, store, d.url, others.ID)
	return d
}

// answer lets each retrieve stage a preview of a read, and each create come to an error, or to nothing.
func (d *ndisDesk) answer(read care.ContractRead, refused error) {
	d.server.OnUpdate = func(update temporaltest.Update) (any, error) {
		run := care.ID(update.RunID)
		if update.Name == protocol.Create.Name {
			return protocol.CreateAnswer{RunID: run, ContractID: db.NewID(), Outcome: care.AreaSucceeded}, refused
		}
		d.reads++
		pacetest.Begin(d.t, d.store, d.organisation, d.client, run)
		preview := pacetest.Stage(d.t, d.store, d.organisation, d.client, run, d.reads, care.HeldContracts{}, read)
		return protocol.RetrieveAnswer{RunID: run, PreviewID: preview.ID, Outcome: care.AreaSucceeded}, nil
	}
}

func (d *ndisDesk) path() string { return "/people/" + string(d.client) }

// retrieve presses "+ NDIS PACE" and returns the addresses of its progress and of the preview.
func (d *ndisDesk) retrieve() (session, preview string) {
	d.t.Helper()
	session = d.ours.post(d.path()+"/ndis-pace", nil).header.Get("Location")
	require.Regexp(d.t, `^/people/[0-9a-f-]{36}/ndis-pace\?`, session)
	require.Eventually(d.t, func() bool { preview = d.ours.get(session).header.Get("Location"); return preview != "" }, patience, 10*time.Millisecond)
	require.Regexp(d.t, `^/people/[0-9a-f-]{36}/ndis-pace/[0-9a-f-]{36}$`, preview)
	return session, preview
}

// form is the preview's, with everything ticked.
func (d *ndisDesk) form(preview string) url.Values {
	d.t.Helper()
	shown := d.ours.get(preview)
	require.Equal(d.t, http.StatusOK, shown.status)
	form := url.Values{"hash": {regexp.MustCompile(`name="hash" value="([0-9a-f]+)"`).FindStringSubmatch(shown.body)[1]}}
	for _, ticked := range regexp.MustCompile(`name="budget" value="([0-9a-f-]+)" checked`).FindAllStringSubmatch(shown.body, -1) {
		form.Add("budget", ticked[1])
	}
	return form
}

// byHand stores a manually entered contract, and returns its address.
func (d *ndisDesk) byHand(reference string) string {
	d.t.Helper()
	_, err := imports.StoreContracts(d.t.Context(), d.store, d.organisation.ID, imports.File[imports.Contract]{Rows: []imports.Contract{{
		Line: 2, NDISNumber: ndisNumber, Reference: reference, StartDate: care.NewDate(2019, time.January, 1), EndDate: care.NewDate(2019, time.December, 31),
	}}})
	require.NoError(d.t, err)
	contracts, err := read.From(d.store).Contracts(d.t.Context(), d.organisation, d.client, time.Now())
	require.NoError(d.t, err)
	return d.path() + "/contracts/" + string(contracts[0].ID)
}

// R11: what another organisation has is not there, to look at or to change; nor is someone else's under a person's address.
func TestAnotherOrganisationsNDISRecordsAreNotThere(t *testing.T) {
	d := newNDISDesk(t, "")
	contract := d.byHand("OLD-1")
	session, preview := d.retrieve()
	form := d.form(preview)
	run := regexp.MustCompile(`run=([0-9a-f-]{36})`).FindStringSubmatch(session)[1]
	events := d.path() + "/ndis-pace/events?run=" + run
	for _, path := range []string{d.path(), contract, preview} {
		require.Equal(t, http.StatusOK, d.ours.get(path).status, path)
		answer := d.theirs.get(path)
		require.Equal(t, http.StatusNotFound, answer.status, path)
		require.NotContains(t, answer.body, "Kookaburra", path)
	}
	for _, path := range []string{session, events, d.path() + "/ndis-pace", "/runs/" + run + "/accept"} {
		require.Equal(t, http.StatusNotFound, d.theirs.get(path).status, path)
	}
	for _, path := range []string{d.path() + "/pace-ticks", d.path() + "/pace-resume", d.path() + "/ndis-pace", preview + "/create", "/runs/" + run + "/accept"} {
		require.Equal(t, http.StatusNotFound, d.theirs.post(path, form).status, path)
	}
	for _, path := range []string{contract, preview, session, events} {
		elsewhere := strings.Replace(path, string(d.client), string(d.other), 1)
		require.Equal(t, http.StatusNotFound, d.ours.get(elsewhere).status, elsewhere)
	}
	require.Equal(t, http.StatusNotFound, d.ours.post(strings.Replace(preview, string(d.client), string(d.other), 1)+"/create", form).status)
	view, err := read.From(d.store).Participant(t.Context(), d.organisation, d.client, time.Now())
	require.NoError(t, err)
	require.True(t, view.PACEParticipant)
	require.NotNil(t, view.Waiting)
	require.Equal(t, 1, d.reads)
}

func TestWhatIsNoIdOfTheNDISNamesNothing(t *testing.T) {
	d := newNDISDesk(t, "")
	contract := d.byHand("OLD-1")
	for _, id := range []string{"1", strings.Repeat("9", 10_000), "..%2f..", "%F0%9F%92%A9", string(db.NewID()), "'%20OR%201=1--"} {
		for _, path := range []string{
			"/people/" + id + "/ndis-pace", d.path() + "/ndis-pace/" + id, d.path() + "/contracts/" + id, d.path() + "/ndis-pace?run=" + id,
			d.path() + "/ndis-pace/events?run=" + id, contract + "?before=" + id,
		} {
			require.Equal(t, http.StatusNotFound, d.ours.get(path).status, path)
		}
	}
}

// Forms of other sites are refused, and a GET changes nothing.
func TestForgedNDISFormsAreRefused(t *testing.T) {
	d := newNDISDesk(t, "https://caresync.example")
	_, preview := d.retrieve()
	for _, path := range []string{d.path() + "/pace-ticks", d.path() + "/pace-resume", d.path() + "/ndis-pace", preview + "/create"} {
		for _, header := range []http.Header{{"Sec-Fetch-Site": {"cross-site"}}, {"Origin": {"https://evil.example"}}, {"Origin": {"null"}}} {
			require.Equal(t, http.StatusForbidden, d.ours.send(http.MethodPost, path, url.Values{}, header).status, "%s %v", path, header)
		}
	}
	for _, path := range []string{d.path() + "/pace-ticks", d.path() + "/pace-resume", preview + "/create"} {
		require.Equal(t, http.StatusNotFound, d.ours.get(path).status, path)
	}
	require.Equal(t, 1, d.reads)
}

// R22: a form that does not fit its preview writes nothing and says why; what was ticked stays ticked.
func TestAFormThatDoesNotFitThePreviewIsRefused(t *testing.T) {
	d := newNDISDesk(t, "")
	_, preview := d.retrieve()
	form := d.form(preview)
	require.Len(t, form["budget"], 2)
	with := func(name string, values ...string) url.Values {
		changed := url.Values{"hash": form["hash"], "budget": form["budget"]}
		changed[name] = values
		return changed
	}
	for said, refused := range map[string]url.Values{
		"No budget is selected. Select at least one.":   with("budget"),
		"includes a budget that is not in this preview": with("budget", string(db.NewID())),
		"This preview is out of date:":                  with("hash", "of another"),
	} {
		answer := d.ours.post(preview+"/create", refused)
		require.Equal(t, http.StatusUnprocessableEntity, answer.status, said)
		require.Contains(t, answer.body, said)
	}
	require.Equal(t, http.StatusBadRequest, d.ours.post(preview+"/create", with("budget", hostile)).status)
	require.Equal(t, http.StatusBadRequest, d.ours.post(preview+"/create", with("hash", strings.Repeat("x", 100_000))).status)
	require.Equal(t, http.StatusBadRequest, d.ours.post(d.path()+"/ndis-pace", url.Values{"plan-start": {"01/02/2026"}}).status)

	// What the workflow does not admit is said, too.
	d.answer(care.ContractRead{}, temporal.NewNonRetryableApplicationError("", protocol.ErrorNotAdmitted, nil, care.ReasonPreviewReplaced))
	answer := d.ours.post(preview+"/create", with("budget", form["budget"][0]))
	require.Equal(t, http.StatusUnprocessableEntity, answer.status)
	require.Contains(t, answer.body, "This preview is out of date:")
	require.Equal(t, 1, strings.Count(answer.body, `" checked data-tick`), "one was unticked, and still is")
}

// R22: what is said of the whole follows the boxes, of a page that follows them and of one without JavaScript. Nothing is written.
func TestTheFiguresOfAPreviewFollowTheBoxes(t *testing.T) {
	d := newNDISDesk(t, "")
	_, preview := d.retrieve()
	form := d.form(preview)
	require.Contains(t, d.ours.get(preview).body, "2 of 2 selected")
	one := url.Values{"hash": form["hash"], "budget": form["budget"][:1]}
	part := d.ours.send(http.MethodPost, preview+"/selection", one, http.Header{"Hx-Request": {"true"}})
	require.Equal(t, http.StatusOK, part.status)
	require.Contains(t, part.body, "1 of 2 selected")
	require.NotContains(t, part.body, "<html", "only the part that follows the boxes")
	page := d.ours.post(preview+"/selection", one)
	require.Equal(t, http.StatusOK, page.status)
	require.Contains(t, page.body, "1 of 2 selected")
	require.Equal(t, 1, strings.Count(page.body, `" checked data-tick`), "one was unticked, and still is")
	require.Contains(t, page.body, "Not selected: it will not be created, and gets no adjustment record.")
	require.Equal(t, http.StatusNotFound, d.theirs.post(preview+"/selection", one).status)
	require.Equal(t, 1, d.reads)
}

// A create that Temporal cannot take says so, and writes nothing.
func TestTemporalIsAwayFromTheNDISPages(t *testing.T) {
	d := newNDISDesk(t, "")
	_, preview := d.retrieve()
	form := d.form(preview)
	d.server.Err = serviceerror.NewUnavailable("away")
	for _, answer := range []answer{d.ours.post(preview+"/create", form), d.ours.post(d.path()+"/ndis-pace", nil)} {
		require.Equal(t, http.StatusServiceUnavailable, answer.status)
		require.Contains(t, answer.body, "The Temporal server is not responding")
	}
	require.Equal(t, http.StatusOK, d.ours.get(preview).status, "the preview still waits")
	d.server.Err = errors.New("something else")
	require.Equal(t, http.StatusInternalServerError, d.ours.post(preview+"/create", form).status)
}

// PACE guide, step 2, R21: API access goes only with NDIS PACE Participant, and unticking that clears it.
func TestTheTwoTicks(t *testing.T) {
	d := newNDISDesk(t, "")
	flags := func() care.PACEFlags {
		view, err := read.From(d.store).Participant(t.Context(), d.organisation, d.client, time.Now())
		require.NoError(t, err)
		return view.PACEFlags
	}
	require.Contains(t, d.ours.get(d.path()).body, `name="was-participant" value="yes"`)
	saved := d.ours.post(d.path()+"/pace-ticks", url.Values{"pace-access": {"yes"}, "was-participant": {"yes"}})
	require.Equal(t, http.StatusSeeOther, saved.status)
	require.Equal(t, care.PACEFlags{}, flags(), "unticked with the box above it, which is no longer shown")
	require.Equal(t, http.StatusSeeOther, d.ours.post(d.path()+"/pace-ticks", url.Values{"pace-access": {"yes"}}).status)
	require.Equal(t, care.PACEFlags{}, flags(), "ticked, then hidden by unticking the box above it")
	require.Equal(t, d.path()+"#ndis", d.ours.post(d.path()+"/ndis-pace", nil).header.Get("Location"), "it is not available")
	require.Zero(t, d.reads)
	d.ours.post(d.path()+"/pace-ticks", url.Values{"pace-access": {"yes"}, "pace-participant": {"yes"}})
	require.Equal(t, care.PACEFlags{PACEParticipant: true, PACEAPIAccess: true}, flags())
}

// R10, R11: whatever the NDIA, an import or someone's name says, it is only text.
func TestHostileTextOfTheNDISIsOnlyText(t *testing.T) {
	d := newNDISDesk(t, "")
	budget := pacetest.Budget(hostile, "100", "5")
	budget.FundingComponent, budget.SupportType = hostile, hostile
	d.answer(pacetest.Read(budget), nil)
	contract := d.byHand(hostile)
	_, preview := d.retrieve()
	for _, path := range []string{d.path(), preview, contract} {
		body := d.ours.get(path).body
		require.Contains(t, body, "&lt;script&gt;", path)
		require.NotContains(t, body, "<script>alert", path)
		require.NotContains(t, body, "<img", path)
		require.NotRegexp(t, `(?i)\sstyle=|\son[a-z]+=["']`, strings.ReplaceAll(body, "onerror=alert", ""), path)
	}
}

// A page costs the same number of queries however many records it shows.
func TestNDISPagesCostAFixedNumberOfQueries(t *testing.T) {
	d := newNDISDesk(t, "")
	contract := d.byHand("OLD-1")
	_, preview := d.retrieve()
	cost := func(path string) int64 {
		before := d.queries.statements.Load()
		require.Equal(t, http.StatusOK, d.ours.get(path).status, path)
		return d.queries.statements.Load() - before
	}
	before := map[string]int64{}
	for _, path := range []string{d.path(), contract, preview} {
		before[path] = cost(path)
		require.LessOrEqual(t, before[path], int64(25), path)
	}
	d.grow(contract[strings.LastIndex(contract, "/")+1:])
	var budgets []care.ReportedBudget
	for range 60 {
		budgets = append(budgets, pacetest.Budget("Consumables", "78000", "22.50"))
	}
	d.answer(pacetest.Read(budgets...), nil)
	_, larger := d.retrieve()
	require.NotEqual(t, preview, larger)
	require.Equal(t, before[preview], cost(larger))
	for _, path := range []string{d.path(), contract} {
		require.Equal(t, before[path], cost(path), path)
	}
	body := d.ours.get(contract).body
	require.Equal(t, 60, strings.Count(body, `class="budget"`))
	require.Equal(t, 60*20, strings.Count(body, "03_040919_0103_1_1"))
	require.Equal(t, 41, strings.Count(d.ours.get(d.path()).body, "entered manually, "))
}

// grow adds budgets with periods and delivered services to a contract, and contracts to its person.
func (d *ndisDesk) grow(contract string) {
	d.t.Helper()
	s := testkit.OpenSQL(d.t, d.databaseURL)
	for _, statement := range []string{
		`INSERT INTO plan_budget (id, organisation_id, contract_id, identity, ordinal, budget_type, management, support_type, category, category_number,
		     funding_component, approved, instalment_type, excluded_from_totals)
		 SELECT gen_random_uuid(), k.organisation_id, k.id, 'one', n, 'flexible', 'plan-managed', 'Core', 'Consumables', 3, '', 100, '', false
		 FROM service_contract k, generate_series(1, 60) n WHERE k.id = $1`,
		`INSERT INTO funding_period (organisation_id, budget_id, position, funding_period_id, start_date, end_date, amount, released)
		 SELECT b.organisation_id, b.id, n, n::text, DATE '2019-01-01' + 90 * n, DATE '2019-03-01' + 90 * n, 10, n < 3 FROM plan_budget b, generate_series(0, 3) n WHERE b.contract_id = $1`,
		`INSERT INTO delivered_service (id, organisation_id, budget_id, kind, reference, delivered_on, amount, support_item_number, support_item_description,
		     service_provider_name, note, claim_status, claimable)
		 SELECT gen_random_uuid(), b.organisation_id, b.id, 'own', b.ordinal || '-' || n, '2019-05-01', 1.50, '03_040919_0103_1_1', '', '', '', 'paid', true
		 FROM plan_budget b, generate_series(1, 20) n WHERE b.contract_id = $1`,
	} {
		require.NoError(d.t, s.Try(d.t, statement, contract))
	}
	var file imports.File[imports.Contract]
	for i := range 40 {
		file.Rows = append(file.Rows, imports.Contract{
			Line: i + 2, NDISNumber: ndisNumber, Reference: "MORE-" + string(rune('A'+i)), StartDate: care.NewDate(1970+i, time.January, 1), EndDate: care.NewDate(1970+i, time.June, 30),
		})
	}
	_, err := imports.StoreContracts(d.t.Context(), d.store, d.organisation.ID, file)
	require.NoError(d.t, err)
}

// A retrieval follows a refresh that is under way, and shows its own progress, not that of the refresh (R7).
func TestARetrievalWaitsForARefresh(t *testing.T) {
	d := newNDISDesk(t, "")
	workflow, staged := protocol.PaceContractSyncID(d.client), d.server.OnUpdate
	var runs []string
	d.server.OnStart = func(run string) {
		if runs = append(runs, run); len(runs) == 1 {
			require.NoError(t, d.store.RecordRun(t.Context(), db.RunStart{
				ID: care.ID(run), Kind: care.RunPACEContract, WorkflowID: workflow, StartedAt: time.Now(),
				Request: care.Request{OrganisationID: d.organisation.ID, PersonID: d.client, Trigger: care.TriggerNotification},
			}))
		}
	}
	d.server.OnUpdate = func(update temporaltest.Update) (any, error) {
		if update.RunID == runs[0] {
			d.server.Change(workflow, func(w *temporaltest.Workflow) { w.Running = false })
			return nil, temporal.NewNonRetryableApplicationError("", protocol.ErrorBusy, nil)
		}
		return staged(update)
	}
	session, _ := d.retrieve()
	require.Len(t, runs, 2)
	require.Contains(t, session, "run="+runs[1])
}

// What was asked for is told, not what the same run was asked before: someone who retrieves again creates nothing.
func TestARetrievalIsNotTakenForACreate(t *testing.T) {
	d := newNDISDesk(t, "")
	_, preview := d.retrieve()
	form, released := d.form(preview), make(chan struct{})
	t.Cleanup(func() { close(released) })
	d.server.OnUpdate = func(temporaltest.Update) (any, error) {
		<-released
		return nil, temporal.NewNonRetryableApplicationError("", protocol.ErrorNotAdmitted, nil, care.ReasonPreviewReplaced)
	}
	again := d.ours.post(d.path()+"/ndis-pace", nil).header.Get("Location")
	require.Contains(t, again, "after="+preview[strings.LastIndex(preview, "/")+1:])
	shown := d.ours.get(again).body
	require.Contains(t, shown, "Retrieving the NDIS plan")
	require.NotContains(t, shown, "Creating the service contract")

	created := d.ours.post(preview+"/create", form).header.Get("Location")
	require.NotEqual(t, again, created)
	require.Contains(t, d.ours.get(created).body, "Creating the service contract")
	require.NoError(t, testkit.OpenSQL(t, d.databaseURL).Try(t, `UPDATE pace_preview SET expires_at = now() - interval '1 second'`))
	require.Contains(t, d.ours.get(created).body, "Creating the service contract", "started before the preview expired")
}

// A create that is shown as under way is not given up when Temporal is away.
func TestACreateGoesOnWhenTemporalWasAway(t *testing.T) {
	d := newNDISDesk(t, "")
	_, preview := d.retrieve()
	form, away, updates := d.form(preview), make(chan struct{}), make(chan string, 10)
	d.server.OnUpdate = func(update temporaltest.Update) (any, error) {
		updates <- update.ID
		if len(updates) == 1 {
			<-away
			return nil, serviceerror.NewUnavailable("away")
		}
		return protocol.CreateAnswer{RunID: care.ID(update.RunID), ContractID: db.NewID(), Outcome: care.AreaSucceeded}, nil
	}
	require.Contains(t, d.ours.post(preview+"/create", form).header.Get("Location"), "creating=yes")
	close(away)
	require.Eventually(t, func() bool { return len(updates) == 2 }, patience, 10*time.Millisecond)
	require.Equal(t, <-updates, <-updates, "Temporal knows it again")
}

// R31: where nothing needs review, nothing is retrieved for it either.
func TestThereMustBeSomethingToReview(t *testing.T) {
	d := newNDISDesk(t, "")
	session, _ := d.retrieve()
	accept := "/runs/" + regexp.MustCompile(`run=([0-9a-f-]{36})`).FindStringSubmatch(session)[1] + "/accept"
	for _, answer := range []answer{d.ours.get(accept), d.ours.post(accept, nil)} {
		require.Equal(t, http.StatusConflict, answer.status)
		require.Contains(t, answer.body, "There is nothing left to review")
	}
	require.Equal(t, 1, d.reads)
}

// A stream ends with its session.
func TestAStreamEndsWhenItsVisitorSignsOut(t *testing.T) {
	d := newNDISDesk(t, "")
	workflow := protocol.PaceContractSyncID(d.client)
	d.server.OnStart = func(run string) {
		require.NoError(t, d.store.RecordRun(t.Context(), db.RunStart{
			ID: care.ID(run), Kind: care.RunPACEContract, WorkflowID: workflow, StartedAt: time.Now(),
			Request: care.Request{OrganisationID: d.organisation.ID, PersonID: d.client, Trigger: care.TriggerOnDemand},
		}))
	}
	d.server.OnUpdate = func(temporaltest.Update) (any, error) { <-t.Context().Done(); return nil, t.Context().Err() }
	session := d.ours.post(d.path()+"/ndis-pace", nil).header.Get("Location")
	require.Contains(t, d.ours.get(session).body, `<a id="cancel-`, "the keyboard's focus is found again by it")
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, d.url+strings.Replace(session, "?", "/events?", 1), nil)
	require.NoError(t, err)
	response, err := d.ours.client.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	lines := bufio.NewScanner(response.Body)
	for lines.Text() != ": still here" {
		require.True(t, lines.Scan(), "it continues while someone is signed in")
	}
	require.Equal(t, http.StatusSeeOther, d.ours.post("/sign-out", nil).status)
	for lines.Scan() {
	}
	require.NoError(t, lines.Err(), "it came to its end")
}

package console_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/simulator/world"
	"github.com/caresync/caresync/starter/console"
	"github.com/caresync/caresync/starter/syncs"
	"github.com/caresync/caresync/starter/temporaltest"
	"github.com/caresync/caresync/testkit"
)

const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// quiet is a console whose people were synced by direct calls; nothing can be started.
type quiet struct {
	*testkit.World
	url     string
	logs    *observer.ObservedLogs
	queries *counter
}

// counter counts the statements of a store.
type counter struct{ statements atomic.Int64 }

func (c *counter) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	c.statements.Add(1)
	return ctx
}

func (c *counter) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

func newQuiet(t testing.TB, publicURL string) quiet {
	t.Helper()
	q := quiet{World: testkit.NewWorld(t, world.Options{}), queries: &counter{}}
	steps := q.Steps(t, db.Options{})
	for _, key := range []string{"several-open", "consent-refused", "usage-by-others"} {
		q.Sync(t, steps, key)
	}
	store, err := db.Open(t.Context(), q.DatabaseURL, testkit.Keyring(), db.Options{Tracer: q.queries})
	require.NoError(t, err)
	t.Cleanup(store.Close)
	core, logs := observer.New(zapcore.InfoLevel)
	q.logs = logs
	q.url = serve(t, console.Options{Store: store, Syncs: syncs.New(store, temporaltest.New(), protocol.TaskQueues{}), Logger: zap.New(core), PublicURL: publicURL, RunLink: runLink})
	return q
}

func (q quiet) visitor(t testing.TB, key string) visitor {
	t.Helper()
	return newVisitor(t, q.Store, q.url, q.Request(t, key).OrganisationID)
}

// pages are one of each kind.
func (q quiet) pages(t testing.TB, key string) []string {
	t.Helper()
	request := q.Request(t, key)
	plan, err := read.From(q.Store).Plan(t.Context(), organisation(t, q.Store, request.OrganisationID), request.PersonID, time.Now())
	require.NoError(t, err)
	runs, _, err := read.From(q.Store).Runs(t.Context(), request.OrganisationID, read.RunFilter{PersonID: request.PersonID, Most: 1})
	require.NoError(t, err)
	person, run := "/people/"+string(request.PersonID), "/runs/"+string(runs[0].ID)
	pages := []string{
		person, person + "/sync", person + "/plan", person + "/plan/budgets/" + string(plan.Budgets[0].ID), run, run + "/cancel", run + "/events",
		"/runs?person=" + string(request.PersonID),
	}
	for _, usage := range plan.Budgets[0].Usage {
		if usage.InvoiceLineID != nil {
			return append(pages, "/invoice-lines/"+string(*usage.InvoiceLineID))
		}
	}
	require.Fail(t, "no line is ours")
	return nil
}

func TestEveryAnswerKeepsOtherSitesAndScriptsOut(t *testing.T) {
	q := newQuiet(t, "")
	v := q.visitor(t, "several-open")
	for _, path := range append(q.pages(t, "several-open"), "/people", "/runs", "/sign-in", "/nothing") {
		answer := v.get(path)
		require.Equal(t, policy, answer.header.Get("Content-Security-Policy"), path)
		require.Equal(t, "nosniff", answer.header.Get("X-Content-Type-Options"), path)
		require.Equal(t, "DENY", answer.header.Get("X-Frame-Options"), path)
		require.Equal(t, "no-store", answer.header.Get("Cache-Control"), path)
		require.NotContains(t, answer.body, "style=", path)
		require.NotRegexp(t, `(?i)<script(?: defer)?>|\son[a-z]+=|javascript:`, answer.body, path)
	}
}

// R11: what another organisation has is not there, to look at or to change.
func TestAnotherOrganisationsRecordsAreNotThere(t *testing.T) {
	q := newQuiet(t, "")
	theirs := q.visitor(t, "details-refused")
	require.NotEqual(t, q.Request(t, "several-open").OrganisationID, q.Request(t, "details-refused").OrganisationID)
	ours := q.visitor(t, "several-open")
	for _, path := range q.pages(t, "several-open") {
		require.Equal(t, http.StatusOK, ours.get(path).status, path)
		answer := theirs.get(path)
		require.Equal(t, http.StatusNotFound, answer.status, path)
		require.NotContains(t, answer.body, "Whitlock", path)
	}
	for _, path := range []string{"/people", "/runs"} {
		require.NotContains(t, theirs.get(path).body, "Whitlock", path)
	}
	run := q.pages(t, "several-open")[4]
	require.Equal(t, http.StatusNotFound, theirs.post(run+"/accept", nil).status)
	require.Equal(t, http.StatusNotFound, theirs.get(run+"/accept").status)
}

func TestWhatIsNoIdNamesNothing(t *testing.T) {
	q := newQuiet(t, "")
	v := q.visitor(t, "several-open")
	long := strings.Repeat("9", 10_000)
	for _, id := range []string{
		"1", long, "..%2f..%2fetc%2fpasswd", "%F0%9F%92%A9", "{01890000-0000-7000-8000-000000000000}", string(db.NewID()), "'%20OR%201=1--",
	} {
		for _, path := range []string{"/people/%s", "/people/%s/plan", "/people/%s/plan/budgets/%s", "/runs/%s", "/runs/%s/accept", "/invoice-lines/%s"} {
			path = strings.ReplaceAll(path, "%s", id)
			require.Equal(t, http.StatusNotFound, v.get(path).status, path)
		}
	}
	require.Equal(t, http.StatusNotFound, v.get("/runs?before="+long).status)
	for _, search := range []string{long, "%", "_", `\`, "' OR 1=1 --", "<script>alert(1)</script>"} {
		answer := v.get("/people?page=99999999999999999999&search=" + url.QueryEscape(search))
		require.Equal(t, http.StatusOK, answer.status, "%q", search)
		require.NotContains(t, answer.body, "<script>alert", search)
	}
	for _, unstorable := range []string{"/people/%00", "/people?search=%00", "/people?search=%FF"} {
		require.Equal(t, http.StatusUnprocessableEntity, v.get(unstorable).status, unstorable)
	}
	require.Contains(t, v.get("/people?search=%25").body, "No matching people", "a pattern's signs are ordinary ones")
}

func TestAScriptInANameIsOnlyAName(t *testing.T) {
	q := newQuiet(t, "")
	name := `<script>alert("x")</script>`
	testkit.AddPeople(t, q.Store, q.Request(t, "several-open").OrganisationID, db.PersonRecord{
		Identity: care.Identity{CareRecipientID: "77", GivenName: name, FamilyName: `"><img src=x onerror=alert(1)>`, BirthDate: care.NewDate(1940, 1, 2)},
	})
	v := q.visitor(t, "several-open")
	list := v.get("/people?search=77")
	require.Contains(t, list.body, "&lt;script&gt;")
	path := regexpFind(t, `/people/[0-9a-f-]{36}`, list.body)
	for _, body := range []string{list.body, v.get(path).body, v.get(path + "/sync").body, v.get(path + "/plan").body, v.get("/runs?person=" + strings.TrimPrefix(path, "/people/")).body} {
		require.NotContains(t, body, name)
		require.NotContains(t, body, "<img")
	}
}

// Forms of other sites are refused, whatever they claim; a GET changes nothing.
func TestForgedFormsAreRefused(t *testing.T) {
	q := newQuiet(t, "https://caresync.example")
	v := q.visitor(t, "several-open")
	for _, header := range []http.Header{
		{"Sec-Fetch-Site": {"cross-site"}}, {"Sec-Fetch-Site": {"same-site"}}, {"Origin": {"https://evil.example"}},
		{"Origin": {"null"}}, {"Sec-Fetch-Site": {"cross-site"}, "Origin": {"https://evil.example"}},
	} {
		for _, path := range []string{"/people/" + string(q.Request(t, "several-open").PersonID) + "/syncs", "/people/syncs", "/sign-out", "/sign-in", "/theme"} {
			answer := v.send(http.MethodPost, path, url.Values{"theme": {"dark"}}, header)
			require.Equal(t, http.StatusForbidden, answer.status, "%s %v", path, header)
			require.Empty(t, answer.header.Values("Set-Cookie"))
		}
	}
	require.Equal(t, http.StatusSeeOther, v.send(http.MethodPost, "/theme", nil, http.Header{"Origin": {"https://caresync.example"}}).status)
	require.Equal(t, http.StatusNotFound, v.get("/people/"+string(q.Request(t, "several-open").PersonID)+"/syncs").status)
	require.Equal(t, http.StatusOK, v.get("/people").status, "still signed in")
}

func TestAFormThatIsTooLargeIsRefused(t *testing.T) {
	q := newQuiet(t, "")
	v := q.visitor(t, "several-open")
	large := url.Values{"person": {strings.Repeat("x", 100_000)}}
	require.Equal(t, http.StatusBadRequest, v.post("/people/syncs", large).status)
	require.Equal(t, http.StatusBadRequest, v.post("/people/syncs", url.Values{"person": {"nobody"}}).status)
	require.Equal(t, http.StatusSeeOther, v.post("/people/syncs", nil).status, "no one is ticked")
}

func TestSigningInAndOut(t *testing.T) {
	q := newQuiet(t, "https://caresync.example")
	token, secret, err := q.Store.CreateAPIToken(t.Context(), q.Request(t, "several-open").OrganisationID, "Robin Ellery")
	require.NoError(t, err)
	v := stranger(t, q.url)
	asked := v.get("/people?search=whitlock")
	require.Equal(t, http.StatusSeeOther, asked.status)
	require.Equal(t, "/sign-in?next=%2Fpeople%3Fsearch%3Dwhitlock", asked.header.Get("Location"))
	require.Equal(t, http.StatusNoContent, v.get("/runs/"+string(db.NewID())+"/events").status, "a stream is not taken up again")

	wrong := v.post("/sign-in", url.Values{"token": {"cs_wrong"}})
	require.Equal(t, http.StatusUnprocessableEntity, wrong.status)
	require.Contains(t, wrong.body, "not known, or was revoked")
	right := v.post("/sign-in", url.Values{"token": {" " + secret + " "}, "next": {"/people?search=whitlock"}})
	require.Equal(t, "/people?search=whitlock", right.header.Get("Location"))
	cookie := right.header.Get("Set-Cookie")
	for _, attribute := range []string{"__Host-caresync-session=", "HttpOnly", "Secure", "SameSite=Lax", "Path=/"} {
		require.Contains(t, cookie, attribute)
	}
	session := v.client.Jar.Cookies(nil)[0].Value
	require.NotContains(t, fmt.Sprint(testkit.Records(t, q.DatabaseURL)["console_session"]), session, "only its hash is kept")
	require.Contains(t, v.get("/people").body, "Whitlock")

	require.Equal(t, http.StatusSeeOther, v.post("/sign-out", nil).status)
	require.Equal(t, http.StatusSeeOther, v.get("/people").status)
	v.client.Jar.(*cookies).kept = []*http.Cookie{{Name: "__Host-caresync-session", Value: session}}
	require.Equal(t, http.StatusSeeOther, v.get("/people").status, "the session is over, not only forgotten")

	v.post("/sign-in", url.Values{"token": {secret}})
	require.Equal(t, http.StatusOK, v.get("/people").status)
	_, err = q.Store.RevokeAPIToken(t.Context(), q.Request(t, "several-open").OrganisationID, token.ID)
	require.NoError(t, err)
	require.Equal(t, http.StatusSeeOther, v.get("/people").status, "its token was revoked")
}

func TestALinkSignsInOnce(t *testing.T) {
	q := newQuiet(t, "")
	path := strings.TrimPrefix(link(t, q.Store, q.url, q.Request(t, "several-open").OrganisationID), q.url)
	v := stranger(t, q.url)
	require.Contains(t, v.get(path).body, "Robin Ellery")
	require.Equal(t, http.StatusOK, v.get(path).status, "whoever only looks does not use it up")
	require.Equal(t, http.StatusSeeOther, v.post(path, nil).status)
	require.Equal(t, http.StatusOK, v.get("/people").status)
	require.Equal(t, http.StatusGone, stranger(t, q.url).get(path).status)
	require.Equal(t, http.StatusGone, stranger(t, q.url).post(path, nil).status)
	require.Equal(t, http.StatusGone, stranger(t, q.url).get("/sign-in/link/guessed").status)

	secret, err := q.Store.CreateConsoleLink(t.Context(), q.Request(t, "several-open").OrganisationID, "late", time.Now().Add(-time.Second))
	require.NoError(t, err)
	require.Equal(t, http.StatusGone, stranger(t, q.url).post("/sign-in/link/"+secret, nil).status)
}

func TestSessionsExpire(t *testing.T) {
	q := newQuiet(t, "")
	secret, err := q.Store.OpenConsoleSession(t.Context(), db.SignIn{
		OrganisationID: q.Request(t, "several-open").OrganisationID, Name: "late", ExpiresAt: time.Now().Add(-time.Second),
	})
	require.NoError(t, err)
	v := stranger(t, q.url)
	v.client.Jar.(*cookies).kept = []*http.Cookie{{Name: "caresync-session", Value: secret}}
	require.Equal(t, http.StatusSeeOther, v.get("/people").status)
}

// A form leads no one to another site.
func TestOnlyLocalAddressesAreGoneTo(t *testing.T) {
	q := newQuiet(t, "")
	v := q.visitor(t, "several-open")
	for _, address := range []string{"https://evil.example", "//evil.example", `/\evil.example`, `\\evil.example`, "javascript:alert(1)", "/\t/evil.example", ""} {
		answer := v.post("/theme", url.Values{"theme": {"dark"}, "return": {address}})
		require.Equal(t, "/", answer.header.Get("Location"), address)
	}
	require.Equal(t, "/runs?held=yes", v.post("/theme", url.Values{"return": {"/runs?held=yes"}}).header.Get("Location"))
}

func TestTheThemeIsKept(t *testing.T) {
	q := newQuiet(t, "")
	v := q.visitor(t, "several-open")
	require.Contains(t, v.get("/people").body, `data-theme="system"`)
	v.post("/theme", url.Values{"theme": {"dark"}, "return": {"/people"}})
	require.Contains(t, v.get("/people").body, `data-theme="dark"`)
	v.post("/theme", url.Values{"theme": {"<b>"}})
	require.Contains(t, v.get("/people").body, `data-theme="system"`)
}

// A page costs the same number of queries however many records it shows.
func TestPagesCostAFixedNumberOfQueries(t *testing.T) {
	q := newQuiet(t, "")
	v := q.visitor(t, "several-open")
	cost := func(path string) int64 {
		before := q.queries.statements.Load()
		require.Equal(t, http.StatusOK, v.get(path).status, path)
		return q.queries.statements.Load() - before
	}
	paths := append(q.pages(t, "several-open")[:5], "/people", "/runs")
	before := map[string]int64{}
	for _, path := range paths {
		before[path] = cost(path)
		require.LessOrEqual(t, before[path], int64(22), path)
	}
	reported := strings.Count(v.get(paths[2]).body, `class="budget"`)
	q.grow(t)
	for _, path := range paths {
		require.Equal(t, before[path], cost(path), path)
	}
	require.Equal(t, 50, strings.Count(v.get("/people").body, "data-tick "), "a page of people")
	require.Equal(t, 60, strings.Count(v.get(paths[2]).body, `class="budget"`)-reported, "all budgets of the plan")
	require.Equal(t, 2*35, strings.Count(v.get(paths[3]).body, "SERV-9999"), "all usage of the budget, each service wide and narrow")
}

// grow adds people, budgets and usage to the organisation and plan of several-open.
func (q quiet) grow(t testing.TB) {
	t.Helper()
	request := q.Request(t, "several-open")
	people := make([]db.PersonRecord, 120)
	for i := range people {
		people[i].Identity = care.Identity{
			CareRecipientID: fmt.Sprint(20_000 + i), GivenName: "Extra", FamilyName: fmt.Sprintf("Person %03d", i), BirthDate: care.NewDate(1940, 1, 2),
		}
	}
	testkit.AddPeople(t, q.Store, request.OrganisationID, people...)
	s := testkit.OpenSQL(t, q.DatabaseURL)
	require.NoError(t, s.Try(t, `
		INSERT INTO budget (id, organisation_id, plan_id, upstream_budget_id, service_provider_id, type_code, type_name, start_date, end_date, status, ordinal)
		SELECT gen_random_uuid(), p.organisation_id, p.id, 'extra-' || n, '', 'ON', 'Home support ongoing', current_date, current_date + 60, '', 0
		FROM support_plan p, generate_series(1, 60) n WHERE p.person_id = $1`, request.PersonID))
	require.NoError(t, s.Try(t, `
		INSERT INTO usage_line (id, organisation_id, budget_id, upstream_invoice_id, upstream_item_id, service_provider_id, service_code, delivery_date, amount, ordinal)
		SELECT gen_random_uuid(), b.organisation_id, b.id, 'extra', n::text, '', 'SERV-9999', current_date, n, 0
		FROM budget b JOIN support_plan p ON p.id = b.plan_id, generate_series(1, 35) n WHERE p.person_id = $1`, request.PersonID))
}

// R10: the log names pages by their pattern, and no one.
func TestTheLogNamesNoOne(t *testing.T) {
	q := newQuiet(t, "")
	v := q.visitor(t, "several-open")
	path := "/people/" + string(q.Request(t, "several-open").PersonID)
	v.get(path + "/plan")
	v.get("/people?search=whitlock")
	v.get("/nothing/whitlock")
	var text strings.Builder
	for _, entry := range q.logs.All() {
		fmt.Fprintln(&text, entry.Message, entry.ContextMap())
	}
	require.Contains(t, text.String(), "GET /people/{person}/plan")
	for _, secret := range []string{"hitlock", "415056224", string(q.Request(t, "several-open").PersonID), "Robin"} {
		require.NotContains(t, text.String(), secret)
	}
}

func TestAssetsMayBeKeptForEver(t *testing.T) {
	q := newQuiet(t, "")
	v := stranger(t, q.url)
	page := v.get("/sign-in").body
	for _, name := range []string{`console\.css`, `console\.js`, `htmx-2\.0\.11\.min\.js`, `htmx-ext-sse-2\.2\.4\.min\.js`, `icon\.svg`} {
		answer := v.get(regexpFind(t, `/assets/[0-9a-f]{12}/`+name, page))
		require.Equal(t, http.StatusOK, answer.status, name)
		require.Contains(t, answer.header.Get("Cache-Control"), "immutable")
	}
	require.Equal(t, http.StatusNotFound, v.get("/assets/000000000000/console.css").status)
}

// While the database is away, a page says so and what to do.
func TestADatabaseThatIsAwayIsSaid(t *testing.T) {
	store, err := db.Open(t.Context(), "postgres://nobody@127.0.0.1:1/none", testkit.Keyring(), db.Options{})
	require.NoError(t, err)
	t.Cleanup(store.Close)
	v := stranger(t, serve(t, console.Options{Store: store, Logger: zap.NewNop()}))
	v.client.Jar.(*cookies).kept = []*http.Cookie{{Name: "caresync-session", Value: "any"}}
	answer := v.get("/people")
	require.Equal(t, http.StatusServiceUnavailable, answer.status)
	require.Contains(t, answer.body, "Wait a moment and try again")
}

// An operator's notice stands on the first page of everyone, as text, and nowhere else.
func TestANotice(t *testing.T) {
	w := testkit.NewWorld(t, world.Options{})
	organisation := w.Request(t, "several-open").OrganisationID
	v := newVisitor(t, w.Store, serve(t, console.Options{Store: w.Store, Logger: zap.NewNop(), Notice: "Planned outage\nSaturday, <b>22:00</b>\n"}), organisation)
	shown := v.get("/people").body
	require.Contains(t, shown, "Planned outage</h2>")
	require.Contains(t, shown, "<li>Saturday, &lt;b&gt;22:00&lt;/b&gt;</li>")
	require.Equal(t, 1, strings.Count(shown, "<li>Saturday"))
	require.NotContains(t, v.get("/people?page=2").body, "Planned outage")
	require.NotContains(t, v.get("/people?search=tran").body, "Planned outage")
}

// A program that is connected to another deployment's Temporal says so on its first page, and shows the records all the same (R37).
func TestAnotherDeploymentsDatabaseIsAnnounced(t *testing.T) {
	w := testkit.NewWorld(t, world.Options{})
	foreign := func(context.Context) error { return &db.DeploymentError{} }
	v := newVisitor(t, w.Store, serve(t, console.Options{Store: w.Store, Logger: zap.NewNop(), Admit: foreign}), w.Request(t, "several-open").OrganisationID)
	for _, page := range []string{"/people", "/people?page=2", "/people?search=tran"} {
		shown := v.get(page).body
		require.Contains(t, shown, "This database belongs to another deployment of CareSync</h2>", page)
		require.Contains(t, shown, "<li>Records can be read, but nothing is started or ended", page)
	}
	require.Contains(t, v.get("/people").body, "Sync selected")
}

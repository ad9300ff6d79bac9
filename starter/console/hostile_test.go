package console_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/testkit"
)

// owned would be true in a page that ran what someone has smuggled in.
const owned = `window.owned === true || document.querySelector("main img, main iframe, main [onclick]") !== null`

// site is the console of q for a browser.
func (q quiet) site() *site { return &site{World: q.World, url: q.url} }

// Scripts in names, and in what the government says, are shown and never run, on every page.
func TestScriptsInRecordsAreShownAndNeverRun(t *testing.T) {
	q := newQuiet(t, "")
	const script = `<script>window.owned = true</script><img src="x" onerror="window.owned = true">`
	request := q.Request(t, "several-open")
	s := testkit.OpenSQL(t, q.DatabaseURL)
	require.NoError(t, s.Try(t, "UPDATE person SET given_name = $1, family_name = 'Ōzoë 李 \"><b>' WHERE id = $2", script, request.PersonID))
	require.NoError(t, s.Try(t, "UPDATE budget SET type_name = $1, status = $1", script))
	require.NoError(t, s.Try(t, "UPDATE classification SET name = $1", script))
	require.NoError(t, s.Try(t, "UPDATE approved_service SET name = $1", script))
	require.NoError(t, s.Try(t, "UPDATE usage_line SET service_code = $1", script))
	require.NoError(t, s.Try(t, "UPDATE sync_run SET requested_by = $1", script))
	w := q.site().newTab(t, request.OrganisationID)
	for _, path := range append(q.pages(t, "several-open"), "/people", "/people?search=%C5%8Czo%C3%AB", "/runs") {
		if strings.HasSuffix(path, "/events") {
			continue // a stream is no page
		}
		w.open(path)
		w.sees(`<script>window.owned = true</script>`)
		require.False(t, value[bool](w, owned), path)
	}
}

// The content security policy holds even where markup got into a page: no script of its own, no style, no picture from elsewhere.
func TestInjectedMarkupDoesNothing(t *testing.T) {
	q := newQuiet(t, "")
	w := q.site().newTab(t, q.Request(t, "several-open").OrganisationID)
	require.Equal(t, "script-src style-src img-src", value[string](w, `new Promise((done) => {
		const refused = [];
		document.addEventListener("securitypolicyviolation", (event) => {
			refused.push(event.effectiveDirective.replace(/-elem|-attr/, ""));
			if (refused.length === 3) done(["script-src", "style-src", "img-src"].filter((one) => refused.includes(one)).join(" "));
		});
		const script = document.createElement("script");
		script.textContent = "window.owned = true";
		const style = document.createElement("style");
		style.textContent = "main { display: none }";
		const image = document.createElement("img");
		image.src = "https://evil.example/x.png";
		document.body.append(script, style, image);
	})`))
	require.False(t, value[bool](w, `window.owned === true`))
	require.True(t, value[bool](w, `document.querySelector("main").checkVisibility()`))
}

// A form that another site sends in a visitor's name changes nothing, whatever the browser sends along.
func TestAnotherSitesFormDoesNothing(t *testing.T) {
	q := newQuiet(t, "")
	request := q.Request(t, "several-open")
	evil := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = fmt.Fprintf(w, `<form method="post" action="%s/people/%s/syncs"><button>Win a prize</button></form>`, q.url, request.PersonID)
	}))
	t.Cleanup(evil.Close)
	w := q.site().newTab(t, request.OrganisationID)
	before := len(q.runs(t, request))
	for _, address := range []string{evil.URL, strings.Replace(evil.URL, "127.0.0.1", "localhost", 1)} { // of the same host, and of another
		w.do(chromedp.Navigate(address))
		w.press("Win a prize")
		w.sees("Nothing was changed")
	}
	require.Len(t, q.runs(t, request), before)
	w.open("/people")
	w.sees("Whitlock, Marjorie")
}

func (q quiet) runs(t *testing.T, request care.Request) []read.RunSummary {
	t.Helper()
	runs, _, err := read.From(q.Store).Runs(t.Context(), request.OrganisationID, read.RunFilter{PersonID: request.PersonID, Most: 50})
	require.NoError(t, err)
	return runs
}

// An address that someone has made up leads to a page that says so, in a browser too, and the console continues.
func TestMadeUpAddressesAreSaidToBeNothing(t *testing.T) {
	q := newQuiet(t, "")
	w := q.site().newTab(t, q.Request(t, "several-open").OrganisationID)
	theirs := string(q.Request(t, "details-refused").PersonID)
	for _, id := range []string{strings.Repeat("9", 10_000), "李-\U0001F4A9", "<script>", theirs} {
		for _, path := range []string{"/people/%s", "/people/%s/plan", "/runs/%s", "/invoice-lines/%s"} {
			w.open(strings.Replace(path, "%s", id, 1))
			w.sees("Page not found")
		}
	}
	w.press("Back to People")
	w.sees("Whitlock, Marjorie")
}

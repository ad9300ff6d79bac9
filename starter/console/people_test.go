package console_test

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/read"
)

// ticked are people of an organisation whom Services Australia can be asked about, as the list's form sends them.
func (d desk) ticked(t *testing.T, organisationID care.ID, number int) url.Values {
	t.Helper()
	people, _, err := read.From(d.Store).PeopleAfter(t.Context(), organisation(t, d.Store, organisationID), "", read.MostPerPage, time.Now())
	require.NoError(t, err)
	form := url.Values{}
	for _, person := range people {
		if person.CareRecipientID != "" && len(form["person"]) < number {
			form.Add("person", string(person.ID))
		}
	}
	require.Len(t, form["person"], number)
	return form
}

// Whoever cannot be started holds no one else up, and is counted.
func TestSomeOfTheTickedCannotBeStarted(t *testing.T) {
	d := newDesk(t)
	v := d.visitor(t, "several-open")
	form := d.ticked(t, d.Request(t, "several-open").OrganisationID, 3)
	d.temporal.OnStart = func(string) { d.temporal.Err = context.DeadlineExceeded }
	answer := v.post("/people/syncs", form)
	require.Equal(t, http.StatusSeeOther, answer.status, answer.body)
	runs := v.get(answer.header.Get("Location")).body
	require.Contains(t, runs, "1 sync was started.")
	require.Contains(t, runs, "2 people’s syncs could not be started.")

	d.temporal.OnStart = nil
	none := v.post("/people/syncs", form)
	require.Equal(t, http.StatusServiceUnavailable, none.status, "nothing was started")
	require.Contains(t, none.body, "The Temporal server is not responding")
}

// WCAG 3.2.2: choosing something in a form sends nothing; each form has a button that does.
func TestFiltersWaitForTheirButton(t *testing.T) {
	d := newDesk(t)
	v := d.visitor(t, "several-open")
	bulk := d.bulkOf(t, v, everyone)
	filters := regexp.MustCompile(`(?s)<form class="filters".*?</form>`)
	for _, path := range []string{"/people", "/runs", "/bulks", "/bulks/" + string(bulk)} {
		body := v.get(path).body
		form := filters.FindString(body)
		require.Contains(t, form, "<button>", path)
		require.NotContains(t, form, "data-at-once", path)
	}
	script := v.get(regexpFind(t, `/assets/[0-9a-f]{12}/console\.js`, v.get("/people").body))
	require.NotContains(t, script.body, "requestSubmit")
}

// Who sent a form is logged, by session and token and never by name (R10).
func TestWhoSentAFormIsLogged(t *testing.T) {
	d := newDesk(t)
	organisation := d.Request(t, "several-open").OrganisationID
	token, secret, err := d.Store.CreateAPIToken(t.Context(), organisation, "Robin Ellery")
	require.NoError(t, err)
	v := stranger(t, d.url)
	require.Equal(t, http.StatusSeeOther, v.post("/sign-in", url.Values{"token": {secret}}).status)
	v.get("/people")
	require.Empty(t, d.forms(), "whoever only looks changes nothing")
	v.post("/people/syncs", d.ticked(t, organisation, 1))
	d.visitor(t, "several-open").post("/people/syncs", nil)

	forms := d.forms()
	require.Len(t, forms, 2)
	first, second := forms[0].ContextMap(), forms[1].ContextMap()
	require.Equal(t, "POST /people/syncs", first["route"])
	require.Equal(t, string(organisation), first["organisation"])
	require.Equal(t, string(token.ID), first["token"])
	require.Empty(t, second["token"], "a link is no token")
	require.Len(t, first["session"], 16)
	require.NotEqual(t, first["session"], second["session"])
	require.Len(t, d.logs.FilterField(zap.String("request_id", first["request_id"].(string))).All(), 2, "the request's own line says what was answered")
}

func (d desk) forms() []observer.LoggedEntry { return d.logs.FilterMessage("form").All() }

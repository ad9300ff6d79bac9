package console_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/simulator/faults"
)

// Without JavaScript the same is done by pages: the confirmation has one, and a sync that is under way is loaded again and again.
func TestWithoutJavaScript(t *testing.T) {
	s := newSite(t)
	request := s.Request(t, "several-open")
	v := newVisitor(t, s.Store, s.url, request.OrganisationID)
	person := "/people/" + string(request.PersonID)
	require.Contains(t, v.get(person).body, `href="`+person+`/sync"`)
	require.Contains(t, v.get(person+"/sync").body, `action="`+person+`/syncs"`)
	require.NoError(t, s.Faults.Add(faults.Fault{Kind: faults.Hang, Operation: "budget-details", Count: 1, Delay: 2 * time.Minute}))
	started := v.post(person+"/syncs", nil)
	require.Equal(t, person+"#sync", started.header.Get("Location"))
	require.Contains(t, v.get(person).body, `<noscript><meta http-equiv="refresh" content="3;url=`+person+`"`)
	w := s.newTab(t, request.OrganisationID)
	w.scripts(false)
	w.open(started.header.Get("Location"))
	w.eventually("a sync that is under way", `document.querySelector("meta[http-equiv=refresh]") !== null`)
	s.Faults.Clear()
	w.sees("Sync complete")
	require.Eventually(t, func() bool { return strings.Contains(v.get(person).body, "Sync complete") }, patience, 50*time.Millisecond)
	require.NotContains(t, v.get(person).body, "http-equiv")
	require.Equal(t, "console: Robin Ellery", newestRun(t, s, "several-open").RequestedBy)

	answer := v.post("/people/"+string(s.RequestFor(t, "fresh-plan").PersonID)+"/syncs", nil)
	require.Equal(t, http.StatusUnprocessableEntity, answer.status)
	require.Contains(t, answer.body, "no care recipient id")
}

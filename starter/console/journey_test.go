package console_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/simulator/faults"
	"github.com/caresync/caresync/simulator/world"
	"github.com/caresync/caresync/testkit"
)

// synced waits until the page shows how a sync ended.
func (w *tab) synced(title string) {
	w.t.Helper()
	w.eventually(title, `[...document.querySelectorAll("#sync .notice-title")].some((one) => one.innerText.startsWith(`+quoted(title)+`))`)
}

// counted is the number that the success message gives for a kind of record.
func (w *tab) counted(kind care.Kind) int {
	w.t.Helper()
	return value[int](w, fmt.Sprintf(`parseInt(document.querySelector('#sync [data-kind="%s"] dd').firstChild.textContent)`, kind))
}

// Care Recipient Sync §Sync process, step by step, in a browser, on days on which budgets begin and end.
func TestCareRecipientSyncStepByStep(t *testing.T) {
	for _, day := range testkit.TellingDays[2:4] {
		t.Run(day.Name, func(t *testing.T) {
			day.Stand(t)
			syncStepByStep(t)
		})
	}
}

func syncStepByStep(t *testing.T) {
	s := newSite(t)
	request := s.Request(t, "several-open")
	w := s.newTab(t, request.OrganisationID)

	// Step 1: open the care recipient's record.
	w.do(sendKeys("#search", "whitl marj"))
	w.press("Search")
	w.press("Whitlock, Marjorie")
	w.sees("Never synced")

	// Step 1: the quick action asks for confirmation, and says what will be retrieved.
	w.press("Synchronise Budget Information")
	w.eventually("the confirmation", `document.querySelector("dialog[open]") !== null`)
	confirmation := value[string](w, `document.querySelector("dialog[open]").innerText`)
	for _, said := range []string{
		"Budget records", "Budget Usage data", "Approved Services", "Classifications", "Individual Contributions", "Supplement Allocations", "consent",
	} {
		require.Contains(t, confirmation, said)
	}

	// Step 2: Sync starts it, and progress is shown. The government is slow, so that there is something to see.
	require.NoError(t, s.Faults.Add(faults.Fault{Kind: faults.Hang, Operation: "budget-details", Count: 1, Delay: 2 * time.Minute}))
	w.press("Sync")
	w.sees("Syncing")
	w.eventually("the summary's result", `document.querySelector('#sync [data-area="summary"]').innerText.includes("3 classifications")`)
	w.eventually("progress budget by budget", `document.querySelector('#sync [data-area="usage"] progress') !== null`)
	w.eventually("a live region", `document.querySelector('#sync [role="status"]').innerText.includes("Budget usage")`)

	// Whoever leaves and comes back sees the same run.
	run := value[string](w, `document.querySelector("[sse-connect]").getAttribute("sse-connect")`)
	w.open("/runs")
	w.sees("running")
	w.open("/people/" + string(request.PersonID))
	w.sees("Syncing")
	require.Equal(t, run, value[string](w, `document.querySelector("[sse-connect]").getAttribute("sse-connect")`))
	s.Faults.Clear()

	// Step 3: the success message has the care recipient id, counts and a Budget link.
	w.synced("Sync complete")
	w.eventually("care recipient id", `document.querySelector("#sync").innerText.includes("415056224")`)
	view, err := read.From(s.Store).Run(t.Context(), request.OrganisationID, newestRun(t, s, "several-open").ID)
	require.NoError(t, err)
	for _, kind := range care.CountedKinds {
		require.Equal(t, view.Counts[kind].Synced, w.counted(kind), kind)
	}
	require.Positive(t, w.counted(care.KindBudgetUsage))
	w.eventually("the plan beside it, without loading the page again", `document.querySelector("#overview").innerText.includes("active")`)

	// Step 3: on to the updated records.
	w.press("Budget")
	w.sees("Support at Home plan")
	for _, shown := range []string{"Classifications", "Approved services", "Supplements", "Individual contributions", "Recreated on each sync", "Open-ended"} {
		w.sees(shown)
	}
	// Care Recipient Sync §Budget usage: the list Plan Budget Usage and the field Usage Amount.
	w.press("Home support ongoing, " + period(s.ongoing(t, "several-open")))
	w.sees("Plan Budget Usage")
	w.sees("Usage amount")
	w.press(firstOwnLine(t, s))
	w.sees("As we billed it")
}

// period is how a budget's link names its dates for screen readers.
func period(budget read.Budget) string {
	return budget.StartDate.Time().Format("02 Jan 2006") + " – " + budget.EndDate.Time().Format("02 Jan 2006")
}

// firstOwnLine names an invoice line of ours that drew on the newest budget.
func firstOwnLine(t *testing.T, s *site) string {
	t.Helper()
	for _, line := range s.ongoing(t, "several-open").Usage {
		if line.InvoiceLineID != nil {
			return line.UpstreamInvoiceID + " / " + line.UpstreamItemID
		}
	}
	require.Fail(t, "no line is ours")
	return ""
}

// sync presses the button on someone's page and confirms.
func (w *tab) sync(s *site, key string) {
	w.t.Helper()
	w.open("/people/" + string(s.Request(w.t, key).PersonID))
	w.press("Synchronise Budget Information")
	w.press("Sync")
}

// R18: what could be read is saved, the government's own words are shown, and what to do.
func TestARefusedConsentSaysWhatToDo(t *testing.T) {
	s := newSite(t)
	w := s.newTab(t, s.Request(t, "consent-refused").OrganisationID)
	w.sync(s, "consent-refused")
	w.synced("Sync partially saved")
	w.sees("Ask the person for consent")
	w.sees("Care recipient has not provided consent")
	w.press("Budget")
	w.sees("not up to date")
	w.press("See that sync")
	w.sees("Results by area")
}

// R8: both records are shown side by side, and nothing was saved.
func TestAnIdentityMismatchShowsBothRecords(t *testing.T) {
	s := newSite(t)
	w := s.newTab(t, s.Request(t, "identity-mismatch").OrganisationID)
	w.sync(s, "identity-mismatch")
	w.synced("Sync failed; nothing was saved")
	for _, shown := range []string{"Lowery", "Lindemann", "19 Apr 1949", "19 Apr 1940", "differs"} {
		w.sees(shown)
	}
	w.sees("No plan yet")
}

// R8: someone says once that a given name in doubt is the person's, and it is not asked again.
func TestASamePersonIsConfirmed(t *testing.T) {
	s := newSite(t)
	_, err := s.World.World.Move("several-open", world.Move{Name: world.ChangeIdentity, GivenName: "Margery"})
	require.NoError(t, err)
	w := s.newTab(t, s.Request(t, "several-open").OrganisationID)
	w.sync(s, "several-open")
	w.sees("The given name differs")
	w.press("This is the same person …")
	w.sees("Is this the same person?")
	w.sees("Margery")
	w.requireNoBarriers("whether it is the same person")
	w.do(sendKeys("#reason", "compared with the approval letter"))
	w.press("This is the same person")
	w.synced("Sync complete")
	settled := newestRun(t, s, "several-open")
	require.Zero(t, settled.Warnings, "it is not asked again")
	history, _, err := read.From(s.Store).PersonHistory(t.Context(), s.Request(t, "several-open").OrganisationID, settled.Person.ID, time.Time{}, 10)
	require.NoError(t, err)
	require.Contains(t, fmt.Sprint(history), "compared with the approval letter")
	w.open("/runs/" + string(settled.ID) + "/same-person")
	w.sees("There is no given name in doubt")

	// What was said is taken back, and asked again.
	w.open("/people/" + string(settled.Person.ID))
	w.press("See the confirmed names, or withdraw one")
	w.sees("compared with the approval letter")
	w.requireNoBarriers("given names that were confirmed")
	w.press("Withdraw…")
	w.sees("Withdraw the given name Margery?")
	w.press("Withdraw")
	w.sees("Why")
	w.requireNoBarriers("an answer that is taken back")
	w.fill("#field-note", "it is the cousin")
	w.press("Withdraw")
	w.sees("The confirmation was withdrawn. The next sync asks again.")
	w.sees("it is the cousin")
	w.sync(s, "several-open")
	w.sees("The given name differs")
}

// R5: a removal that was held back is shown, and made after someone has accepted it.
func TestAHeldRemovalIsAccepted(t *testing.T) {
	s := newSite(t)
	request := s.Request(t, "several-open")
	require.Equal(t, care.RunSucceeded, s.temporal.Sync(t, request).Outcome)
	_, err := s.World.World.Move("several-open", world.Move{Name: world.HideClassifications})
	require.NoError(t, err)
	w := s.newTab(t, request.OrganisationID)
	w.sync(s, "several-open")
	w.sees("3 classifications missing from the response")
	w.open("/runs?held=yes")
	w.sees("Marjorie Whitlock")
	w.open("/people/" + string(request.PersonID) + "/plan")
	w.press("accept the removal")
	w.sees("Accept the removal of these records?")
	w.press("Accept the removal")
	w.synced("Sync complete")
	require.Equal(t, 3, newestRun(t, s, "several-open").Counts[care.KindClassification].Removed)
	w.press("More about this sync")
	w.sees("removed")
	w.open("/runs/" + string(newestRun(t, s, "several-open").ID) + "/accept")
	w.sees("There is nothing left to accept")
}

// R9: while the government does not answer, people see since when, what it said, and that it continues.
func TestAnOutageIsShownAndWaitedFor(t *testing.T) {
	s := newSite(t)
	w := s.newTab(t, s.Request(t, "several-open").OrganisationID)
	require.NoError(t, s.Faults.Add(faults.Fault{Kind: faults.Unavailable, Operation: "budget-care-recipient"}))
	w.sync(s, "several-open")
	w.sees("Waiting for Services Australia")
	w.sees("CareSync will keep trying")
	s.Faults.Clear()
	w.synced("Sync complete")
}

// R6: cancelling is asked once, and keeps what was saved. Nothing is lost without a worker, either.
func TestCancelling(t *testing.T) {
	s := newSite(t)
	w := s.newTab(t, s.Request(t, "several-open").OrganisationID)
	require.NoError(t, s.Faults.Add(faults.Fault{Kind: faults.Hang, Operation: "budget-details", Delay: 2 * time.Minute}))
	w.sync(s, "several-open")
	w.eventually("budgets that were saved", `document.querySelector('#sync [data-area="budgets"]').innerText.includes("new)")`)
	w.press("Cancel")
	w.sees("Cancel this sync?")
	w.press("Cancel the sync")
	w.sees("Sync cancelled")
	s.Faults.Clear()
}

// R7: a second click joins the sync that is under way.
func TestASecondClickJoins(t *testing.T) {
	s := newSite(t)
	w := s.newTab(t, s.Request(t, "several-open").OrganisationID)
	require.NoError(t, s.Faults.Add(faults.Fault{Kind: faults.Hang, Operation: "budget-details", Count: 1, Delay: 2 * time.Minute}))
	w.sync(s, "several-open")
	w.sees("Syncing")
	w.sync(s, "several-open")
	w.sees("was already running")
	s.Faults.Clear()
	w.synced("Sync complete")
	runs, _, err := read.From(s.Store).Runs(t.Context(), s.Request(t, "several-open").OrganisationID, read.RunFilter{Most: 10})
	require.NoError(t, err)
	require.Len(t, runs, 1)
}

// Several people selected and synced at once; someone without care recipient id is left out, and said to be.
func TestSyncSelected(t *testing.T) {
	s := newSite(t)
	w := s.newTab(t, s.Request(t, "several-open").OrganisationID)
	for _, name := range []string{"Marjorie Whitlock", "Winifred Tran", "Talia Brennan"} {
		w.pick(`input[aria-label="Select ` + name + `"]`)
	}
	w.sees("3 people selected")
	w.press("Sync selected")
	w.sees("2 syncs were started. 1 person has no care recipient id and was skipped.")
	require.Eventually(t, func() bool {
		return newestRun(t, s, "several-open").State == read.RunFinished && newestRun(t, s, "usage-by-others").State == read.RunFinished
	}, patience, 50*time.Millisecond)
	w.open("/people?outcome=succeeded")
	w.sees("Tran, Winifred")
	require.False(t, strings.Contains(w.text(), "Ashcroft"), "she was not synced")
}

// Everything that a sync needs can be done with the keyboard, and the focus is where it belongs.
func TestTheKeyboardAlone(t *testing.T) {
	s := newSite(t)
	w := s.newTab(t, s.Request(t, "several-open").OrganisationID)
	w.open("/people/" + string(s.Request(t, "several-open").PersonID))
	w.tabTo("Skip to content")
	w.tabTo("Synchronise Budget Information")
	require.NotEqual(t, "none", value[string](w, `getComputedStyle(document.activeElement).outlineStyle`), "the focus is seen")
	w.key(" ")
	w.eventually("the dialog", `document.querySelector("dialog[open]") !== null && document.querySelector("dialog[open]").contains(document.activeElement)`)
	w.key("Escape")
	w.eventually("the page again", `document.querySelector("dialog[open]") === null && document.activeElement.innerText === "Synchronise Budget Information"`)
	w.key("Enter")
	w.tabTo("Sync")
	w.key("Enter")
	w.synced("Sync complete")
}

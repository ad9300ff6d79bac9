package console_test

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/simulator/faults"
	"github.com/caresync/caresync/simulator/world"
	"github.com/caresync/caresync/starter/imports"
	"github.com/caresync/caresync/starter/pacetest"
	"github.com/caresync/caresync/testkit"
)

// participantPath is the page of an NDIS participant.
func (s *site) participantPath(t *testing.T, key string) string {
	t.Helper()
	return "/people/" + string(s.RequestFor(t, key).PersonID)
}

// planMove lets something happen to a participant at the NDIA.
func (s *site) planMove(t *testing.T, key string, move world.PlanMove) {
	t.Helper()
	require.NoError(t, s.World.World.MoveParticipant(key, move))
}

func (s *site) spend(t *testing.T, key, category, amount string) {
	t.Helper()
	s.planMove(t, key, world.PlanMove{Name: world.Spend, Category: category, Amount: decimal.RequireFromString(amount)})
}

// contracts are those of a participant, newest first.
func (s *site) contracts(t *testing.T, key string) []read.ContractHeader {
	t.Helper()
	request := s.RequestFor(t, key)
	contracts, err := read.From(s.Store).Contracts(t.Context(), organisation(t, s.Store, request.OrganisationID), request.PersonID, time.Now())
	require.NoError(t, err)
	return contracts
}

// The PACE guide, step by step, in a browser.
func TestServiceContractStepByStep(t *testing.T) {
	s := newSite(t)
	request := s.RequestFor(t, "changed-manager")
	no := false
	_, err := s.Store.SetPACEFlags(t.Context(), request.OrganisationID, request.PersonID, care.FlagChange{PACEParticipant: &no}, "tests")
	require.NoError(t, err)
	w := s.newTab(t, request.OrganisationID)

	// Step 1: find the client.
	w.do(sendKeys("#search", "castell"))
	w.press("Search")
	w.press("Castellano, Kieran")
	w.sees("Client Funding for NDIS")
	w.sees("+ NDIS PACE is not available yet: The person is not marked as an NDIS PACE Participant.")
	require.True(t, value[bool](w, `document.querySelector("#ndis button[disabled]").innerText === "+ NDIS PACE"`))

	// Step 2: tick both options. API access is displayed only while NDIS PACE Participant is ticked.
	require.False(t, value[bool](w, `document.querySelector("[name=pace-access]").checkVisibility()`))
	w.pick("[name=pace-participant]")
	require.True(t, value[bool](w, `document.querySelector("[name=pace-access]").checkVisibility()`))
	w.press("Save")
	w.sees("+ NDIS PACE is not available yet: API access is not selected for this person.")
	w.pick("[name=pace-access]")
	w.press("Save")

	// Step 3: once that is saved, Client Funding offers + NDIS PACE.
	w.sees("The NDIS options were saved.")
	w.sees("No service contract yet")

	// Step 4: start the retrieval.
	w.press("+ NDIS PACE")

	// Step 5: the plan's information and its budgets.
	w.sees("Plan information")
	w.sees("A new service contract will be created.")

	// Step 6: all budgets are selected; Create finishes.
	require.Equal(t, 21, value[int](w, `document.querySelectorAll("[name=budget]:checked").length`))
	w.press("Create")

	// Step 7: the new contract has plan budgets and delivered services.
	w.sees("Sync complete")
	require.Equal(t, 21, s.newestPACE(t, "changed-manager").Counts[care.KindPlanBudget].Created)
	w.press("Open the contract")
	w.sees("Delivered services")

	// PACE guide §Adjustment record: the four values to the letter (R27, R28).
	for _, said := range []string{
		"Support item number: blank", "NDIS PACE API Budget Adjustment Record", "NDIA refer to PACE", "Previous Plan Manager", "never claimed",
	} {
		w.sees(said)
	}
	require.Equal(t, 4, value[int](w, `document.querySelectorAll("#delivered tbody tr").length`))
	require.Contains(t, value[string](w, `document.querySelector("#delivered .note-text").textContent`),
		"NDIS PACE API Budget Adjustment record. Note: a) Only the Total Amount of services delivered to date for the Support Category have been provided in "+
			"the PACE API record.  b) The Service Support Item used has been applied for budget adjustment purposes only.")
	w.eventually("the funding periods on a line of time", `document.querySelectorAll("#periods svg .span").length > 20`)
	w.requireNoBarriers("a contract")
}

// newestPACE is the newest contract sync of a participant.
func (s *site) newestPACE(t *testing.T, key string) read.RunSummary {
	t.Helper()
	request := s.RequestFor(t, key)
	runs, _, err := read.From(s.Store).Runs(t.Context(), request.OrganisationID, read.RunFilter{PersonID: request.PersonID, Most: 1})
	require.NoError(t, err)
	require.NotEmpty(t, runs)
	return runs[0]
}

// created lets a participant's plan be created as someone would, and stays on its contract's page.
func (w *tab) created(s *site, key string) {
	w.t.Helper()
	w.open(s.participantPath(w.t, key))
	w.press("+ NDIS PACE")
	w.sees("Plan information")
	w.press("Create")
	w.press("Open the contract")
	w.sees("About this contract")
}

// A budget that is unticked is not created, and gets no delivered service (R25); what happens without JavaScript happens with it.
func TestUntickedBudgetsAreNotCreated(t *testing.T) {
	s := newSite(t)
	w := s.newTab(t, s.RequestFor(t, "changed-manager").OrganisationID)
	w.open(s.participantPath(t, "changed-manager"))
	w.press("+ NDIS PACE")
	w.sees("Plan information")
	w.requireNoBarriers("a preview")
	w.pick("[data-tick-all]")
	w.press("Create")
	w.sees("No budget is selected. Select at least one.")
	w.pick(`[aria-label^="Select 03 Consumables"]`)
	w.press("Create")
	w.press("Open the contract")
	w.sees("03 Consumables")
	require.NotContains(t, w.text(), "Assistance with Daily Life")
	require.Equal(t, 1, value[int](w, `document.querySelectorAll("#delivered tbody tr").length`))
}

// Progress is live: what is waited for is shown while it lasts, also to screen readers, and leaving loses nothing (R9, R22).
func TestARetrievalAndACreateAreFollowedLive(t *testing.T) {
	s := newSite(t)
	w := s.newTab(t, s.RequestFor(t, "fresh-plan").OrganisationID)
	require.NoError(t, s.Faults.Add(faults.Fault{Kind: faults.Hang, Operation: "ndia-budget", Delay: 2 * time.Minute}))
	w.open(s.participantPath(t, "fresh-plan"))
	w.press("+ NDIS PACE")
	w.sees("Retrieving the NDIS plan")
	w.sees("Reading from the NDIA.")
	w.eventually("a live region", `document.querySelector('[role="status"]').innerText.includes("Reading from the NDIA")`)
	w.requireNoBarriers("a retrieval")
	session := value[string](w, `location.pathname + location.search`)
	w.open(s.participantPath(t, "fresh-plan"))
	w.sees("Retrieving from the NDIA")
	w.open(session)
	w.sees("Retrieving the NDIS plan")
	s.Faults.Clear()
	w.sees("Plan information")

	require.NoError(t, s.Faults.Add(faults.Fault{Kind: faults.Unavailable, Operation: "ndia-budget"}))
	w.press("Create")
	w.sees("Creating the service contract")
	w.sees("Waiting for the NDIA")
	s.Faults.Clear()
	w.sees("Sync complete")
	require.Len(t, s.contracts(t, "fresh-plan"), 1)
}

// Refresh shows what was and what is before anything is written, and afterwards in the history.
func TestARefreshShowsTheDifference(t *testing.T) {
	s := newSite(t)
	w := s.newTab(t, s.RequestFor(t, "changed-manager").OrganisationID)
	w.created(s, "changed-manager")
	s.spend(t, "changed-manager", "Consumables", "812.30")
	w.press("Refresh")
	w.sees("This plan already has a service contract.")
	w.eventually("the difference", `[...document.querySelectorAll(".happens")].some((one) => one.innerText.includes("$22.50") && one.innerText.includes("$834.80"))`)
	w.sees("Its adjustment record changes from $22.50 to $834.80.")
	w.press("Update the contract")
	w.sees("What changed, field by field")
	w.eventually("old and new", `document.querySelector("#changes").innerText.includes("$834.80")`)
	w.press("Open the contract")
	w.eventually("the history", `document.querySelector("#history details[open]").innerText.includes("$22.50")`)
	require.Len(t, s.contracts(t, "changed-manager"), 1, "the same contract (R24)")

	// One budget alone is refreshed, and everything else stays as it was.
	s.spend(t, "changed-manager", "Consumables", "1")
	s.spend(t, "changed-manager", "Assistance with Daily Life", "1")
	w.press("Refresh")
	w.sees("This plan already has a service contract.")
	w.pick("[data-tick-all]")
	w.pick(`[aria-label^="Select 03 Consumables"]`)
	w.pick("[name=only]")
	w.press("Update the contract")
	w.sees("Sync complete")
	require.Equal(t, 1, s.newestPACE(t, "changed-manager").Counts[care.KindPlanBudget].Updated)
}

// R22: what the NDIA reports has changed since the preview: nothing is written, the difference is shown, and asked for again.
func TestAStalePreviewShowsTheDifferenceAndAsksAgain(t *testing.T) {
	s := newSite(t)
	w := s.newTab(t, s.RequestFor(t, "changed-manager").OrganisationID)
	w.open(s.participantPath(t, "changed-manager"))
	w.press("+ NDIS PACE")
	w.sees("Plan information")
	old := value[string](w, `location.pathname`)
	s.spend(t, "changed-manager", "Consumables", "812.30")
	w.press("Create")
	w.sees("The NDIA’s data has changed since the preview")
	w.eventually("old and new", `(() => { const shown = document.querySelector(".notice.warn").innerText; return shown.includes("$22.50") && shown.includes("$834.80"); })()`)
	require.Empty(t, s.contracts(t, "changed-manager"))
	w.requireNoBarriers("a stale preview")
	w.open(old)
	w.sees("This preview was replaced")
	w.press("Open the preview")
	w.press("Create")
	w.sees("Sync complete")
	require.Len(t, s.contracts(t, "changed-manager"), 1)
}

// R22: after 30 minutes a preview is of no use; the page that shows it says so without a reload, and offers to retrieve again.
func TestAnExpiredPreviewIsRetrievedAgain(t *testing.T) {
	s := newSite(t)
	request := s.RequestFor(t, "fresh-plan")
	w := s.newTab(t, request.OrganisationID)
	w.open(s.participantPath(t, "fresh-plan"))
	w.press("+ NDIS PACE")
	w.sees("Plan information")
	preview := value[string](w, `location.pathname`)
	w.open("/runs/" + string(s.newestPACE(t, "fresh-plan").ID))
	w.sees("Preview ready")
	w.requireNoBarriers("the run of a preview")
	w.press("Open the preview")
	w.sees("Plan information")
	sql := testkit.OpenSQL(t, s.DatabaseURL)
	require.NoError(t, sql.Try(t, `UPDATE pace_preview SET expires_at = now() + interval '2 seconds'`))
	w.open(preview)
	w.sees("This preview has expired")
	w.requireNoBarriers("an expired preview")
	w.press("Retrieve the plan again")
	w.sees("Plan information")
	require.NotEqual(t, preview, value[string](w, `location.pathname`))

	// The run records the end of its 30 minutes, as its worker does.
	run := s.newestPACE(t, "fresh-plan")
	require.NoError(t, s.temporal.TerminateWorkflow(t.Context(), run.WorkflowID, "", "30 minutes have passed"))
	pacetest.Finish(t, s.Store, organisation(t, s.Store, request.OrganisationID), run.ID, care.Expired())
	w.press("Create")
	w.sees("The preview expired; nothing was saved")
	w.sees("More than 30 minutes have passed since the plan was retrieved.")
	w.press("Retrieve the plan again")
	w.press("Create")
	w.sees("Sync complete")
}

// Refusals show the NDIA's own words and what to do; one that reports a lost authority stops scheduled syncs (R23, R30).
func TestRefusalsSayWhatToDo(t *testing.T) {
	s := newSite(t)
	w := s.newTab(t, s.RequestFor(t, "endorsement-missing").OrganisationID)
	for _, refused := range []struct{ key, said string }{
		{"surname-differs", "or the participant has not endorsed this organisation"},
		{"not-pace", "is not a PACE plan"},
		{"future-plan", "its contract can be created from that day"},
		{"endorsement-missing", "Requestor does not have the authority to perform the request"},
	} {
		w.open(s.participantPath(t, refused.key))
		w.press("+ NDIS PACE")
		w.sees(refused.said)
		w.sees("Retrieve the plan again")
		require.NotContains(t, w.text(), "Services Australia")
	}
	w.requireNoBarriers("a refusal")
	for _, list := range []string{"/runs?person=" + string(s.RequestFor(t, "future-plan").PersonID), s.participantPath(t, "future-plan"), "/people"} {
		w.open(list)
		w.sees("plan not started")
	}
	w.open("/runs/" + string(s.newestPACE(t, "future-plan").ID))
	w.sees("This plan has not started")
	require.NotContains(t, w.text(), "failed")
	w.requireNoBarriers("a run of a plan that has not started")
	w.open(s.participantPath(t, "endorsement-missing"))
	w.sees("Scheduled syncs stopped on")
	w.requireNoBarriers("a person whose syncs have stopped")
	w.press("Resume scheduled syncs")
	w.sees("Scheduled syncs of this person’s NDIS plan are active.")
	require.NotContains(t, w.text(), "Scheduled syncs stopped on")

	// R21: the API is not enabled.
	_, err := s.Store.DisablePACE(t.Context(), s.RequestFor(t, "endorsement-missing").OrganisationID, "a test")
	require.NoError(t, err)
	w.open(s.participantPath(t, "endorsement-missing"))
	w.sees("+ NDIS PACE is not available yet: The PACE API is not enabled for this organisation.")
}

// R31: what a refresh held for approval is shown on the person's, the run's and the contract's page, and accepted after a review.
func TestWhatWaitsForReviewIsAccepted(t *testing.T) {
	s := newSite(t)
	request := s.RequestFor(t, "reassessed-later")
	w := s.newTab(t, request.OrganisationID)
	w.created(s, "reassessed-later")
	s.planMove(t, "reassessed-later", world.PlanMove{Name: world.Reassess})
	run := s.temporal.RequestRefresh(t, request)
	require.NoError(t, run.Get(t.Context(), nil))
	w.open(s.participantPath(t, "reassessed-later"))
	w.sees("1 change needs review")
	w.requireNoBarriers("a person with something to review")
	w.open("/runs?held=yes")
	w.sees("Persephone Gallagher")
	w.open("/runs/" + string(s.newestPACE(t, "reassessed-later").ID))
	w.sees("1 change needs review")
	w.sees("Nothing: the differences need review.")
	w.requireNoBarriers("the run of a refresh")
	w.press("Review")
	w.sees("has no service contract yet")
	accept := value[string](w, `location.pathname`)
	w.press("Retrieve the plan")
	w.sees("The previous contract ends and is marked as superseded")
	w.press("Create")
	w.press("Open the contract")
	w.sees("Other contracts of this person")
	w.sees("superseded")
	contracts := s.contracts(t, "reassessed-later")
	require.Len(t, contracts, 2)
	w.open(s.participantPath(t, "reassessed-later") + "/contracts/" + string(contracts[1].ID))
	w.sees("After a reassessment, this contract was superseded by")
	w.requireNoBarriers("a superseded contract")
	w.open(accept)
	w.sees("There is nothing left to review")
	w.open(s.participantPath(t, "reassessed-later"))
	require.NotContains(t, w.text(), "needs review")
}

// R24: an overlap with a manually entered contract is shown, and needs explicit approval.
func TestAnOverlapNeedsAnExplicitYes(t *testing.T) {
	s := newSite(t)
	request := s.RequestFor(t, "overspent-category")
	w := s.newTab(t, request.OrganisationID)
	participant, err := read.From(s.Store).Participant(t.Context(), organisation(t, s.Store, request.OrganisationID), request.PersonID, time.Now())
	require.NoError(t, err)
	_, err = imports.StoreContracts(t.Context(), s.Store, request.OrganisationID, imports.File[imports.Contract]{Rows: []imports.Contract{{
		Line: 2, NDISNumber: participant.NDISNumber, Reference: "OLD-1", StartDate: care.NewDate(2020, time.January, 1),
	}}})
	require.NoError(t, err)
	w.open(s.participantPath(t, "overspent-category"))
	w.sees("entered manually, OLD-1")
	w.press("+ NDIS PACE")
	w.sees("It would overlap another contract")
	w.requireNoBarriers("an overlap")
	w.press("Create")
	w.sees("Confirm that both apply")
	w.pick("[name=accept-overlaps]")
	w.press("Create")
	w.press("Open the contract")
	w.sees("overspent")
	w.open(s.participantPath(t, "overspent-category"))
	w.press("from 01 Jan 2020")
	w.sees("This contract was entered manually.")
	w.requireNoBarriers("a manually entered contract")
}

// Everything above can be done without JavaScript.
func TestServiceContractWithoutJavaScript(t *testing.T) {
	s := newSite(t)
	request := s.RequestFor(t, "fresh-plan")
	v := newVisitor(t, s.Store, s.url, request.OrganisationID)
	page := s.participantPath(t, "fresh-plan")
	require.NoError(t, s.Faults.Add(faults.Fault{Kind: faults.Hang, Operation: "ndia-budget", Delay: 2 * time.Minute}))
	session := v.post(page+"/ndis-pace", nil).header.Get("Location")
	require.Contains(t, v.get(session).body, `<noscript><meta http-equiv="refresh" content="3;url=`)
	s.Faults.Clear()
	var preview string
	require.Eventually(t, func() bool { preview = v.get(session).header.Get("Location"); return preview != "" }, patience, 50*time.Millisecond)
	shown := v.get(preview).body
	form := url.Values{"hash": {regexp.MustCompile(`name="hash" value="([0-9a-f]+)"`).FindStringSubmatch(shown)[1]}}
	for _, ticked := range regexp.MustCompile(`name="budget" value="([0-9a-f-]+)" checked`).FindAllStringSubmatch(shown, -1) {
		form.Add("budget", ticked[1])
	}
	require.Len(t, form["budget"], 21)
	session = v.post(preview+"/create", form).header.Get("Location")
	require.Eventually(t, func() bool { return strings.Contains(v.get(session).body, "Open the contract") }, patience, 50*time.Millisecond)
	again := v.post(preview+"/create", form).header.Get("Location")
	require.Equal(t, regexpFind(t, "run=[0-9a-f-]+", session), regexpFind(t, "run=[0-9a-f-]+", v.get(again).header.Get("Location")), "a double click gets the first answer")
	require.Len(t, s.contracts(t, "fresh-plan"), 1)
}

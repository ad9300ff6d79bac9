package db_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/testkit"
	"github.com/caresync/caresync/testkit/stored"
)

const (
	adaID     = "415056224"
	benID     = "415056225"
	strangeID = "499999999"
)

// claimant is an organisation with two people, Ada and Ben.
type claimant struct {
	store        *db.Store
	sql          testkit.SQL
	organisation care.Organisation
	ada, ben     care.ID
}

func newClaimant(t *testing.T) claimant {
	t.Helper()
	address := testkit.DatabaseURL(t)
	c := claimant{store: testkit.Store(t, address), sql: testkit.OpenSQL(t, address)}
	c.organisation = stored.Organisation(t, c.store, "wattle")
	testkit.AddPeople(t, c.store, c.organisation.ID, stored.Person("Ada", "Wren", adaID), stored.Person("Ben", "Lark", benID))
	c.ada, c.ben = stored.PersonOf(t, c.store, c.organisation, adaID).ID, stored.PersonOf(t, c.store, c.organisation, benID).ID
	return c
}

func (c claimant) event(eventID string, status care.ClaimStatus, people ...string) care.ClaimEvent {
	return care.ClaimEvent{
		EventID: eventID, ClaimID: "CL-1", OrganisationID: c.organisation.ID, Status: status, CareRecipientIDs: people,
		OccurredAt: time.Date(2026, time.May, 1, 2, 0, 0, 0, time.UTC),
	}
}

func (c claimant) record(t *testing.T, event care.ClaimEvent) care.ClaimAnswer {
	t.Helper()
	answer, err := c.store.RecordClaimEvent(t.Context(), event)
	require.NoError(t, err)
	return answer
}

func (c claimant) view(t *testing.T) read.Claim {
	t.Helper()
	view, err := read.From(c.store).Claim(t.Context(), c.organisation.ID, "CL-1")
	require.NoError(t, err)
	return view
}

// causes are the syncs of a claim, by whom and what caused them.
func causes(view read.Claim) (list []string) {
	for _, one := range view.Syncs {
		list = append(list, fmt.Sprintf("%s %s", one.PersonID, one.Status))
	}
	slices.Sort(list)
	return list
}

// R20: an event is recorded once, however often it comes, and causes one sync for each distinct person.
func TestAClaimEventIsRecordedOnce(t *testing.T) {
	t.Parallel()
	c := newClaimant(t)
	approved := c.event("e1", care.StageApproved, adaID, adaID, benID, strangeID)
	first := c.record(t, approved)
	require.Equal(t, care.ClaimAnswer{ClaimID: first.ClaimID, Status: care.StageApproved, People: 3, Unknown: 1, Due: 2}, first)
	first.Repeated = true
	require.Equal(t, first, c.record(t, approved))

	view := c.view(t)
	require.Len(t, view.Events, 1)
	require.Equal(t, []string{strangeID}, view.Unknown)
	require.Len(t, view.People, 2)
	require.ElementsMatch(t, []string{string(c.ada) + " approved", string(c.ben) + " approved"}, causes(view))
	people, _, err := read.From(c.store).PeopleAfter(t.Context(), c.organisation, "", read.MostPerPage, time.Now())
	require.NoError(t, err)
	require.Len(t, people, 2, "unknown people are never created")
}

// R20: what has been asked for is no longer due, and a repeated event does not make it due again.
func TestADueSyncIsAskedForOnce(t *testing.T) {
	t.Parallel()
	c := newClaimant(t)
	approved := c.event("e1", care.StageApproved, adaID, benID)
	claim := c.record(t, approved).ClaimID
	due, err := c.store.DueClaimSyncs(t.Context(), c.organisation.ID, claim)
	require.NoError(t, err)
	require.Len(t, due, 2)
	require.NoError(t, c.store.ClaimSyncRequested(t.Context(), c.organisation.ID, claim, due[0]))
	require.Equal(t, 1, c.record(t, approved).Due)

	completed := c.event("e2", care.StageCompleted, adaID, benID)
	require.Equal(t, 2, c.record(t, completed).Due, "a sync for each person, whatever is due from before")
	due, err = c.store.DueClaimSyncs(t.Context(), c.organisation.ID, claim)
	require.NoError(t, err)
	require.Len(t, due, 2)
	statuses := append(slices.Clone(due[0].Statuses), due[1].Statuses...)
	require.ElementsMatch(t, []string{"approved", "completed", "completed"}, statuses)

	// What was caused after the sync was asked for stays due.
	require.NoError(t, c.store.ClaimSyncRequested(t.Context(), c.organisation.ID, claim, db.DueClaimSync{PersonID: due[0].PersonID, Statuses: []string{"approved"}}))
	require.Equal(t, 2, c.record(t, completed).Due)
}

// R20: the status only moves forward. A late approval syncs only people without a sync from this claim.
func TestLateClaimEvents(t *testing.T) {
	t.Parallel()
	c := newClaimant(t)
	require.Equal(t, care.StageCompleted, c.record(t, c.event("e4", care.StageCompleted, adaID)).Status)
	late := c.record(t, c.event("e3", care.StageApproved, adaID, benID))
	require.Equal(t, care.StageCompleted, late.Status)
	c.record(t, c.event("e5", care.StageCancelled, adaID))
	c.record(t, c.event("e1", care.StageSubmitted, adaID))

	view := c.view(t)
	require.Equal(t, care.StageCompleted, view.Status)
	require.ElementsMatch(t, []string{string(c.ada) + " completed", string(c.ben) + " approved"}, causes(view))
	var moved []bool
	for _, event := range view.Events {
		moved = append(moved, event.Moved)
	}
	require.Equal(t, []bool{true, false, false, false}, moved)
}

// R20: cancelled triggers nothing, and neither does what comes after it.
func TestACancelledClaimCausesNothing(t *testing.T) {
	t.Parallel()
	c := newClaimant(t)
	c.record(t, c.event("e1", care.StagePending, adaID))
	require.Equal(t, care.StageCancelled, c.record(t, c.event("e2", care.StageCancelled, adaID)).Status)
	require.Equal(t, care.StageCancelled, c.record(t, c.event("e3", care.StageApproved, adaID, benID)).Status)
	view := c.view(t)
	require.Empty(t, view.Syncs)
	require.Len(t, view.People, 2)
}

// Someone who is imported later is known to the next event.
func TestAnUnknownPersonBecomesKnown(t *testing.T) {
	t.Parallel()
	c := newClaimant(t)
	require.Equal(t, 1, c.record(t, c.event("e1", care.StageApproved, strangeID)).Unknown)
	testkit.AddPeople(t, c.store, c.organisation.ID, stored.Person("Cid", "Crake", strangeID))
	answer := c.record(t, c.event("e2", care.StageCompleted, strangeID))
	require.Zero(t, answer.Unknown)
	require.Equal(t, 1, answer.Due)
}

// What breaks the contract is refused, and leaves nothing behind.
func TestRefusedClaimEvents(t *testing.T) {
	t.Parallel()
	c := newClaimant(t)
	c.record(t, c.event("e1", care.StageSubmitted, adaID))
	before := c.sql.Snapshot(t)

	otherClaim := c.event("e1", care.StageSubmitted, adaID)
	otherClaim.ClaimID = "CL-2"
	require.Equal(t, care.ClaimAnswer{Refusal: care.RefusedEventID}, c.record(t, otherClaim))
	require.Equal(t, care.ClaimAnswer{Refusal: care.RefusedEventID}, c.record(t, c.event("e1", care.StageApproved, adaID)))
	stranger := c.event("e2", care.StageApproved, adaID)
	stranger.OrganisationID = db.NewID()
	require.Equal(t, care.ClaimAnswer{Refusal: care.RefusedOrganisation}, c.record(t, stranger))
	tables := []string{"claim_event", "claim_person", "claim_sync"}
	require.Equal(t, before.Of(tables...), c.sql.Snapshot(t).Of(tables...))
	require.Len(t, before["claim"], 1)
	require.Len(t, c.sql.Snapshot(t)["claim"], 1)
}

// R11: the same event and claim ids in another organisation are another claim, with that organisation's people.
func TestClaimsOfTwoOrganisations(t *testing.T) {
	t.Parallel()
	c := newClaimant(t)
	other := stored.Organisation(t, c.store, "banksia")
	testkit.AddPeople(t, c.store, other.ID, stored.Person("Ada", "Wren", adaID))
	ours := c.record(t, c.event("e1", care.StageApproved, adaID, benID))
	theirs := c.event("e1", care.StageApproved, adaID, benID)
	theirs.OrganisationID = other.ID
	answer := c.record(t, theirs)
	require.NotEqual(t, ours.ClaimID, answer.ClaimID)
	require.Equal(t, care.ClaimAnswer{ClaimID: answer.ClaimID, Status: care.StageApproved, People: 2, Unknown: 1, Due: 1}, answer)
	_, err := read.From(c.store).Claim(t.Context(), other.ID, string(ours.ClaimID))
	require.ErrorIs(t, err, db.ErrNotFound)
	due, err := c.store.DueClaimSyncs(t.Context(), other.ID, ours.ClaimID)
	require.NoError(t, err)
	require.Empty(t, due)
}

// Several attempts of one step at once record the event once.
func TestAClaimEventRecordedByManyAtOnce(t *testing.T) {
	t.Parallel()
	c := newClaimant(t)
	var group sync.WaitGroup
	for i := range 20 {
		group.Go(func() {
			_, err := c.store.RecordClaimEvent(t.Context(), c.event(fmt.Sprint("e", i%2), []care.ClaimStatus{care.StageApproved, care.StageCompleted}[i%2], adaID))
			assert.NoError(t, err)
		})
	}
	group.Wait()
	view := c.view(t)
	require.Len(t, view.Events, 2)
	require.Equal(t, care.StageCompleted, view.Status)
}

// R20, whatever comes in whatever order: each event stands once, the status never goes back, and a person has a sync exactly if an
// approval or completion named them before the claim was cancelled.
func TestClaimEventsInAnyOrder(t *testing.T) {
	t.Parallel()
	c := newClaimant(t)
	number := 0
	rapid.Check(t, func(rt *rapid.T) {
		number++
		claim := fmt.Sprint("random-", number)
		var held care.ClaimStatus
		events, caused := map[string]care.ClaimEvent{}, map[care.ID]bool{}
		for range rapid.IntRange(1, 8).Draw(rt, "events") {
			id := fmt.Sprint(claim, "-", rapid.IntRange(0, 5).Draw(rt, "id"))
			event, repeated := events[id]
			if !repeated {
				event = c.event(id, rapid.SampledFrom(care.ClaimStatuses).Draw(rt, "status"),
					rapid.SliceOfN(rapid.SampledFrom([]string{adaID, benID, strangeID}), 1, 4).Draw(rt, "people")...)
				event.ClaimID = claim
				events[id] = event
			}
			answer, err := c.store.RecordClaimEvent(t.Context(), event)
			require.NoError(rt, err)
			require.Equal(rt, repeated, answer.Repeated)
			if held == "" {
				held = event.Status
			}
			before := held
			held = held.Forward(event.Status)
			require.Equal(rt, held, answer.Status)
			require.True(rt, !before.Final() || held == before)
			for _, id := range event.CareRecipientIDs {
				known := map[string]care.ID{adaID: c.ada, benID: c.ben}[id]
				if !repeated && known != "" && event.Status.TriggersSync() && held != care.StageCancelled {
					caused[known] = true
				}
			}
			require.GreaterOrEqual(rt, answer.Due, len(caused))
		}
		view, err := read.From(c.store).Claim(t.Context(), c.organisation.ID, claim)
		require.NoError(rt, err)
		require.Len(rt, view.Events, len(events))
		synced := map[care.ID]bool{}
		for _, one := range view.Syncs {
			synced[one.PersonID] = true
		}
		require.Equal(rt, caused, synced)
	})
}

// A claim shows which run brought its news in: the person's first that began afterwards.
func TestAClaimShowsItsRuns(t *testing.T) {
	t.Parallel()
	c := newClaimant(t)
	begin := func(at time.Time) care.ID {
		run := db.NewID()
		require.NoError(t, c.store.RecordRun(t.Context(), db.RunStart{
			ID: run, Kind: care.RunCareRecipient, StartedAt: at,
			Request: care.Request{OrganisationID: c.organisation.ID, PersonID: c.ada, Trigger: care.TriggerClaim},
		}))
		return run
	}
	begin(time.Now().Add(-time.Hour))
	c.record(t, c.event("e1", care.StageApproved, adaID))
	require.Nil(t, c.view(t).Syncs[0].RunID)
	wanted := begin(time.Now().Add(time.Minute))
	begin(time.Now().Add(time.Hour))
	view := c.view(t)
	require.Equal(t, wanted, *view.Syncs[0].RunID)
	require.Nil(t, view.Syncs[0].RequestedAt)

	byOurs, err := read.From(c.store).Claim(t.Context(), c.organisation.ID, strings.ToUpper(string(view.ID)))
	require.NoError(t, err)
	require.Equal(t, view, byOurs)
}

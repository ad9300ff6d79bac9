package db_test

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/testkit"
	"github.com/caresync/caresync/testkit/stored"
)

// Whoever starts a run writes its row; what the run's first step says stands.
func TestRunIsRecordedByWhoeverComesFirst(t *testing.T) {
	r := stored.NewRecipient(t)
	sql := testkit.OpenSQL(t, r.Address)
	run := r.Run(t, db.NewID(), time.Time{})
	require.Equal(t, 1, testkit.Value[int](t, sql, "SELECT count(*) FROM sync_run WHERE started_at IS NULL"))
	r.Run(t, run, r.Now)
	r.Run(t, run, time.Time{})
	r.Run(t, run, r.Now.Add(time.Hour))
	require.True(t, r.Now.Equal(testkit.Value[time.Time](t, sql, "SELECT started_at FROM sync_run")))

	stranger := stored.Organisation(t, r.Store, "banksia")
	requested := r.Run(t, db.NewID(), time.Time{})
	var conflict *db.ConflictError
	require.ErrorAs(t, r.Store.RecordRun(t.Context(), db.RunStart{
		ID: requested, Kind: care.RunCareRecipient, StartedAt: r.Now,
		Request: care.Request{OrganisationID: stranger.ID, PersonID: r.Client.ID},
	}), &conflict)
	require.Equal(t, 1, testkit.Value[int](t, sql, "SELECT count(*) FROM sync_run WHERE started_at IS NULL"), "another organisation's run is not touched (R11)")
}

// The starter and the worker write the row of a run at the same moment.
func TestRunIsRecordedByManyAtOnce(t *testing.T) {
	r := stored.NewRecipient(t)
	for range 50 {
		run := db.NewID()
		var group sync.WaitGroup
		for writer := range 4 {
			group.Go(func() {
				assert.NoError(t, r.Store.RecordRun(t.Context(), db.RunStart{
					ID: run, Kind: care.RunCareRecipient, StartedAt: r.Now.Add(time.Duration(writer) * time.Second),
					Request: care.Request{OrganisationID: r.Organisation.ID, PersonID: r.Client.ID},
				}))
			})
		}
		group.Wait()
	}
}

// A run is finished once, by whichever attempt comes first, with one set of issues and one announcement (R6).
func TestRunIsFinishedOnce(t *testing.T) {
	r := stored.NewRecipient(t)
	sql := testkit.OpenSQL(t, r.Address)
	run := r.Run(t, db.NewID(), r.Now)
	refused := care.RefusalIssue(care.AreaSummary, care.ReasonNotAuthorised, "")
	areas := map[care.Area]care.AreaResult{care.AreaSummary: care.Refused(care.ReasonNotAuthorised), care.AreaUsage: care.Skipped(care.ReasonNotAuthorised)}
	var group sync.WaitGroup
	for range 10 {
		group.Go(func() { r.Finish(t, run, areas, refused) })
	}
	group.Wait()
	r.Finish(t, run, map[care.Area]care.AreaResult{care.AreaSummary: {Outcome: care.AreaSucceeded}})

	require.Equal(t, "failed no_authority", testkit.Value[string](t, sql, "SELECT outcome || ' ' || reason FROM sync_run"))
	require.Equal(t, []string{"summary refused", "usage skipped"}, testkit.Column[string](t, sql, "SELECT area || ' ' || outcome FROM sync_step ORDER BY 1"))
	require.Equal(t, []string{"no_authority"}, testkit.Column[string](t, sql, "SELECT code FROM sync_issue"))
	require.Equal(t, []string{"care-recipient.sync.completed"}, testkit.Column[string](t, sql, "SELECT topic FROM outbox"))

	_, err := r.Store.FinishRun(t.Context(), stored.Organisation(t, r.Store, "banksia").ID, care.RunResult{RunID: run, Outcome: care.RunFailed}, nil)
	require.ErrorIs(t, err, db.ErrNotFound, "another organisation's run (R11)")
}

// What the government said last stands beside the failure that it caused, and beside nothing else.
func TestLastWordsStandBesideTheFailure(t *testing.T) {
	r := stored.NewRecipient(t)
	sql := testkit.OpenSQL(t, r.Address)
	run := r.Run(t, db.NewID(), r.Now)
	step := db.Step{RunScope: care.RunScope{RunID: run, OrganisationID: r.Organisation.ID, PersonID: r.Client.ID}, Area: care.AreaSummary}
	for _, words := range []string{"Busy", "Scheduled maintenance"} {
		require.NoError(t, r.Store.NoteRetry(t.Context(), step, care.Wait{Cause: care.WaitsForService, Words: words}, "unavailable"))
	}
	require.Equal(t, "2 Scheduled maintenance", testkit.Value[string](t, sql, "SELECT attempts || ' ' || words FROM sync_retry"))
	r.Finish(t, run, map[care.Area]care.AreaResult{care.AreaSummary: care.Failed(care.ReasonServiceUnavailable)},
		care.RefusalIssue(care.AreaSummary, care.ReasonServiceUnavailable, ""),
		care.RefusalIssue(care.AreaBudgets, care.ReasonServiceUnavailable, ""),
		care.Warning(care.AreaSummary, care.IssueRequestsDropped))
	require.Equal(t, []string{"summary service_unavailable Scheduled maintenance", "budgets service_unavailable ", "summary requests_dropped "},
		testkit.Column[string](t, sql, "SELECT area || ' ' || code || ' ' || words FROM sync_issue ORDER BY position"))
}

// R38: whatever waits for something else waits since then, and no one's words are laid at another's door.
func TestAnotherCauseIsAnotherWait(t *testing.T) {
	r := stored.NewRecipient(t)
	run := r.Run(t, db.NewID(), r.Now)
	step := db.Step{RunScope: care.RunScope{RunID: run, OrganisationID: r.Organisation.ID, PersonID: r.Client.ID}, Area: care.AreaSummary}
	note := func(wait care.Wait) care.Wait {
		require.NoError(t, r.Store.NoteRetry(t.Context(), step, wait, "a problem"))
		progress, err := read.From(r.Store).RunProgress(t.Context(), r.Organisation.ID, run)
		require.NoError(t, err)
		require.Equal(t, progress.Wait, progress.Areas[0].Retry.Wait)
		require.False(t, progress.Wait.Since.IsZero())
		progress.Wait.Since = time.Time{}
		return progress.Wait
	}
	service := care.Wait{Cause: care.WaitsForService, Service: care.ServicesAustralia, Words: "Busy"}
	service.Attempts = 1
	require.Equal(t, service, note(service))
	service.Attempts = 2
	require.Equal(t, service, note(care.Wait{Cause: care.WaitsForService}), "what it said last stays")
	until := time.Now().Add(time.Minute).Truncate(time.Millisecond)
	allowance := care.Wait{Cause: care.WaitsForAllowance, Service: care.ServicesAustralia, Until: until, Attempts: 1}
	noted := note(allowance)
	require.True(t, until.Equal(noted.Until))
	noted.Until = until
	require.Equal(t, allowance, noted)
	locked := care.Wait{Cause: care.WaitsForDatabase, Trouble: care.DatabaseLocked, Service: care.ServicesAustralia, Attempts: 1}
	require.Equal(t, locked, note(locked))
	r.Step(t, run, care.AreaSummary, 0, care.AreaResult{Outcome: care.AreaSucceeded})
	progress, err := read.From(r.Store).RunProgress(t.Context(), r.Organisation.ID, run)
	require.NoError(t, err)
	require.False(t, progress.Wait.Known(), "it is over")
}

// Usage that went wrong at a later chunk of budgets went wrong, although its first chunk is saved; its counts are not counted twice.
func TestUsageThatFailedLaterHasFailed(t *testing.T) {
	r := stored.NewRecipient(t)
	sql := testkit.OpenSQL(t, r.Address)
	run := r.Run(t, db.NewID(), r.Now)
	saved := care.AreaResult{Outcome: care.AreaSucceeded, Counts: care.Counts{care.KindBudgetUsage: {Created: 3}}}
	r.Step(t, run, care.AreaSummary, 0, care.AreaResult{Outcome: care.AreaSucceeded})
	r.Step(t, run, care.AreaUsage, 0, saved)
	failed := care.AreaResult{Outcome: care.AreaFailed, Reason: care.ReasonServiceUnavailable, Counts: saved.Counts}
	for range 2 {
		r.Finish(t, run, map[care.Area]care.AreaResult{care.AreaSummary: {Outcome: care.AreaSucceeded}, care.AreaUsage: failed})
	}
	require.Equal(t, []string{"summary 0 succeeded", "usage 0 succeeded", "usage 1 failed"},
		testkit.Column[string](t, sql, "SELECT area || ' ' || chunk || ' ' || outcome FROM sync_step ORDER BY 1"))
	progress := r.Progress(t, run)
	require.Equal(t, care.AreaFailed, progress.Areas[3].Outcome)
	require.Equal(t, 3, progress.Counts[care.KindBudgetUsage].Created)
}

// People of other organisations, and no one, are not found (R11).
func TestSubjectIsFoundInItsOrganisationOnly(t *testing.T) {
	r := stored.NewRecipient(t)
	record, err := r.Store.LoadRunScope(t.Context(), r.Organisation.ID, r.Client.ID)
	require.NoError(t, err)
	require.Equal(t, db.RunScopeRecord{
		PersonID: r.Client.ID, CareRecipientID: "415056224", PlanID: r.Plan, TimeZone: record.TimeZone, Connections: []care.Connection{},
	}, record)
	require.Equal(t, care.DefaultTimeZone, record.TimeZone.String())
	for _, organisation := range []care.ID{stored.Organisation(t, r.Store, "banksia").ID, db.NewID()} {
		_, err := r.Store.LoadRunScope(t.Context(), organisation, r.Client.ID)
		require.ErrorIs(t, err, db.ErrNotFound)
	}
}

package schedules_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/protobuf/proto"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/platform/temporal"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/starter/bulks"
	"github.com/caresync/caresync/starter/present"
	"github.com/caresync/caresync/starter/schedules"
	"github.com/caresync/caresync/testkit"
)

// soon is how long something may take on a busy machine.
const soon = time.Minute

// planner schedules for an organisation on a real Temporal server, whose bulk runs no one works on.
type planner struct {
	*schedules.Service
	t            *testing.T
	store        *db.Store
	sql          testkit.SQL
	temporal     *testkit.Temporal
	organisation care.Organisation
}

func newPlanner(t *testing.T) planner {
	t.Helper()
	url, connected := testkit.DatabaseURL(t), testkit.NewTemporal(t)
	store := testkit.Store(t, url)
	organisation, err := store.CreateOrganisation(t.Context(), "wattle", "Wattle Grove", care.DefaultTimeZone)
	require.NoError(t, err)
	runs := bulks.New(store, connected, connected.Queues)
	service := schedules.New(store, connected.ScheduleClient(), testkit.Keyring(), runs, connected.Queues)
	_, err = store.CreateConnection(t.Context(), organisation.ID, care.Connection{
		Service: care.ServicesAustralia, Name: "home care", BaseURL: "https://services.example", TokenBaseURL: "https://proda.example",
		DeviceBaseURL: "https://devices.example", RANumber: "1234567890", DeviceName: "caresync", ClientID: "client", APIKey: "key",
		Audience: "audience", ProductID: "CareSync", ServiceProviderID: provider, RatePerSecond: 10, ConsentCode: "CONSENT",
	})
	require.NoError(t, err)
	return planner{Service: service, t: t, store: store, sql: testkit.OpenSQL(t, url), temporal: connected, organisation: organisation}
}

const provider = "4000000001"

// creates makes a schedule that is gone after the test.
func (p planner) creates(request schedules.Request) schedules.ScheduleView {
	p.t.Helper()
	request.Organisation, request.RequestedBy = p.organisation, "tests"
	view, err := p.Create(p.t.Context(), request)
	require.NoError(p.t, err)
	p.t.Cleanup(func() { _, _ = p.Delete(context.Background(), p.organisation.ID, request.Name) })
	return view
}

// bulkProgress is where a bulk run stands.
func (p planner) bulkProgress(bulk care.ID) (read.BulkSummary, error) {
	return read.From(p.store).BulkProgress(p.t.Context(), p.organisation.ID, bulk)
}

// stands is a schedule as it stands in Temporal.
func (p planner) stands(name string) *workflowservice.DescribeScheduleResponse {
	p.t.Helper()
	described, err := p.temporal.WorkflowService().DescribeSchedule(p.t.Context(), &workflowservice.DescribeScheduleRequest{
		Namespace: temporal.DefaultNamespace, ScheduleId: protocol.ScheduleID(p.organisation.ID, name),
	})
	require.NoError(p.t, err)
	return described
}

func requireSame(t *testing.T, expected, actual proto.Message) {
	t.Helper()
	require.True(t, proto.Equal(expected, actual), "%s\nwas\n%s", actual, expected)
}

// What a schedule shows says all of it: asked for again, it leads to the same schedule.
func TestAScheduleThatIsAskedForAgainIsTheSame(t *testing.T) {
	p := newPlanner(t)
	recipients, contracts := care.RunCareRecipient, care.RunPACEContract
	for name, request := range map[string]schedules.Request{
		"every-day":     {ScheduleTimes: care.ScheduleTimes{TimeOfDay: "00:05"}},
		"all-weekdays":  {ScheduleTimes: care.ScheduleTimes{TimeOfDay: "23:59", Weekdays: []time.Weekday{0, 1, 2, 3, 4, 5, 6}}},
		"some-weekdays": {ScheduleTimes: care.ScheduleTimes{TimeOfDay: "02:30", Weekdays: []time.Weekday{time.Saturday, time.Sunday}, TimeZone: "Australia/Perth"}},
		"cron":          {ScheduleTimes: care.ScheduleTimes{Cron: "*/20  3,4 1-15/2 * mon-fri"}},
		"daily":         {ScheduleTimes: care.ScheduleTimes{Cron: "@daily"}, Paused: true},
		"everything": {
			ScheduleTimes: care.ScheduleTimes{Cron: "0 4 * * *", TimeZone: "Europe/Berlin"}, Overlap: care.OverlapCancel, CatchUp: 90 * time.Second,
			Jitter: 25 * time.Minute, PauseOnFailure: true, Bulk: care.BulkOptions{
				Kind: recipients, ServiceProviderID: provider, InCare: true, NotSyncedFor: care.Timespan(31 * time.Hour), FailedLastTime: true,
				Only: care.AreaBudgets, AllBudgets: true, Window: 3, FailureThreshold: 40,
			},
		},
		"contributions": {ScheduleTimes: care.ScheduleTimes{TimeOfDay: "03:00"}, Overlap: care.OverlapBuffer, Bulk: care.BulkOptions{Only: care.AreaContributions}},
		"changed":       {ScheduleTimes: care.ScheduleTimes{TimeOfDay: "03:00"}, Bulk: care.BulkOptions{Delta: true}},
		"absences":      {ScheduleTimes: care.ScheduleTimes{TimeOfDay: "03:00"}, Bulk: care.BulkOptions{AcceptAbsences: true}},
		"contracts":     {ScheduleTimes: care.ScheduleTimes{TimeOfDay: "03:00"}, Bulk: care.BulkOptions{Kind: contracts, ReviewAll: true}},
	} {
		request.Name = name
		created, before := p.creates(request), p.stands(name)
		again, err := created.Request()
		require.NoError(t, err)
		again.Organisation, again.RequestedBy = p.organisation, "tests"
		changed, err := p.Change(t.Context(), again)
		require.NoError(t, err, name)
		after := p.stands(name)
		require.True(t, after.GetInfo().GetUpdateTime().IsValid(), "%s was changed", name)
		require.NotEqual(t, created.Version, changed.Version)
		require.Equal(t, "tests", changed.ChangedBy)
		require.Empty(t, changed.Pending)
		changed.Version, changed.ChangedAt, changed.AppliedAt = created.Version, created.ChangedAt, created.AppliedAt
		require.Equal(t, created, changed, name)
		requireSame(t, before.GetSchedule().GetSpec(), after.GetSchedule().GetSpec())
		requireSame(t, before.GetSchedule().GetPolicies(), after.GetSchedule().GetPolicies())
		requireSame(t, before.GetSchedule().GetState(), after.GetSchedule().GetState())
		requireSame(t, before.GetSearchAttributes(), after.GetSearchAttributes())
		requireSame(t, before.GetMemo(), after.GetMemo())
	}
}

func TestAScheduleSaysItsTimesAsProgramsWriteThem(t *testing.T) {
	p := newPlanner(t)
	view := p.creates(schedules.Request{Name: "weekly", ScheduleTimes: care.ScheduleTimes{TimeOfDay: "02:30", Weekdays: []time.Weekday{time.Sunday, time.Saturday}}})
	require.Equal(t, "Sunday, Saturday at 02:30", view.When)
	require.Equal(t, "02:30", view.TimeOfDay)
	require.Equal(t, []string{"sunday", "saturday"}, view.Weekdays)
	require.Empty(t, view.Cron)
	require.Len(t, view.Warnings, 2, "the clocks are changed twice a year at that hour")
	view = p.creates(schedules.Request{Name: "often", ScheduleTimes: care.ScheduleTimes{Cron: "30 3 * * 1-5"}})
	require.Equal(t, "30 3 * * 1-5", view.Cron)
	require.Empty(t, view.TimeOfDay)
	require.Empty(t, view.Weekdays)
	require.Equal(t, []string{}, view.Warnings)
}

// A change replaces all that a schedule says, and nothing else: it stays paused with its note, it keeps who made it and what it has led to,
// and a run in progress continues.
func TestAScheduleIsChangedInPlace(t *testing.T) {
	p := newPlanner(t)
	p.creates(schedules.Request{Name: "nightly", ScheduleTimes: care.ScheduleTimes{TimeOfDay: "03:30"}, Bulk: care.BulkOptions{Delta: true}, PauseOnFailure: true})
	triggered, err := p.Trigger(t.Context(), p.organisation.ID, "nightly")
	require.NoError(t, err)
	require.NotEmpty(t, triggered.BulkID)
	_, err = p.Pause(t.Context(), p.organisation.ID, "nightly", "tests: pause")
	require.NoError(t, err)
	before := p.stands("nightly")

	view, err := p.Change(t.Context(), schedules.Request{
		Organisation: p.organisation, Name: "nightly", ScheduleTimes: care.ScheduleTimes{Cron: "15 4 * * *", TimeZone: "Australia/Perth"},
		Overlap: care.OverlapBuffer, CatchUp: time.Hour, Jitter: time.Minute,
		Bulk: care.BulkOptions{Kind: care.RunPACEContract, ReviewAll: true, Window: 4}, RequestedBy: "someone else",
	})
	require.NoError(t, err)
	require.Equal(t, "cron 15 4 * * *", view.When)
	require.Equal(t, "15 4 * * *", view.Cron)
	require.Equal(t, "Australia/Perth", view.TimeZone)
	require.Equal(t, care.RunPACEContract, view.Kind)
	require.Equal(t, care.BulkOptions{Kind: care.RunPACEContract, ReviewAll: true, Window: 4}, view.Options)
	require.Equal(t, care.OverlapBuffer, view.Overlap)
	require.Equal(t, "1h0m0s", view.CatchUp)
	require.Equal(t, "1m0s", view.Jitter)
	require.False(t, view.PauseOnFailure)

	require.True(t, view.Paused)
	require.Equal(t, "tests: pause", view.PausedBy)
	require.Contains(t, view.Note(present.TimesIn(time.UTC)), "Paused by tests: pause on ")
	require.Equal(t, "someone else", view.ChangedBy)
	require.Equal(t, "tests", view.CreatedBy)
	require.Len(t, view.LastRuns, 1)
	require.Equal(t, triggered.BulkID, view.LastRuns[0].BulkID)
	after := p.stands("nightly")
	requireSame(t, before.GetSchedule().GetState(), after.GetSchedule().GetState())
	requireSame(t, before.GetMemo(), after.GetMemo())
	requireSame(t, before.GetInfo().GetCreateTime(), after.GetInfo().GetCreateTime())
	require.Equal(t, before.GetInfo().GetActionCount(), after.GetInfo().GetActionCount())
	run := after.GetInfo().GetRecentActions()[0].GetStartWorkflowResult()
	running, err := p.temporal.DescribeWorkflowExecution(t.Context(), run.GetWorkflowId(), run.GetRunId())
	require.NoError(t, err)
	require.Equal(t, enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING, running.GetWorkflowExecutionInfo().GetStatus())

	// It is found by the kind that it has now.
	require.Eventually(t, func() bool {
		kind := string(p.stands("nightly").GetSearchAttributes().GetIndexedFields()[protocol.SearchKind.GetName()].GetData())
		return kind == `"pace-contract"`
	}, soon, 50*time.Millisecond)
	require.Equal(t, `"`+string(p.organisation.ID)+`"`,
		string(p.stands("nightly").GetSearchAttributes().GetIndexedFields()[protocol.SearchOrganisation.GetName()].GetData()))
	require.Eventually(t, func() bool {
		listed, err := p.Schedules(t.Context(), p.organisation.ID)
		return err == nil && len(listed) == 1 && listed[0].Cron == "15 4 * * *"
	}, soon, 50*time.Millisecond)
}

// What makes no sense changes nothing, also where only Temporal sees it; no one changes another organisation's schedule (R11).
func TestAChangeThatMakesNoSenseIsRefused(t *testing.T) {
	p := newPlanner(t)
	created := p.creates(schedules.Request{Name: "nightly", ScheduleTimes: care.ScheduleTimes{TimeOfDay: "03:30"}})
	for field, spoil := range map[string]func(*schedules.Request){
		"time_of_day": func(r *schedules.Request) { r.TimeOfDay = "" },
		"cron":        func(r *schedules.Request) { r.TimeOfDay, r.Cron = "", "99 99 * * *" },
		"time_zone":   func(r *schedules.Request) { r.TimeZone = "Australia/Sidney" },
		"overlap":     func(r *schedules.Request) { r.Overlap = "allow" },
		"catch_up":    func(r *schedules.Request) { r.CatchUp = time.Second },
		"jitter":      func(r *schedules.Request) { r.Jitter = -time.Second },
		"delta":       func(r *schedules.Request) { r.Bulk = care.BulkOptions{Delta: true, InCare: true} },
	} {
		request, err := created.Request()
		require.NoError(t, err)
		request.Organisation = p.organisation
		spoil(&request)
		_, err = p.Change(t.Context(), request)
		var invalid *care.InvalidError
		require.ErrorAs(t, err, &invalid, field)
		require.Equal(t, field, invalid.Field)
		request.Name = "another"
		_, creating := p.Create(t.Context(), request)
		require.Equal(t, creating, err, "creating it is refused alike")
	}
	request, err := created.Request()
	require.NoError(t, err)
	request.Organisation = care.Organisation{ID: db.NewID(), TimeZone: care.DefaultTimeZone}
	_, err = p.Change(t.Context(), request)
	require.ErrorIs(t, err, db.ErrNotFound)
	request.Organisation, request.Name = p.organisation, "unknown"
	_, err = p.Change(t.Context(), request)
	require.ErrorIs(t, err, db.ErrNotFound)
	present, err := p.Schedule(t.Context(), p.organisation.ID, "nightly")
	require.NoError(t, err)
	require.Equal(t, created, present)
}

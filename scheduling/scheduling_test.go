package scheduling_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/platform/sealing"
	"github.com/caresync/caresync/platform/temporal"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/scheduling"
	"github.com/caresync/caresync/testkit"
)

// soon is how long something may take on a busy machine.
const soon = time.Minute

// site is an organisation with schedules in PostgreSQL, and a real Temporal server.
type site struct {
	*scheduling.Applier
	t            *testing.T
	store        *db.Store
	sql          testkit.SQL
	temporal     *testkit.Temporal
	organisation care.ID
}

func newSite(t *testing.T) site {
	t.Helper()
	url := testkit.DatabaseURL(t)
	s := site{t: t, store: testkit.Store(t, url), sql: testkit.OpenSQL(t, url), temporal: testkit.NewTemporal(t)}
	organisation, err := s.store.CreateOrganisation(t.Context(), "wattle", "Wattle Grove", care.DefaultTimeZone)
	require.NoError(t, err)
	s.organisation, s.Applier = organisation.ID, s.applier(testkit.Keyring())
	t.Cleanup(func() {
		ids := []string{protocol.ScheduleID(s.organisation, "nightly"), protocol.ScheduleID(s.organisation, "stray")}
		for _, own := range protocol.OwnSchedules(s.temporal.Queues, time.Time{}) {
			ids = append(ids, own.ID)
		}
		for _, id := range ids {
			_ = s.temporal.ScheduleClient().GetHandle(context.Background(), id).Delete(context.Background())
		}
	})
	return s
}

// applier is one whose client seals with that keyring.
func (s site) applier(keyring *sealing.Keyring) *scheduling.Applier {
	s.t.Helper()
	options, err := temporal.ClientOptions(temporal.Options{Keyring: keyring, Logger: zap.NewNop()})
	require.NoError(s.t, err)
	connected, err := client.DialContext(s.t.Context(), options)
	require.NoError(s.t, err)
	s.t.Cleanup(connected.Close)
	return scheduling.New(s.store, connected.ScheduleClient(), keyring, s.temporal.Queues, zap.NewNop())
}

func (s site) creates(change func(*care.Schedule)) {
	s.t.Helper()
	schedule := care.Schedule{
		OrganisationID: s.organisation, Name: "nightly", ScheduleTimes: care.ScheduleTimes{TimeOfDay: "03:30", TimeZone: care.DefaultTimeZone},
		Options: care.BulkOptions{Kind: care.RunCareRecipient}, Overlap: care.OverlapSkip, CatchUp: 4 * time.Hour,
	}
	if change != nil {
		change(&schedule)
	}
	require.NoError(s.t, s.store.CreateSchedule(s.t.Context(), schedule, "tests"))
}

func (s site) row() db.Schedule {
	s.t.Helper()
	row, err := s.store.Schedule(s.t.Context(), s.organisation, "nightly")
	require.NoError(s.t, err)
	return row
}

func (s site) passes() db.Schedule {
	s.t.Helper()
	require.NoError(s.t, s.Pass(s.t.Context()))
	row := s.row()
	require.True(s.t, row.IsApplied())
	return row
}

// ends ends the process that applies schedules, so that another one takes its turn.
func (s site) ends() {
	s.t.Helper()
	ended, cancel := context.WithCancel(s.t.Context())
	cancel()
	require.NoError(s.t, s.Run(ended))
}

func (s site) handle(name string) client.ScheduleHandle {
	return s.temporal.ScheduleClient().GetHandle(s.t.Context(), protocol.ScheduleID(s.organisation, name))
}

func (s site) stands() *client.ScheduleDescription {
	s.t.Helper()
	described, err := s.handle("nightly").Describe(s.t.Context())
	require.NoError(s.t, err)
	return described
}

func TestTemporalIsMadeEqualToTheRows(t *testing.T) {
	s := newSite(t)
	pending := func() bool {
		t.Helper()
		found, err := s.store.SchedulesPending(t.Context())
		require.NoError(t, err)
		return found
	}
	require.False(t, pending())
	s.creates(nil)
	require.True(t, pending())
	applied := s.passes()
	require.False(t, pending())
	require.NotNil(t, applied.Applied.MadeAt)
	require.Nil(t, applied.Applied.EditedAt)
	require.Equal(t, "every day at 03:30", s.stands().Schedule.Spec.Calendars[0].Comment)
	require.Equal(t, applied, s.passes(), "nothing differs, so that nothing is done")

	changed := applied.Schedule
	changed.TimeOfDay, changed.Overlap, changed.Jitter = "04:15", care.OverlapBuffer, time.Minute
	require.NoError(t, s.store.ChangeSchedule(t.Context(), changed, "tests", applied.Version))
	require.ErrorIs(t, s.store.ChangeSchedule(t.Context(), changed, "tests", applied.Version), db.ErrScheduleChanged)
	again := s.passes()
	require.Nil(t, again.Applied.EditedAt, "the change was ours")
	require.Equal(t, "every day at 04:15", s.stands().Schedule.Spec.Calendars[0].Comment)
	require.Equal(t, enumspb.SCHEDULE_OVERLAP_POLICY_BUFFER_ONE, s.stands().Schedule.Policy.Overlap)

	require.NoError(t, s.store.PauseSchedule(t.Context(), s.organisation, "nightly", "tests", 0))
	s.passes()
	require.True(t, s.stands().Schedule.State.Paused)
	require.NoError(t, s.store.ResumeSchedule(t.Context(), s.organisation, "nightly", "tests"))
	require.Nil(t, s.passes().Applied.EditedAt)
	require.False(t, s.stands().Schedule.State.Paused)

	require.NoError(t, s.store.DeleteSchedule(t.Context(), s.organisation, "nightly"))
	require.True(t, pending(), "Temporal still has it")
	require.NoError(t, s.Pass(t.Context()))
	_, err := s.handle("nightly").Describe(t.Context())
	require.True(t, temporal.Gone(err))
	require.False(t, pending())
}

// PostgreSQL wins over what someone does in the Temporal UI, and notes it.
func TestEditsInTemporalAreReplaced(t *testing.T) {
	s := newSite(t)
	s.creates(nil)
	s.passes()
	edit := func(change func(*client.Schedule)) {
		t.Helper()
		require.NoError(t, s.handle("nightly").Update(t.Context(), client.ScheduleUpdateOptions{
			DoUpdate: func(present client.ScheduleUpdateInput) (*client.ScheduleUpdate, error) {
				change(&present.Description.Schedule)
				return &client.ScheduleUpdate{Schedule: &present.Description.Schedule}, nil
			},
		}))
	}
	noted := time.Time{}
	replaced := func() {
		t.Helper()
		edited := s.passes().Applied.EditedAt
		require.NotNil(t, edited)
		require.True(t, edited.After(noted))
		noted = *edited
		stands := s.stands().Schedule
		require.Equal(t, "every day at 03:30", stands.Spec.Calendars[0].Comment)
		require.Equal(t, []client.ScheduleRange{{Start: 3, End: 3, Step: 1}}, stands.Spec.Calendars[0].Hour)
		require.Equal(t, s.temporal.Queues.CareSync(), stands.Action.(*client.ScheduleWorkflowAction).TaskQueue)
		require.False(t, stands.State.Paused)
	}
	edit(func(schedule *client.Schedule) { schedule.Spec.Calendars[0].Hour = []client.ScheduleRange{{Start: 5}} })
	replaced()
	edit(func(schedule *client.Schedule) {
		schedule.Action.(*client.ScheduleWorkflowAction).TaskQueue = "elsewhere"
	})
	replaced()
	require.NoError(t, s.handle("nightly").Pause(t.Context(), client.SchedulePauseOptions{Note: "by hand"}))
	replaced()

	// One that is missing in Temporal is created again; one without a row is removed; another deployment's is left alone.
	require.NoError(t, s.handle("nightly").Delete(t.Context()))
	made := s.row().Applied.MadeAt
	require.True(t, s.passes().Applied.MadeAt.After(*made))
	stray := func(organisation care.ID) string {
		t.Helper()
		options, err := protocol.BulkSyncSchedule(s.temporal.Queues, care.Schedule{
			OrganisationID: organisation, Name: "stray", ScheduleTimes: care.ScheduleTimes{TimeOfDay: "03:30", TimeZone: care.DefaultTimeZone},
			Options: care.BulkOptions{Kind: care.RunCareRecipient}, Overlap: care.OverlapSkip,
		})
		require.NoError(t, err)
		_, err = s.temporal.ScheduleClient().Create(t.Context(), options)
		require.NoError(t, err)
		return options.ID
	}
	stray(s.organisation)
	others := s.temporal.ScheduleClient().GetHandle(t.Context(), stray(db.NewID()))
	t.Cleanup(func() { _ = others.Delete(context.Background()) })
	require.Eventually(t, func() bool { // the list may take a moment
		require.NoError(t, s.Pass(t.Context()))
		_, err := s.handle("stray").Describe(t.Context())
		return temporal.Gone(err)
	}, soon, 200*time.Millisecond)
	_, err := others.Describe(t.Context())
	require.NoError(t, err)
}

// Temporal pauses a schedule by itself after a failure: that is no edit, but part of what the schedule says.
func TestAPauseOfTemporalsOwnIsReadBack(t *testing.T) {
	s := newSite(t)
	s.creates(func(schedule *care.Schedule) { schedule.PauseOnFailure = true })
	s.passes()
	pause := client.SchedulePauseOptions{Note: "paused due to workflow failure: bulk-sync/scheduled/x: Encoded failure"}
	require.NoError(t, s.handle("nightly").Pause(t.Context(), pause))
	row := s.passes()
	require.True(t, row.Paused)
	require.Empty(t, row.PausedBy, "no one did")
	require.Nil(t, row.Applied.EditedAt)
	require.True(t, s.stands().Schedule.State.Paused)
	require.Equal(t, pause.Note, s.stands().Schedule.State.Note)
	require.NoError(t, s.store.ResumeSchedule(t.Context(), s.organisation, "nightly", "tests"))
	require.False(t, s.passes().Paused)
	require.False(t, s.stands().Schedule.State.Paused)
}

// A change that is made before the pause is read back neither undoes the pause nor is lost by it.
func TestAChangeKeepsAPauseOfTemporalsOwn(t *testing.T) {
	s := newSite(t)
	s.creates(func(schedule *care.Schedule) { schedule.PauseOnFailure = true })
	applied := s.passes()
	require.NoError(t, s.handle("nightly").Pause(t.Context(), client.SchedulePauseOptions{Note: "paused due to workflow failure: bulk-sync/1: failed"}))
	changed := applied.Schedule
	changed.TimeOfDay = "04:15"
	require.NoError(t, s.store.ChangeSchedule(t.Context(), changed, "tests", applied.Version))

	row := s.passes()
	require.True(t, row.Paused)
	require.Empty(t, row.PausedBy)
	require.Nil(t, row.Applied.EditedAt)
	require.True(t, s.stands().Schedule.State.Paused)
	require.Equal(t, "every day at 04:15", s.stands().Schedule.Spec.Calendars[0].Comment)

	require.NoError(t, s.store.ResumeSchedule(t.Context(), s.organisation, "nightly", "tests"))
	require.False(t, s.passes().Paused)
	require.False(t, s.stands().Schedule.State.Paused)
}

// What an applier told Temporal and could not record is not taken for someone's edit.
func TestAnInterruptedChangeIsNoEdit(t *testing.T) {
	s := newSite(t)
	s.creates(nil)
	applied := s.passes()
	ctx, cut := context.WithCancel(t.Context())
	defer cut()
	changed := applied.Schedule
	changed.TimeOfDay = "04:15"
	require.NoError(t, s.store.ChangeSchedule(t.Context(), changed, "tests", applied.Version))
	cutting := scheduling.New(s.store, cutAfterUpdate{s.temporal.ScheduleClient(), cut}, testkit.Keyring(), s.temporal.Queues, zap.NewNop())
	require.Error(t, cutting.Apply(ctx, s.organisation, "nightly"))
	require.Equal(t, "every day at 04:15", s.stands().Schedule.Spec.Calendars[0].Comment, "Temporal was told")
	require.False(t, s.row().IsApplied(), "which was not recorded")
	require.Nil(t, s.passes().Applied.EditedAt)
}

// cutAfterUpdate is a client that is interrupted once a schedule was updated.
type cutAfterUpdate struct {
	client.ScheduleClient
	cut func()
}

func (c cutAfterUpdate) GetHandle(ctx context.Context, id string) client.ScheduleHandle {
	return cutHandle{c.ScheduleClient.GetHandle(ctx, id), c.cut}
}

type cutHandle struct {
	client.ScheduleHandle
	cut func()
}

func (h cutHandle) Update(ctx context.Context, options client.ScheduleUpdateOptions) error {
	defer h.cut()
	return h.ScheduleHandle.Update(ctx, options)
}

// The runbook's rotation: a new key seals, the old one goes. All schedules, the deployment's own too, are encrypted again without the old key.
func TestSchedulesAreSealedAnewWithoutTheOldKey(t *testing.T) {
	s := newSite(t)
	s.creates(nil)
	s.passes()
	entry, err := sealing.Generate("k2")
	require.NoError(t, err)
	rotated, err := sealing.Parse(entry) // testkit's key is not in it
	require.NoError(t, err)
	s.ends()
	s.Applier = s.applier(rotated)
	row := s.passes()
	require.Equal(t, "k2", row.Applied.KeyID)
	require.Nil(t, row.Applied.EditedAt, "no one has edited it")
	ids := []string{protocol.ScheduleID(s.organisation, "nightly")}
	for _, own := range protocol.OwnSchedules(s.temporal.Queues, time.Time{}) {
		ids = append(ids, own.ID)
	}
	for _, id := range ids {
		described, err := s.temporal.ScheduleClient().GetHandle(t.Context(), id).Describe(t.Context())
		require.NoError(t, err)
		require.Equal(t, "k2", keyOf(described), id)
		applied, err := s.store.AppliedSchedule(t.Context(), id)
		require.NoError(t, err)
		require.Equal(t, "k2", applied.KeyID, id)
	}
	require.Equal(t, row, s.passes(), "once")

	// One that cannot be described, because its summary is sealed with an unknown key, is created again.
	options, err := protocol.BulkSyncSchedule(s.temporal.Queues, row.Schedule)
	require.NoError(t, err)
	options.Action.(*client.ScheduleWorkflowAction).StaticSummary = "sealed with testkit's key"
	require.NoError(t, s.handle("nightly").Delete(t.Context()))
	_, err = s.temporal.ScheduleClient().Create(t.Context(), options)
	require.NoError(t, err)
	s.passes()
	require.Equal(t, "k2", keyOf(s.stands()))
}

func keyOf(described *client.ScheduleDescription) string {
	return scheduling.SealedWith(described)
}

// The deployment's own schedules go on as long as a worker moves their end, and end with the last one.
func TestOwnSchedulesEndWithTheirWorkers(t *testing.T) {
	s := newSite(t)
	passes := func() {
		t.Helper()
		require.NoError(t, s.Pass(t.Context()))
	}
	handle := s.temporal.ScheduleClient().GetHandle(t.Context(), protocol.ReconcileScheduleID(s.temporal.Queues))
	stands := func() *client.ScheduleDescription {
		t.Helper()
		described, err := handle.Describe(t.Context())
		require.NoError(t, err)
		return described
	}
	passes()
	first := stands()
	require.WithinRange(t, first.Schedule.Spec.EndAt, time.Now().Add(23*time.Hour), time.Now().Add(25*time.Hour))
	require.NotEmpty(t, first.Info.NextActionTimes)
	passes()
	require.Equal(t, first.Info.LastUpdateAt, stands().Info.LastUpdateAt, "it is not renewed at every pass")

	s.OutliveWorkersBy(72 * time.Hour) // as if more than half of it were over
	passes()
	require.WithinRange(t, stands().Schedule.Spec.EndAt, time.Now().Add(71*time.Hour), time.Now().Add(73*time.Hour))
	applied, err := s.store.AppliedSchedule(t.Context(), protocol.ReconcileScheduleID(s.temporal.Queues))
	require.NoError(t, err)
	require.Nil(t, applied.EditedAt, "no one has edited it")

	require.NoError(t, handle.Delete(t.Context()))
	s.OutliveWorkersBy(0)
	passes()
	require.Empty(t, stands().Info.NextActionTimes, "it is over: Temporal forgets it")
}

// Two programs that apply at once do no harm: one of them does, and nothing is taken for an edit.
func TestTwoAppliersAtOnce(t *testing.T) {
	s := newSite(t)
	s.creates(nil)
	other := s.applier(testkit.Keyring())
	for i := range 5 {
		changed := s.row().Schedule
		changed.Jitter = time.Duration(i+1) * time.Second
		require.NoError(t, s.store.ChangeSchedule(t.Context(), changed, "tests", 0))
		var both errgroup.Group
		for _, applier := range []*scheduling.Applier{s.Applier, other} {
			both.Go(func() error { return applier.Pass(t.Context()) })
		}
		require.NoError(t, both.Wait())
		row := s.passes()
		require.Nil(t, row.Applied.EditedAt)
		require.Equal(t, changed.Jitter, s.stands().Schedule.Spec.Jitter)
	}

	// Only one of two processes does it by itself; when that one ends, the other one takes over.
	s.sql.Exec(t, "DELETE FROM lease")
	first, stopFirst := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(first) }()
	holder := func() string {
		return testkit.Value[string](t, s.sql, "SELECT coalesce((SELECT holder::text FROM lease WHERE name = 'schedules'), '')")
	}
	require.Eventually(t, func() bool { return holder() != "" }, soon, 20*time.Millisecond)
	before := holder()
	second, stopSecond := context.WithCancel(t.Context())
	endedToo := make(chan error, 1)
	go func() { endedToo <- other.Run(second) }()
	changed := s.row().Schedule
	changed.TimeOfDay = "05:00"
	require.NoError(t, s.store.ChangeSchedule(t.Context(), changed, "tests", 0))
	require.Eventually(t, func() bool { return s.row().IsApplied() }, soon, 50*time.Millisecond, "soon after a change")
	require.Equal(t, before, holder())
	stopFirst()
	require.NoError(t, <-ended)
	require.Eventually(t, func() bool { return holder() != "" && holder() != before }, soon, 50*time.Millisecond)
	stopSecond()
	require.NoError(t, <-endedToo)
}

// While Temporal is away, that is recorded with the schedule, which is applied afterwards.
func TestTemporalIsAway(t *testing.T) {
	s := newSite(t)
	s.creates(nil)
	away, err := client.NewLazyClient(client.Options{HostPort: "127.0.0.1:1", Namespace: temporal.DefaultNamespace})
	require.NoError(t, err)
	t.Cleanup(away.Close)
	applier := scheduling.New(s.store, away.ScheduleClient(), testkit.Keyring(), s.temporal.Queues, zap.NewNop())
	bounded, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	require.Error(t, applier.Apply(bounded, s.organisation, "nightly"))
	require.Equal(t, db.ScheduleTemporalAway, s.row().Applied.Error)
	require.False(t, s.row().IsApplied())
	require.Empty(t, s.passes().Applied.Error)
}

package db_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strings"
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

func TestPACEIsEnabledOverAnNDIAConnection(t *testing.T) { // R21
	t.Parallel()
	address := testkit.DatabaseURL(t)
	store, sql := testkit.Store(t, address), testkit.OpenSQL(t, address)
	wattle, banksia := stored.Organisation(t, store, "wattle").ID, stored.Organisation(t, store, "banksia").ID
	settings, err := store.PACESettings(t.Context(), wattle)
	require.NoError(t, err)
	require.Zero(t, settings)
	settings, err = store.DisablePACE(t.Context(), wattle, "Kim")
	require.NoError(t, err)
	require.Zero(t, settings, "there is nothing to disable")

	ours, theirs := stored.NDIAConnection(t, store, wattle), stored.NDIAConnection(t, store, banksia)
	servicesAustralia, err := store.CreateConnection(t.Context(), wattle, stored.Connection("4000012345"))
	require.NoError(t, err)
	var invalid *care.InvalidError
	for _, connection := range []care.ID{theirs, servicesAustralia.ID, db.NewID()} {
		_, err := store.EnablePACE(t.Context(), wattle, connection, 0, "Kim")
		require.ErrorAs(t, err, &invalid)
		require.Equal(t, "connection", invalid.Field)
	}
	for _, calls := range []int{-1, 1_000_001} {
		_, err := store.EnablePACE(t.Context(), wattle, ours, calls, "Kim")
		require.ErrorAs(t, err, &invalid)
		require.Equal(t, "budget_calls_per_hour", invalid.Field)
	}

	settings, err = store.EnablePACE(t.Context(), wattle, ours, 0, "Kim")
	require.NoError(t, err)
	require.Equal(t, db.PACESettings{
		Enabled: true, ConnectionID: ours, Connection: "NDIA", BudgetCallsPerHour: 1000, ChangedBy: "Kim", ChangedAt: settings.ChangedAt,
	}, settings)
	before := sql.Snapshot(t)
	again, err := store.EnablePACE(t.Context(), wattle, ours, 1000, "Robin")
	require.NoError(t, err)
	require.Equal(t, settings, again)
	require.Equal(t, before, sql.Snapshot(t), "enabling again changes nothing")

	settings, err = store.EnablePACE(t.Context(), wattle, ours, 200, "Robin")
	require.NoError(t, err)
	require.Equal(t, 200, settings.BudgetCallsPerHour)
	disabled, err := store.DisablePACE(t.Context(), wattle, "Kim")
	require.NoError(t, err)
	require.False(t, disabled.Enabled)
	require.Equal(t, "Kim", disabled.ChangedBy)
	settings, err = store.EnablePACE(t.Context(), wattle, ours, 0, "Kim")
	require.NoError(t, err)
	require.Equal(t, 200, settings.BudgetCallsPerHour, "it is kept")

	other, err := store.PACESettings(t.Context(), banksia)
	require.NoError(t, err)
	require.Zero(t, other, "another organisation has its own (R11)")
}

func TestNotificationSecret(t *testing.T) {
	t.Parallel()
	p := stored.NewParticipant(t)
	other := stored.Organisation(t, p.Store, "banksia")
	_, err := p.Store.NewNotificationSecret(t.Context(), other.ID, "Kim")
	require.ErrorIs(t, err, db.ErrPACENeverEnabled)
	_, err = p.Store.NotificationOrganisation(t.Context(), p.Organisation.ID, db.NotificationProof{})
	require.ErrorIs(t, err, db.ErrNotFound, "there is no secret yet")

	first, err := p.Store.NewNotificationSecret(t.Context(), p.Organisation.ID, "Kim")
	require.NoError(t, err)
	organisation, err := p.Store.NotificationOrganisation(t.Context(), p.Organisation.ID, db.NotificationProof{Header: first})
	require.NoError(t, err)
	require.Equal(t, p.Organisation.ID, organisation.ID)
	require.Equal(t, p.Organisation.TimeZone, organisation.TimeZone)
	settings, err := p.Store.PACESettings(t.Context(), p.Organisation.ID)
	require.NoError(t, err)
	require.True(t, settings.NotificationSecretSet)
	for table, rows := range p.SQL.Snapshot(t) {
		for _, row := range rows {
			require.NotContains(t, row.Content, first, table)
		}
	}

	second, err := p.Store.NewNotificationSecret(t.Context(), p.Organisation.ID, "Kim")
	require.NoError(t, err)
	require.NotEqual(t, first, second)
	for _, wrong := range []struct {
		organisation care.ID
		secret       string
	}{{p.Organisation.ID, first}, {p.Organisation.ID, ""}, {p.Organisation.ID, second + "x"}, {other.ID, second}, {db.NewID(), second}} {
		_, err := p.Store.NotificationOrganisation(t.Context(), wrong.organisation, db.NotificationProof{Header: wrong.secret})
		require.ErrorIs(t, err, db.ErrNotFound)
	}
}

// A key signs bodies; it takes the place of a secret, and is kept sealed.
func TestNotificationsAreSigned(t *testing.T) {
	t.Parallel()
	p := stored.NewParticipant(t)
	_, err := p.Store.NewNotificationKey(t.Context(), stored.Organisation(t, p.Store, "banksia").ID, "Kim")
	require.ErrorIs(t, err, db.ErrPACENeverEnabled)
	secret, err := p.Store.NewNotificationSecret(t.Context(), p.Organisation.ID, "Kim")
	require.NoError(t, err)
	key, err := p.Store.NewNotificationKey(t.Context(), p.Organisation.ID, "Kim")
	require.NoError(t, err)
	settings, err := p.Store.PACESettings(t.Context(), p.Organisation.ID)
	require.NoError(t, err)
	require.True(t, settings.NotificationSecretSet && settings.NotificationsSigned)
	for table, rows := range p.SQL.Snapshot(t) {
		for _, row := range rows {
			require.NotContains(t, row.Content, key, table)
		}
	}

	body := []byte(`{"event_id":"BUDGET_UPDATED"}`)
	made := hmac.New(sha256.New, []byte(key))
	made.Write(body)
	right := made.Sum(nil)
	wrong := slices.Clone(right)
	wrong[31] ^= 1
	for _, test := range []struct {
		header, body string
		proven       bool
	}{
		{hex.EncodeToString(right), string(body), true}, {strings.ToUpper(hex.EncodeToString(right)), string(body), true},
		{"sha256=" + hex.EncodeToString(right), string(body), true}, {base64.StdEncoding.EncodeToString(right), string(body), true},
		{hex.EncodeToString(wrong), string(body), false}, {hex.EncodeToString(right[:31]), string(body), false}, {hex.EncodeToString(right), string(body) + " ", false},
		{"", string(body), false}, {key, string(body), false}, {secret, string(body), false}, {"sha256=", "", false},
	} {
		_, err := p.Store.NotificationOrganisation(t.Context(), p.Organisation.ID, db.NotificationProof{
			Header: test.header, Body: func() ([]byte, error) { return []byte(test.body), nil },
		})
		if test.proven {
			require.NoError(t, err, test.header)
		} else {
			require.ErrorIs(t, err, db.ErrNotFound, test.header)
		}
	}
	again, err := p.Store.NewNotificationSecret(t.Context(), p.Organisation.ID, "Kim")
	require.NoError(t, err)
	_, err = p.Store.NotificationOrganisation(t.Context(), p.Organisation.ID, db.NotificationProof{Header: again})
	require.NoError(t, err, "a secret takes the place of a key, too")
}

func TestFlags(t *testing.T) { // PACE guide, step 2, R21
	t.Parallel()
	p := stored.NewParticipant(t)
	yes, no := new(true), new(false)
	for _, test := range []struct {
		name    string
		change  db.FlagChange
		want    care.PACEFlags
		refused bool
	}{
		{"nothing", db.FlagChange{}, care.PACEFlags{PACEParticipant: true, PACEAPIAccess: true}, false},
		{"unticking participant clears API access", db.FlagChange{PACEParticipant: no}, care.PACEFlags{}, false},
		{"API access alone", db.FlagChange{PACEAPIAccess: yes}, care.PACEFlags{}, true},
		{"participant", db.FlagChange{PACEParticipant: yes}, care.PACEFlags{PACEParticipant: true}, false},
		{"API access beside participant", db.FlagChange{PACEAPIAccess: yes}, care.PACEFlags{PACEParticipant: true, PACEAPIAccess: true}, false},
		{"access against an unticked participant", db.FlagChange{PACEParticipant: no, PACEAPIAccess: yes}, care.PACEFlags{PACEParticipant: true, PACEAPIAccess: true}, true},
	} {
		flags, err := p.Store.SetPACEFlags(t.Context(), p.Organisation.ID, p.Client, test.change, "tests")
		if test.refused {
			require.ErrorIs(t, err, care.ErrAccessWithoutParticipant, test.name)
		} else {
			require.NoError(t, err, test.name)
			require.Equal(t, test.want, flags, test.name)
		}
		person, err := read.From(p.Store).Person(t.Context(), p.Organisation, p.Client, p.Now)
		require.NoError(t, err)
		require.Equal(t, test.want, care.PACEFlags{PACEParticipant: person.PACEParticipant, PACEAPIAccess: person.PACEAPIAccess}, test.name)
	}
	_, err := p.Store.SetPACEFlags(t.Context(), stored.Organisation(t, p.Store, "banksia").ID, p.Client, db.FlagChange{PACEParticipant: no}, "tests")
	require.ErrorIs(t, err, db.ErrNotFound, "another organisation's person (R11)")
}

// note sends a notification whose digest is its text.
func note(t *testing.T, p stored.Participant, digest string, relationship *care.Relationship, now time.Time) db.NotificationResult {
	t.Helper()
	noted, err := p.Store.NoteNotification(t.Context(), p.Organisation, db.Notification{
		Event: "RLTN_END_DATE_UPDATE", Digest: []byte(digest), NDISNumber: stored.AdasNumber, Relationship: relationship,
	}, now)
	require.NoError(t, err)
	return noted
}

func planManager(end care.Date) *care.Relationship {
	return &care.Relationship{ProviderRole: "Plan Manager", DateRange: care.DateRange{StartDate: stored.Day("2026-02-01"), EndDate: end}}
}

func TestANotificationIsRecordedOnce(t *testing.T) {
	t.Parallel()
	p := stored.NewParticipant(t)
	require.Equal(t, db.NotificationResult{PersonID: p.Client, Refresh: true}, note(t, p, "a", nil, p.Now))
	require.Equal(t, db.NotificationResult{PersonID: p.Client, Refresh: true, Repeated: true}, note(t, p, "a", nil, p.Now.Add(time.Hour)))
	noted, err := p.Store.NoteNotification(t.Context(), p.Organisation, db.Notification{Event: "PLAN_APPROVED", Digest: []byte("b"), NDISNumber: "430000009"}, p.Now)
	require.NoError(t, err)
	require.Equal(t, db.NotificationResult{}, noted, "not our client")

	notifications, err := read.From(p.Store).Notifications(t.Context(), p.Organisation.ID, 10)
	require.NoError(t, err)
	require.Len(t, notifications, 2)
	require.Equal(t, "Wren", notifications[0].Person.FamilyName)
	require.Equal(t, 2, notifications[0].Times)
	require.True(t, p.Now.Equal(notifications[0].FirstReceivedAt))
	require.Nil(t, notifications[1].Person)
	few, err := read.From(p.Store).Notifications(t.Context(), p.Organisation.ID, 1)
	require.NoError(t, err)
	require.Len(t, few, 1)
	theirs, err := read.From(p.Store).Notifications(t.Context(), stored.Organisation(t, p.Store, "banksia").ID, 10)
	require.NoError(t, err)
	require.Empty(t, theirs)

	_, err = p.Store.SetPACEFlags(t.Context(), p.Organisation.ID, p.Client, db.FlagChange{PACEAPIAccess: new(false)}, "tests")
	require.NoError(t, err)
	require.False(t, note(t, p, "c", nil, p.Now).Refresh, "a gate does not hold (R21)")
}

func TestARelationshipThatEndsStopsScheduledSyncs(t *testing.T) { // R30
	t.Parallel()
	p := stored.NewParticipant(t)
	today := p.Organisation.Today(p.Now)
	require.True(t, note(t, p, "ends in July", planManager(stored.Day("2026-07-01")), p.Now).Refresh, "the end is still to come")
	require.False(t, note(t, p, "ended", planManager(today), p.Now).Refresh, "it counts from its end date")
	require.True(t, note(t, p, "goes on", planManager(care.Date{}), p.Now).Refresh, "the last word counts")
	require.True(t, note(t, p, "ended", planManager(today), p.Now).Refresh, "an earlier word that comes again changes nothing")
	coach := &care.Relationship{ProviderRole: "Recovery Coach", DateRange: care.DateRange{EndDate: today}}
	require.True(t, note(t, p, "coach", coach, p.Now).Refresh, "that role gives no access")

	require.False(t, note(t, p, "ended after all", planManager(stored.Day("2026-06-10")), p.Now).Refresh)
	view, err := read.From(p.Store).Participant(t.Context(), p.Organisation, p.Client, p.Now)
	require.NoError(t, err)
	require.Equal(t, stored.Day("2026-06-10"), view.Standing.StoppedOn)
	require.Contains(t, view.StopExplanation, "ended")
	require.True(t, view.Available, "who looks may ask")

	standing, err := p.Store.ResumePACE(t.Context(), p.Organisation.ID, p.Client, today)
	require.NoError(t, err)
	require.False(t, standing.On(today).Stopped())
	require.True(t, note(t, p, "something", nil, p.Now).Refresh)
	before := p.SQL.Snapshot(t).Of("pace_settings", "person")
	_, err = p.Store.ResumePACE(t.Context(), p.Organisation.ID, p.ClientOf(t, stored.BensNumber), today)
	require.NoError(t, err, "there was nothing to resume")
	require.Equal(t, before, p.SQL.Snapshot(t).Of("pace_settings", "person"))
	_, err = p.Store.ResumePACE(t.Context(), stored.Organisation(t, p.Store, "banksia").ID, p.Client, today)
	require.ErrorIs(t, err, db.ErrNotFound)
}

// A denied authority stops scheduled syncs until someone resumes them (R30).
func TestADeniedAuthorityIsResumed(t *testing.T) {
	t.Parallel()
	p := stored.NewParticipant(t)
	step := p.Run(t, p.Client, care.TriggerNotification, stored.Day("2026-06-15"))
	begun, err := p.Store.BeginContract(t.Context(), step)
	require.NoError(t, err)
	_, err = p.Store.RefuseContract(t.Context(), step, begun.Read, care.ReasonNotAuthorised, nil)
	require.NoError(t, err)
	require.False(t, note(t, p, "a", nil, p.Now).Refresh)
	standing, err := p.Store.ResumePACE(t.Context(), p.Organisation.ID, p.Client, step.Today)
	require.NoError(t, err)
	require.False(t, standing.Stopped())
	require.True(t, note(t, p, "b", nil, p.Now).Refresh)
}

// A person who is imported after a notification about them came: what it says counts when it comes again.
func TestANotificationThatCameTooEarly(t *testing.T) {
	t.Parallel()
	p := stored.NewParticipant(t)
	ended := db.Notification{Event: "RLTN_END_DATE_UPDATE", Digest: []byte("early"), NDISNumber: "430000003", Relationship: planManager(stored.Day("2026-06-01"))}
	noted, err := p.Store.NoteNotification(t.Context(), p.Organisation, ended, p.Now)
	require.NoError(t, err)
	require.Empty(t, noted.PersonID)
	cid := stored.NDISPerson("Cid", "Crake", "430000003")
	cid.BirthDate = stored.Day("1950-01-01")
	testkit.AddPeople(t, p.Store, p.Organisation.ID, cid)
	noted, err = p.Store.NoteNotification(t.Context(), p.Organisation, ended, p.Now)
	require.NoError(t, err)
	require.Equal(t, db.NotificationResult{PersonID: p.ClientOf(t, "430000003"), Repeated: true}, noted)
}

// Notifications about one person at the same instant: all are counted, and no relationship is lost.
func TestNotificationsAtOnce(t *testing.T) {
	t.Parallel()
	p := stored.NewParticipant(t)
	roles := []string{"My Provider", "Plan Manager", "Recovery Coach", "Support Coordinator"}
	var group sync.WaitGroup
	for i := range 20 {
		group.Go(func() {
			role := roles[i%len(roles)]
			_, err := p.Store.NoteNotification(t.Context(), p.Organisation, db.Notification{
				Event: "RLTN_CREATED", Digest: []byte(role), NDISNumber: stored.AdasNumber, Relationship: &care.Relationship{ProviderRole: role},
			}, p.Now)
			assert.NoError(t, err)
		})
	}
	group.Wait()
	require.Equal(t, []int{5, 5, 5, 5}, testkit.Column[int](t, p.SQL, "SELECT times FROM pace_notification"))
	require.Equal(t, 4, testkit.Value[int](t, p.SQL, "SELECT jsonb_array_length(relationships) FROM pace_standing"))
}

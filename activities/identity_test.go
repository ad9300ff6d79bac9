package activities_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/simulator/world"
	"github.com/caresync/caresync/testkit"
)

// rewriteSummaries changes the answer to a search for one person.
func (s *site) rewriteSummaries(t *testing.T, change func(body string) string) {
	t.Helper()
	s.rewrite(t, func(path, body string) string {
		if strings.HasPrefix(path, "/care-recipient-summary/") {
			return change(body)
		}
		return body
	})
}

// R8: a birth date that is there and cannot be read contradicts.
func TestAnUnreadableBirthDateIsAMismatch(t *testing.T) {
	s := newSite(t, people(marjorie))
	s.rewriteSummaries(t, func(body string) string { return strings.Replace(body, `"1941-03-09"`, `"1950-05-05T00:00:00"`, 1) })
	before := s.planRows(t)
	result := s.Sync(t, s.steps, "marjorie")
	require.Equal(t, care.ReasonIdentityMismatch, result.Reason)
	require.Equal(t, before, s.planRows(t))
	require.Equal(t, "1950-05-05T00:00:00", testkit.Value[string](t, s.sql,
		"SELECT details -> 'unreadable' ->> 'birth_date' FROM sync_issue WHERE run_id = $1", result.RunID))
}

// R8: neither surname nor birth date says who it is.
func TestNothingThatAgreesIsUnconfirmed(t *testing.T) {
	s := newSite(t, people(marjorie))
	s.rewriteSummaries(t, func(body string) string {
		return strings.NewReplacer(`"1941-03-09"`, "null", `"Whitlock"`, `"Onlyname"`).Replace(body)
	})
	before := s.planRows(t)
	result := s.Sync(t, s.steps, "marjorie")
	require.Equal(t, care.ReasonIdentityUnconfirmed, result.Reason)
	require.Equal(t, nothingAttempted, outcomesOf(result))
	require.Equal(t, before, s.planRows(t))
}

// R8: a search that answers two people is a mismatch, in whatever order they come.
func TestASearchThatFindsTwoPeopleWritesNothing(t *testing.T) {
	for name, strangerFirst := range map[string]bool{"the person first": false, "the stranger first": true} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, people(marjorie))
			stranger := `{"careRecipientId":"999999999","lastName":"Other","birthDate":"1930-01-01","entryDate":"2026-01-01"}`
			s.rewriteSummaries(t, func(body string) string {
				rows := strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(body), "["), "]")
				if strangerFirst {
					return "[" + stranger + "," + rows + "]"
				}
				return "[" + rows + "," + stranger + "]"
			})
			before := s.planRows(t)
			require.Equal(t, care.ReasonIdentityMismatch, s.Sync(t, s.steps, "marjorie").Reason)
			require.Equal(t, before, s.planRows(t))
		})
	}
}

// R11: a person's entries with one provider are one person's, whichever lists stand in which row.
func TestSeveralRowsAreOnePerson(t *testing.T) {
	s := newSite(t, people(marjorie))
	require.Equal(t, care.RunSucceeded, s.Sync(t, s.steps, "marjorie").Outcome)
	before := s.planRows(t)
	lists := []string{"support_plan", "classification", "approved_service", "supplement"}
	for _, split := range []world.Move{{Name: world.SplitRows}, {Name: world.SplitRows, Date: "today-900d"}, {Name: world.UniteRows}} {
		s.move(t, "marjorie", split)
		require.Equal(t, care.RunSucceeded, s.Sync(t, s.steps, "marjorie").Outcome)
		require.Equal(t, before.Of(lists...), s.planRows(t).Of(lists...))
	}
	require.Equal(t, before["person"][0].Content, s.planRows(t)["person"][0].Content, "and the person is as before")
}

// R19: a person who is with another provider only stays as they were, with the mark.
func TestAtAnotherProviderOnly(t *testing.T) {
	s := newSite(t, people(marjorie))
	s.Sync(t, s.steps, "marjorie")
	s.sql.Exec(t, "UPDATE person SET not_in_care_since = '2026-04-01'")
	own := testkit.Value[string](t, s.sql, "SELECT service_provider_id FROM connection WHERE service = 'services-australia' LIMIT 1")
	s.rewriteSummaries(t, func(body string) string { return strings.ReplaceAll(body, own, "4000088888") })
	before := s.planRows(t)
	result := s.Sync(t, s.steps, "marjorie")
	require.Equal(t, care.RunSucceededWithWarnings, result.Outcome)
	require.Equal(t, []issue{{"summary", "warning", string(care.IssueAnotherProvider), ""}}, s.issues(t, result.RunID))
	kept := []string{"person", "support_plan", "classification", "approved_service", "supplement"}
	require.Equal(t, before.Of(kept...), s.planRows(t).Of(kept...))
}

const twins = `
people:
  - {key: june, care_recipient_id: "415056224", upstream: {given_name: June, family_name: Hart, birth_date: "1941-03-09"}}
  - {key: rose, care_recipient_id: "415056225", upstream: {given_name: Rose, family_name: Hart, birth_date: "1941-03-09"}}
`

// R8: twins whose ids were exchanged are told apart by their given names; an operator can say that it is the same person.
func TestTwinsAreToldApart(t *testing.T) {
	s := newSite(t, people(twins))
	require.Equal(t, care.RunSucceeded, s.Sync(t, s.steps, "june").Outcome)
	require.Equal(t, "June", testkit.Value[string](t, s.sql, "SELECT reported_given_name FROM person WHERE given_name = 'June'"))
	s.move(t, "june", world.Move{Name: world.ChangeIdentity, GivenName: "Rose"})
	result := s.Sync(t, s.steps, "june")
	require.Equal(t, care.ReasonIdentityMismatch, result.Reason)

	organisation := s.Request(t, "june").OrganisationID
	var invalid *care.InvalidError
	require.ErrorAs(t, s.Store.ConfirmSamePerson(t.Context(), organisation, result.RunID, "cli: tim", " "), &invalid)
	require.NoError(t, s.Store.ConfirmSamePerson(t.Context(), organisation, result.RunID, "cli: tim", "compared with the letter"))
	require.NoError(t, s.Store.ConfirmSamePerson(t.Context(), organisation, result.RunID, "cli: tim", "once more"), "it is kept already")
	require.Equal(t, []string{"same-person|cli: tim|compared with the letter|Rose"}, testkit.Column[string](t, s.sql,
		"SELECT concat_ws('|', source, requested_by, note, new_value) FROM record_change WHERE field = 'same_person'"))
	again := s.Sync(t, s.steps, "june")
	require.Equal(t, care.RunSucceeded, again.Outcome, "it is not asked again")
	require.ErrorIs(t, s.Store.ConfirmSamePerson(t.Context(), organisation, again.RunID, "cli: tim", "why"), db.ErrNotFound, "nothing is in doubt")
	require.ErrorIs(t, s.Store.ConfirmSamePerson(t.Context(), db.NewID(), result.RunID, "cli: tim", "why"), db.ErrNotFound)
}

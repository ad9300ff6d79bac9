package activities_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/simulator/world"
)

// R33: a run over everyone finds that one of our people is gone and someone unknown is listed with their name and birth date.
func TestAKnownPersonListedUnderAnotherNumber(t *testing.T) {
	s := newSite(t, people(marjorie))
	person := s.Request(t, "marjorie")
	s.sql.Exec(t, "UPDATE person SET care_recipient_id = '99'")
	require.Equal(t, []read.UnknownPerson{{CareRecipientID: "415056224", MayBe: &read.PersonRef{
		ID: person.PersonID, CareRecipientID: "99", GivenName: "Marjorie", FamilyName: "Whitlock",
	}}}, s.unknownOfBulk(t, person.OrganisationID))

	s.move(t, "marjorie", world.Move{Name: world.ChangeIdentity, FamilyName: "Lindemann"})
	require.Equal(t, []read.UnknownPerson{{CareRecipientID: "415056224"}}, s.unknownOfBulk(t, person.OrganisationID), "another surname is another person")
	s.sql.Exec(t, "UPDATE person SET care_recipient_id = '415056224'")
	require.Empty(t, s.unknownOfBulk(t, person.OrganisationID))
}

// unknownOfBulk plans a bulk run over everyone from the lists, and returns the unknown people on them.
func (s *site) unknownOfBulk(t *testing.T, organisation care.ID) []read.UnknownPerson {
	t.Helper()
	part := protocol.BulkPart{BulkID: db.NewID(), OrganisationID: organisation, RequestedBy: "a test", Options: care.BulkOptions{Kind: care.RunCareRecipient}}
	require.NoError(t, s.Store.RecordBulk(t.Context(), db.Bulk{ID: part.BulkID, OrganisationID: organisation, RequestedBy: part.RequestedBy, Request: care.BulkRequest{BulkOptions: part.Options}}))
	_, err := s.steps.PlanFromLists(t.Context(), part)
	require.NoError(t, err)
	view, err := read.From(s.Store).Bulk(t.Context(), organisation, part.BulkID)
	require.NoError(t, err)
	require.Equal(t, view.Unknown, len(view.UnknownPeople))
	return view.UnknownPeople
}

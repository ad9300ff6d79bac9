package db

import (
	"context"
	"strings"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/gen"
)

// longestReason is how many characters somebody may take to say why.
const longestReason = 500

// ConfirmSamePerson keeps that somebody says of a run's doubt about a given name that it is the same person (R8), with who says it and
// why. It fails with ErrNotFound where the run has no such doubt about the care recipient id that the person has now, and with
// InvalidError without a reason.
func (s *Store) ConfirmSamePerson(ctx context.Context, organisation, run care.ID, by, why string) error {
	why = strings.TrimSpace(why)
	if why == "" || len([]rune(why)) > longestReason || strings.ContainsRune(why, 0) {
		return &InvalidError{"reason", "must say in up to 500 characters how you know that it is the same person"}
	}
	view, err := s.RunView(ctx, organisation, run)
	if err != nil {
		return err
	}
	doubts := view.GivenNameDoubts()
	if len(doubts) == 0 {
		return ErrNotFound
	}
	return s.inTransaction(ctx, "keep that it is the same person", func(queries *gen.Queries) error {
		for _, doubt := range doubts {
			if err := confirmSamePerson(ctx, queries, organisation, view.Person.ID, doubt, by, why); err != nil {
				return err
			}
		}
		return nil
	})
}

func confirmSamePerson(ctx context.Context, queries *gen.Queries, organisation, person care.ID, doubt care.IdentityDetails, by, why string) error {
	said, err := queries.SaySamePerson(ctx, gen.SaySamePersonParams{
		OrganisationID: organisation, ClientID: person, CareRecipientID: doubt.Held.CareRecipientID,
		ReportedGivenName: doubt.Reported.GivenName, SaidBy: by, SaidWhy: why,
	})
	if err != nil {
		return err
	}
	if !said.SameID {
		return ErrNotFound
	}
	if said.New == 0 {
		return nil // it was said before
	}
	name := doubt.Reported.GivenName
	if name == "" {
		name = "no given name"
	}
	return recordChanges(ctx, queries, organisation, care.Origin{Source: care.SourceSamePerson, RequestedBy: by, Note: why}, []care.Change{{
		Kind: care.KindClient, RecordID: person, Action: care.ActionUpdated, Field: "same_person", New: &name,
	}})
}

// GivenNameDoubts are what the run has in doubt about the person's given name and nothing else, which somebody can settle by saying that it
// is the same person (R8).
func (r RunView) GivenNameDoubts() (doubts []care.IdentityDetails) {
	for _, issue := range r.Issues {
		if details, ok := care.IdentityDetailsOf(issue.Code, issue.Details); ok && details.GivenNameOnly() {
			doubts = append(doubts, details)
		}
	}
	return doubts
}

package db

import (
	"context"
	"strings"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/gen"
	"github.com/caresync/caresync/words"
)

// longestReason is how many characters someone may take to say why.
const longestReason = 500

// ConfirmSamePerson keeps that someone says of a run's doubt about a given name that it is the same person (R8), with who says it and
// why. It fails with ErrNotFound where the run has no such doubt about the care recipient id that the person has now, and with
// InvalidError without a reason.
func (s *Store) ConfirmSamePerson(ctx context.Context, organisation, run care.ID, by, why string) error {
	why = strings.TrimSpace(why)
	if why == "" || len([]rune(why)) > longestReason || strings.ContainsRune(why, 0) {
		return care.Invalid("reason", "must say in up to 500 characters how you know that it is the same person")
	}
	return s.inTransaction(ctx, "keep that it is the same person", func(queries *gen.Queries) error {
		found, err := queries.ViewRun(ctx, gen.ViewRunParams{OrganisationID: organisation, RunID: run})
		if err != nil {
			return err
		}
		doubts, err := givenNameDoubts(ctx, queries, organisation, run)
		if err != nil {
			return err
		}
		if len(doubts) == 0 {
			return ErrNotFound
		}
		for _, doubt := range doubts {
			if err := confirmSamePerson(ctx, queries, organisation, found.PersonID, doubt, by, why); err != nil {
				return err
			}
		}
		return nil
	})
}

// givenNameDoubts are what a run has in doubt about the person's given name and nothing else (R8).
func givenNameDoubts(ctx context.Context, queries *gen.Queries, organisation, run care.ID) (doubts []care.IdentityDetails, err error) {
	issues, err := queries.ViewIssues(ctx, gen.ViewIssuesParams{OrganisationID: organisation, RunID: run})
	for _, issue := range issues {
		if details, ok := care.IdentityDetailsOf(care.IssueCode(issue.Code), issue.Details); ok && details.GivenNameOnly() {
			doubts = append(doubts, details)
		}
	}
	return doubts, err
}

func confirmSamePerson(ctx context.Context, queries *gen.Queries, organisation, person care.ID, doubt care.IdentityDetails, by, why string) error {
	said, err := queries.SaySamePerson(ctx, gen.SaySamePersonParams{
		OrganisationID: organisation, PersonID: person, CareRecipientID: doubt.Held.CareRecipientID,
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
	name := namedInHistory(doubt.Reported.GivenName)
	return recordChanges(ctx, queries, organisation, care.Origin{Source: care.SourceSamePerson, RequestedBy: by, Note: why}, []care.Change{{
		Kind: care.KindPerson, RecordID: person, Action: care.ActionUpdated, Field: "same_person", New: &name,
	}})
}

// TakeSamePersonBack withdraws that a given name is the person's: the next sync asks again. A person who only that answer told from
// someone else counts as not verified (R8). It fails with ErrNotFound, InvalidError or ErrImportRunning.
func (s *Store) TakeSamePersonBack(ctx context.Context, organisation, person, answer care.ID, by, why string) error {
	if !care.ValidNote(why) {
		return care.Invalid("note", words.NoteRule)
	}
	return s.inTransaction(ctx, "take back that it is the same person", func(queries *gen.Queries) error {
		if err := lockForImport(ctx, queries, organisation); err != nil {
			return err
		}
		gone, err := queries.TakeSamePersonBack(ctx, gen.TakeSamePersonBackParams{OrganisationID: organisation, PersonID: person, ID: answer})
		if err != nil {
			return err
		}
		name := namedInHistory(gone.ReportedGivenName)
		err = recordChanges(ctx, queries, organisation, care.Origin{Source: care.SourceSamePerson, RequestedBy: by, Note: why}, []care.Change{{
			Kind: care.KindPerson, RecordID: person, Action: care.ActionUpdated, Field: "same_person", Old: &name,
		}})
		if err != nil || gone.BirthDate.IsZero() {
			return err
		}
		return recheckNamesakes(ctx, queries, organisation, []care.Date{gone.BirthDate})
	})
}

// namedInHistory is how a history shows the given name of an answer.
func namedInHistory(name string) string {
	if name == "" {
		return "no given name"
	}
	return name
}

package db

import (
	"context"
	"strings"
	"time"

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

// SamePersonAnswer is what somebody said of a given name that the government reports under a care recipient id: it is this person's (R8).
type SamePersonAnswer struct {
	ID              care.ID   `json:"id"`
	CareRecipientID string    `json:"care_recipient_id"`
	GivenName       string    `json:"given_name" doc:"As it was reported; empty where none was"`
	Current         bool      `json:"current" doc:"False where the person has another care recipient id now, so that the answer has no effect"`
	SaidBy          string    `json:"said_by"`
	SaidWhy         string    `json:"said_why"`
	SaidAt          time.Time `json:"said_at"`
}

// SamePersonAnswers returns what was said of a person and stands, the newest first. It fails with ErrNotFound.
func (s *Store) SamePersonAnswers(ctx context.Context, organisation, person care.ID) (answers []SamePersonAnswer, err error) {
	err = s.inSnapshot(ctx, "load what was said of the person", func(queries *gen.Queries) error {
		if _, err := viewPerson(ctx, queries, organisation, person); err != nil {
			return err
		}
		rows, err := queries.SamePersonAnswers(ctx, gen.SamePersonAnswersParams{OrganisationID: organisation, PersonID: person})
		answers = make([]SamePersonAnswer, len(rows))
		for i, row := range rows {
			answers[i] = SamePersonAnswer{
				ID: row.ID, CareRecipientID: row.CareRecipientID, GivenName: row.ReportedGivenName, Current: row.Current,
				SaidBy: row.SaidBy, SaidWhy: row.SaidWhy, SaidAt: row.SaidAt,
			}
		}
		return err
	})
	return answers, err
}

// TakeSamePersonBack takes back that a given name is the person's: the next sync asks again. A person whom only that answer told from
// somebody else counts as not verified (R8). It fails with ErrNotFound, InvalidError or ErrImportRunning.
func (s *Store) TakeSamePersonBack(ctx context.Context, organisation, person, answer care.ID, by, why string) error {
	if problem := care.NoteProblem(why); problem != "" {
		return &InvalidError{"note", problem}
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

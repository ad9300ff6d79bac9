package read

import (
	"context"
	"time"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/gen"
)

// SamePersonAnswer is what someone said of a given name that the government reports under a care recipient id: it is this person's (R8).
type SamePersonAnswer struct {
	ID              care.ID
	CareRecipientID string
	GivenName       string
	Current         bool
	SaidBy          string
	SaidWhy         string
	SaidAt          time.Time
}

// SamePersonAnswers returns what was said of a person and stands, the newest first. It fails with ErrNotFound.
func (s Store) SamePersonAnswers(ctx context.Context, organisation, person care.ID) (answers []SamePersonAnswer, err error) {
	err = s.store.Snapshot(ctx, "load what was said of the person", func(queries *gen.Queries) error {
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

// GivenNameDoubts are what the run has in doubt about the person's given name and nothing else, which someone can settle by saying that it
// is the same person (R8).
func (r Run) GivenNameDoubts() (doubts []care.IdentityDetails) {
	for _, issue := range r.Issues {
		if details, ok := care.IdentityDetailsOf(issue.Code, issue.Details); ok && details.GivenNameOnly() {
			doubts = append(doubts, details)
		}
	}
	return doubts
}

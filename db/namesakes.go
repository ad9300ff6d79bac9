package db

import (
	"context"
	"encoding/json"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/gen"
)

// recheckNamesakes takes back that people are verified who were born on the same day as those of an import, where the given name that the
// government reports of them no longer tells them from the others (R8). Their next sync checks again, and says so.
func recheckNamesakes(ctx context.Context, queries *gen.Queries, organisation care.ID, birthDates []care.Date) error {
	rows, err := queries.Namesakes(ctx, gen.NamesakesParams{OrganisationID: organisation, BirthDates: birthDates})
	if err != nil {
		return err
	}
	var doubtful []care.ID
	for _, row := range rows {
		var held care.HeldPlan
		if err := json.Unmarshal(row, &held); err != nil {
			return err
		}
		reported := held.Person.Identity
		reported.GivenName = held.Person.ReportedGivenName
		if held.Known().Check(care.Reported{Identity: reported}).Namesake {
			doubtful = append(doubtful, held.Person.ID)
		}
	}
	if len(doubtful) == 0 {
		return nil
	}
	return queries.ClearVerified(ctx, gen.ClearVerifiedParams{OrganisationID: organisation, People: doubtful})
}

// birthDatesOf are the days on which people were born.
func birthDatesOf(people []PersonRecord) (dates []care.Date) {
	for _, person := range people {
		if !person.BirthDate.IsZero() {
			dates = append(dates, person.BirthDate)
		}
	}
	return dates
}

package present

import (
	"slices"

	"github.com/caresync/caresync/care"
)

// IdentityRow is a value of ours beside the government's (R8).
type IdentityRow struct {
	Label, Held, Reported string
	Differs               bool
}

// IdentityRows are the values of an issue about who a person is: those that differ, and those that either side knows.
func IdentityRows(details care.IdentityDetails) (rows []IdentityRow) {
	for _, row := range []struct{ field, label, held, reported string }{
		{care.FieldCareRecipientID, "care recipient id", details.Held.CareRecipientID, details.Reported.CareRecipientID},
		{care.FieldFamilyName, "family name", details.Held.FamilyName, details.Reported.FamilyName},
		{care.FieldGivenName, "given name", details.Held.GivenName, details.Reported.GivenName},
		{care.FieldBirthDate, "date of birth", Date(details.Held.BirthDate), Date(details.Reported.BirthDate)},
	} {
		if came, unreadable := details.Unreadable[row.field]; unreadable {
			row.reported = "cannot be read: " + came
		}
		differs := slices.Contains(details.Fields, row.field)
		if row.held == "" && row.reported == "" && !differs {
			continue
		}
		rows = append(rows, IdentityRow{Label: row.label, Held: orNotProvided(row.held), Reported: orNotProvided(row.reported), Differs: differs})
	}
	return rows
}

// ReportedName is a given name as the government reported it, or a word for none.
func ReportedName(name string) string { return orNotProvided(Name(name, "")) }

func orNotProvided(text string) string {
	if text == "" {
		return NotProvided
	}
	return text
}

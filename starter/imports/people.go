package imports

import (
	"context"
	"io"
	"strings"
	"time"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/words"
)

const (
	givenName         = "given_name"
	familyName        = "family_name"
	birthDate         = "birth_date"
	careRecipientID   = "care_recipient_id"
	serviceProviderID = "service_provider_id"
	ndisNumber        = "ndis_number"
	paceParticipant   = "pace_participant"
	paceAPIAccess     = "pace_api_access"
	newPerson         = "new_person"
)

// peopleColumns has two ids of which every line needs one: a list of NDIS participants has no care recipient ids.
var peopleColumns = []column{
	{givenName, true}, {familyName, true}, {birthDate, true}, {careRecipientID, false}, {serviceProviderID, false}, {ndisNumber, false},
	{paceParticipant, false}, {paceAPIAccess, false}, {newPerson, false},
}

var earliestBirth = care.NewDate(1890, time.January, 1)

// Person is a line of a file of people. At least one of CareRecipientID and NDISNumber is set.
type Person struct {
	Line int
	care.Identity
	ServiceProviderID string
	NDISNumber        string
	// FlagChange are the two boxes of PACE, where the file says something of them.
	care.FlagChange
	// NewPerson says that the line is about a different person from everyone we hold, however alike they are (R33).
	NewPerson bool
}

// People reads a file of people. No one can be born after today.
func People(ctx context.Context, file io.Reader, today care.Date) (File[Person], error) {
	return read(ctx, file, peopleColumns, func(line record) Person { return readPerson(line, today) })
}

func readPerson(line record, today care.Date) Person {
	person := Person{Line: line.line, ServiceProviderID: line.text(serviceProviderID), NDISNumber: line.text(ndisNumber)}
	person.GivenName, person.FamilyName, person.CareRecipientID = line.text(givenName), line.needed(familyName), line.text(careRecipientID)
	if born, ok := readDate(line, birthDate); ok {
		person.BirthDate = born
		if born.After(today) || born.Before(earliestBirth) {
			line.refuse(birthDate, "is in the future, or too long ago")
		}
	}
	if person.CareRecipientID == "" && person.NDISNumber == "" {
		line.refuse(careRecipientID, "is empty: a person needs a care recipient id or an NDIS number")
	}
	if person.CareRecipientID != "" && !care.ValidCareRecipientID(person.CareRecipientID) {
		line.refuse(careRecipientID, words.NumberRule(care.CareRecipientIDNumber))
	}
	if person.ServiceProviderID != "" && !care.ValidServiceProviderID(person.ServiceProviderID) {
		line.refuse(serviceProviderID, words.ServiceProviderIDRule)
	}
	if person.NDISNumber != "" {
		checkNDISNumber(line, person.NDISNumber)
	}
	person.PACEParticipant, person.PACEAPIAccess = readBox(line, paceParticipant), readBox(line, paceAPIAccess)
	said := readBox(line, newPerson)
	person.NewPerson = said != nil && *said
	return person
}

// readBox reads whether a box is ticked. Where the file does not say, it is nil.
func readBox(line record, column string) *bool {
	ticked := false
	switch strings.ToLower(line.text(column)) {
	case "":
		return nil
	case "yes", "true", "1":
		ticked = true
	case "no", "false", "0":
	default:
		line.refuse(column, "is neither yes nor no")
	}
	return &ticked
}

func readDate(line record, column string) (care.Date, bool) {
	text := line.needed(column)
	if text == "" {
		return care.Date{}, false
	}
	date, err := care.ParseDate(text)
	if err != nil {
		line.refuse(column, "must be a date as YYYY-MM-DD, such as 1941-03-09")
		return care.Date{}, false
	}
	return date, true
}

package read

import (
	"context"
	"fmt"
	"time"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/gen"
	"github.com/caresync/caresync/db/internal/optional"
	"github.com/caresync/caresync/words"
)

// Person is a person with their plan and last sync.
type Person struct {
	ID                care.ID
	CareRecipientID   string
	GivenName         string
	FamilyName        string
	BirthDate         care.Date
	NDISNumber        string
	PACEParticipant   bool
	PACEAPIAccess     bool
	ServiceProviderID string
	EntryDate         care.Date
	DepartureDate     care.Date
	NotInCareSince    care.Date
	VerifiedAt        *time.Time
	Plan              *PlanHeader
	LastRun           *RunRef
}

// PlanHeader is a plan's dates, and whether it is active today (R13, R14).
type PlanHeader struct {
	ID        care.ID
	StartDate care.Date
	EndDate   care.Date
	Active    bool
}

// RunRef is the newest run of a person.
type RunRef struct {
	ID          care.ID
	Kind        care.RunKind
	Outcome     care.RunOutcome
	Reason      care.Reason
	RequestedAt time.Time
	FinishedAt  *time.Time
}

// PeopleAfter returns an organisation's people by name, the page after the given person, and whether there are more.
func (s Store) PeopleAfter(ctx context.Context, organisation care.Organisation, after care.ID, most int, now time.Time) (people []Person, more bool, err error) {
	size := pageSize(most)
	people, err = listPeople(ctx, s.queries, organisation, gen.ViewPeopleParams{After: optional.Of(after), Most: size}, now)
	if more = len(people) == int(size); more {
		people = people[:size-1]
	}
	return people, more, db.MapError("list the people", err)
}

// Person returns a person, or ErrNotFound.
func (s Store) Person(ctx context.Context, organisation care.Organisation, person care.ID, now time.Time) (Person, error) {
	view, err := loadPerson(ctx, s.queries, organisation, person, now)
	return view, db.MapError("load the person", err)
}

// PersonByCareRecipientID returns the person of that care recipient id, or ErrNotFound.
func (s Store) PersonByCareRecipientID(ctx context.Context, organisation care.Organisation, careRecipientID string, now time.Time) (Person, error) {
	if !care.ValidCareRecipientID(careRecipientID) {
		return Person{}, care.Invalid("care_recipient_id", words.NumberRule(care.CareRecipientIDNumber))
	}
	people, err := listPeople(ctx, s.queries, organisation, gen.ViewPeopleParams{CareRecipientID: careRecipientID, Most: 1}, now)
	return only(people, db.MapError("load the person", err))
}

// PersonByNDISNumber returns the person of that NDIS number, or ErrNotFound.
func (s Store) PersonByNDISNumber(ctx context.Context, organisation care.Organisation, number string, now time.Time) (Person, error) {
	if !care.ValidNDISNumber(number) {
		return Person{}, care.Invalid("ndis_number", words.NumberRule(care.NDISNumber))
	}
	people, err := listPeople(ctx, s.queries, organisation, gen.ViewPeopleParams{NdisNumber: number, Most: 1}, now)
	return only(people, db.MapError("load the person", err))
}

func loadPerson(ctx context.Context, queries *gen.Queries, organisation care.Organisation, person care.ID, now time.Time) (Person, error) {
	people, err := listPeople(ctx, queries, organisation, gen.ViewPeopleParams{PersonID: &person, Most: 1}, now)
	return only(people, err)
}

func only(people []Person, err error) (Person, error) {
	if err != nil {
		return Person{}, err
	}
	if len(people) == 0 {
		return Person{}, fmt.Errorf("load the person: %w", db.ErrNotFound)
	}
	return people[0], nil
}

func listPeople(ctx context.Context, queries *gen.Queries, organisation care.Organisation, query gen.ViewPeopleParams, now time.Time) ([]Person, error) {
	query.OrganisationID = organisation.ID
	rows, err := queries.ViewPeople(ctx, query)
	today := organisation.Today(now)
	people := make([]Person, 0, len(rows))
	for _, row := range rows {
		people = append(people, personViewOf(row, today))
	}
	return people, err
}

func personViewOf(row gen.ViewPeopleRow, today care.Date) Person {
	view := Person{
		ID: row.ID, CareRecipientID: row.CareRecipientID, GivenName: row.GivenName, FamilyName: row.FamilyName, BirthDate: row.BirthDate,
		NDISNumber: row.NdisNumber, PACEParticipant: row.PaceParticipant, PACEAPIAccess: row.PaceApiAccess,
		ServiceProviderID: row.ServiceProviderID, EntryDate: row.EntryDate, DepartureDate: row.DepartureDate,
		NotInCareSince: row.NotInCareSince, VerifiedAt: row.VerifiedAt,
	}
	if row.PlanID != nil {
		view.Plan = &PlanHeader{
			ID: *row.PlanID, StartDate: row.StartDate, EndDate: row.EndDate,
			Active: care.PlanActive(row.HasClassification, row.EndDate, today),
		}
	}
	if row.LastRunID != nil && row.LastRequestedAt != nil {
		view.LastRun = &RunRef{
			ID: *row.LastRunID, Kind: care.RunKind(row.LastKind), Outcome: care.RunOutcome(row.LastOutcome), Reason: care.Reason(row.LastReason),
			RequestedAt: *row.LastRequestedAt, FinishedAt: row.LastFinishedAt,
		}
	}
	return view
}

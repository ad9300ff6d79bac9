package read

import (
	"context"
	"fmt"
	"time"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/gen"
)

// Person is a person with their plan and last sync.
type Person struct {
	ID                care.ID     `json:"id"`
	CareRecipientID   string      `json:"care_recipient_id"`
	GivenName         string      `json:"given_name"`
	FamilyName        string      `json:"family_name"`
	BirthDate         care.Date   `json:"birth_date"`
	NDISNumber        string      `json:"ndis_number"`
	PACEParticipant   bool        `json:"pace_participant" doc:"Ticked: NDIS PACE Participant"`
	PACEAPIAccess     bool        `json:"pace_api_access" doc:"Ticked: API access"`
	ServiceProviderID string      `json:"service_provider_id" doc:"The provider whose connection holds the person; empty where not known yet"`
	EntryDate         care.Date   `json:"entry_date"`
	DepartureDate     care.Date   `json:"departure_date"`
	NotInCareSince    care.Date   `json:"not_in_care_since"`
	VerifiedAt        *time.Time  `json:"verified_at" doc:"When Services Australia first confirmed who the person is"`
	Plan              *PlanHeader `json:"plan,omitempty" doc:"Absent as long as the person was never synced"`
	LastRun           *RunRef     `json:"last_run,omitempty"`
}

// PlanHeader is a plan's dates, and whether it is active today (R13, R14).
type PlanHeader struct {
	ID        care.ID   `json:"id"`
	StartDate care.Date `json:"start_date"`
	EndDate   care.Date `json:"end_date" doc:"Null: open-ended"`
	Active    bool      `json:"active"`
}

// RunRef is the newest run of a person.
type RunRef struct {
	ID          care.ID         `json:"id"`
	Kind        care.RunKind    `json:"kind" enum:"care-recipient,pace-contract"`
	Outcome     care.RunOutcome `json:"outcome,omitempty" doc:"Absent until the run has finished"`
	Reason      care.Reason     `json:"reason,omitempty" doc:"A code that says why the run did not simply succeed"`
	RequestedAt time.Time       `json:"requested_at"`
	FinishedAt  *time.Time      `json:"finished_at"`
}

// ListPeople answers with an organisation's people by name, the page after the given person, and whether there are more.
func (s Store) PeopleAfter(ctx context.Context, organisation db.Organisation, after care.ID, most int, now time.Time) (people []Person, more bool, err error) {
	size := pageSize(most)
	people, err = listPeople(ctx, s.queries, organisation, gen.ViewPeopleParams{After: pointerTo(after), Most: size}, now)
	if more = len(people) == int(size); more {
		people = people[:size-1]
	}
	return people, more, db.MapError("list the people", err)
}

// Person answers with a person, or ErrNotFound.
func (s Store) Person(ctx context.Context, organisation db.Organisation, person care.ID, now time.Time) (Person, error) {
	view, err := loadPerson(ctx, s.queries, organisation, person, now)
	return view, db.MapError("load the person", err)
}

// PersonByCareRecipientID answers with the person of that care recipient id, or ErrNotFound.
func (s Store) PersonByCareRecipientID(ctx context.Context, organisation db.Organisation, careRecipientID string, now time.Time) (Person, error) {
	if !care.ValidCareRecipientID(careRecipientID) {
		return Person{}, &db.InvalidError{"care_recipient_id", "has 1 to 10 digits and nothing else"}
	}
	people, err := listPeople(ctx, s.queries, organisation, gen.ViewPeopleParams{CareRecipientID: careRecipientID, Most: 1}, now)
	return only(people, db.MapError("load the person", err))
}

// PersonByNDISNumber answers with the person of that NDIS number, or ErrNotFound.
func (s Store) PersonByNDISNumber(ctx context.Context, organisation db.Organisation, number string, now time.Time) (Person, error) {
	if !care.ValidNDISNumber(number) {
		return Person{}, &db.InvalidError{"ndis_number", "has nine digits and begins with 43"}
	}
	people, err := listPeople(ctx, s.queries, organisation, gen.ViewPeopleParams{NdisNumber: number, Most: 1}, now)
	return only(people, db.MapError("load the person", err))
}

func loadPerson(ctx context.Context, queries *gen.Queries, organisation db.Organisation, person care.ID, now time.Time) (Person, error) {
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

func listPeople(ctx context.Context, queries *gen.Queries, organisation db.Organisation, query gen.ViewPeopleParams, now time.Time) ([]Person, error) {
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

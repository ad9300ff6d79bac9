package views

import (
	"time"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/read"
)

// PersonView is a person with their plan and last sync.
type PersonView struct {
	ID                care.ID     `json:"id"`
	CareRecipientID   string      `json:"care_recipient_id"`
	GivenName         string      `json:"given_name"`
	FamilyName        string      `json:"family_name"`
	BirthDate         care.Date   `json:"birth_date"`
	NDISNumber        string      `json:"ndis_number"`
	PACEParticipant   bool        `json:"pace_participant" doc:"NDIS PACE Participant"`
	PACEAPIAccess     bool        `json:"pace_api_access" doc:"API access"`
	ServiceProviderID string      `json:"service_provider_id" doc:"The provider whose connection the person belongs to; empty if not known yet"`
	EntryDate         care.Date   `json:"entry_date"`
	DepartureDate     care.Date   `json:"departure_date"`
	NotInCareSince    care.Date   `json:"not_in_care_since"`
	VerifiedAt        *time.Time  `json:"verified_at" doc:"When Services Australia first confirmed who the person is"`
	Plan              *PlanHeader `json:"plan,omitempty" doc:"Absent if the person has never been synced"`
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
	Reason      care.Reason     `json:"reason,omitempty" doc:"A code for why the run did not simply succeed"`
	RequestedAt time.Time       `json:"requested_at"`
	FinishedAt  *time.Time      `json:"finished_at"`
}

// FromPerson shows a read.Person.
func FromPerson(model read.Person) PersonView {
	return PersonView{
		ID: model.ID, CareRecipientID: model.CareRecipientID, GivenName: model.GivenName, FamilyName: model.FamilyName,
		BirthDate: model.BirthDate, NDISNumber: model.NDISNumber, PACEParticipant: model.PACEParticipant,
		PACEAPIAccess: model.PACEAPIAccess, ServiceProviderID: model.ServiceProviderID, EntryDate: model.EntryDate,
		DepartureDate: model.DepartureDate, NotInCareSince: model.NotInCareSince, VerifiedAt: model.VerifiedAt,
		Plan: OrNil(model.Plan, FromPlanHeader), LastRun: OrNil(model.LastRun, FromRunRef),
	}
}

// FromPlanHeader shows a read.PlanHeader.
func FromPlanHeader(model read.PlanHeader) PlanHeader {
	return PlanHeader(model)
}

// FromRunRef shows a read.RunRef.
func FromRunRef(model read.RunRef) RunRef {
	return RunRef(model)
}

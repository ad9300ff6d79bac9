package db

import (
	"context"
	"fmt"
	"time"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/gen"
)

// ClientView is a person with their plan and last sync.
type ClientView struct {
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

// Clients answers with an organisation's people by name, the page after the given person, and whether there are more.
func (s *Store) Clients(ctx context.Context, organisation Organisation, after care.ID, most int, now time.Time) (clients []ClientView, more bool, err error) {
	size := pageSize(most)
	clients, err = listClients(ctx, s.queries, organisation, gen.ListClientsParams{After: pointerTo(after), Most: size}, now)
	if more = len(clients) == int(size); more {
		clients = clients[:size-1]
	}
	return clients, more, mapError("list the people", err)
}

// Client answers with a person, or ErrNotFound.
func (s *Store) Client(ctx context.Context, organisation Organisation, client care.ID, now time.Time) (ClientView, error) {
	view, err := loadClient(ctx, s.queries, organisation, client, now)
	return view, mapError("load the person", err)
}

// ClientByCareRecipientID answers with the person of that care recipient id, or ErrNotFound.
func (s *Store) ClientByCareRecipientID(ctx context.Context, organisation Organisation, careRecipientID string, now time.Time) (ClientView, error) {
	if !care.ValidCareRecipientID(careRecipientID) {
		return ClientView{}, &InvalidError{"care_recipient_id", "has 1 to 10 digits and nothing else"}
	}
	clients, err := listClients(ctx, s.queries, organisation, gen.ListClientsParams{CareRecipientID: careRecipientID, Most: 1}, now)
	return only(clients, mapError("load the person", err))
}

// ClientByNDISNumber answers with the person of that NDIS number, or ErrNotFound.
func (s *Store) ClientByNDISNumber(ctx context.Context, organisation Organisation, number string, now time.Time) (ClientView, error) {
	if !care.ValidNDISNumber(number) {
		return ClientView{}, &InvalidError{"ndis_number", "has nine digits and begins with 43"}
	}
	clients, err := listClients(ctx, s.queries, organisation, gen.ListClientsParams{NdisNumber: number, Most: 1}, now)
	return only(clients, mapError("load the person", err))
}

func loadClient(ctx context.Context, queries *gen.Queries, organisation Organisation, client care.ID, now time.Time) (ClientView, error) {
	clients, err := listClients(ctx, queries, organisation, gen.ListClientsParams{ClientID: &client, Most: 1}, now)
	return only(clients, err)
}

func only(clients []ClientView, err error) (ClientView, error) {
	if err != nil {
		return ClientView{}, err
	}
	if len(clients) == 0 {
		return ClientView{}, fmt.Errorf("load the person: %w", ErrNotFound)
	}
	return clients[0], nil
}

func listClients(ctx context.Context, queries *gen.Queries, organisation Organisation, query gen.ListClientsParams, now time.Time) ([]ClientView, error) {
	query.OrganisationID = organisation.ID
	rows, err := queries.ListClients(ctx, query)
	today := organisation.Today(now)
	clients := make([]ClientView, 0, len(rows))
	for _, row := range rows {
		clients = append(clients, viewClient(row, today))
	}
	return clients, err
}

func viewClient(row gen.ListClientsRow, today care.Date) ClientView {
	view := ClientView{
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

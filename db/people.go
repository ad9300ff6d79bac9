package db

import (
	"context"
	"slices"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/gen"
	"github.com/caresync/caresync/db/internal/optional"
)

// PersonRecord is a person as an import knows and writes them. Its names in JSON are columns.
type PersonRecord struct {
	ID care.ID `json:"id"`
	care.Identity
	NDISNumber string `json:"ndis_number"`
	// ConnectionID is the connection that holds the person (R11), empty if none is known.
	ConnectionID care.ID `json:"connection_id,omitempty"`
	care.PACEFlags
}

// NamedPeople are what the people of a file may be known by.
type NamedPeople struct {
	CareRecipientIDs, NDISNumbers []string
	BirthDates                    []care.Date
}

// HeldPeople are the people that a file may be about: those with one of its numbers, with a care recipient id that differs only by leading zeros,
// or with one of its birth dates.
type HeldPeople struct {
	People []PersonRecord
	// Connections are those to Services Australia by their service provider ids.
	Connections map[string]care.ID
}

// PeopleToWrite are people as they shall stand, new ones among them, and what changes of them.
type PeopleToWrite struct {
	People  []PersonRecord
	Changes []care.Change
}

// ImportPeople writes what decide makes of the people we hold, all or none, while no other import changes them. What changes is kept
// in each person's history, with by, who imports. It fails with ErrImportRunning, or with the error of decide.
func (s *Store) ImportPeople(
	ctx context.Context, organisation care.ID, named NamedPeople, by string, decide func(HeldPeople) (PeopleToWrite, error),
) error {
	return s.inTransaction(ctx, "import people", func(queries *gen.Queries) error {
		if err := lockForImport(ctx, queries, organisation); err != nil {
			return err
		}
		held, err := heldPeople(ctx, queries, organisation, named)
		if err != nil {
			return err
		}
		write, err := decide(held)
		if err != nil {
			return err
		}
		if err := writePeople(ctx, queries, organisation, write.People); err != nil {
			return err
		}
		if err := recheckNamesakes(ctx, queries, organisation, birthDatesOf(write.People)); err != nil {
			return err
		}
		return recordChanges(ctx, queries, organisation, care.Origin{Source: care.SourceImportPeople, RequestedBy: by}, write.Changes)
	})
}

func heldPeople(ctx context.Context, queries *gen.Queries, organisation care.ID, named NamedPeople) (held HeldPeople, err error) {
	connections, err := queries.ServiceProviderConnections(ctx, organisation)
	if err != nil {
		return held, err
	}
	held.Connections = make(map[string]care.ID, len(connections))
	for _, connection := range connections {
		held.Connections[connection.ServiceProviderID] = connection.ID
	}
	query := gen.PeopleForImportParams{OrganisationID: organisation, CareRecipientIds: named.CareRecipientIDs, NdisNumbers: named.NDISNumbers}
	for _, id := range named.CareRecipientIDs {
		query.SignificantDigits = append(query.SignificantDigits, care.SignificantDigits(id))
	}
	for _, birthDate := range named.BirthDates {
		query.BirthDates = append(query.BirthDates, birthDate.String())
	}
	rows, err := queries.PeopleForImport(ctx, query)
	held.People = make([]PersonRecord, 0, len(rows))
	for _, row := range rows {
		held.People = append(held.People, PersonRecord{
			ID: row.ID, NDISNumber: row.NdisNumber, ConnectionID: optional.Value(row.ConnectionID),
			Identity: care.Identity{
				CareRecipientID: row.CareRecipientID, GivenName: row.GivenName, FamilyName: row.FamilyName, BirthDate: row.BirthDate,
			},
			PACEFlags: care.PACEFlags{PACEParticipant: row.PaceParticipant, PACEAPIAccess: row.PaceApiAccess},
		})
	}
	return held, err
}

func writePeople(ctx context.Context, queries *gen.Queries, organisation care.ID, people []PersonRecord) error {
	for chunk := range slices.Chunk(people, importChunk) {
		if err := queries.WritePeople(ctx, gen.WritePeopleParams{OrganisationID: organisation, People: list(chunk)}); err != nil {
			return err
		}
	}
	return nil
}

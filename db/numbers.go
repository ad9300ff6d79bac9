package db

import (
	"context"
	"fmt"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/gen"
	"github.com/caresync/caresync/words"
)

// NumberChange gives a person another care recipient id or NDIS number (R33).
type NumberChange struct {
	Person care.ID
	Kind   care.NumberKind
	Number string
	// RequestedBy is who changes it, Note why.
	RequestedBy, Note string
}

// NumberTakenError says that another person has a number already: giving it would merge the two (R33).
type NumberTakenError struct {
	Kind   care.NumberKind
	Holder care.ID
	// Both is set where both people have plans or contracts, which cannot be joined.
	Both bool
}

func (e *NumberTakenError) Error() string {
	if e.Both {
		return fmt.Sprintf("%s belongs to another person (%s), and both have plans or contracts, which cannot be joined", e.Kind, e.Holder)
	}
	return fmt.Sprintf("%s belongs to another person (%s): change that person's number first, then this one", e.Kind, e.Holder)
}

// ChangeNumber gives a person another number, and keeps the person with plan, contracts, budgets and history (R33). It is undone by
// changing the number back. Another care recipient id is another record upstream: verified_at is cleared, so that the next sync checks
// who it is, and a read that began before changes nothing. It fails with ErrNotFound, InvalidError, NumberTakenError or ErrImportRunning.
func (s *Store) ChangeNumber(ctx context.Context, organisation care.ID, change NumberChange) error {
	if !change.Kind.Valid(change.Number) {
		return care.Invalid(string(change.Kind), words.NumberRule(change.Kind))
	}
	if !care.ValidNote(change.Note) {
		return care.Invalid("note", words.NoteRule)
	}
	return s.inTransaction(ctx, "change the person's number", func(queries *gen.Queries) error {
		if err := lockForImport(ctx, queries, organisation); err != nil {
			return err
		}
		person, err := queries.LockPersonNumbers(ctx, gen.LockPersonNumbersParams{OrganisationID: organisation, PersonID: change.Person})
		if err != nil {
			return err
		}
		held := person.CareRecipientID
		if change.Kind == care.NDISNumber {
			held = person.NdisNumber
		}
		if held == change.Number {
			return care.Invalid(string(change.Kind), "must differ from the one that this person has")
		}
		if err := checkHolder(ctx, queries, organisation, change, person.HasRecords); err != nil {
			return err
		}
		return writeNumber(ctx, queries, organisation, change, held)
	})
}

// checkHolder refuses a number that another person has.
func checkHolder(ctx context.Context, queries *gen.Queries, organisation care.ID, change NumberChange, hasRecords bool) error {
	holders, err := queries.HoldersOfNumber(ctx, gen.HoldersOfNumberParams{OrganisationID: organisation, Kind: string(change.Kind), Number: change.Number})
	if err != nil || len(holders) == 0 {
		return err
	}
	return &NumberTakenError{Kind: change.Kind, Holder: holders[0].ID, Both: hasRecords && holders[0].HasRecords}
}

func writeNumber(ctx context.Context, queries *gen.Queries, organisation care.ID, change NumberChange, held string) error {
	if change.Kind == care.NDISNumber {
		err := queries.SetNDISNumber(ctx, gen.SetNDISNumberParams{OrganisationID: organisation, PersonID: change.Person, NdisNumber: change.Number})
		if err != nil {
			return err
		}
	} else {
		err := queries.SetCareRecipientID(ctx, gen.SetCareRecipientIDParams{
			OrganisationID: organisation, PersonID: change.Person, CareRecipientID: change.Number,
		})
		if err != nil {
			return err
		}
	}
	origin := care.Origin{Source: care.SourceChangeNumber, RequestedBy: change.RequestedBy, Note: change.Note}
	return recordChanges(ctx, queries, organisation, origin,
		care.ChangedFields(care.KindPerson, change.Person, [3]string{string(change.Kind), held, change.Number}))
}

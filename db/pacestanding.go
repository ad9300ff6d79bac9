package db

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/gen"
	"github.com/caresync/caresync/db/internal/optional"
)

// FlagChange is which of a person's two boxes someone changes.
type FlagChange = care.FlagChange

// SetPACEFlags changes a person's two boxes and returns them (PACE guide, step 2, R21). It fails with ErrNotFound or
// care.ErrAccessWithoutParticipant. by, who does it, is kept in the person's history.
func (s *Store) SetPACEFlags(
	ctx context.Context, organisation, person care.ID, change FlagChange, by string,
) (flags care.PACEFlags, err error) {
	err = s.inTransaction(ctx, "change the person's PACE boxes", func(queries *gen.Queries) error {
		row, err := queries.LockPersonFlags(ctx, gen.LockPersonFlagsParams{OrganisationID: organisation, PersonID: person})
		if err != nil {
			return err
		}
		before := care.PACEFlags{PACEParticipant: row.PaceParticipant, PACEAPIAccess: row.PaceApiAccess}
		if flags, err = before.With(change); err != nil || flags == before {
			return err
		}
		err = queries.SetPersonFlags(ctx, gen.SetPersonFlagsParams{
			OrganisationID: organisation, PersonID: person, PaceParticipant: flags.PACEParticipant, PaceApiAccess: flags.PACEAPIAccess,
		})
		if err != nil {
			return err
		}
		return recordChanges(ctx, queries, organisation, care.Origin{Source: care.SourcePACEBoxes, RequestedBy: by}, care.ChangedFlags(person, before, flags))
	})
	return flags, err
}

// ResumePACE resumes the stopped scheduled syncs of a person (R30), and returns the person's standing. It fails with
// ErrNotFound.
func (s *Store) ResumePACE(ctx context.Context, organisation, person care.ID, today care.Date) (standing care.PACEStanding, err error) {
	err = s.inTransaction(ctx, "resume the person's scheduled syncs", func(queries *gen.Queries) error {
		_, err := queries.LockPersonFlags(ctx, gen.LockPersonFlagsParams{OrganisationID: organisation, PersonID: person})
		if err != nil {
			return err
		}
		row, err := queries.LockStanding(ctx, gen.LockStandingParams{OrganisationID: organisation, PersonID: person})
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := json.Unmarshal(row.Relationships, &standing.Relationships); err != nil {
			return err
		}
		standing = standing.Resumed(today)
		return queries.SetStanding(ctx, gen.SetStandingParams{
			OrganisationID: organisation, PersonID: person, Relationships: list(standing.Relationships),
			EndsOn: standing.EndsOn(), StoppedOn: standing.StoppedOn, StopReason: string(standing.StopReason),
		})
	})
	return standing, err
}

// Notification is what the NDIA reports about a participant: that something changed.
type Notification struct {
	Event string
	// Digest is the same for a notification that comes again, and says nothing about the participant.
	Digest     []byte
	NDISNumber string
	// Relationship is there where the notification is about one.
	Relationship *care.Relationship
}

// NotificationResult is what became of a notification.
type NotificationResult struct {
	// PersonID is empty for a participant who is not in the organisation.
	PersonID care.ID
	// Refresh says that the person's plan is to be read again: the gates hold (R21), and scheduled syncs have not stopped (R30).
	Refresh bool
	// Repeated says that this notification had come before.
	Repeated bool
}

// NoteNotification records a notification, once however often it comes, and takes over what it says of a relationship (R30). A repeated
// one changes no relationship: it may come after a later word on the same.
func (s *Store) NoteNotification(ctx context.Context, organisation care.Organisation, notification Notification, now time.Time) (noted NotificationResult, err error) {
	err = s.inTransaction(ctx, "note the notification", func(queries *gen.Queries) error {
		person, err := queries.LockPersonByNDISNumber(ctx, gen.LockPersonByNDISNumberParams{
			OrganisationID: organisation.ID, NdisNumber: notification.NDISNumber,
		})
		if err != nil && !errors.Is(err, pgx.ErrNoRows) {
			return err
		}
		row, err := queries.NoteNotification(ctx, gen.NoteNotificationParams{
			OrganisationID: organisation.ID, Digest: notification.Digest, Event: notification.Event, PersonID: optional.Of(person), ReceivedAt: now,
		})
		if err != nil {
			return err
		}
		noted = NotificationResult{PersonID: person, Repeated: row.Times > 1}
		if person == "" {
			return nil
		}
		participant, err := ParticipantFrom(ctx, queries, organisation.ID, person)
		if err != nil {
			return err
		}
		standing := participant.Standing
		if notification.Relationship != nil && !row.PersonKnownBefore {
			standing = standing.Told(*notification.Relationship)
			err = queries.SetRelationships(ctx, gen.SetRelationshipsParams{
				OrganisationID: organisation.ID, PersonID: person, Relationships: list(standing.Relationships), EndsOn: standing.EndsOn(),
			})
		}
		noted.Refresh = care.EligibilityReason(participant.APIEnabled, participant.Participant) == "" && !standing.On(organisation.Today(now)).Stopped()
		return err
	})
	return noted, err
}

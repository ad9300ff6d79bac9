package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/claims"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/platform/temporal"
	"github.com/caresync/caresync/starter/api/views"
	"github.com/caresync/caresync/starter/present"
	"github.com/caresync/caresync/starter/syncs"
)

func (a *app) claimCommand() *cobra.Command {
	return a.organisationFlag(a.group("claim", "Show claims and the syncs that they triggered", a.claimShow(), a.claimEvent()))
}

// eventFlags are what an event says beside claim and status.
type eventFlags struct {
	id, occurredAt string
	people         []string
}

func (a *app) claimEvent() *cobra.Command {
	var flags eventFlags
	command := a.command("event CLAIM STATUS", "Report a change of a claim's status, as the claim service does", func(ctx context.Context, args []string) error {
		store, err := a.openStore(ctx, nil)
		if err != nil {
			return err
		}
		defer store.Close()
		organisation, err := a.chosenOrganisation(ctx, store)
		if err != nil {
			return err
		}
		event, err := flags.event(organisation, args[0], args[1])
		if err != nil {
			return err
		}
		if err := a.tell(ctx, event); err != nil {
			return err
		}
		a.print("Reported the claim as %s, with event %s.", event.Status, event.EventID)
		a.print("Follow it with: %s", a.typed("claim show", event.ClaimID))
		return nil
	})
	command.Long = `Report a change of a claim's status, as the claim service does: to try it out, or to replace an event that was lost. STATUS is submitted,
pending, approved, completed or cancelled. An approved or completed claim triggers one sync for each of its people. A status only moves
forward, and a repeated event, with the same --event-id, changes nothing.`
	command.Flags().StringSliceVar(&flags.people, "care-recipient", nil, "care recipient ids of the claim's people, separated by commas or with the flag repeated")
	command.Flags().StringVar(&flags.id, "event-id", "", "the event's id; by default a new one")
	command.Flags().StringVar(&flags.occurredAt, "occurred-at", "", "when the status changed, such as 2026-05-20T09:30:00+10:00; by default now")
	return command
}

func (f eventFlags) event(organisation care.Organisation, claimID, status string) (claims.Event, error) {
	event := claims.Event{
		EventID: f.id, ClaimID: claimID, OrganisationID: organisation.ID, Status: claims.Status(strings.ToLower(status)),
		CareRecipientIDs: f.people, OccurredAt: time.Now().UTC(),
	}
	if event.EventID == "" {
		event.EventID = uuid.NewString()
	}
	if f.occurredAt != "" {
		at, err := time.Parse(time.RFC3339, f.occurredAt)
		if err != nil {
			return event, usageError("--occurred-at is an instant such as 2026-05-20T09:30:00+10:00")
		}
		event.OccurredAt = at.UTC()
	}
	return event, eventUsage(event.Check())
}

// eventUsage says what is wrong with an event in the words of the command.
func eventUsage(err error) error {
	var invalid *claims.InvalidEventError
	if !errors.As(err, &invalid) {
		return err
	}
	name, known := map[string]string{
		"event_id": "--event-id", "claim_id": "CLAIM", "status": "STATUS", "care_recipient_ids": "--care-recipient", "occurred_at": "--occurred-at",
	}[invalid.Field]
	if !known {
		name = invalid.Field
	}
	return usageError("%s %s", name, invalid.Problem)
}

func (a *app) tell(ctx context.Context, event claims.Event) error {
	keyring, err := a.encryption.OpenKeyring()
	if err != nil {
		return &exitError{ExitUsage, err}
	}
	store, err := a.openSealedStore(ctx, keyring)
	if err != nil {
		return err
	}
	defer store.Close()
	connected, err := connect(ctx, temporal.Dial, store, keyring)
	if err != nil {
		return err
	}
	defer connected.Close()
	client := claims.NewClient(connected, claims.Options{TaskQueuePrefix: a.queues.Prefix.String()})
	return syncs.TemporalError("report the claim's event", client.StatusChanged(ctx, event))
}

func (a *app) claimShow() *cobra.Command {
	var asJSON bool
	command := a.command("show CLAIM", "Show a claim: its events, its people and the syncs that it triggered", func(ctx context.Context, args []string) error {
		return a.withStore(ctx, func(store *db.Store, organisation care.Organisation) error {
			claim, err := read.From(store).Claim(ctx, organisation.ID, args[0])
			if errors.Is(err, db.ErrNotFound) {
				return fmt.Errorf("%s has no such claim; an event of it may not have arrived, or may have been refused", organisation.Name)
			}
			if err != nil {
				return err
			}
			if asJSON {
				return a.printJSON(views.FromClaim(claim))
			}
			a.showClaim(claim, organisation)
			return nil
		})
	})
	command.Long = "Show a claim: its status and events, its people, which of them are not in this organisation, and the syncs that it\n" +
		"triggered. CLAIM is the claim service's own id of the claim, or CareSync's."
	command.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return command
}

func (a *app) showClaim(claim read.Claim, organisation care.Organisation) {
	zone := organisation.Location()
	a.details("claim", claim.ClaimID, "id", string(claim.ID), "status", string(claim.Status),
		"since", present.Time(&claim.ChangedAt, zone), "known since", present.Time(&claim.CreatedAt, zone))

	a.heading("events")
	events := a.newTable("received", "occurred", "status", "", "event")
	for _, event := range claim.Events {
		note := ""
		if !event.Moved {
			note = "late or repeated"
		}
		events.AppendRow(table.Row{present.Time(&event.ReceivedAt, zone), present.Time(&event.OccurredAt, zone), event.Status, note, event.EventID})
	}
	events.Render()

	a.heading("people and syncs")
	a.showClaimSyncs(claim, zone)
	if len(claim.Unknown) > 0 {
		a.heading("unknown people")
		a.print("%s not in %s; no one was created:", present.Count(len(claim.Unknown), "person is", "people are"), organisation.Name)
		for _, careRecipientID := range claim.Unknown {
			a.print("  %s", careRecipientID)
		}
		a.print("Import them, then sync them with: caresync sync care-recipient CARE_RECIPIENT_ID")
	}
}

// showClaimSyncs has a line for each sync, and one for each person without any.
func (a *app) showClaimSyncs(claim read.Claim, zone *time.Location) {
	if len(claim.People) == 0 {
		a.print("None of the claim's people is known.")
		return
	}
	shown := a.newTable("care recipient", "name", "because", "requested", "outcome", "run")
	for _, person := range claim.People {
		name := present.Name(person.GivenName, person.FamilyName)
		synced := false
		for _, one := range claim.Syncs {
			if one.PersonID == person.ID {
				synced = true
				shown.AppendRow(table.Row{person.CareRecipientID, name, one.Status, present.Time(one.RequestedAt, zone), syncState(one), runOf(one)})
			}
		}
		if !synced {
			shown.AppendRow(table.Row{person.CareRecipientID, name, "", "", "no sync triggered", ""})
		}
	}
	shown.Render()
}

func syncState(one read.ClaimSync) string {
	switch {
	case one.RequestedAt == nil:
		return "to be requested"
	case one.RunID == nil:
		return "waiting to start"
	case one.Outcome == "":
		return "running"
	default:
		return present.Outcome(one.Outcome)
	}
}

func runOf(one read.ClaimSync) care.ID {
	if one.RunID == nil {
		return ""
	}
	return *one.RunID
}

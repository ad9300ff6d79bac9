package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/starter/api/views"
	"github.com/caresync/caresync/starter/present"
)

func (a *app) pacePerson() *cobra.Command {
	var participant, access string
	var asJSON bool
	command := a.command("person PERSON", "Show or set a person's NDIS PACE Participant and API access options", func(ctx context.Context, args []string) error {
		change, err := flagChange(participant, access)
		if err != nil {
			return err
		}
		return a.withStore(ctx, func(store *db.Store, organisation care.Organisation) error {
			person, err := findParticipant(ctx, store, organisation, args[0])
			if err != nil {
				return err
			}
			if change != (db.FlagChange{}) {
				if _, err := store.SetPACEFlags(ctx, organisation.ID, person.ID, change, operator()); err != nil {
					return err
				}
			}
			view, err := read.From(store).Participant(ctx, organisation, person.ID, store.Now())
			if err != nil {
				return err
			}
			if asJSON {
				return a.printJSON(views.FromParticipant(view))
			}
			a.showParticipant(view, organisation)
			return nil
		})
	})
	command.Flags().StringVar(&participant, "participant", "", "NDIS PACE Participant: yes or no. No also turns off API access")
	command.Flags().StringVar(&access, "api-access", "", "API access: yes or no. It requires NDIS PACE Participant")
	command.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return command
}

func flagChange(participant, access string) (change db.FlagChange, err error) {
	if change.PACEParticipant, err = yesOrNo("--participant", participant); err != nil {
		return change, err
	}
	change.PACEAPIAccess, err = yesOrNo("--api-access", access)
	return change, err
}

// yesOrNo is nil where nothing was said.
func yesOrNo(flag, text string) (*bool, error) {
	yes := text == "yes" || text == "true"
	switch text {
	case "":
		return nil, nil
	case "yes", "true", "no", "false":
		return &yes, nil
	default:
		return nil, usageError("%s is yes or no", flag)
	}
}

func (a *app) showParticipant(view read.Participant, organisation care.Organisation) {
	a.details(
		"name", present.Name(view.GivenName, view.FamilyName), "id", string(view.PersonID), "NDIS number", orNone(view.NDISNumber),
		"NDIS PACE Participant", chosen(view.PACEParticipant), "API access", chosen(view.PACEAPIAccess),
		"+ NDIS PACE", available(view), "scheduled syncs", a.standing(view), "time zone", organisation.TimeZone)
	if len(view.Standing.Relationships) > 0 {
		a.heading("endorsements, as notified by the NDIA")
		for _, relationship := range view.Standing.Relationships {
			a.print("%s: %s", relationship.ProviderRole, present.Period(relationship.StartDate, relationship.EndDate))
		}
	}
	a.heading("service contracts")
	a.showContracts(view.Contracts)
	if waiting := view.Waiting; waiting != nil {
		a.print("\nA preview is ready until %s: %s", present.Time(&waiting.ExpiresAt, organisation.Location()), a.typed("pace preview", string(view.PersonID)))
	} else if view.Available {
		a.print("\nRetrieve the plan with: %s", a.typed("pace retrieve", string(view.PersonID)))
	}
}

func orNone(text string) string {
	if text == "" {
		return "none"
	}
	return text
}

func chosen(box bool) string {
	if box {
		return "yes"
	}
	return "no"
}

func available(view read.Participant) string {
	if view.Available {
		return "available"
	}
	return "not available: " + view.Explanation
}

func (a *app) standing(view read.Participant) string {
	if !view.Standing.Stopped() {
		return "active"
	}
	return "stopped since " + present.Date(view.Standing.StoppedOn) + ": " + view.StopExplanation + " Resume with: " + a.typed("pace resume", string(view.PersonID))
}

func (a *app) paceResume(ctx context.Context, args []string) error {
	return a.withStore(ctx, func(store *db.Store, organisation care.Organisation) error {
		person, err := findParticipant(ctx, store, organisation, args[0])
		if err != nil {
			return err
		}
		standing, err := store.ResumePACE(ctx, organisation.ID, person.ID, organisation.Today(store.Now()))
		if err != nil {
			return err
		}
		a.print("Scheduled syncs of %s are active.", nameOf(person))
		for _, relationship := range standing.Relationships {
			if !relationship.EndDate.IsZero() {
				a.print("! The endorsement as %s ends on %s; scheduled syncs stop again then.", relationship.ProviderRole, present.Date(relationship.EndDate))
			}
		}
		return nil
	})
}

func nameOf(person read.Person) string { return present.Name(person.GivenName, person.FamilyName) }

// participantName is how a person is named at the head of what is about the NDIA.
func participantName(person read.Person) string {
	if !care.ValidNDISNumber(person.NDISNumber) {
		return nameOf(person)
	}
	return nameOf(person) + " (NDIS number " + person.NDISNumber + ")"
}

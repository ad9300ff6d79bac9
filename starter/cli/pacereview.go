package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/starter/api/views"
	"github.com/caresync/caresync/starter/pace"
	"github.com/caresync/caresync/starter/present"
)

func (a *app) paceReview() *cobra.Command {
	var asJSON bool
	command := a.command("review [PERSON]", "Show what automatic refreshes held for approval: new contracts and budgets, earlier ends, many removals",
		func(ctx context.Context, args []string) error {
			return a.withStore(ctx, func(store *db.Store, organisation care.Organisation) error {
				var client care.ID
				if len(args) == 1 {
					person, err := findParticipant(ctx, store, organisation, args[0])
					if err != nil {
						return err
					}
					client = person.ID
				}
				reviews, err := read.From(store).Reviews(ctx, organisation.ID, client)
				if err != nil {
					return err
				}
				if asJSON {
					return a.printJSON(views.Each(reviews, views.FromReview))
				}
				a.showReviews(reviews, organisation)
				return nil
			})
		})
	command.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return command
}

// showReviews shows what waits, client by client, and the command that accepts it.
func (a *app) showReviews(reviews []read.Review, organisation care.Organisation) {
	if len(reviews) == 0 {
		a.print("Nothing needs approval.")
		return
	}
	var shown care.ID
	for _, review := range reviews {
		if review.Person.ID != shown {
			shown = review.Person.ID
			a.print("%s (NDIS number %s). To accept: %s", present.Name(review.Person.GivenName, review.Person.FamilyName), review.Person.NDISNumber,
				a.typed("pace accept", string(shown)))
		}
		a.print("· %s Since %s.", review.Words, present.Time(&review.HeldAt, organisation.Location()))
	}
	a.print("Times are in %s. To apply only a part: `caresync pace retrieve`, review, then `caresync pace create`.", organisation.TimeZone)
}

func (a *app) paceAccept() *cobra.Command {
	var overlaps bool
	command := a.command("accept PERSON", "Retrieve a person's plan and apply what was held for approval", func(ctx context.Context, args []string) error {
		return a.withPACE(ctx, func(services paceServices) error {
			person, err := findParticipant(ctx, services.store, services.organisation, args[0])
			if err != nil {
				return err
			}
			reviews, err := read.From(services.store).Reviews(ctx, services.organisation.ID, person.ID)
			if err != nil {
				return err
			}
			a.showReviews(reviews, services.organisation)
			if len(reviews) == 0 {
				return nil
			}
			return a.retrieve(ctx, services, person, pace.Request{
				Organisation: services.organisation, Person: person.ID, RequestedBy: operator(),
				All: true, AcceptRemovals: true, AcceptOverlaps: overlaps,
			}, false)
		})
	})
	command.Flags().BoolVar(&overlaps, "accept-overlaps", false, "allow the contract to overlap another one")
	return command
}

// showReview shows what waits in one contract.
func (a *app) showReview(reviews []read.Review, person care.ID, zone *time.Location) {
	if len(reviews) == 0 {
		return
	}
	a.heading("held for approval")
	for _, review := range reviews {
		a.print("! %s Since %s.", review.Words, present.Time(&review.HeldAt, zone))
	}
	a.print("Accept it with: %s", a.typed("pace accept", string(person)))
}

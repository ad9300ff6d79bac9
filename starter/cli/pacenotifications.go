package cli

import (
	"context"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/starter/api/views"
	"github.com/caresync/caresync/starter/present"
)

func (a *app) paceNotifications() *cobra.Command {
	var asJSON bool
	var most int
	command := a.command("notifications", "Show the NDIA's notifications, newest first", func(ctx context.Context, _ []string) error {
		return a.withStore(ctx, func(store *db.Store, organisation care.Organisation) error {
			notifications, err := read.From(store).Notifications(ctx, organisation.ID, most)
			if err != nil {
				return err
			}
			if asJSON {
				return a.printJSON(views.Each(notifications, views.FromNotification))
			}
			a.showNotifications(notifications, organisation)
			return nil
		})
	})
	command.Flags().IntVar(&most, "most", 50, "maximum number of notifications")
	command.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return command
}

func (a *app) showNotifications(notifications []read.Notification, organisation care.Organisation) {
	if len(notifications) == 0 {
		a.print("The NDIA has sent no notifications yet. Set up where it sends them (`caresync pace secret`), then subscribe (`caresync pace subscribe`).")
		return
	}
	shown := a.newTable("last received", "event", "person", ">times")
	for _, notification := range notifications {
		client := "not in this organisation"
		if notification.Person != nil {
			client = present.Name(notification.Person.GivenName, notification.Person.FamilyName)
		}
		shown.AppendRow(table.Row{present.Time(&notification.LastReceivedAt, organisation.Location()), notification.Event, client, notification.Times})
	}
	shown.Render()
	a.print("Times are in %s.", organisation.TimeZone)
}

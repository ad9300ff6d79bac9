package cli

import (
	"cmp"
	"context"
	"net/http"
	"os/user"
	"time"

	"github.com/spf13/cobra"

	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/starter/api"
	"github.com/caresync/caresync/starter/console"
	"github.com/caresync/caresync/starter/present"
	"github.com/caresync/caresync/starter/upstreams"
)

const (
	defaultLinkTime = 15 * time.Minute
	longestLinkTime = 24 * time.Hour
)

// withConsole serves pages beside the API.
func (a *app) withConsole(options api.Options, notice string) (http.Handler, error) {
	pages, err := console.New(console.Options{
		Store: options.Store, Syncs: options.Syncs, PACE: options.PACE, Logger: options.Logger, PublicURL: a.links.Public.String(), RunLink: a.temporalLink,
		Bulks: options.Bulks, Schedules: options.Schedules, Connections: upstreams.New(options.Store), BulkLink: a.bulkLink, Stopping: options.Stopping,
		Notice: notice,
	})
	if err != nil {
		return nil, err
	}
	return console.Beside(api.New(options), pages), nil
}

func (a *app) consoleCommand() *cobra.Command {
	return a.organisationFlag(a.group("console", "Sign people in to the console", a.consoleLink()))
}

func (a *app) consoleLink() *cobra.Command {
	var name string
	var valid time.Duration
	command := a.command("link", "Print a link that signs somebody in to the console, once", cobra.NoArgs, func(ctx context.Context, _ []string) error {
		if valid < time.Minute || valid > longestLinkTime {
			return usageError("--valid-for is from 1m to %s", longestLinkTime)
		}
		return a.withStore(ctx, func(store *db.Store, organisation db.Organisation) error {
			expires := time.Now().Add(valid)
			secret, err := store.CreateConsoleLink(ctx, organisation.ID, cmp.Or(name, loginName()), expires)
			if err != nil {
				return err
			}
			a.print("%s", console.SignInLink(cmp.Or(a.links.Public.String(), "http://"+defaultListen), secret))
			a.note("It signs in to %s once, until %s (%s).", organisation.Name, present.Time(&expires, organisation.Location()), organisation.TimeZone)
			return nil
		})
	})
	command.Flags().StringVar(&name, "name", "", "who will use it, as runs record it; your own login name if left out")
	command.Flags().DurationVar(&valid, "valid-for", defaultLinkTime, "how long the link can be used")
	return command
}

func loginName() string {
	if current, err := user.Current(); err == nil {
		return current.Username
	}
	return "operator"
}

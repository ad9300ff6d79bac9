package cli

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"os/user"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/caresync/caresync/care"
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
		Bulks: options.Bulks, Schedules: options.Schedules, Connections: upstreams.New(options.Store, options.Admit), Admit: options.Admit, BulkLink: a.bulkLink, Stopping: options.Stopping,
		Notice: notice,
	})
	if err != nil {
		return nil, err
	}
	return console.Beside(api.New(options), pages), nil
}

func (a *app) consoleCommand() *cobra.Command {
	return a.organisationFlag(a.group("console", "Sign people in to and out of the console", a.consoleLink(),
		a.command("sessions", "List the sessions of the console", a.consoleSessions), a.consoleSignOut()))
}

func (a *app) consoleLink() *cobra.Command {
	var name string
	var valid time.Duration
	command := a.command("link", "Print a link that signs one person in to the console, once", func(ctx context.Context, _ []string) error {
		if valid < time.Minute || valid > longestLinkTime {
			return usageError("--valid-for is from 1m to %s", longestLinkTime)
		}
		return a.withStore(ctx, func(store *db.Store, organisation care.Organisation) error {
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
	command.Flags().StringVar(&name, "name", "", "who will use it, for the record of runs; by default your login name")
	command.Flags().DurationVar(&valid, "valid-for", defaultLinkTime, "how long the link is valid")
	return command
}

func (a *app) consoleSessions(ctx context.Context, _ []string) error {
	return a.withStore(ctx, func(store *db.Store, organisation care.Organisation) error {
		sessions, err := store.ConsoleSessions(ctx, organisation.ID)
		if err != nil {
			return err
		}
		if len(sessions) == 0 {
			a.print("No one is signed in to %s.", organisation.Name)
			return nil
		}
		shown := a.newTable("who", "with", "since", "until", "id")
		for _, session := range sessions {
			with := "a link"
			if session.Token != "" {
				with = "the token " + session.Token
			}
			shown.AppendRow(table.Row{session.Name, with, present.Time(&session.CreatedAt, organisation.Location()),
				present.Time(&session.ExpiresAt, organisation.Location()), session.ID})
		}
		shown.Render()
		return nil
	})
}

func (a *app) consoleSignOut() *cobra.Command {
	var everyone bool
	command := a.command("sign-out [SESSION_ID]", "End a session of the console, or all of them", func(ctx context.Context, args []string) error {
		if everyone == (len(args) == 1) {
			return usageError("give either the id of a session, as `caresync console sessions` shows it, or --all")
		}
		return a.withStore(ctx, func(store *db.Store, organisation care.Organisation) error {
			if everyone {
				return a.signOutEveryone(ctx, store, organisation)
			}
			err := store.EndConsoleSession(ctx, organisation.ID, args[0])
			if errors.Is(err, db.ErrNotFound) {
				return usageError("%s has no session %s; `caresync console sessions` shows those it has", organisation.Name, args[0])
			}
			if err == nil {
				a.print("Signed out. The session can no longer be used.")
			}
			return err
		})
	})
	command.Flags().BoolVar(&everyone, "all", false, "end all sessions of the organisation and revoke its unused sign-in links")
	return command
}

func (a *app) signOutEveryone(ctx context.Context, store *db.Store, organisation care.Organisation) error {
	sessions, links, err := store.EndConsoleSessions(ctx, organisation.ID)
	if err == nil {
		a.print("Ended %s of %s, and revoked %s.", present.Count(sessions, "session", "sessions"), organisation.Name,
			present.Count(links, "sign-in link", "sign-in links"))
	}
	return err
}

func loginName() string {
	if current, err := user.Current(); err == nil {
		return current.Username
	}
	return "operator"
}

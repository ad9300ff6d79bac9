package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/starter/present"
	"github.com/caresync/caresync/starter/upstreams"
	"github.com/caresync/caresync/upstream/ndia"
	"github.com/caresync/caresync/upstream/proda"
	"github.com/caresync/caresync/upstream/servicesaustralia"
)

const (
	environmentLive = "live"
	environmentTest = "test"

	defaultProductID = "CareSync"
	defaultRate      = 10
)

func (a *app) connectionCommand() *cobra.Command {
	return a.organisationFlag(a.group("connection", "Set up and test connections to Services Australia and the NDIA",
		a.connectionCreate(), a.connectionSet(),
		a.connectionList(),
		a.connectionShow(),
		a.connectionActivate(),
		a.command("test [NAME]", "Log in and make one call, and show what is wrong and what to do", a.connectionTest),
		a.connectionRenewKey()))
}

// connectionFlags are the fields of a connection as flags.
type connectionFlags struct {
	values      care.Connection
	environment string
	service     string
}

func (f *connectionFlags) add(flags *pflag.FlagSet) {
	c := &f.values
	flags.StringVar(&c.BaseURL, "base-url", "", "the service's address; by default that of the environment. The NDIA's is not public, so it is required there")
	flags.StringVar(&c.TokenBaseURL, "token-base-url", "", "PRODA's address for login; by default that of the environment")
	flags.StringVar(&c.DeviceBaseURL, "device-base-url", "", "PRODA's address for devices; by default that of the environment")
	flags.StringVar(&c.RANumber, "ra-number", "", "the organisation's RA number in PRODA")
	flags.StringVar(&c.DeviceName, "device-name", "", "the device's name in PRODA")
	flags.StringVar(&c.ClientID, "client-id", "", "the OAuth client id from PRODA")
	flags.StringVar(&c.APIKey, "api-key", "", "the API key (X-IBM-Client-Id) from the developer portal; the environment variable is safer")
	flags.StringVar(&c.Audience, "audience", "", "the target service's audience in PRODA tokens")
	flags.StringVar(&c.ProductID, "product-id", defaultProductID, "the software's product id as registered with Services Australia")
	flags.StringVar(&c.ServiceProviderID, "service-provider-id", "", "the provider whose people this connection syncs")
	flags.IntVar(&c.RatePerSecond, "rate-per-second", 0,
		fmt.Sprintf("maximum calls per second by all workers together; by default %d, for the NDIA %d", defaultRate, ndia.DefaultCallsPerSecond))
	flags.StringVar(&c.ConsentCode, "consent-code", servicesaustralia.DefaultConsentCode, "the service's error code for a refused consent")
	flags.StringVar(&c.TimeZone, "service-time-zone", care.DefaultServiceTimeZone, "the service's time zone: its date decides which plan is current")
}

func (a *app) connectionCreate() *cobra.Command {
	var fields connectionFlags
	command := a.command("create [NAME]", "Create a connection", func(ctx context.Context, args []string) error {
		connection, err := fields.connection()
		if err != nil {
			return err
		}
		if connection.Name = string(connection.Service); len(args) == 1 {
			connection.Name = args[0]
		}
		return a.withStore(ctx, func(store *db.Store, organisation care.Organisation) error {
			created, err := store.CreateConnection(ctx, organisation.ID, connection)
			if err != nil {
				return err
			}
			a.print("Created the connection %s of %s.", created.Name, organisation.Name)
			a.print("Next: register the device %s in PRODA, then `caresync connection activate %s --code CODE`.", created.DeviceName, created.Name)
			return nil
		})
	})
	fields.add(command.Flags())
	command.Flags().StringVar(&fields.service, "service", string(care.ServicesAustralia), "services-australia or ndia")
	command.Flags().StringVar(&fields.environment, "environment", environmentLive, "the environment whose addresses are the defaults: live or test")
	return command
}

// connection fills in the environment's addresses, and the service's rate.
func (f *connectionFlags) connection() (care.Connection, error) {
	connection := f.values
	connection.Service = care.Service(f.service)
	addresses := [3]string{servicesaustralia.LiveBaseURL, proda.LiveTokenBaseURL, proda.LiveDeviceBaseURL}
	switch f.environment {
	case environmentLive:
	case environmentTest:
		addresses = [3]string{servicesaustralia.TestBaseURL, proda.TestTokenBaseURL, proda.TestDeviceBaseURL}
	default:
		return connection, usageError("--environment is live or test")
	}
	rate := defaultRate
	if connection.Service != care.ServicesAustralia {
		addresses[0], rate = "", ndia.DefaultCallsPerSecond // the NDIA's address is not public
	}
	if connection.RatePerSecond == 0 {
		connection.RatePerSecond = rate
	}
	for i, address := range []*string{&connection.BaseURL, &connection.TokenBaseURL, &connection.DeviceBaseURL} {
		if *address == "" {
			*address = addresses[i]
		}
	}
	return connection, nil
}

func (a *app) connectionSet() *cobra.Command {
	var fields connectionFlags
	var command *cobra.Command
	command = a.command("set [NAME]", "Change a connection's fields; the others stay", func(ctx context.Context, args []string) error {
		return a.withStore(ctx, func(store *db.Store, organisation care.Organisation) error {
			before, err := a.chosenConnection(ctx, store, organisation, args)
			if err != nil {
				return err
			}
			changed, err := store.ChangeConnection(ctx, organisation.ID, before.Name, func(connection *care.Connection) {
				fields.apply(command.Flags(), connection)
			})
			if err != nil {
				return err
			}
			a.print("Changed the connection %s of %s.", changed.Name, organisation.Name)
			if before.ActivatedAt != nil && changed.ActivatedAt == nil {
				a.print("It now has a different device: activate it with `caresync connection activate %s --code CODE`.", changed.Name)
			}
			return nil
		})
	})
	fields.add(command.Flags())
	return command
}

// apply takes over the fields whose flags were given.
func (f *connectionFlags) apply(flags *pflag.FlagSet, to *care.Connection) {
	for flag, field := range map[string]struct{ from, to *string }{
		"base-url":            {&f.values.BaseURL, &to.BaseURL},
		"token-base-url":      {&f.values.TokenBaseURL, &to.TokenBaseURL},
		"device-base-url":     {&f.values.DeviceBaseURL, &to.DeviceBaseURL},
		"ra-number":           {&f.values.RANumber, &to.RANumber},
		"device-name":         {&f.values.DeviceName, &to.DeviceName},
		"client-id":           {&f.values.ClientID, &to.ClientID},
		"api-key":             {&f.values.APIKey, &to.APIKey},
		"audience":            {&f.values.Audience, &to.Audience},
		"product-id":          {&f.values.ProductID, &to.ProductID},
		"service-provider-id": {&f.values.ServiceProviderID, &to.ServiceProviderID},
		"consent-code":        {&f.values.ConsentCode, &to.ConsentCode},
		"service-time-zone":   {&f.values.TimeZone, &to.TimeZone},
	} {
		if flags.Changed(flag) {
			*field.to = *field.from
		}
	}
	if flags.Changed("rate-per-second") {
		to.RatePerSecond = f.values.RatePerSecond
	}
}

// chosenConnection is the named one, or the only one there is.
func (a *app) chosenConnection(ctx context.Context, store *db.Store, organisation care.Organisation, args []string) (care.Connection, error) {
	connections, err := store.Connections(ctx, organisation.ID)
	if err != nil {
		return care.Connection{}, err
	}
	names := make([]string, 0, len(connections))
	for _, connection := range connections {
		if len(args) == 1 && connection.Name == args[0] {
			return connection, nil
		}
		names = append(names, connection.Name)
	}
	switch {
	case len(connections) == 0:
		return care.Connection{}, usageError("%s has no connection yet: create one with `caresync connection create`", organisation.Name)
	case len(args) == 1:
		return care.Connection{}, usageError("%s has no connection %q; its connections are: %s", organisation.Name, args[0], strings.Join(names, ", "))
	case len(connections) > 1:
		return care.Connection{}, usageError("give the name of a connection: %s", strings.Join(names, ", "))
	default:
		return connections[0], nil
	}
}

func (a *app) connectionList() *cobra.Command {
	var asJSON bool
	command := a.command("list", "List the connections, with the state of their devices and calls", func(ctx context.Context, _ []string) error {
		return a.withStore(ctx, func(store *db.Store, organisation care.Organisation) error {
			connections, err := read.From(store).Connections(ctx, organisation.ID)
			if err != nil {
				return err
			}
			for i := range connections {
				connections[i].APIKey = masked(connections[i].APIKey)
			}
			switch {
			case asJSON:
				return a.printJSON(connections)
			case len(connections) == 0:
				a.print("%s has no connection yet. Create one with `caresync connection create`.", organisation.Name)
			default:
				a.showConnections(connections, organisation.Location(), store.Now())
			}
			return nil
		})
	})
	command.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return command
}

func (a *app) showConnections(connections []read.ConnectionHealth, zone *time.Location, now time.Time) {
	shown := a.newTable("name", "for", "device", "state", "key expires", "renewed", "next", "device expires", "last answer", "allowance")
	for _, one := range connections {
		shown.AppendRow(table.Row{
			one.Name, present.Purpose(one.Connection), one.DeviceName, present.DeviceState(one.Connection, now),
			present.Expiry(one.KeyExpiry, zone), present.Time(one.KeySince, zone), present.KeyRenewal(one.Connection, now, zone),
			present.Expiry(one.DeviceExpiry, zone), present.Time(one.AnsweredAt, zone), present.Allowance(one.Allowances),
		})
	}
	shown.Render()
	for _, one := range connections {
		for _, warning := range proda.ConnectionWarnings(one.Connection, now) {
			a.print("! %s: %s", one.Name, warning)
		}
		if one.Failure == nil {
			continue
		}
		mark := "  "
		if one.Failing() {
			mark = "✗ "
		}
		a.print("%s%s: last failure %s: %s", mark, one.Name, present.Time(&one.Failure.At, zone), present.CallFailure(*one.Failure))
		if one.Failure.Words != "" {
			a.print("  In its own words: %s", one.Failure.Words)
		}
	}
}

func (a *app) connectionShow() *cobra.Command {
	var asJSON bool
	command := a.command("show [NAME]", "Show a connection's fields", func(ctx context.Context, args []string) error {
		return a.withStore(ctx, func(store *db.Store, organisation care.Organisation) error {
			connection, err := a.chosenConnection(ctx, store, organisation, args)
			if err != nil {
				return err
			}
			connection.APIKey = masked(connection.APIKey)
			if asJSON {
				return a.printJSON(connection)
			}
			a.showConnection(connection, organisation)
			return nil
		})
	})
	command.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return command
}

func (a *app) showConnection(connection care.Connection, organisation care.Organisation) {
	zone := organisation.Location()
	a.details(
		"name", connection.Name, "id", string(connection.ID), "organisation", organisation.Name, "service", string(connection.Service),
		"service provider id", connection.ServiceProviderID, "service address", connection.BaseURL, "login address", connection.TokenBaseURL,
		"device address", connection.DeviceBaseURL, "RA number", connection.RANumber, "device name", connection.DeviceName,
		"client id", connection.ClientID, "API key", connection.APIKey, "audience", connection.Audience, "product id", connection.ProductID,
		"calls per second", present.Count(connection.RatePerSecond, "call", "calls"), "consent code", connection.ConsentCode,
		"activated", present.Time(connection.ActivatedAt, zone), "key expires", present.Expiry(connection.KeyExpiry, organisation.Location()),
		"device expires", present.Expiry(connection.DeviceExpiry, organisation.Location()), "the service's time zone", connection.TimeZone,
		"time zone", organisation.TimeZone)
	a.warnOfExpiry(connection)
}

func (a *app) warnOfExpiry(connection care.Connection) {
	for _, warning := range proda.ConnectionWarnings(connection, time.Now()) {
		a.print("! %s", warning)
	}
}

// masked leaves enough of a key to tell two apart.
func masked(key string) string {
	const shown = 4
	if len(key) <= 2*shown {
		return strings.Repeat("•", len(key))
	}
	return strings.Repeat("•", 2*shown) + key[len(key)-shown:]
}

// errSaid ends the program where what is wrong has been said already.
var errSaid = &exitError{code: ExitNotComplete}

// explainUpstream says in plain words what a government service refused, with its own words.
func (a *app) explainUpstream(service care.Service, err error) error {
	a.print("✗ %s", upstreams.Explain(service, err))
	if words := wordsOf(err); words != "" {
		a.print("  In its own words: %s", words)
	}
	return errSaid
}

// Package upstreams are the government services as far as people who set an organisation up need them: to activate a device, to test a
// connection and to subscribe to notifications. Nothing of a person is read here.
package upstreams

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/upstream/check"
	"github.com/caresync/caresync/upstream/ndia"
	"github.com/caresync/caresync/upstream/proda"
	"github.com/caresync/caresync/upstream/servicesaustralia"
	"github.com/caresync/caresync/upstream/transport"
)

// Clients are those of all services. They are safe for use by many goroutines.
type Clients struct {
	// Devices activates PRODA devices and renews their keys.
	Devices *proda.Devices

	servicesAustralia *servicesaustralia.Client
	ndia              *ndia.Client
	allowances        *db.Allowances
}

// New makes a process's clients. The store must be able to seal. admit, if not nil, is asked before every call.
func New(store *db.Store, admit func(context.Context) error) *Clients {
	calls := transport.NewClient(transport.Options{Admit: admit, Observe: store.NewCallRecorder().Observe})
	login := proda.NewClient(calls, proda.Options{Now: store.Now})
	tokens := proda.NewTokens(login, store.ProdaTokens(), store.DeviceKeys())
	return &Clients{
		Devices:           proda.NewDevices(login, tokens, store.DeviceKeys()),
		servicesAustralia: servicesaustralia.NewClient(calls, tokens, servicesaustralia.Options{}),
		ndia:              ndia.NewClient(calls, tokens, ndia.Options{}),
		allowances:        store.NewAllowances(),
	}
}

// Check tests a connection: it logs in and makes one cheap call.
func (c *Clients) Check(ctx context.Context, connection care.Connection) check.Result {
	if connection.Service == care.NDIA {
		return c.ndia.Check(ctx, connection, c.ndiaAllowances(connection))
	}
	return c.servicesAustralia.Check(ctx, connection, c.allowances.For(connection))
}

// Subscribe asks the NDIA to notify the organisation of everything that it notifies of. Doing so again changes nothing.
func (c *Clients) Subscribe(ctx context.Context, connection care.Connection) error {
	reader := c.ndia.For(connection, care.ID(uuid.NewString()), c.ndiaAllowances(connection))
	for _, event := range ndia.Events {
		if err := reader.Subscribe(ctx, event); err != nil {
			return fmt.Errorf("subscribe to %s: %w", event, err)
		}
	}
	return nil
}

// ndiaAllowances has nothing of its own for budget calls, since none is made here.
func (c *Clients) ndiaAllowances(connection care.Connection) ndia.Allowances {
	calls := c.allowances.For(connection)
	return ndia.Allowances{Calls: calls, Budgets: calls}
}

// Explain says in plain words what a service refused and what to do about it.
func Explain(service care.Service, err error) string {
	if service == care.NDIA {
		return ndia.Explain(err)
	}
	return servicesaustralia.Explain(err)
}

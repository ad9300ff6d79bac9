package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"go.temporal.io/sdk/client"
	"go.uber.org/zap"

	"github.com/caresync/caresync/activities"
	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/platform/run"
	"github.com/caresync/caresync/platform/sealing"
	"github.com/caresync/caresync/platform/temporal"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/simulator/proda"
	"github.com/caresync/caresync/simulator/scenarios"
	"github.com/caresync/caresync/simulator/server"
	"github.com/caresync/caresync/simulator/world"
	upstreamproda "github.com/caresync/caresync/upstream/proda"
	"github.com/caresync/caresync/upstream/servicesaustralia"
	"github.com/caresync/caresync/upstream/transport"
	"github.com/caresync/caresync/worker/hosting"
)

const (
	// person is who is synced: someone with a common number of open budgets.
	person = "first-year"
	// rate is a number of calls a second that a single sync does not reach.
	rate = 10_000
)

// site is a simulated government, a set-up database and a worker in this process.
type site struct {
	simulator *server.Simulator
	store     *db.Store
	steps     *activities.Steps
	temporal  client.Client
	queues    protocol.TaskQueues
	request   care.Request
	details   int
	closers   []func()
}

// newSite sets everything up on the stack that the environment names.
func newSite(ctx context.Context) (*site, error) {
	s := &site{queues: protocol.TaskQueues{Prefix: "bench-" + string(db.NewID()) + "-"}}
	keyring, err := newKeyring()
	if err != nil {
		return nil, err
	}
	if err := s.openStore(ctx, keyring); err != nil {
		return nil, err
	}
	if err := s.simulate(ctx); err != nil {
		return nil, err
	}
	s.temporal, err = temporal.Dial(ctx, temporal.Options{Keyring: keyring, Logger: zap.NewNop()})
	if err != nil {
		return nil, err
	}
	s.closers = append(s.closers, s.temporal.Close)
	s.host(ctx)
	return s, s.countDetails(ctx)
}

func newKeyring() (*sealing.Keyring, error) {
	entry, err := sealing.Generate("bench")
	if err != nil {
		return nil, err
	}
	return sealing.Parse(entry)
}

func (s *site) openStore(ctx context.Context, keyring *sealing.Keyring) error {
	databaseURL := os.Getenv("DATABASE_URL")
	if _, err := db.Migrate(ctx, databaseURL); err != nil {
		return err
	}
	store, err := db.Open(ctx, databaseURL, keyring, db.Options{MaxConnections: hosting.DatabaseConnections})
	if err != nil {
		return err
	}
	s.store, s.closers = store, append(s.closers, store.Close)
	calls := transport.NewClient(transport.Options{})
	s.steps = hosting.Steps(store, calls, nil)
	return nil
}

// simulate serves the simulated government and sets up one organisation, one connection and the person.
func (s *site) simulate(ctx context.Context) error {
	simulator, err := server.New(world.Options{Scenarios: scenarios.FS}, server.WithPRODA(proda.Options{NoThrottle: true}))
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	served := &http.Server{Handler: simulator, ReadHeaderTimeout: time.Minute}
	go func() { _ = served.Serve(listener) }() // it always ends with ErrServerClosed
	s.simulator = simulator
	s.closers = append(s.closers, func() { _ = served.Close() }, func() { _ = simulator.Close() })
	for _, one := range simulator.World.People(world.Holder{}) {
		if one.Key == person {
			return s.setUp(ctx, "http://"+listener.Addr().String(), one)
		}
	}
	return fmt.Errorf("the simulated world has no %s", person)
}

func (s *site) setUp(ctx context.Context, address string, who world.HeldPerson) error {
	organisation, err := s.store.CreateOrganisation(ctx, "bench", "Bench", db.DefaultTimeZone)
	if err != nil {
		return err
	}
	known, err := s.simulator.Connection(address, who.ServiceProviderID)
	if err != nil {
		return err
	}
	connection, err := s.store.CreateConnection(ctx, organisation.ID, care.Connection{
		Service: care.ServicesAustralia, Name: "bench", BaseURL: known.ServicesAustraliaBaseURL,
		TokenBaseURL: known.TokenBaseURL, DeviceBaseURL: known.DeviceBaseURL, RANumber: known.RANumber, DeviceName: known.DeviceName,
		ClientID: known.ClientID, APIKey: known.IBMClientID, Audience: known.ServicesAustraliaAudience, ProductID: known.ProductID,
		ServiceProviderID: known.ServiceProviderID, RatePerSecond: rate, ConsentCode: servicesaustralia.DefaultConsentCode,
	})
	if err != nil {
		return err
	}
	logins := upstreamproda.NewClient(transport.NewClient(transport.Options{}), upstreamproda.Options{})
	tokens := upstreamproda.NewTokens(logins, s.store.ProdaTokens(), s.store.DeviceKeys())
	if err := upstreamproda.NewDevices(logins, tokens, s.store.DeviceKeys()).Activate(ctx, connection, known.ActivationCode); err != nil {
		return err
	}
	now := time.Now()
	if _, err := s.store.ChangeConnection(ctx, organisation.ID, connection.Name, func(c *care.Connection) { c.ActivatedAt = &now }); err != nil {
		return err
	}
	return s.addPerson(ctx, organisation, who)
}

func (s *site) addPerson(ctx context.Context, organisation db.Organisation, who world.HeldPerson) error {
	birthDate, err := care.ParseDate(who.BirthDate.String())
	if err != nil {
		return err
	}
	_, err = s.store.ImportPeople(ctx, organisation.ID, db.Import[db.ImportedPerson]{Rows: []db.ImportedPerson{{Line: 2, Identity: care.Identity{
		CareRecipientID: who.CareRecipientID, GivenName: who.GivenName, FamilyName: who.FamilyName, BirthDate: birthDate,
	}}}})
	if err != nil {
		return err
	}
	client, err := s.store.ClientByCareRecipientID(ctx, organisation, who.CareRecipientID, time.Now())
	s.request = care.Request{OrganisationID: organisation.ID, ClientID: client.ID, Trigger: care.TriggerOnDemand}
	return err
}

// host runs the worker in this process, as the worker program does.
func (s *site) host(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	parts := hosting.Workers(s.temporal, s.queues, s.steps)
	go func() { ended <- run.UntilStopped(ctx, parts...) }()
	s.closers = append(s.closers, func() {
		cancel()
		if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
			fmt.Fprintln(os.Stderr, "bench: the worker ended:", err)
		}
	})
}

// countDetails syncs once, so that the login is warm, and counts the budgets whose details are read.
func (s *site) countDetails(ctx context.Context) error {
	if err := s.syncPlainly(ctx); err != nil {
		return err
	}
	s.details = s.simulator.Counts()["budget-details"].Calls
	return nil
}

func (s *site) start(ctx context.Context) (client.WorkflowRun, error) {
	options, input := protocol.CareRecipientSyncStart(s.queues, s.request)
	return s.temporal.ExecuteWorkflow(ctx, options, protocol.CareRecipientSyncWorkflow, input)
}

// close ends everything, the last first.
func (s *site) close() {
	for i := len(s.closers) - 1; i >= 0; i-- {
		s.closers[i]()
	}
}

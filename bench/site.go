package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"go.temporal.io/sdk/client"
	"go.uber.org/zap"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/platform/sealing"
	"github.com/caresync/caresync/platform/temporal"
	"github.com/caresync/caresync/simulator/world"
	upstreamproda "github.com/caresync/caresync/upstream/proda"
	"github.com/caresync/caresync/upstream/servicesaustralia"
	"github.com/caresync/caresync/upstream/transport"
)

// unlimited is a number of calls a second that nothing here reaches.
const unlimited = 10_000

// stage is what all benchmarks need.
type stage struct {
	// simulator is the path of the simulator's program.
	simulator string
}

// site is a simulated government and databases in which its people are set up.
type site struct {
	*government
	keyring      *sealing.Keyring
	temporal     client.Client
	http         *transport.Client
	databases    *databases
	organisation care.Organisation
	// clients are our ids of the people, in the order of the world, the same in every database.
	clients []care.ID
	closers []func()
}

// newSite starts a government and makes the database in which its people are known, but not synced.
func newSite(ctx context.Context, stage stage, living population) (*site, error) {
	s := &site{http: transport.NewClient(transport.Options{})}
	if err := s.open(ctx, stage, living); err != nil {
		s.close()
		return nil, err
	}
	people, err := living.held()
	if err == nil {
		err = s.databases.make(ctx, known, func(url string) error { return s.setUp(ctx, url, living, people) })
	}
	if err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *site) open(ctx context.Context, stage stage, living population) (err error) {
	if s.keyring, err = newKeyring(); err != nil {
		return err
	}
	if s.government, err = startGovernment(stage.simulator, living); err != nil {
		return err
	}
	s.closers = append(s.closers, s.government.close)
	if s.temporal, err = temporal.Dial(ctx, temporal.Options{Keyring: s.keyring, Logger: zap.NewNop()}); err != nil {
		return err
	}
	s.closers = append(s.closers, s.temporal.Close)
	conn, err := pgx.Connect(ctx, os.Getenv("DATABASE_ADMIN_URL"))
	if err != nil {
		return errors.New("DATABASE_ADMIN_URL: no PostgreSQL: use `devstack exec --without ui -- bin/bench`")
	}
	s.databases = newDatabases(conn, os.Getenv("DATABASE_ADMIN_URL"))
	s.closers = append(s.closers, s.databases.close)
	return nil
}

func newKeyring() (*sealing.Keyring, error) {
	entry, err := sealing.Generate("bench")
	if err != nil {
		return nil, err
	}
	return sealing.Parse(entry)
}

// setUp stores the organisation, its connection with an activated device, and the people.
func (s *site) setUp(ctx context.Context, url string, living population, people []world.HeldPerson) error {
	if _, err := db.Migrate(ctx, url); err != nil {
		return err
	}
	store, err := db.Open(ctx, url, s.keyring, db.Options{})
	if err != nil {
		return err
	}
	defer store.Close()
	if s.organisation, err = store.CreateOrganisation(ctx, "bench", "Bench", care.DefaultTimeZone); err != nil {
		return err
	}
	if err := s.connect(ctx, store, living, people[0].ServiceProviderID); err != nil {
		return err
	}
	return s.addPeople(ctx, store, people)
}

func (s *site) connect(ctx context.Context, store *db.Store, living population, serviceProviderID string) error {
	given, err := s.connection(ctx, serviceProviderID)
	if err != nil {
		return err
	}
	rate := living.rate
	if rate == 0 {
		rate = unlimited
	}
	connection, err := store.CreateConnection(ctx, s.organisation.ID, care.Connection{
		Service: care.ServicesAustralia, Name: "bench", BaseURL: given.ServicesAustraliaBaseURL,
		TokenBaseURL: given.TokenBaseURL, DeviceBaseURL: given.DeviceBaseURL, RANumber: given.RANumber, DeviceName: given.DeviceName,
		ClientID: given.ClientID, APIKey: given.IBMClientID, Audience: given.ServicesAustraliaAudience, ProductID: given.ProductID,
		ServiceProviderID: given.ServiceProviderID, RatePerSecond: rate, ConsentCode: servicesaustralia.DefaultConsentCode,
	})
	if err != nil {
		return err
	}
	logins := upstreamproda.NewClient(s.http, upstreamproda.Options{})
	tokens := upstreamproda.NewTokens(logins, store.ProdaTokens(), store.DeviceKeys())
	if err := upstreamproda.NewDevices(logins, tokens, store.DeviceKeys()).Activate(ctx, connection, given.ActivationCode); err != nil {
		return err
	}
	now := time.Now()
	_, err = store.ChangeConnection(ctx, s.organisation.ID, connection.Name, func(c *care.Connection) { c.ActivatedAt = &now })
	return err
}

func (s *site) addPeople(ctx context.Context, store *db.Store, people []world.HeldPerson) error {
	var write db.PeopleToWrite
	for _, person := range people {
		birthDate, err := care.ParseDate(person.BirthDate.String())
		if err != nil {
			return err
		}
		write.People = append(write.People, db.PersonRecord{ID: db.NewID(), Identity: care.Identity{
			CareRecipientID: person.CareRecipientID, GivenName: person.GivenName, FamilyName: person.FamilyName, BirthDate: birthDate,
		}})
	}
	everyone := func(db.HeldPeople) (db.PeopleToWrite, error) { return write, nil }
	if err := store.ImportPeople(ctx, s.organisation.ID, db.NamedPeople{}, "benchmark", everyone); err != nil {
		return err
	}
	for after, more := care.ID(""), true; more; {
		var page []read.Person
		var err error
		if page, more, err = read.From(store).PeopleAfter(ctx, s.organisation, after, read.MostPerPage, time.Now()); err != nil {
			return err
		}
		for _, one := range page {
			s.clients = append(s.clients, one.ID)
			after = one.ID
		}
	}
	if len(s.clients) != len(people) {
		return fmt.Errorf("imported %d people, found %d in the database", len(people), len(s.clients))
	}
	return nil
}

// request asks for one person's sync.
func (s *site) request(person care.ID, trigger care.Trigger) care.Request {
	return care.Request{OrganisationID: s.organisation.ID, PersonID: person, Trigger: trigger, RequestedBy: "bench"}
}

// close ends everything, the last first.
func (s *site) close() {
	for _, end := range slices.Backward(s.closers) {
		end()
	}
}

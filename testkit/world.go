package testkit

import (
	"cmp"
	"crypto/rsa"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/activities"
	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	prodasim "github.com/caresync/caresync/simulator/proda"
	"github.com/caresync/caresync/simulator/scenarios"
	"github.com/caresync/caresync/simulator/server"
	"github.com/caresync/caresync/simulator/world"
	"github.com/caresync/caresync/upstream/proda"
	"github.com/caresync/caresync/upstream/servicesaustralia"
	"github.com/caresync/caresync/upstream/transport"
	"github.com/caresync/caresync/worker/hosting"
)

// testRate is a number of calls a second that no test reaches.
const testRate = 10_000

// World is a simulated government over real HTTP, with its organisations, connections and people set up in a database.
type World struct {
	*server.Simulator
	URL         string
	DatabaseURL string
	Store       *db.Store
	// organisations are our ids by RA number.
	organisations map[string]care.ID
	served        *http.Server
	people        map[string]care.Request
	participants  map[participantKey]care.Request
}

// participantKey names an NDIS participant as one of their organisations has them.
type participantKey struct{ raNumber, key string }

// NewWorld makes a world, set up in a database of the test's own. The zero options give the people of the built-in scenarios.
func NewWorld(t testing.TB, options world.Options, more ...server.Option) *World {
	t.Helper()
	w := NewWorldAlone(t, options, more...)
	w.SetUp(t, DatabaseURL(t))
	return w
}

// NewWorldAlone makes a world that is not set up in any database yet.
func NewWorldAlone(t testing.TB, options world.Options, more ...server.Option) *World {
	t.Helper()
	if options.People == 0 && options.Scenarios == nil {
		options.Scenarios = scenarios.FS
	}
	if options.Now == nil {
		options.Now = clock()
	}
	logins := server.WithPRODA(prodasim.Options{Now: options.Now})
	simulator, err := server.New(options, append([]server.Option{logins}, more...)...)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, simulator.Close()) })
	w := &World{Simulator: simulator, organisations: make(map[string]care.ID), people: make(map[string]care.Request),
		participants: make(map[participantKey]care.Request)}
	w.Serve(t)
	t.Cleanup(w.Break)
	return w
}

// Now is the world's clock, and that of the product in it.
func (w *World) Now() time.Time { return w.World.Now() }

// Serve starts the services, at the same address as before if Break stopped them.
func (w *World) Serve(t testing.TB) {
	t.Helper()
	listener, err := net.Listen("tcp", cmp.Or(strings.TrimPrefix(w.URL, "http://"), "127.0.0.1:0"))
	require.NoError(t, err)
	w.URL = "http://" + listener.Addr().String()
	w.served = &http.Server{Handler: w.Simulator, ReadHeaderTimeout: time.Minute}
	go func() { _ = w.served.Serve(listener) }() // it always ends with ErrServerClosed
}

// Break stops the services in the middle of calls: connections are cut and new ones refused.
func (w *World) Break() { _ = w.served.Close() }

// SetUp stores the world's organisations, connections, people and invoices in a database, and activates the devices.
func (w *World) SetUp(t testing.TB, databaseURL string) {
	t.Helper()
	w.DatabaseURL, w.Store = databaseURL, storeAt(t, databaseURL, db.Options{Now: w.Now})
	store := w.Store
	for _, organisation := range w.World.Organisations() {
		slug := strings.ToLower(strings.ReplaceAll(organisation.Name, " ", "-"))
		stored, err := store.CreateOrganisation(t.Context(), slug, organisation.Name, zone)
		require.NoError(t, err)
		w.organisations[organisation.RANumber] = stored.ID
		connections := make(map[string]care.ID)
		for _, provider := range organisation.ServiceProviders {
			connection := w.connect(t, store, stored.ID, provider)
			connections[connection.ServiceProviderID] = connection.ID
		}
		w.addPeople(t, store, stored.ID, organisation.RANumber, connections)
		if participants := w.World.HeldParticipants(world.Holder{Organisation: organisation.RANumber}); len(participants) > 0 {
			w.connectNDIA(t, store, stored.ID, organisation.ServiceProviders[0])
			w.addParticipants(t, store, stored.ID, organisation.RANumber, participants)
		}
		w.ImportInvoices(t, store, organisation.RANumber)
	}
	w.ResetCalls()
}

func (w *World) connect(t testing.TB, store *db.Store, organisation care.ID, provider world.ServiceProvider) care.Connection {
	t.Helper()
	known, err := w.Connection(w.URL, provider.Key)
	require.NoError(t, err)
	return w.activate(t, store, organisation, known.ActivationCode, care.Connection{
		Service: care.ServicesAustralia, Name: provider.Key, BaseURL: known.ServicesAustraliaBaseURL,
		TokenBaseURL: known.TokenBaseURL, DeviceBaseURL: known.DeviceBaseURL, RANumber: known.RANumber, DeviceName: known.DeviceName,
		ClientID: known.ClientID, APIKey: known.IBMClientID, Audience: known.ServicesAustraliaAudience, ProductID: known.ProductID,
		ServiceProviderID: known.ServiceProviderID, RatePerSecond: testRate, ConsentCode: servicesaustralia.DefaultConsentCode,
	})
}

// connectNDIA connects an organisation with the NDIA and enables the PACE API.
func (w *World) connectNDIA(t testing.TB, store *db.Store, organisation care.ID, provider world.ServiceProvider) {
	t.Helper()
	known, err := w.Connection(w.URL, provider.Key)
	require.NoError(t, err)
	connection := w.activate(t, store, organisation, known.NDIAActivationCode, care.Connection{
		Service: care.NDIA, Name: "ndia", BaseURL: known.NDIABaseURL,
		TokenBaseURL: known.TokenBaseURL, DeviceBaseURL: known.DeviceBaseURL, RANumber: known.RANumber, DeviceName: known.NDIADeviceName,
		ClientID: known.ClientID, APIKey: known.NDIAIBMClientID, Audience: known.NDIAAudience, ProductID: known.NDIAProductID,
		RatePerSecond: testRate,
	})
	_, err = store.EnablePACE(t.Context(), organisation, connection.ID, testRate, "a test")
	require.NoError(t, err)
}

// activate stores a connection and activates its device.
func (w *World) activate(t testing.TB, store *db.Store, organisation care.ID, code string, connection care.Connection) care.Connection {
	t.Helper()
	connection, err := store.CreateConnection(t.Context(), organisation, connection)
	require.NoError(t, err)
	client := proda.NewClient(transport.NewClient(transport.Options{}), proda.Options{})
	key, err := store.DeviceKeys().StorePending(t.Context(), connection.ID, deviceKey(t, connection.Name))
	require.NoError(t, err)
	_, err = client.ActivateDevice(t.Context(), connection, code, key)
	require.NoError(t, err)
	require.NoError(t, store.DeviceKeys().Promote(t.Context(), connection.ID, key))
	now := time.Now()
	connection, err = store.ChangeConnection(t.Context(), organisation, connection.Name, func(c *care.Connection) { c.ActivatedAt = &now })
	require.NoError(t, err)
	return connection
}

// deviceKeys are the worlds' devices' keys by the connection's name: making one takes longer than all else that sets a world up.
var deviceKeys sync.Map

func deviceKey(t testing.TB, connection string) *rsa.PrivateKey {
	t.Helper()
	made, _ := deviceKeys.LoadOrStore(connection, sync.OnceValues(proda.NewKey))
	key, err := made.(func() (*rsa.PrivateKey, error))()
	require.NoError(t, err)
	return key
}

func (w *World) addPeople(t testing.TB, store *db.Store, organisation care.ID, raNumber string, connections map[string]care.ID) {
	t.Helper()
	people := w.World.People(world.Holder{Organisation: raNumber})
	records := make([]db.PersonRecord, len(people))
	for i, person := range people {
		records[i] = db.PersonRecord{ConnectionID: connections[person.ServiceProviderID], Identity: care.Identity{
			CareRecipientID: person.CareRecipientID, GivenName: person.GivenName, FamilyName: person.FamilyName, BirthDate: date(t, person.BirthDate),
		}}
	}
	for i, id := range AddPeople(t, store, organisation, records...) {
		if _, known := w.people[people[i].Key]; !known {
			w.people[people[i].Key] = care.Request{OrganisationID: organisation, PersonID: id, Trigger: care.TriggerOnDemand}
		}
	}
}

// addParticipants stores an organisation's NDIS participants, with both PACE flags set.
func (w *World) addParticipants(t testing.TB, store *db.Store, organisation care.ID, raNumber string, participants []world.HeldParticipant) {
	t.Helper()
	records := make([]db.PersonRecord, len(participants))
	for i, participant := range participants {
		records[i] = db.PersonRecord{NDISNumber: participant.NDISNumber, Identity: care.Identity{
			GivenName: participant.GivenName, FamilyName: participant.FamilyName, BirthDate: date(t, participant.BirthDate),
		}}
	}
	yes := true
	for i, id := range AddPeople(t, store, organisation, records...) {
		_, err := store.SetPACEFlags(t.Context(), organisation, id, care.FlagChange{PACEParticipant: &yes, PACEAPIAccess: &yes}, "tests")
		require.NoError(t, err)
		key := participantKey{raNumber, participants[i].Key}
		w.participants[key] = care.Request{OrganisationID: organisation, PersonID: id, Trigger: care.TriggerOnDemand}
	}
}

// ImportInvoices stores what an organisation has billed so far.
func (w *World) ImportInvoices(t testing.TB, store *db.Store, raNumber string) {
	t.Helper()
	billed := w.World.Invoices(world.Holder{Organisation: raNumber})
	ids := make([]string, len(billed))
	for i, line := range billed {
		ids[i] = line.CareRecipientID
	}
	_, err := store.ImportInvoices(t.Context(), w.organisations[raNumber], ids, func(people map[string]care.ID) ([]db.InvoiceLine, error) {
		lines := make([]db.InvoiceLine, len(billed))
		for i, line := range billed {
			lines[i] = db.InvoiceLine{Amount: line.Amount, InvoiceLine: care.InvoiceLine{
				ID: db.NewID(), PersonID: people[line.CareRecipientID], UpstreamInvoiceID: line.InvoiceID, UpstreamItemID: line.ItemID,
				ServiceCode: line.ServiceID, DeliveryDate: date(t, line.DeliveryDate),
			}}
		}
		return lines, nil
	})
	require.NoError(t, err)
}

func date(t testing.TB, day world.Date) care.Date {
	t.Helper()
	if day == world.NoDate {
		return care.Date{}
	}
	parsed, err := care.ParseDate(day.String())
	require.NoError(t, err)
	return parsed
}

// Request asks for a sync of the person of a scenario, or of a generated one, by key.
func (w *World) Request(t testing.TB, key string) care.Request {
	t.Helper()
	request, known := w.people[key]
	require.True(t, known, "the world has no person %q", key)
	return request
}

// RequestFor asks for a contract sync of the NDIS participant of a scenario, or of a generated one, by key, for the organisation that holds
// them, or the first that does.
func (w *World) RequestFor(t testing.TB, key string) care.Request {
	t.Helper()
	for _, organisation := range w.World.Organisations() {
		if request, known := w.participants[participantKey{organisation.RANumber, key}]; known {
			return request
		}
	}
	require.Fail(t, "the world has no participant", key)
	return care.Request{}
}

// Steps are the steps of a worker process of its own: another pool, token cache and allowance each time.
func (w *World) Steps(t testing.TB, options db.Options) *activities.Steps {
	t.Helper()
	options.Now = w.Now
	store := storeAt(t, w.DatabaseURL, options)
	calls := transport.NewClient(transport.Options{})
	t.Cleanup(calls.CloseIdle)
	return hosting.Steps(store, calls, nil)
}

// Sync runs one sync by direct calls and returns its result.
func (w *World) Sync(t testing.TB, steps *activities.Steps, key string) care.RunResult {
	t.Helper()
	result, err := steps.Sync(t.Context(), db.NewID(), w.Request(t, key))
	require.NoError(t, err)
	return result
}

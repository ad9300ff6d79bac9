// Package server puts the simulated services together under one http.Handler: PRODA, Services Australia, the NDIA and the
// control API. The program caresync-simulator serves it, and tests put it into an httptest.Server:
//
//	sim, err := server.New(world.Options{Scenarios: scenarios.FS})
//	ts := httptest.NewServer(sim)
//	connection, err := sim.Connection(ts.URL, "banksia")
package server

import (
	"cmp"
	"fmt"
	"net/http"

	"github.com/caresync/caresync/simulator/calls"
	"github.com/caresync/caresync/simulator/claims"
	"github.com/caresync/caresync/simulator/faults"
	"github.com/caresync/caresync/simulator/gateway"
	"github.com/caresync/caresync/simulator/ndia"
	"github.com/caresync/caresync/simulator/proda"
	"github.com/caresync/caresync/simulator/servicesaustralia"
	"github.com/caresync/caresync/simulator/world"
)

// What a client of the simulators must be configured with, unless other values were chosen.
const (
	// ServicesAustraliaPath is the path of the Aged Care API's base URL.
	ServicesAustraliaPath = "/claiming/ext-vnd/acws"
	// ServicesAustraliaAudience is the token.aud for Services Australia.
	ServicesAustraliaAudience = "https://healthclaiming.api.humanservices.gov.au/claiming/ext-vnd/acws"
	// NDIAPath is the path of the NDIA's base URL, NDIAAudience the token.aud for it. Neither is public: these are made up.
	NDIAPath     = "/ndia"
	NDIAAudience = "https://ndia.simulator.caresync.example/ndis"
	// DefaultIBMClientID and DefaultProductID are the registered X-IBM-Client-Id and dhs-productId.
	DefaultIBMClientID = "caresync-simulated-client"
	DefaultProductID   = "caresync"
)

// Simulator is the simulated world with the services that stand in front of it.
type Simulator struct {
	World             *world.World
	PRODA             *proda.Service
	ServicesAustralia *servicesaustralia.Service
	NDIA              *ndia.Service
	// Claims is the organisations' claim service.
	Claims *claims.Service
	// Faults are the active faults of all services.
	Faults *faults.Set

	calls   *calls.Recorder
	config  config
	journal *journal
	mux     *http.ServeMux
}

type config struct {
	world             world.Options
	proda             proda.Options
	servicesAustralia gateway.Settings
	ndia              ndia.Settings
	stateFile         string
}

// Option changes how the services behave.
type Option func(*config)

// WithPRODA sets PRODA's lives, throttling and clock.
func WithPRODA(options proda.Options) Option { return func(c *config) { c.proda = options } }

// WithServicesAustralia sets what the gateway of Services Australia demands; empty values keep their defaults.
func WithServicesAustralia(settings gateway.Settings) Option {
	return func(c *config) { c.servicesAustralia = settings }
}

// WithNDIA sets what the gateway of the NDIA demands, and its hourly cap of budget calls; empty values keep their defaults,
// which for client and product id are those of Services Australia.
func WithNDIA(settings ndia.Settings) Option { return func(c *config) { c.ndia = settings } }

// WithState keeps changes of the world, activated keys and tokens in a file, so that a restart with the same options goes
// on where it stopped. The file is made if it is missing.
func WithState(path string) Option { return func(c *config) { c.stateFile = path } }

// New makes a world and the services in front of it. It fails if a scenario file is wrong, or if the state file belongs to
// a world of other options.
func New(options world.Options, more ...Option) (*Simulator, error) {
	c := config{world: options}
	for _, option := range more {
		option(&c)
	}
	c.servicesAustralia.Audience = cmp.Or(c.servicesAustralia.Audience, ServicesAustraliaAudience)
	c.servicesAustralia.ClientID = cmp.Or(c.servicesAustralia.ClientID, DefaultIBMClientID)
	c.servicesAustralia.ProductID = cmp.Or(c.servicesAustralia.ProductID, DefaultProductID)
	c.ndia.Audience = cmp.Or(c.ndia.Audience, NDIAAudience)
	c.ndia.ClientID = cmp.Or(c.ndia.ClientID, c.servicesAustralia.ClientID)
	c.ndia.ProductID = cmp.Or(c.ndia.ProductID, c.servicesAustralia.ProductID)
	c.proda.ClientID = cmp.Or(c.proda.ClientID, proda.DefaultClientID)
	if len(c.proda.Audiences) == 0 {
		c.proda.Audiences = []string{c.servicesAustralia.Audience, c.ndia.Audience}
	}
	if c.proda.Now == nil {
		c.proda.Now = c.world.Now
	}
	if c.stateFile == "" {
		return assemble(c)
	}
	return restore(c)
}

// MustNew is New for tests and examples, whose options are known to be right: it panics if they are not.
func MustNew(options world.Options, more ...Option) *Simulator {
	simulator, err := New(options, more...)
	if err != nil {
		panic(err)
	}
	return simulator
}

func assemble(c config) (*Simulator, error) {
	s := &Simulator{Faults: &faults.Set{}, calls: &calls.Recorder{}, config: c, mux: http.NewServeMux()}
	listener := c.world.OnEvents
	c.world.OnEvents = func(events []world.Event) {
		if listener != nil {
			listener(events)
		}
		s.NDIA.Notify(events)
	}
	w, err := world.New(c.world)
	if err != nil {
		return nil, fmt.Errorf("make the simulated world: %w", err)
	}
	s.World = w
	s.PRODA = proda.New(w.Organisations(), c.proda, s.Faults, s.calls)
	s.ServicesAustralia = servicesaustralia.New(w, c.servicesAustralia, s.PRODA, s.Faults, s.calls)
	s.NDIA = ndia.New(w, c.ndia, s.PRODA, s.Faults, s.calls)
	s.Claims = claims.New(w)

	s.mux.Handle("/piaweb/", s.PRODA)
	s.mux.Handle("/mga/", s.PRODA)
	s.mux.Handle(ServicesAustraliaPath+"/", http.StripPrefix(ServicesAustraliaPath, s.ServicesAustralia))
	s.mux.Handle(NDIAPath+"/", http.StripPrefix(NDIAPath, s.NDIA))
	s.handleControl()
	return s, nil
}

// ServeHTTP serves all simulated services and the control API.
func (s *Simulator) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Date", s.World.Now().UTC().Format(http.TimeFormat)) // by the world's clock, as its stamps are
	s.mux.ServeHTTP(w, r)
}

// Calls returns the latest calls to the services, in the order in which they ended.
func (s *Simulator) Calls() []calls.Call { return s.calls.List() }

// Counts sums up the calls by operation.
func (s *Simulator) Counts() map[string]calls.Count { return s.calls.Counts() }

// ResetCalls forgets the calls so far.
func (s *Simulator) ResetCalls() { s.calls.Reset() }

// Close releases calls that hang, abandons notifications that are waiting, and closes the state file.
func (s *Simulator) Close() error {
	s.Faults.Clear()
	s.NDIA.Webhooks.Close()
	s.Claims.Webhooks.Close()
	if s.journal == nil {
		return nil
	}
	return s.journal.close()
}

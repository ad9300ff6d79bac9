package world

import (
	"errors"
	"io/fs"
	"slices"
	"sync"
	"time"
)

// ErrNoSuchPerson is the error for an unknown key or number.
var ErrNoSuchPerson = errors.New("no such person in the simulated world")

// Options describe a world. The zero value is an empty world of today with the default organisations.
type Options struct {
	// Seed is the random seed.
	Seed uint64
	// People is how many people are generated, in addition to those of the scenarios.
	People int
	// Participants is how many NDIS participants are generated, in addition to those of the scenarios.
	Participants int
	// Today is the world's first day; NoDate takes the date in Sydney at Now.
	Today Date
	// Scenarios holds YAML files of single people (and organisations) in its root; nil: none.
	Scenarios fs.FS
	// Organisations replace the default ones and those of the scenario files.
	Organisations []Organisation
	// Now is the clock for tokens and updatedAt stamps; nil takes the machine's.
	Now func() time.Time
	// OnChange receives every change before it takes effect, with the world locked; an error prevents the change.
	OnChange func(Change) error
	// OnEvents is called with what the NDIA notifies organisations of, after a change took effect, with the world locked, and
	// not by a replay.
	OnEvents func([]Event)
}

// Change is a move or an advance that happened, as a restart needs it to bring the world back to where it was.
type Change struct {
	At time.Time `json:"at"`
	// Person and Move are set for a move, Participant and PlanMove for one of a participant, AdvanceTo for an advance.
	Person      string   `json:"person,omitzero"`
	Move        Move     `json:"move,omitzero"`
	Participant string   `json:"participant,omitzero"`
	PlanMove    PlanMove `json:"planMove,omitzero"`
	AdvanceTo   Date     `json:"advanceTo,omitzero"`
}

// World is the simulated population. It is safe for concurrent use.
type World struct {
	now           func() time.Time
	onChange      func(Change) error
	onEvents      func([]Event)
	organisations []Organisation
	seed          uint64
	origin        Date

	mu           sync.RWMutex
	today        Date
	version      uint64
	lastStamp    time.Time
	sequence     sequence
	people       directory[*Person]
	participants directory[*Participant]
	byBudget     map[string]budgetPlace
	scheduled    []scheduledMove
	// pools are the care-management budgets by service provider.
	pools map[string][]*Budget
}

// budgetPlace is a budget's place in a person's list.
type budgetPlace struct{ person, position int }

// New makes a world. It fails if a scenario file cannot be read, with the file and the person in the error.
func New(options Options) (*World, error) {
	w := &World{
		now: options.Now, onChange: options.OnChange, onEvents: options.OnEvents, seed: options.Seed,
		people: newDirectory[*Person](), participants: newDirectory[*Participant](),
		byBudget: map[string]budgetPlace{}, pools: map[string][]*Budget{},
	}
	if w.now == nil {
		w.now = time.Now
	}
	w.origin = options.Today
	if w.origin == NoDate {
		w.origin = SydneyDate(w.now())
	}
	w.today = w.origin
	w.sequence = newSequence(options.Seed)

	scenarios, err := readScenarios(options.Scenarios, w.today)
	if err != nil {
		return nil, err
	}
	w.organisations = chooseOrganisations(options.Organisations, scenarios.Organisations)
	if err := checkOrganisations(w.organisations); err != nil {
		return nil, err
	}
	if err := w.addScenarioPeople(scenarios.People); err != nil {
		return nil, err
	}
	w.addGeneratedPeople(options.People)
	w.addPools()
	if err := w.addScenarioParticipants(scenarios.Participants); err != nil {
		return nil, err
	}
	w.addGeneratedParticipants(options.Participants)
	return w, nil
}

func chooseOrganisations(given, fromFiles []Organisation) []Organisation {
	switch {
	case len(given) > 0:
		return given
	case len(fromFiles) > 0:
		return fromFiles
	default:
		return DefaultOrganisations()
	}
}

// Today is the government's calendar date. It moves by Advance only.
func (w *World) Today() Date {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return w.today
}

// Origin is the date that the world began with.
func (w *World) Origin() Date { return w.origin }

// Seed is the seed that the world was made from.
func (w *World) Seed() uint64 { return w.seed }

// Now is the instant, as tokens and updatedAt stamps see it.
func (w *World) Now() time.Time { return w.now() }

// Version counts the changes so far.
func (w *World) Version() uint64 {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return w.version
}

// Organisations are the registered care providers.
func (w *World) Organisations() []Organisation { return slices.Clone(w.organisations) }

// Recipients returns everyone, those of the scenarios first, in the order in which they were made.
func (w *World) Recipients() []*Person {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return slices.Clone(w.people.list)
}

// Find returns a person by key or care recipient id; people who are not known upstream are found by key.
func (w *World) Find(name string) (*Person, bool) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return w.people.find(name)
}

// ByCareRecipientID returns the person with a care recipient id.
func (w *World) ByCareRecipientID(id string) (*Person, bool) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return w.people.withNumber(id)
}

// ByBudgetID returns a budget and its person; the person is nil for a budget of a care-management pool.
func (w *World) ByBudgetID(id string) (*Person, *Budget, bool) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	if place, found := w.byBudget[id]; found {
		person := w.people.list[place.person]
		return person, &person.Budgets[place.position], true
	}
	for _, budgets := range w.pools {
		for _, budget := range budgets {
			if budget.ID == id {
				return nil, budget, true
			}
		}
	}
	return nil, nil, false
}

// OfProvider returns the people known upstream that a service provider has or had.
func (w *World) OfProvider(serviceProviderID string) []*Person {
	w.mu.RLock()
	defer w.mu.RUnlock()
	var held []*Person
	for _, person := range w.people.list {
		if !person.NotUpstream && person.HeldBy(serviceProviderID) {
			held = append(held, person)
		}
	}
	return held
}

// PoolBudgets returns a provider's care-management budgets.
func (w *World) PoolBudgets(serviceProviderID string) []*Budget {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return slices.Clone(w.pools[serviceProviderID])
}

func (w *World) addPerson(p *Person) error {
	if err := w.people.add(p); err != nil {
		return err
	}
	w.indexBudgets(len(w.people.list) - 1)
	return nil
}

func (w *World) indexBudgets(slot int) {
	for position := range w.people.list[slot].Budgets {
		w.byBudget[w.people.list[slot].Budgets[position].ID] = budgetPlace{person: slot, position: position}
	}
}

// originStamp is an updatedAt for something that happened on a date, always before the world began.
func (w *World) originStamp(date Date, salt uint64) time.Time {
	date = min(date, w.origin-1)
	return date.Time().Add(time.Duration(salt%(9*60*60)) * time.Second)
}

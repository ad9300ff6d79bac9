package world

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"sync"
	"time"
)

// ErrNoSuchPerson says that neither a key nor a number of that name exists.
var ErrNoSuchPerson = errors.New("no such person in the simulated world")

// Options say what world to make. The zero value is an empty world of today with the default organisations.
type Options struct {
	// Seed decides everything that is drawn by chance.
	Seed uint64
	// People is how many are generated, beside those of the scenarios.
	People int
	// Participants is how many NDIS participants are generated, beside those of the scenarios.
	Participants int
	// Today is the world's first day; NoDate takes the date in Sydney at Now.
	Today Date
	// Scenarios holds YAML files of single people (and organisations) in its root; nil: none.
	Scenarios fs.FS
	// Organisations replace the default ones and those of the scenario files.
	Organisations []Organisation
	// Now is the clock for tokens and updatedAt stamps; nil takes the machine's.
	Now func() time.Time
	// OnChange is told of every change before it takes effect, with the world locked; an error prevents the change.
	OnChange func(Change) error
	// OnEvents is told what the NDIA would notify organisations of, after a change took effect, with the world locked. It is
	// not told again by a replay.
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

// World is the simulated population. It is safe for use by many goroutines.
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
	people       []*Person
	pools        map[string][]*Budget
	byKey        map[string]int
	byRecipient  map[string]int
	byBudget     map[string]budgetPlace
	scheduled    []scheduledMove
	participants participants
}

// budgetPlace says where a budget stands: in a person's list, or in a provider's pool.
type budgetPlace struct {
	person   int
	pool     string
	position int
}

// New makes a world. It fails if a scenario file cannot be read, with the file and the person in the error.
func New(options Options) (*World, error) {
	w := &World{
		now: options.Now, onChange: options.OnChange, onEvents: options.OnEvents, seed: options.Seed, participants: newParticipants(),
		pools: map[string][]*Budget{}, byKey: map[string]int{}, byRecipient: map[string]int{}, byBudget: map[string]budgetPlace{},
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

	scenarios, err := readScenarios(options.Scenarios)
	if err != nil {
		return nil, err
	}
	w.organisations = chooseOrganisations(options.Organisations, scenarios.organisations)
	if err := checkOrganisations(w.organisations); err != nil {
		return nil, err
	}
	if err := w.addScenarioPeople(scenarios.people); err != nil {
		return nil, err
	}
	w.addGeneratedPeople(options.People)
	w.addPools()
	if err := w.addScenarioParticipants(scenarios.participants); err != nil {
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

// Recipients gives everybody, those of the scenarios first, in the order in which they were made.
func (w *World) Recipients() []*Person {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return slices.Clone(w.people)
}

// Find gives a person by key or care recipient id; people who are not known upstream are found by key.
func (w *World) Find(name string) (*Person, bool) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	slot, found := w.slot(name)
	if !found {
		return nil, false
	}
	return w.people[slot], true
}

func (w *World) slot(name string) (int, bool) {
	if slot, found := w.byKey[name]; found {
		return slot, true
	}
	slot, found := w.byRecipient[name]
	return slot, found
}

// ByCareRecipientID gives the person whom Services Australia knows under an id.
func (w *World) ByCareRecipientID(id string) (*Person, bool) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	slot, found := w.byRecipient[id]
	if !found {
		return nil, false
	}
	return w.people[slot], true
}

// ByBudgetID gives a budget and its person; the person is nil for a budget of a care-management pool.
func (w *World) ByBudgetID(id string) (*Person, *Budget, bool) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	place, found := w.byBudget[id]
	if !found {
		return nil, nil, false
	}
	if place.pool != "" {
		return nil, w.pools[place.pool][place.position], true
	}
	person := w.people[place.person]
	return person, &person.Budgets[place.position], true
}

// OfProvider gives the people whom a service provider holds or held and who are known upstream.
func (w *World) OfProvider(serviceProviderID string) []*Person {
	w.mu.RLock()
	defer w.mu.RUnlock()
	var held []*Person
	for _, person := range w.people {
		if !person.NotUpstream && person.HeldBy(serviceProviderID) {
			held = append(held, person)
		}
	}
	return held
}

// PoolBudgets gives a provider's care-management budgets.
func (w *World) PoolBudgets(serviceProviderID string) []*Budget {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return slices.Clone(w.pools[serviceProviderID])
}

// add puts a new person into the world. It fails if the key or the care recipient id is taken.
func (w *World) add(p *Person) error {
	if _, taken := w.byKey[p.Key]; taken {
		return fmt.Errorf("person %q exists twice", p.Key)
	}
	if _, taken := w.byRecipient[p.CareRecipientID]; taken && !p.NotUpstream {
		return fmt.Errorf("person %q: the care recipient id belongs to another person", p.Key)
	}
	slot := len(w.people)
	w.people = append(w.people, p)
	w.byKey[p.Key] = slot
	if !p.NotUpstream {
		w.byRecipient[p.CareRecipientID] = slot
	}
	w.indexBudgets(slot)
	return nil
}

func (w *World) indexBudgets(slot int) {
	for position := range w.people[slot].Budgets {
		w.byBudget[w.people[slot].Budgets[position].ID] = budgetPlace{person: slot, position: position}
	}
}

// originStamp is an updatedAt for something that happened on a date, always before the world began.
func (w *World) originStamp(date Date, salt uint64) time.Time {
	date = min(date, w.origin-1)
	return date.Time().Add(time.Duration(salt%(9*60*60)) * time.Second)
}

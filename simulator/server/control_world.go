package server

import (
	"cmp"
	"errors"
	"net/http"

	"github.com/caresync/caresync/simulator/world"
)

func (s *Simulator) health(*http.Request) (any, error) {
	return struct {
		Status string `json:"status"`
	}{"ok"}, nil
}

type worldState struct {
	Today        world.Date           `json:"today"`
	Origin       world.Date           `json:"origin"`
	Seed         uint64               `json:"seed"`
	People       int                  `json:"people"`
	Participants int                  `json:"participants"`
	Changes      uint64               `json:"changes"`
	Moves        []world.MoveName     `json:"moves"`
	PlanMoves    []world.PlanMoveName `json:"planMoves"`
	// Skipped are the moves of scenarios that no longer applied when the world advanced.
	Skipped []string `json:"skipped,omitzero"`
}

func (s *Simulator) describeWorld(*http.Request) (any, error) { return s.worldState(), nil }

func (s *Simulator) worldState() worldState {
	return worldState{
		Today: s.World.Today(), Origin: s.World.Origin(), Seed: s.World.Seed(),
		People: len(s.World.Recipients()), Participants: len(s.World.Participants()), Changes: s.World.Version(),
		Moves: world.MoveNames(), PlanMoves: world.PlanMoveNames(),
	}
}

// advanceRequest is how far to advance: to a date, by days, or to the first day of a later quarter. An empty one only
// carries out the moves that are waiting in scenarios.
type advanceRequest struct {
	To       world.Date `json:"to"`
	Days     int        `json:"days"`
	Quarters int        `json:"quarters"`
}

func (a advanceRequest) from(today world.Date) (world.Date, error) {
	if a.Days < 0 || a.Quarters < 0 || a.Days > 3660 || a.Quarters > 40 {
		return world.NoDate, errors.New("days must be between 0 and 3660, quarters between 0 and 40")
	}
	if a.To != world.NoDate && (a.Days > 0 || a.Quarters > 0) {
		return world.NoDate, errors.New("use either to, or days and quarters, but not both")
	}
	if a.Quarters > 0 {
		today = today.Quarter().Start.AddMonths(3 * a.Quarters)
	}
	return cmp.Or(a.To, today.AddDays(a.Days)), nil
}

func (s *Simulator) advance(_ *http.Request, request advanceRequest) (any, error) {
	to, err := request.from(s.World.Today())
	if err == nil {
		err = s.World.Advance(to)
	}
	skipped := new(world.SkippedMovesError)
	if err != nil && !errors.As(err, &skipped) {
		return nil, err
	}
	state := s.worldState()
	state.Skipped = skipped.Reasons
	return state, nil
}

func (s *Simulator) listConnections(r *http.Request) (any, error) {
	return s.Connections("http://" + r.Host), nil
}

// holder reads whose people, participants or invoices a request asks for.
func holder(r *http.Request) world.Holder {
	query := r.URL.Query()
	return world.Holder{Organisation: query.Get("organisation"), ServiceProvider: query.Get("provider")}
}

func (s *Simulator) listPeople(r *http.Request) (any, error) {
	type item struct {
		Key               string `json:"key"`
		About             string `json:"about,omitzero"`
		RANumber          string `json:"raNumber"`
		ServiceProviderID string `json:"serviceProviderId"`
		CareRecipientID   string `json:"careRecipientId"`
	}
	list := []item{}
	for _, held := range s.World.People(holder(r)) {
		person, _ := s.World.Find(held.Key)
		list = append(list, item{held.Key, person.About, held.RANumber, held.ServiceProviderID, held.CareRecipientID})
	}
	return list, nil
}

func (s *Simulator) describePerson(r *http.Request) (any, error) {
	person, found := s.World.Find(r.PathValue("person"))
	if !found {
		return nil, world.ErrNoSuchPerson
	}
	return person, nil
}

func (s *Simulator) movePerson(r *http.Request, move world.Move) (any, error) {
	move.Name = world.MoveName(r.PathValue("move"))
	return s.World.Move(r.PathValue("person"), move)
}

func (s *Simulator) listParticipants(r *http.Request) (any, error) {
	type item struct {
		Key        string `json:"key"`
		About      string `json:"about,omitzero"`
		RANumber   string `json:"raNumber"`
		NDISNumber string `json:"ndisNumber"`
	}
	list := []item{}
	for _, held := range s.World.HeldParticipants(holder(r)) {
		participant, _ := s.World.FindParticipant(held.Key)
		list = append(list, item{held.Key, participant.About, held.RANumber, held.NDISNumber})
	}
	return list, nil
}

func (s *Simulator) describeParticipant(r *http.Request) (any, error) {
	participant, found := s.World.FindParticipant(r.PathValue("participant"))
	if !found {
		return nil, world.ErrNoSuchPerson
	}
	return participant, nil
}

func (s *Simulator) moveParticipant(r *http.Request, move world.PlanMove) (any, error) {
	move.Name = world.PlanMoveName(r.PathValue("move"))
	return nil, s.World.MoveParticipant(r.PathValue("participant"), move)
}

package server

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/caresync/caresync/simulator/calls"
	"github.com/caresync/caresync/simulator/faults"
	"github.com/caresync/caresync/simulator/proda"
	"github.com/caresync/caresync/simulator/world"
)

// mostBody is the largest request body that the control API reads, in bytes.
const mostBody = 1 << 20

func (s *Simulator) handleControl() {
	s.mux.HandleFunc("GET /control/health", s.health)
	s.mux.HandleFunc("GET /control/world", s.describeWorld)
	s.mux.HandleFunc("GET /control/connections", s.listConnections)
	s.mux.HandleFunc("GET /control/people", s.listPeople)
	s.mux.HandleFunc("GET /control/people.csv", s.exportPeople)
	s.mux.HandleFunc("GET /control/invoices.csv", s.exportInvoices)
	s.mux.HandleFunc("GET /control/person/{person}", s.describePerson)
	s.mux.HandleFunc("POST /control/person/{person}/{move}", s.movePerson)
	s.mux.HandleFunc("POST /control/advance", s.advance)
	s.mux.HandleFunc("GET /control/faults", s.listFaults)
	s.mux.HandleFunc("PUT /control/faults", s.setFaults)
	s.mux.HandleFunc("DELETE /control/faults", s.clearFaults)
	s.mux.HandleFunc("GET /control/calls", s.listCalls)
	s.mux.HandleFunc("DELETE /control/calls", s.resetCalls)
	s.mux.HandleFunc("POST /control/device/{organisation}/{device}/{action}", s.changeDevice)
}

func (s *Simulator) health(w http.ResponseWriter, _ *http.Request) {
	reply(w, struct {
		Status string `json:"status"`
	}{"ok"})
}

func (s *Simulator) describeWorld(w http.ResponseWriter, _ *http.Request) {
	reply(w, s.worldState())
}

func (s *Simulator) worldState() worldState {
	return worldState{
		Today: s.World.Today(), Origin: s.World.Origin(), Seed: s.World.Seed(),
		People: len(s.World.Recipients()), Participants: len(s.World.Participants()), Changes: s.World.Version(),
		Moves: world.MoveNames(), PlanMoves: world.PlanMoveNames(),
	}
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
	// Skipped says which moves of scenarios no longer fitted when the world moved on.
	Skipped []string `json:"skipped,omitzero"`
}

func (s *Simulator) listConnections(w http.ResponseWriter, r *http.Request) {
	reply(w, s.Connections("http://"+r.Host))
}

func (s *Simulator) listPeople(w http.ResponseWriter, r *http.Request) {
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
	reply(w, list)
}

func holder(r *http.Request) world.Holder {
	query := r.URL.Query()
	return world.Holder{Organisation: query.Get("organisation"), ServiceProvider: query.Get("provider")}
}

func (s *Simulator) exportPeople(w http.ResponseWriter, r *http.Request) {
	exportCSV(w, func(out io.Writer) error { return s.World.WritePeopleCSV(out, holder(r)) })
}

func (s *Simulator) exportInvoices(w http.ResponseWriter, r *http.Request) {
	exportCSV(w, func(out io.Writer) error { return s.World.WriteInvoicesCSV(out, holder(r)) })
}

func exportCSV(w http.ResponseWriter, write func(io.Writer) error) {
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	if err := write(w); err != nil {
		panic(http.ErrAbortHandler) // the client must not take half a file for a whole one
	}
}

func (s *Simulator) describePerson(w http.ResponseWriter, r *http.Request) {
	person, found := s.World.Find(r.PathValue("person"))
	if !found {
		fail(w, http.StatusNotFound, world.ErrNoSuchPerson)
		return
	}
	reply(w, person)
}

func (s *Simulator) movePerson(w http.ResponseWriter, r *http.Request) {
	var move world.Move
	if err := readBody(w, r, &move); err != nil {
		fail(w, http.StatusBadRequest, err)
		return
	}
	move.Name = world.MoveName(r.PathValue("move"))
	result, err := s.World.Move(r.PathValue("person"), move)
	switch {
	case errors.Is(err, world.ErrNoSuchPerson):
		fail(w, http.StatusNotFound, err)
	case err != nil:
		fail(w, http.StatusBadRequest, err)
	default:
		reply(w, result)
	}
}

// advanceRequest says how far to go: to a date, by days, or to the first day of a later quarter. Nothing at all lets only
// the moves happen that scenarios have waiting.
type advanceRequest struct {
	To       world.Date `json:"to"`
	Days     int        `json:"days"`
	Quarters int        `json:"quarters"`
}

func (a advanceRequest) from(today world.Date) (world.Date, error) {
	if a.Days < 0 || a.Quarters < 0 || a.Days > 3660 || a.Quarters > 40 {
		return world.NoDate, errors.New("days lie between 0 and 3660, quarters between 0 and 40")
	}
	if a.To != world.NoDate && (a.Days > 0 || a.Quarters > 0) {
		return world.NoDate, errors.New("give to, or days and quarters, but not both")
	}
	if a.Quarters > 0 {
		today = today.Quarter().Start.AddMonths(3 * a.Quarters)
	}
	return cmp.Or(a.To, today.AddDays(a.Days)), nil
}

func (s *Simulator) advance(w http.ResponseWriter, r *http.Request) {
	var request advanceRequest
	if err := readBody(w, r, &request); err != nil {
		fail(w, http.StatusBadRequest, err)
		return
	}
	to, err := request.from(s.World.Today())
	if err == nil {
		err = s.World.Advance(to)
	}
	skipped := new(world.SkippedMovesError)
	if err != nil && !errors.As(err, &skipped) {
		fail(w, http.StatusBadRequest, err)
		return
	}
	state := s.worldState()
	state.Skipped = skipped.Reasons
	reply(w, state)
}

func (s *Simulator) listFaults(w http.ResponseWriter, _ *http.Request) { reply(w, s.Faults.List()) }

// setFaults replaces the faults by a list, or by a single one.
func (s *Simulator) setFaults(w http.ResponseWriter, r *http.Request) {
	var list oneOrMore[faults.Fault]
	if err := readBody(w, r, &list); err != nil {
		fail(w, http.StatusBadRequest, err)
		return
	}
	if err := s.Faults.Set(list...); err != nil {
		fail(w, http.StatusBadRequest, err)
		return
	}
	reply(w, s.Faults.List())
}

func (s *Simulator) clearFaults(w http.ResponseWriter, _ *http.Request) {
	s.Faults.Clear()
	w.WriteHeader(http.StatusNoContent)
}

func (s *Simulator) listCalls(w http.ResponseWriter, r *http.Request) {
	operation, correlation := r.URL.Query().Get("operation"), r.URL.Query().Get("correlationId")
	list := []calls.Call{}
	for _, call := range s.Calls() {
		if (operation == "" || call.Operation == operation) && (correlation == "" || call.CorrelationID == correlation) {
			list = append(list, call)
		}
	}
	reply(w, struct {
		Counts map[string]calls.Count `json:"counts"`
		Calls  []calls.Call           `json:"calls"`
	}{s.Counts(), list})
}

func (s *Simulator) resetCalls(w http.ResponseWriter, _ *http.Request) {
	s.ResetCalls()
	w.WriteHeader(http.StatusNoContent)
}

// changeDevice acts as PRODA's operator on a device.
func (s *Simulator) changeDevice(w http.ResponseWriter, r *http.Request) {
	raNumber, name := r.PathValue("organisation"), r.PathValue("device")
	var request struct {
		ActivationCode string `json:"activationCode"`
	}
	if err := readBody(w, r, &request); err != nil {
		fail(w, http.StatusBadRequest, err)
		return
	}
	err := s.operateDevice(raNumber, name, r.PathValue("action"), request.ActivationCode)
	switch {
	case errors.Is(err, proda.ErrNoSuchDevice):
		fail(w, http.StatusNotFound, err)
	case err != nil:
		fail(w, http.StatusBadRequest, err)
	default:
		w.WriteHeader(http.StatusNoContent)
	}
}

func (s *Simulator) operateDevice(raNumber, name, action, activationCode string) error {
	switch action {
	case "suspend":
		return s.PRODA.Change(raNumber, name, func(device *proda.Device) { device.State = proda.Suspended })
	case "resume":
		return s.PRODA.Change(raNumber, name, func(device *proda.Device) { device.State = proda.Active })
	case "expire":
		return s.PRODA.Change(raNumber, name, func(device *proda.Device) { device.State = proda.Expired })
	case "expire-key":
		return s.PRODA.Change(raNumber, name, func(device *proda.Device) { device.KeyExpiry = s.World.Now() })
	case "revoke-tokens":
		return s.PRODA.RevokeTokens(raNumber, name)
	case "reset":
		if activationCode == "" {
			return errors.New("reset: give the new activationCode")
		}
		return s.PRODA.Reset(raNumber, name, activationCode)
	default:
		return fmt.Errorf("there is no action %q; the actions are suspend, resume, expire, expire-key, revoke-tokens and reset", action)
	}
}

// oneOrMore is a list in JSON, or a single value. Unknown fields are refused.
type oneOrMore[T any] []T

func (l *oneOrMore[T]) UnmarshalJSON(data []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if strings.HasPrefix(strings.TrimSpace(string(data)), "[") {
		return decoder.Decode((*[]T)(l))
	}
	*l = make(oneOrMore[T], 1)
	return decoder.Decode(&(*l)[0])
}

// readBody reads a JSON body; none at all leaves the value as it is.
func readBody(w http.ResponseWriter, r *http.Request, into any) error {
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, mostBody))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read the body: %w", err)
	}
	return nil
}

func reply(w http.ResponseWriter, value any) {
	content, err := json.Marshal(value)
	if err != nil {
		fail(w, http.StatusInternalServerError, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(append(content, '\n')) // a client that went away needs no answer
}

func fail(w http.ResponseWriter, status int, err error) {
	content, _ := json.Marshal(struct { // a text always encodes
		Error string `json:"error"`
	}{err.Error()})
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(content, '\n'))
}

package server

import (
	"errors"
	"io"
	"net/http"

	"github.com/caresync/caresync/simulator/ndia"
	"github.com/caresync/caresync/simulator/world"
)

// handleParticipants adds what the control API can do with NDIS participants and their notifications.
func (s *Simulator) handleParticipants() {
	s.mux.HandleFunc("GET /control/participants", s.listParticipants)
	s.mux.HandleFunc("GET /control/participants.csv", s.exportParticipants)
	s.mux.HandleFunc("GET /control/participant/{participant}", s.describeParticipant)
	s.mux.HandleFunc("POST /control/participant/{participant}/{move}", s.moveParticipant)
	s.mux.HandleFunc("GET /control/webhooks", s.listWebhooks)
	s.mux.HandleFunc("PUT /control/webhooks", s.setWebhooks)
	s.mux.HandleFunc("DELETE /control/webhooks", s.clearWebhooks)
	s.mux.HandleFunc("GET /control/notifications", s.listNotifications)
	s.mux.HandleFunc("DELETE /control/notifications", s.forgetNotifications)
	s.mux.HandleFunc("POST /control/notifications/release", s.releaseNotifications)
}

func (s *Simulator) listParticipants(w http.ResponseWriter, r *http.Request) {
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
	reply(w, list)
}

func (s *Simulator) exportParticipants(w http.ResponseWriter, r *http.Request) {
	exportCSV(w, func(out io.Writer) error { return s.World.WriteParticipantsCSV(out, holder(r)) })
}

func (s *Simulator) describeParticipant(w http.ResponseWriter, r *http.Request) {
	participant, found := s.World.FindParticipant(r.PathValue("participant"))
	if !found {
		fail(w, http.StatusNotFound, world.ErrNoSuchPerson)
		return
	}
	reply(w, participant)
}

func (s *Simulator) moveParticipant(w http.ResponseWriter, r *http.Request) {
	var move world.PlanMove
	if err := readBody(w, r, &move); err != nil {
		fail(w, http.StatusBadRequest, err)
		return
	}
	move.Name = world.PlanMoveName(r.PathValue("move"))
	err := s.World.MoveParticipant(r.PathValue("participant"), move)
	switch {
	case errors.Is(err, world.ErrNoSuchPerson):
		fail(w, http.StatusNotFound, err)
	case err != nil:
		fail(w, http.StatusBadRequest, err)
	default:
		w.WriteHeader(http.StatusNoContent)
	}
}

func (s *Simulator) listWebhooks(w http.ResponseWriter, _ *http.Request) {
	reply(w, s.NDIA.Notifications.Webhooks())
}

func (s *Simulator) setWebhooks(w http.ResponseWriter, r *http.Request) {
	var list oneOrMore[ndia.Webhook]
	if err := readBody(w, r, &list); err != nil {
		fail(w, http.StatusBadRequest, err)
		return
	}
	if err := s.NDIA.Notifications.SetWebhooks(list...); err != nil {
		fail(w, http.StatusBadRequest, err)
		return
	}
	reply(w, s.NDIA.Notifications.Webhooks())
}

func (s *Simulator) clearWebhooks(w http.ResponseWriter, _ *http.Request) {
	_ = s.NDIA.Notifications.SetWebhooks() // none is valid
	w.WriteHeader(http.StatusNoContent)
}

func (s *Simulator) listNotifications(w http.ResponseWriter, _ *http.Request) {
	deliveries := s.NDIA.Notifications.Deliveries()
	reply(w, struct {
		Waiting    int             `json:"waiting"`
		Deliveries []ndia.Delivery `json:"deliveries"`
	}{s.NDIA.Notifications.Waiting(), append([]ndia.Delivery{}, deliveries...)})
}

func (s *Simulator) forgetNotifications(w http.ResponseWriter, _ *http.Request) {
	s.NDIA.Notifications.ForgetDeliveries()
	w.WriteHeader(http.StatusNoContent)
}

func (s *Simulator) releaseNotifications(w http.ResponseWriter, _ *http.Request) {
	s.NDIA.Notifications.Release()
	w.WriteHeader(http.StatusNoContent)
}

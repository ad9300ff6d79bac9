package server

import (
	"errors"
	"net/http"

	"github.com/caresync/caresync/simulator/claims"
)

// handleClaims adds the simulated claim service to the control API.
func (s *Simulator) handleClaims() {
	s.mux.HandleFunc("GET /control/claims", s.listClaims)
	s.mux.HandleFunc("POST /control/claims", s.submitClaim)
	s.mux.HandleFunc("GET /control/claims/{claim}", s.describeClaim)
	s.mux.HandleFunc("POST /control/claims/{claim}/check-status", s.checkClaimStatus)
	s.mux.HandleFunc("PUT /control/claim-webhooks", s.setClaimWebhooks)
	s.mux.HandleFunc("DELETE /control/claim-webhooks", s.clearClaimWebhooks)
	s.mux.HandleFunc("GET /control/claim-events", s.listClaimEvents)
}

func (s *Simulator) listClaims(w http.ResponseWriter, _ *http.Request) { reply(w, s.Claims.Claims()) }

func (s *Simulator) submitClaim(w http.ResponseWriter, r *http.Request) {
	var order claims.Order
	if err := readBody(w, r, &order); err != nil {
		fail(w, http.StatusBadRequest, err)
		return
	}
	claim, err := s.Claims.Submit(order)
	replyClaim(w, claim, err)
}

func (s *Simulator) describeClaim(w http.ResponseWriter, r *http.Request) {
	claim, err := s.Claims.Find(r.PathValue("claim"))
	replyClaim(w, claim, err)
}

func (s *Simulator) checkClaimStatus(w http.ResponseWriter, r *http.Request) {
	var request struct {
		Cancel bool `json:"cancel"`
	}
	if err := readBody(w, r, &request); err != nil {
		fail(w, http.StatusBadRequest, err)
		return
	}
	claim, err := s.Claims.CheckStatus(r.PathValue("claim"), request.Cancel)
	replyClaim(w, claim, err)
}

func replyClaim(w http.ResponseWriter, claim claims.Claim, err error) {
	switch {
	case errors.Is(err, claims.ErrNoSuchClaim):
		fail(w, http.StatusNotFound, err)
	case err != nil:
		fail(w, http.StatusBadRequest, err)
	default:
		reply(w, claim)
	}
}

func (s *Simulator) setClaimWebhooks(w http.ResponseWriter, r *http.Request) {
	var list oneOrMore[claims.Webhook]
	if err := readBody(w, r, &list); err != nil {
		fail(w, http.StatusBadRequest, err)
		return
	}
	if err := s.Claims.Teller.SetWebhooks(list...); err != nil {
		fail(w, http.StatusBadRequest, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (s *Simulator) clearClaimWebhooks(w http.ResponseWriter, _ *http.Request) {
	_ = s.Claims.Teller.SetWebhooks() // none is valid
	w.WriteHeader(http.StatusNoContent)
}

func (s *Simulator) listClaimEvents(w http.ResponseWriter, _ *http.Request) {
	deliveries := s.Claims.Teller.Deliveries()
	reply(w, struct {
		Waiting    int               `json:"waiting"`
		Deliveries []claims.Delivery `json:"deliveries"`
	}{s.Claims.Teller.Waiting(), append([]claims.Delivery{}, deliveries...)})
}

package server

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/caresync/caresync/simulator/calls"
	"github.com/caresync/caresync/simulator/claims"
	"github.com/caresync/caresync/simulator/faults"
	"github.com/caresync/caresync/simulator/proda"
	"github.com/caresync/caresync/simulator/webhook"
)

func (s *Simulator) listFaults(*http.Request) (any, error) { return s.Faults.List(), nil }

func (s *Simulator) setFaults(_ *http.Request, list oneOrMore[faults.Fault]) (any, error) {
	if err := s.Faults.Set(list...); err != nil {
		return nil, err
	}
	return s.Faults.List(), nil
}

func (s *Simulator) clearFaults(*http.Request) (any, error) {
	s.Faults.Clear()
	return nil, nil
}

func (s *Simulator) listCalls(*http.Request) (any, error) {
	return struct {
		Counts map[string]calls.Count `json:"counts"`
		Calls  []calls.Call           `json:"calls"`
	}{s.Counts(), s.Calls()}, nil
}

func (s *Simulator) resetCalls(*http.Request) (any, error) {
	s.ResetCalls()
	return nil, nil
}

type deviceRequest struct {
	ActivationCode string `json:"activationCode"`
}

// changeDevice acts as PRODA's operator on a device.
func (s *Simulator) changeDevice(r *http.Request, request deviceRequest) (any, error) {
	states := map[string]proda.State{"suspend": proda.Suspended, "resume": proda.Active, "expire": proda.Expired}
	raNumber, name, action := r.PathValue("organisation"), r.PathValue("device"), r.PathValue("action")
	state, changesState := states[action]
	switch {
	case changesState:
		return nil, s.PRODA.Change(raNumber, name, func(device *proda.Device) { device.State = state })
	case action != "reset":
		return nil, fmt.Errorf("unknown action %q: use suspend, resume, expire or reset", action)
	case request.ActivationCode == "":
		return nil, errors.New("reset: activationCode is required")
	default:
		return nil, s.PRODA.Reset(raNumber, name, request.ActivationCode)
	}
}

func webhooksOf(sender *webhook.Sender) operation {
	return func(*http.Request) (any, error) { return sender.Webhooks(), nil }
}

func setWebhooksOf(sender *webhook.Sender) operation {
	return withBody(func(_ *http.Request, hooks oneOrMore[webhook.Webhook]) (any, error) {
		if err := sender.SetWebhooks(hooks...); err != nil {
			return nil, err
		}
		return sender.Webhooks(), nil
	})
}

func deliveriesOf(sender *webhook.Sender) operation {
	return func(*http.Request) (any, error) {
		return struct {
			Waiting    int                `json:"waiting"`
			Deliveries []webhook.Delivery `json:"deliveries"`
		}{sender.Waiting(), append([]webhook.Delivery{}, sender.Deliveries()...)}, nil
	}
}

func (s *Simulator) listClaims(*http.Request) (any, error) { return s.Claims.Claims(), nil }

func (s *Simulator) submitClaim(_ *http.Request, request claims.Request) (any, error) {
	return s.Claims.Submit(request)
}

type checkStatusRequest struct {
	Cancel bool `json:"cancel"`
}

func (s *Simulator) checkClaimStatus(r *http.Request, request checkStatusRequest) (any, error) {
	return s.Claims.CheckStatus(r.PathValue("claim"), request.Cancel)
}

package server

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/caresync/caresync/simulator/claims"
	"github.com/caresync/caresync/simulator/proda"
	"github.com/caresync/caresync/simulator/world"
)

// maxBody is the largest request body that the control API reads, in bytes.
const maxBody = 1 << 20

func (s *Simulator) handleControl() {
	s.control("GET /control/health", s.health)
	s.control("GET /control/world", s.describeWorld)
	s.control("POST /control/advance", withBody(s.advance))
	s.control("GET /control/connections", s.listConnections)
	s.control("GET /control/people", s.listPeople)
	s.control("GET /control/person/{person}", s.describePerson)
	s.control("POST /control/person/{person}/{move}", withBody(s.movePerson))
	s.control("GET /control/participants", s.listParticipants)
	s.control("GET /control/participant/{participant}", s.describeParticipant)
	s.control("POST /control/participant/{participant}/{move}", withBody(s.moveParticipant))
	s.export("GET /control/people.csv", s.World.WritePeopleCSV)
	s.export("GET /control/invoices.csv", s.World.WriteInvoicesCSV)
	s.export("GET /control/participants.csv", s.World.WriteParticipantsCSV)

	s.control("GET /control/faults", s.listFaults)
	s.control("PUT /control/faults", withBody(s.setFaults))
	s.control("DELETE /control/faults", s.clearFaults)
	s.control("GET /control/calls", s.listCalls)
	s.control("DELETE /control/calls", s.resetCalls)
	s.control("POST /control/device/{organisation}/{device}/{action}", withBody(s.changeDevice))
	s.control("GET /control/webhooks", webhooksOf(s.NDIA.Webhooks))
	s.control("PUT /control/webhooks", setWebhooksOf(s.NDIA.Webhooks))
	s.control("GET /control/notifications", deliveriesOf(s.NDIA.Webhooks))
	s.control("GET /control/claim-webhooks", webhooksOf(s.Claims.Webhooks))
	s.control("PUT /control/claim-webhooks", setWebhooksOf(s.Claims.Webhooks))
	s.control("GET /control/claim-events", deliveriesOf(s.Claims.Webhooks))
	s.control("GET /control/claims", s.listClaims)
	s.control("POST /control/claims", withBody(s.submitClaim))
	s.control("POST /control/claims/{claim}/check-status", withBody(s.checkClaimStatus))
}

// operation is one operation of the control API. What it returns is sent as JSON; nil is an answer without a body.
type operation func(r *http.Request) (any, error)

func (s *Simulator) control(pattern string, serve operation) {
	s.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		answer, err := serve(r)
		switch {
		case errors.Is(err, world.ErrNoSuchPerson), errors.Is(err, proda.ErrNoSuchDevice), errors.Is(err, claims.ErrNoSuchClaim):
			fail(w, http.StatusNotFound, err)
		case err != nil:
			fail(w, http.StatusBadRequest, err)
		case answer == nil:
			w.WriteHeader(http.StatusNoContent)
		default:
			send(w, http.StatusOK, answer)
		}
	})
}

// withBody reads the body of a request for an operation. Unknown fields are refused; without a body the value is zero.
func withBody[T any](serve func(r *http.Request, body T) (any, error)) operation {
	return func(r *http.Request) (any, error) {
		var body T
		decoder := json.NewDecoder(r.Body)
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&body); err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("read the body: %w", err)
		}
		return serve(r, body)
	}
}

func (s *Simulator) export(pattern string, write func(io.Writer, world.Holder) error) {
	s.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/csv; charset=utf-8")
		if err := write(w, holder(r)); err != nil {
			panic(http.ErrAbortHandler) // the client must not take half a file for a whole one
		}
	})
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

func send(w http.ResponseWriter, status int, value any) {
	content, err := json.Marshal(value)
	if err != nil {
		panic(err) // the values of the control API always encode
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(content, '\n')) // a client that went away needs no answer
}

func fail(w http.ResponseWriter, status int, err error) {
	send(w, status, struct {
		Error string `json:"error"`
	}{err.Error()})
}

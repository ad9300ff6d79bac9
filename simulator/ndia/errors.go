package ndia

import (
	"bytes"
	"encoding/json"
	"net/http"

	"github.com/caresync/caresync/simulator/gateway"
	"github.com/caresync/caresync/simulator/wire"
	"github.com/caresync/caresync/simulator/world"
)

// Words of the NDIA, as they are found.
const (
	wordsNoAuthority = "Requestor does not have the authority to perform the request"
	wordsNotFound    = "The participant info was not found in NDIS"
)

// Keys of errors. V19 is found, the others are assumed.
const (
	codeParameter   = "V01"
	codeNotPACE     = "V19"
	codeNoAuthority = "A01"
	codeNotFound    = "N01"
	codeNoBudget    = "N02"
	codeEvent       = "V07"
	codeHourlyCap   = "R02"
)

// The forms in which errors are written.
const (
	asStrings      = "strings"
	asObjects      = "objects"
	asText         = "text"
	asUnsuccessful = "unsuccessful"
)

type envelope struct {
	Success bool  `json:"success"`
	Result  any   `json:"result,omitempty"`
	Errors  []any `json:"errors,omitempty"`
}

type keyedError struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// problem is why a call is refused.
type problem struct {
	status    int
	key, says string
}

var (
	noAuthority = problem{http.StatusForbidden, codeNoAuthority, wordsNoAuthority}
	notFound    = problem{http.StatusNotFound, codeNotFound, wordsNotFound}
	noBudget    = problem{http.StatusNotFound, codeNoBudget, "No current budget was found for the participant"}
	notPACE     = problem{http.StatusBadRequest, codeNotPACE, "The participant does not have a PACE plan"}
)

// refuseCall returns an error that is about the call rather than about a participant (gateway.Refuse). A device that is
// not authorised has no authority; a path that is no operation never comes to the NDIA, whose form the answer does not have.
func refuseCall(w http.ResponseWriter, status int, code, message string) {
	switch {
	case code == gateway.CodeForbidden:
		noAuthority.write(w, asObjects)
	case status == http.StatusNotFound:
		problem{status, code, message}.write(w, asText)
	default:
		problem{status, code, message}.write(w, asObjects)
	}
}

// write returns the error in one of its forms; words come with space around them now and then.
func (p problem) write(w http.ResponseWriter, form string) {
	switch form {
	case asText:
		wire.Send(w, p.status, "text/plain; charset=utf-8", []byte(p.says+"\r\n"))
	case asStrings:
		send(w, p.status, envelope{Errors: []any{" " + p.says + " "}})
	case asUnsuccessful:
		send(w, http.StatusOK, envelope{Errors: []any{p.says}})
	default:
		send(w, p.status, envelope{Errors: []any{keyedError{p.key, p.says}}})
	}
}

// formOf is how the errors of a participant are written; for unknown participants it depends on the number.
func formOf(p *world.Participant, number string) string {
	if p != nil && p.Written.Errors != "" {
		return p.Written.Errors
	}
	return []string{asStrings, asObjects, asText}[wire.Spread(number)%3]
}

func succeed(w http.ResponseWriter, result any) {
	send(w, http.StatusOK, envelope{Success: true, Result: result})
}

func send(w http.ResponseWriter, status int, value any) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		panic(err) // the shapes of this package cannot fail to encode
	}
	wire.Send(w, status, "application/json", text.Bytes())
}

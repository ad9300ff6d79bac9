package ndia

import (
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/upstream/record"
	"github.com/caresync/caresync/upstream/transport"
)

// The NDIA's words by which its answers are told apart, since it gives no codes for them. They are compared without case.
const (
	wordsNotFound    = "participant info was not found"
	wordsNoAuthority = "does not have the authority"
)

// longestRaw is how much of a body is kept with an error, in bytes.
const longestRaw = 4 << 10

// problem is what an error's body says.
type problem struct {
	// enveloped is set where the body has the NDIA's own form.
	enveloped bool
	keys      []string
	words     []string
}

// readProblem reads an error's body in the NDIA's form, whose errors are texts or {"key","value"}. Anything else says nothing here.
func readProblem(body string) (said problem) {
	var answer envelope
	if json.Unmarshal([]byte(body), &answer) != nil {
		return problem{}
	}
	_, saysSuccess := truth(answer.Success)
	said.enveloped = saysSuccess || given(answer.Errors)
	var members []json.RawMessage
	if json.Unmarshal(answer.Errors, &members) != nil && given(answer.Errors) {
		members = []json.RawMessage{answer.Errors}
	}
	for _, member := range members {
		said.add(member)
	}
	return said
}

func (p *problem) add(member json.RawMessage) {
	var fields map[string]json.RawMessage
	value, key := member, json.RawMessage(nil)
	if json.Unmarshal(member, &fields) == nil {
		value, key = fields["value"], fields["key"]
	}
	words, _ := record.Scalar(value)
	code, _ := record.Scalar(key)
	if codeForm.MatchString(code) {
		p.keys = append(p.keys, code)
	}
	if words = strings.TrimSpace(words); words == "" {
		words = strings.TrimSpace(code)
	}
	if words != "" && !slices.Contains(p.words, words) {
		p.words = append(p.words, words)
	}
}

// codeForm is what a key such as V19 looks like. Anything else stays out of an error's text: it could be about a person (R10).
var codeForm = regexp.MustCompile(`^[A-Za-z_]{1,20}[0-9]{0,4}$`)

// understood reads the NDIA's own errors out of a call that failed, and tells apart what only its words tell apart.
func understood(err error) error {
	var failure *transport.Error
	if errors.As(err, &failure) && failure.Service == care.NDIA && failure.Status != 0 {
		said := readProblem(failure.Raw)
		failure.Words = strings.TrimSpace(failure.Words)
		said.tell(failure)
		failure.Kind = kindOf(failure, said.enveloped)
	}
	return err
}

// failed is the error for an envelope that says success false under a success's status.
func failed(response transport.Response) error {
	failure := response.Enveloped()
	if failure == nil {
		failure = response.Fail(transport.Refused)
		failure.Raw = transport.Storable(string(response.Body), longestRaw)
	}
	readProblem(string(response.Body)).tell(failure)
	failure.Kind = kindOf(failure, true)
	return failure
}

// tell puts the words, trimmed but verbatim, and the first key into an error.
func (p problem) tell(failure *transport.Error) {
	if len(p.words) > 0 {
		failure.Words = transport.Storable(strings.Join(p.words, "\n"), longestRaw)
	}
	if len(p.keys) > 0 {
		failure.Code = p.keys[0]
	}
}

// kindOf corrects what the status says by what the words say. A participant who is not found comes under several statuses; a 404 that
// is not the NDIA's own says that the address is wrong, not that a participant does not exist.
func kindOf(failure *transport.Error, enveloped bool) transport.Kind {
	if failure.Kind.Retryable() || failure.Status == http.StatusUnauthorized {
		return failure.Kind
	}
	words := strings.ToLower(failure.Words)
	switch {
	case strings.Contains(words, wordsNotFound):
		return transport.NotFound
	case strings.Contains(words, wordsNoAuthority):
		return transport.NotAuthorised
	case failure.Kind == transport.NotFound && words != "" && !enveloped && !strings.Contains(words, "participant"):
		return transport.Refused
	default:
		return failure.Kind
	}
}

// AuthorityMissing reports whether the NDIA said that the organisation lacks a participant's endorsement, which only the participant or
// nominee can give. That concerns this participant alone (R9); any other NotAuthorised is about the connection.
func AuthorityMissing(err error) bool {
	var failure *transport.Error
	return errors.As(err, &failure) && failure.Kind == transport.NotAuthorised && failure.Service == care.NDIA &&
		strings.Contains(strings.ToLower(failure.Words), wordsNoAuthority)
}

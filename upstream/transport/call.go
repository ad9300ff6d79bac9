package transport

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"

	"github.com/google/uuid"

	"github.com/caresync/caresync/care"
)

// Call is one request to a service.
type Call struct {
	Service care.Service
	// Connection is whose call it is, for those who observe calls.
	Connection care.ID
	// Operation names what is being done, in errors and metrics; it holds no data.
	Operation string
	Method    string
	// Base is the configured address and Path what follows it, escaped.
	Base, Path string
	Query      url.Values
	Header     http.Header
	Body       []byte
}

// Response is a successful answer, read completely.
type Response struct {
	Status int
	Header http.Header
	Body   []byte

	service   care.Service
	operation string
}

// Fail makes an error about this answer: a success by its status, but not by what it holds.
func (r Response) Fail(kind Kind) *Error {
	return &Error{Service: r.service, Operation: r.operation, Kind: kind, Status: r.Status}
}

// Decode reads the answer as JSON. What is not the JSON that was promised (HTML, nothing, a part) is Unreadable: a gateway's or a
// broken service's answer, which may be a proper one next time.
func (r Response) Decode(into any) error {
	if json.Unmarshal(r.Body, into) != nil {
		return r.Fail(Unreadable)
	}
	return nil
}

func newRequest(ctx context.Context, call Call) (*http.Request, error) {
	notSetUp := func(code string) error {
		return &Error{Service: call.Service, Operation: call.Operation, Kind: NotSetUp, Code: code}
	}
	address, err := url.Parse(call.Base)
	if err != nil || address.Host == "" || (address.Scheme != "http" && address.Scheme != "https") {
		return nil, notSetUp(CodeAddressInvalid)
	}
	address.RawQuery, address.Fragment = "", ""
	request, err := http.NewRequestWithContext(ctx, call.Method, strings.TrimRight(address.String(), "/")+call.Path, bytes.NewReader(call.Body))
	if err != nil {
		return nil, notSetUp(CodeAddressInvalid)
	}
	request.URL.RawQuery = call.Query.Encode()
	request.Header = call.Header.Clone()
	if request.Header == nil {
		request.Header = http.Header{}
	}
	request.Header.Set("Accept", "application/json")
	request.Header.Set("User-Agent", "CareSync")
	if !sendable(request.Header) {
		return nil, notSetUp(CodeHeaderInvalid)
	}
	return request.WithContext(withFreshMessageID(ctx, request.Header)), nil
}

// withFreshMessageID gives the request a new message id each time it is put on a connection. That includes the times when net/http
// repeats a request on its own, because the service had closed the idle connection that it chose.
func withFreshMessageID(ctx context.Context, header http.Header) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) {
		header.Set(headerMessageID, "urn:uuid:"+uuid.NewString())
	}})
}

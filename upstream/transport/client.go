package transport

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/caresync/caresync/care"
)

// What Options leave out.
const (
	DefaultTimeout = 30 * time.Second
	DefaultMaxBody = 16 << 20
)

// Options are the limits of a process's calls. Zero values mean the defaults.
type Options struct {
	// Timeout is how long one call may take, from the first byte sent to the last byte read.
	Timeout time.Duration
	// MaxBody is the largest body that is read, in bytes after decompression.
	MaxBody int64
	// Admit, if set, is asked before every call; a call that it refuses is not made, and fails with its error.
	Admit func(context.Context) error
	// Observe, if set, is told of every attempt: for metrics and logs. It learns nothing about a person (R10).
	Observe func(context.Context, Attempt)
}

// Attempt is one request put on the wire and how it ended.
type Attempt struct {
	Service   care.Service
	Operation string
	// Status is 0 where there was no answer; Kind is empty for a success and for a call whose context ended.
	Status   int
	Kind     Kind
	Duration time.Duration
	// Connection is whose call it was. Failure is nil for a success; its words are for the database and nothing else (R10).
	Connection care.ID
	Failure    *Error
	// MessageID is the last that was sent; CorrelationID is empty for calls to PRODA.
	MessageID, CorrelationID string
}

// Client makes calls. There is one for a process, so that connections are reused. It is safe for concurrent use.
type Client struct {
	http    http.RoundTripper
	options Options
}

// NewClient makes the process's client.
func NewClient(options Options) *Client {
	if options.Timeout <= 0 {
		options.Timeout = DefaultTimeout
	}
	if options.MaxBody <= 0 {
		options.MaxBody = DefaultMaxBody
	}
	if options.Admit == nil {
		options.Admit = func(context.Context) error { return nil }
	}
	if options.Observe == nil {
		options.Observe = func(context.Context, Attempt) {}
	}
	return &Client{http: newRoundTripper(), options: options}
}

// newRoundTripper keeps enough idle connections for all of a process's workers: the default of two for a host would open and
// close one for nearly every call.
func newRoundTripper() http.RoundTripper {
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout:   10 * time.Second,
		TLSClientConfig:       &tls.Config{MinVersion: tls.VersionTLS12},
		ForceAttemptHTTP2:     true,
		MaxIdleConns:          256,
		MaxIdleConnsPerHost:   128,
		IdleConnTimeout:       90 * time.Second,
		ExpectContinueTimeout: time.Second,
	}
}

// CloseIdle closes connections that no one uses, for a stopping process.
func (c *Client) CloseIdle() {
	if pool, ok := c.http.(*http.Transport); ok {
		pool.CloseIdleConnections()
	}
}

// Do makes one attempt. It returns an *Error for everything that can go wrong with the call, the context's own error where the context ended
// first, and that of Options.Admit as it is. Redirects are not followed: they would carry the login elsewhere.
func (c *Client) Do(ctx context.Context, call Call) (Response, error) {
	if err := c.options.Admit(ctx); err != nil {
		return Response{}, err
	}
	timed, cancel := context.WithTimeout(ctx, c.options.Timeout)
	defer cancel()
	request, err := newRequest(timed, call)
	if err != nil {
		return Response{}, err
	}
	started := time.Now()
	response, err := c.roundTrip(request, call)
	if err != nil && ctx.Err() != nil {
		err = ctx.Err()
	}
	c.observe(ctx, request, response, err, time.Since(started), call)
	return response, err
}

func (c *Client) observe(ctx context.Context, request *http.Request, response Response, err error, took time.Duration, call Call) {
	attempt := Attempt{
		Service: call.Service, Operation: call.Operation, Connection: call.Connection, Status: response.Status, Duration: took,
		MessageID: request.Header.Get(headerMessageID), CorrelationID: request.Header.Get(headerCorrelationID),
	}
	var failure *Error
	if errors.As(err, &failure) {
		attempt.Status, attempt.Kind, attempt.Failure = failure.Status, failure.Kind, failure
	}
	c.options.Observe(ctx, attempt)
}

func (c *Client) roundTrip(request *http.Request, call Call) (Response, error) {
	fail := func(kind Kind, code string) (Response, error) {
		return Response{}, &Error{Service: call.Service, Operation: call.Operation, Kind: kind, Code: code}
	}
	answer, err := c.http.RoundTrip(request)
	if err != nil {
		return fail(whyNoAnswer(err))
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, c.options.MaxBody+1))
	response := Response{Status: answer.StatusCode, Header: answer.Header, Body: body, service: call.Service, operation: call.Operation}
	success := answer.StatusCode >= 200 && answer.StatusCode < 300
	switch {
	case !success:
		// The status says enough, even where the body was cut off or is too large to be kept.
		return Response{}, refusal(response)
	case err != nil:
		kind, code := whyCutOff(err)
		return fail(kind, code)
	case int64(len(body)) > c.options.MaxBody:
		return Response{}, response.Fail(TooLarge)
	}
	return response, nil
}

// refusal is the error that an answer other than a success stands for.
func refusal(response Response) *Error { return response.refused(kindOf(response.Status)) }

// Enveloped is the error that stands in an answer under a success's status; nil where there is none. What it means is for the service's
// client to say, which finds it as Refused.
func (r Response) Enveloped() *Error {
	if !ParseProblem(r.Body[:min(len(r.Body), maxProblem)]).Enveloped {
		return nil
	}
	return r.refused(Refused)
}

// refused is an error of that kind with what the body says.
func (r Response) refused(kind Kind) *Error {
	response, failure := r, r.Fail(kind)
	body := response.Body[:min(len(response.Body), maxProblem)]
	problem := ParseProblem(body)
	failure.CodeType, failure.codes, failure.Words, failure.Enveloped = problem.CodeType, problem.Codes, problem.Words, problem.Enveloped
	if len(problem.Codes) > 0 {
		failure.Code = problem.Codes[0]
	}
	failure.Raw = Storable(string(body), maxRaw)
	failure.RetryAfter = RetryAfter(response.Header, time.Now())
	failure.AnsweredAt = AnsweredAt(response.Header)
	return failure
}

package transport

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/caresync/caresync/care"
)

// pauseUnasked is how long everyone waits after a 429 that does not say how long.
const pauseUnasked = 5 * time.Second

// Allowance is how many calls a connection may make, shared by all workers.
type Allowance interface {
	// Take waits until one call may be made. Its errors are passed on as they are.
	Take(ctx context.Context) error
	// PushBack lets no one take for a time, because the service asked for it.
	PushBack(ctx context.Context, wait time.Duration) error
}

// TokenSource gives the login of a connection.
type TokenSource interface {
	// Token returns the connection's current access token.
	Token(ctx context.Context) (string, error)
	// Replace returns another token than the one that was refused. It asks PRODA for one only if the refused one is still current.
	Replace(ctx context.Context, refused string) (string, error)
}

// Session makes the calls of one sync to one connection. It is safe for concurrent use.
type Session struct {
	client         *Client
	identification Identification
	connection     care.Connection
	correlationID  care.ID
	tokens         TokenSource
	allowance      Allowance
}

// NewSession begins a sync's calls, all of which carry the correlation id, a UUID.
func NewSession(client *Client, identification Identification, connection care.Connection, correlationID care.ID, tokens TokenSource, allowance Allowance) *Session {
	return &Session{
		client: client, identification: identification.withDefaults(), connection: connection,
		correlationID: correlationID, tokens: tokens, allowance: allowance,
	}
}

// Get reads from the connection's service: with its login, within its allowance, and once more with another token after a 401.
func (s *Session) Get(ctx context.Context, operation, path string, query url.Values) (Response, error) {
	return s.do(ctx, Call{Operation: operation, Method: http.MethodGet, Path: path, Query: query})
}

// Post sends JSON to the connection's service, in the same way as Get reads. Whoever uses it must be able to bear that a call which
// was taken to have failed had succeeded.
func (s *Session) Post(ctx context.Context, operation, path string, body []byte) (Response, error) {
	return s.do(ctx, Call{Operation: operation, Method: http.MethodPost, Path: path, Body: body})
}

func (s *Session) do(ctx context.Context, call Call) (Response, error) {
	call.Service, call.Connection, call.Base = s.connection.Service, s.connection.ID, s.connection.BaseURL
	return WithLogin(ctx, s.tokens, func(token string) (Response, error) {
		if err := s.allowance.Take(ctx); err != nil {
			return Response{}, err
		}
		call.Header = s.identification.headers(s.connection, s.correlationID, token)
		if len(call.Body) > 0 {
			call.Header.Set("Content-Type", "application/json")
		}
		response, err := s.client.Do(ctx, call)
		return response, s.applyBackoff(ctx, err)
	})
}

// applyBackoff makes all workers wait where the service asked for it. Where that could not be noted, both errors are returned.
func (s *Session) applyBackoff(ctx context.Context, err error) error {
	var failure *Error
	if !errors.As(err, &failure) {
		return err
	}
	wait := failure.RetryAfter
	if failure.Kind == RateLimited && wait == 0 {
		wait = pauseUnasked
	}
	if wait == 0 || (failure.Kind != RateLimited && failure.Kind != Unavailable) {
		return err
	}
	if pushed := s.allowance.PushBack(ctx, wait); pushed != nil {
		return errors.Join(err, pushed)
	}
	return err
}

// WithLogin makes a call with a token. If the answer is 401, the token is replaced, unless someone else already did, and the call
// is made once more; a second 401 is NotAuthorised.
func WithLogin(ctx context.Context, tokens TokenSource, call func(token string) (Response, error)) (Response, error) {
	token, err := tokens.Token(ctx)
	if err != nil {
		return Response{}, err
	}
	response, err := call(token)
	if !Unauthorised(err) {
		return response, err
	}
	if token, err = tokens.Replace(ctx, token); err != nil {
		return Response{}, err
	}
	return call(token)
}

// Unauthorised reports whether a call was answered with 401.
func Unauthorised(err error) bool {
	var failure *Error
	return errors.As(err, &failure) && failure.Status == http.StatusUnauthorized
}

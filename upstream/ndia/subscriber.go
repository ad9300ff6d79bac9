package ndia

import (
	"context"
	"errors"
	"net/http"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/upstream/transport"
)

// subscriber makes the one call that sends something, as transport.Session makes those that read: with the connection's login and
// within its allowance.
type subscriber struct {
	client         *transport.Client
	identification transport.Identification
	connection     care.Connection
	correlationID  care.ID
	tokens         transport.TokenSource
	allowance      transport.Allowance
}

func (s subscriber) post(ctx context.Context, path string, body []byte) (transport.Response, error) {
	return transport.WithLogin(ctx, s.tokens, func(token string) (transport.Response, error) {
		if err := s.allowance.Take(ctx); err != nil {
			return transport.Response{}, err
		}
		response, err := s.client.Do(ctx, transport.Call{
			Service: s.connection.Service, Operation: operationSubscribe, Method: http.MethodPost,
			Base: s.connection.BaseURL, Path: path, Header: s.headers(token), Body: body,
		})
		return response, s.heed(ctx, err)
	})
}

func (s subscriber) headers(token string) http.Header {
	header := http.Header{}
	for name, value := range map[string]string{
		"Authorization": "Bearer " + token, "Content-Type": "application/json", "X-IBM-Client-Id": s.connection.APIKey,
		"dhs-auditId": s.connection.RANumber, "dhs-auditIdType": s.identification.AuditIDType,
		"dhs-subjectId": s.connection.DeviceName, "dhs-subjectIdType": s.identification.SubjectIDType,
		"dhs-productId": s.connection.ProductID, "dhs-correlationId": "urn:uuid:" + string(s.correlationID),
	} {
		header.Set(name, value)
	}
	return header
}

// heed makes all workers wait where the NDIA said how long.
func (s subscriber) heed(ctx context.Context, err error) error {
	var failure *transport.Error
	if !errors.As(err, &failure) || failure.RetryAfter == 0 || !failure.Retryable() {
		return err
	}
	if pushed := s.allowance.PushBack(ctx, failure.RetryAfter); pushed != nil {
		return errors.Join(err, pushed)
	}
	return err
}

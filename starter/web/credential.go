// Package web is what the HTTP API and the console share: how requests are logged, recovered and bound to their credential.
package web

import (
	"context"
	"errors"
	"time"

	"github.com/caresync/caresync/db"
)

// checkEvery is how often the credential of a long request is looked up again, and so how long the request can outlive it.
const checkEvery = 2 * time.Second

// ErrCredentialEnded is the cause of the end of a context from WhileValid: the token was revoked, or the session has ended.
var ErrCredentialEnded = errors.New("the credential of the request has ended")

type credentialKey struct{}

// WithCredential notes how the credential of a request is looked up. The look-up fails with db.ErrNotFound once the credential has ended.
func WithCredential(ctx context.Context, lookUp func(context.Context) error) context.Context {
	return context.WithValue(ctx, credentialKey{}, lookUp)
}

// WhileValid is a context that ends with the credential of a request, within seconds. Whatever takes long, and then tells what only that
// credential may see, does its work in it. A database that is away ends nothing: without it there is nothing to tell.
func WhileValid(ctx context.Context) (context.Context, context.CancelFunc) {
	lookUp, noted := ctx.Value(credentialKey{}).(func(context.Context) error)
	if !noted {
		return context.WithCancel(ctx)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	go func() {
		ticks := time.NewTicker(checkEvery)
		defer ticks.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticks.C:
				if errors.Is(lookUp(ctx), db.ErrNotFound) {
					cancel(ErrCredentialEnded)
				}
			}
		}
	}()
	return ctx, func() { cancel(context.Canceled) }
}

package proda

import (
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"time"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/upstream/transport"
)

// refresh replaces the token under the store's lock, unless someone else did meanwhile. The keys were read before and a pending one
// is promoted after, so that nothing else is asked of the database while the row is locked.
func (t *Tokens) refresh(ctx context.Context, connection care.Connection, refused string, keys deviceKeys) (Token, error) {
	var signedWith *rsa.PrivateKey
	var until time.Time
	token, err := t.store.Refresh(ctx, connection.ID, connection.Audience, func(current Token) (Token, error) {
		now := t.now()
		usable := current.Valid(now) && current.AccessToken != refused
		if usable && current.Fresh(now) {
			until = current.RefreshAt()
			return current, nil
		}
		token, key, err := t.logIn(ctx, connection, keys)
		if usable && transport.IsKind(err, transport.LoginUnavailable) {
			until = now.Add(max(refreshPause, retryAfter(err)))
			return current, nil
		}
		signedWith, until = key, token.RefreshAt()
		return token, err
	})
	if errors.Is(err, ErrLoginUnderWay) {
		return t.withoutLogin(ctx, connection, refused)
	}
	if err != nil {
		return Token{}, fmt.Errorf("refresh the PRODA token of connection %s: %w", connection.ID, err)
	}
	t.toCache(connection, token, until)
	if signedWith != nil && signedWith == keys.pending {
		if err := promote(ctx, t.keys, connection, signedWith); err != nil {
			return Token{}, err
		}
	}
	return token, nil
}

// withoutLogin is the stored token for as long as it is valid, while another process waits for PRODA. PRODA is then what everyone waits for, and
// not the row that the other process has locked (R38).
func (t *Tokens) withoutLogin(ctx context.Context, connection care.Connection, refused string) (Token, error) {
	stored, err := t.store.Load(ctx, connection.ID, connection.Audience)
	if err != nil {
		return Token{}, fmt.Errorf("load the PRODA token of connection %s: %w", connection.ID, err)
	}
	if !stored.Valid(t.now()) || stored.AccessToken == refused {
		return Token{}, &transport.Error{Service: Service, Operation: "request a token", Kind: transport.LoginUnavailable, Code: string(transport.Timeout)}
	}
	t.toCache(connection, stored, t.now().Add(refreshPause))
	return stored, nil
}

// deviceKeys are the keys that PRODA may know: the device's, and one whose renewal or activation was interrupted.
type deviceKeys struct {
	current, pending *rsa.PrivateKey
}

func (t *Tokens) deviceKeys(ctx context.Context, connection care.Connection) (keys deviceKeys, err error) {
	if keys.current, err = optional(t.keys.PrivateKey(ctx, connection.ID)); err != nil {
		return keys, fmt.Errorf("load the device's key of connection %s: %w", connection.ID, err)
	}
	if keys.pending, err = optional(t.keys.PendingKey(ctx, connection.ID)); err != nil {
		return keys, fmt.Errorf("load the pending key of connection %s: %w", connection.ID, err)
	}
	if keys.current == nil && keys.pending == nil {
		return keys, notActivated("request a token")
	}
	return keys, nil
}

func notActivated(operation string) error {
	return &transport.Error{Service: Service, Operation: operation, Kind: transport.NotSetUp, Code: transport.CodeDeviceNotActivated}
}

func promote(ctx context.Context, keys KeyStore, connection care.Connection, key *rsa.PrivateKey) error {
	if err := keys.Promote(ctx, connection.ID, key); err != nil {
		return fmt.Errorf("promote the pending key of connection %s: %w", connection.ID, err)
	}
	return nil
}

func optional(key *rsa.PrivateKey, err error) (*rsa.PrivateKey, error) {
	if errors.Is(err, ErrNoKey) {
		return nil, nil
	}
	return key, err
}

// logIn requests a token with the device's key and, where PRODA refuses that one, with the pending key. It says which one it was.
func (t *Tokens) logIn(ctx context.Context, connection care.Connection, keys deviceKeys) (Token, *rsa.PrivateKey, error) {
	var refusal error
	for _, key := range []*rsa.PrivateKey{keys.current, keys.pending} {
		if key == nil {
			continue
		}
		token, err := t.client.RequestToken(ctx, connection, key)
		if !transport.IsKind(err, transport.LoginRefused) {
			return token, key, err
		}
		if refusal == nil {
			refusal = err
		}
	}
	return Token{}, nil, refusal
}

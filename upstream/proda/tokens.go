package proda

import (
	"context"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/upstream/transport"
)

const (
	// loginTimeout bounds one login on behalf of all who wait for it: the store's lock and at most two calls to PRODA.
	loginTimeout = 2 * time.Minute
	// refreshPause is how long a token that is due but valid is used on after PRODA could not give another.
	refreshPause = time.Minute
)

// Tokens shares one token for each (connection, audience) among a process's goroutines, and through the store among processes. It
// is safe for concurrent use.
type Tokens struct {
	client *Client
	store  TokenStore
	keys   KeyStore
	logins singleflight.Group

	mutex  sync.Mutex
	cached map[place]cachedToken
	held   map[place]heldBack
}

// place is where a token belongs.
type place struct {
	connectionID care.ID
	audience     string
}

type cachedToken struct {
	token Token
	// until is when the store is asked again.
	until time.Time
}

// NewTokens makes the process's source of tokens.
func NewTokens(client *Client, store TokenStore, keys KeyStore) *Tokens {
	return &Tokens{client: client, store: store, keys: keys, cached: make(map[place]cachedToken), held: make(map[place]heldBack)}
}

// For returns the login of a connection.
func (t *Tokens) For(connection care.Connection) transport.TokenSource {
	return login{tokens: t, connection: connection}
}

type login struct {
	tokens     *Tokens
	connection care.Connection
}

// Token returns the connection's access token.
func (l login) Token(ctx context.Context) (string, error) {
	token, err := l.tokens.Current(ctx, l.connection)
	return token.AccessToken, err
}

// Replace returns another access token than the refused one.
func (l login) Replace(ctx context.Context, refused string) (string, error) {
	token, err := l.tokens.Replace(ctx, l.connection, refused)
	return token.AccessToken, err
}

// Current returns the connection's token, which is replaced when 80 % of its life is used. While PRODA is unavailable a valid token
// is used to its end.
func (t *Tokens) Current(ctx context.Context, connection care.Connection) (Token, error) {
	return t.shared(ctx, connection, "")
}

// Replace returns another token than the one that a service refused. PRODA is asked only if the refused one is still the current
// one, so that many who were refused at once cause one request.
func (t *Tokens) Replace(ctx context.Context, connection care.Connection, refused string) (Token, error) {
	return t.shared(ctx, connection, refused)
}

// shared returns a token that is not the refused one. Everyone in this process who needs the same at the same time waits for one
// login; it continues if the one who caused it gives up, since others may be waiting.
func (t *Tokens) shared(ctx context.Context, connection care.Connection, refused string) (Token, error) {
	if token, ok := t.fromCache(connection, refused); ok {
		return token, nil
	}
	key := fmt.Sprintf("%s\x1f%s\x1f%s", connection.ID, connection.Audience, refused)
	done := t.logins.DoChan(key, func() (any, error) {
		detached, cancel := context.WithTimeout(context.WithoutCancel(ctx), loginTimeout)
		defer cancel()
		return t.fromStore(detached, connection, refused)
	})
	select {
	case <-ctx.Done():
		return Token{}, ctx.Err()
	case result := <-done:
		token, _ := result.Val.(Token)
		return token, result.Err
	}
}

// fromStore returns the stored token if it will do, and has it replaced otherwise.
func (t *Tokens) fromStore(ctx context.Context, connection care.Connection, refused string) (Token, error) {
	stored, err := t.store.Load(ctx, connection.ID, connection.Audience)
	if err != nil {
		return Token{}, fmt.Errorf("load the PRODA token of connection %s: %w", connection.ID, err)
	}
	if stored.Fresh(t.now()) && stored.AccessToken != refused {
		t.toCache(connection, stored, stored.RefreshAt())
		return stored, nil
	}
	if err := t.stillHeldBack(connection); err != nil {
		return Token{}, err
	}
	keys, err := t.deviceKeys(ctx, connection)
	if err != nil {
		return Token{}, err
	}
	token, err := t.refresh(ctx, connection, refused, keys)
	t.holdBack(connection, err)
	if err == nil {
		t.warn(connection, token)
	}
	return token, err
}

// warn reports a device or key that a new token says expires soon.
func (t *Tokens) warn(connection care.Connection, token Token) {
	for _, warning := range ExpiryWarnings(token.KeyExpiry, token.DeviceExpiry, t.now()) {
		t.client.options.Expiring(connection, warning)
	}
}

func (t *Tokens) now() time.Time { return t.client.options.Now() }

func placeOf(connection care.Connection) place { return place{connection.ID, connection.Audience} }

func (t *Tokens) fromCache(connection care.Connection, refused string) (Token, bool) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	cached := t.cached[placeOf(connection)]
	now := t.now()
	usable := cached.token.Valid(now) && now.Before(cached.until) && cached.token.AccessToken != refused
	return cached.token, usable
}

func (t *Tokens) toCache(connection care.Connection, token Token, until time.Time) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.cached[placeOf(connection)] = cachedToken{token: token, until: until}
}

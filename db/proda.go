package db

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgerrcode"
	"github.com/jackc/pgx/v5"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/gen"
	"github.com/caresync/caresync/upstream/proda"
)

// The states of a device's key.
const (
	keyActive  = "active"
	keyPending = "pending"
)

// ProdaTokens keeps PRODA's tokens, sealed: one for a connection and audience, however many workers. It is a proda.TokenStore.
type ProdaTokens struct{ store *Store }

// ProdaTokens returns the store of PRODA's tokens.
func (s *Store) ProdaTokens() ProdaTokens { return ProdaTokens{store: s} }

// Load returns the stored token, or the zero Token.
func (t ProdaTokens) Load(ctx context.Context, connection care.ID, audience string) (proda.Token, error) {
	sealed, err := t.store.queries.LoadToken(ctx, gen.LoadTokenParams{ConnectionID: connection, Audience: audience})
	if errors.Is(err, pgx.ErrNoRows) {
		return proda.Token{}, nil
	}
	if err != nil {
		return proda.Token{}, MapError("load the token", err)
	}
	return t.open(sealed, connection, audience)
}

// Refresh decides about the token while it holds its row's lock, so that all workers together ask PRODA once.
func (t ProdaTokens) Refresh(ctx context.Context, connection care.ID, audience string, decide func(proda.Token) (proda.Token, error)) (proda.Token, error) {
	var token proda.Token
	err := t.store.inTransaction(ctx, "refresh the token", func(queries *gen.Queries) error {
		sealed, err := queries.LockToken(ctx, gen.LockTokenParams{ConnectionID: connection, Audience: audience})
		if hasCode(err, pgerrcode.LockNotAvailable) { // the lock is held for as long as a login takes
			return proda.ErrLoginUnderWay
		}
		if err != nil {
			return err
		}
		current, err := t.open(sealed, connection, audience)
		if err != nil {
			return err
		}
		if token, err = decide(current); err != nil || token == current {
			return err
		}
		return t.save(ctx, queries, connection, audience, token)
	})
	return token, err
}

func (t ProdaTokens) save(ctx context.Context, queries *gen.Queries, connection care.ID, audience string, token proda.Token) error {
	sealed := t.store.sealer.Seal(object(token), tokenPlace(connection, audience))
	if err := queries.StoreToken(ctx, gen.StoreTokenParams{TokenSealed: sealed, ConnectionID: connection, Audience: audience}); err != nil {
		return err
	}
	return queries.StoreDeviceExpiry(ctx, gen.StoreDeviceExpiryParams{
		ID: connection, KeyExpiry: timeOrNil(token.KeyExpiry), DeviceExpiry: timeOrNil(token.DeviceExpiry),
	})
}

func timeOrNil(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func (t ProdaTokens) open(sealed []byte, connection care.ID, audience string) (token proda.Token, err error) {
	if sealed == nil {
		return token, nil
	}
	plain, err := t.store.sealer.Open(sealed, tokenPlace(connection, audience))
	if err != nil {
		return token, fmt.Errorf("open the stored token of connection %s: %w", connection, err)
	}
	return token, json.Unmarshal(plain, &token)
}

func tokenPlace(connection care.ID, audience string) []byte {
	return []byte("upstream_token/" + string(connection) + "/" + audience)
}

// DeviceKeys keeps the private keys of PRODA devices, sealed. It is a proda.KeyStore.
type DeviceKeys struct{ store *Store }

// DeviceKeys returns the store of private keys.
func (s *Store) DeviceKeys() DeviceKeys { return DeviceKeys{store: s} }

// PrivateKey returns a device's key, or proda.ErrNoKey.
func (k DeviceKeys) PrivateKey(ctx context.Context, connection care.ID) (*rsa.PrivateKey, error) {
	return k.load(ctx, k.store.queries, connection, keyActive)
}

// PendingKey returns a key that PRODA may not know yet, or proda.ErrNoKey.
func (k DeviceKeys) PendingKey(ctx context.Context, connection care.ID) (*rsa.PrivateKey, error) {
	return k.load(ctx, k.store.queries, connection, keyPending)
}

// StorePending stores a key before PRODA is told of it, unless one is waiting already, and returns the one that is stored then.
func (k DeviceKeys) StorePending(ctx context.Context, connection care.ID, key *rsa.PrivateKey) (*rsa.PrivateKey, error) {
	encoded, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("encode the key: %w", err)
	}
	sealed := k.store.sealer.Seal(encoded, keyPlace(connection))
	if err := k.store.queries.StorePendingKey(ctx, gen.StorePendingKeyParams{PrivateKeySealed: sealed, ConnectionID: connection}); err != nil {
		return nil, MapError("store the key", err)
	}
	return k.PendingKey(ctx, connection)
}

// Promote makes a key the device's if it is the pending one.
func (k DeviceKeys) Promote(ctx context.Context, connection care.ID, key *rsa.PrivateKey) error {
	return k.store.inTransaction(ctx, "promote the key", func(queries *gen.Queries) error {
		pending, err := k.load(ctx, queries, connection, keyPending)
		if errors.Is(err, proda.ErrNoKey) || err == nil && !pending.Equal(key) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := queries.DeleteActiveKey(ctx, connection); err != nil {
			return err
		}
		return queries.PromotePendingKey(ctx, gen.PromotePendingKeyParams{ConnectionID: connection, At: timeOrNil(k.store.Now())})
	})
}

// StoreKeyExpiry notes when the device's key ends; the zero time means that this is not known until the next login.
func (k DeviceKeys) StoreKeyExpiry(ctx context.Context, connection care.ID, expiry time.Time) error {
	return MapError("store the key's end", k.store.queries.StoreKeyExpiry(ctx, gen.StoreKeyExpiryParams{ID: connection, KeyExpiry: timeOrNil(expiry)}))
}

const (
	// renewalTimeout bounds a renewal: at most three calls to PRODA. renewalLease is longer, and is how long another program waits where
	// one died over it.
	renewalTimeout = 2 * time.Minute
	renewalLease   = renewalTimeout + 30*time.Second
)

// Alone runs work on the device's key that no other program does at the same time. It fails with proda.ErrRenewalUnderWay where one does.
func (k DeviceKeys) Alone(ctx context.Context, connection care.ID, work func(context.Context) error) error {
	done, err := k.store.Alone(ctx, "renew key "+string(connection), renewalLease, func(ctx context.Context) error {
		bounded, cancel := context.WithTimeout(ctx, renewalTimeout)
		defer cancel()
		return work(bounded)
	})
	if err == nil && !done {
		return proda.ErrRenewalUnderWay
	}
	return err
}

func (k DeviceKeys) load(ctx context.Context, queries *gen.Queries, connection care.ID, state string) (*rsa.PrivateKey, error) {
	sealed, err := queries.LoadDeviceKey(ctx, gen.LoadDeviceKeyParams{ConnectionID: connection, State: state})
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, proda.ErrNoKey
	}
	if err != nil {
		return nil, MapError("load the key", err)
	}
	encoded, err := k.store.sealer.Open(sealed, keyPlace(connection))
	if err != nil {
		return nil, fmt.Errorf("open the private key of connection %s: %w", connection, err)
	}
	key, err := x509.ParsePKCS8PrivateKey(encoded)
	if err != nil {
		return nil, fmt.Errorf("the private key of connection %s cannot be read", connection)
	}
	private, isRSA := key.(*rsa.PrivateKey)
	if !isRSA {
		return nil, fmt.Errorf("the private key of connection %s is not an RSA key", connection)
	}
	return private, nil
}

func keyPlace(connection care.ID) []byte { return []byte("device_key/" + string(connection)) }

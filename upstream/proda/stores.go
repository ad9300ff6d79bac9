package proda

import (
	"context"
	"crypto/rsa"
	"errors"
	"time"

	"github.com/caresync/caresync/care"
)

// TokenStore keeps the one token of a (connection, audience) for all processes. Where it holds none it gives the zero Token.
type TokenStore interface {
	Load(ctx context.Context, connectionID care.ID, audience string) (Token, error)
	// Refresh runs decide with the current token under the row's lock and stores and returns what it decides. decide returns the
	// current token unchanged where someone else already replaced it, and calls PRODA otherwise; where it fails, nothing is
	// changed and its error is returned, wrapped or as it is. ErrLoginUnderWay means that another process has held the lock for too long.
	Refresh(ctx context.Context, connectionID care.ID, audience string, decide func(current Token) (Token, error)) (Token, error)
}

// ErrNoKey is what a KeyStore answers where it holds no such key.
var ErrNoKey = errors.New("the connection has no such key")

// ErrLoginUnderWay means that another process has been waiting for PRODA's answer to a login for several seconds.
var ErrLoginUnderWay = errors.New("another process is waiting for PRODA to answer a login")

// ErrRenewalUnderWay means that another program is renewing the key of the connection's device.
var ErrRenewalUnderWay = errors.New("another program is renewing the key of this device: try again in a few minutes")

// KeyStore keeps the private keys of devices, sealed. A key that is new is stored as pending before PRODA is told of it and promoted
// after: whatever is interrupted in between, the key that PRODA knows is one of the two.
type KeyStore interface {
	// PrivateKey returns the device's key, or ErrNoKey.
	PrivateKey(ctx context.Context, connectionID care.ID) (*rsa.PrivateKey, error)
	// PendingKey returns the key that PRODA may or may not know yet, or ErrNoKey.
	PendingKey(ctx context.Context, connectionID care.ID) (*rsa.PrivateKey, error)
	// StorePending stores a pending key unless there is one already, and returns the one that is stored then. It must be committed
	// when it returns.
	StorePending(ctx context.Context, connectionID care.ID, key *rsa.PrivateKey) (*rsa.PrivateKey, error)
	// Promote makes a key the device's if it is the pending one, and changes nothing otherwise.
	Promote(ctx context.Context, connectionID care.ID, key *rsa.PrivateKey) error
	// StoreKeyExpiry notes when the device's key ends; the zero time means that it is not known until the next login.
	StoreKeyExpiry(ctx context.Context, connectionID care.ID, expiry time.Time) error
	// Alone runs work on the device's key that no other process does at the same time, or fails with ErrRenewalUnderWay.
	Alone(ctx context.Context, connectionID care.ID, work func(context.Context) error) error
}

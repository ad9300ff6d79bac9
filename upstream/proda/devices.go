package proda

import (
	"context"
	"crypto/rsa"
	"fmt"
	"time"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/upstream/transport"
)

// Devices activates devices and renews their keys, so that an interruption at any point loses no key.
type Devices struct {
	client *Client
	tokens *Tokens
	keys   KeyStore
}

// NewDevices makes the process's care for devices.
func NewDevices(client *Client, tokens *Tokens, keys KeyStore) *Devices {
	return &Devices{client: client, tokens: tokens, keys: keys}
}

// Activate makes the connection's device usable with the one-time code from PRODA. The key is stored before PRODA is told of it:
// the code works only once.
func (d *Devices) Activate(ctx context.Context, connection care.Connection, code string) error {
	key, err := d.newPending(ctx, connection)
	if err != nil {
		return err
	}
	expiry, err := d.client.ActivateDevice(ctx, connection, code, key)
	if err != nil {
		return err
	}
	return d.replace(ctx, connection, key, expiry)
}

// replace makes a key that PRODA has taken the device's.
func (d *Devices) replace(ctx context.Context, connection care.Connection, key *rsa.PrivateKey, expiry time.Time) error {
	if err := promote(ctx, d.keys, connection, key); err != nil {
		return err
	}
	return d.keys.StoreKeyExpiry(ctx, connection.ID, expiry)
}

// RenewKey replaces the device's key before it expires. PRODA throttles devices that renew a key before half its life is used. A renewal that was
// interrupted is taken up where it stopped. It fails with ErrRenewalUnderWay where another program is about it.
func (d *Devices) RenewKey(ctx context.Context, connection care.Connection) error {
	return d.keys.Alone(ctx, connection.ID, func(ctx context.Context) error { return d.renew(ctx, connection) })
}

// RenewDueKey is RenewKey if the key is still due once no other program is about it, and reports whether it was.
func (d *Devices) RenewDueKey(ctx context.Context, connection care.Connection, stillDue func(context.Context) (bool, error)) (renewed bool, err error) {
	err = d.keys.Alone(ctx, connection.ID, func(ctx context.Context) error {
		if renewed, err = stillDue(ctx); err != nil || !renewed {
			return err
		}
		return d.renew(ctx, connection)
	})
	return renewed && err == nil, err
}

func (d *Devices) renew(ctx context.Context, connection care.Connection) error {
	keys, err := d.tokens.deviceKeys(ctx, connection)
	if err != nil {
		return err
	}
	if keys.current == nil {
		return notActivated("renew the device's key")
	}
	key, registered, expiry := keys.pending, false, time.Time{}
	if key == nil {
		key, err = d.newPending(ctx, connection)
	} else {
		registered, expiry, err = d.registered(ctx, connection, key)
	}
	if err != nil {
		return err
	}
	if !registered {
		if expiry, err = d.client.RegisterKey(ctx, connection, d.tokens.For(connection), key); err != nil {
			return err
		}
	}
	return d.replace(ctx, connection, key, expiry)
}

// registered reports whether PRODA took a pending key before the renewal was interrupted, and when that ends.
func (d *Devices) registered(ctx context.Context, connection care.Connection, pending *rsa.PrivateKey) (bool, time.Time, error) {
	token, err := d.client.RequestToken(ctx, connection, pending)
	if transport.IsKind(err, transport.LoginRefused) {
		return false, time.Time{}, nil
	}
	return err == nil, token.KeyExpiry, err
}

func (d *Devices) newPending(ctx context.Context, connection care.Connection) (*rsa.PrivateKey, error) {
	key, err := NewKey()
	if err != nil {
		return nil, err
	}
	stored, err := d.keys.StorePending(ctx, connection.ID, key)
	if err != nil {
		return nil, fmt.Errorf("store the pending key of connection %s: %w", connection.ID, err)
	}
	return stored, nil
}

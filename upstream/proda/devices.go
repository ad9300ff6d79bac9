package proda

import (
	"context"
	"crypto/rsa"
	"fmt"

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
	if err := d.client.ActivateDevice(ctx, connection, code, key); err != nil {
		return err
	}
	return promote(ctx, d.keys, connection, key)
}

// RenewKey replaces the device's key before it expires. Call it when an ExpiryWarning says so: PRODA throttles devices that renew a key
// before half its life is used. A renewal that was interrupted is taken up where it stopped.
func (d *Devices) RenewKey(ctx context.Context, connection care.Connection) error {
	keys, err := d.tokens.deviceKeys(ctx, connection)
	if err != nil {
		return err
	}
	if keys.current == nil {
		return notActivated("renew the device's key")
	}
	key, registered := keys.pending, false
	if key == nil {
		key, err = d.newPending(ctx, connection)
	} else {
		registered, err = d.registered(ctx, connection, key)
	}
	if err != nil {
		return err
	}
	if !registered {
		if err := d.client.RegisterKey(ctx, connection, d.tokens.For(connection), key); err != nil {
			return err
		}
	}
	return promote(ctx, d.keys, connection, key)
}

// registered reports whether PRODA took a pending key before the renewal was interrupted.
func (d *Devices) registered(ctx context.Context, connection care.Connection, pending *rsa.PrivateKey) (bool, error) {
	_, err := d.client.RequestToken(ctx, connection, pending)
	if transport.IsKind(err, transport.LoginRefused) {
		return false, nil
	}
	return err == nil, err
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

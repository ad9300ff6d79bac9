package activities

import (
	"context"
	"errors"

	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/upstream/proda"
	"github.com/caresync/caresync/upstream/transport"
)

// DeviceKeys are the steps that renew the keys of PRODA's devices unattended (R36).
type DeviceKeys struct {
	store   *db.Store
	devices *proda.Devices
}

// NewDeviceKeys makes the steps.
func NewDeviceKeys(store *db.Store, devices *proda.Devices) *DeviceKeys {
	return &DeviceKeys{store: store, devices: devices}
}

// DueKeys returns the connections, of all organisations, whose keys are due to be renewed.
func (d *DeviceKeys) DueKeys(ctx context.Context, _ protocol.DueKeysInput) (protocol.DueKeys, error) {
	due := protocol.DueKeys{Connections: []protocol.DueKey{}}
	connections, err := d.store.AllConnections(ctx)
	for _, connection := range connections {
		if connection.KeyRenewalDue(d.store.Now()) {
			due.Connections = append(due.Connections, protocol.DueKey{
				OrganisationID: connection.OrganisationID, ConnectionID: connection.ID, Service: connection.Service,
			})
		}
	}
	return due, err
}

// RenewKey renews a connection's key if it is still due: someone may have renewed it meanwhile, or an attempt before this one. An attempt that was
// interrupted is taken up where it stopped.
func (d *DeviceKeys) RenewKey(ctx context.Context, key protocol.DueKey) (protocol.KeyRenewal, error) {
	connection, err := d.store.Connection(ctx, key.OrganisationID, key.ConnectionID)
	if errors.Is(err, db.ErrNotFound) {
		return protocol.KeyRenewal{}, nil
	}
	if err != nil {
		return protocol.KeyRenewal{}, err
	}
	renewed, err := d.devices.RenewDueKey(ctx, connection, func(ctx context.Context) (bool, error) {
		now, err := d.store.Connection(ctx, key.OrganisationID, key.ConnectionID)
		return now.KeyRenewalDue(d.store.Now()), err
	})
	var failure *transport.Error
	if errors.As(err, &failure) && !failure.Retryable() {
		return protocol.KeyRenewal{Refused: reasonOf(failure)}, nil
	}
	return protocol.KeyRenewal{Renewed: renewed}, err
}

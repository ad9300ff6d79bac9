package db

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"strings"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/gen"
	"github.com/caresync/caresync/words"
)

const (
	leastRate, mostRate = 1, 10_000
)

// CreateConnection stores how an organisation reaches a service; id and organisation are set by it. It fails with InvalidError, or
// with ConflictError if the name or the service provider id has a connection already (R11).
func (s *Store) CreateConnection(ctx context.Context, organisation care.ID, connection care.Connection) (care.Connection, error) {
	connection.ID, connection.OrganisationID = NewID(), organisation
	connection.ActivatedAt, connection.KeySince, connection.KeyExpiry, connection.DeviceExpiry = nil, nil, nil, nil
	connection.TimeZone = cmp.Or(connection.TimeZone, care.DefaultServiceTimeZone)
	if err := checkConnection(connection); err != nil {
		return care.Connection{}, err
	}
	err := s.queries.CreateConnection(ctx, gen.CreateConnectionParams{
		ID: connection.ID, OrganisationID: organisation, Service: string(connection.Service), Name: connection.Name,
		BaseUrl: connection.BaseURL, TokenBaseUrl: connection.TokenBaseURL, DeviceBaseUrl: connection.DeviceBaseURL,
		RaNumber: connection.RANumber, DeviceName: connection.DeviceName, ClientID: connection.ClientID, ApiKey: connection.APIKey,
		Audience: connection.Audience, ProductID: connection.ProductID, ServiceProviderID: connection.ServiceProviderID,
		RatePerSecond: int32(connection.RatePerSecond), ConsentCode: connection.ConsentCode, TimeZone: connection.TimeZone,
	})
	return connection, MapError("create the connection", err)
}

// Connections returns an organisation's connections by service and name.
func (s *Store) Connections(ctx context.Context, organisation care.ID) ([]care.Connection, error) {
	return s.connections(ctx, gen.ListConnectionsParams{OrganisationID: &organisation})
}

// AllConnections returns those of all organisations.
func (s *Store) AllConnections(ctx context.Context) ([]care.Connection, error) {
	return s.connections(ctx, gen.ListConnectionsParams{})
}

// Connection returns one of an organisation's connections, or ErrNotFound.
func (s *Store) Connection(ctx context.Context, organisation, id care.ID) (care.Connection, error) {
	found, err := s.connections(ctx, gen.ListConnectionsParams{OrganisationID: &organisation, ID: &id})
	if err == nil && len(found) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return care.Connection{}, err
	}
	return found[0], nil
}

func (s *Store) connections(ctx context.Context, which gen.ListConnectionsParams) ([]care.Connection, error) {
	rows, err := s.queries.ListConnections(ctx, which)
	if err != nil {
		return nil, MapError("list the connections", err)
	}
	connections := make([]care.Connection, 0, len(rows))
	for _, row := range rows {
		connections = append(connections, connectionOf(gen.LockConnectionByNameRow(row)))
	}
	return connections, nil
}

// ChangeConnection changes what change does to an organisation's connection of that name, and returns the result. Where it is
// about another device or organisation in PRODA than before, the device has to be activated again: the old keys are forgotten. It
// fails with ErrNotFound, InvalidError or ConflictError.
func (s *Store) ChangeConnection(ctx context.Context, organisation care.ID, name string, change func(*care.Connection)) (care.Connection, error) {
	var changed care.Connection
	err := s.inTransaction(ctx, "change the connection", func(queries *gen.Queries) error {
		row, err := queries.LockConnectionByName(ctx, gen.LockConnectionByNameParams{OrganisationID: organisation, Name: name})
		if err != nil {
			return err
		}
		before := connectionOf(row)
		changed = before
		change(&changed)
		if err := checkConnection(changed); err != nil {
			return err
		}
		if err := forgetWhatNoLongerFits(ctx, queries, before, &changed); err != nil {
			return err
		}
		return saveConnection(ctx, queries, changed)
	})
	return changed, err
}

// forgetWhatNoLongerFits drops tokens that were given for other login settings, and keys of another device.
func forgetWhatNoLongerFits(ctx context.Context, queries *gen.Queries, before care.Connection, changed *care.Connection) error {
	otherDevice := before.RANumber != changed.RANumber || before.DeviceName != changed.DeviceName || before.DeviceBaseURL != changed.DeviceBaseURL
	otherLogin := otherDevice || before.TokenBaseURL != changed.TokenBaseURL || before.ClientID != changed.ClientID
	if otherLogin {
		err := queries.ForgetLogins(ctx, gen.ForgetLoginsParams{OrganisationID: before.OrganisationID, ConnectionID: before.ID})
		if err != nil {
			return err
		}
	}
	if !otherDevice {
		return nil
	}
	changed.ActivatedAt, changed.KeySince, changed.KeyExpiry, changed.DeviceExpiry = nil, nil, nil, nil
	return queries.ForgetDeviceKeys(ctx, gen.ForgetDeviceKeysParams{OrganisationID: before.OrganisationID, ConnectionID: before.ID})
}

func saveConnection(ctx context.Context, queries *gen.Queries, connection care.Connection) error {
	return queries.ChangeConnection(ctx, gen.ChangeConnectionParams{
		OrganisationID: connection.OrganisationID, ID: connection.ID,
		BaseUrl: connection.BaseURL, TokenBaseUrl: connection.TokenBaseURL, DeviceBaseUrl: connection.DeviceBaseURL,
		RaNumber: connection.RANumber, DeviceName: connection.DeviceName, ClientID: connection.ClientID, ApiKey: connection.APIKey,
		Audience: connection.Audience, ProductID: connection.ProductID, ServiceProviderID: connection.ServiceProviderID,
		RatePerSecond: int32(connection.RatePerSecond), ConsentCode: connection.ConsentCode, TimeZone: connection.TimeZone,
		ActivatedAt: connection.ActivatedAt, KeySince: connection.KeySince, KeyExpiry: connection.KeyExpiry, DeviceExpiry: connection.DeviceExpiry,
	})
}

func checkConnection(connection care.Connection) error {
	if connection.Service != care.ServicesAustralia && connection.Service != care.NDIA {
		return care.Invalid("service", fmt.Sprintf("must be %s or %s", care.ServicesAustralia, care.NDIA))
	}
	if err := checkName(connection.Name); err != nil {
		return err
	}
	texts := []struct{ field, value string }{
		{"ra_number", connection.RANumber}, {"device_name", connection.DeviceName},
		{"client_id", connection.ClientID}, {"api_key", connection.APIKey}, {"audience", connection.Audience}, {"product_id", connection.ProductID},
	}
	for _, text := range texts {
		if strings.TrimSpace(text.value) == "" {
			return care.Invalid(text.field, "must not be empty")
		}
	}
	addresses := []struct{ field, value string }{
		{"base_url", connection.BaseURL}, {"token_base_url", connection.TokenBaseURL}, {"device_base_url", connection.DeviceBaseURL},
	}
	for _, address := range addresses {
		if !validAddress(address.value) {
			return care.Invalid(address.field, "must be a web address such as https://proda.humanservices.gov.au")
		}
	}
	if problem := serviceProviderProblem(connection); problem != "" {
		return care.Invalid("service_provider_id", problem)
	}
	if connection.RatePerSecond < leastRate || connection.RatePerSecond > mostRate {
		return care.Invalid("rate_per_second", fmt.Sprintf("must be between %d and %d", leastRate, mostRate))
	}
	_, err := LoadZone(connection.TimeZone)
	return err
}

// serviceProviderProblem: Services Australia reads as a service provider, the NDIA as the organisation, which therefore has one connection
// to it.
func serviceProviderProblem(connection care.Connection) string {
	switch {
	case connection.Service == care.NDIA && connection.ServiceProviderID != "":
		return "must be empty for the NDIA, which knows the organisation by its RA number"
	case connection.Service == care.ServicesAustralia && !care.ValidServiceProviderID(connection.ServiceProviderID):
		return words.ServiceProviderIDRule
	default:
		return ""
	}
}

func validAddress(text string) bool {
	address, err := url.Parse(text)
	return err == nil && (address.Scheme == "https" || address.Scheme == "http") && address.Hostname() != "" &&
		address.User == nil && address.RawQuery == "" && address.Fragment == ""
}

func connectionOf(row gen.LockConnectionByNameRow) care.Connection {
	return care.Connection{
		ID: row.ID, OrganisationID: row.OrganisationID, Service: care.Service(row.Service), Name: row.Name,
		BaseURL: row.BaseUrl, TokenBaseURL: row.TokenBaseUrl, DeviceBaseURL: row.DeviceBaseUrl,
		RANumber: row.RaNumber, DeviceName: row.DeviceName, ClientID: row.ClientID, APIKey: row.ApiKey,
		Audience: row.Audience, ProductID: row.ProductID, ServiceProviderID: row.ServiceProviderID,
		RatePerSecond: int(row.RatePerSecond), ConsentCode: row.ConsentCode, TimeZone: row.TimeZone,
		ActivatedAt: row.ActivatedAt, KeySince: row.KeySince, KeyExpiry: row.KeyExpiry, DeviceExpiry: row.DeviceExpiry,
	}
}

// Package stored makes organisations, people, plans, contracts and bulk runs in a test's database as the steps of a sync write them, without
// a government and without Temporal: for tests of the store, of what is read from it, and of imports.
package stored

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
)

// Organisation stores an organisation.
func Organisation(t testing.TB, store *db.Store, slug string) care.Organisation {
	t.Helper()
	organisation, err := store.CreateOrganisation(t.Context(), slug, "Organisation "+slug, care.DefaultTimeZone)
	require.NoError(t, err)
	return organisation
}

// Connection is a connection to Services Australia that can be stored.
func Connection(serviceProviderID string) care.Connection {
	return care.Connection{
		Service: care.ServicesAustralia, Name: "provider " + serviceProviderID, BaseURL: "https://services.example",
		TokenBaseURL: "https://proda.example", DeviceBaseURL: "https://devices.example", RANumber: "1234567890", DeviceName: "caresync",
		ClientID: "client", APIKey: "key", Audience: "audience", ProductID: "CareSync", ServiceProviderID: serviceProviderID,
		RatePerSecond: 10, ConsentCode: "CONSENT",
	}
}

// Person is someone who was born on 9 March 1941. An empty care recipient id is none.
func Person(given, family, careRecipientID string) db.PersonRecord {
	return db.PersonRecord{Identity: care.Identity{
		GivenName: given, FamilyName: family, BirthDate: care.NewDate(1941, time.March, 9), CareRecipientID: careRecipientID,
	}}
}

// PersonOf reads the person who has a care recipient id.
func PersonOf(t testing.TB, store *db.Store, organisation care.Organisation, careRecipientID string) read.Person {
	t.Helper()
	person, err := read.From(store).PersonByCareRecipientID(t.Context(), organisation, careRecipientID, time.Now())
	require.NoError(t, err)
	return person
}

// Execute runs a statement on a connection that is closed again.
func Execute(t testing.TB, address, statement string, arguments ...any) {
	t.Helper()
	connection, err := pgx.Connect(t.Context(), address)
	require.NoError(t, err)
	defer connection.Close(context.WithoutCancel(t.Context()))
	_, err = connection.Exec(t.Context(), statement, arguments...)
	require.NoError(t, err)
}

// Day is a day as YYYY-MM-DD.
func Day(text string) care.Date {
	date, err := care.ParseDate(text)
	if err != nil {
		panic(err)
	}
	return date
}

// Dollars is an amount.
func Dollars(text string) decimal.Decimal { return decimal.RequireFromString(text) }

// Amount is an amount, not provided where the text is empty.
func Amount(text string) decimal.NullDecimal {
	if text == "" {
		return decimal.NullDecimal{}
	}
	return decimal.NewNullDecimal(Dollars(text))
}

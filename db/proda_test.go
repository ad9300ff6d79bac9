package db_test

import (
	"bytes"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/platform/sealing"
	"github.com/caresync/caresync/testkit"
	"github.com/caresync/caresync/testkit/stored"
	"github.com/caresync/caresync/upstream/proda"
)

// login is a connection with the stores of its secrets.
type login struct {
	address    string
	store      *db.Store
	connection care.ID
	sql        testkit.SQL
}

func newLogin(t *testing.T) login {
	t.Helper()
	address := testkit.DatabaseURL(t)
	store := testkit.Store(t, address)
	connection, err := store.CreateConnection(t.Context(), stored.Organisation(t, store, "wattle").ID, stored.Connection("4000012345"))
	require.NoError(t, err)
	return login{address, store, connection.ID, testkit.OpenSQL(t, address)}
}

const audience = "https://services.example"

var (
	issued = time.Date(2026, time.May, 1, 2, 0, 0, 0, time.UTC)
	secret = proda.Token{
		AccessToken: "the-access-token-in-clear", IssuedAt: issued, ExpiresAt: issued.Add(time.Hour),
		KeyExpiry: issued.AddDate(0, 6, 0), DeviceExpiry: issued.AddDate(2, 0, 0),
	}
)

func giving(token proda.Token) func(proda.Token) (proda.Token, error) {
	return func(proda.Token) (proda.Token, error) { return token, nil }
}

// requireSealed requires that a secret stands nowhere in the database in clear.
func (l login) requireSealed(t *testing.T, secret []byte) {
	t.Helper()
	for table, rows := range l.sql.Snapshot(t) {
		for _, row := range rows {
			require.NotContains(t, row.Content, string(secret), table)
			require.NotContains(t, row.Content, hex.EncodeToString(secret), table)
		}
	}
}

func TestTokenIsKeptSealed(t *testing.T) {
	l := newLogin(t)
	tokens := l.store.ProdaTokens()
	none, err := tokens.Load(t.Context(), l.connection, audience)
	require.NoError(t, err)
	require.Zero(t, none)

	stored, err := tokens.Refresh(t.Context(), l.connection, audience, giving(secret))
	require.NoError(t, err)
	require.Equal(t, secret, stored)
	loaded, err := testkit.Store(t, l.address).ProdaTokens().Load(t.Context(), l.connection, audience)
	require.NoError(t, err)
	require.Equal(t, secret, loaded)
	l.requireSealed(t, []byte(secret.AccessToken))
	require.Equal(t, []time.Time{secret.KeyExpiry, secret.DeviceExpiry}, []time.Time{
		testkit.Value[time.Time](t, l.sql, "SELECT key_expiry FROM connection").UTC(),
		testkit.Value[time.Time](t, l.sql, "SELECT device_expiry FROM connection").UTC(),
	}, "shown to operators, who are warned in time")

	elsewhere, err := tokens.Load(t.Context(), l.connection, "another audience")
	require.NoError(t, err)
	require.Zero(t, elsewhere, "each audience has its own")
}

// A sealed value opens only with the keyring that sealed it and only in its place.
func TestSealedSecretsCannotBeMovedOrOpenedByOthers(t *testing.T) {
	l := newLogin(t)
	_, err := l.store.ProdaTokens().Refresh(t.Context(), l.connection, audience, giving(secret))
	require.NoError(t, err)
	entry, err := sealing.Generate("another")
	require.NoError(t, err)
	keyring, err := sealing.Parse(entry)
	require.NoError(t, err)
	other, err := db.Open(t.Context(), l.address, keyring, db.Options{})
	require.NoError(t, err)
	t.Cleanup(other.Close)
	_, err = other.ProdaTokens().Load(t.Context(), l.connection, audience)
	require.ErrorContains(t, err, string(l.connection))
	require.NotContains(t, err.Error(), secret.AccessToken)

	l.sql.Exec(t, "UPDATE upstream_token SET audience = 'another audience'")
	_, err = l.store.ProdaTokens().Load(t.Context(), l.connection, "another audience")
	require.Error(t, err)
}

// However many workers need a token at once, one of them asks PRODA.
func TestTokenIsRefreshedOnce(t *testing.T) {
	l := newLogin(t)
	stores := []db.ProdaTokens{l.store.ProdaTokens(), testkit.Store(t, l.address).ProdaTokens()}
	var asked atomic.Int32
	var group sync.WaitGroup
	for number := range 20 {
		group.Go(func() {
			token, err := stores[number%2].Refresh(t.Context(), l.connection, audience, func(current proda.Token) (proda.Token, error) {
				if current.AccessToken != "" {
					return current, nil
				}
				asked.Add(1)
				return secret, nil
			})
			if err != nil || token != secret {
				t.Error(token, err)
			}
		})
	}
	group.Wait()
	require.EqualValues(t, 1, asked.Load())
	require.Equal(t, 1, testkit.Value[int](t, l.sql, "SELECT count(*) FROM upstream_token"))
}

// While another process waits for PRODA's answer, it is PRODA that everyone waits for, and not our own database (R38).
func TestWhoeverWaitsForALoginIsToldSo(t *testing.T) {
	l := newLogin(t)
	asked, answer := make(chan struct{}), make(chan struct{})
	var group sync.WaitGroup
	group.Go(func() {
		_, err := l.store.ProdaTokens().Refresh(t.Context(), l.connection, audience, func(proda.Token) (proda.Token, error) {
			close(asked)
			<-answer
			return secret, nil
		})
		if err != nil {
			t.Error(err)
		}
	})
	<-asked
	_, err := testkit.Store(t, l.address).ProdaTokens().Refresh(t.Context(), l.connection, audience, giving(secret))
	close(answer)
	group.Wait()
	require.ErrorIs(t, err, proda.ErrLoginUnderWay)
	require.Empty(t, db.TroubleOf(err))
}

// A login that fails leaves what there was, and its error comes through.
func TestFailedRefreshChangesNothing(t *testing.T) {
	l := newLogin(t)
	tokens, refused := l.store.ProdaTokens(), errors.New("refused")
	failing := func(proda.Token) (proda.Token, error) { return proda.Token{}, refused }
	_, err := tokens.Refresh(t.Context(), l.connection, audience, failing)
	require.ErrorIs(t, err, refused)
	require.Zero(t, testkit.Value[int](t, l.sql, "SELECT count(*) FROM upstream_token"))

	_, err = tokens.Refresh(t.Context(), l.connection, audience, giving(secret))
	require.NoError(t, err)
	before := l.sql.Snapshot(t)
	_, err = tokens.Refresh(t.Context(), l.connection, audience, failing)
	require.ErrorIs(t, err, refused)
	require.Equal(t, before, l.sql.Snapshot(t))

	_, err = tokens.Refresh(t.Context(), db.NewID(), audience, giving(secret))
	require.ErrorIs(t, err, db.ErrNotFound, "no such connection")
}

// Where PRODA was told of a key and the process died, both keys are there; nothing is lost at any point.
func TestDeviceKeysSurviveAnInterruption(t *testing.T) {
	l := newLogin(t)
	keys, again := l.store.DeviceKeys(), testkit.Store(t, l.address).DeviceKeys()
	_, err := keys.PrivateKey(t.Context(), l.connection)
	require.ErrorIs(t, err, proda.ErrNoKey)
	_, err = keys.PendingKey(t.Context(), l.connection)
	require.ErrorIs(t, err, proda.ErrNoKey)

	first, err := proda.NewKey()
	require.NoError(t, err)
	second, err := proda.NewKey()
	require.NoError(t, err)
	stored, err := keys.StorePending(t.Context(), l.connection, first)
	require.NoError(t, err)
	require.True(t, stored.Equal(first))
	stored, err = again.StorePending(t.Context(), l.connection, second)
	require.NoError(t, err)
	require.True(t, stored.Equal(first), "the one that PRODA may have been told of stays")
	_, err = keys.PrivateKey(t.Context(), l.connection)
	require.ErrorIs(t, err, proda.ErrNoKey, "not active before PRODA took it")

	require.NoError(t, again.Promote(t.Context(), l.connection, second))
	_, err = keys.PrivateKey(t.Context(), l.connection)
	require.ErrorIs(t, err, proda.ErrNoKey, "a key that is not the pending one is not promoted")
	for range 2 { // once more does no harm
		require.NoError(t, again.Promote(t.Context(), l.connection, first))
		active, err := keys.PrivateKey(t.Context(), l.connection)
		require.NoError(t, err)
		require.True(t, active.Equal(first))
	}

	_, err = keys.StorePending(t.Context(), l.connection, second)
	require.NoError(t, err)
	active, err := again.PrivateKey(t.Context(), l.connection)
	require.NoError(t, err)
	require.True(t, active.Equal(first), "while the renewal is under way, the old key is the device's")
	require.NoError(t, keys.Promote(t.Context(), l.connection, second))
	active, err = again.PrivateKey(t.Context(), l.connection)
	require.NoError(t, err)
	require.True(t, active.Equal(second))
	require.Equal(t, 1, testkit.Value[int](t, l.sql, "SELECT count(*) FROM device_key"))
}

func TestPrivateKeysAreKeptSealed(t *testing.T) {
	l := newLogin(t)
	key, err := proda.NewKey()
	require.NoError(t, err)
	_, err = l.store.DeviceKeys().StorePending(t.Context(), l.connection, key)
	require.NoError(t, err)
	encoded, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	l.requireSealed(t, encoded[len(encoded)/2:])
	require.False(t, bytes.Contains(testkit.Value[[]byte](t, l.sql, "SELECT private_key_sealed FROM device_key"), encoded[26:58]))

	l.sql.Exec(t, "UPDATE device_key SET private_key_sealed = '\\x00'")
	_, err = l.store.DeviceKeys().PendingKey(t.Context(), l.connection)
	require.ErrorContains(t, err, string(l.connection))
	require.NotErrorIs(t, err, proda.ErrNoKey)
}

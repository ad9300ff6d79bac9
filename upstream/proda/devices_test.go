package proda_test

import (
	"context"
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/upstream/proda"
	"github.com/caresync/caresync/upstream/proda/prodatest"
	"github.com/caresync/caresync/upstream/transport"
)

func TestActivation(t *testing.T) {
	fake := startPRODA(t)
	store := &prodatest.Store{}
	process := fake.process(store)
	require.NoError(t, process.devices.Activate(t.Context(), fake.connection(), "otac-1"))

	key, err := store.PrivateKey(t.Context(), fake.connection().ID)
	require.NoError(t, err)
	require.Equal(t, 2048, key.N.BitLen())
	require.Equal(t, []map[string]any{{"orgId": "RA0001", "otac": "otac-1", "key": publicJWK(key)}}, fake.bodies)
	require.Empty(t, fake.requests[0].Header.Get("Authorization"))
	_, err = store.PendingKey(t.Context(), fake.connection().ID)
	require.ErrorIs(t, err, proda.ErrNoKey)

	token, err := process.tokens.Current(t.Context(), fake.connection())
	require.NoError(t, err)
	require.Equal(t, "token-1", token.AccessToken)
}

func publicJWK(key *rsa.PrivateKey) map[string]any {
	return map[string]any{
		"kty": "RSA", "kid": "caresync 1", "use": "sig", "alg": "RS256", "e": "AQAB",
		"n": base64.RawURLEncoding.EncodeToString(key.N.Bytes()),
	}
}

func TestAWrongActivationCode(t *testing.T) {
	fake := startPRODA(t)
	process := fake.process(&prodatest.Store{})
	err := process.devices.Activate(t.Context(), fake.connection(), "wrong")
	require.Equal(t, "proda: activate the device: login_refused (status 400, code DE.7)", err.Error())
	require.Equal(t, "Activation code is invalid", failure(t, err).Words)
	require.NoError(t, process.devices.Activate(t.Context(), fake.connection(), "otac-1"), "the right one works afterwards")
}

// The one-time code is used up once PRODA has the key, so that a process that dies then must not have lost it.
func TestAnActivationInterruptedAfterPRODATookTheKey(t *testing.T) {
	fake := startPRODA(t)
	died := errors.New("died")
	store := &prodatest.Store{FailPromote: died}
	require.ErrorIs(t, fake.process(store).devices.Activate(t.Context(), fake.connection(), "otac-1"), died)

	store.FailPromote = nil
	_, err := fake.process(store).tokens.Current(t.Context(), fake.connection())
	require.NoError(t, err)
	_, err = store.PrivateKey(t.Context(), fake.connection().ID)
	require.NoError(t, err, "the key that works was promoted")
}

func TestRenewal(t *testing.T) {
	fake := startPRODA(t)
	store := fake.activated()
	process := fake.process(store)
	require.NoError(t, process.devices.RenewKey(t.Context(), fake.connection()))
	key, err := store.PrivateKey(t.Context(), fake.connection().ID)
	require.NoError(t, err)
	require.NotEqual(t, firstKey().N, key.N)
	require.Equal(t, []map[string]any{publicJWK(key)}, fake.bodies)
	require.Equal(t, 1, fake.tokens(), "the renewal used the shared token")

	fake.clock.advance(time.Hour)
	token, err := process.tokens.Current(t.Context(), fake.connection())
	require.NoError(t, err)
	require.Equal(t, "token-2", token.AccessToken)
}

func TestTheNewKeyIsStoredBeforePRODAIsTold(t *testing.T) {
	fake := startPRODA(t)
	store := fake.activated()
	away := errors.New("the database is away")
	client := fake.client()
	noPending := failingPending{Store: store, err: away}
	devices := proda.NewDevices(client, proda.NewTokens(client, store, noPending), noPending)
	require.ErrorIs(t, devices.RenewKey(t.Context(), fake.connection()), away)
	require.ErrorIs(t, devices.Activate(t.Context(), fake.connection(), "otac-1"), away)
	require.Empty(t, fake.bodies)
}

type failingPending struct {
	*prodatest.Store
	err error
}

func (s failingPending) StorePending(context.Context, care.ID, *rsa.PrivateKey) (*rsa.PrivateKey, error) {
	return nil, s.err
}

func TestARenewalInterruptedAfterPRODATookTheKey(t *testing.T) {
	for name, next := range map[string]func(process, care.Connection) error{
		"a sync comes next": func(p process, connection care.Connection) error {
			_, err := p.tokens.Current(t.Context(), connection)
			return err
		},
		"the renewal is tried again": func(p process, connection care.Connection) error { return p.devices.RenewKey(t.Context(), connection) },
	} {
		t.Run(name, func(t *testing.T) {
			fake := startPRODA(t)
			store := fake.activated()
			died := errors.New("died")
			store.FailPromote = died
			require.ErrorIs(t, fake.process(store).devices.RenewKey(t.Context(), fake.connection()), died)
			store.FailPromote = nil
			fake.clock.advance(time.Hour)

			require.NoError(t, next(fake.process(store), fake.connection()))
			key, err := store.PrivateKey(t.Context(), fake.connection().ID)
			require.NoError(t, err)
			require.True(t, key.PublicKey.Equal(fake.known), "the key that PRODA knows is the device's")
			require.Len(t, fake.bodies, 1, "PRODA was told once")
			_, err = fake.process(store).tokens.Current(t.Context(), fake.connection())
			require.NoError(t, err)
		})
	}
}

func TestARenewalInterruptedBeforePRODATookTheKey(t *testing.T) {
	fake := startPRODA(t)
	store := fake.activated()
	process := fake.process(store)
	_, err := process.tokens.Current(t.Context(), fake.connection())
	require.NoError(t, err)
	fake.set(func(f *fakePRODA) { f.answer = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(502) } })
	err = process.devices.RenewKey(t.Context(), fake.connection())
	require.Equal(t, transport.LoginUnavailable, failure(t, err).Kind)
	pending, err := store.PendingKey(t.Context(), fake.connection().ID)
	require.NoError(t, err)

	fake.set(func(f *fakePRODA) { f.answer = nil })
	fake.clock.advance(time.Hour)
	_, err = process.tokens.Current(t.Context(), fake.connection())
	require.NoError(t, err, "the old key keeps working")
	require.NoError(t, process.devices.RenewKey(t.Context(), fake.connection()))
	key, err := store.PrivateKey(t.Context(), fake.connection().ID)
	require.NoError(t, err)
	require.True(t, key.Equal(pending), "the pending key was used, not another")
}

func TestARenewalWithAnExpiredTokenReplacesItOnce(t *testing.T) {
	fake := startPRODA(t)
	store := fake.activated()
	process := fake.process(store)
	_, err := process.tokens.Current(t.Context(), fake.connection())
	require.NoError(t, err)
	fake.set(func(f *fakePRODA) { f.issued++ }) // the token in the store is no longer PRODA's latest
	require.NoError(t, process.devices.RenewKey(t.Context(), fake.connection()))
	require.Equal(t, 3, fake.tokens())

	fake.set(func(f *fakePRODA) {
		f.answer = func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPut {
				w.WriteHeader(401)
				return
			}
			f.token(w, r)
		}
	})
	err = process.devices.RenewKey(t.Context(), fake.connection())
	require.Equal(t, transport.NotAuthorised, failure(t, err).Kind)
}

func TestATokenPrintsWithoutItsSecret(t *testing.T) { // R10
	token := proda.Token{AccessToken: "secret", ExpiresAt: time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)}
	require.Equal(t, "PRODA token valid until 2026-04-01T00:00:00Z", token.LogValue().String())
	require.NotContains(t, fmt.Sprintf("%v %+v %#v %s", token, token, token, token), "secret")
}

func TestExpiryWarnings(t *testing.T) {
	now := time.Date(2026, 4, 1, 12, 0, 0, 0, time.UTC)
	days := func(days int) time.Time { return now.AddDate(0, 0, days) }
	for _, test := range []struct {
		name        string
		key, device time.Time
		want        []string
		urgent      bool
	}{
		{"unknown", time.Time{}, time.Time{}, nil, false},
		{"far away", days(31), days(400), nil, false},
		{"a device needs people, who are told earlier", days(31), days(60), []string{"The PRODA device expires on 31 May 2026, in 60 days. Extend the device in PRODA, or register a new one and activate it."}, false},
		{"not yet", days(31), days(61), nil, false},
		{"30 days", days(30), days(400), []string{"The PRODA key expires on 1 May 2026, in 30 days. CareSync has not been able to renew it: test the connection, and run `caresync connection renew-key`."}, false},
		{"8 days", days(8), time.Time{}, []string{"The PRODA key expires on 9 April 2026, in 8 days. CareSync has not been able to renew it: test the connection, and run `caresync connection renew-key`."}, false},
		{"7 days", days(7), time.Time{}, []string{"The PRODA key expires on 8 April 2026, in 7 days. CareSync has not been able to renew it: test the connection, and run `caresync connection renew-key`."}, true},
		{"hours", now.Add(5 * time.Hour), time.Time{}, []string{"The PRODA key expires within a day. CareSync has not been able to renew it: test the connection, and run `caresync connection renew-key`."}, true},
		{"past", now.Add(-5 * time.Hour), days(-3), []string{
			"The PRODA key expired on 1 April 2026. Activate the device again with a new one-time code from PRODA.",
			"The PRODA device expired on 29 March 2026. Register a new device in PRODA and activate it.",
		}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			var said []string
			for _, warning := range proda.ExpiryWarnings(test.key, test.device, now) {
				said = append(said, warning.String())
				require.Equal(t, test.urgent, warning.Urgent)
			}
			require.Equal(t, test.want, said)
		})
	}
}

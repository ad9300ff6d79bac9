package proda_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/upstream/proda"
	"github.com/caresync/caresync/upstream/proda/prodatest"
	"github.com/caresync/caresync/upstream/transport"
)

func TestTheAssertionSaysWhoAsksForWhat(t *testing.T) {
	fake := startPRODA(t)
	token, err := fake.process(fake.activated()).tokens.Current(t.Context(), fake.connection())
	require.NoError(t, err)
	now := fake.clock.Now()
	require.Equal(t, []map[string]any{{
		"kid": "caresync 1", "iss": "RA0001", "sub": "caresync 1", "aud": "https://proda.humanservices.gov.au",
		"token.aud": "https://audience.example", "iat": float64(now.Unix()), "exp": float64(now.Add(10 * time.Minute).Unix()),
	}}, fake.claims)
	require.Equal(t, "token-1", token.AccessToken)
	require.Equal(t, now.Add(time.Hour), token.ExpiresAt)
	require.Equal(t, now.Add(48*time.Minute), token.RefreshAt())
	require.Equal(t, time.Date(2026, 8, 1, 0, 0, 0, 0, time.UTC), token.KeyExpiry.UTC())
	require.Equal(t, time.Date(2027, 1, 30, 22, 30, 0, 0, time.UTC), token.DeviceExpiry.UTC())
}

func TestAnAnswerOfPRODAIsReadTolerantly(t *testing.T) {
	for body, want := range map[string]proda.Token{
		`{"access_token":"a","expires_in":"600","extra":[]}`:                                               {ExpiresAt: time.Unix(600, 0)},
		`{"access_token":"a","expires_in":null,"key_expiry":null}`:                                         {ExpiresAt: time.Unix(3600, 0)},
		`{"access_token":"a","expires_in":-1,"key_expiry":"soon"}`:                                         {ExpiresAt: time.Unix(3600, 0)},
		`{"access_token":"a","expires_in":60,"key_expiry":"2026-08-01T10:20:30.123"}`:                      {ExpiresAt: time.Unix(60, 0), KeyExpiry: time.Date(2026, 8, 1, 10, 20, 30, 123e6, time.UTC)},
		`{"access_token":"a","expires_in":60,"key_expiry":"2026-08-01","device_expiry":20260801}`:          {ExpiresAt: time.Unix(60, 0), KeyExpiry: time.Date(2026, 8, 1, 0, 0, 0, 0, time.UTC)},
		`{"access_token":"a","expires_in":60,"device_expiry":"2026-08-01T10:20:30+10:00","key_expiry":""}`: {ExpiresAt: time.Unix(60, 0), DeviceExpiry: time.Date(2026, 8, 1, 0, 20, 30, 0, time.UTC)},
	} {
		t.Run(body, func(t *testing.T) {
			fake := startPRODA(t)
			fake.clock.now = time.Unix(0, 0)
			fake.answer = func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, body) }
			got, err := fake.client().RequestToken(t.Context(), fake.connection(), firstKey())
			require.NoError(t, err)
			require.Equal(t, "a", got.AccessToken)
			require.True(t, want.ExpiresAt.Equal(got.ExpiresAt), got.ExpiresAt)
			require.True(t, want.KeyExpiry.Equal(got.KeyExpiry), got.KeyExpiry)
			require.True(t, want.DeviceExpiry.Equal(got.DeviceExpiry), got.DeviceExpiry)
		})
	}
}

func TestOneTokenForAllGoroutinesAndProcesses(t *testing.T) {
	fake := startPRODA(t)
	store := fake.activated()
	processes := []process{fake.process(store), fake.process(store), fake.process(store)}
	everyone := func(do func(process) (string, error)) {
		var done sync.WaitGroup
		for _, process := range processes {
			for range 50 {
				done.Go(func() {
					token, err := do(process)
					require.NoError(t, err)
					require.Equal(t, fmt.Sprintf("token-%d", fake.tokens()), token)
				})
			}
		}
		done.Wait()
	}
	current := func(p process) (string, error) { return p.tokens.For(fake.connection()).Token(t.Context()) }

	everyone(current)
	require.Equal(t, 1, fake.tokens())

	processes = append(processes, fake.process(store)) // a restarted worker
	everyone(current)
	require.Equal(t, 1, fake.tokens())

	fake.clock.advance(47 * time.Minute)
	everyone(current)
	require.Equal(t, 1, fake.tokens(), "not before 80 % of its life")

	fake.clock.advance(2 * time.Minute)
	everyone(current)
	require.Equal(t, 2, fake.tokens())

	everyone(func(p process) (string, error) {
		return p.tokens.For(fake.connection()).Replace(t.Context(), "token-2")
	})
	require.Equal(t, 3, fake.tokens(), "all were refused at once; one replaced it")

	everyone(func(p process) (string, error) {
		return p.tokens.For(fake.connection()).Replace(t.Context(), "token-1")
	})
	require.Equal(t, 3, fake.tokens(), "what was refused is no longer the current one")
	everyone(current)
	require.Equal(t, 3, fake.tokens())
}

func TestANewTokenTellsWhatExpiresSoon(t *testing.T) {
	fake := startPRODA(t)
	fake.clock.now = time.Date(2026, 7, 28, 0, 0, 0, 0, time.UTC) // the key expires on 1 August, the device in January
	var told []proda.ExpiryWarning
	client := proda.NewClient(transport.NewClient(transport.Options{}), proda.Options{Now: fake.clock.Now, Expiring: func(connection care.Connection, warning proda.ExpiryWarning) {
		require.Equal(t, fake.connection().ID, connection.ID)
		told = append(told, warning)
	}})
	store := fake.activated()
	tokens := proda.NewTokens(client, store, store)
	for range 2 {
		_, err := tokens.Current(t.Context(), fake.connection())
		require.NoError(t, err)
	}
	require.Len(t, told, 1, "once for each login")
	require.Equal(t, "key", told[0].Subject)
	require.Equal(t, 4, told[0].Days)
	require.True(t, told[0].Urgent)
}

func TestTokensOfOtherConnectionsAndAudiencesAreTheirOwn(t *testing.T) {
	fake := startPRODA(t)
	store := fake.activated()
	tokens := fake.process(store).tokens
	other, ndia := fake.connection(), fake.connection()
	other.ID = "019a3b5e-0000-7000-8000-000000000003"
	store.SetPrivateKey(other.ID, firstKey())
	ndia.Audience = "https://ndia.example"
	for i, connection := range []care.Connection{fake.connection(), other, ndia, fake.connection(), other, ndia} {
		token, err := tokens.Current(t.Context(), connection)
		require.NoError(t, err)
		require.Equal(t, fmt.Sprintf("token-%d", i%3+1), token.AccessToken)
	}
}

func TestWhileProdaIsAwayAValidTokenIsUsedToItsEnd(t *testing.T) {
	fake := startPRODA(t)
	tokens := fake.process(fake.activated()).tokens
	_, err := tokens.Current(t.Context(), fake.connection())
	require.NoError(t, err)

	fake.set(func(f *fakePRODA) { f.answer = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) } })
	fake.clock.advance(50 * time.Minute)
	for range 5 {
		token, err := tokens.Current(t.Context(), fake.connection())
		require.NoError(t, err)
		require.Equal(t, "token-1", token.AccessToken)
	}
	require.Equal(t, 2, fake.calls(), "PRODA is left alone for a minute")
	fake.clock.advance(2 * time.Minute)
	_, err = tokens.Current(t.Context(), fake.connection())
	require.NoError(t, err)
	require.Equal(t, 3, fake.calls())

	_, err = tokens.Replace(t.Context(), fake.connection(), "token-1")
	require.Equal(t, transport.LoginUnavailable, failure(t, err).Kind, "a refused token is not given again")

	fake.clock.advance(10 * time.Minute)
	_, err = tokens.Current(t.Context(), fake.connection())
	require.Equal(t, transport.LoginUnavailable, failure(t, err).Kind)
	require.True(t, failure(t, err).Retryable())

	fake.set(func(f *fakePRODA) { f.answer = nil })
	token, err := tokens.Current(t.Context(), fake.connection())
	require.NoError(t, err)
	require.Equal(t, "token-2", token.AccessToken)
}

func TestPRODAIsLeftAloneForAsLongAsItAsked(t *testing.T) {
	fake := startPRODA(t)
	store := fake.activated()
	process, other := fake.process(store), fake.process(store)
	fake.set(func(f *fakePRODA) {
		f.answer = func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "30")
			w.WriteHeader(http.StatusTooManyRequests)
		}
	})
	for _, wait := range []time.Duration{30 * time.Second, 20 * time.Second} {
		_, err := process.tokens.Current(t.Context(), fake.connection())
		require.Equal(t, transport.LoginUnavailable, failure(t, err).Kind)
		require.Equal(t, wait, failure(t, err).RetryAfter)
		require.Equal(t, 1, fake.calls())
		fake.clock.advance(10 * time.Second)
	}

	fake.set(func(f *fakePRODA) { f.answer = nil })
	_, err := other.tokens.Current(t.Context(), fake.connection())
	require.NoError(t, err)
	token, err := process.tokens.Current(t.Context(), fake.connection())
	require.NoError(t, err, "another process's token is taken at once")
	require.Equal(t, "token-1", token.AccessToken)

	fake.clock.advance(time.Hour)
	_, err = process.tokens.Current(t.Context(), fake.connection())
	require.NoError(t, err)
	require.Equal(t, 2, fake.tokens())
}

func TestWhoeverGivesUpDoesNotTakeTheLoginFromOthers(t *testing.T) {
	fake := startPRODA(t)
	asked, goOn := make(chan struct{}), make(chan struct{})
	store := &holdingStore{Store: fake.activated(), asked: asked, goOn: goOn}
	tokens := proda.NewTokens(fake.client(), store, store)
	ctx, giveUp := context.WithCancel(t.Context())
	first := make(chan error)
	go func() {
		_, err := tokens.Current(ctx, fake.connection())
		first <- err
	}()
	<-asked
	giveUp()
	require.ErrorIs(t, <-first, context.Canceled)
	close(goOn)
	token, err := tokens.Current(t.Context(), fake.connection())
	require.NoError(t, err)
	require.Equal(t, "token-1", token.AccessToken)
	require.Equal(t, 1, fake.tokens())
}

// holdingStore waits before it answers.
type holdingStore struct {
	*prodatest.Store
	once  sync.Once
	asked chan<- struct{}
	goOn  <-chan struct{}
}

func (s *holdingStore) Load(ctx context.Context, connectionID care.ID, audience string) (proda.Token, error) {
	s.once.Do(func() { close(s.asked) })
	<-s.goOn
	if err := ctx.Err(); err != nil {
		return proda.Token{}, err
	}
	return s.Store.Load(ctx, connectionID, audience)
}

// While another process waits for PRODA, a valid token is used, and without one PRODA is what a call waits for (R38).
func TestWhileAnotherProcessLogsInPRODAIsWaitedFor(t *testing.T) {
	fake := startPRODA(t)
	store := fake.activated()
	_, err := fake.process(store).tokens.Current(t.Context(), fake.connection())
	require.NoError(t, err)
	waiting := busyStore{store}
	tokens := proda.NewTokens(fake.client(), waiting, waiting)
	fake.clock.advance(50 * time.Minute)
	token, err := tokens.Current(t.Context(), fake.connection())
	require.NoError(t, err)
	require.Equal(t, "token-1", token.AccessToken, "due, but valid")

	_, err = tokens.Replace(t.Context(), fake.connection(), "token-1")
	require.Equal(t, transport.LoginUnavailable, failure(t, err).Kind)
	fake.clock.advance(20 * time.Minute)
	_, err = tokens.Current(t.Context(), fake.connection())
	require.Equal(t, transport.LoginUnavailable, failure(t, err).Kind)
	require.Equal(t, proda.Service, failure(t, err).Service)
	require.Equal(t, 1, fake.calls())
}

// busyStore is one whose row another process keeps locked.
type busyStore struct{ *prodatest.Store }

func (busyStore) Refresh(context.Context, care.ID, string, func(proda.Token) (proda.Token, error)) (proda.Token, error) {
	return proda.Token{}, proda.ErrLoginUnderWay
}

func TestErrorsOfTheStoresArePassedOn(t *testing.T) {
	fake := startPRODA(t)
	away := errors.New("the database is away")
	tokens := proda.NewTokens(fake.client(), brokenStore{away}, fake.activated())
	_, err := tokens.Current(t.Context(), fake.connection())
	require.ErrorIs(t, err, away)
	require.NotErrorAs(t, err, new(*transport.Error))
}

type brokenStore struct{ err error }

func (s brokenStore) Load(context.Context, care.ID, string) (proda.Token, error) {
	return proda.Token{}, s.err
}

func (s brokenStore) Refresh(context.Context, care.ID, string, func(proda.Token) (proda.Token, error)) (proda.Token, error) {
	return proda.Token{}, s.err
}

func TestADeviceThatWasNeverActivatedIsASetUpError(t *testing.T) {
	fake := startPRODA(t)
	process := fake.process(&prodatest.Store{})
	_, err := process.tokens.Current(t.Context(), fake.connection())
	require.Equal(t, transport.NotSetUp, failure(t, err).Kind)
	require.Equal(t, transport.CodeDeviceNotActivated, failure(t, err).Code)
	require.True(t, failure(t, err).OrganisationWide())
	err = process.devices.RenewKey(t.Context(), fake.connection())
	require.Equal(t, transport.CodeDeviceNotActivated, failure(t, err).Code)
	require.Zero(t, fake.calls())
}

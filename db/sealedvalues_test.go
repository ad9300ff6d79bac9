package db_test

import (
	"context"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
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

// A new sealed column has to be counted and resealed, too: add it to db/queries/sealing.sql.
func TestEverySealedColumnIsResealed(t *testing.T) {
	t.Parallel()
	require.ElementsMatch(t, []string{
		"device_key.private_key_sealed", "pace_preview.sealed", "pace_settings.notification_key_sealed", "upstream_token.token_sealed",
		"sealing_key.sealed", // the proof of a key is sealed with that key
	}, testkit.Column[string](t, schema(t), `SELECT table_name || '.' || column_name FROM information_schema.columns
		WHERE table_schema = 'public' AND data_type = 'bytea' AND column_name LIKE '%sealed%'`))
}

// secrets are one of each kind of sealed value, sealed with the key k1, and a keyring that has turned to k2.
type secrets struct {
	stored.Participant
	k1, k2           string
	key              *rsa.PrivateKey
	notificationKey  string
	preview          care.Preview
	rotated, without *sealing.Keyring
}

func newSecrets(t *testing.T) secrets {
	t.Helper()
	s := secrets{Participant: stored.NewParticipant(t), k1: keyringEntry(t, "k1"), k2: keyringEntry(t, "k2")}
	s.rotated, s.without = parsedKeyring(t, s.k2, s.k1), parsedKeyring(t, s.k2)
	s.Store = s.open(t, parsedKeyring(t, s.k1))
	var err error
	s.key, err = proda.NewKey()
	require.NoError(t, err)
	_, err = s.Store.DeviceKeys().StorePending(t.Context(), s.Connection, s.key)
	require.NoError(t, err)
	_, err = s.Store.ProdaTokens().Refresh(t.Context(), s.Connection, audience, giving(secret))
	require.NoError(t, err)
	s.notificationKey, err = s.Store.NewNotificationKey(t.Context(), s.Organisation.ID, "tests")
	require.NoError(t, err)
	s.preview = care.Preview{ID: db.NewID(), RetrievedAt: s.Now, ExpiresAt: s.Now.Add(time.Hour)}
	step := s.Run(t, s.Client, care.TriggerOnDemand, care.Date{})
	require.NoError(t, s.Store.StorePreview(t.Context(), step, db.PreviewContents{Preview: s.preview}))
	return s
}

func keyringEntry(t *testing.T, id string) string {
	t.Helper()
	entry, err := sealing.Generate(id)
	require.NoError(t, err)
	return entry
}

func parsedKeyring(t *testing.T, entries ...string) *sealing.Keyring {
	t.Helper()
	keyring, err := sealing.Parse(strings.Join(entries, ","))
	require.NoError(t, err)
	return keyring
}

func (s secrets) open(t *testing.T, keyring *sealing.Keyring) *db.Store {
	t.Helper()
	store, err := db.Open(t.Context(), s.Address, keyring, db.Options{})
	require.NoError(t, err)
	t.Cleanup(store.Close)
	return store
}

// requireReadable requires that a store reads every secret.
func (s secrets) requireReadable(t *testing.T, store *db.Store) {
	t.Helper()
	key, err := store.DeviceKeys().PendingKey(t.Context(), s.Connection)
	require.NoError(t, err)
	require.True(t, key.Equal(s.key))
	token, err := store.ProdaTokens().Load(t.Context(), s.Connection, audience)
	require.NoError(t, err)
	require.Equal(t, secret, token)
	made := hmac.New(sha256.New, []byte(s.notificationKey))
	made.Write([]byte("body"))
	_, err = store.NotificationOrganisation(t.Context(), s.Organisation.ID, db.NotificationProof{
		Header: hex.EncodeToString(made.Sum(nil)), Body: func() ([]byte, error) { return []byte("body"), nil },
	})
	require.NoError(t, err)
	preview, err := store.Preview(t.Context(), s.Organisation.ID, s.preview.ID)
	require.NoError(t, err)
	require.Equal(t, s.preview.ID, preview.Contents.ID)
}

func oneOfEach(keyID string) (counts []db.SealedCount) {
	for _, in := range []db.SealedIn{db.SealedDeviceKey, db.SealedPreview, db.SealedNotificationKey, db.SealedToken} {
		counts = append(counts, db.SealedCount{HeldIn: in, KeyID: keyID, Number: 1})
	}
	return counts
}

func TestEverythingIsResealed(t *testing.T) {
	t.Parallel()
	s := newSecrets(t)
	counts, err := s.Store.CountSealed(t.Context())
	require.NoError(t, err)
	require.Equal(t, oneOfEach("k1"), counts)
	rotated := s.open(t, s.rotated)

	done, err := rotated.Reseal(t.Context(), s.rotated)

	require.NoError(t, err)
	require.Len(t, done, 4)
	for _, one := range done {
		require.Equal(t, db.Resealed{HeldIn: one.HeldIn, KeyID: "k1", Resealed: 1}, one)
	}
	counts, err = rotated.CountSealed(t.Context())
	require.NoError(t, err)
	require.Equal(t, oneOfEach("k2"), counts)
	s.requireReadable(t, s.open(t, s.without))
	before := s.SQL.Snapshot(t)
	done, err = rotated.Reseal(t.Context(), s.rotated)
	require.NoError(t, err)
	require.Empty(t, done, "nothing is left to do")
	require.Equal(t, before, s.SQL.Snapshot(t))
}

func TestWhatCannotBeOpenedIsLeftAsItIs(t *testing.T) {
	t.Parallel()
	s := newSecrets(t)
	s.SQL.Exec(t, `UPDATE upstream_token SET token_sealed = set_byte(token_sealed, length(token_sealed) - 1, get_byte(token_sealed, length(token_sealed) - 1) # 1)`)
	s.SQL.Exec(t, `UPDATE pace_settings SET notification_key_sealed = '\x00'`)
	before := s.SQL.Snapshot(t)
	for _, keyring := range []*sealing.Keyring{s.without, parsedKeyring(t, s.k2, keyringEntry(t, "k1"))} { // missing, another one
		done, err := s.open(t, keyring).Reseal(t.Context(), keyring)
		require.NoError(t, err)
		require.ElementsMatch(t, []db.Resealed{
			{HeldIn: db.SealedDeviceKey, KeyID: "k1", Unopened: 1}, {HeldIn: db.SealedPreview, KeyID: "k1", Unopened: 1},
			{HeldIn: db.SealedNotificationKey, Unopened: 1}, {HeldIn: db.SealedToken, KeyID: "k1", Unopened: 1},
		}, done)
	}
	require.Equal(t, before, s.SQL.Snapshot(t))

	done, err := s.open(t, s.rotated).Reseal(t.Context(), s.rotated)
	require.NoError(t, err)
	require.ElementsMatch(t, []db.Resealed{
		{HeldIn: db.SealedDeviceKey, KeyID: "k1", Resealed: 1}, {HeldIn: db.SealedPreview, KeyID: "k1", Resealed: 1},
		{HeldIn: db.SealedNotificationKey, Unopened: 1}, {HeldIn: db.SealedToken, KeyID: "k1", Unopened: 1},
	}, done, "a damaged value keeps no other one back")
}

// A token that another program is replacing is left to it, and one that it has replaced meanwhile stays the new one.
func TestResealingLeavesToOthersWhatTheyReplace(t *testing.T) {
	t.Parallel()
	s := newSecrets(t)
	rotated := s.open(t, s.rotated)
	newer := secret
	newer.AccessToken = "a newer token"
	_, err := s.Store.ProdaTokens().Refresh(t.Context(), s.Connection, audience, func(proda.Token) (proda.Token, error) {
		done, err := rotated.Reseal(t.Context(), s.rotated)
		require.NoError(t, err)
		require.Contains(t, done, db.Resealed{HeldIn: db.SealedToken, KeyID: "k1", InUse: 1})
		return newer, nil
	})
	require.NoError(t, err)
	token, err := rotated.ProdaTokens().Load(t.Context(), s.Connection, audience)
	require.NoError(t, err)
	require.Equal(t, newer, token)

	done, err := rotated.Reseal(t.Context(), s.rotated)
	require.NoError(t, err)
	require.Equal(t, []db.Resealed{{HeldIn: db.SealedToken, KeyID: "k1", Resealed: 1}}, done)
	token, err = s.open(t, s.without).ProdaTokens().Load(t.Context(), s.Connection, audience)
	require.NoError(t, err)
	require.Equal(t, newer, token)
}

// Many values are read in batches; what was done before an interruption stays done.
func TestResealingIsResumed(t *testing.T) {
	t.Parallel()
	s := newSecrets(t)
	const many = 250
	for i := range many {
		_, err := s.Store.ProdaTokens().Refresh(t.Context(), s.Connection, fmt.Sprintf("https://%03d.example", i), giving(secret))
		require.NoError(t, err)
	}
	statements := &testkit.Statements{}
	store, err := db.Open(t.Context(), s.Address, s.rotated, db.Options{Tracer: statements})
	require.NoError(t, err)
	t.Cleanup(store.Close)
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	updates := 0
	var count func(uint32)
	count = func(uint32) {
		if updates++; updates == 150 {
			interrupt()
		}
		statements.Before("ResealToken", count)
	}
	statements.Before("ResealToken", count)
	_, err = store.Reseal(ctx, s.rotated)
	require.ErrorIs(t, err, context.Canceled)

	done, err := s.open(t, s.rotated).Reseal(t.Context(), s.rotated)
	require.NoError(t, err)
	require.Equal(t, []db.Resealed{{HeldIn: db.SealedToken, KeyID: "k1", Resealed: many + 1 - 149}}, done)
}

// When a key was used last is known to half a minute, for as long as programs run.
func TestTheLastUseOfAKeyIsNoted(t *testing.T) {
	t.Parallel()
	s := newSecrets(t)
	require.NoError(t, s.Store.CheckKeyring(t.Context(), parsedKeyring(t, s.k1)))
	s.SQL.Exec(t, "UPDATE sealing_key SET first_used_at = now() - interval '1 day', last_used_at = now() - interval '1 hour'")
	lastUse := func() time.Time {
		keys, err := s.Store.SealingKeys(t.Context())
		require.NoError(t, err)
		require.Len(t, keys, 1)
		return keys[0].LastUsedAt
	}
	began := time.Now()
	ctx, stop := context.WithCancel(t.Context())
	stop()
	require.NoError(t, s.Store.NoteKeyUse(parsedKeyring(t, s.k1))(ctx), "a program that stops")
	require.WithinDuration(t, began, lastUse(), time.Minute)

	s.SQL.Exec(t, "UPDATE sealing_key SET last_used_at = now() - interval '1 hour'")
	require.NoError(t, s.Store.CheckKeyring(t.Context(), parsedKeyring(t, s.k1)), "a program that starts")
	require.WithinDuration(t, began, lastUse(), time.Minute)

	s.SQL.Exec(t, "INSERT INTO temporal_schedule (id, key_id) VALUES ('reconcile', 'k1')")
	s.SQL.Exec(t, "UPDATE sealing_key SET last_used_at = now() - interval '1 hour'")
	require.NoError(t, s.Store.RecordAppliedSchedule(t.Context(), "reconcile", db.AppliedNow{Version: 1, KeyID: "k2"}))
	require.WithinDuration(t, began, lastUse(), time.Minute, "a schedule started runs with it so far")
}

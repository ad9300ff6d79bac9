package temporal_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	sdktemporal "go.temporal.io/sdk/temporal"
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	"github.com/caresync/caresync/platform/sealing"
	"github.com/caresync/caresync/platform/temporal"
)

// person is the synthetic name that must never be seen in clear.
const person = "Wilhelmina Testperson"

func newEntry(t require.TestingT, id string) string {
	entry, err := sealing.Generate(id)
	require.NoError(t, err)
	return entry
}

func newKeyring(t require.TestingT, entries ...string) *sealing.Keyring {
	if len(entries) == 0 {
		entries = []string{newEntry(t, "k1")}
	}
	var text string
	for i, entry := range entries {
		if i > 0 {
			text += ","
		}
		text += entry
	}
	keyring, err := sealing.Parse(text)
	require.NoError(t, err)
	return keyring
}

type input struct {
	Client string
	Count  int
}

func TestPayloadsComeBackAsTheyWere(t *testing.T) {
	data := temporal.NewDataConverter(newKeyring(t))
	rapid.Check(t, func(t *rapid.T) {
		want := input{rapid.String().Draw(t, "client"), rapid.Int().Draw(t, "count")}
		payloads, err := data.ToPayloads(want, "second")
		require.NoError(t, err)

		var got input
		var second string
		require.NoError(t, data.FromPayloads(payloads, &got, &second))

		require.Equal(t, want, got)
		require.Equal(t, "second", second)
	})
}

func TestPayloadsAreEncryptedAndNameTheirKey(t *testing.T) {
	data := temporal.NewDataConverter(newKeyring(t))
	payload, err := data.ToPayload(input{Client: person})
	require.NoError(t, err)
	require.Equal(t, "binary/encrypted", string(payload.Metadata["encoding"]))
	require.Equal(t, "k1", string(payload.Metadata["encryption-key-id"]))
	require.Len(t, payload.Metadata, 2, "the metadata of the plaintext is encrypted too")
	require.NotContains(t, wire(t, payload), "Wilhelmina")
}

func TestPayloadsOfOlderKeysAreRead(t *testing.T) {
	old, active := newEntry(t, "old"), newEntry(t, "active")
	payload, err := temporal.NewDataConverter(newKeyring(t, old)).ToPayload(person)
	require.NoError(t, err)

	rotated := temporal.NewDataConverter(newKeyring(t, active, old))
	var got string
	require.NoError(t, rotated.FromPayload(payload, &got))
	require.Equal(t, person, got)

	payload, err = rotated.ToPayload(person)
	require.NoError(t, err)
	require.Equal(t, "active", string(payload.Metadata["encryption-key-id"]))
}

func TestPayloadsInClearAreRead(t *testing.T) {
	clear, err := converter.GetDefaultDataConverter().ToPayload("made by the server")
	require.NoError(t, err)
	var got string
	require.NoError(t, temporal.NewDataConverter(newKeyring(t)).FromPayload(clear, &got))
	require.Equal(t, "made by the server", got)
}

func TestValueSealedForSomethingElseIsNoPayload(t *testing.T) {
	keyring := newKeyring(t)
	payload := &commonpb.Payload{
		Metadata: map[string][]byte{"encoding": []byte("binary/encrypted")},
		Data:     keyring.Seal([]byte("private key"), []byte("connection")),
	}
	var got string
	require.ErrorIs(t, temporal.NewDataConverter(keyring).FromPayload(payload, &got), sealing.ErrTampered)
}

func TestMissingKeyIsAnErrorForClientsAndAPanicInWorkflows(t *testing.T) {
	payload, err := temporal.NewDataConverter(newKeyring(t, newEntry(t, "lost"))).ToPayload(person)
	require.NoError(t, err)
	data := temporal.NewDataConverter(newKeyring(t, newEntry(t, "other")))
	aware, ok := data.(converter.ContextAware)
	require.True(t, ok)
	var got string

	var unknown *sealing.UnknownKeyError
	require.ErrorAs(t, data.FromPayload(payload, &got), &unknown)
	require.ErrorAs(t, aware.WithContext(t.Context()).FromPayload(payload, &got), &unknown)
	require.Equal(t, "lost", unknown.KeyID)
	require.Panics(t, func() { _ = aware.WithWorkflowContext(nil).FromPayload(payload, &got) })
}

func TestFailuresAreEncrypted(t *testing.T) {
	cause := fmt.Errorf("reading the plan of %s", person)
	for name, err := range map[string]error{
		"plain":       cause,
		"application": sdktemporal.NewApplicationErrorWithCause("no plan for "+person, "NotFound", cause, person),
		"cancelled":   sdktemporal.NewCanceledError(person),
		"joined":      errors.Join(cause, cause),
	} {
		t.Run(name, func(t *testing.T) {
			failures := temporal.NewFailureConverter(newKeyring(t))

			failure := failures.ErrorToFailure(err)

			require.NotContains(t, wire(t, failure), "Wilhelmina")
			for f := failure; f != nil; f = f.Cause {
				require.Equal(t, "Encoded failure", f.Message)
				require.Empty(t, f.StackTrace)
			}
		})
	}
}

func TestFailuresComeBackWithTypeAndDetails(t *testing.T) {
	failures := temporal.NewFailureConverter(newKeyring(t))
	sent := sdktemporal.NewNonRetryableApplicationError("no plan for "+person, "NotFound", errors.New("404"), person)

	failure := failures.ErrorToFailure(sent)
	require.Equal(t, "NotFound", failure.GetApplicationFailureInfo().Type, "types stay readable")
	got := failures.FailureToError(failure)

	var application *sdktemporal.ApplicationError
	require.ErrorAs(t, got, &application)
	require.Equal(t, "no plan for "+person, application.Message())
	require.True(t, application.NonRetryable())
	require.EqualError(t, errors.Unwrap(application), "404")
	var detail string
	require.NoError(t, application.Details(&detail))
	require.Equal(t, person, detail)
}

func wire(t *testing.T, message proto.Message) string {
	t.Helper()
	encoded, err := proto.Marshal(message)
	require.NoError(t, err)
	return string(encoded)
}

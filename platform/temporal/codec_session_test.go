package temporal

import (
	"encoding/base64"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/platform/sealing"
)

func newSessions(t *testing.T) sessions {
	entry, err := sealing.Generate("k1")
	require.NoError(t, err)
	keyring, err := sealing.Parse(entry)
	require.NoError(t, err)
	return sessions{keyring: keyring, token: "an-operators-token-for-tests"}
}

func TestSessionEnds(t *testing.T) {
	s := newSessions(t)
	end := time.Date(2026, 4, 5, 2, 30, 0, 0, time.UTC)
	session := s.session(end)
	require.True(t, s.isOpen(session, end.Add(-time.Second)))
	require.False(t, s.isOpen(session, end))
	require.False(t, s.isOpen(session, end.Add(time.Hour)))
}

func TestNewCookieLastsTwelveHours(t *testing.T) {
	s := newSessions(t)
	cookie := s.newCookie(false)
	require.WithinDuration(t, time.Now().Add(12*time.Hour), cookie.Expires, time.Minute)
	require.True(t, s.isOpen(cookie.Value, cookie.Expires.Add(-2*time.Second)))
	require.False(t, s.isOpen(cookie.Value, cookie.Expires.Add(time.Second)))
}

func TestNewTokenOrKeyEndsSessions(t *testing.T) {
	before := newSessions(t)
	session := before.session(time.Now().Add(time.Hour))

	newToken := sessions{keyring: before.keyring, token: "another-operators-token"}
	require.False(t, newToken.isOpen(session, time.Now()))
	newKey := sessions{keyring: newSessions(t).keyring, token: before.token}
	require.False(t, newKey.isOpen(session, time.Now()))
}

func TestAlteredSessionIsRefused(t *testing.T) {
	s := newSessions(t)
	session := []byte(s.session(time.Now().Add(time.Hour)))
	for i := range session {
		altered := append([]byte(nil), session...)
		altered[i] = '*'
		require.False(t, s.isOpen(string(altered), time.Now()))
	}
	require.False(t, s.isOpen("", time.Now()))
}

func TestPayloadIsNoSession(t *testing.T) {
	s := newSessions(t)
	payload := s.keyring.Seal([]byte(time.Now().Add(time.Hour).UTC().Format(time.RFC3339)), payloadPurpose)
	require.False(t, s.isOpen(base64.RawURLEncoding.EncodeToString(payload), time.Now()))
}

package temporal

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"strings"
	"time"

	"github.com/caresync/caresync/platform/sealing"
)

const (
	sessionCookie = "caresync_codec_session"
	sessionLife   = 12 * time.Hour
)

// sessions tells who may use the codec endpoint. A session is nothing but its own end, sealed for the operator's
// token: no state is kept, and a new token or a removed key ends all sessions.
type sessions struct {
	keyring *sealing.Keyring
	token   string
}

func (s sessions) allow(r *http.Request) bool {
	if token, isBearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); isBearer {
		return s.isToken(token)
	}
	cookie, err := r.Cookie(sessionCookie)
	return err == nil && s.isOpen(cookie.Value, time.Now())
}

// isToken compares hashes, so that neither content nor length shows in the time that it takes.
func (s sessions) isToken(given string) bool {
	want, got := sha256.Sum256([]byte(s.token)), sha256.Sum256([]byte(given))
	return subtle.ConstantTimeCompare(want[:], got[:]) == 1
}

func (s sessions) newCookie(secure bool) *http.Cookie {
	end := time.Now().Add(sessionLife)
	return &http.Cookie{
		Name:     sessionCookie,
		Value:    s.session(end),
		Path:     "/codec",
		Expires:  end,
		HttpOnly: true,
		Secure:   secure,
		SameSite: http.SameSiteStrictMode,
	}
}

func (s sessions) session(end time.Time) string {
	return base64.RawURLEncoding.EncodeToString(s.keyring.Seal([]byte(end.UTC().Format(time.RFC3339)), s.purpose()))
}

func (s sessions) isOpen(session string, now time.Time) bool {
	sealed, err := base64.RawURLEncoding.DecodeString(session)
	if err != nil {
		return false
	}
	text, err := s.keyring.Open(sealed, s.purpose())
	if err != nil {
		return false
	}
	end, err := time.Parse(time.RFC3339, string(text))
	return err == nil && now.Before(end)
}

func (s sessions) purpose() []byte { return []byte("codec session\x00" + s.token) }

package proda

import (
	"crypto/rand"
	"crypto/subtle"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/caresync/caresync/simulator/faults"
)

const (
	grantType = "urn:ietf:params:oauth:grant-type:jwt-bearer"
	// longestAssertion is the longest life of an assertion; skew is how far a caller's clock may be ahead.
	longestAssertion = 10 * time.Minute
	skew             = 30 * time.Second
)

// assertion is what a caller claims, after the signature was verified.
type assertion struct {
	jwt.Claims
	TokenAudience string `json:"token.aud"`
}

type tokenAnswer struct {
	AccessToken  string `json:"access_token"`
	TokenType    string `json:"token_type"`
	ExpiresIn    int    `json:"expires_in"`
	KeyExpiry    string `json:"key_expiry"`
	DeviceExpiry string `json:"device_expiry"`
}

// token answers a signed assertion with an access token.
func (s *Service) token(w http.ResponseWriter, r *http.Request) {
	if _, asked := faults.Of(r, faults.ExpiredDevice); asked {
		refused(deviceError, deviceState+": the device has expired").writeTokenError(w)
		return
	}
	signed, refusal := s.readTokenRequest(r)
	if refusal != nil {
		refusal.writeTokenError(w)
		return
	}
	s.registry.mu.Lock()
	defer s.registry.mu.Unlock()
	device, audience, refusal := s.verify(signed)
	if refusal != nil {
		refusal.writeTokenError(w)
		return
	}
	use := tokenUse{deviceName{device.RANumber, device.Name}, audience}
	if latest := s.registry.tokens[s.registry.latest[use]]; latest.Value != "" && !latest.Revoked {
		if may, wait := s.mayReplace(use, latest.Issued, latest.Expiry); !may {
			throttle(w, wait)
			return
		}
	}
	token := s.newToken(device.RANumber, device.Name, audience)
	if err := s.registry.storeToken(token); err != nil {
		writeJSON(w, http.StatusInternalServerError, struct{ Message string }{err.Error()})
		return
	}
	writeJSON(w, http.StatusOK, tokenAnswer{
		AccessToken: token.Value, TokenType: "Bearer", ExpiresIn: int(token.Expiry.Sub(token.Issued) / time.Second),
		KeyExpiry: device.KeyExpiry.Format(time.RFC3339), DeviceExpiry: device.Expiry.Format(time.RFC3339),
	})
}

func (s *Service) newToken(raNumber, device, audience string) Token {
	now := s.options.Now().UTC()
	return Token{
		Value: rand.Text() + rand.Text(), RANumber: raNumber, Device: device, Audience: audience,
		Issued: now, Expiry: now.Add(s.options.TokenLife),
	}
}

// readTokenRequest reads the form and parses the assertion, whose signature is still to be verified.
func (s *Service) readTokenRequest(r *http.Request) (*jwt.JSONWebToken, *problem) {
	if contentType := r.Header.Get("Content-Type"); !strings.HasPrefix(contentType, "application/x-www-form-urlencoded") {
		return nil, refused(invalidRequest, "Content-Type: must be application/x-www-form-urlencoded")
	}
	if err := r.ParseForm(); err != nil {
		return nil, refused(invalidRequest, "the form cannot be read")
	}
	if r.PostForm.Get("grant_type") != grantType {
		return nil, refused(unsupportedGrantType, "grant_type: must be "+grantType)
	}
	if subtle.ConstantTimeCompare([]byte(r.PostForm.Get("client_id")), []byte(s.options.ClientID)) != 1 {
		return nil, &problem{http.StatusUnauthorized, invalidClient, "client_id: not registered"}
	}
	signed, err := jwt.ParseSigned(r.PostForm.Get("assertion"), []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		return nil, refused(invalidRequest, "assertion: missing, unreadable or not signed with RS256")
	}
	return signed, nil
}

// verify finds the device that an assertion speaks for, checks signature and claims, and returns the audience of the
// token to give out.
func (s *Service) verify(signed *jwt.JSONWebToken) (Device, string, *problem) {
	var claimed assertion
	if err := signed.UnsafeClaimsWithoutVerification(&claimed); err != nil {
		return Device{}, "", refused(invalidRequest, "assertion: the claims cannot be read")
	}
	device, refusal := s.usableDevice(claimed.Issuer, claimed.Subject)
	if refusal != nil {
		return Device{}, "", refusal
	}
	if signed.Headers[0].KeyID != device.Name {
		return Device{}, "", refused(mappingError, "kid: must be the device's name")
	}
	var proven assertion
	if err := signed.Claims(device.Key.Key, &proven); err != nil {
		return Device{}, "", refused(mappingError, "signature: was not made with the device's key")
	}
	if refusal := s.checkClaims(proven); refusal != nil {
		return Device{}, "", refusal
	}
	return device, proven.TokenAudience, nil
}

// usableDevice finds the device of an issuer and subject, if it may log in.
func (s *Service) usableDevice(raNumber, name string) (Device, *problem) {
	if _, known := s.registry.organisations[raNumber]; !known {
		return Device{}, refused(deviceError, organisationNotFound+": iss: organisation not found")
	}
	device, known := s.registry.devices[deviceName{raNumber, name}]
	if !known {
		return Device{}, refused(deviceError, deviceNotFound+": sub: device not found")
	}
	now := s.options.Now()
	switch {
	case device.State != Active || device.Key == nil:
		return Device{}, refused(deviceError, deviceState+": the device is in state "+string(device.State))
	case !now.Before(device.Expiry):
		return Device{}, refused(deviceError, deviceState+": the device has expired")
	case !now.Before(device.KeyExpiry):
		return Device{}, refused(deviceError, unfitKey+": the device's key has expired")
	}
	return device, nil
}

func (s *Service) checkClaims(claimed assertion) *problem {
	now := s.options.Now()
	switch {
	case !slices.Equal([]string(claimed.Audience), []string{AssertionAudience}):
		return refused(mappingError, "aud: must be "+AssertionAudience)
	case !slices.Contains(s.options.Audiences, claimed.TokenAudience):
		return refused(mappingError, "token.aud: no such service")
	case claimed.IssuedAt == nil || claimed.IssuedAt.Time().After(now.Add(skew)):
		return refused(invalidGrant, "iat: missing or in the future")
	case claimed.Expiry == nil || !claimed.Expiry.Time().After(now):
		return refused(invalidGrant, "exp: missing or in the past")
	case claimed.Expiry.Time().Sub(claimed.IssuedAt.Time()) > longestAssertion:
		return refused(invalidGrant, "exp: more than ten minutes after iat")
	}
	return nil
}

package proda

import (
	"crypto/rsa"
	"fmt"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/caresync/caresync/care"
)

const assertionLife = 10 * time.Minute

// assertion is the signed statement "this device of this organisation asks for a token for that service".
func assertion(connection care.Connection, key *rsa.PrivateKey, audience string, now time.Time) (string, error) {
	signer, err := jose.NewSigner(
		jose.SigningKey{Algorithm: jose.RS256, Key: key},
		(&jose.SignerOptions{}).WithType("JWT").WithHeader("kid", connection.DeviceName),
	)
	if err != nil {
		return "", fmt.Errorf("prepare PRODA's assertion: %w", err)
	}
	claims := map[string]any{
		"iss":       connection.RANumber,
		"sub":       connection.DeviceName,
		"aud":       audience,
		"token.aud": connection.Audience,
		"iat":       now.Unix(),
		"exp":       now.Add(assertionLife).Unix(),
	}
	signed, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		return "", fmt.Errorf("sign PRODA's assertion: %w", err)
	}
	return signed, nil
}

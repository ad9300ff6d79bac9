package db

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"time"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/gen"
)

const (
	// apiTokenPrefix lets people and secret scanners recognise a token.
	apiTokenPrefix = "cs_"
	apiTokenBytes  = 32
)

// APIToken lets a program act for an organisation over HTTP. The token itself is not kept, only its SHA-256.
type APIToken struct {
	ID        care.ID   `json:"id"`
	Name      string    `json:"name"`
	CreatedAt time.Time `json:"created_at"`
	// RevokedAt is nil as long as the token is good.
	RevokedAt *time.Time `json:"revoked_at"`
}

// Caller is who presented an API token.
type Caller struct {
	Organisation care.Organisation
	TokenID      care.ID
	TokenName    string
}

// CreateAPIToken makes a token for an organisation. The secret is returned this once and cannot be read again.
func (s *Store) CreateAPIToken(ctx context.Context, organisation care.ID, name string) (token APIToken, secret string, err error) {
	if err := checkName(name); err != nil {
		return APIToken{}, "", err
	}
	random := make([]byte, apiTokenBytes)
	rand.Read(random) // never fails: see crypto/rand
	secret = apiTokenPrefix + base64.RawURLEncoding.EncodeToString(random)
	token = APIToken{ID: NewID(), Name: name, CreatedAt: time.Now()}
	err = s.queries.CreateAPIToken(ctx, gen.CreateAPITokenParams{
		ID: token.ID, OrganisationID: organisation, Name: name, TokenHash: hashOf(secret),
	})
	return token, secret, MapError("create the API token", err)
}

// hashOf needs no salt: a token has 256 random bits, so there is nothing to guess.
func hashOf(secret string) []byte {
	hash := sha256.Sum256([]byte(secret))
	return hash[:]
}

// APITokens returns an organisation's tokens, oldest first, the revoked ones among them.
func (s *Store) APITokens(ctx context.Context, organisation care.ID) ([]APIToken, error) {
	rows, err := s.queries.ListAPITokens(ctx, organisation)
	if err != nil {
		return nil, MapError("list the API tokens", err)
	}
	tokens := make([]APIToken, 0, len(rows))
	for _, row := range rows {
		tokens = append(tokens, APIToken(row))
	}
	return tokens, nil
}

// RevokeAPIToken makes a token useless from now on; revoking it again changes nothing. It fails with ErrNotFound.
func (s *Store) RevokeAPIToken(ctx context.Context, organisation, token care.ID) (APIToken, error) {
	row, err := s.queries.RevokeAPIToken(ctx, gen.RevokeAPITokenParams{OrganisationID: organisation, ID: token})
	return APIToken(row), MapError("revoke the API token", err)
}

// Authenticate returns whose token that is, or ErrNotFound if it is unknown or revoked.
func (s *Store) Authenticate(ctx context.Context, secret string) (Caller, error) {
	if !strings.HasPrefix(secret, apiTokenPrefix) {
		return Caller{}, ErrNotFound
	}
	row, err := s.queries.AuthenticateAPIToken(ctx, hashOf(secret))
	if err != nil {
		return Caller{}, MapError("look up the API token", err)
	}
	return Caller{
		Organisation: care.Organisation{
			ID: row.OrganisationID, Slug: row.Slug, Name: row.OrganisationName, TimeZone: row.TimeZone, CreatedAt: row.CreatedAt,
		},
		TokenID: row.ID, TokenName: row.Name,
	}, nil
}

package db

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"time"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/gen"
	"github.com/caresync/caresync/db/internal/optional"
)

// consoleSecretBytes is the length of a session's id and of a sign-in link's secret.
const consoleSecretBytes = 32

// ConsoleSession is someone who is signed in to the console.
type ConsoleSession struct {
	Organisation care.Organisation
	// ID stands for the session in logs, which name no one (R10): it begins its row's id_hash, in hexadecimal.
	ID string
	// TokenID is the API token that signed in; empty for a sign-in link.
	TokenID care.ID
	// Name is who is signed in, as runs record it.
	Name      string
	ExpiresAt time.Time
}

// SignIn is what a session is opened for.
type SignIn struct {
	OrganisationID care.ID
	// TokenID is the API token that signed in, whose revocation ends the session; empty for a sign-in link.
	TokenID care.ID
	Name    string
	// ExpiresAt ends the session.
	ExpiresAt time.Time
}

// OpenConsoleSession opens a session and returns the secret that its cookie holds. Only the SHA-256 of it is kept.
func (s *Store) OpenConsoleSession(ctx context.Context, signIn SignIn) (secret string, err error) {
	secret = consoleSecret()
	err = s.queries.CreateConsoleSession(ctx, gen.CreateConsoleSessionParams{
		IDHash: hashOf(secret), OrganisationID: signIn.OrganisationID, TokenID: optional.Of(signIn.TokenID), Name: signIn.Name, ExpiresAt: signIn.ExpiresAt,
	})
	return secret, MapError("open the session", err)
}

func consoleSecret() string {
	random := make([]byte, consoleSecretBytes)
	rand.Read(random) // never fails: see crypto/rand
	return base64.RawURLEncoding.EncodeToString(random)
}

// ConsoleSession returns the session of a secret, or ErrNotFound if there is none, it has expired, or its token was revoked.
func (s *Store) ConsoleSession(ctx context.Context, secret string) (ConsoleSession, error) {
	hash := hashOf(secret)
	row, err := s.queries.ConsoleSession(ctx, hash)
	if err != nil {
		return ConsoleSession{}, MapError("look up the session", err)
	}
	return ConsoleSession{
		Organisation: care.Organisation{ID: row.OrganisationID, Slug: row.Slug, Name: row.OrganisationName, TimeZone: row.TimeZone, CreatedAt: row.CreatedAt},
		ID:           sessionID(hash), TokenID: optional.Value(row.TokenID), Name: row.Name, ExpiresAt: row.ExpiresAt,
	}, nil
}

// sessionID is what stands for a session in logs.
func sessionID(hash []byte) string { return hex.EncodeToString(hash[:8]) }

// CloseConsoleSession ends a session; one that has ended already stays so.
func (s *Store) CloseConsoleSession(ctx context.Context, secret string) error {
	return MapError("end the session", s.queries.CloseConsoleSession(ctx, hashOf(secret)))
}

// SignedIn is a session as its organisation's administrators are shown it.
type SignedIn struct {
	// ID is that of logs, as in ConsoleSession.
	ID   string
	Name string
	// Token names the API token that signed in; empty for a sign-in link.
	Token                string
	CreatedAt, ExpiresAt time.Time
}

// ConsoleSessions are an organisation's open sessions, newest first.
func (s *Store) ConsoleSessions(ctx context.Context, organisation care.ID) ([]SignedIn, error) {
	rows, err := s.queries.ConsoleSessions(ctx, organisation)
	if err != nil {
		return nil, MapError("list the sessions", err)
	}
	sessions := make([]SignedIn, 0, len(rows))
	for _, row := range rows {
		sessions = append(sessions, SignedIn{ID: sessionID(row.IDHash), Name: row.Name, Token: row.Token, CreatedAt: row.CreatedAt, ExpiresAt: row.ExpiresAt})
	}
	return sessions, nil
}

// EndConsoleSession ends a session of an organisation by its ID, at once. It fails with ErrNotFound if there is none.
func (s *Store) EndConsoleSession(ctx context.Context, organisation care.ID, id string) error {
	shown, err := hex.DecodeString(id)
	if err != nil {
		return ErrNotFound
	}
	ended, err := s.queries.EndConsoleSession(ctx, gen.EndConsoleSessionParams{OrganisationID: organisation, ID: shown})
	if err == nil && ended == 0 {
		return ErrNotFound
	}
	return MapError("end the session", err)
}

// EndConsoleSessions ends all sessions of an organisation at once, and makes its sign-in links useless. It returns how many of them
// could still have been used.
func (s *Store) EndConsoleSessions(ctx context.Context, organisation care.ID) (sessions, links int, err error) {
	ended, err := s.queries.EndConsoleSessions(ctx, organisation)
	return int(ended.Sessions), int(ended.Links), MapError("end the sessions", err)
}

// CreateConsoleLink makes a link that signs in once, before it expires, and returns its secret. Only the SHA-256 of it is kept.
func (s *Store) CreateConsoleLink(ctx context.Context, organisation care.ID, name string, expiresAt time.Time) (secret string, err error) {
	if err := checkName(name); err != nil {
		return "", err
	}
	secret = consoleSecret()
	err = s.queries.CreateConsoleLink(ctx, gen.CreateConsoleLinkParams{
		SecretHash: hashOf(secret), OrganisationID: organisation, Name: name, ExpiresAt: expiresAt,
	})
	return secret, MapError("create the sign-in link", err)
}

// ConsoleLink says who a link would sign in, without using it up, or ErrNotFound if it was used or has expired.
func (s *Store) ConsoleLink(ctx context.Context, secret string) (care.Organisation, string, error) {
	row, err := s.queries.ConsoleLink(ctx, hashOf(secret))
	if err != nil {
		return care.Organisation{}, "", MapError("look up the sign-in link", err)
	}
	return care.Organisation{
		ID: row.OrganisationID, Slug: row.Slug, Name: row.OrganisationName, TimeZone: row.TimeZone, CreatedAt: row.CreatedAt,
	}, row.Name, nil
}

// UseConsoleLink uses a link up and opens a session that ends at the given time. It fails with ErrNotFound if the link was used or has
// expired; of several at once, one succeeds.
func (s *Store) UseConsoleLink(ctx context.Context, secret string, expiresAt time.Time) (session string, err error) {
	err = s.inTransaction(ctx, "use the sign-in link", func(queries *gen.Queries) error {
		link, err := queries.UseConsoleLink(ctx, hashOf(secret))
		if err != nil {
			return err
		}
		session = consoleSecret()
		return queries.CreateConsoleSession(ctx, gen.CreateConsoleSessionParams{
			IDHash: hashOf(session), OrganisationID: link.OrganisationID, Name: link.Name, ExpiresAt: expiresAt,
		})
	})
	return session, err
}

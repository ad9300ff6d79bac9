// Package prodatest keeps PRODA's tokens and keys in memory, with the promises that the stores of package proda make. It stands in for
// PostgreSQL in tests: several "processes" that share one Store behave as several workers that share a database.
package prodatest

import (
	"context"
	"crypto/rsa"
	"sync"
	"time"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/upstream/proda"
)

// Store is a proda.TokenStore and a proda.KeyStore in memory. The zero Store is empty and ready.
type Store struct {
	mutex   sync.Mutex
	rows    map[string]*tokenRow
	keys    map[care.ID]*rsa.PrivateKey
	pending map[care.ID]*rsa.PrivateKey
	expiry  map[care.ID]time.Time
	busy    map[care.ID]bool
	// FailPromote, if set, is what Promote answers: a process that dies before it promotes.
	FailPromote error
}

// tokenRow is a row of the store: lock is the row's, token is guarded by the store's mutex, so that readers don't wait for writers.
type tokenRow struct {
	lock  sync.Mutex
	token proda.Token
}

func (s *Store) row(connectionID care.ID, audience string) *tokenRow {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.rows == nil {
		s.rows = make(map[string]*tokenRow)
	}
	name := string(connectionID) + "\x1f" + audience
	if s.rows[name] == nil {
		s.rows[name] = &tokenRow{}
	}
	return s.rows[name]
}

// Load returns the stored token without waiting for a Refresh.
func (s *Store) Load(_ context.Context, connectionID care.ID, audience string) (proda.Token, error) {
	row := s.row(connectionID, audience)
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return row.token, nil
}

// Refresh runs decide while the row is locked.
func (s *Store) Refresh(ctx context.Context, connectionID care.ID, audience string, decide func(proda.Token) (proda.Token, error)) (proda.Token, error) {
	row := s.row(connectionID, audience)
	row.lock.Lock()
	defer row.lock.Unlock()
	current, err := s.Load(ctx, connectionID, audience)
	if err != nil {
		return proda.Token{}, err
	}
	token, err := decide(current)
	if err != nil {
		return proda.Token{}, err
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	row.token = token
	return token, nil
}

// SetPrivateKey stores a device's key.
func (s *Store) SetPrivateKey(connectionID care.ID, key *rsa.PrivateKey) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.set(&s.keys, connectionID, key)
}

func (s *Store) set(keys *map[care.ID]*rsa.PrivateKey, connectionID care.ID, key *rsa.PrivateKey) {
	if *keys == nil {
		*keys = make(map[care.ID]*rsa.PrivateKey)
	}
	(*keys)[connectionID] = key
}

// PrivateKey returns the device's key.
func (s *Store) PrivateKey(_ context.Context, connectionID care.ID) (*rsa.PrivateKey, error) {
	return s.get(&s.keys, connectionID)
}

// PendingKey returns the key that waits for promotion.
func (s *Store) PendingKey(_ context.Context, connectionID care.ID) (*rsa.PrivateKey, error) {
	return s.get(&s.pending, connectionID)
}

func (s *Store) get(keys *map[care.ID]*rsa.PrivateKey, connectionID care.ID) (*rsa.PrivateKey, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if key := (*keys)[connectionID]; key != nil {
		return key, nil
	}
	return nil, proda.ErrNoKey
}

// StorePending stores a pending key unless there is one.
func (s *Store) StorePending(_ context.Context, connectionID care.ID, key *rsa.PrivateKey) (*rsa.PrivateKey, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if held := s.pending[connectionID]; held != nil {
		return held, nil
	}
	s.set(&s.pending, connectionID, key)
	return key, nil
}

// Promote makes the pending key the device's.
func (s *Store) Promote(_ context.Context, connectionID care.ID, key *rsa.PrivateKey) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.FailPromote != nil {
		return s.FailPromote
	}
	if held := s.pending[connectionID]; held != nil && held.Equal(key) {
		s.set(&s.keys, connectionID, held)
		delete(s.pending, connectionID)
	}
	return nil
}

// StoreKeyExpiry keeps when the device's key ends.
func (s *Store) StoreKeyExpiry(_ context.Context, connectionID care.ID, expiry time.Time) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.expiry == nil {
		s.expiry = make(map[care.ID]time.Time)
	}
	s.expiry[connectionID] = expiry
	return nil
}

// KeyExpiry is when the device's key ends, as far as it was stored.
func (s *Store) KeyExpiry(connectionID care.ID) time.Time {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.expiry[connectionID]
}

// Alone runs work unless another one runs for that connection.
func (s *Store) Alone(ctx context.Context, connectionID care.ID, work func(context.Context) error) error {
	s.mutex.Lock()
	if s.busy == nil {
		s.busy = make(map[care.ID]bool)
	}
	taken := !s.busy[connectionID]
	s.busy[connectionID] = true
	s.mutex.Unlock()
	if !taken {
		return proda.ErrRenewalUnderWay
	}
	defer func() {
		s.mutex.Lock()
		defer s.mutex.Unlock()
		s.busy[connectionID] = false
	}()
	return work(ctx)
}

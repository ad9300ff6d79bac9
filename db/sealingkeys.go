package db

import (
	"context"
	"fmt"
	"time"

	"github.com/caresync/caresync/db/gen"
)

// Keyring is a Sealer of several keys, of which the active one seals.
type Keyring interface {
	Sealer
	ActiveKeyID() string
	Has(keyID string) bool
}

// KeyringError says that a program's keyring is not the one of its database: what it seals could not be opened by others, or the other way
// round.
type KeyringError struct {
	KeyID string
	// Missing: the keyring lacks the key. Else it has another key under this id.
	Missing bool
}

func (e *KeyringError) Error() string {
	if e.Missing {
		return fmt.Sprintf("the keyring lacks the key %q, which seals this database's data: add it to CARESYNC_KEYRING, as the other programs have it", e.KeyID)
	}
	return fmt.Sprintf("the key %q of the keyring is not the key of that id which sealed this database's data: set CARESYNC_KEYRING to what the other programs have", e.KeyID)
}

// KeyUseInterval is how often a running program notes that its key seals.
const KeyUseInterval = 30 * time.Second

// NoteKeyUse notes until ctx ends, and once more then, that a program seals with its keyring's active key: only so is it known when a key was
// used last. It is a part of a program, and fails with nothing: what cannot be noted is noted later.
func (s *Store) NoteKeyUse(keyring Keyring) func(context.Context) error {
	note := func(ctx context.Context, seconds float64) {
		bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
		defer cancel()
		_ = s.queries.NoteSealingKey(bounded, gen.NoteSealingKeyParams{KeyID: keyring.ActiveKeyID(), Seconds: seconds})
	}
	return func(ctx context.Context) error {
		defer note(ctx, 0)
		ticks := time.NewTicker(KeyUseInterval)
		defer ticks.Stop()
		for {
			select {
			case <-ctx.Done():
				return nil
			case <-ticks.C:
				note(ctx, KeyUseInterval.Seconds()/2)
			}
		}
	}
}

// SealingKey is a key that has sealed something of this database or its workflows.
type SealingKey struct {
	ID                      string
	FirstUsedAt, LastUsedAt time.Time
}

// SealingKeys returns the keys that have sealed, the one that began last first.
func (s *Store) SealingKeys(ctx context.Context) ([]SealingKey, error) {
	rows, err := s.queries.SealingKeys(ctx)
	if err != nil {
		return nil, MapError("list the keys that seal", err)
	}
	keys := make([]SealingKey, 0, len(rows))
	for _, row := range rows {
		keys = append(keys, SealingKey{ID: row.KeyID, FirstUsedAt: row.FirstUsedAt, LastUsedAt: row.LastUsedAt})
	}
	return keys, nil
}

// keyringProof is what is sealed with each key, by which it is recognised again.
const keyringProof = "caresync"

// CheckKeyring fails with a *KeyringError where a keyring is not the one of this database: where it lacks the key that began to seal last, or
// has another key under an id that has sealed. Otherwise it notes that the active key seals.
func (s *Store) CheckKeyring(ctx context.Context, keyring Keyring) error {
	known, err := s.CompareKeyring(ctx, keyring)
	if err != nil {
		return err
	}
	id := keyring.ActiveKeyID()
	if known {
		return MapError("note the key that seals", s.queries.NoteSealingKey(ctx, gen.NoteSealingKeyParams{KeyID: id, Seconds: KeyUseInterval.Seconds()}))
	}
	if err := s.queries.RecordSealingKey(ctx, gen.RecordSealingKeyParams{KeyID: id, Sealed: keyring.Seal([]byte(keyringProof), keyringPlace(id))}); err != nil {
		return MapError("note the key that seals", err)
	}
	return s.CheckKeyring(ctx, keyring) // another program may have noted another key of this id at the same moment
}

// CompareKeyring is CheckKeyring without a note. It reports whether the active key has sealed before.
func (s *Store) CompareKeyring(ctx context.Context, keyring Keyring) (known bool, err error) {
	keys, err := s.queries.SealingKeys(ctx)
	if err != nil {
		return false, MapError("check the keyring", err)
	}
	for i, key := range keys {
		known = known || key.KeyID == keyring.ActiveKeyID()
		if !keyring.Has(key.KeyID) {
			if i == 0 {
				return known, &KeyringError{KeyID: key.KeyID, Missing: true}
			}
			continue // it was retired
		}
		if _, err := keyring.Open(key.Sealed, keyringPlace(key.KeyID)); err != nil {
			return known, &KeyringError{KeyID: key.KeyID}
		}
	}
	return known, nil
}

func keyringPlace(keyID string) []byte { return []byte("keyring/" + keyID) }

package db

import (
	"context"
	"fmt"

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

// keyringProof is what is sealed with each key, by which it is recognised again.
const keyringProof = "caresync"

// CheckKeyring fails with a *KeyringError where a keyring is not the one of this database: where it lacks the key that began to seal last, or
// has another key under an id that has sealed. The active key is noted when it is seen first.
func (s *Store) CheckKeyring(ctx context.Context, keyring Keyring) error {
	keys, err := s.queries.SealingKeys(ctx)
	if err != nil {
		return MapError("check the keyring", err)
	}
	known := false
	for i, key := range keys {
		known = known || key.KeyID == keyring.ActiveKeyID()
		if !keyring.Has(key.KeyID) {
			if i == 0 {
				return &KeyringError{KeyID: key.KeyID, Missing: true}
			}
			continue // it was retired
		}
		if _, err := keyring.Open(key.Sealed, keyringPlace(key.KeyID)); err != nil {
			return &KeyringError{KeyID: key.KeyID}
		}
	}
	if known {
		return nil
	}
	id := keyring.ActiveKeyID()
	if err := s.queries.RecordSealingKey(ctx, gen.RecordSealingKeyParams{KeyID: id, Sealed: keyring.Seal([]byte(keyringProof), keyringPlace(id))}); err != nil {
		return MapError("note the key that seals", err)
	}
	return s.CheckKeyring(ctx, keyring) // another program may have noted another key of this id at the same moment
}

func keyringPlace(keyID string) []byte { return []byte("keyring/" + keyID) }

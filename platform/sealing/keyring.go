// Package sealing encrypts what must not lie in clear: private keys and tokens in PostgreSQL, payloads in Temporal.
//
// Values are sealed with AES-256-GCM under the active key of a keyring and carry that key's id, so that keys can be
// rotated: put the new key first, keep the old ones for as long as values sealed with them are needed.
package sealing

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
)

// keySize is the length of an AES-256 key in bytes.
const keySize = 32

// Syntax describes a keyring's textual form in words, for error messages and help texts.
const Syntax = "id:base64 of 32 bytes, several separated by commas, the active key first"

// keyIDPattern leaves no room for a base64 key, so that a key given in the place of its id is never taken for one.
var keyIDPattern = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,31}$`)

// Keyring holds the keys that values are sealed with and opened by. It is safe for concurrent use.
//
// Nonces are random, so a key should be replaced long before it has sealed 2^32 values.
type Keyring struct {
	activeID string
	ids      []string
	keys     map[string]cipher.AEAD
}

// Parse reads a keyring from its textual form, "id:base64,id2:base64". The first key is the active one: it seals.
// All can open. Errors say which entry is wrong and never repeat any part of it.
func Parse(text string) (*Keyring, error) {
	if strings.TrimSpace(text) == "" {
		return nil, errors.New("the keyring is empty: want " + Syntax)
	}
	keyring := &Keyring{keys: map[string]cipher.AEAD{}}
	for i, entry := range strings.Split(text, ",") {
		id, key, err := parseEntry(strings.TrimSpace(entry))
		if err != nil {
			return nil, fmt.Errorf("keyring entry %d: %w", i+1, err)
		}
		if _, taken := keyring.keys[id]; taken {
			return nil, fmt.Errorf("keyring entry %d: its id occurs in an earlier entry", i+1)
		}
		if keyring.keys[id], err = newAEAD(key); err != nil {
			return nil, fmt.Errorf("keyring entry %d: %w", i+1, err)
		}
		if i == 0 {
			keyring.activeID = id
		}
		keyring.ids = append(keyring.ids, id)
	}
	return keyring, nil
}

// Generate returns a keyring entry with a new random key, in the form that Parse reads.
func Generate(id string) (string, error) {
	if !keyIDPattern.MatchString(id) {
		return "", errBadKeyID
	}
	key := make([]byte, keySize)
	rand.Read(key) // never fails: see crypto/rand
	return id + ":" + base64.StdEncoding.EncodeToString(key), nil
}

// ActiveKeyID names the key that Seal uses. Key ids are no secret.
func (k *Keyring) ActiveKeyID() string { return k.activeID }

// KeyIDs names all keys, the active one first.
func (k *Keyring) KeyIDs() []string { return slices.Clone(k.ids) }

// Has reports whether a key of that id is in the keyring.
func (k *Keyring) Has(keyID string) bool {
	_, known := k.keys[keyID]
	return known
}

// Format keeps the keys out of whatever a keyring is printed into.
func (k *Keyring) Format(state fmt.State, _ rune) {
	_, _ = io.WriteString(state, "(keyring)")
}

var errBadKeyID = errors.New("a key id must have 1 to 32 lower-case letters, digits, dots, dashes or underscores, " +
	"and start with a letter or digit")

func parseEntry(entry string) (id string, key []byte, err error) {
	id, encoded, found := strings.Cut(entry, ":")
	if !found {
		return "", nil, errors.New("no colon between key id and key: want id:base64 of 32 bytes")
	}
	if !keyIDPattern.MatchString(id) {
		return "", nil, errBadKeyID
	}
	key, err = base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return "", nil, errors.New("the key is not standard base64 with padding")
	}
	if len(key) != keySize {
		return "", nil, fmt.Errorf("the key has %d bytes: want %d", len(key), keySize)
	}
	return id, key, nil
}

func newAEAD(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

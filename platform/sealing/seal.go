package sealing

import (
	"errors"
	"fmt"
)

// A sealed value is: version (1 byte), length of the key id (1 byte), key id, nonce (12 bytes), ciphertext, tag (16 bytes).
const (
	version    = 1
	headerSize = 2
)

// ErrMalformed tells that a value was not made by Seal, or was cut off.
var ErrMalformed = errors.New("not a sealed value, or a truncated one")

// ErrTampered tells that a value was altered after it was sealed, or was sealed for something else (other additional
// data). Restore the value from where it is still whole.
var ErrTampered = errors.New("the sealed value was altered, or was sealed for another purpose or owner")

// UnknownKeyError tells that the keyring lacks the key that a value was sealed with. Add that key to the keyring.
type UnknownKeyError struct {
	KeyID string
}

func (e *UnknownKeyError) Error() string {
	return fmt.Sprintf("the value was sealed with key %q, which is not in the keyring: add that key", e.KeyID)
}

// Seal encrypts plaintext with the active key. The additional data is not stored: it binds the value to its place
// (a table and row, a purpose), and Open must be given the same.
func (k *Keyring) Seal(plaintext, additionalData []byte) []byte {
	header := append([]byte{version, byte(len(k.activeID))}, k.activeID...)
	return k.keys[k.activeID].Seal(header, nil, plaintext, additionalData) //nolint:gosec // G407: the cipher makes the nonce itself
}

// Open decrypts what Seal made with any key of this keyring. It fails with ErrMalformed, ErrTampered or
// *UnknownKeyError.
func (k *Keyring) Open(sealed, additionalData []byte) ([]byte, error) {
	keyID, body, err := split(sealed)
	if err != nil {
		return nil, err
	}
	key, known := k.keys[keyID]
	if !known {
		return nil, &UnknownKeyError{KeyID: keyID}
	}
	plaintext, err := key.Open(nil, nil, body, additionalData)
	if err != nil {
		return nil, ErrTampered
	}
	return plaintext, nil
}

func split(sealed []byte) (keyID string, body []byte, err error) {
	if len(sealed) < headerSize || sealed[0] != version {
		return "", nil, ErrMalformed
	}
	bodyStart := headerSize + int(sealed[1])
	if len(sealed) < bodyStart {
		return "", nil, ErrMalformed
	}
	keyID = string(sealed[headerSize:bodyStart])
	if !keyIDPattern.MatchString(keyID) {
		return "", nil, ErrMalformed
	}
	return keyID, sealed[bodyStart:], nil
}

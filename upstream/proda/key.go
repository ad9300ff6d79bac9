package proda

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"fmt"

	"github.com/go-jose/go-jose/v4"
)

const keyBits = 2048

// NewKey generates a device's private key.
func NewKey() (*rsa.PrivateKey, error) {
	key, err := rsa.GenerateKey(rand.Reader, keyBits)
	if err != nil {
		return nil, fmt.Errorf("generate the device's private key: %w", err)
	}
	return key, nil
}

// publicJWK is the public half of a device's key in the form that PRODA takes.
func publicJWK(key *rsa.PrivateKey, device string) ([]byte, error) {
	public := jose.JSONWebKey{Key: &key.PublicKey, KeyID: device, Algorithm: string(jose.RS256), Use: "sig"}
	encoded, err := json.Marshal(public)
	if err != nil {
		return nil, fmt.Errorf("encode the device's public key: %w", err)
	}
	return encoded, nil
}

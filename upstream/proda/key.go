package proda

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"

	"github.com/go-jose/go-jose/v4"
)

const (
	keyBits      = 2048
	pemBlockType = "PRIVATE KEY"
)

// NewKey generates a device's private key.
func NewKey() (*rsa.PrivateKey, error) {
	key, err := rsa.GenerateKey(rand.Reader, keyBits)
	if err != nil {
		return nil, fmt.Errorf("generate the device's private key: %w", err)
	}
	return key, nil
}

// KeyPEM writes a private key as PKCS #8 in PEM. It must be sealed before it is stored, and never logged.
func KeyPEM(key *rsa.PrivateKey) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("encode the device's private key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: pemBlockType, Bytes: der}), nil
}

// ParseKeyPEM reads what KeyPEM writes.
func ParseKeyPEM(text []byte) (*rsa.PrivateKey, error) {
	block, _ := pem.Decode(text)
	if block == nil || block.Type != pemBlockType {
		return nil, errors.New("the device's private key is not PKCS #8 in PEM")
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("decode the device's private key: %w", err)
	}
	key, ok := parsed.(*rsa.PrivateKey)
	if !ok {
		return nil, errors.New("the device's private key is not an RSA key")
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

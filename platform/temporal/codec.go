// Package temporal connects programs with the Temporal server so that everything they say to it is encrypted, and lets
// an operator read it in the Temporal UI.
//
// Encrypted are inputs, results, heartbeats, failure messages and stack traces, summaries, details and memos. In clear
// are ids, names of types, task queues and error types, search attributes, and the reason given for a termination:
// they must never hold anything about a person (R10).
package temporal

import (
	"context"
	"fmt"
	"slices"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/proxy"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/proto"

	"github.com/caresync/caresync/platform/sealing"
)

const (
	encodingEncrypted = "binary/encrypted"
	metadataKeyID     = "encryption-key-id"
)

// payloadPurpose binds sealed payloads to their use: a value sealed for PostgreSQL does not open as a payload.
var payloadPurpose = []byte("temporal payload")

// SealedWith is the id of the key that seals a payload; empty where it is not sealed.
func SealedWith(payload *commonpb.Payload) string {
	return string(payload.GetMetadata()[metadataKeyID])
}

// KeysOf are the ids of the keys that seal a message's payloads, each once. Nothing is opened for that.
func KeysOf(ctx context.Context, message proto.Message) ([]string, error) {
	var ids []string
	err := proxy.VisitPayloads(ctx, message, proxy.VisitPayloadsOptions{
		SkipSearchAttributes: true,
		Visitor: func(_ *proxy.VisitPayloadsContext, payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
			for _, payload := range payloads {
				if id := SealedWith(payload); id != "" && !slices.Contains(ids, id) {
					ids = append(ids, id)
				}
			}
			return payloads, nil
		},
	})
	return ids, err
}

// encryptionCodec seals whole payloads, with their metadata. It does not compress: payloads hold ids and counts, too
// little to gain from it, and the length of what was compressed before encryption tells something of its content.
type encryptionCodec struct {
	keyring *sealing.Keyring
}

// Encode implements converter.PayloadCodec.
func (c encryptionCodec) Encode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	return mapPayloads(payloads, c.encrypt)
}

// Decode implements converter.PayloadCodec. Payloads that are not encrypted, such as those that the server itself
// makes, are left as they are.
func (c encryptionCodec) Decode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	return mapPayloads(payloads, c.decrypt)
}

func (c encryptionCodec) encrypt(payload *commonpb.Payload) (*commonpb.Payload, error) {
	plaintext, err := proto.Marshal(payload)
	if err != nil {
		return nil, fmt.Errorf("encrypt a payload: %w", err)
	}
	return &commonpb.Payload{
		Metadata: map[string][]byte{
			converter.MetadataEncoding: []byte(encodingEncrypted),
			metadataKeyID:              []byte(c.keyring.ActiveKeyID()),
		},
		Data: c.keyring.Seal(plaintext, payloadPurpose),
	}, nil
}

func (c encryptionCodec) decrypt(payload *commonpb.Payload) (*commonpb.Payload, error) {
	if string(payload.GetMetadata()[converter.MetadataEncoding]) != encodingEncrypted {
		return payload, nil
	}
	plaintext, err := c.keyring.Open(payload.GetData(), payloadPurpose)
	if err != nil {
		return nil, fmt.Errorf("decrypt a payload: %w", err)
	}
	opened := &commonpb.Payload{}
	if err := proto.Unmarshal(plaintext, opened); err != nil {
		return nil, fmt.Errorf("decrypt a payload: %w", err)
	}
	return opened, nil
}

func mapPayloads(
	payloads []*commonpb.Payload, change func(*commonpb.Payload) (*commonpb.Payload, error),
) ([]*commonpb.Payload, error) {
	changed := make([]*commonpb.Payload, len(payloads))
	for i, payload := range payloads {
		var err error
		if changed[i], err = change(payload); err != nil {
			return nil, err
		}
	}
	return changed, nil
}

// patientCodec panics where a payload cannot be decrypted. In workflow code a panic makes the server try the workflow
// task again, while an error would end the workflow: a worker that was started without the right keys must not
// destroy the runs that it touches.
type patientCodec struct {
	encryptionCodec
}

// Decode implements converter.PayloadCodec.
func (c patientCodec) Decode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	decoded, err := c.encryptionCodec.Decode(payloads)
	if err != nil {
		if lacksKey(err) {
			keyPanics.Store(err.Error(), nil)
		}
		panic(err)
	}
	return decoded, nil
}

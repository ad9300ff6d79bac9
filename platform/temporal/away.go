package temporal

import (
	"context"
	"errors"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/serviceerror"
)

// Away reports whether an error says that the Temporal server could not be reached, so that trying again may help.
func Away(err error) bool {
	var unavailable *serviceerror.Unavailable
	var timeout *serviceerror.DeadlineExceeded
	return errors.As(err, &unavailable) || errors.As(err, &timeout) || errors.Is(err, context.DeadlineExceeded)
}

// SealedWith is the id of the key that seals a payload; empty where it is not sealed.
func SealedWith(payload *commonpb.Payload) string {
	return string(payload.GetMetadata()[metadataKeyID])
}

package temporal

import (
	"context"
	"errors"
	"sync"

	failurepb "go.temporal.io/api/failure/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"

	"github.com/caresync/caresync/platform/sealing"
)

// NewDataConverter encrypts payloads with the keyring's active key and reads those of all its keys. Clients, workers,
// replayers and test environments must all use it.
func NewDataConverter(keyring *sealing.Keyring) converter.DataConverter {
	codec := encryptionCodec{keyring: keyring}
	return dataConverter{
		DataConverter: converter.NewCodecDataConverter(converter.GetDefaultDataConverter(), codec),
		inWorkflow:    converter.NewCodecDataConverter(converter.GetDefaultDataConverter(), patientCodec{codec}),
	}
}

// NewFailureConverter encrypts the messages and stack traces of failures too. Error types stay readable.
func NewFailureConverter(keyring *sealing.Keyring) converter.FailureConverter {
	return failureConverter{temporal.NewDefaultFailureConverter(temporal.DefaultFailureConverterOptions{
		DataConverter:          NewDataConverter(keyring),
		EncodeCommonAttributes: true,
	})}
}

// dataConverter gives workflow code a converter of its own; the SDK asks for it through converter.ContextAware.
type dataConverter struct {
	converter.DataConverter
	inWorkflow converter.DataConverter
}

// WithWorkflowContext implements converter.ContextAware.
func (c dataConverter) WithWorkflowContext(converter.WorkflowContext) converter.DataConverter {
	return c.inWorkflow
}

// WithContext implements converter.ContextAware.
func (c dataConverter) WithContext(context.Context) converter.DataConverter { return c }

// MissingKeyFailure is the type of the failure of a workflow task, or of a step, whose worker lacks a key of the keyring. Types are readable where
// messages are sealed.
const MissingKeyFailure = "MissingKey"

// failureConverter names failures for a missing key.
type failureConverter struct {
	converter.FailureConverter
}

// ErrorToFailure implements converter.FailureConverter.
func (c failureConverter) ErrorToFailure(err error) *failurepb.Failure {
	failure := c.FailureConverter.ErrorToFailure(err)
	if info := failure.GetApplicationFailureInfo(); info != nil && lacksKey(err) {
		info.Type = MissingKeyFailure
	}
	return failure
}

// lacksKey reports whether a failure is for a key that is not in the keyring. The SDK keeps of a panic only what it says, by which it is found again.
func lacksKey(err error) bool {
	var unknown *sealing.UnknownKeyError
	if errors.As(err, &unknown) || errors.Is(err, sealing.ErrTampered) { // or another key of that id
		return true
	}
	_, panicked := keyPanics.Load(err.Error())
	return panicked
}

// keyPanics are what the panics for a missing key have said: one text for each key.
var keyPanics sync.Map

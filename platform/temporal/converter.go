package temporal

import (
	"context"

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
	return temporal.NewDefaultFailureConverter(temporal.DefaultFailureConverterOptions{
		DataConverter:          NewDataConverter(keyring),
		EncodeCommonAttributes: true,
	})
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

package activities

import (
	"context"

	"github.com/caresync/caresync/care"
)

// ApplicationError is how Temporal sees an error of a step.
var ApplicationError = applicationError

// Leave makes a pass that cannot be completed, and returns why.
func Leave(ctx context.Context, steps *CareRecipient, run care.ID, request care.Request) (failure, err error) {
	made, err := passSyncer{steps}.sync(ctx, run, request)
	return made.failure, err
}

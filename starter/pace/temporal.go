package pace

import (
	"context"
	"errors"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/temporal"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/platform/poll"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/starter/syncs"
)

// endedBeforeAnswer is the server's type of failure for an update that a workflow accepted and left unanswered.
const endedBeforeAnswer = "AcceptedUpdateCompletedWorkflow"

// hasType reports whether a workflow answered with an application error of that type.
func hasType(err error, wanted string) bool {
	var answered *temporal.ApplicationError
	return errors.As(err, &answered) && answered.Type() == wanted
}

func isBusy(err error) bool { return hasType(err, protocol.ErrorBusy) }

// isOver reports whether the workflow that was asked is no longer there to answer.
func isOver(err error) bool {
	var gone *serviceerror.NotFound
	var closing *serviceerror.Aborted
	return errors.As(err, &gone) || errors.As(err, &closing) || hasType(err, endedBeforeAnswer)
}

// notAdmitted is the reason with which a workflow rejected a Create.
func notAdmitted(err error) (care.Reason, bool) {
	var answered *temporal.ApplicationError
	if !errors.As(err, &answered) || answered.Type() != protocol.ErrorNotAdmitted {
		return "", false
	}
	var reason care.Reason
	if answered.Details(&reason) != nil || reason == "" {
		reason = care.ReasonPreviewReplaced
	}
	return reason, true
}

// untilFree tries until the workflow is no longer busy, as long as ctx lasts. One that ends under the question is tried so many times.
func (s *Service) untilFree(ctx context.Context, operation string, tries int, try func() error) error {
	_, err := poll.Until(ctx, s.busy, func() (struct{}, bool, error) {
		err := try()
		if isOver(err) {
			tries--
		}
		if isBusy(err) || isOver(err) && tries > 0 {
			return struct{}{}, false, nil
		}
		return struct{}{}, true, failed(ctx, operation, err)
	})
	return err
}

// failed tells the end of the caller's patience from Temporal's own errors: the SDK wraps both alike.
func failed(ctx context.Context, operation string, err error) error {
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	return syncs.TemporalError(operation, err)
}

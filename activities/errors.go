package activities

import (
	"context"
	"errors"

	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/upstream/transport"
)

// reasonOf says what a refusal by the government means to people (R6, R9).
func reasonOf(failure *transport.Error) care.Reason {
	switch failure.Kind {
	case transport.ConsentRefused:
		return care.ReasonConsentRefused
	case transport.NotFound:
		return care.ReasonNotFound
	case transport.NotAuthorised:
		return care.ReasonNotAuthorised
	case transport.AnotherBudget:
		return care.ReasonAnotherBudget
	case transport.IdentityMismatch:
		return care.ReasonIdentityMismatch
	case transport.TooLarge, transport.InvalidRecord:
		return care.ReasonUnusableAnswer
	case transport.LoginRefused:
		return care.ReasonLoginRefused
	case transport.NotSetUp:
		if failure.Code == transport.CodeDeviceNotActivated {
			return care.ReasonDeviceNotActivated
		}
		return care.ReasonNotSetUp
	default:
		return care.ReasonRequestRefused
	}
}

// failureReason says what it means to people that a step gave up.
func failureReason(err error) care.Reason {
	switch {
	case serviceUnavailable(err):
		return care.ReasonServiceUnavailable
	case db.Away(err):
		return care.ReasonDatabaseUnavailable
	default:
		return care.ReasonUnexpected
	}
}

// serviceUnavailable recognises what may succeed later: a failed call, and a wait for the service that took too long. Time-outs of the
// database are db.ErrUnavailable.
func serviceUnavailable(err error) bool {
	var failure *transport.Error
	return errors.As(err, &failure) || errors.Is(err, db.ErrNoAllowance) || errors.Is(err, context.DeadlineExceeded)
}

// applicationError is how Temporal sees an error of a step: with a type that the workflow tells apart, retried or not, and with the
// delay that the service asked for (R9). Its message holds no person data (R10).
func applicationError(err error) error {
	var failure *transport.Error
	switch {
	case err == nil, errors.Is(err, context.Canceled):
		return err
	case db.OfAnotherDeployment(err):
		return temporal.NewApplicationError(err.Error(), protocol.ErrorOtherDeployment)
	case errors.As(err, &failure):
		return temporal.NewApplicationErrorWithOptions(failure.Error(), protocol.ErrorServiceUnavailable,
			temporal.ApplicationErrorOptions{NextRetryDelay: failure.RetryAfter}) // 0 leaves it to the retry policy
	case serviceUnavailable(err):
		return temporal.NewApplicationError(err.Error(), protocol.ErrorServiceUnavailable)
	case db.Away(err):
		return temporal.NewApplicationError(err.Error(), protocol.ErrorDatabaseUnavailable)
	case errors.Is(err, errTemporalUnavailable):
		return temporal.NewApplicationError(err.Error(), protocol.ErrorTemporalUnavailable)
	case errors.Is(err, db.ErrOvertaken):
		return temporal.NewApplicationError(err.Error(), protocol.ErrorOvertaken)
	case errors.Is(err, db.ErrNotFound):
		return temporal.NewNonRetryableApplicationError(err.Error(), protocol.ErrorPersonUnknown, nil)
	default:
		return temporal.NewNonRetryableApplicationError(err.Error(), protocol.ErrorUnexpected, nil)
	}
}

// Interceptor lets no step begin that Admit refuses, maps the errors of all steps to application errors, and sends their heartbeats.
type Interceptor struct {
	interceptor.WorkerInterceptorBase
	// Admit is asked before each attempt of each step, local ones too; nil admits all.
	Admit func(context.Context) error
}

// InterceptActivity wraps one execution of a step.
func (i *Interceptor) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	return &activityInterceptor{interceptor.ActivityInboundInterceptorBase{Next: next}, i.Admit}
}

type activityInterceptor struct {
	interceptor.ActivityInboundInterceptorBase
	admit func(context.Context) error
}

// ExecuteActivity runs a step.
func (i *activityInterceptor) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (any, error) {
	if i.admit != nil {
		if err := i.admit(ctx); err != nil {
			return nil, applicationError(err)
		}
	}
	defer heartbeat(ctx)()
	answer, err := i.Next.ExecuteActivity(ctx, in)
	return answer, applicationError(err)
}

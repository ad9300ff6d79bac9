package activities

import (
	"context"
	"errors"

	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/upstream/proda"
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
func failureReason(err error) care.Reason { return waitOf(err).Cause.GaveUp() }

// waitOf is what a step waits for that failed with an error and is tried again (R38); nothing where trying again does not help. It is the one
// place where an error is laid at someone's door: the service's, PRODA's, or our own.
func waitOf(err error) care.Wait {
	var failure *transport.Error
	var allowance *db.NoAllowanceError
	switch {
	case db.OfAnotherDeployment(err):
		return care.Wait{Cause: care.WaitsForDeployment}
	case errors.As(err, &failure) && failure.Kind == transport.LoginUnavailable:
		return care.Wait{Cause: care.WaitsForPRODA, Words: failure.Words}
	case errors.As(err, &failure):
		return care.Wait{Cause: care.WaitsForService, Service: failure.Service, Words: failure.Words}
	case errors.As(err, &allowance) && allowance.Asked:
		return care.Wait{Cause: care.WaitsForService, Service: allowance.Service, Until: allowance.Until}
	case errors.As(err, &allowance):
		return care.Wait{Cause: care.WaitsForAllowance, Service: allowance.Service, Until: allowance.Until}
	case errors.Is(err, db.ErrNoAllowance):
		return care.Wait{Cause: care.WaitsForAllowance}
	case db.Away(err):
		return care.Wait{Cause: care.WaitsForDatabase, Trouble: db.TroubleOf(err)}
	case errors.Is(err, errTemporalUnavailable):
		return care.Wait{Cause: care.WaitsForTemporal}
	case errors.Is(err, context.DeadlineExceeded): // an attempt's time is over: only the service takes that long, our own parts give up before
		return care.Wait{Cause: care.WaitsForService}
	default:
		return care.Wait{}
	}
}

// errorType is the type that says what a step waits for.
func errorType(wait care.Wait) string {
	switch wait.Cause {
	case care.WaitsForService:
		return protocol.ErrorServiceUnavailable
	case care.WaitsForPRODA:
		return protocol.ErrorLoginUnavailable
	case care.WaitsForAllowance:
		return protocol.ErrorNoAllowance
	case care.WaitsForDatabase:
		return protocol.DatabaseError(wait.Trouble)
	case care.WaitsForTemporal:
		return protocol.ErrorTemporalUnavailable
	case care.WaitsForDeployment:
		return protocol.ErrorOtherDeployment
	default:
		return protocol.ErrorUnexpected
	}
}

// applicationError is how Temporal sees an error of a step: with a type that the workflow tells apart, retried or not, and with the
// delay that the service asked for (R9). Its message holds no person data (R10).
func applicationError(err error) error {
	var failure *transport.Error
	wait := waitOf(err)
	switch {
	case err == nil, errors.Is(err, context.Canceled):
		return err
	case wait.Known() && errors.As(err, &failure):
		return temporal.NewApplicationErrorWithOptions(failure.Error(), errorType(wait),
			temporal.ApplicationErrorOptions{NextRetryDelay: failure.RetryAfter}) // 0 leaves it to the retry policy
	case wait.Known():
		return temporal.NewApplicationError(err.Error(), errorType(wait))
	case errors.Is(err, db.ErrOvertaken), errors.Is(err, proda.ErrRenewalUnderWay):
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

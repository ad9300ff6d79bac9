package activities_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"

	"github.com/caresync/caresync/activities"
	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/simulator/faults"
	"github.com/caresync/caresync/simulator/servicesaustralia"
	"github.com/caresync/caresync/upstream/transport"
)

func requireApplicationError(t *testing.T, err error, kind string, retryable bool, delay time.Duration) *temporal.ApplicationError {
	t.Helper()
	var failure *temporal.ApplicationError
	require.ErrorAs(t, err, &failure)
	require.Equal(t, kind, failure.Type())
	require.Equal(t, retryable, !failure.NonRetryable())
	require.Equal(t, delay, failure.NextRetryDelay())
	require.False(t, failure.HasDetails())
	require.NoError(t, failure.Unwrap(), "a cause would carry its own text")
	return failure
}

func failedCall(kind transport.Kind, retryAfter time.Duration) error {
	return &transport.Error{Service: "services-australia", Operation: "budget details", Kind: kind, Status: 429, RetryAfter: retryAfter,
		Words: "Marjorie Whitlock", About: &care.About{Reported: "415056224"}, Raw: "Marjorie Whitlock"}
}

// What Temporal retries, and when (R9). Nothing that a call learned about a person gets into the error (R10).
func TestErrorsAsTemporalSeesThem(t *testing.T) {
	for name, test := range map[string]struct {
		err       error
		kind      string
		retryable bool
		delay     time.Duration
	}{
		"rate limited":           {failedCall(transport.RateLimited, 7*time.Second), protocol.ErrorServiceUnavailable, true, 7 * time.Second},
		"unavailable":            {failedCall(transport.Unavailable, 0), protocol.ErrorServiceUnavailable, true, 0},
		"wrapped by the login":   {fmt.Errorf("refresh the token: %w", failedCall(transport.LoginUnavailable, 0)), protocol.ErrorLoginUnavailable, true, 0},
		"and could not be noted": {errors.Join(failedCall(transport.Timeout, 0), db.ErrUnavailable), protocol.ErrorServiceUnavailable, true, 0},
		"no allowance":           {fmt.Errorf("book upstream calls: %w", db.ErrNoAllowance), protocol.ErrorNoAllowance, true, 0},
		"waited too long":        {context.DeadlineExceeded, protocol.ErrorServiceUnavailable, true, 0},
		"database away":          {fmt.Errorf("write the usage: %w", db.ErrUnavailable), protocol.DatabaseError(care.DatabaseOther), true, 0},
		"a locked table":         {fmt.Errorf("write the usage: %w", &db.UnavailableError{Trouble: care.DatabaseLocked, Code: "55P03"}), protocol.DatabaseError(care.DatabaseLocked), true, 0},
		"allowance booked ahead": {fmt.Errorf("book: %w", &db.NoAllowanceError{Service: care.ServicesAustralia}), protocol.ErrorNoAllowance, true, 0},
		"asked to be left alone": {fmt.Errorf("book: %w", &db.NoAllowanceError{Service: care.ServicesAustralia, Asked: true}), protocol.ErrorServiceUnavailable, true, 0},
		"unknown person":         {fmt.Errorf("load the person: %w", db.ErrNotFound), protocol.ErrorPersonUnknown, false, 0},
		"contradiction":          {&db.ConflictError{Constraint: "budget_identity"}, protocol.ErrorUnexpected, false, 0},
		"a fault of ours":        {errors.New("no plan yet"), protocol.ErrorUnexpected, false, 0},
	} {
		failure := requireApplicationError(t, activities.ApplicationError(test.err), test.kind, test.retryable, test.delay)
		require.NotContains(t, failure.Error(), "Marjorie", name)
		require.NotContains(t, failure.Error(), "415056224", name)
	}
	require.NoError(t, activities.ApplicationError(nil))
	require.Equal(t, context.Canceled, activities.ApplicationError(context.Canceled), "Temporal knows it as a cancellation")
}

// The worker's interceptor maps the errors of the steps as they are registered.
func TestRegisteredStepsReturnApplicationErrors(t *testing.T) {
	s := newSite(t, people(marjorie))
	subject := s.run(t, s.steps, "marjorie")
	s.fault(t, faults.Fault{Kind: faults.Unavailable, Operation: servicesaustralia.OperationSummary, RetryAfter: 30 * time.Second})

	var suite testsuite.WorkflowTestSuite
	environment := suite.NewTestActivityEnvironment()
	environment.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{&activities.Interceptor{}}})
	s.steps.RegisterServiceSteps(environment, care.ServicesAustralia)
	_, err := environment.ExecuteActivity(protocol.UpsertPlanActivity, protocol.AreaInput{RunScope: subject})
	failure := requireApplicationError(t, err, protocol.ErrorServiceUnavailable, true, 30*time.Second)
	require.Equal(t, "services-australia: care recipient summary: unavailable (status 503, code 503)", failure.Message())
}

// A step of a foreign deployment's worker does not begin: it is tried again until an operator has decided (R37).
func TestNoStepBeginsOnAnotherDeploymentsDatabase(t *testing.T) {
	s := newSite(t, people(marjorie))
	subject := s.run(t, s.steps, "marjorie")
	calls := len(s.Calls())

	var suite testsuite.WorkflowTestSuite
	environment := suite.NewTestActivityEnvironment()
	refuse := func(context.Context) error { return &db.DeploymentError{} }
	environment.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{&activities.Interceptor{Admit: refuse}}})
	s.steps.RegisterServiceSteps(environment, care.ServicesAustralia)
	_, err := environment.ExecuteActivity(protocol.UpsertPlanActivity, protocol.AreaInput{RunScope: subject})
	requireApplicationError(t, err, protocol.ErrorOtherDeployment, true, 0)
	require.Len(t, s.Calls(), calls)
}

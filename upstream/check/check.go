// Package check tests a connection to a government service: whether it can log in and whether the service answers it, told in words
// that say what to do. What the one cheap call is, each service's client knows.
package check

import (
	"context"
	"errors"
	"time"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/upstream/proda"
	"github.com/caresync/caresync/upstream/transport"
)

// Result is what a connection test found.
type Result struct {
	// Steps are what was tried, in order, up to the first that failed.
	Steps []Step
	// Warnings are about what works now but will not for long.
	Warnings []string
	// Err is why the last step failed, nil if all went well.
	Err error
}

// Step is one thing that was tried.
type Step struct {
	Name string
	OK   bool
	// Says is what happened and what to do, in plain words.
	Says string
	// Words are the government's own, where it refused.
	Words string
}

// Service is what a connection test needs to know of a service.
type Service struct {
	// Step names the call.
	Step string
	// Call makes one cheap call and says in plain words what came of it.
	Call func(context.Context) (says string, err error)
	// Explain says in plain words why a call or the login failed and what to do about it.
	Explain func(error) string
}

// Connection tests a connection: it logs in and makes one cheap call. It uses the shared token where there is a fresh one, since PRODA
// throttles devices that replace one early.
func Connection(ctx context.Context, connection care.Connection, tokens *proda.Tokens, service Service) Result {
	var result Result
	token, err := tokens.Current(ctx, connection)
	result.add("Log in at PRODA", "Logged in.", err, service.Explain)
	if err != nil {
		return result
	}
	for _, warning := range proda.ExpiryWarnings(token.KeyExpiry, token.DeviceExpiry, time.Now()) {
		result.Warnings = append(result.Warnings, warning.String())
	}
	says, err := service.Call(ctx)
	result.add(service.Step, says, err, service.Explain)
	return result
}

func (r *Result) add(name, says string, err error, explain func(error) string) {
	step := Step{Name: name, OK: err == nil, Says: says}
	if err != nil {
		step.Says, r.Err = explain(err), err
	}
	var failure *transport.Error
	if errors.As(err, &failure) {
		step.Words = failure.Words
	}
	r.Steps = append(r.Steps, step)
}

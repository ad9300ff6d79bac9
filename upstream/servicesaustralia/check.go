package servicesaustralia

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/upstream/proda"
	"github.com/caresync/caresync/upstream/transport"
)

const operationCheck = "connection test"

// Check is what a connection test found.
type Check struct {
	// Steps are what was tried, in order, up to the first that failed.
	Steps []CheckStep
	// Warnings are about what works now but will not for long.
	Warnings []string
	// Err is why the last step failed, nil if all went well.
	Err error
}

// CheckStep is one thing that was tried.
type CheckStep struct {
	Name string
	OK   bool
	// Says is what happened and what to do, in plain words.
	Says string
	// Words are the government's own, where it refused.
	Words string
}

// Check tests a connection: it logs in and makes one cheap call. It uses the shared token where there is a fresh one, since PRODA
// throttles whoever replaces one early.
func (c *Client) Check(ctx context.Context, connection care.Connection, allowance transport.Allowance) Check {
	var check Check
	token, err := c.tokens.Current(ctx, connection)
	if !check.step("Log in at PRODA", "Logged in.", err) {
		return check
	}
	for _, warning := range proda.ExpiryWarnings(token.KeyExpiry, token.DeviceExpiry, time.Now()) {
		check.Warnings = append(check.Warnings, warning.String())
	}
	reader := c.For(connection, care.ID(uuid.NewString()), allowance)
	says, err := reader.readOneRow(ctx)
	check.step("Read from Services Australia", says, err)
	return check
}

func (c *Check) step(name, success string, err error) (ok bool) {
	step := CheckStep{Name: name, OK: err == nil, Says: success}
	if err != nil {
		step.Says, c.Err = Explain(err), err
		var failure *transport.Error
		if errors.As(err, &failure) {
			step.Words = failure.Words
		}
	}
	c.Steps = append(c.Steps, step)
	return step.OK
}

// readOneRow asks for a single row of the provider's list, and says what came.
func (r *Reader) readOneRow(ctx context.Context) (string, error) {
	list, err := r.ofProvider(operationCheck, r.options.Paths.Summary, fieldCareRecipientID)
	if err != nil {
		return "", err
	}
	list.limit = 1
	page, err := r.page(ctx, list, 1)
	switch {
	case err == nil && len(page.rows) > 0:
		return "The provider's care recipients can be read.", nil
	case err == nil, transport.Has(err, transport.NotFound):
		return "The service answers; it lists no care recipients for this provider.", nil
	default:
		return "", err
	}
}

package ndia

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/upstream/proda"
	"github.com/caresync/caresync/upstream/transport"
)

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

// nobody is a participant who does not exist. All three keys must match, so that asking for them touches no person's record.
var nobody = care.Participant{NDISNumber: "430000000", FamilyName: "CareSync connection test", BirthDate: care.NewDate(1900, time.January, 1)}

// Check tests a connection: it logs in and asks for a participant who does not exist, which the NDIA answers with "not found". That
// the organisation is endorsed by anybody cannot be tested so. The shared token is used where there is a fresh one, since PRODA
// throttles whoever replaces one early.
func (c *Client) Check(ctx context.Context, connection care.Connection, allowances Allowances) Check {
	var check Check
	token, err := c.tokens.Current(ctx, connection)
	if !check.step("Log in at PRODA", "Logged in.", err) {
		return check
	}
	for _, warning := range proda.ExpiryWarnings(token.KeyExpiry, token.DeviceExpiry, time.Now()) {
		check.Warnings = append(check.Warnings, warning.String())
	}
	_, _, err = c.For(connection, care.ID(uuid.NewString()), allowances).DeterminePlan(ctx, nobody)
	if transport.Has(err, transport.NotFound) {
		err = nil
	}
	check.step("Ask the NDIA", "The NDIA answers this organisation. Whether a participant has endorsed it shows when their plan is retrieved.", err)
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

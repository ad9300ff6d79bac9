package ndia

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/upstream/check"
	"github.com/caresync/caresync/upstream/transport"
)

// noOne is a participant who does not exist. All three keys must match, so that asking for them touches no person's record.
var noOne = care.Participant{NDISNumber: "430000000", FamilyName: "CareSync connection test", BirthDate: care.NewDate(1900, time.January, 1)}

// Check tests a connection: it logs in and asks for a participant who does not exist, which the NDIA answers with "not found". That
// the organisation is endorsed by anyone cannot be tested so.
func (c *Client) Check(ctx context.Context, connection care.Connection, allowances Allowances) check.Result {
	reader := c.For(connection, care.ID(uuid.NewString()), allowances)
	return check.Connection(ctx, connection, c.tokens, check.Service{Step: "Ask the NDIA", Call: reader.askForNoOne, Explain: Explain})
}

func (r *Reader) askForNoOne(ctx context.Context) (string, error) {
	_, _, err := r.DeterminePlan(ctx, noOne)
	if err != nil && !transport.IsKind(err, transport.NotFound) {
		return "", err
	}
	return "The NDIA answers this organisation. Whether a participant has endorsed it shows when their plan is retrieved.", nil
}

package servicesaustralia

import (
	"context"

	"github.com/google/uuid"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/upstream/check"
	"github.com/caresync/caresync/upstream/transport"
)

const operationCheck = "connection test"

// Check tests a connection: it logs in and reads one row of the provider's care recipients.
func (c *Client) Check(ctx context.Context, connection care.Connection, allowance transport.Allowance) check.Result {
	reader := c.For(connection, care.ID(uuid.NewString()), allowance)
	return check.Connection(ctx, connection, c.tokens, check.Service{
		Step: "Read from Services Australia", Call: reader.readOneRow, Explain: Explain,
	})
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
	case err == nil, transport.IsKind(err, transport.NotFound):
		return "The service answers; it lists no care recipients for this provider.", nil
	default:
		return "", err
	}
}

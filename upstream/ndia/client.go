package ndia

import (
	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/upstream/proda"
	"github.com/caresync/caresync/upstream/transport"
)

// Client reads from the NDIA for all connections. There is one for a process; it is safe for concurrent use.
type Client struct {
	transport *transport.Client
	tokens    *proda.Tokens
	options   Options
}

// NewClient makes the process's client.
func NewClient(calls *transport.Client, tokens *proda.Tokens, options Options) *Client {
	return &Client{transport: calls, tokens: tokens, options: options.withDefaults()}
}

// Allowances are what a connection may ask of the NDIA, shared by all workers.
type Allowances struct {
	// Calls limits all calls per second.
	Calls transport.Allowance
	// Budgets also limits budget calls, current and historical, per hour.
	Budgets transport.Allowance
}

// Reader reads one connection's participants within one sync. It is safe for concurrent use.
//
// Errors are *transport.Error, save for those of the context, of the allowances and of the login's stores, which are passed on.
type Reader struct {
	calls, budgets *transport.Session
	paths          Paths
}

// For begins the reads of one sync. All its calls carry the correlation id, a UUID, and draw on the allowances.
func (c *Client) For(connection care.Connection, correlationID care.ID, allowances Allowances) *Reader {
	tokens := c.tokens.For(connection)
	session := func(allowance transport.Allowance) *transport.Session {
		return transport.NewSession(c.transport, c.options.Identification, connection, correlationID, tokens, allowance)
	}
	return &Reader{calls: session(allowances.Calls), budgets: session(budgetAllowance(allowances)), paths: c.options.Paths}
}

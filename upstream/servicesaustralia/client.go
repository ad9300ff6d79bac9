package servicesaustralia

import (
	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/upstream/proda"
	"github.com/caresync/caresync/upstream/transport"
)

// Client reads from Services Australia for all connections. There is one for a process; it is safe for concurrent use.
type Client struct {
	transport *transport.Client
	tokens    *proda.Tokens
	options   Options
}

// NewClient makes the process's client.
func NewClient(calls *transport.Client, tokens *proda.Tokens, options Options) *Client {
	return &Client{transport: calls, tokens: tokens, options: options.withDefaults()}
}

// Reader reads one connection's records within one sync. It is safe for concurrent use.
//
// Errors are *transport.Error, save for those of the context, of the allowance and of the login's stores, which are passed on.
type Reader struct {
	session    *transport.Session
	connection care.Connection
	options    Options
}

// For begins the reads of one sync. All its calls carry the correlation id, a UUID, and draw on the allowance.
func (c *Client) For(connection care.Connection, correlationID care.ID, allowance transport.Allowance) *Reader {
	tokens := c.tokens.For(connection)
	session := transport.NewSession(c.transport, c.options.Identification, connection, correlationID, tokens, allowance)
	return &Reader{session: session, connection: connection, options: c.options}
}

package doctor_test

import (
	"net"
	"net/url"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/stretchr/testify/require"
)

// transactionPooler is an address at which each transaction gets the connection to PostgreSQL that was returned last, as from PgBouncer in
// transaction mode that ignores what programs ask for when they connect.
func transactionPooler(t *testing.T, databaseURL string) string {
	t.Helper()
	config, err := pgconn.ParseConfig(databaseURL)
	require.NoError(t, err)
	p := &pooler{}
	for range 8 { // more than there are transactions at one time
		connected, err := pgconn.ConnectConfig(t.Context(), config)
		require.NoError(t, err)
		hijacked, err := connected.Hijack()
		require.NoError(t, err)
		p.put(hijacked)
		t.Cleanup(func() { _ = hijacked.Conn.Close() })
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			program, err := listener.Accept()
			if err != nil {
				return
			}
			go p.serve(program)
		}
	}()
	address, err := url.Parse(databaseURL)
	require.NoError(t, err)
	address.Host = listener.Addr().String()
	return address.String()
}

// pooler hands out connections for a transaction each.
type pooler struct {
	mu   sync.Mutex
	idle []*pgconn.HijackedConn
}

func (p *pooler) take() *pgconn.HijackedConn {
	p.mu.Lock()
	defer p.mu.Unlock()
	last := len(p.idle) - 1
	taken := p.idle[last]
	p.idle = p.idle[:last]
	return taken
}

func (p *pooler) put(server *pgconn.HijackedConn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.idle = append(p.idle, server)
}

// serve speaks with a program until it leaves.
func (p *pooler) serve(connection net.Conn) {
	defer connection.Close()
	program := pgproto3.NewBackend(connection, connection)
	if _, err := program.ReceiveStartupMessage(); err != nil {
		return
	}
	program.Send(&pgproto3.AuthenticationOk{})
	for name, value := range map[string]string{"server_version": "15.0", "client_encoding": "UTF8", "standard_conforming_strings": "on"} {
		program.Send(&pgproto3.ParameterStatus{Name: name, Value: value})
	}
	program.Send(&pgproto3.BackendKeyData{ProcessID: 1, SecretKey: []byte{0, 0, 0, 1}})
	program.Send(&pgproto3.ReadyForQuery{TxStatus: 'I'})
	if program.Flush() != nil {
		return
	}
	for p.transaction(program) {
	}
}

// transaction passes one transaction's messages on, and reports whether the program may begin another.
func (p *pooler) transaction(program *pgproto3.Backend) bool {
	message, err := program.Receive()
	if err != nil {
		return false
	}
	server := p.take()
	defer p.put(server)
	for {
		if _, leaves := message.(*pgproto3.Terminate); leaves {
			return false
		}
		server.Frontend.Send(message)
		if server.Frontend.Flush() != nil {
			return false
		}
		switch message.(type) {
		case *pgproto3.Query, *pgproto3.Sync:
			status, ok := pass(server, program)
			if !ok || status == 'I' {
				return ok
			}
		}
		if message, err = program.Receive(); err != nil {
			return false
		}
	}
}

// pass passes the server's answer on, and returns where it leaves the transaction.
func pass(server *pgconn.HijackedConn, program *pgproto3.Backend) (status byte, ok bool) {
	for {
		answer, err := server.Frontend.Receive()
		if err != nil {
			return 0, false
		}
		program.Send(answer)
		if ready, isReady := answer.(*pgproto3.ReadyForQuery); isReady {
			return ready.TxStatus, program.Flush() == nil
		}
	}
}

package testkit

import (
	"net"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// Link is a program's connection to a server, which a test can interrupt and restore.
type Link struct {
	// Address is where the program finds the server.
	Address string

	server  string
	missing atomic.Int64
	mu      sync.Mutex
	change  *sync.Cond
	state   linkState
	ends    map[net.Conn]struct{}
}

type linkState int

const (
	connected linkState = iota
	cut
	silent
	closed
)

// NewLink makes a link to the server at an address. It is closed when the test ends.
func NewLink(t testing.TB, server string) *Link {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	l := &Link{Address: listener.Addr().String(), server: server, ends: make(map[net.Conn]struct{})}
	l.change = sync.NewCond(&l.mu)
	go l.accept(listener)
	t.Cleanup(func() {
		_ = listener.Close() // ends accept
		l.become(closed)
	})
	return l
}

// Cut ends all connections and refuses new ones, like a server that has stopped.
func (l *Link) Cut() { l.become(cut) }

// Silence keeps connections open, new ones too, but nothing arrives, as in a network that loses all packets.
func (l *Link) Silence() { l.become(silent) }

// Restore repairs the link. What was sent while it was silent arrives.
func (l *Link) Restore() { l.become(connected) }

// Missing is how often the program has met an interruption: connections refused, and messages that did not arrive.
func (l *Link) Missing() int64 { return l.missing.Load() }

func (l *Link) become(state linkState) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.state = state
	if state == cut || state == closed {
		for end := range l.ends {
			_ = end.Close()
		}
		clear(l.ends)
	}
	l.change.Broadcast()
}

func (l *Link) accept(listener net.Listener) {
	for {
		program, err := listener.Accept()
		if err != nil {
			return
		}
		go l.join(program)
	}
}

// join passes on what program and server say to each other until either leaves or the link is cut.
func (l *Link) join(program net.Conn) {
	defer program.Close()
	if !l.passes(program) {
		return
	}
	server, err := net.Dial("tcp", l.server)
	if err != nil {
		return
	}
	defer server.Close()
	if !l.passes(server) {
		return
	}
	var directions sync.WaitGroup
	directions.Go(func() { l.pass(program, server) })
	directions.Go(func() { l.pass(server, program) })
	directions.Wait()
	l.forget(program, server)
}

func (l *Link) pass(from, to net.Conn) {
	defer from.Close()
	defer to.Close()
	buffer := make([]byte, 64<<10)
	for {
		read, err := from.Read(buffer)
		if err != nil || !l.passes(from) {
			return
		}
		if _, err := to.Write(buffer[:read]); err != nil {
			return
		}
	}
}

// passes waits while the link is silent, and reports whether it is whole then. It remembers the connection, which a cut ends.
func (l *Link) passes(connection net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.state != connected {
		l.missing.Add(1)
	}
	if l.state == cut || l.state == closed {
		return false
	}
	l.ends[connection] = struct{}{}
	for l.state == silent {
		l.change.Wait()
	}
	return l.state == connected
}

func (l *Link) forget(connections ...net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, connection := range connections {
		delete(l.ends, connection)
	}
}

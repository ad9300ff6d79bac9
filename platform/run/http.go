package run

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"time"

	"go.uber.org/zap"
)

// gracePeriod is how long requests under way may take after a stop, well within the 30 seconds that orchestrators allow.
const gracePeriod = 10 * time.Second

// Deadlines bound how long a client can hold a connection, whoever it is: they apply before any authentication. A handler that
// needs longer, for a file, a stream or a long answer, says so for its request with http.ResponseController.
type Deadlines struct {
	// Header is how long a request's headers may take to arrive, Body how long its body may take.
	Header, Body time.Duration
	// Answer is how long an answer may take, from the end of the headers until it is written.
	Answer time.Duration
	// Idle is how long a connection is kept between two requests.
	Idle time.Duration
}

var defaultDeadlines = Deadlines{Header: 5 * time.Second, Body: 30 * time.Second, Answer: 2 * time.Minute, Idle: 2 * time.Minute}

// HTTP serves handler on listener. When it is told to stop, it takes no new requests and gives those under way ten
// seconds; a handler that streams for longer should itself watch for the stop. What net/http has to complain about,
// such as a panic in a handler, is logged as a warning.
func HTTP(listener net.Listener, handler http.Handler, logger *zap.Logger) Part {
	return defaultDeadlines.HTTP(listener, handler, logger)
}

// HTTP is like the function HTTP, with deadlines other than the usual ones.
func (d Deadlines) HTTP(listener net.Listener, handler http.Handler, logger *zap.Logger) Part {
	return func(ctx context.Context) error {
		errorLog, err := zap.NewStdLogAt(logger, zap.WarnLevel)
		if err != nil {
			return err
		}
		server := &http.Server{
			Handler:           d.bodiesInTime(handler),
			ReadHeaderTimeout: d.Header,
			WriteTimeout:      d.Answer,
			IdleTimeout:       d.Idle,
			ErrorLog:          errorLog,
		}
		stopped := make(chan error, 1)
		forget := context.AfterFunc(ctx, func() { stopped <- stop(server) })
		defer forget()
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return <-stopped
	}
}

// bodiesInTime sets the deadline for a request's body, whether or not the handler reads it: the server itself reads what a handler
// leaves. http.Server's ReadTimeout would do the same, but it stays in force once the body is there, and then cancels requests that
// take longer.
func (d Deadlines) bodiesInTime(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		control := http.NewResponseController(w)
		if r.Body != http.NoBody { // without one, the server watches the connection already
			_ = control.SetReadDeadline(time.Now().Add(d.Body)) // fails only on a connection that is closed
		}
		// The server looks at its own request to find out whether the whole body was read: only the handler's is changed.
		watched := r.WithContext(r.Context())
		watched.Body = arriving{ReadCloser: r.Body, control: control} // also without a body: a handler may set a deadline of its own
		next.ServeHTTP(w, watched)
	})
}

// arriving is a body on its way. At its end the deadline is lifted: from then on the server watches the connection, and would take the
// deadline for a client that has left.
type arriving struct {
	io.ReadCloser
	control *http.ResponseController
}

// Read implements io.Reader.
func (a arriving) Read(part []byte) (int, error) {
	n, err := a.ReadCloser.Read(part)
	if errors.Is(err, io.EOF) {
		_ = a.control.SetReadDeadline(time.Time{})
	}
	return n, err
}

func stop(server *http.Server) error {
	ctx, cancel := context.WithTimeout(context.Background(), gracePeriod)
	defer cancel()
	err := server.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		return server.Close()
	}
	return err
}

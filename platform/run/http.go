package run

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"

	"go.uber.org/zap"
)

const (
	// readHeaderTimeout is how long a client may take to send a request's headers.
	readHeaderTimeout = 5 * time.Second
	// idleTimeout is how long a connection is kept between two requests.
	idleTimeout = 2 * time.Minute
	// gracePeriod is how long requests may go on after a stop, well within the 30 seconds that orchestrators allow.
	gracePeriod = 10 * time.Second
)

// HTTP serves handler on listener. When it is told to stop, it takes no new requests and gives those under way ten
// seconds; a handler that streams for longer should itself watch for the stop. What net/http has to complain about,
// such as a panic in a handler, is logged as a warning.
func HTTP(listener net.Listener, handler http.Handler, logger *zap.Logger) Part {
	return func(ctx context.Context) error {
		errorLog, err := zap.NewStdLogAt(logger, zap.WarnLevel)
		if err != nil {
			return err
		}
		server := &http.Server{
			Handler:           handler,
			ReadHeaderTimeout: readHeaderTimeout,
			IdleTimeout:       idleTimeout,
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

func stop(server *http.Server) error {
	ctx, cancel := context.WithTimeout(context.Background(), gracePeriod)
	defer cancel()
	err := server.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		return server.Close()
	}
	return err
}

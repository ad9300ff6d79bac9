// Package stream sends updates to waiting clients as they come, as server-sent events.
package stream

import (
	"context"
	"iter"
	"net/http"
	"time"

	"github.com/tmaxmax/go-sse"
	"go.uber.org/zap"

	"github.com/caresync/caresync/starter/web"
)

const (
	// ContentType is that of a stream.
	ContentType = "text/event-stream"
	// Heartbeat is how often a quiet stream says that it is alive, which keeps proxies from closing it.
	Heartbeat = 15 * time.Second
	// writeTimeout is how long one event may take to be written.
	writeTimeout = 10 * time.Second
)

// Events are written to one response.
type Events struct {
	out     http.ResponseWriter
	control *http.ResponseController
}

// Open makes a response a stream.
func Open(w http.ResponseWriter) *Events {
	w.Header().Set("Content-Type", ContentType)
	w.Header().Set("X-Accel-Buffering", "no") // proxies pass each event on at once
	return &Events{out: w, control: http.NewResponseController(w)}
}

// Send writes an event. Its id, which may be empty, is what a client that takes the stream up again names. Clients leave an event without
// data out.
func (e *Events) Send(id, name, data string) error {
	message := &sse.Message{Type: sse.Type(name)}
	if id != "" {
		message.ID = sse.ID(id)
	}
	message.AppendData(data)
	return e.write(message)
}

// Reconnect tells a client how long to wait before it takes a broken stream up again.
func (e *Events) Reconnect(after time.Duration) error { return e.write(&sse.Message{Retry: after}) }

// Beat writes a sign of life that clients leave out.
func (e *Events) Beat() error {
	message := &sse.Message{}
	message.AppendComment("still here")
	return e.write(message)
}

func (e *Events) write(message *sse.Message) error {
	if err := e.control.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return err
	}
	if _, err := message.WriteTo(e.out); err != nil {
		return err
	}
	return e.control.Flush()
}

// Server is what streams have in common.
type Server struct {
	Logger *zap.Logger
	// Heartbeat is how often a quiet stream says that it is alive.
	Heartbeat time.Duration
	// Stopping ends streams when the program is told to stop.
	Stopping context.Context
}

// Serve follows updates as Follow does, also until the program stops, and logs what ended them.
func Serve[T any](ctx context.Context, server Server, events *Events, updates func(context.Context) iter.Seq2[T, error],
	tell func(context.Context, T, error) error) (ended bool) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(server.Stopping, cancel)()
	return Follow(ctx, updates(ctx), server.Heartbeat, func(update T, failed error) error {
		err := tell(ctx, update, failed)
		if err != nil && failed != nil {
			server.Logger.Info("a stream ended", web.RequestID(ctx), zap.Error(err))
		}
		return err
	}, events.Beat)
}

// Follow calls tell for each update as it comes, or with the error that ended them, and beat at each interval, for as long as the
// credential of the request that ctx belongs to is valid. It reports whether the updates ended: otherwise the context or the credential
// did, or tell or beat failed, and no one listens.
func Follow[T any](ctx context.Context, updates iter.Seq2[T, error], interval time.Duration, tell func(T, error) error, beat func() error) (ended bool) {
	ctx, cancel := web.WhileValid(ctx)
	defer cancel()
	news := collect(ctx, updates)
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		var err error
		select {
		case next, more := <-news:
			if !more {
				return ctx.Err() == nil
			}
			err = tell(next.update, next.err)
		case <-ctx.Done():
			return false
		case <-ticker.C:
			err = beat()
		}
		if err != nil {
			return false
		}
	}
}

// news is an update, or how following ended.
type news[T any] struct {
	update T
	err    error
}

// collect takes updates beside the heartbeat, until there are none or the context ends.
func collect[T any](ctx context.Context, updates iter.Seq2[T, error]) <-chan news[T] {
	collected := make(chan news[T])
	go func() {
		defer close(collected)
		for update, err := range updates {
			select {
			case collected <- news[T]{update, err}:
			case <-ctx.Done():
				return
			}
		}
	}()
	return collected
}

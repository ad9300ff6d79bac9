package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"go.uber.org/zap"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/starter/syncs"
)

const (
	eventStream = "text/event-stream"
	// heartbeat keeps proxies from closing a quiet stream.
	heartbeat = 15 * time.Second
	// eventTimeout is how long one event may take to be written.
	eventTimeout = 10 * time.Second
	// reconnectMilliseconds is how long a browser waits before it takes a broken stream up again.
	reconnectMilliseconds = 1000
)

// Progress is the data of the event "progress".
type Progress struct {
	db.RunProgress
	Waiting string `json:"waiting,omitempty" doc:"What the run waits for, in words"`
}

type eventsInput struct {
	ID          string `path:"id" format:"uuid" doc:"The run's id"`
	LastEventID string `header:"Last-Event-ID" doc:"The last event that was received: the stream is taken up after it"`
}

func (a api) registerEvents(served huma.API) {
	schemas := served.OpenAPI().Components.Schemas
	progress := huma.SchemaFromType(schemas, typeOf[Progress]())
	finished := huma.SchemaFromType(schemas, typeOf[db.RunView]())
	huma.Register(served, huma.Operation{
		OperationID: "follow-run", Method: http.MethodGet, Path: "/v1/runs/{id}/events", Tags: []string{tagSyncs},
		Summary: "Follow a sync as server-sent events",
		Description: "Sends the event \"progress\" at once and whenever something changes, and \"finished\" with the whole run at the end. Comments keep " +
			"the stream alive. A stream that broke is taken up with Last-Event-ID. \"abandoned\" ends the stream of a run whose workflow ended without it.",
		Errors: []int{http.StatusNotFound},
		Responses: map[string]*huma.Response{"200": {
			Description: "Server-sent events",
			Content: map[string]*huma.MediaType{eventStream: {Schema: &huma.Schema{
				Type: huma.TypeString, Description: "The data of each event is one of these as JSON",
				Extensions: map[string]any{"x-event-data": map[string]any{"progress": progress, "finished": finished}},
			}}},
		}},
	}, a.followRun)
}

func (a api) followRun(ctx context.Context, in *eventsInput) (*huma.StreamResponse, error) {
	organisation, run := callerOf(ctx).Organisation.ID, idOf(in.ID)
	if _, err := a.store.RunProgress(ctx, organisation, run); err != nil {
		return nil, a.problem(ctx, err)
	}
	follow := func(ctx context.Context) iter.Seq2[syncs.Update, error] {
		return a.syncs.Follow(ctx, organisation, run)
	}
	send := func(ctx context.Context, events *eventWriter, next news[syncs.Update]) error {
		return a.send(ctx, events, next, organisation)
	}
	return streamed(a, in.LastEventID, follow, send), nil
}

// news is an update, or how following ended.
type news[T any] struct {
	update T
	err    error
}

// streamed answers with server-sent events: send writes one for each news, until there is none, the caller leaves, or the program stops.
func streamed[T any](a api, last string, follow func(context.Context) iter.Seq2[T, error],
	send func(context.Context, *eventWriter, news[T]) error) *huma.StreamResponse {
	return &huma.StreamResponse{Body: func(stream huma.Context) {
		_, w := humago.Unwrap(stream)
		w.Header().Set("Content-Type", eventStream)
		w.Header().Set("X-Accel-Buffering", "no") // proxies pass each event on at once
		events := &eventWriter{out: w, control: http.NewResponseController(w), last: last}
		ctx, cancel := context.WithCancel(stream.Context())
		defer cancel()
		defer context.AfterFunc(a.stopping, cancel)()
		beat := time.NewTicker(heartbeat)
		defer beat.Stop()
		if events.retry() != nil {
			return
		}
		for updates := updatesOf(ctx, follow(ctx)); ; {
			select {
			case next, more := <-updates:
				if !more || send(ctx, events, next) != nil {
					return
				}
			case <-beat.C:
				if events.comment() != nil {
					return
				}
			}
		}
	}}
}

// updatesOf follows beside the heartbeat.
func updatesOf[T any](ctx context.Context, follow iter.Seq2[T, error]) <-chan news[T] {
	updates := make(chan news[T])
	go func() {
		defer close(updates)
		for update, err := range follow {
			select {
			case updates <- news[T]{update, err}:
			case <-ctx.Done():
				return
			}
		}
	}()
	return updates
}

func (a api) send(ctx context.Context, events *eventWriter, next news[syncs.Update], organisation care.ID) error {
	switch {
	case errors.Is(next.err, syncs.ErrAbandoned):
		return events.event("abandoned", Progress{RunProgress: next.update.Run, Waiting: next.err.Error()})
	case next.err != nil:
		a.logger.Info("a stream ended", zap.String("request_id", requestID(ctx)), zap.Error(next.err))
		return next.err
	case !next.update.Finished():
		return events.event("progress", Progress{RunProgress: next.update.Run, Waiting: next.update.Waiting})
	}
	view, err := a.store.RunView(ctx, organisation, next.update.Run.ID)
	if err != nil {
		return err
	}
	return events.event("finished", view)
}

// eventWriter writes server-sent events. An event's id is made from its data, so that a stream can be taken up anywhere.
type eventWriter struct {
	out     http.ResponseWriter
	control *http.ResponseController
	last    string
}

func (e *eventWriter) retry() error { return e.write("retry: %d\n\n", reconnectMilliseconds) }

func (e *eventWriter) comment() error { return e.write(": still here\n\n") }

func (e *eventWriter) event(name string, data any) error {
	encoded, err := json.Marshal(data)
	if err != nil {
		return err
	}
	hash := sha256.Sum256(encoded)
	id := hex.EncodeToString(hash[:8])
	if id == e.last {
		return nil
	}
	e.last = id
	return e.write("id: %s\nevent: %s\ndata: %s\n\n", id, name, encoded)
}

func (e *eventWriter) write(format string, values ...any) error {
	if err := e.control.SetWriteDeadline(time.Now().Add(eventTimeout)); err != nil {
		return err
	}
	if _, err := fmt.Fprintf(e.out, format, values...); err != nil {
		return err
	}
	return e.control.Flush()
}

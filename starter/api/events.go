package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"iter"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/starter/api/views"
	"github.com/caresync/caresync/starter/stream"
	"github.com/caresync/caresync/starter/syncs"
	"github.com/caresync/caresync/words"
)

// reconnectAfter is how long a browser waits before it takes a broken stream up again.
const reconnectAfter = time.Second

// Progress is the data of the event "progress".
type Progress struct {
	views.RunProgress
	Waiting string `json:"waiting,omitempty" doc:"What the run waits for, in words, with times in the organisation's time zone; or why no more events come"`
}

type eventsInput struct {
	ID          string `path:"id" format:"uuid" doc:"The run's id"`
	LastEventID string `header:"Last-Event-ID" doc:"The last event that was received: the stream is taken up after it"`
}

func (a api) registerEvents(served huma.API) {
	schemas := served.OpenAPI().Components.Schemas
	progress := huma.SchemaFromType(schemas, typeOf[Progress]())
	finished := huma.SchemaFromType(schemas, typeOf[views.RunView]())
	huma.Register(served, huma.Operation{
		OperationID: "follow-run", Method: http.MethodGet, Path: "/v1/runs/{id}/events", Tags: []string{tagSyncs},
		Summary: "Follow a sync as server-sent events",
		Description: "Sends the event \"progress\" immediately and whenever something changes, and \"finished\" with the whole run at the end. Comments keep " +
			"the stream alive. To resume a broken stream, send Last-Event-ID. \"abandoned\" ends the stream of a run whose workflow ended without it.",
		Errors: []int{http.StatusNotFound}, Responses: eventResponses(progress, finished),
	}, a.followRun)
}

// eventResponses documents a stream by the data of its events.
func eventResponses(progress, finished *huma.Schema) map[string]*huma.Response {
	return map[string]*huma.Response{"200": {
		Description: "Server-sent events",
		Content: map[string]*huma.MediaType{stream.ContentType: {Schema: &huma.Schema{
			Type: huma.TypeString, Description: "The data of each event is one of these as JSON",
			Extensions: map[string]any{"x-event-data": map[string]any{"progress": progress, "finished": finished}},
		}}},
	}}
}

func (a api) followRun(ctx context.Context, in *eventsInput) (*huma.StreamResponse, error) {
	organisation, run := callerOf(ctx).Organisation.ID, idOf(in.ID)
	if _, err := read.From(a.store).RunProgress(ctx, organisation, run); err != nil {
		return nil, a.problem(ctx, err)
	}
	follow := func(ctx context.Context) iter.Seq2[syncs.Update, error] {
		return a.syncs.Follow(ctx, organisation, run)
	}
	return streamed(a, in.LastEventID, follow, func(ctx context.Context, events *eventWriter, update syncs.Update, failed error) error {
		return a.send(ctx, events, organisation, update, failed)
	}), nil
}

// streamed answers with server-sent events: send writes one for each update, until there is none, the caller leaves, or the program stops.
func streamed[T any](a api, last string, follow func(context.Context) iter.Seq2[T, error],
	send func(ctx context.Context, events *eventWriter, update T, failed error) error) *huma.StreamResponse {
	return &huma.StreamResponse{Body: func(response huma.Context) {
		_, w := humago.Unwrap(response)
		events := &eventWriter{Events: stream.Open(w), last: last}
		if events.Reconnect(reconnectAfter) != nil {
			return
		}
		stream.Serve(response.Context(), a.streams, events.Events, follow, func(ctx context.Context, update T, failed error) error {
			return send(ctx, events, update, failed)
		})
	}}
}

func (a api) send(ctx context.Context, events *eventWriter, organisation care.ID, update syncs.Update, failed error) error {
	switch {
	case errors.Is(failed, syncs.ErrAbandoned):
		return events.event("abandoned", Progress{RunProgress: views.FromRunProgress(update.Run), Waiting: failed.Error()})
	case failed != nil:
		return failed
	case !update.Finished():
		return events.event("progress", Progress{RunProgress: views.FromRunProgress(update.Run), Waiting: words.Wait(update.Run.Wait, callerOf(ctx).Organisation.Location())})
	}
	view, err := read.From(a.store).Run(ctx, organisation, update.Run.ID)
	if err != nil {
		return err
	}
	return events.event("finished", views.FromRun(view))
}

// eventWriter writes events whose ids are made from their data, so that a stream can be taken up anywhere.
type eventWriter struct {
	*stream.Events
	last string
}

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
	return e.Send(id, name, string(encoded))
}

package api

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/starter/api/views"
	"github.com/caresync/caresync/starter/bulks"
	"github.com/caresync/caresync/words"
)

// mostProblemDetails bounds how much one problem lists.
const mostProblemDetails = 100

// placeInList names an element of the list of people, counted from 1, as JSON counts them.
func placeInList(place int) string { return fmt.Sprintf("body.people[%d]", place-1) }

// BulkProgress is the data of the event "progress" of a bulk run.
type BulkProgress struct {
	views.BulkSummary
	Waiting string `json:"waiting,omitempty" doc:"What the bulk run waits for, in words, with times in the organisation's time zone; or why no more events come"`
}

type bulkEventsInput struct {
	ID          string `path:"id" format:"uuid" doc:"The bulk run's id"`
	LastEventID string `header:"Last-Event-ID" doc:"The last event that was received: the stream resumes after it"`
}

func (a api) registerBulkEvents(served huma.API) {
	schemas := served.OpenAPI().Components.Schemas
	progress := huma.SchemaFromType(schemas, typeOf[BulkProgress]())
	finished := huma.SchemaFromType(schemas, typeOf[views.BulkView]())
	huma.Register(served, huma.Operation{
		OperationID: "follow-bulk-run", Method: http.MethodGet, Path: pathBulk + "/events", Tags: []string{tagBulk},
		Summary: "Follow a bulk run as server-sent events",
		Description: "Sends the event \"progress\" immediately and whenever something changes, at most twice a second, and \"finished\" with the whole bulk run at " +
			"the end. Comments keep the stream alive. To resume a broken stream, send Last-Event-ID. \"abandoned\" ends the stream of a bulk run whose " +
			"workflow ended without it.",
		Errors: []int{http.StatusNotFound}, Responses: eventResponses(progress, finished),
	}, a.followBulk)
}

func (a api) followBulk(ctx context.Context, in *bulkEventsInput) (*huma.StreamResponse, error) {
	organisation, bulk := callerOf(ctx).Organisation.ID, idOf(in.ID)
	if _, err := read.From(a.store).BulkProgress(ctx, organisation, bulk); err != nil {
		return nil, a.problem(ctx, err)
	}
	follow := func(ctx context.Context) iter.Seq2[bulks.Update, error] {
		return a.bulks.Follow(ctx, organisation, bulk)
	}
	return streamed(a, in.LastEventID, follow, func(ctx context.Context, events *eventWriter, update bulks.Update, failed error) error {
		return a.sendBulk(ctx, events, organisation, update, failed)
	}), nil
}

func (a api) sendBulk(ctx context.Context, events *eventWriter, organisation care.ID, update bulks.Update, failed error) error {
	switch {
	case errors.Is(failed, bulks.ErrAbandoned):
		return events.event("abandoned", BulkProgress{BulkSummary: views.FromBulkSummary(update.Bulk), Waiting: failed.Error()})
	case failed != nil:
		return failed
	case !update.Finished():
		return events.event("progress", BulkProgress{BulkSummary: views.FromBulkSummary(update.Bulk), Waiting: words.Wait(update.Bulk.Wait, callerOf(ctx).Organisation.Location())})
	}
	view, err := read.From(a.store).Bulk(ctx, organisation, update.Bulk.ID)
	if err != nil {
		return err
	}
	return events.event("finished", views.FromBulk(view))
}

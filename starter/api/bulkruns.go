package api

import (
	"context"
	"io"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/starter/api/views"
	"github.com/caresync/caresync/starter/bulks"
	"github.com/caresync/caresync/starter/report"
	"github.com/caresync/caresync/starter/web"
)

const (
	tagBulk   = "Bulk runs"
	csvMedia  = "text/csv"
	jsonMedia = "application/json"
	pathBulks = "/v1/bulk-runs"
	pathBulk  = pathBulks + "/{id}"
)

type startBulkInput struct {
	Body struct {
		ID string `json:"id,omitempty" format:"uuid" doc:"Makes the request idempotent: repeating it with the same id returns the same bulk run"`
		views.BulkOptions
		People []string `json:"people,omitempty" minItems:"1" maxItems:"20000" doc:"Only these, by CareSync's ids, care recipient ids or NDIS numbers"`
	}
}

// StartedBulk is the response to starting a bulk run.
type StartedBulk struct {
	Known   bool           `json:"known" doc:"It had already been requested, with this id"`
	BulkRun views.BulkView `json:"bulk_run"`
}

type startedBulkOutput struct {
	Location string `header:"Location" doc:"Where to follow the bulk run"`
	Body     StartedBulk
}

type bulkInput struct {
	ID string `path:"id" format:"uuid" doc:"The bulk run's id"`
}

type bulkOutput struct{ Body views.BulkView }

type bulksInput struct {
	Outcome string `query:"outcome" enum:"succeeded,succeeded_with_warnings,partial,failed,cancelled,unfinished" doc:"Only bulk runs with this outcome"`
	Limit   int    `query:"limit" minimum:"1" maximum:"200" default:"20" doc:"Maximum number of items"`
	Before  string `query:"before" format:"uuid" doc:"The last bulk run on the previous page: its \"next\""`
}

type bulksOutput struct {
	Body struct {
		BulkRuns []views.BulkSummary `json:"bulk_runs"`
		Next     *care.ID            `json:"next" doc:"The \"before\" of the next page; null on the last"`
	}
}

type bulkItemsInput struct {
	ID      string `path:"id" format:"uuid" doc:"The bulk run's id"`
	Outcome string `query:"outcome" enum:"succeeded,succeeded_with_warnings,partial,failed,cancelled,skipped,unfinished,unsuccessful" doc:"Only people with this outcome; unsuccessful means everyone a retry includes"`
	Limit   int    `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"Maximum number of items"`
	After   string `query:"after" format:"uuid" doc:"The last person on the previous page: its \"next\""`
}

type bulkItemsOutput struct {
	Body struct {
		People []views.BulkItem `json:"people"`
		Next   *care.ID         `json:"next" doc:"The \"after\" of the next page; null on the last"`
	}
}

type windowInput struct {
	ID   string `path:"id" format:"uuid" doc:"The bulk run's id"`
	Body struct {
		Window int `json:"window" minimum:"1" maximum:"20" doc:"How many batches run in parallel"`
	}
}

type retryInput struct {
	ID   string `path:"id" format:"uuid" doc:"The bulk run's id"`
	Body *struct {
		ID string `json:"id,omitempty" format:"uuid" doc:"Makes the request idempotent, as for starting a bulk run"`
	}
}

type reportInput struct {
	ID     string `path:"id" format:"uuid" doc:"The bulk run's id"`
	Format string `query:"format" enum:"csv,json" doc:"Absent: according to the Accept header, otherwise JSON"`
	Accept string `header:"Accept"`
}

func (a api) registerBulks(served huma.API) {
	notFound, conflict := []int{http.StatusNotFound}, []int{http.StatusNotFound, http.StatusConflict}
	register := func(id, method, path, summary, description string, status int, errors []int) huma.Operation {
		return huma.Operation{
			OperationID: id, Method: method, Path: path, Tags: []string{tagBulk}, Summary: summary, Description: description,
			DefaultStatus: status, Errors: errors,
		}
	}
	huma.Register(served, register("start-bulk-run", http.MethodPost, pathBulks, "Sync many people",
		"Starts a bulk run over everyone of a kind, or over selected people. All conditions must match.",
		http.StatusAccepted, []int{http.StatusConflict}), a.startBulk)
	huma.Register(served, register("list-bulk-runs", http.MethodGet, pathBulks, "List bulk runs, newest first", "", 0, nil), a.listBulks)
	huma.Register(served, register("get-bulk-run", http.MethodGet, pathBulk, "Read the state of a bulk run: counts, speed, and what it is waiting for", "", 0, notFound), a.getBulk)
	huma.Register(served, register("list-bulk-run-people", http.MethodGet, pathBulk+"/items", "List the people in a bulk run with their outcomes", "", 0, notFound), a.listBulkItems)
	huma.Register(served, register("pause-bulk-run", http.MethodPost, pathBulk+"/pause", "Pause a bulk run",
		"No more people are started; people in progress will finish.", 0, conflict), a.commandBulk(a.bulks.Pause))
	huma.Register(served, register("resume-bulk-run", http.MethodPost, pathBulk+"/resume", "Resume a paused bulk run", "", 0, conflict), a.commandBulk(a.bulks.Resume))
	huma.Register(served, register("cancel-bulk-run", http.MethodPost, pathBulk+"/cancel", "Cancel a bulk run; saved data stays",
		"People in progress will finish; everyone else is counted as skipped.", http.StatusAccepted, conflict), a.commandBulk(a.bulks.Cancel))
	huma.Register(served, register("set-bulk-run-window", http.MethodPost, pathBulk+"/window", "Set how many batches run in parallel", "", 0, conflict), a.setWindow)
	huma.Register(served, register("retry-bulk-run", http.MethodPost, pathBulk+"/retry", "Sync the people who did not succeed in a bulk run again",
		"Starts a bulk run with the same options over the people who were partially saved, failed, cancelled or skipped.", http.StatusAccepted, conflict), a.retryBulk)
	download := register("report-bulk-run", http.MethodGet, pathBulk+"/report", "The outcome of everyone in a bulk run, as CSV or JSON",
		"CSV has a header, and is safe to open in a spreadsheet: text that would be read as a formula starts with an apostrophe.", 0, notFound)
	download.Responses = map[string]*huma.Response{"200": {Description: "The report", Content: map[string]*huma.MediaType{
		csvMedia:  {Schema: &huma.Schema{Type: huma.TypeString}},
		jsonMedia: {Schema: huma.SchemaFromType(served.OpenAPI().Components.Schemas, typeOf[bulkReport]())},
	}}}
	huma.Register(served, download, a.reportBulk)
	a.registerBulkEvents(served)
}

// bulkReport is the shape of a report in JSON.
type bulkReport struct {
	BulkRun       views.BulkView        `json:"bulk_run"`
	People        []views.BulkItem      `json:"people"`
	UnknownPeople []views.UnknownPerson `json:"unknown_people" doc:"People on the government's lists who are not in the organisation"`
}

func (a api) startBulk(ctx context.Context, in *startBulkInput) (*startedBulkOutput, error) {
	caller := callerOf(ctx)
	started, err := a.bulks.Start(ctx, bulks.StartRequest{
		Organisation: caller.Organisation, ID: requestedID(in.Body.ID), Options: care.BulkOptions(in.Body.BulkOptions), People: in.Body.People,
		RequestedBy: by(caller),
	})
	return a.startedBulk(ctx, started, err)
}

// requestedID is an id that a caller made, as we write them.
func requestedID(text string) care.ID { return care.ID(strings.ToLower(text)) }

func (a api) retryBulk(ctx context.Context, in *retryInput) (*startedBulkOutput, error) {
	caller := callerOf(ctx)
	request := bulks.RetryRequest{Organisation: caller.Organisation, Bulk: idOf(in.ID), RequestedBy: by(caller)}
	if in.Body != nil {
		request.ID = requestedID(in.Body.ID)
	}
	started, err := a.bulks.Retry(ctx, request)
	return a.startedBulk(ctx, started, err)
}

func (a api) startedBulk(ctx context.Context, started bulks.StartResult, err error) (*startedBulkOutput, error) {
	if err != nil {
		return nil, a.problem(ctx, err)
	}
	view, err := read.From(a.store).Bulk(ctx, callerOf(ctx).Organisation.ID, started.ID)
	if err != nil {
		return nil, a.problem(ctx, err)
	}
	return &startedBulkOutput{Location: pathBulks + "/" + string(started.ID), Body: StartedBulk{Known: started.Known, BulkRun: views.FromBulk(view)}}, nil
}

func (a api) listBulks(ctx context.Context, in *bulksInput) (*bulksOutput, error) {
	found, more, err := read.From(a.store).Bulks(ctx, callerOf(ctx).Organisation.ID, read.BulkFilter{Outcome: in.Outcome, Before: idOf(in.Before), Most: in.Limit})
	if err != nil {
		return nil, a.problem(ctx, err)
	}
	a.bulks.AddWaits(ctx, found)
	out := &bulksOutput{}
	out.Body.BulkRuns = views.Each(found, views.FromBulkSummary)
	if more {
		out.Body.Next = &found[len(found)-1].ID
	}
	return out, nil
}

func (a api) getBulk(ctx context.Context, in *bulkInput) (*bulkOutput, error) {
	view, err := read.From(a.store).Bulk(ctx, callerOf(ctx).Organisation.ID, idOf(in.ID))
	if err != nil {
		return nil, a.problem(ctx, err)
	}
	view.BulkSummary = a.bulks.Wait(ctx, view.BulkSummary)
	return &bulkOutput{Body: views.FromBulk(view)}, nil
}

func (a api) listBulkItems(ctx context.Context, in *bulkItemsInput) (*bulkItemsOutput, error) {
	items, more, err := read.From(a.store).BulkItems(ctx, callerOf(ctx).Organisation.ID, idOf(in.ID), read.ItemFilter{
		Outcome: in.Outcome, After: idOf(in.After), Most: in.Limit,
	})
	if err != nil {
		return nil, a.problem(ctx, err)
	}
	out := &bulkItemsOutput{}
	out.Body.People = views.Each(items, views.FromBulkItem)
	if more {
		out.Body.Next = &items[len(items)-1].Person.ID
	}
	return out, nil
}

// commandBulk answers a command with where the bulk run stands after it.
func (a api) commandBulk(command func(ctx context.Context, organisation, bulk care.ID, requestedBy string) error) func(context.Context, *bulkInput) (*bulkOutput, error) {
	return func(ctx context.Context, in *bulkInput) (*bulkOutput, error) {
		if err := command(ctx, callerOf(ctx).Organisation.ID, idOf(in.ID), by(callerOf(ctx))); err != nil {
			return nil, a.problem(ctx, err)
		}
		return a.getBulk(ctx, in)
	}
}

func (a api) setWindow(ctx context.Context, in *windowInput) (*bulkOutput, error) {
	if err := a.bulks.SetWindow(ctx, callerOf(ctx).Organisation.ID, idOf(in.ID), in.Body.Window); err != nil {
		return nil, a.problem(ctx, err)
	}
	return a.getBulk(ctx, &bulkInput{ID: in.ID})
}

func (a api) reportBulk(ctx context.Context, in *reportInput) (*huma.StreamResponse, error) {
	organisation, bulk := callerOf(ctx).Organisation.ID, idOf(in.ID)
	if _, err := read.From(a.store).BulkProgress(ctx, organisation, bulk); err != nil {
		return nil, a.problem(ctx, err)
	}
	format := reportFormat(in)
	return &huma.StreamResponse{Body: func(stream huma.Context) {
		_, w := humago.Unwrap(stream)
		web.Download(stream.Context(), w, a.logger, format.FileName(bulk), format.MediaType(), func(ctx context.Context, out io.Writer) error {
			return report.Write(ctx, a.store, organisation, bulk, format, out)
		})
	}}, nil
}

func reportFormat(in *reportInput) report.Format {
	switch {
	case in.Format != "":
		return report.Format(in.Format)
	case strings.Contains(in.Accept, csvMedia):
		return report.CSV
	default:
		return report.JSON
	}
}

func unknownPeopleErrors(unknown *bulks.UnknownPeopleError) (details []*huma.ErrorDetail) {
	for _, place := range unknown.Places[:min(len(unknown.Places), mostProblemDetails)] {
		details = append(details, &huma.ErrorDetail{
			Location: placeInList(place), Message: "is not a person in this organisation",
		})
	}
	return details
}

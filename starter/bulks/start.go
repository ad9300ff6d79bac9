package bulks

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"reflect"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/platform/temporal"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/starter/syncs"
)

// StartRequest asks for a bulk run.
type StartRequest struct {
	Organisation care.Organisation
	// ID, if given, makes the request idempotent: sent again, it leads to the same bulk run.
	ID      care.ID
	Options care.BulkOptions
	// People are listed by our ids, care recipient ids or NDIS numbers; nil means that no one is listed.
	People      []string
	RequestedBy string
}

// StartResult says which bulk run a request led to.
type StartResult struct {
	ID care.ID
	// Known: it had been asked for already, under this id.
	Known bool
}

// Start starts a bulk run. It fails with care.InvalidError, UnknownPeopleError, ErrIDTaken or syncs.ErrUnavailable.
func (s *Service) Start(ctx context.Context, request StartRequest) (StartResult, error) {
	wanted, err := s.request(ctx, request)
	if err != nil {
		return StartResult{}, err
	}
	return s.start(ctx, db.Bulk{ID: request.ID, OrganisationID: request.Organisation.ID, RequestedBy: request.RequestedBy, Request: wanted})
}

// RetryRequest asks for those of a bulk run who did not succeed to be synced again.
type RetryRequest struct {
	Organisation care.Organisation
	Bulk         care.ID
	// ID is as in StartRequest.
	ID          care.ID
	RequestedBy string
}

// Retry starts a bulk run over those of another one who did not succeed in it, with its options. One that ended before its people were
// selected is made again. It fails with db.ErrNotFound, ErrUnfinished, ErrNothingToRetry, ErrIDTaken or syncs.ErrUnavailable.
func (s *Service) Retry(ctx context.Context, request RetryRequest) (StartResult, error) {
	organisation := request.Organisation.ID
	before, err := read.From(s.store).BulkProgress(ctx, organisation, request.Bulk)
	if err != nil {
		return StartResult{}, err
	}
	if before.State != read.BulkFinished {
		return StartResult{}, ErrUnfinished
	}
	wanted, err := s.store.BulkRequest(ctx, organisation, request.Bulk)
	if err != nil {
		return StartResult{}, err
	}
	if before.PlannedAt != nil {
		if unsuccessful(before.Counts) == 0 {
			return StartResult{}, ErrNothingToRetry
		}
		wanted = retryOf(request.Bulk, wanted.BulkOptions)
	}
	return s.start(ctx, db.Bulk{ID: request.ID, OrganisationID: organisation, RequestedBy: request.RequestedBy, Request: wanted})
}

// retryOf requests a bulk run again for the people who did not succeed. Who to sync is known then, and who is absent was decided.
func retryOf(bulk care.ID, options care.BulkOptions) care.BulkRequest {
	for _, option := range Options {
		if option.Selects || option.Part == PartEveryone {
			reflect.ValueOf(option.Value(&options)).Elem().SetZero()
		}
	}
	return care.BulkRequest{BulkOptions: options, RetryOf: bulk}
}

func unsuccessful(counts care.BulkCounts) int {
	return counts.Partial + counts.Failed + counts.Cancelled + counts.Skipped
}

// CheckDeployment fails with a *db.DeploymentError where the database belongs to another deployment (R37), which is the only one that starts
// bulk runs and says when they start. It does not fail where that cannot be found out now.
func (s *Service) CheckDeployment(ctx context.Context) error {
	if err := s.temporal.Admit(ctx); db.OfAnotherDeployment(err) {
		return err
	}
	return nil
}

// start records a bulk run and starts its workflow. Either may have been done before, under the same id. Where it is not known whether Temporal
// was told, the row stays: the same request sent again starts the workflow, or Reconcile closes the row.
func (s *Service) start(ctx context.Context, bulk db.Bulk) (StartResult, error) {
	if bulk.ID == "" {
		bulk.ID = db.NewID()
	}
	if err := s.temporal.Admit(ctx); err != nil { // before there is a row of what could not be started
		return StartResult{}, err
	}
	bulk.WorkflowID = protocol.BulkSyncID(bulk.ID)
	if err := s.store.RecordBulk(ctx, bulk); err != nil {
		return StartResult{}, err
	}
	progress, err := s.recorded(ctx, bulk)
	if err != nil {
		return StartResult{}, err
	}
	if progress.State == read.BulkFinished {
		return StartResult{ID: bulk.ID, Known: true}, nil
	}
	options, input := protocol.BulkSyncStart(s.queues, bulk.ID, bulk.OrganisationID, bulk.Request.Kind, bulk.RequestedBy)
	options.WorkflowIDReusePolicy = enumspb.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE // an id stands for one bulk run
	_, err = s.temporal.ExecuteWorkflow(ctx, options, protocol.BulkSyncWorkflow, input)
	var known *serviceerror.WorkflowExecutionAlreadyStarted
	if errors.As(err, &known) {
		return StartResult{ID: bulk.ID, Known: true}, nil
	}
	if temporal.Refused(err) { // what was not started leaves no row behind; the same request can be sent again
		err = errors.Join(err, s.store.WithdrawBulk(ctx, bulk.OrganisationID, bulk.ID))
	}
	return StartResult{ID: bulk.ID}, syncs.TemporalError("start the bulk run", err)
}

// recorded is the bulk run as it was recorded first, if that was for the same request.
func (s *Service) recorded(ctx context.Context, bulk db.Bulk) (read.BulkSummary, error) {
	request, err := s.store.BulkRequest(ctx, bulk.OrganisationID, bulk.ID)
	if errors.Is(err, db.ErrNotFound) { // it is another organisation's, of which nothing is told (R11)
		return read.BulkSummary{}, ErrIDTaken
	}
	if err != nil {
		return read.BulkSummary{}, err
	}
	same, err := equal(request, bulk.Request)
	if err != nil {
		return read.BulkSummary{}, err
	}
	if !same {
		return read.BulkSummary{}, ErrIDTaken
	}
	return read.From(s.store).BulkProgress(ctx, bulk.OrganisationID, bulk.ID)
}

// equal compares requests as they are stored.
func equal(one, other care.BulkRequest) (bool, error) {
	first, err := json.Marshal(one)
	if err != nil {
		return false, err
	}
	second, err := json.Marshal(other)
	return bytes.Equal(first, second), err
}

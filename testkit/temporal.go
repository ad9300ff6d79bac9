package testkit

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/caresync/caresync/activities"
	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/platform/logging"
	"github.com/caresync/caresync/platform/temporal"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/worker/hosting"
)

// Temporal is a test's share of the real Temporal server that TEMPORAL_ADDRESS names: an encrypting client and task queues of its own.
type Temporal struct {
	client.Client
	Queues protocol.TaskQueues
}

// NewTemporal connects a test with the Temporal server.
func NewTemporal(t testing.TB) *Temporal {
	t.Helper()
	t.Setenv("TEMPORAL_CONFIG_FILE", filepath.Join(t.TempDir(), "none.toml")) // a developer's own profile is none of a test's business
	options, err := temporal.ClientOptions(temporal.Options{Keyring: Keyring(), Logger: zap.NewNop()})
	require.NoError(t, err)
	return dial(t, options)
}

// NewReadableTemporal is NewTemporal without encryption, for histories that people and the replay test read.
func NewReadableTemporal(t testing.TB) *Temporal {
	t.Helper()
	return dial(t, client.Options{HostPort: os.Getenv("TEMPORAL_ADDRESS"), Namespace: temporal.DefaultNamespace, Logger: logging.ForTemporal(zap.NewNop())})
}

func dial(t testing.TB, options client.Options) *Temporal {
	t.Helper()
	connected, err := client.DialContext(t.Context(), withClock(options))
	require.NoError(t, err)
	t.Cleanup(connected.Close)
	return ShareOf(connected)
}

// ShareOf returns another share of a connected Temporal server, for tests that run in parallel.
func ShareOf(connected client.Client) *Temporal {
	return &Temporal{Client: connected, Queues: protocol.TaskQueues{Prefix: "test-" + string(db.NewID()) + "-"}}
}

// NewNamespace makes a namespace as Temporal makes them, and waits until Temporal knows it. Whoever asks Temporal for all workflows of a namespace needs
// one that no other test uses.
func (s *Temporal) NewNamespace(t testing.TB, retention time.Duration) string {
	t.Helper()
	namespace := "test-" + string(db.NewID())
	_, err := s.WorkflowService().RegisterNamespace(t.Context(), &workflowservice.RegisterNamespaceRequest{
		Namespace: namespace, WorkflowExecutionRetentionPeriod: durationpb.New(retention),
	})
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		_, err := s.WorkflowService().DescribeNamespace(t.Context(), &workflowservice.DescribeNamespaceRequest{Namespace: namespace})
		return err == nil
	}, time.Minute, 50*time.Millisecond)
	return namespace
}

// PreparedNamespace is NewNamespace with the search attributes that CareSync needs.
func (s *Temporal) PreparedNamespace(t testing.TB) string {
	t.Helper()
	namespace := s.NewNamespace(t, 24*time.Hour)
	attributes := map[string]enumspb.IndexedValueType{}
	for _, attribute := range protocol.SearchAttributes {
		attributes[attribute.GetName()] = attribute.GetValueType()
	}
	_, err := s.OperatorService().AddSearchAttributes(t.Context(), &operatorservice.AddSearchAttributesRequest{Namespace: namespace, SearchAttributes: attributes})
	require.NoError(t, err)
	return namespace
}

// NewTemporalAlone is NewTemporal in a namespace of the test's own, which programs that the test starts use too.
func NewTemporalAlone(t testing.TB) *Temporal {
	t.Helper()
	t.Setenv("TEMPORAL_NAMESPACE", NewTemporal(t).PreparedNamespace(t))
	return NewTemporal(t)
}

// Admit lets everything be started: a test has its database to itself.
func (*Temporal) Admit(context.Context) error { return nil }

// RunWorker hosts workflows and steps in this process until the test ends or stop is called.
func (s *Temporal) RunWorker(t testing.TB, steps *activities.Steps) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	group, ctx := errgroup.WithContext(ctx)
	for _, part := range hosting.Workers(s.Client, s.Queues, steps, nil) {
		group.Go(func() error { return part(ctx) })
	}
	stop = func() {
		cancel()
		if err := group.Wait(); err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("the worker failed: %v", err)
		}
	}
	t.Cleanup(stop)
	return stop
}

// Start starts a sync, or joins the one that is running.
func (s *Temporal) Start(t testing.TB, request care.Request) client.WorkflowRun {
	t.Helper()
	options, input := protocol.CareRecipientSyncStart(s.Queues, request)
	options.WorkflowExecutionErrorWhenAlreadyStarted = false
	run, err := s.ExecuteWorkflow(t.Context(), options, protocol.CareRecipientSyncWorkflow, input)
	require.NoError(t, err)
	return run
}

// Request asks for a sync as the claim service does: it signals, with start.
func (s *Temporal) Request(ctx context.Context, request care.Request) error {
	options, input := protocol.CareRecipientSyncStart(s.Queues, request)
	_, err := s.SignalWithStartWorkflow(ctx, options.ID, protocol.SyncRequested.Name,
		protocol.SyncRequest{Trigger: request.Trigger, AllBudgets: request.AllBudgets}, options, protocol.CareRecipientSyncWorkflow, input)
	return err
}

// Sync starts a sync, or joins the running one, and returns its result.
func (s *Temporal) Sync(t testing.TB, request care.Request) care.RunResult {
	t.Helper()
	var result care.RunResult
	require.NoError(t, s.Start(t, request).Get(t.Context(), &result))
	return result
}

// Retrieve retrieves a person's plan, as whoever presses "+ NDIS PACE" does: the update is sent with the start.
func (s *Temporal) Retrieve(t testing.TB, request care.Request) (answer protocol.RetrieveAnswer) {
	t.Helper()
	options, input := protocol.PaceContractSyncStart(s.Queues, request)
	handle, err := s.UpdateWithStartWorkflow(t.Context(), client.UpdateWithStartWorkflowOptions{
		StartWorkflowOperation: s.NewWithStartWorkflowOperation(options, protocol.PaceContractSyncWorkflow, input),
		UpdateOptions: client.UpdateWorkflowOptions{
			WorkflowID: options.ID, UpdateName: protocol.Retrieve.Name, Args: []any{protocol.RetrieveRequest{}},
			WaitForStage: client.WorkflowUpdateStageCompleted,
		},
	})
	require.NoError(t, err)
	require.NoError(t, handle.Get(t.Context(), &answer))
	return answer
}

// Create sends what a person has approved.
func (s *Temporal) Create(ctx context.Context, personID care.ID, request care.CreateRequest) (answer protocol.CreateAnswer, err error) {
	handle, err := s.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
		WorkflowID: protocol.PaceContractSyncID(personID), UpdateID: protocol.CreateUpdateID(request.PreviewID),
		UpdateName: protocol.Create.Name, Args: []any{protocol.CreateRequest{CreateRequest: request}},
		WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	if err != nil {
		return answer, err
	}
	return answer, handle.Get(ctx, &answer)
}

// RequestRefresh asks for an unattended refresh as a notification does: it signals, with start.
func (s *Temporal) RequestRefresh(t testing.TB, request care.Request) client.WorkflowRun {
	t.Helper()
	request.Trigger = care.TriggerNotification
	options, input := protocol.PaceContractSyncStart(s.Queues, request)
	run, err := s.SignalWithStartWorkflow(t.Context(), options.ID, protocol.RefreshRequested.Name,
		protocol.RefreshRequest{Trigger: request.Trigger}, options, protocol.PaceContractSyncWorkflow, input)
	require.NoError(t, err)
	return run
}

// Bulk starts a bulk run and returns its id.
func (s *Temporal) Bulk(t testing.TB, store *db.Store, organisation care.ID, request care.BulkRequest) (care.ID, client.WorkflowRun) {
	t.Helper()
	bulk := db.Bulk{ID: db.NewID(), OrganisationID: organisation, RequestedBy: "a test", Request: request}
	bulk.WorkflowID = protocol.BulkSyncID(bulk.ID)
	require.NoError(t, store.RecordBulk(t.Context(), bulk))
	startOptions, input := protocol.BulkSyncStart(s.Queues, bulk.ID, organisation, request.Kind, bulk.RequestedBy)
	run, err := s.ExecuteWorkflow(t.Context(), startOptions, protocol.BulkSyncWorkflow, input)
	require.NoError(t, err)
	return bulk.ID, run
}

package deployment

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/platform/temporal"
)

var (
	production = db.TemporalIdentity{ClusterID: "cluster-1", NamespaceID: "namespace-1", Namespace: "caresync"}
	another    = db.TemporalIdentity{ClusterID: "cluster-2", NamespaceID: "namespace-2", Namespace: "caresync"}
)

// scene is a database and a Temporal server as far as the guard sees them.
type scene struct {
	guard *Guard
	now   time.Time

	mu      sync.Mutex
	owner   *db.Deployment
	own     db.TemporalIdentity
	rowsErr error
	askErr  error
	reads   atomic.Int64
}

func newScene() *scene {
	s := &scene{own: production, now: time.Now()}
	s.guard = New(s, func(context.Context) (db.TemporalIdentity, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.own, s.askErr
	}, "a test")
	s.guard.now = func() time.Time { return s.now }
	return s
}

func (s *scene) Deployment(context.Context) (db.Deployment, error) {
	s.reads.Add(1)
	switch {
	case s.rowsErr != nil:
		return db.Deployment{}, s.rowsErr
	case s.owner == nil:
		return db.Deployment{}, db.ErrNotFound
	}
	return *s.owner, nil
}

func (s *scene) AdoptUnclaimed(_ context.Context, by string, own db.TemporalIdentity) (db.Deployment, error) {
	s.owner = &db.Deployment{ID: db.NewID(), Temporal: own, AdoptedBy: by, AdoptedAt: s.now}
	return *s.owner, nil
}

func (s *scene) later() { s.now = s.now.Add(checkedFor) }

func (s *scene) check(t *testing.T) error {
	t.Helper()
	return s.guard.Check(t.Context())
}

func requireForeign(t *testing.T, err error) {
	t.Helper()
	var foreign *db.DeploymentError
	require.ErrorAs(t, err, &foreign)
	require.Equal(t, production, foreign.Owner.Temporal)
	require.Equal(t, another, foreign.Program)
	for _, says := range []string{"namespace-1", "cluster-1", "namespace-2", "cluster-2", `"caresync"`} {
		require.ErrorContains(t, err, says)
	}
}

func TestADatabaseThatBelongedToNoOneIsAdopted(t *testing.T) {
	s := newScene()
	require.NoError(t, s.check(t))
	require.Equal(t, production, s.owner.Temporal)
	require.Equal(t, "a test", s.owner.AdoptedBy)
}

func TestAnotherDeploymentsDatabaseIsRefusedUntilItIsAdopted(t *testing.T) {
	s := newScene()
	require.NoError(t, s.check(t))
	s.own = another
	require.NoError(t, s.check(t), "an answer stands for some seconds")
	s.later()
	requireForeign(t, s.check(t))
	s.later()
	requireForeign(t, s.check(t))
	s.owner.Temporal = another
	s.later()
	require.NoError(t, s.check(t))
}

func TestTheClusterCountsWhereItIsTold(t *testing.T) {
	require.False(t, production.Same(db.TemporalIdentity{ClusterID: "cluster-2", NamespaceID: "namespace-1"}), "a copy of Temporal's own database")
	require.True(t, production.Same(db.TemporalIdentity{NamespaceID: "namespace-1"}))
	require.False(t, production.Same(db.TemporalIdentity{NamespaceID: "namespace-2"}))
}

// The last answer stands during an outage: steps in progress finish or wait, as without a guard.
func TestAnOutageChangesNothing(t *testing.T) {
	away := errors.New("away")
	s := newScene()
	s.askErr = away
	require.ErrorIs(t, s.check(t), away, "nothing was found yet")
	require.Nil(t, s.owner, "no one adopts what they cannot name")
	s.askErr = nil
	s.later()
	require.NoError(t, s.check(t))

	s.askErr = away
	s.later()
	require.NoError(t, s.check(t), "Temporal is away")
	s.rowsErr = db.ErrUnavailable
	s.later()
	require.NoError(t, s.check(t), "PostgreSQL is away, too")

	s.rowsErr, s.owner.Temporal = nil, another
	s.later()
	require.True(t, db.OfAnotherDeployment(s.check(t)), "adoption is noticed without Temporal")
	s.rowsErr = db.ErrUnavailable
	s.later()
	require.ErrorIs(t, s.check(t), db.ErrUnavailable, "who was foreign remains out")
}

func TestAMissingNamespaceIsNoOnes(t *testing.T) {
	s := newScene()
	require.NoError(t, s.check(t))
	s.askErr = temporal.ErrNamespaceMissing
	s.later()
	require.ErrorIs(t, s.check(t), temporal.ErrNamespaceMissing)
}

func TestManyChecksAreOne(t *testing.T) {
	s := newScene()
	require.NoError(t, s.check(t))
	before := s.reads.Load()
	s.later()
	var group sync.WaitGroup
	for range 50 {
		group.Go(func() { _ = s.guard.Check(t.Context()) })
	}
	group.Wait()
	require.Equal(t, before+1, s.reads.Load())
}

// harmless are the methods of Temporal's client that neither change a workflow or schedule nor tell of one in a way that CareSync acts on,
// or that CareSync does not use.
var harmless = []string{
	"GetWorkflow", "NewWithStartWorkflowOperation", "CompleteActivity", "CompleteActivityWithOptions", "CompleteActivityByID",
	"CompleteActivityByIDWithOptions", "CompleteActivityByActivityID", "CompleteActivityByActivityIDWithOptions", "RecordActivityHeartbeat",
	"RecordActivityHeartbeatWithOptions", "RecordActivityHeartbeatByID", "RecordActivityHeartbeatByIDWithOptions", "ListClosedWorkflow",
	"ListOpenWorkflow", "ListWorkflow", "ListArchivedWorkflow", "ScanWorkflow", "CountWorkflow", "GetSearchAttributes", "QueryWorkflow",
	"QueryWorkflowWithOptions", "DescribeWorkflow", "DescribeTaskQueue", "DescribeTaskQueueEnhanced", "UpdateWorkerBuildIdCompatibility",
	"GetWorkerBuildIdCompatibility", "GetWorkerTaskReachability", "UpdateWorkerVersioningRules", "GetWorkerVersioningRules", "CheckHealth",
	"UpdateWorkflowExecutionOptions", "GetWorkflowUpdateHandle", "ExecuteActivity", "GetActivityHandle", "ListActivities", "CountActivities",
	"NewNexusClient", "GetNexusOperationHandle", "ListNexusOperations", "CountNexusOperations", "WorkflowService", "OperatorService",
	"DeploymentClient", "WorkerDeploymentClient", "Close", "GetID",
}

// Each call to Temporal that starts, changes or tells of a workflow or a schedule asks the guard first. A client of a foreign deployment that
// is nil would panic where it is reached.
func TestEveryCallThatMattersIsGuarded(t *testing.T) {
	s := newScene()
	require.NoError(t, s.check(t))
	s.own = another
	s.later()
	for _, guarded := range []any{s.guard.Client(nil), schedules{nil, s.guard}, scheduleHandle{nil, s.guard}} {
		value := reflect.ValueOf(guarded)
		for i := range value.NumMethod() {
			name := value.Type().Method(i).Name
			if slices.Contains(harmless, name) || name == "Admit" || name == "ScheduleClient" || name == "GetHandle" {
				continue
			}
			requireForeign(t, refusalOf(t, name, value.Method(i)))
		}
	}
}

// refusalOf calls a method with nothing but a context, and returns its error.
func refusalOf(t *testing.T, name string, method reflect.Value) error {
	t.Helper()
	kind := method.Type()
	arguments := []reflect.Value{reflect.ValueOf(t.Context())}
	for i := 1; i < kind.NumIn() && !(kind.IsVariadic() && i == kind.NumIn()-1); i++ {
		arguments = append(arguments, reflect.Zero(kind.In(i)))
	}
	require.NotPanics(t, func() { arguments = method.Call(arguments) }, "%s reaches Temporal unguarded", name)
	last := arguments[len(arguments)-1].Interface()
	if history, isHistory := last.(client.HistoryEventIterator); isHistory {
		_, err := history.Next()
		return err
	}
	err, _ := last.(error)
	return err
}

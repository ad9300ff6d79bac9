package keyring

import (
	"context"
	"fmt"
	"sync"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"golang.org/x/sync/errgroup"

	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/platform/temporal"
	"github.com/caresync/caresync/scheduling"
)

// Temporal is what is needed of a guarded client: another deployment's workflows tell nothing of this database's keys (R37).
type Temporal interface {
	Admit(ctx context.Context) error
	ScheduleClient() client.ScheduleClient
	WorkflowService() workflowservice.WorkflowServiceClient
}

const (
	// useSlack is how long after its last noted use a key may have sealed: until the next note, while a program stops, and for the
	// difference between two machines' clocks.
	useSlack = 2 * time.Minute
	// listPage is how many open workflows are asked for at once, mostExamined how many are looked at in all.
	listPage, mostExamined = 100, 1000
	// examinedAtOnce bounds the load on the server.
	examinedAtOnce = 8
)

// askTemporal adds what schedules and workflows are sealed with.
func (f *finding) askTemporal(ctx context.Context, store *db.Store, connected Temporal) error {
	if err := connected.Admit(ctx); err != nil {
		return err
	}
	namespace, err := temporal.Namespace()
	if err != nil {
		return err
	}
	if err := f.askSchedules(ctx, store, connected.ScheduleClient()); err != nil {
		return err
	}
	asked := namespaceClient{connected.WorkflowService(), namespace}
	retention, err := temporal.Retention(ctx, asked.service, namespace)
	if err != nil {
		return err
	}
	started, err := f.examineOpen(ctx, asked)
	if err != nil {
		return err
	}
	for _, key := range f.keys {
		if err := f.askWorkflows(ctx, asked, key, started[key.ID], retention); err != nil {
			return err
		}
	}
	f.asked = true
	return nil
}

// askSchedules asks which key seals what each schedule starts, rather than trusting what was recorded.
func (f *finding) askSchedules(ctx context.Context, store *db.Store, schedules client.ScheduleClient) error {
	applied, err := store.AppliedSchedules(ctx)
	if err != nil {
		return err
	}
	for id := range applied {
		described, err := schedules.GetHandle(ctx, id).Describe(ctx)
		if temporal.Gone(err) {
			continue
		}
		if err != nil {
			return fmt.Errorf("look at a schedule: %w", err)
		}
		if sealedWith := scheduling.SealedWith(described); sealedWith != "" {
			f.key(sealedWith).Schedules++
		}
	}
	return nil
}

// examineOpen looks at the start of open workflows, and counts them by the keys that seal it.
func (f *finding) examineOpen(ctx context.Context, asked namespaceClient) (map[string]int, error) {
	var mutex sync.Mutex
	started := map[string]int{}
	var page []byte
	for {
		listed, err := asked.list(ctx, "ExecutionStatus = 'Running'", listPage, page)
		if err != nil {
			return nil, err
		}
		group, groupContext := errgroup.WithContext(ctx)
		group.SetLimit(examinedAtOnce)
		for _, execution := range listed.GetExecutions() {
			group.Go(func() error {
				keys, err := asked.startKeys(groupContext, execution)
				mutex.Lock()
				defer mutex.Unlock()
				for _, key := range keys {
					started[key]++
				}
				return err
			})
		}
		if err := group.Wait(); err != nil {
			return nil, err
		}
		f.examined += len(listed.GetExecutions())
		page = listed.GetNextPageToken()
		if f.all = len(page) == 0; f.all || f.examined >= mostExamined {
			break
		}
	}
	for id := range started {
		f.key(id)
	}
	return started, nil
}

// askWorkflows counts the workflows that were, or may have been, sealed with a key: those that ran while it was in use. The active key is left
// out, since it stays.
func (f *finding) askWorkflows(ctx context.Context, asked namespaceClient, key *Key, started int, retention time.Duration) error {
	key.OpenWorkflows = started
	if key.ID == f.keyring.ActiveKeyID() || key.FirstUsedAt == nil {
		return nil
	}
	last := key.LastUsedAt.Add(useSlack)
	if key.Schedules > 0 {
		last = time.Now().Add(useSlack) // each run that it starts
	}
	began := fmt.Sprintf("StartTime <= '%s'", last.UTC().Format(time.RFC3339Nano))
	open, err := asked.count(ctx, began+" AND ExecutionStatus = 'Running'")
	if err != nil {
		return err
	}
	key.OpenWorkflows = max(open, started)
	ended := fmt.Sprintf("%s AND ExecutionStatus != 'Running' AND CloseTime >= '%s'", began, key.FirstUsedAt.Format(time.RFC3339Nano))
	if key.ClosedWorkflows, err = asked.count(ctx, ended); err != nil || key.ClosedWorkflows == 0 {
		return err
	}
	latest, err := asked.list(ctx, ended, 1, nil) // the server lists the one that closed last first
	if err != nil || len(latest.GetExecutions()) == 0 {
		return err
	}
	until := latest.GetExecutions()[0].GetCloseTime().AsTime().Add(retention)
	key.NeededUntil = &until
	return nil
}

// namespaceClient asks about workflows of one namespace.
type namespaceClient struct {
	service   workflowservice.WorkflowServiceClient
	namespace string
}

func (n namespaceClient) list(ctx context.Context, query string, size int32, page []byte) (*workflowservice.ListWorkflowExecutionsResponse, error) {
	listed, err := n.service.ListWorkflowExecutions(ctx, &workflowservice.ListWorkflowExecutionsRequest{
		Namespace: n.namespace, Query: query, PageSize: size, NextPageToken: page,
	})
	if err != nil {
		return nil, fmt.Errorf("list workflows: %w", err)
	}
	return listed, nil
}

func (n namespaceClient) count(ctx context.Context, query string) (int, error) {
	counted, err := n.service.CountWorkflowExecutions(ctx, &workflowservice.CountWorkflowExecutionsRequest{Namespace: n.namespace, Query: query})
	if err != nil {
		return 0, fmt.Errorf("count workflows: %w", err)
	}
	return int(counted.GetCount()), nil
}

// startKeys are the keys that seal what a workflow was started with. One that has gone meanwhile has none.
func (n namespaceClient) startKeys(ctx context.Context, execution *workflow.WorkflowExecutionInfo) ([]string, error) {
	begun, err := n.service.GetWorkflowExecutionHistory(ctx, &workflowservice.GetWorkflowExecutionHistoryRequest{
		Namespace: n.namespace, MaximumPageSize: 1,
		Execution: &commonpb.WorkflowExecution{WorkflowId: execution.GetExecution().GetWorkflowId(), RunId: execution.GetExecution().GetRunId()},
	})
	if temporal.Gone(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look at a workflow's start: %w", err)
	}
	return temporal.KeysOf(ctx, begun.GetHistory())
}

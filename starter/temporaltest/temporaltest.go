// Package temporaltest is a Temporal server as far as the starter's tests need one: it knows which workflows run, and no more.
package temporaltest

import (
	"context"
	"errors"
	"sync"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/serviceerror"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"github.com/caresync/caresync/db"
)

// Server is a fake of syncs.Temporal and pace.Temporal.
type Server struct {
	mu        sync.Mutex
	workflows map[string]*Workflow
	// Err, if set, is what every call answers.
	Err error
	// Refusal, if set, is why nothing may be started.
	Refusal error
	// OnStart, if set, is called with every run that is started, before whoever starts it knows: as a quick worker would.
	OnStart func(runID string)
	// OnUpdate answers updates as the workflow would.
	OnUpdate func(Update) (answer any, err error)
	// Pollers are those of the task queues, by name: without an entry, a queue has none.
	Pollers map[string][]*taskqueuepb.PollerInfo
	// refusals counts down starts that were refused; then is called at the last.
	refusals int
	then     func()
}

// Workflow is the newest run of a workflow.
type Workflow struct {
	RunID, OriginalRunID string
	Running              bool
	Cancelled            bool
	// Unbegun: no worker has ever taken up the workflow.
	Unbegun bool
	// Input is what it was started with, Options how.
	Input   any
	Options client.StartWorkflowOptions
	Signals []any
	Pending []*workflowpb.PendingActivityInfo
	// Task is what a worker has to do next for the workflow, Children are those that it has started.
	Task     *workflowpb.PendingWorkflowTaskInfo
	Children []*workflowpb.PendingChildExecutionInfo
	// TaskFailed, if set, is how a worker failed at the task.
	TaskFailed *historypb.WorkflowTaskFailedEventAttributes
}

// New makes a server without workflows.
func New() *Server { return &Server{workflows: map[string]*Workflow{}} }

// Change lets a test change a workflow, for instance end it.
func (s *Server) Change(workflowID string, change func(*Workflow)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(s.workflows[workflowID])
}

// Known reports whether a workflow was ever started.
func (s *Server) Known(workflowID string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.workflows[workflowID] != nil
}

// Workflow is a copy of a workflow as it is now.
func (s *Server) Workflow(workflowID string) (workflow Workflow) {
	s.Change(workflowID, func(w *Workflow) { workflow = *w })
	return workflow
}

// Admit implements bulks.Temporal.
func (s *Server) Admit(context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.Refusal
}

// ExecuteWorkflow implements syncs.Temporal.
func (s *Server) ExecuteWorkflow(_ context.Context, options client.StartWorkflowOptions, _ any, args ...any) (client.WorkflowRun, error) {
	defer s.afterRefusal()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.Err != nil {
		return nil, s.Err
	}
	if running := s.workflows[options.ID]; running != nil && running.Running {
		s.refusals--
		return nil, serviceerror.NewWorkflowExecutionAlreadyStarted("already started", "", running.RunID)
	}
	return s.start(options, args), nil
}

// AfterRefusals calls then once a number of starts have been refused because the workflow runs.
func (s *Server) AfterRefusals(number int, then func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refusals, s.then = number, then
}

func (s *Server) afterRefusal() {
	s.mu.Lock()
	then := s.then
	if then == nil || s.refusals > 0 {
		s.mu.Unlock()
		return
	}
	s.then = nil
	s.mu.Unlock()
	then()
}

func (s *Server) start(options client.StartWorkflowOptions, args []any) run {
	id := string(db.NewID())
	s.workflows[options.ID] = &Workflow{RunID: id, OriginalRunID: id, Running: true, Input: args[0], Options: options}
	if s.OnStart != nil {
		s.OnStart(id)
	}
	return run{id: id}
}

// SignalWithStartWorkflow implements syncs.Temporal.
func (s *Server) SignalWithStartWorkflow(_ context.Context, workflowID, _ string, signal any, options client.StartWorkflowOptions,
	_ any, args ...any) (client.WorkflowRun, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.Err != nil {
		return nil, s.Err
	}
	running := s.workflows[workflowID]
	if running == nil || !running.Running {
		return s.start(options, args), nil
	}
	running.Signals = append(running.Signals, signal)
	return run{id: running.RunID}, nil
}

// CancelWorkflow implements syncs.Temporal.
func (s *Server) CancelWorkflow(_ context.Context, workflowID, runID string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	running := s.workflows[workflowID]
	if running == nil || runID != "" && running.RunID != runID || !running.Running && runID == "" {
		return serviceerror.NewNotFound("no such run")
	}
	running.Cancelled = true
	return s.Err
}

// TerminateWorkflow implements syncs.Temporal.
func (s *Server) TerminateWorkflow(_ context.Context, workflowID, _, _ string, _ ...any) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.workflows[workflowID] == nil {
		return serviceerror.NewNotFound("no such run")
	}
	s.workflows[workflowID].Running = false
	return s.Err
}

// DescribeWorkflowExecution implements syncs.Temporal.
func (s *Server) DescribeWorkflowExecution(_ context.Context, workflowID, _ string) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.Err != nil {
		return nil, s.Err
	}
	newest := s.workflows[workflowID]
	if newest == nil {
		return nil, serviceerror.NewNotFound("no such workflow")
	}
	status := enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED
	if newest.Running {
		status = enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING
	}
	return &workflowservice.DescribeWorkflowExecutionResponse{
		WorkflowExecutionInfo: &workflowpb.WorkflowExecutionInfo{Status: status, Execution: &commonpb.WorkflowExecution{WorkflowId: workflowID, RunId: newest.RunID}},
		PendingActivities:     newest.Pending, PendingWorkflowTask: newest.Task, PendingChildren: newest.Children,
	}, nil
}

// DescribeTaskQueue implements waits.Temporal.
func (s *Server) DescribeTaskQueue(_ context.Context, queue string, _ enumspb.TaskQueueType) (*workflowservice.DescribeTaskQueueResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return &workflowservice.DescribeTaskQueueResponse{Pollers: s.Pollers[queue]}, s.Err
}

// GetWorkflowHistory implements syncs.Temporal: a history of the first event, and of a worker's first answer.
func (s *Server) GetWorkflowHistory(_ context.Context, workflowID, runID string, _ bool, _ enumspb.HistoryEventFilterType) client.HistoryEventIterator {
	s.mu.Lock()
	defer s.mu.Unlock()
	original, begun := runID, true
	if newest := s.workflows[workflowID]; newest != nil && (runID == "" || newest.RunID == runID) {
		original, begun = newest.OriginalRunID, !newest.Unbegun
	}
	events := []*historypb.HistoryEvent{{Attributes: &historypb.HistoryEvent_WorkflowExecutionStartedEventAttributes{
		WorkflowExecutionStartedEventAttributes: &historypb.WorkflowExecutionStartedEventAttributes{OriginalExecutionRunId: original},
	}}}
	if begun {
		events = append(events, &historypb.HistoryEvent{EventType: enumspb.EVENT_TYPE_WORKFLOW_TASK_COMPLETED})
	}
	if newest := s.workflows[workflowID]; newest != nil && newest.TaskFailed != nil {
		events = append(events, &historypb.HistoryEvent{EventType: enumspb.EVENT_TYPE_WORKFLOW_TASK_FAILED, Attributes: &historypb.HistoryEvent_WorkflowTaskFailedEventAttributes{
			WorkflowTaskFailedEventAttributes: newest.TaskFailed,
		}})
	}
	return &history{events: events}
}

type history struct{ events []*historypb.HistoryEvent }

// HasNext implements client.HistoryEventIterator.
func (h *history) HasNext() bool { return len(h.events) > 0 }

// Next implements client.HistoryEventIterator.
func (h *history) Next() (*historypb.HistoryEvent, error) {
	if !h.HasNext() {
		return nil, errors.New("the history has no more events")
	}
	next := h.events[0]
	h.events = h.events[1:]
	return next, nil
}

type run struct {
	client.WorkflowRun
	id string
}

// GetRunID implements client.WorkflowRun.
func (r run) GetRunID() string { return r.id }

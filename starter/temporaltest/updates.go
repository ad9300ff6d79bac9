package temporaltest

import (
	"context"
	"encoding/json"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
)

// Update is an update as a workflow receives it.
type Update struct {
	WorkflowID, RunID, Name string
	// ID is the update's own, empty where the sender left it to Temporal.
	ID       string
	Argument any
}

// NewWithStartWorkflowOperation implements pace.Temporal.
func (s *Server) NewWithStartWorkflowOperation(options client.StartWorkflowOptions, _ any, args ...any) client.WithStartWorkflowOperation {
	return &startOperation{options: options, args: args, started: make(chan struct{})}
}

// startOperation is how a workflow is started that an update is sent to.
type startOperation struct {
	options client.StartWorkflowOptions
	args    []any
	run     run
	started chan struct{}
}

// Get implements client.WithStartWorkflowOperation.
func (o *startOperation) Get(ctx context.Context) (client.WorkflowRun, error) {
	select {
	case <-o.started:
		return o.run, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// UpdateWithStartWorkflow implements pace.Temporal.
func (s *Server) UpdateWithStartWorkflow(_ context.Context, options client.UpdateWithStartWorkflowOptions) (client.WorkflowUpdateHandle, error) {
	start := options.StartWorkflowOperation.(*startOperation)
	found, err := s.startOrUse(start)
	if err != nil {
		return nil, err
	}
	start.run = run{id: found}
	close(start.started)
	return s.answer(start.options.ID, found, options.UpdateOptions)
}

func (s *Server) startOrUse(start *startOperation) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.Err != nil {
		return "", s.Err
	}
	if running := s.workflows[start.options.ID]; running != nil && running.Running {
		return running.RunID, nil
	}
	return s.start(start.options, start.args).id, nil
}

// UpdateWorkflow implements pace.Temporal.
func (s *Server) UpdateWorkflow(_ context.Context, options client.UpdateWorkflowOptions) (client.WorkflowUpdateHandle, error) {
	s.mu.Lock()
	running, failure := s.workflows[options.WorkflowID], s.Err
	s.mu.Unlock()
	switch {
	case failure != nil:
		return nil, failure
	case running == nil || !running.Running:
		return nil, serviceerror.NewNotFound("workflow execution already completed")
	}
	return s.answer(options.WorkflowID, running.RunID, options)
}

// answer lets the test answer as the workflow would.
func (s *Server) answer(workflowID, runID string, options client.UpdateWorkflowOptions) (client.WorkflowUpdateHandle, error) {
	update := Update{WorkflowID: workflowID, RunID: runID, Name: options.UpdateName, ID: options.UpdateID, Argument: argumentOf(options.Args)}
	answer, err := s.OnUpdate(update)
	return updated{run: runID, answer: answer, err: err}, nil
}

// argumentOf is an update's argument, nil where it has none.
func argumentOf(arguments []any) any {
	if len(arguments) == 0 {
		return nil
	}
	return arguments[0]
}

// updated is an update that has been answered.
type updated struct {
	client.WorkflowUpdateHandle
	run    string
	answer any
	err    error
}

// RunID implements client.WorkflowUpdateHandle.
func (u updated) RunID() string { return u.run }

// Get implements client.WorkflowUpdateHandle.
func (u updated) Get(_ context.Context, into any) error {
	if u.err != nil {
		return u.err
	}
	encoded, err := json.Marshal(u.answer)
	if err != nil {
		return err
	}
	return json.Unmarshal(encoded, into)
}

package temporaltest

import (
	"context"
	"fmt"

	commonpb "go.temporal.io/api/common/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
)

// ListWorkflow implements bulks.Temporal: it finds a workflow by the id that its first run had.
func (s *Server) ListWorkflow(_ context.Context, request *workflowservice.ListWorkflowExecutionsRequest) (*workflowservice.ListWorkflowExecutionsResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.Err != nil {
		return nil, s.Err
	}
	found := &workflowservice.ListWorkflowExecutionsResponse{}
	for id, workflow := range s.workflows {
		if request.GetQuery() == fmt.Sprintf("RunId = '%s'", workflow.OriginalRunID) {
			found.Executions = append(found.Executions, &workflowpb.WorkflowExecutionInfo{
				Execution: &commonpb.WorkflowExecution{WorkflowId: id, RunId: workflow.OriginalRunID},
			})
		}
	}
	return found, nil
}

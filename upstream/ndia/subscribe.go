package ndia

import (
	"context"
	"encoding/json"
	"fmt"
)

// The events that the NDIA notifies of. None of them says more than "read again".
const (
	EventPlanApproved      = "PLAN_APPROVED"
	EventBudgetUpdated     = "BUDGET_UPDATED"
	EventPlanEndUpdated    = "PLAN_END_DT_UPDATED"
	EventRelationshipBegun = "RLTN_CREATED"
	EventRelationshipEnded = "RLTN_END_DATE_UPDATE"
	// EventRelationshipEndedToo is another spelling in which EventRelationshipEnded arrives; there is no subscribing to it.
	EventRelationshipEndedToo = "RLTN_END_DATE_UPDATED"
)

// Events are those that can be subscribed to.
var Events = []string{EventPlanApproved, EventBudgetUpdated, EventPlanEndUpdated, EventRelationshipBegun, EventRelationshipEnded}

// Subscribe asks the NDIA to notify the organisation of an event. Doing so again changes nothing.
func (r *Reader) Subscribe(ctx context.Context, event string) error {
	body, err := json.Marshal(map[string]string{"event_id": event})
	if err != nil {
		return fmt.Errorf("encode a subscription: %w", err)
	}
	response, err := r.calls.Post(ctx, operationSubscribe, r.paths.Subscribe, body)
	if err != nil {
		return understood(err)
	}
	var answer envelope
	if err := response.Decode(&answer); err != nil {
		return err
	}
	if success, _ := truth(answer.Success); !success {
		return failed(response)
	}
	return nil
}

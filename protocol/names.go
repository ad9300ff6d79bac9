// Package protocol is what CareSync's programs say to one another through Temporal: names, ids, inputs, results, error types and
// search attributes. It has no behaviour, and callers never build an id or a name by hand.
package protocol

import "github.com/caresync/caresync/care"

// Workflow types.
const (
	CareRecipientSyncWorkflow = "CareRecipientSync"
)

// Activity types of a Care Recipient Sync.
const (
	ValidateCareRecipientActivity = "ValidateCareRecipient"
	UpsertPlanActivity            = "UpsertPlan"
	RecreateContributionsActivity = "RecreateContributions"
	FetchBudgetsActivity          = "FetchBudgets"
	FetchUsageActivity            = "FetchUsage"
	CompleteRunActivity           = "CompleteRun"
)

// ProgressQuery answers with a Progress.
const ProgressQuery = "progress"

const careRecipientSyncPrefix = "care-recipient-sync/"

// CareRecipientSyncID is the workflow id of a person's sync: for one person at most one runs (R7).
func CareRecipientSyncID(client care.ID) string { return careRecipientSyncPrefix + string(client) }

// TaskQueues names the task queues of one deployment; the prefix keeps several apart on one Temporal namespace.
type TaskQueues struct{ Prefix string }

// CareSync is the queue of workflows and of the steps that only touch the database.
func (q TaskQueues) CareSync() string { return q.Prefix + "care-sync" }

// Upstream is the queue of the steps that call a service, so that an outage of one never starves the other.
func (q TaskQueues) Upstream(service care.Service) string { return q.Prefix + string(service) }

package views

import (
	"encoding/json"
	"time"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/read"
)

// Person says who a record is about.
type Person struct {
	ID              care.ID `json:"id"`
	CareRecipientID string  `json:"care_recipient_id"`
	NDISNumber      string  `json:"ndis_number"`
	GivenName       string  `json:"given_name"`
	FamilyName      string  `json:"family_name"`
}

// RunSummary is a run in a list.
type RunSummary struct {
	ID          care.ID         `json:"id"`
	Kind        care.RunKind    `json:"kind" enum:"care-recipient,pace-contract"`
	State       read.RunState   `json:"state" enum:"queued,running,finished"`
	Person      Person          `json:"person"`
	PlanID      *care.ID        `json:"plan_id" doc:"The person's Support at Home plan; null if there is none yet, and in runs of another kind"`
	ContractID  *care.ID        `json:"contract_id" doc:"The service contract that the run saved; null until then"`
	Waiting     *PreviewRef     `json:"waiting,omitempty" doc:"The run's retrieval that can be created now"`
	WaitingFor  *Wait           `json:"waiting_for,omitempty" doc:"What the run waits for beyond the ordinary; absent if nothing is known"`
	Trigger     care.Trigger    `json:"trigger" enum:"on_demand,bulk,claim,notification,day"`
	RequestedBy string          `json:"requested_by"`
	AllBudgets  bool            `json:"all_budgets"`
	WorkflowID  string          `json:"workflow_id"`
	RequestedAt time.Time       `json:"requested_at"`
	StartedAt   *time.Time      `json:"started_at"`
	FinishedAt  *time.Time      `json:"finished_at"`
	Outcome     care.RunOutcome `json:"outcome,omitempty" enum:"succeeded,succeeded_with_warnings,partial,failed,cancelled" doc:"Absent until the run has finished"`
	Reason      care.Reason     `json:"reason,omitempty" doc:"A code for why the run did not simply succeed"`
	Explanation string          `json:"explanation,omitempty" doc:"The reason in plain words, with what to do"`
	Warnings    int             `json:"warnings"`
	Counts      CountsView      `json:"counts" doc:"What the run has done so far, by kind of record"`
}

// RunProgress is a run with its areas, as it is followed.
type RunProgress struct {
	RunSummary
	Areas []AreaView `json:"areas"`
}

// RunView is all that is known of a run.
type RunView struct {
	RunProgress
	Issues  []IssueView  `json:"issues" doc:"Warnings, and why an area was refused or failed"`
	Changes []ChangeView `json:"changes" doc:"What the run changed, field by field"`
	Holds   []HoldView   `json:"holds" doc:"Removals that were held for approval"`
}

// AreaView is one area of a run.
type AreaView struct {
	Area        care.Area        `json:"area" enum:"summary,contributions,budgets,usage,contract"`
	State       read.AreaState   `json:"state" enum:"waiting,running,done"`
	Outcome     care.AreaOutcome `json:"outcome,omitempty" enum:"succeeded,superseded,refused,failed,skipped,cancelled"`
	Reason      care.Reason      `json:"reason,omitempty"`
	Explanation string           `json:"explanation,omitempty"`
	AsOf        *time.Time       `json:"as_of" doc:"When the read of the saved data began; null if nothing was saved"`
	FinishedAt  *time.Time       `json:"finished_at"`
	Counts      CountsView       `json:"counts"`
	Warnings    int              `json:"warnings"`
	// BudgetsRead and BudgetsToRead are the progress of the usage area.
	BudgetsRead   int `json:"budgets_read,omitempty"`
	BudgetsToRead int `json:"budgets_to_read,omitempty"`
	// Retry is there while the area's step is tried again.
	Retry *RetryView `json:"retry,omitempty"`
}

// RetryView says what an area that is tried again waits for.
type RetryView struct {
	Cause    care.WaitCause `json:"cause" enum:"service,proda,allowance,database,temporal" doc:"What the area waits for"`
	Since    time.Time      `json:"since" doc:"When an attempt first failed because of it"`
	Attempts int            `json:"attempts" doc:"How many attempts have failed because of it"`
	Problem  string         `json:"problem" doc:"The kind of problem of the last attempt"`
	Words    string         `json:"words" doc:"What the government last said, verbatim; empty if it said nothing"`
	LastAt   time.Time      `json:"last_at"`
}

// IssueView is something that a run has to say to people.
type IssueView struct {
	Severity care.Severity   `json:"severity" enum:"warning,error"`
	Area     care.Area       `json:"area"`
	Code     care.IssueCode  `json:"code"`
	Message  string          `json:"message" doc:"What happened, to which record, and what was received, in plain words"`
	Problem  string          `json:"problem" doc:"What happened, without the record and the value: identical for similar issues"`
	Words    string          `json:"words" doc:"The government's own words, verbatim; empty if there are none"`
	Kind     care.Kind       `json:"kind"`
	RecordID *care.ID        `json:"record_id"`
	Record   string          `json:"record" doc:"The record's name, for people; empty if the issue is about the whole area"`
	Field    string          `json:"field" doc:"The field's name, for people; empty if no field is concerned"`
	Reported string          `json:"reported" doc:"The beginning of the value received"`
	Details  json.RawMessage `json:"details,omitempty"`
}

// ChangeView is one field that a run changed. A record that was created, removed or revived has one entry without a field.
type ChangeView struct {
	Kind     care.Kind `json:"kind"`
	RecordID care.ID   `json:"record_id"`
	Label    string    `json:"label" doc:"The record's name, for people"`
	Since    care.Date `json:"since" doc:"The record's start or delivery date"`
	Action   string    `json:"action" enum:"created,updated,removed,revived"`
	Field    string    `json:"field"`
	Old      *string   `json:"old_value"`
	New      *string   `json:"new_value"`
}

// FromPersonRef shows a read.PersonRef.
func FromPersonRef(model read.PersonRef) Person {
	return Person(model)
}

// FromRunSummary shows a read.RunSummary.
func FromRunSummary(model read.RunSummary) RunSummary {
	return RunSummary{
		ID: model.ID, Kind: model.Kind, State: model.State, Person: FromPersonRef(model.Person), PlanID: model.PlanID,
		ContractID: model.ContractID, Waiting: OrNil(model.Waiting, FromPreviewRef), WaitingFor: FromWait(model.Wait), Trigger: model.Trigger,
		RequestedBy: model.RequestedBy, AllBudgets: model.AllBudgets, WorkflowID: model.WorkflowID, RequestedAt: model.RequestedAt,
		StartedAt: model.StartedAt, FinishedAt: model.FinishedAt, Outcome: model.Outcome, Reason: model.Reason,
		Explanation: model.Explanation, Warnings: model.Warnings, Counts: FromCounts(model.Counts),
	}
}

// FromRunProgress shows a read.RunProgress.
func FromRunProgress(model read.RunProgress) RunProgress {
	return RunProgress{
		RunSummary: FromRunSummary(model.RunSummary), Areas: Each(model.Areas, FromArea),
	}
}

// FromRun shows a read.Run.
func FromRun(model read.Run) RunView {
	return RunView{
		RunProgress: FromRunProgress(model.RunProgress), Issues: Each(model.Issues, FromIssue),
		Changes: Each(model.Changes, FromChange), Holds: Each(model.Holds, FromHold),
	}
}

// FromArea shows a read.Area.
func FromArea(model read.Area) AreaView {
	return AreaView{
		Area: model.Area, State: model.State, Outcome: model.Outcome, Reason: model.Reason, Explanation: model.Explanation,
		AsOf: model.AsOf, FinishedAt: model.FinishedAt, Counts: FromCounts(model.Counts), Warnings: model.Warnings,
		BudgetsRead: model.BudgetsRead, BudgetsToRead: model.BudgetsToRead, Retry: OrNil(model.Retry, FromRetry),
	}
}

// FromRetry shows a read.Retry.
func FromRetry(model read.Retry) RetryView {
	return RetryView{
		Cause: model.Wait.Cause, Since: model.Wait.Since, Attempts: model.Wait.Attempts, Problem: model.Problem, Words: model.Wait.Words, LastAt: model.LastAt,
	}
}

// FromIssue shows a read.Issue.
func FromIssue(model read.Issue) IssueView {
	return IssueView(model)
}

// FromChange shows a read.Change.
func FromChange(model read.Change) ChangeView {
	return ChangeView(model)
}

package db

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/gen"
)

// RunState is where a run stands.
type RunState string

// The states of a run.
const (
	// RunQueued: requested, and not begun by any worker yet.
	RunQueued   RunState = "queued"
	RunRunning  RunState = "running"
	RunFinished RunState = "finished"
)

// AreaState is where an area of a run stands.
type AreaState string

// The states of an area.
const (
	AreaWaiting AreaState = "waiting"
	AreaRunning AreaState = "running"
	AreaDone    AreaState = "done"
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
	State       RunState        `json:"state" enum:"queued,running,finished"`
	Person      Person          `json:"person"`
	PlanID      *care.ID        `json:"plan_id" doc:"The person's Support at Home plan, null as long as there is none, and in a run that is not about it"`
	ContractID  *care.ID        `json:"contract_id" doc:"The service contract that the run saved, null as long as it has not"`
	Waiting     *PreviewRef     `json:"waiting,omitempty" doc:"The retrieval of the run that can be created now"`
	Trigger     care.Trigger    `json:"trigger" enum:"on_demand,bulk,claim,notification,day"`
	RequestedBy string          `json:"requested_by"`
	AllBudgets  bool            `json:"all_budgets"`
	WorkflowID  string          `json:"workflow_id"`
	RequestedAt time.Time       `json:"requested_at"`
	StartedAt   *time.Time      `json:"started_at"`
	FinishedAt  *time.Time      `json:"finished_at"`
	Outcome     care.RunOutcome `json:"outcome,omitempty" enum:"succeeded,succeeded_with_warnings,partial,failed,cancelled" doc:"Absent until the run has finished"`
	Reason      care.Reason     `json:"reason,omitempty" doc:"A code that says why the run did not simply succeed"`
	Explanation string          `json:"explanation,omitempty" doc:"The reason in plain words, with what to do; of a run that no worker has begun within a minute, that"`
	Warnings    int             `json:"warnings"`
	Counts      CountsView      `json:"counts" doc:"By kind of record, what the run did so far"`
}

// RunProgress is a run with its areas, as it is followed.
type RunProgress struct {
	RunSummary
	Areas []AreaView `json:"areas"`
}

// WorkedFrom is when the work began that ended with the run. A contract sync waits for people in between: there it is when the plan was
// read whose data stands.
func (p RunProgress) WorkedFrom() *time.Time {
	for _, area := range p.Areas {
		if p.Kind == care.RunPACEContract && area.AsOf != nil {
			return area.AsOf
		}
	}
	return p.StartedAt
}

// RunView is all that is known of a run.
type RunView struct {
	RunProgress
	Issues  []IssueView  `json:"issues" doc:"Warnings, and why an area was refused or failed"`
	Changes []ChangeView `json:"changes" doc:"What the run changed, field by field"`
	Holds   []HoldView   `json:"holds" doc:"Removals that were held back"`
}

// AreaView is one area of a run.
type AreaView struct {
	Area        care.Area        `json:"area" enum:"summary,contributions,budgets,usage,contract"`
	State       AreaState        `json:"state" enum:"waiting,running,done"`
	Outcome     care.AreaOutcome `json:"outcome,omitempty" enum:"succeeded,superseded,refused,failed,skipped,cancelled"`
	Reason      care.Reason      `json:"reason,omitempty"`
	Explanation string           `json:"explanation,omitempty"`
	AsOf        *time.Time       `json:"as_of" doc:"When the read began whose data stands; null where nothing was saved"`
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
	Since    time.Time `json:"since" doc:"When an attempt failed first"`
	Attempts int       `json:"attempts" doc:"How many attempts have failed"`
	Problem  string    `json:"problem" doc:"The kind of problem of the last attempt"`
	Words    string    `json:"words" doc:"What the government said last, verbatim; empty where it said nothing"`
	LastAt   time.Time `json:"last_at"`
}

// IssueView is something that a run has to say to people.
type IssueView struct {
	Severity care.Severity   `json:"severity" enum:"warning,error"`
	Area     care.Area       `json:"area"`
	Code     care.IssueCode  `json:"code"`
	Message  string          `json:"message" doc:"What happened, to which record, and what came, for people"`
	Problem  string          `json:"problem" doc:"What happened, without the record and the value: the same in issues that are alike"`
	Words    string          `json:"words" doc:"The government's own words, verbatim; empty where there are none"`
	Kind     care.Kind       `json:"kind"`
	RecordID *care.ID        `json:"record_id"`
	Record   string          `json:"record" doc:"The record as people know it; empty where the issue is about the area as a whole"`
	Field    string          `json:"field" doc:"The field as people call it; empty where none is odd"`
	Reported string          `json:"reported" doc:"The beginning of what came in the field"`
	Details  json.RawMessage `json:"details,omitempty"`
}

// ViewIssue shows an issue to people and programs.
func ViewIssue(issue care.Issue) IssueView {
	view := IssueView{
		Severity: issue.Severity, Area: issue.Area, Code: issue.Code, Message: issue.Explain(), Problem: care.Visible(issue.Message),
		Words: issue.Words, Kind: issue.Kind, Details: issue.Details,
	}
	if issue.RecordID != "" {
		view.RecordID = &issue.RecordID
	}
	if about := issue.About; about != nil {
		view.Record, view.Field, view.Reported = about.Record.String(), care.FieldLabel(about.Field), about.Reported
	}
	return view
}

// ChangeView is one field that a run changed. A record that was created, removed or revived has one entry without a field.
type ChangeView struct {
	Kind     care.Kind `json:"kind"`
	RecordID care.ID   `json:"record_id"`
	Label    string    `json:"label" doc:"The record as people know it"`
	Since    care.Date `json:"since" doc:"The record's start or delivery date"`
	Action   string    `json:"action" enum:"created,updated,removed,revived"`
	Field    string    `json:"field"`
	Old      *string   `json:"old_value"`
	New      *string   `json:"new_value"`
}

// RunFilter narrows a list of runs; zero values do not.
type RunFilter struct {
	PersonID care.ID
	// Outcome is one of care's run outcomes, or "unfinished".
	Outcome string
	// Before is the last run of the page before.
	Before care.ID
	// Most is the size of the page.
	Most int
}

// Runs answers with an organisation's runs, newest first, and whether there are more.
func (s *Store) Runs(ctx context.Context, organisation care.ID, filter RunFilter) (runs []RunSummary, more bool, err error) {
	most := pageSize(filter.Most)
	rows, err := s.queries.ListRuns(ctx, gen.ListRunsParams{
		OrganisationID: organisation, PersonID: pointerTo(filter.PersonID), Outcome: filter.Outcome, Before: pointerTo(filter.Before), Most: most,
	})
	if err != nil {
		return nil, false, mapError("list the runs", err)
	}
	if more = len(rows) == int(most); more {
		rows = rows[:most-1]
	}
	runs = make([]RunSummary, 0, len(rows))
	for _, row := range rows {
		run, err := viewRun(gen.ViewRunRow(row))
		if err != nil {
			return nil, false, err
		}
		runs = append(runs, run)
	}
	return runs, more, nil
}

// RunProgress answers with where a run stands, or ErrNotFound. It is a few small queries, made to be asked several times a second.
func (s *Store) RunProgress(ctx context.Context, organisation, run care.ID) (RunProgress, error) {
	var progress RunProgress
	err := s.inSnapshot(ctx, "load the run", func(queries *gen.Queries) (err error) {
		progress, err = loadProgress(ctx, queries, organisation, run)
		return err
	})
	return progress, err
}

// RunView answers with all that is known of a run, or ErrNotFound.
func (s *Store) RunView(ctx context.Context, organisation, run care.ID) (RunView, error) {
	var view RunView
	err := s.inSnapshot(ctx, "load the run", func(queries *gen.Queries) (err error) {
		if view.RunProgress, err = loadProgress(ctx, queries, organisation, run); err != nil {
			return err
		}
		if view.Issues, err = loadIssues(ctx, queries, organisation, run); err != nil {
			return err
		}
		if view.Changes, err = loadChanges(ctx, queries, organisation, run); err != nil {
			return err
		}
		holds, err := queries.ViewHolds(ctx, gen.ViewHoldsParams{OrganisationID: organisation, PersonID: view.Person.ID, RunID: &run})
		view.Holds = viewHolds(holds)
		return err
	})
	return view, err
}

// AcceptHolds lets the removals that a run held back through: the next sync makes them, if the records are still missing then (R5).
// It answers with the run's holds; ErrNotFound means that there was nothing left to accept.
func (s *Store) AcceptHolds(ctx context.Context, organisation, run care.ID, by string) ([]HoldView, error) {
	var holds []HoldView
	err := s.inTransaction(ctx, "accept the removal", func(queries *gen.Queries) error {
		accepted, err := queries.AcceptHolds(ctx, gen.AcceptHoldsParams{OrganisationID: organisation, RunID: run, AcceptedBy: by})
		if err != nil {
			return err
		}
		if len(accepted) == 0 {
			return ErrNotFound
		}
		rows, err := queries.ViewHolds(ctx, gen.ViewHoldsParams{OrganisationID: organisation, PersonID: accepted[0], RunID: &run})
		holds = viewHolds(rows)
		return err
	})
	return holds, err
}

func loadProgress(ctx context.Context, queries *gen.Queries, organisation, run care.ID) (RunProgress, error) {
	row, err := queries.ViewRun(ctx, gen.ViewRunParams{OrganisationID: organisation, RunID: run})
	if err != nil {
		return RunProgress{}, err
	}
	summary, err := viewRun(row)
	if err != nil {
		return RunProgress{}, err
	}
	rows, err := queries.ViewSteps(ctx, gen.ViewStepsParams{OrganisationID: organisation, RunID: run})
	if err != nil {
		return RunProgress{}, err
	}
	steps, err := stepsByArea(rows)
	if err != nil {
		return RunProgress{}, err
	}
	if summary.State != RunFinished {
		summary.Counts = viewCounts(summary.Kind, countsSoFar(steps))
	}
	progress := RunProgress{RunSummary: summary, Areas: viewAreas(summary, steps)}
	return progress, showRetries(ctx, queries, organisation, &progress)
}

// showRetries adds what the areas that are being read wait for.
func showRetries(ctx context.Context, queries *gen.Queries, organisation care.ID, progress *RunProgress) error {
	if progress.State == RunFinished {
		return nil
	}
	retries, err := queries.ViewRetries(ctx, gen.ViewRetriesParams{OrganisationID: organisation, RunID: progress.ID})
	if err != nil {
		return err
	}
	for _, retry := range retries {
		for i := range progress.Areas {
			if area := &progress.Areas[i]; string(area.Area) == retry.Area && area.State == AreaRunning {
				area.Retry = &RetryView{Since: retry.Since, Attempts: int(retry.Attempts), Problem: retry.Problem, Words: retry.Words, LastAt: retry.LastAt}
			}
		}
	}
	return nil
}

func viewRun(row gen.ViewRunRow) (RunSummary, error) {
	var counts care.Counts
	if err := json.Unmarshal(row.Counts, &counts); err != nil {
		return RunSummary{}, fmt.Errorf("read the counts of run %s: %w", row.ID, err)
	}
	kind, reason := care.RunKind(row.Kind), care.Reason(row.Reason)
	summary := RunSummary{
		ID: row.ID, Kind: kind, State: runState(row), PlanID: row.PlanID, ContractID: row.ContractID, Waiting: waitingPreview(row),
		Person: Person{
			ID: row.PersonID, CareRecipientID: row.CareRecipientID, NDISNumber: row.NdisNumber, GivenName: row.GivenName, FamilyName: row.FamilyName,
		},
		Trigger: care.Trigger(row.Trigger), RequestedBy: row.RequestedBy, AllBudgets: row.AllBudgets, WorkflowID: row.WorkflowID,
		RequestedAt: row.RequestedAt, StartedAt: row.StartedAt, FinishedAt: row.FinishedAt, Outcome: care.RunOutcome(row.Outcome),
		Reason: reason, Explanation: reason.ExplainFor(kind.Service()), Warnings: int(row.Warnings), Counts: viewCounts(kind, counts),
	}
	if summary.State == RunQueued && notBegun(row.StartedAt, row.RequestedAt) {
		summary.Explanation = care.NotBegun
	}
	return summary, nil
}

// beginsWithin is how soon a worker usually begins a run.
const beginsWithin = time.Minute

// notBegun reports whether no worker has begun a run, or a bulk run, although one should have by now (R38).
func notBegun(startedAt *time.Time, requestedAt time.Time) bool {
	return startedAt == nil && time.Since(requestedAt) > beginsWithin
}

func waitingPreview(row gen.ViewRunRow) *PreviewRef {
	if row.PreviewID == nil {
		return nil
	}
	return &PreviewRef{ID: *row.PreviewID, RunID: row.ID, RetrievedAt: valueOf(row.RetrievedAt), ExpiresAt: valueOf(row.ExpiresAt)}
}

func runState(row gen.ViewRunRow) RunState {
	switch {
	case row.Outcome != "":
		return RunFinished
	case row.StartedAt != nil:
		return RunRunning
	default:
		return RunQueued
	}
}

// areaSteps are the steps of one area: one, one for each chunk of budgets, or the last of those that read a contract.
type areaSteps struct {
	chunks     int
	answer     care.AreaResult
	asOf       time.Time
	finishedAt time.Time
}

func stepsByArea(rows []gen.ViewStepsRow) (map[care.Area]areaSteps, error) {
	steps := make(map[care.Area]areaSteps, len(care.Areas))
	for _, row := range rows {
		var answer care.AreaResult
		if err := json.Unmarshal(row.Answer, &answer); err != nil {
			return nil, fmt.Errorf("read the answer of a step (%s): %w", row.Area, err)
		}
		area := care.Area(row.Area)
		if area == care.AreaContract {
			delete(steps, area) // each is an attempt of its own at the same thing, and the last stands
		}
		steps[area] = steps[area].and(answer, row)
	}
	return steps, nil
}

// and adds a further chunk. The first outcome that is not a success stands, and so does the oldest "as of".
func (s areaSteps) and(answer care.AreaResult, row gen.ViewStepsRow) areaSteps {
	if s.chunks == 0 {
		s.answer = answer
	} else {
		s.answer = s.answer.And(answer)
	}
	if s.asOf.IsZero() || row.AsOf.Before(s.asOf) {
		s.asOf = row.AsOf
	}
	if row.FinishedAt.After(s.finishedAt) {
		s.finishedAt = row.FinishedAt
	}
	s.chunks++
	return s
}

func saved(outcome care.AreaOutcome) bool {
	return outcome == care.AreaSucceeded || outcome == care.AreaSuperseded
}

func countsSoFar(steps map[care.Area]areaSteps) care.Counts {
	counts := care.Counts{}
	for _, step := range steps {
		counts.Add(step.answer.Counts)
	}
	return counts
}

func viewAreas(run RunSummary, steps map[care.Area]areaSteps) []AreaView {
	areas := make([]AreaView, 0, len(run.Kind.Areas()))
	for _, area := range run.Kind.Areas() {
		view := AreaView{Area: area, State: areaState(area, run.State, steps), Counts: CountsView{}}
		if step, begun := steps[area]; begun {
			view.show(run.Kind, step)
		}
		if area == care.AreaUsage {
			view.BudgetsToRead = len(steps[care.AreaBudgets].answer.OpenBudgets)
			view.BudgetsRead = min(steps[area].chunks*care.UsageChunk, view.BudgetsToRead)
		}
		areas = append(areas, view)
	}
	return areas
}

func (v *AreaView) show(run care.RunKind, step areaSteps) {
	v.Outcome, v.Reason, v.Explanation = step.answer.Outcome, step.answer.Reason, step.answer.Reason.ExplainFor(run.Service())
	v.Warnings, v.FinishedAt = step.answer.Warnings, &step.finishedAt
	for kind, count := range viewCounts(run, step.answer.Counts) {
		if _, counted := step.answer.Counts[kind]; counted {
			v.Counts[kind] = count
		}
	}
	if saved(step.answer.Outcome) {
		v.AsOf = &step.asOf
	}
	if v.State == AreaRunning {
		v.Outcome, v.FinishedAt = "", nil
	}
}

// areaState follows the story of a sync: the summary first, then contributions beside budgets, and usage after budgets. A contract is
// all there is of its run, and may be tried again until it is saved.
func areaState(area care.Area, run RunState, steps map[care.Area]areaSteps) AreaState {
	switch {
	case run == RunFinished || ended(area, steps):
		return AreaDone
	case run == RunQueued:
		return AreaWaiting
	case area == care.AreaSummary || area == care.AreaContract:
		return AreaRunning
	case area == care.AreaUsage && ended(care.AreaBudgets, steps) && saved(steps[care.AreaBudgets].answer.Outcome):
		return AreaRunning
	case area != care.AreaUsage && ended(care.AreaSummary, steps) && saved(steps[care.AreaSummary].answer.Outcome):
		return AreaRunning
	default:
		return AreaWaiting
	}
}

func ended(area care.Area, steps map[care.Area]areaSteps) bool {
	step, begun := steps[area]
	if area == care.AreaContract {
		return begun && saved(step.answer.Outcome)
	}
	if !begun || area != care.AreaUsage {
		return begun
	}
	return step.chunks*care.UsageChunk >= len(steps[care.AreaBudgets].answer.OpenBudgets) || !saved(step.answer.Outcome)
}

func loadIssues(ctx context.Context, queries *gen.Queries, organisation, run care.ID) ([]IssueView, error) {
	rows, err := queries.ViewIssues(ctx, gen.ViewIssuesParams{OrganisationID: organisation, RunID: run})
	issues := make([]IssueView, 0, len(rows))
	for _, row := range rows {
		issue := care.Issue{
			Severity: care.Severity(row.Severity), Area: care.Area(row.Area), Code: care.IssueCode(row.Code), Message: row.Message,
			Words: row.Words, Kind: care.Kind(row.Kind), Details: row.Details,
		}
		if row.RecordID != nil {
			issue.RecordID = *row.RecordID
		}
		if row.About != nil {
			if err := json.Unmarshal(row.About, &issue.About); err != nil {
				return nil, fmt.Errorf("read what an issue is about: %w", err)
			}
		}
		issues = append(issues, ViewIssue(issue))
	}
	return issues, err
}

func loadChanges(ctx context.Context, queries *gen.Queries, organisation, run care.ID) ([]ChangeView, error) {
	rows, err := queries.ViewChanges(ctx, gen.ViewChangesParams{OrganisationID: organisation, RunID: run})
	changes := make([]ChangeView, 0, len(rows))
	for _, row := range rows {
		changes = append(changes, ChangeView{
			Kind: care.Kind(row.Kind), RecordID: row.RecordID, Label: changeLabel(row), Since: row.Since, Action: row.Action,
			Field: row.Field, Old: row.OldValue, New: row.NewValue,
		})
	}
	return changes, err
}

func changeLabel(row gen.ViewChangesRow) string {
	switch kind := care.Kind(row.Kind); kind {
	case care.KindServiceContract, care.KindPlanBudget, care.KindDeliveredService:
		return changedRecord{
			kind: kind, budget: budgetName(row.Category, care.BudgetType(row.BudgetType), care.Management(row.Management)),
			delivered: care.DeliveredServiceKind(row.DeliveredKind), reference: row.Reference,
		}.words()
	default:
		return row.Label
	}
}

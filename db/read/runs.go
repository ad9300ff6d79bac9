package read

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/gen"
	"github.com/caresync/caresync/db/internal/optional"
	"github.com/caresync/caresync/words"
)

// RunState is where a run stands.
type RunState string

// The states of a run.
const (
	// RunQueued: requested, and not started by any worker yet.
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

// PersonRef says who a record is about.
type PersonRef struct {
	ID              care.ID
	CareRecipientID string
	NDISNumber      string
	GivenName       string
	FamilyName      string
}

// RunSummary is a run in a list.
type RunSummary struct {
	ID         care.ID
	Kind       care.RunKind
	State      RunState
	Person     PersonRef
	PlanID     *care.ID
	ContractID *care.ID
	Waiting    *PreviewRef
	// Wait is what the run waits for beyond the ordinary, as far as its rows tell (R38).
	Wait        care.Wait
	Trigger     care.Trigger
	RequestedBy string
	AllBudgets  bool
	WorkflowID  string
	RequestedAt time.Time
	StartedAt   *time.Time
	FinishedAt  *time.Time
	Outcome     care.RunOutcome
	Reason      care.Reason
	Explanation string
	Warnings    int
	Counts      Counts
}

// RunProgress is a run with its areas, as it is followed.
type RunProgress struct {
	RunSummary
	Areas []Area
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

// Run is all that is known of a run.
type Run struct {
	RunProgress
	Issues  []Issue
	Changes []Change
	Holds   []Hold
}

// Area is one area of a run.
type Area struct {
	Area        care.Area
	State       AreaState
	Outcome     care.AreaOutcome
	Reason      care.Reason
	Explanation string
	AsOf        *time.Time
	FinishedAt  *time.Time
	Counts      Counts
	Warnings    int
	// BudgetsRead and BudgetsToRead are the progress of the usage area.
	BudgetsRead   int
	BudgetsToRead int
	// Retry is there while the area's step is tried again.
	Retry *Retry
}

// Retry says what an area that is tried again waits for.
type Retry struct {
	Wait    care.Wait
	Problem string
	LastAt  time.Time
}

// Issue is something that a run has to say to people.
type Issue struct {
	Severity care.Severity
	Area     care.Area
	Code     care.IssueCode
	Message  string
	Problem  string
	Words    string
	Kind     care.Kind
	RecordID *care.ID
	Record   string
	Field    string
	Reported string
	Details  json.RawMessage
}

// IssueOf is an issue as it is shown to people and programs.
func IssueOf(issue care.Issue) Issue {
	view := Issue{
		Severity: issue.Severity, Area: issue.Area, Code: issue.Code, Message: words.Issue(issue), Problem: words.IssueProblem(issue),
		Words: issue.Words, Kind: issue.Kind, Details: issue.Details,
	}
	if issue.RecordID != "" {
		view.RecordID = &issue.RecordID
	}
	if about := issue.About; about != nil {
		view.Record, view.Field, view.Reported = words.Record(about.Record), words.Field(about.Field), about.Reported
	}
	return view
}

// Change is one field that a run changed. A record that was created, removed or revived has one entry without a field.
type Change struct {
	Kind     care.Kind
	RecordID care.ID
	Label    string
	Since    care.Date
	Action   string
	Field    string
	Old      *string
	New      *string
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

// Runs returns an organisation's runs, newest first, and whether there are more.
func (s Store) Runs(ctx context.Context, organisation care.ID, filter RunFilter) (runs []RunSummary, more bool, err error) {
	most := pageSize(filter.Most)
	rows, err := s.queries.ListRuns(ctx, gen.ListRunsParams{
		OrganisationID: organisation, PersonID: optional.Of(filter.PersonID), Outcome: filter.Outcome, Before: optional.Of(filter.Before), Most: most,
	})
	if err != nil {
		return nil, false, db.MapError("list the runs", err)
	}
	return pageOfRuns(rows, most, func(row gen.ListRunsRow) gen.ViewRunRow { return gen.ViewRunRow(row) })
}

// ConsoleRunFilter narrows the console's list of runs; zero values do not.
type ConsoleRunFilter struct {
	RunFilter
	Kind    care.RunKind
	Trigger care.Trigger
	// Held lists only runs that left something to people which no one has accepted yet: removals (R5), or changes of a contract (R31).
	Held bool
}

// ConsoleRuns returns an organisation's runs, newest first, and whether there are more.
func (s Store) ConsoleRuns(ctx context.Context, organisation care.ID, filter ConsoleRunFilter) (runs []RunSummary, more bool, err error) {
	most := pageSize(filter.Most)
	rows, err := s.queries.ListConsoleRuns(ctx, gen.ListConsoleRunsParams{
		OrganisationID: organisation, PersonID: optional.Of(filter.PersonID), Kind: string(filter.Kind), Trigger: string(filter.Trigger),
		Outcome: filter.Outcome, HeldOnly: filter.Held, Before: optional.Of(filter.Before), Most: most,
	})
	if err != nil {
		return nil, false, db.MapError("list the runs", err)
	}
	return pageOfRuns(rows, most, func(row gen.ListConsoleRunsRow) gen.ViewRunRow { return gen.ViewRunRow(row) })
}

func pageOfRuns[Row any](rows []Row, most int32, asRun func(Row) gen.ViewRunRow) (runs []RunSummary, more bool, err error) {
	rows, more = onePage(rows, most)
	runs = make([]RunSummary, 0, len(rows))
	for _, row := range rows {
		run, err := viewRun(asRun(row))
		if err != nil {
			return nil, false, err
		}
		runs = append(runs, run)
	}
	return runs, more, nil
}

// RunProgress returns where a run stands, or ErrNotFound. It is a few small queries, made to be asked several times a second.
func (s Store) RunProgress(ctx context.Context, organisation, run care.ID) (RunProgress, error) {
	var progress RunProgress
	err := s.store.Snapshot(ctx, "load the run", func(queries *gen.Queries) (err error) {
		progress, err = loadProgress(ctx, queries, organisation, run)
		return err
	})
	return progress, err
}

// Run returns all that is known of a run, or ErrNotFound.
func (s Store) Run(ctx context.Context, organisation, run care.ID) (Run, error) {
	var view Run
	err := s.store.Snapshot(ctx, "load the run", func(queries *gen.Queries) (err error) {
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

// RemovalHolds returns what a run held back of a person's removals, accepted or not (R5).
func (s Store) RemovalHolds(ctx context.Context, organisation, person, run care.ID) ([]Hold, error) {
	rows, err := s.queries.ViewHolds(ctx, gen.ViewHoldsParams{OrganisationID: organisation, PersonID: person, RunID: &run})
	return viewHolds(rows), db.MapError("list what was held back", err)
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
	steps, err := db.StepsByArea(rows)
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
				area.Retry = &Retry{Problem: retry.Problem, LastAt: retry.LastAt, Wait: care.Wait{
					Cause: care.WaitCause(retry.Cause), Service: progress.Kind.Service(), Trouble: care.DatabaseTrouble(retry.Trouble), Words: retry.Words,
					Since: retry.Since, Until: optional.Value(retry.Until), Attempts: int(retry.Attempts),
				}}
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
		Person: PersonRef{
			ID: row.PersonID, CareRecipientID: row.CareRecipientID, NDISNumber: row.NdisNumber, GivenName: row.GivenName, FamilyName: row.FamilyName,
		},
		Trigger: care.Trigger(row.Trigger), RequestedBy: row.RequestedBy, AllBudgets: row.AllBudgets, WorkflowID: row.WorkflowID,
		RequestedAt: row.RequestedAt, StartedAt: row.StartedAt, FinishedAt: row.FinishedAt, Outcome: care.RunOutcome(row.Outcome),
		Reason: reason, Explanation: words.Reason(reason, kind.Service()), Warnings: int(row.Warnings), Counts: viewCounts(kind, counts),
	}
	summary.Wait = waitOfRun(row)
	return summary, nil
}

// waitOfRun is what a run waits for according to its rows.
func waitOfRun(row gen.ViewRunRow) care.Wait {
	switch {
	case row.Outcome != "":
		return care.Wait{}
	case row.Cause != "":
		return care.Wait{
			Cause: care.WaitCause(row.Cause), Service: care.RunKind(row.Kind).Service(), Trouble: care.DatabaseTrouble(row.Trouble), Words: row.WaitingWords,
			Since: optional.Value(row.WaitingSince), Until: optional.Value(row.WaitingUntil), Attempts: int(row.Attempts),
		}
	default:
		return notBegun(row.StartedAt, row.RequestedAt)
	}
}

// beginsWithin is how soon a worker usually begins a run.
const beginsWithin = time.Minute

// notBegun is the wait of a run, or a bulk run, that no worker has started although one should have by now (R38).
func notBegun(startedAt *time.Time, requestedAt time.Time) care.Wait {
	if startedAt != nil || time.Since(requestedAt) <= beginsWithin {
		return care.Wait{}
	}
	return care.Wait{Cause: care.WaitsToBegin, Since: requestedAt}
}

func waitingPreview(row gen.ViewRunRow) *PreviewRef {
	if row.PreviewID == nil {
		return nil
	}
	return &PreviewRef{ID: *row.PreviewID, RunID: row.ID, RetrievedAt: optional.Value(row.RetrievedAt), ExpiresAt: optional.Value(row.ExpiresAt)}
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

func saved(outcome care.AreaOutcome) bool {
	return outcome == care.AreaSucceeded || outcome == care.AreaSuperseded
}

func countsSoFar(steps map[care.Area]db.AreaSteps) care.Counts {
	counts := care.Counts{}
	for _, step := range steps {
		counts.Add(step.Answer.Counts)
	}
	return counts
}

func viewAreas(run RunSummary, steps map[care.Area]db.AreaSteps) []Area {
	areas := make([]Area, 0, len(run.Kind.Areas()))
	for _, area := range run.Kind.Areas() {
		view := Area{Area: area, State: areaState(area, run.State, steps), Counts: Counts{}}
		if step, begun := steps[area]; begun {
			view.show(run.Kind, step)
		}
		if area == care.AreaUsage {
			view.BudgetsToRead = len(steps[care.AreaBudgets].Answer.OpenBudgets)
			view.BudgetsRead = min(steps[area].Chunks*care.UsageChunk, view.BudgetsToRead)
		}
		areas = append(areas, view)
	}
	return areas
}

func (v *Area) show(run care.RunKind, step db.AreaSteps) {
	v.Outcome, v.Reason, v.Explanation = step.Answer.Outcome, step.Answer.Reason, words.Reason(step.Answer.Reason, run.Service())
	v.Warnings, v.FinishedAt = step.Answer.Warnings, &step.FinishedAt
	for kind, count := range viewCounts(run, step.Answer.Counts) {
		if _, counted := step.Answer.Counts[kind]; counted {
			v.Counts[kind] = count
		}
	}
	if saved(step.Answer.Outcome) {
		v.AsOf = &step.AsOf
	}
	if v.State == AreaRunning {
		v.Outcome, v.FinishedAt = "", nil
	}
}

// areaState follows the story of a sync: the summary first, then contributions beside budgets, and usage after budgets. A contract is
// all there is of its run, and may be tried again until it is saved.
func areaState(area care.Area, run RunState, steps map[care.Area]db.AreaSteps) AreaState {
	switch {
	case run == RunFinished || ended(area, steps):
		return AreaDone
	case run == RunQueued:
		return AreaWaiting
	case area == care.AreaSummary || area == care.AreaContract:
		return AreaRunning
	case area == care.AreaUsage && ended(care.AreaBudgets, steps) && saved(steps[care.AreaBudgets].Answer.Outcome):
		return AreaRunning
	case area != care.AreaUsage && ended(care.AreaSummary, steps) && saved(steps[care.AreaSummary].Answer.Outcome):
		return AreaRunning
	default:
		return AreaWaiting
	}
}

func ended(area care.Area, steps map[care.Area]db.AreaSteps) bool {
	step, begun := steps[area]
	if area == care.AreaContract {
		return begun && saved(step.Answer.Outcome)
	}
	if !begun || area != care.AreaUsage {
		return begun
	}
	return step.Chunks*care.UsageChunk >= len(steps[care.AreaBudgets].Answer.OpenBudgets) || !saved(step.Answer.Outcome)
}

func loadIssues(ctx context.Context, queries *gen.Queries, organisation, run care.ID) ([]Issue, error) {
	rows, err := queries.ViewIssues(ctx, gen.ViewIssuesParams{OrganisationID: organisation, RunID: run})
	issues := make([]Issue, 0, len(rows))
	for _, row := range rows {
		issue := care.Issue{
			Severity: care.Severity(row.Severity), Area: care.Area(row.Area), Code: care.IssueCode(row.Code),
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
		issues = append(issues, IssueOf(issue))
	}
	return issues, err
}

func loadChanges(ctx context.Context, queries *gen.Queries, organisation, run care.ID) ([]Change, error) {
	rows, err := queries.ViewChanges(ctx, gen.ViewChangesParams{OrganisationID: organisation, RunID: run})
	changes := make([]Change, 0, len(rows))
	for _, row := range rows {
		changes = append(changes, Change{
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

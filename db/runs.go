package db

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/gen"
	"github.com/caresync/caresync/db/internal/optional"
)

// RunScopeRecord is what is known of a person before a sync.
type RunScopeRecord struct {
	PersonID        care.ID
	CareRecipientID string
	ConnectionID    care.ID
	PlanID          care.ID
	Verified        bool
	TimeZone        *time.Location
	Connections     []care.Connection
}

// LoadRunScope returns what is known of a person, or ErrNotFound. Of the connections only id and activation are filled.
func (s *Store) LoadRunScope(ctx context.Context, organisation, person care.ID) (RunScopeRecord, error) {
	row, err := s.queries.LoadSubject(ctx, gen.LoadSubjectParams{OrganisationID: organisation, PersonID: person})
	if err != nil {
		return RunScopeRecord{}, MapError("load the person", err)
	}
	zone, err := time.LoadLocation(row.TimeZone)
	if err != nil {
		return RunScopeRecord{}, fmt.Errorf("organisation %s has the unknown time zone %q", organisation, row.TimeZone)
	}
	record := RunScopeRecord{
		PersonID: row.ID, CareRecipientID: optional.Value(row.CareRecipientID), ConnectionID: optional.Value(row.ConnectionID),
		PlanID: optional.Value(row.PlanID), Verified: row.VerifiedAt != nil, TimeZone: zone,
	}
	return record, json.Unmarshal(row.Connections, &record.Connections)
}

// RunStart is the row with which a run begins.
type RunStart struct {
	// ID is Temporal's run id.
	ID care.ID
	care.Request
	Kind       care.RunKind
	WorkflowID string
	// StartedAt is zero as long as the run is only requested.
	StartedAt time.Time
}

// RecordRun writes the row of a run for whoever starts it, so that it can be followed at once. A row that is there already stands.
func (s *Store) RecordRun(ctx context.Context, run RunStart) error {
	_, err := s.BeginRun(ctx, run)
	return err
}

// BeginRun is RecordRun for a run's first step, whose version stands. It reports whether the run had started before: then it was reset, or the
// step is made again.
func (s *Store) BeginRun(ctx context.Context, run RunStart) (again bool, err error) {
	written, err := s.queries.RecordRun(ctx, recordRun(run))
	return err == nil && written == 0 && !run.StartedAt.IsZero(), MapError("record the run", err)
}

func recordRun(run RunStart) gen.RecordRunParams {
	return gen.RecordRunParams{
		ID: run.ID, OrganisationID: run.OrganisationID, PersonID: run.PersonID, Kind: string(run.Kind), Trigger: string(run.Trigger),
		RequestedBy: run.RequestedBy, AllBudgets: run.AllBudgets, WorkflowID: run.WorkflowID, StartedAt: optional.Of(run.StartedAt), BulkID: optional.Of(run.BulkID),
	}
}

// FinishRun sets a run's outcome where none is set, with the steps that areas without one still lack and the issues that explain
// them; a person of a bulk run is settled with it. A Care Recipient Sync is answered with the person's plan, if there is one.
func (s *Store) FinishRun(ctx context.Context, organisation care.ID, result care.RunResult, issues []care.Issue) (care.ID, error) {
	return s.finishRun(ctx, organisation, result, issues, false)
}

// EscalateRun is FinishRun for a person of a bulk run who is given a sync of their own: that one settles them.
func (s *Store) EscalateRun(ctx context.Context, organisation care.ID, result care.RunResult, issues []care.Issue) error {
	_, err := s.finishRun(ctx, organisation, result, issues, true)
	return err
}

func (s *Store) finishRun(ctx context.Context, organisation care.ID, result care.RunResult, issues []care.Issue, escalates bool) (care.ID, error) {
	plan, err := s.queries.FinishRun(ctx, gen.FinishRunParams{
		OrganisationID: organisation, RunID: result.RunID, Outcome: string(result.Outcome), Reason: string(result.Reason),
		Warnings: int32(result.Warnings), Counts: object(result.Counts), Areas: list(areaAnswers(result.Areas)), Issues: list(issues),
		Escalates: escalates,
	})
	return optional.Value(plan), MapError("finish the run", err)
}

// AbandonRun closes a run whose workflow left it open, for instance because an operator terminated it: what its steps have saved stays and
// counts.
func (s *Store) AbandonRun(ctx context.Context, organisation, run care.ID) error {
	rows, err := s.queries.ViewSteps(ctx, gen.ViewStepsParams{OrganisationID: organisation, RunID: run})
	if err != nil {
		return MapError("load the run's steps", err)
	}
	steps, err := StepsByArea(rows)
	if err != nil {
		return err
	}
	result := care.RunResult{RunID: run, Outcome: care.RunCancelled, Reason: care.ReasonCancelled, Counts: care.Counts{}}
	for _, step := range steps {
		result.Warnings += step.Answer.Warnings
		result.Counts.Add(step.Answer.Counts)
	}
	_, err = s.FinishRun(ctx, organisation, result, nil)
	return err
}

// NoteRetry notes that a step will be tried again and what it waits for, with the kind of problem, for people who wait.
func (s *Store) NoteRetry(ctx context.Context, step Step, wait care.Wait, problem string) error {
	return MapError("note the retry", s.queries.NoteRetry(ctx, gen.NoteRetryParams{
		OrganisationID: step.OrganisationID, RunID: step.RunID, Area: string(step.Area), Cause: string(wait.Cause), Trouble: string(wait.Trouble), Until: optional.Of(wait.Until),
		Problem: problem, Words: wait.Words,
	}))
}

type areaAnswer struct {
	Area   care.Area       `json:"area"`
	Answer care.AreaResult `json:"answer"`
}

func areaAnswers(areas map[care.Area]care.AreaResult) []areaAnswer {
	var answers []areaAnswer
	for _, area := range slices.Concat(care.RunCareRecipient.Areas(), care.RunPACEContract.Areas()) {
		if answer, ended := areas[area]; ended {
			answers = append(answers, areaAnswer{Area: area, Answer: answer})
		}
	}
	return answers
}

// list is the JSON of some records, as jsonb_to_recordset reads them.
func list[T any](records []T) json.RawMessage {
	if len(records) == 0 {
		return json.RawMessage("[]")
	}
	return object(records)
}

// object is the JSON of one of our own values, which always can be encoded.
func object(value any) json.RawMessage {
	encoded, err := json.Marshal(value)
	if err != nil {
		panic(fmt.Sprintf("a %T cannot be encoded: %v", value, err))
	}
	return encoded
}

// Package activities are the steps of the workflows: each reads from a government service and writes to PostgreSQL in one go, and
// returns our ids and counts only (R10).
package activities

import (
	"context"
	"errors"

	"golang.org/x/sync/errgroup"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/upstream/servicesaustralia"
	"github.com/caresync/caresync/upstream/transport"
)

// detailsAtOnce is how many budgets' details one step reads at the same time. The allowance bounds the rate whatever it is.
const detailsAtOnce = 8

// CareRecipient are the steps of a Care Recipient Sync. They return errors only for what may succeed when it is tried again, and for
// faults of ours; a refusal is an answer.
type CareRecipient struct {
	store      *db.Store
	services   *servicesaustralia.Client
	allowances *db.Allowances
	runs       *Runs
}

// NewCareRecipient makes the steps for a process.
func NewCareRecipient(store *db.Store, services *servicesaustralia.Client, allowances *db.Allowances) *CareRecipient {
	return &CareRecipient{store: store, services: services, allowances: allowances, runs: NewRuns(store)}
}

// reader reads a person's records on the run's connection. The run's id is the correlation id of all its calls.
func (c *CareRecipient) reader(step db.Step, connection care.Connection) *servicesaustralia.Reader {
	return c.services.For(connection, step.RunID, c.allowances.For(connection))
}

// ValidateCareRecipient finds out who a run is about and whether they can be synced, and records that the run began. It returns
// db.ErrNotFound for a person who is not this organisation's.
func (c *CareRecipient) ValidateCareRecipient(ctx context.Context, in protocol.ValidateInput) (care.RunScope, error) {
	record, err := c.store.LoadRunScope(ctx, in.OrganisationID, in.PersonID)
	if err != nil {
		return care.RunScope{}, err
	}
	again, err := c.store.BeginRun(ctx, db.RunStart{
		ID: in.RunID, Request: in.Request, Kind: care.RunCareRecipient, WorkflowID: in.WorkflowID, StartedAt: in.At,
	})
	if err != nil {
		return care.RunScope{}, err
	}
	return scopeOf(in, record, again), nil
}

// scopeOf is who a run is about, and what is known of them.
func scopeOf(in protocol.ValidateInput, record db.RunScopeRecord, again bool) care.RunScope {
	connection, refusal := connectionOf(record)
	return care.RunScope{
		RunID: in.RunID, OrganisationID: in.OrganisationID, PersonID: in.PersonID, ConnectionID: connection, PlanID: record.PlanID,
		Today: care.DateIn(in.At, record.TimeZone), AllBudgets: in.AllBudgets, Areas: in.Areas, MovedOnly: in.MovedOnly, MovedBudgets: in.MovedBudgets, Verified: record.Verified, Refusal: refusal,
		LostContributions: in.LostContributions, Again: again,
	}
}

// connectionOf chooses the connection that holds a person (R11), or says why there is none.
func connectionOf(record db.RunScopeRecord) (care.ID, care.Reason) {
	if record.CareRecipientID == "" {
		return "", care.ReasonNoCareRecipientID
	}
	if len(record.Connections) == 0 {
		return "", care.ReasonNoConnection
	}
	chosen := record.Connections[0]
	if record.ConnectionID == "" && len(record.Connections) > 1 {
		return "", care.ReasonConnectionUnknown
	}
	for _, connection := range record.Connections {
		if connection.ID == record.ConnectionID {
			chosen = connection
		}
	}
	if chosen.ActivatedAt == nil {
		return "", care.ReasonDeviceNotActivated
	}
	return chosen.ID, ""
}

// UpsertPlan reads the summary, checks that all of it is the person's (R8) and saves the plan with its classifications, approved services and
// supplements.
func (c *CareRecipient) UpsertPlan(ctx context.Context, in protocol.AreaInput) (care.AreaResult, error) {
	step := db.Step{RunScope: in.RunScope, Area: care.AreaSummary}
	begun, err := c.store.BeginUpsertPlan(ctx, step)
	if answer, done := alreadyAnswered(begun, err); done {
		return answer, err
	}
	read, err := c.readPlan(ctx, step, begun)
	if err != nil {
		return refuse(ctx, c.store, step, begun, err)
	}
	if read.refusal != "" {
		return c.store.Refuse(ctx, step, begun.Read, read.refusal, read.issues)
	}
	return c.store.WritePlan(ctx, step, begun, read.decide)
}

// areaRead is what the government answered for an area: what it changes in what is held, or a reason for which nothing of it may be written.
type areaRead[H, D any] struct {
	decide  func(H) D
	refusal care.Reason
	issues  []care.Issue
}

func (c *CareRecipient) readPlan(ctx context.Context, step db.Step, begun db.StepStart[care.HeldPlan]) (area areaRead[care.HeldPlan, care.PlanDecision], err error) {
	read, err := c.reader(step, begun.Connection).Summary(ctx, begun.Person.CareRecipientID)
	if err != nil {
		return area, err
	}
	if area.refusal, area.issues = begun.Held.Known().CheckRows(read.Records); area.refusal != "" {
		return area, nil
	}
	issues := append(read.Issues, area.issues...)
	area.decide = func(held care.HeldPlan) care.PlanDecision {
		return care.DecidePlan(held, read.Records, issues, step.Today, db.NewID)
	}
	return area, nil
}

// rowOfAnother returns the identity details of a list's row that belongs to someone else, reported as any mismatch is (R8).
func rowOfAnother(held care.Person, failure *transport.Error) care.IdentityDetails {
	return care.IdentityDetails{
		Fields: []string{care.FieldCareRecipientID},
		Held:   care.Identity{CareRecipientID: held.CareRecipientID}, Reported: care.Identity{CareRecipientID: failure.About.Reported},
	}
}

// errWouldLoseContributions: nothing was written, since it may be that everyone in the bulk run would lose them (R9).
var errWouldLoseContributions = errors.New("contributions are no longer reported")

// RecreateContributions reads the individual contributions and replaces the set that we hold (R16).
func (c *CareRecipient) RecreateContributions(ctx context.Context, in protocol.AreaInput) (care.AreaResult, error) {
	step := db.Step{RunScope: in.RunScope, Area: care.AreaContributions}
	begun, err := c.store.BeginContributions(ctx, step)
	if answer, done := alreadyAnswered(begun, err); done {
		return answer, err
	}
	decide, err := c.readContributions(ctx, step, begun)
	if errors.Is(err, errWouldLoseContributions) {
		return care.AreaResult{}, err
	}
	if err != nil {
		return refuse(ctx, c.store, step, begun, err)
	}
	return c.store.WriteContributions(ctx, step, begun, decide)
}

func (c *CareRecipient) readContributions(ctx context.Context, step db.Step, begun db.StepStart[db.HeldContributions]) (func(care.HeldContributions) care.ContributionsDecision, error) {
	read, err := c.reader(step, begun.Connection).Contributions(ctx, begun.Person.CareRecipientID)
	if err != nil {
		return nil, err
	}
	if step.LostContributions == care.AskAboutContributions && begun.Held.WouldLose(read) {
		return nil, errWouldLoseContributions
	}
	return func(held care.HeldContributions) care.ContributionsDecision {
		return care.DecideContributions(held, read, step.LostContributions, db.NewID)
	}, nil
}

// FetchBudgets reads the budgets and returns those whose usage is to be read (R15).
func (c *CareRecipient) FetchBudgets(ctx context.Context, in protocol.AreaInput) (care.AreaResult, error) {
	step := db.Step{RunScope: in.RunScope, Area: care.AreaBudgets}
	begun, err := c.store.BeginBudgets(ctx, step)
	if answer, done := alreadyAnswered(begun, err); done {
		return answer, err
	}
	listed, decide, err := c.readBudgets(ctx, step, begun)
	if err != nil {
		return refuse(ctx, c.store, step, begun, err)
	}
	return c.store.WriteBudgets(ctx, step, begun, listed, decide)
}

// readBudgets returns the government's ids of the listed budgets, and what the list changes.
func (c *CareRecipient) readBudgets(ctx context.Context, step db.Step, begun db.StepStart[db.HeldBudgets]) (listed []string, decide func(care.HeldBudgets) care.BudgetsDecision, err error) {
	read, err := c.reader(step, begun.Connection).Budgets(ctx, begun.Person.CareRecipientID)
	if err != nil {
		return nil, nil, err
	}
	return budgetIDs(read.Records), func(held care.HeldBudgets) care.BudgetsDecision {
		return care.DecideBudgets(held, read, step.RunScope, db.NewID)
	}, nil
}

// budgetIDs are the government's ids of budgets.
func budgetIDs(budgets []care.Budget) (ids []string) {
	for _, budget := range budgets {
		ids = append(ids, budget.UpstreamBudgetID)
	}
	return ids
}

// FetchUsage reads the details of some budgets, several at once, and saves their entitlements and usage (R17).
func (c *CareRecipient) FetchUsage(ctx context.Context, in protocol.UsageInput) (care.AreaResult, error) {
	step := db.Step{RunScope: in.RunScope, Area: care.AreaUsage, Chunk: in.Chunk}
	begun, err := c.store.BeginUsage(ctx, step, in.Budgets)
	if answer, done := alreadyAnswered(begun, err); done {
		return answer, err
	}
	read, err := c.readDetails(ctx, step, begun)
	if err != nil {
		return refuse(ctx, c.store, step, begun, err)
	}
	return c.store.WriteUsage(ctx, step, begun, read.byBudget, read.refused, read.decide)
}

// budgetsRead are the details of some budgets, by our ids, and those that were refused.
type budgetsRead struct {
	byBudget map[care.ID]care.BudgetDetails
	refused  []care.BudgetRefusal
	issues   []care.Issue
}

func (r budgetsRead) decide(held care.HeldUsage, details map[care.ID]care.BudgetDetails) care.UsageDecision {
	return care.DecideUsage(held, details, r.issues, db.NewID).Refusing(r.refused)
}

func (c *CareRecipient) readDetails(ctx context.Context, step db.Step, begun db.StepStart[care.HeldUsage]) (budgetsRead, error) {
	reader := c.reader(step, begun.Connection)
	details := make([]*care.BudgetDetails, len(begun.Held.Budgets))
	issues := make([][]care.Issue, len(begun.Held.Budgets))
	refusals := make([]*transport.Error, len(begun.Held.Budgets))
	group, groupContext := errgroup.WithContext(ctx)
	group.SetLimit(detailsAtOnce)
	for i, budget := range begun.Held.Budgets {
		group.Go(func() (err error) {
			details[i], issues[i], err = readOne(groupContext, reader, budget)
			if refusals[i] = ofOneBudget(err); refusals[i] != nil {
				return nil
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return budgetsRead{}, err
	}
	read := budgetsRead{byBudget: make(map[care.ID]care.BudgetDetails, len(details))}
	for i, budget := range begun.Held.Budgets {
		read.issues = append(read.issues, issues[i]...)
		switch {
		case refusals[i] != nil:
			read.refused = append(read.refused, care.BudgetRefusal{BudgetID: budget.ID, Reason: reasonOf(refusals[i])})
			read.issues = append(read.issues, budgetRefusal(budget, refusals[i]))
		case details[i] != nil:
			read.byBudget[budget.ID] = *details[i]
		}
	}
	return read, nil
}

// ofOneBudget is a no to one budget's details, which leaves the others alone (R6): asking again would not help, and it does not concern the
// whole organisation.
func ofOneBudget(err error) *transport.Error {
	var failure *transport.Error
	if !errors.As(err, &failure) || failure.Retryable() || failure.OrganisationWide() {
		return nil
	}
	return failure
}

// budgetRefusal explains why a budget keeps its figures.
func budgetRefusal(budget care.Budget, failure *transport.Error) care.Issue {
	issue := care.RefusalIssue(care.AreaUsage, reasonOf(failure), failure.Words).On(budget.Label(), budget.ID)
	if about := failure.About; about != nil {
		issue.About = &care.About{Record: about.Record.WithinBudget(budget.Label()), Field: about.Field, Reported: about.Reported}
	}
	return issue
}

// readOne reads the details of a budget. One that is not found keeps what we hold of it.
func readOne(ctx context.Context, reader *servicesaustralia.Reader, budget care.Budget) (*care.BudgetDetails, []care.Issue, error) {
	details, issues, err := reader.BudgetDetails(ctx, budget.UpstreamBudgetID)
	if transport.IsKind(err, transport.NotFound) {
		issue := care.Warning(care.AreaUsage, care.IssueBudgetDetailsNotFound)
		return nil, []care.Issue{issue.On(budget.Label(), budget.ID)}, nil
	}
	if err != nil {
		return nil, nil, err
	}
	for i := range issues {
		issues[i].RecordID = budget.ID
		issues[i].About.Record = issues[i].About.Record.WithinBudget(budget.Label())
	}
	return &details, issues, nil
}

// alreadyAnswered reports whether a step has nothing to do: it could not begin, or an earlier attempt finished it.
func alreadyAnswered[H any](begun db.StepStart[H], err error) (care.AreaResult, bool) {
	if err != nil {
		return care.AreaResult{}, true
	}
	if begun.Answer != nil {
		return *begun.Answer, true
	}
	return care.AreaResult{}, false
}

// refuse records why the government said no.
func refuse[H any](ctx context.Context, store *db.Store, step db.Step, begun db.StepStart[H], err error) (care.AreaResult, error) {
	failure, err := finalAnswer(ctx, store, step, err)
	if err != nil {
		return care.AreaResult{}, err
	}
	reason, issue := refusalOf(step.Area, begun.Person, failure)
	return store.Refuse(ctx, step, begun.Read, reason, []care.Issue{issue})
}

// refusalOf is why the government said no for an area, and what there is to say of it.
func refusalOf(area care.Area, person care.Person, failure *transport.Error) (care.Reason, care.Issue) {
	reason := reasonOf(failure)
	issue := care.RefusalIssue(area, reason, failure.Words)
	issue.About = failure.About
	if failure.Kind == transport.IdentityMismatch {
		issue = issue.With(rowOfAnother(person, failure))
	}
	return reason, issue
}

// finalAnswer is the government's no, where asking again would not help. What may succeed later is noted for people who wait, and remains
// an error (R9).
func finalAnswer(ctx context.Context, store *db.Store, step db.Step, err error) (*transport.Error, error) {
	if failure := finalNo(err); failure != nil {
		return failure, nil
	}
	return nil, errors.Join(err, noteRetry(ctx, store, step, err))
}

// finalNo is the government's no, where asking again would not help; nil for another error.
func finalNo(err error) *transport.Error {
	var failure *transport.Error
	if errors.As(err, &failure) && !failure.Retryable() {
		return failure
	}
	return nil
}

// noteRetry notes for people who wait what a step waits for (R38).
func noteRetry(ctx context.Context, store *db.Store, step db.Step, err error) error {
	wait := waitOf(err)
	if !wait.Known() || wait.Cause == care.WaitsForDeployment { // whose rows are not ours to write
		return nil
	}
	return store.NoteRetry(ctx, step, wait, problemOf(err))
}

// problemOf names the kind of problem in a row, without anything about a person.
func problemOf(err error) string {
	var failure *transport.Error
	if errors.As(err, &failure) {
		return failure.Error()
	}
	return err.Error()
}

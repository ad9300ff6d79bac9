package activities

import (
	"context"
	"errors"
	"slices"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/upstream/ndia"
	"github.com/caresync/caresync/upstream/transport"
)

// budgetCalls is the name of the allowance that budget calls draw on beside that of all calls: the NDIA limits them by the hour.
const budgetCalls = "budget-calls"

// PaceContract are the steps of a PACE Contract Sync. They return errors only for what may succeed when it is tried again, and for faults
// of ours; a refusal is an answer.
type PaceContract struct {
	store      *db.Store
	services   *ndia.Client
	allowances *db.Allowances
}

// NewPaceContract makes the steps for a process.
func NewPaceContract(store *db.Store, services *ndia.Client, allowances *db.Allowances) *PaceContract {
	return &PaceContract{store: store, services: services, allowances: allowances}
}

// reader reads a participant on the run's connection. The run's id is the correlation id of all its calls.
func (p *PaceContract) reader(step db.Step, begun db.StepStart[db.HeldParticipant]) *ndia.Reader {
	return p.services.For(begun.Connection, step.RunID, ndia.Allowances{
		Calls:   p.allowances.For(begun.Connection),
		Budgets: p.allowances.PerHour(begun.Connection, budgetCalls, begun.Held.BudgetCallsPerHour),
	})
}

// ValidateParticipant finds out who a run is about and whether the NDIA may be asked about them (R21, R30), and records that the run
// began. It returns db.ErrNotFound for a person who is not this organisation's.
func (p *PaceContract) ValidateParticipant(ctx context.Context, in protocol.ValidateInput) (care.RunScope, error) {
	record, err := p.store.LoadParticipant(ctx, in.OrganisationID, in.PersonID)
	if err != nil {
		return care.RunScope{}, err
	}
	again, err := p.store.BeginRun(ctx, db.RunStart{
		ID: in.RunID, Request: in.Request, Kind: care.RunPACEContract, WorkflowID: in.WorkflowID, StartedAt: in.At,
	})
	if err != nil {
		return care.RunScope{}, err
	}
	today := care.DateIn(in.At, record.TimeZone)
	return care.RunScope{
		RunID: in.RunID, OrganisationID: in.OrganisationID, PersonID: in.PersonID, ConnectionID: record.ConnectionID,
		Today: today, ServiceToday: care.DateIn(in.At, record.ServiceTimeZone), ReviewAll: in.ReviewAll, Again: again,
		Refusal: participantRefusal(record, in.Trigger, today),
	}, nil
}

// participantRefusal says why the NDIA may not be asked about a person, or nothing. Who looks may ask even where scheduled syncs have
// stopped.
func participantRefusal(record db.ParticipantRecord, trigger care.Trigger, today care.Date) care.Reason {
	if reason := care.EligibilityReason(record.APIEnabled, record.Participant); reason != "" {
		return reason
	}
	if standing := record.Standing.On(today); standing.Stopped() && !trigger.Attended() {
		return standing.StopReason
	}
	if !record.Activated {
		return care.ReasonDeviceNotActivated
	}
	return ""
}

// RetrievePlan reads a person's plan and stages the preview of what Create would write (R22). Nothing of the contract changes.
func (p *PaceContract) RetrievePlan(ctx context.Context, in protocol.RetrieveInput) (protocol.ContractResult, error) {
	step := db.Step{RunScope: in.RunScope, Area: care.AreaContract, Chunk: in.Number}
	begun, err := p.store.BeginContract(ctx, step)
	if answer, done := alreadyAnswered(begun, err); done {
		return protocol.ContractResult{AreaResult: answer}, err
	}
	if result, err := p.staged(ctx, step); !errors.Is(err, db.ErrNotFound) {
		return result, err
	}
	read, err := p.readPlan(ctx, step, begun, in.PlanStartDate)
	if err != nil {
		return p.refused(ctx, step, begun, err)
	}
	if read.refusal != "" {
		return p.refuse(ctx, step, begun, read.refusal, "", read.plans())
	}
	return p.stage(ctx, step, begun, read, nil)
}

// CreateServiceContract reads the plan again and, if it is as the preview showed it, writes the contract with everything under it in one
// transaction (R22, R26). Where the NDIA reports something else, a new preview waits, with the differences.
func (p *PaceContract) CreateServiceContract(ctx context.Context, in protocol.CreateInput) (protocol.ContractResult, error) {
	step := db.Step{RunScope: in.RunScope, Area: care.AreaContract, Chunk: in.Number}
	begun, err := p.store.BeginContract(ctx, step)
	if answer, done := alreadyAnswered(begun, err); done {
		return protocol.ContractResult{AreaResult: answer}, err
	}
	if result, err := p.staged(ctx, step); !errors.Is(err, db.ErrNotFound) {
		result.AreaResult = care.Refused(care.ReasonPreviewDiffers)
		return result, err
	}
	retrieval, err := p.store.Preview(ctx, step.OrganisationID, in.Request.PreviewID)
	if err != nil {
		return protocol.ContractResult{}, err
	}
	if retrieval.Contents == nil {
		return p.refuse(ctx, step, begun, care.ReasonPreviewReplaced, "", nil)
	}
	preview := retrieval.Contents.Preview
	read, err := p.readPlan(ctx, step, begun, preview.Plan.StartDate)
	if err != nil {
		return p.refused(ctx, step, begun, err)
	}
	if read.refusal != "" {
		return p.refuse(ctx, step, begun, read.refusal, "", read.plans())
	}
	decision, err := p.store.CreateContract(ctx, step, begun, in.Request, func(held care.HeldContracts) care.ContractDecision {
		return care.DecideCreate(held, preview, in.Request, read.ContractRead, in.AskedAt, db.NewID)
	})
	switch {
	case err != nil:
		return protocol.ContractResult{}, err
	case decision.Answer.Reason == care.ReasonPreviewDiffers, decision.Answer.Reason == care.ReasonOverlapUnconfirmed:
		result, err := p.stage(ctx, step, begun, read, decision.Differences)
		result.AreaResult = decision.Answer
		return result, err
	case decision.Answer.Outcome != care.AreaSucceeded:
		return p.refuse(ctx, step, begun, decision.Answer.Reason, "", nil)
	default:
		return protocol.ContractResult{AreaResult: decision.Answer}, nil
	}
}

// RefreshContract reads a person's plan and applies what may be applied where no one looks; the rest is held for review (R31).
func (p *PaceContract) RefreshContract(ctx context.Context, in protocol.AreaInput) (protocol.ContractResult, error) {
	step := db.Step{RunScope: in.RunScope, Area: care.AreaContract}
	begun, err := p.store.BeginContract(ctx, step)
	if answer, done := alreadyAnswered(begun, err); done {
		return protocol.ContractResult{AreaResult: answer}, err
	}
	read, err := p.readPlans(ctx, step, begun)
	if err != nil {
		return p.refused(ctx, step, begun, err)
	}
	if read.refusal != "" {
		return p.refuse(ctx, step, begun, read.refusal, "", read.plans())
	}
	refresh := care.RefreshUnattended
	if in.ReviewAll {
		refresh = care.RefreshHeld
	}
	decision, err := p.store.RefreshContract(ctx, step, begun, func(held care.HeldContracts) care.ContractDecision {
		return refresh(held, read.ContractRead, db.NewID)
	})
	if err != nil {
		return protocol.ContractResult{}, err
	}
	if decision.Answer.Outcome == care.AreaRefused {
		return p.refuse(ctx, step, begun, decision.Answer.Reason, "", nil)
	}
	return protocol.ContractResult{AreaResult: decision.Answer}, nil
}

// planRead is what the NDIA says of a person's plans.
type planRead struct {
	care.ContractRead
	choice care.PlanChoice
	// listed are all plans that the NDIA lists.
	listed []care.ParticipantPlan
	// refusal says why none of the plans can be synced.
	refusal care.Reason
}

// plans are those that people are shown beside a refusal.
func (r planRead) plans() []care.ParticipantPlan {
	return append(r.choice.Candidates, r.choice.Others...)
}

// readPlans reads the plan that a refresh is about, and those that ended a short time ago.
func (p *PaceContract) readPlans(ctx context.Context, step db.Step, begun db.StepStart[db.HeldParticipant]) (planRead, error) {
	read, err := p.readPlan(ctx, step, begun, care.Date{})
	if err != nil || read.refusal != "" {
		return read, err
	}
	held, err := p.store.HeldContracts(ctx, step.OrganisationID, step.PersonID)
	if err != nil {
		return read, err
	}
	return read.withEarlier(ctx, p.reader(step, begun), begun.Held.Participant, held.Contracts)
}

// readPlan reads which plans there are and the budget of the one to sync (R23).
func (p *PaceContract) readPlan(ctx context.Context, step db.Step, begun db.StepStart[db.HeldParticipant], wantedStart care.Date) (planRead, error) {
	reader, participant := p.reader(step, begun), begun.Held.Participant
	kind, issues, err := reader.DeterminePlan(ctx, participant)
	if err != nil {
		return planRead{}, err
	}
	if !kind.IsPACE {
		return planRead{refusal: care.ReasonNotPACE}, nil
	}
	listed, err := reader.Plans(ctx, participant)
	if err != nil {
		return planRead{}, err
	}
	if ahead := care.PlansAhead(listed.Records, step.ServiceToday); len(ahead) > 0 {
		if err := p.store.NotePlansAhead(ctx, step.OrganisationID, step.PersonID, ahead); err != nil {
			return planRead{}, err
		}
	}
	read := planRead{choice: care.ChoosePlan(listed.Records, wantedStart, step.ServiceToday), listed: listed.Records}
	read.On, read.Today, read.Issues = step.Today, step.ServiceToday, append(issues, listed.Issues...)
	if read.refusal = read.choice.Refusal; read.refusal != "" {
		return read, nil
	}
	return read.withTree(ctx, reader, participant)
}

// withTree adds the plan's budget, from where it is found.
func (r planRead) withTree(ctx context.Context, reader *ndia.Reader, participant care.Participant) (planRead, error) {
	var issues []care.Issue
	var err error
	switch r.choice.Source {
	case care.TreeCurrent:
		r.Tree, issues, err = reader.Budget(ctx, participant)
		r.choice = r.choice.Settle(r.Tree)
		r.refusal = r.choice.Refusal
	case care.TreeHistorical:
		var trees care.Read[care.BudgetTree]
		trees, err = reader.HistoricalBudget(ctx, participant, r.choice.Plan.StartDate)
		issues = trees.Issues
		r.Tree, r.refusal = care.ChooseHistory(r.choice.Plan, trees.Records)
	default:
		r.refusal = care.ReasonPlanInFuture
		r.choice.Candidates = []care.ParticipantPlan{r.choice.Plan}
	}
	r.Plan, r.Others, r.Issues = r.choice.Plan, r.choice.Others, append(r.Issues, issues...)
	return r, err
}

// withEarlier adds the trees of plans that ended a short time ago (R23). What the NDIA refuses of them is said, and holds nothing else up.
func (r planRead) withEarlier(ctx context.Context, reader *ndia.Reader, participant care.Participant, held []care.ServiceContract) (planRead, error) {
	for _, plan := range care.EarlierPlans(held, r.Plan, r.listed, r.Today) {
		trees, err := reader.HistoricalBudget(ctx, participant, plan.StartDate)
		var failure *transport.Error
		if err != nil && (!errors.As(err, &failure) || failure.Retryable()) {
			return r, err
		}
		tree, refusal := care.ChooseHistory(plan, trees.Records)
		if err != nil || refusal != "" {
			r.Issues = append(r.Issues, care.EarlierPlanUnread(plan))
			continue
		}
		r.Earlier = append(r.Earlier, care.ContractRead{
			Plan: plan, Tree: tree, On: r.On, Today: r.Today, Issues: trees.Issues,
			Others: slices.DeleteFunc(slices.Clone(r.listed), func(p care.ParticipantPlan) bool { return p == plan }),
		})
	}
	return r, nil
}

// stage keeps the preview of a read until it is created, replaced or expires. A plan that cannot be created is refused at once.
func (p *PaceContract) stage(
	ctx context.Context, step db.Step, begun db.StepStart[db.HeldParticipant], read planRead, differences []care.NamedChange,
) (protocol.ContractResult, error) {
	held, err := p.store.HeldContracts(ctx, step.OrganisationID, step.PersonID)
	if err != nil {
		return protocol.ContractResult{}, err
	}
	id := db.PreviewID(step.RunID, step.Chunk)
	preview := care.Stage(id, held, read.ContractRead, begun.BeganAt, db.NewID)
	if preview.Refusal != "" {
		return p.refuse(ctx, step, begun, preview.Refusal, "", read.plans())
	}
	if err := p.store.StorePreview(ctx, step, db.PreviewContents{Preview: preview, Differences: differences}); err != nil {
		return protocol.ContractResult{}, err
	}
	return p.staged(ctx, step)
}

// staged returns the preview that this read has staged, or db.ErrNotFound.
func (p *PaceContract) staged(ctx context.Context, step db.Step) (protocol.ContractResult, error) {
	retrieval, err := p.store.Preview(ctx, step.OrganisationID, db.PreviewID(step.RunID, step.Chunk))
	if err != nil {
		return protocol.ContractResult{}, err
	}
	if retrieval.Contents == nil {
		return protocol.ContractResult{AreaResult: care.Refused(care.ReasonPreviewReplaced)}, nil
	}
	waiting := retrieval.Contents.Waiting()
	return protocol.ContractResult{AreaResult: care.AreaResult{Outcome: care.AreaSucceeded}, Waiting: &waiting}, nil
}

// refused records why the NDIA said no; what may succeed later remains an error (R9).
func (p *PaceContract) refused(ctx context.Context, step db.Step, begun db.StepStart[db.HeldParticipant], err error) (protocol.ContractResult, error) {
	failure, err := finalAnswer(ctx, p.store, step, err)
	if err != nil {
		return protocol.ContractResult{}, err
	}
	return p.refuse(ctx, step, begun, contractReason(failure), failure.Words, nil)
}

// contractReason is reasonOf for the NDIA, whose no to a device or an organisation as a whole says nothing about the participant (R30).
func contractReason(failure *transport.Error) care.Reason {
	if failure.Kind == transport.NotAuthorised && !ndia.AuthorityMissing(failure) {
		return care.ReasonNotSetUp
	}
	return reasonOf(failure)
}

func (p *PaceContract) refuse(
	ctx context.Context, step db.Step, begun db.StepStart[db.HeldParticipant], reason care.Reason, words string, plans []care.ParticipantPlan,
) (protocol.ContractResult, error) {
	issue := care.RefusalIssue(care.AreaContract, reason, words)
	if len(plans) > 0 {
		issue = issue.With(care.PlansDetails{Plans: plans})
	}
	answer, err := p.store.RefuseContract(ctx, step, begun.Read, reason, []care.Issue{issue})
	return protocol.ContractResult{AreaResult: answer}, err
}

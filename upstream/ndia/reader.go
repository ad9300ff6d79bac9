package ndia

import (
	"context"
	"encoding/json"
	"net/url"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/upstream/record"
	"github.com/caresync/caresync/upstream/transport"
)

// What the operations are called in errors and metrics.
const (
	operationDeterminePlan    = "kind of plan"
	operationPlans            = "plans of a participant"
	operationBudget           = "current budget"
	operationHistoricalBudget = "historical budget"
	operationSubscribe        = "subscribe to a notification"
)

// DeterminePlan reads which kind of plan a participant has, with what was odd about the answer.
//
// As with every operation on a participant, NotFound means that the number, the surname or the birth date is not exactly as the NDIA
// has it, or that the endorsement is missing; NotAuthorised that the endorsement is missing or has lapsed (AuthorityMissing).
func (r *Reader) DeterminePlan(ctx context.Context, participant care.Participant) (care.PlanKind, []care.Issue, error) {
	return read(ctx, r.calls, operationDeterminePlan, r.paths.DeterminePlan, keysOf(participant), func(d *record.Decoder, result json.RawMessage) care.PlanKind {
		return planKindOf(d.Row(care.KindServiceContract, fieldResult, result))
	})
}

// Plans reads the plans that the NDIA lists: at most two, the current one and the previous or the next; none is an empty answer. A plan that
// nothing identifies is left out, with a warning; where no other is left, the answer is refused (R6).
// care.ChoosePlan decides which of them is synced (R23).
func (r *Reader) Plans(ctx context.Context, participant care.Participant) (care.Read[care.ParticipantPlan], error) {
	plans, issues, err := read(ctx, r.calls, operationPlans, r.paths.Plans, keysOf(participant), func(d *record.Decoder, result json.RawMessage) []care.ParticipantPlan {
		var plans []care.ParticipantPlan
		rows := d.Rows(care.KindServiceContract, fieldResult, result)
		for _, one := range rows {
			if plan := participantPlanOf(one); !one.LeftOut() {
				plans = append(plans, plan)
			}
		}
		if len(plans) == 0 && len(rows) > 0 {
			rows[0].RefuseAnswer()
		}
		return plans
	})
	return care.Read[care.ParticipantPlan]{Records: plans, Issues: issues}, err
}

// Budget reads the budget tree of the plan that covers today, with what was odd about it. The tree does not name its plan (R23).
func (r *Reader) Budget(ctx context.Context, participant care.Participant) (care.BudgetTree, []care.Issue, error) {
	return read(ctx, r.budgets, operationBudget, r.paths.Budget, keysOf(participant), func(d *record.Decoder, result json.RawMessage) care.BudgetTree {
		tree := budgetTreeOf(d.Row(care.KindPlanBudget, fieldResult, result))
		tree.Incomplete = d.Incomplete(care.KindPlanBudget)
		return tree
	})
}

// HistoricalBudget reads the budgets of earlier periods that the NDIA gives for a date within an ended plan; none is an empty answer.
// care.ChooseHistory decides which of them is the plan's (R23).
func (r *Reader) HistoricalBudget(ctx context.Context, participant care.Participant, planDate care.Date) (care.Read[care.BudgetTree], error) {
	query := keysOf(participant)
	query.Set("plan_date", planDate.String())
	trees, issues, err := read(ctx, r.budgets, operationHistoricalBudget, r.paths.HistoricalBudget, query, func(d *record.Decoder, result json.RawMessage) []care.BudgetTree {
		trees := historicalTreesOf(d.Row(care.KindPlanBudget, fieldResult, result))
		for i := range trees {
			trees[i].Incomplete = d.Incomplete(care.KindPlanBudget)
		}
		return trees
	})
	return care.Read[care.BudgetTree]{Records: trees, Issues: issues}, err
}

// keysOf are the three values by which the NDIA finds a participant. They are sent as we hold them: they must match letter by letter.
func keysOf(participant care.Participant) url.Values {
	return url.Values{
		"participant":         {participant.NDISNumber},
		"participant_surname": {participant.FamilyName},
		"date_of_birth":       {participant.BirthDate.String()},
	}
}

// read makes a call and decodes the result in its envelope.
func read[T any](ctx context.Context, session *transport.Session, operation, path string, query url.Values, decode func(*record.Decoder, json.RawMessage) T) (T, []care.Issue, error) {
	var none T
	response, err := session.Get(ctx, operation, path, query)
	if err != nil {
		return none, nil, understood(err)
	}
	result, err := open(response)
	if err != nil {
		return none, nil, err
	}
	decoder := newDecoder()
	decoded := decode(decoder, result)
	if err := decoder.Refusal(response); err != nil {
		return none, nil, err
	}
	return decoded, decoder.TakeIssues(), nil
}

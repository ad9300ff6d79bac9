package api

import (
	"context"
	"net/http"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/starter/api/views"
)

const (
	tagPlans  = "Support at Home plans"
	planPath  = "/v1/people/{id}/plan"
	planParts = planPath + "/"
)

func typeOf[T any]() reflect.Type { return reflect.TypeFor[T]() }

// part is a part of a plan.
type part[T any] struct {
	Body struct {
		AsOf  *time.Time `json:"as_of" doc:"When this data was read; null if it never was"`
		Stale bool       `json:"stale" doc:"The latest sync could not bring this part up to date"`
		Items []T        `json:"items"`
	}
}

type planOutput struct{ Body views.PlanView }

type contributionsInput struct {
	ID   string `path:"id" format:"uuid" doc:"CareSync's id of the person"`
	AsOf string `query:"as_of" format:"date" doc:"What was known at the end of that day in the organisation's time zone"`
}

type budgetInput struct {
	ID     string `path:"id" format:"uuid" doc:"CareSync's id of the person"`
	Budget string `path:"budget" format:"uuid" doc:"CareSync's id of the budget"`
}

type budgetOutput struct{ Body views.BudgetView }

func (a api) registerPlans(served huma.API) {
	huma.Register(served, planOperation("get-plan", planPath, "Read a plan and everything under it"), a.getPlan)
	registerPart(a, served, "classifications", care.AreaSummary, func(plan views.PlanView) []views.ClassificationView { return plan.Classifications })
	registerPart(a, served, "approved-services", care.AreaSummary, func(plan views.PlanView) []views.ApprovedServiceView { return plan.ApprovedServices })
	registerPart(a, served, "supplements", care.AreaSummary, func(plan views.PlanView) []views.SupplementView { return plan.Supplements })
	registerPart(a, served, "budgets", care.AreaBudgets, func(plan views.PlanView) []views.BudgetView { return plan.Budgets })
	huma.Register(served, planOperation("list-contributions", planParts+"contributions", "Read the individual contributions, now or on an earlier day"),
		a.listContributions)
	huma.Register(served, planOperation("get-budget", planParts+"budgets/{budget}", "Read a budget with its entitlements and usage"), a.getBudget)
}

func planOperation(id, path, summary string) huma.Operation {
	return huma.Operation{
		OperationID: id, Method: http.MethodGet, Path: path, Tags: []string{tagPlans}, Summary: summary,
		Errors: []int{http.StatusNotFound},
	}
}

// registerPart registers an operation that returns one list of a plan.
func registerPart[T any](a api, served huma.API, name string, area care.Area, items func(views.PlanView) []T) {
	huma.Register(served, planOperation("list-"+name, planParts+name, "Read a plan's "+name),
		func(ctx context.Context, in *personInput) (*part[T], error) {
			plan, err := a.plan(ctx, in.ID)
			if err != nil {
				return nil, err
			}
			return partOf(plan, area, items(views.FromPlan(plan))), nil
		})
}

func partOf[T any](plan read.Plan, area care.Area, items []T) *part[T] {
	out := &part[T]{}
	out.Body.Items = items
	for _, status := range plan.Areas {
		if status.Area == area {
			out.Body.AsOf, out.Body.Stale = status.AsOf, status.Stale
		}
	}
	return out
}

func (a api) plan(ctx context.Context, client string) (read.Plan, error) {
	plan, err := read.From(a.store).Plan(ctx, callerOf(ctx).Organisation, care.ID(client), a.store.Now())
	if err != nil {
		return plan, a.problem(ctx, err)
	}
	return plan, nil
}

func (a api) getPlan(ctx context.Context, in *personInput) (*planOutput, error) {
	plan, err := a.plan(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return &planOutput{Body: views.FromPlan(plan)}, nil
}

func (a api) listContributions(ctx context.Context, in *contributionsInput) (*part[views.ContributionView], error) {
	plan, err := a.plan(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	out := partOf(plan, care.AreaContributions, views.Each(plan.Contributions, views.FromContribution))
	if in.AsOf == "" {
		return out, nil
	}
	day, err := care.ParseDate(in.AsOf)
	if err != nil {
		return nil, newProblem(http.StatusUnprocessableEntity, "invalid_value", "as_of must be a date as YYYY-MM-DD.")
	}
	set, known := plan.ContributionsOn(day, callerOf(ctx).Organisation.Location())
	if !known {
		return nil, newProblem(http.StatusNotFound, "not_found", "No contributions were known on that day.")
	}
	out.Body.AsOf, out.Body.Stale, out.Body.Items = &set.ReadAt, false, views.Each(set.Contributions, views.FromContribution)
	return out, nil
}

func (a api) getBudget(ctx context.Context, in *budgetInput) (*budgetOutput, error) {
	plan, err := a.plan(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	budget, known := plan.Budget(idOf(in.Budget))
	if !known {
		return nil, a.problem(ctx, db.ErrNotFound)
	}
	return &budgetOutput{Body: views.FromBudget(budget)}, nil
}

package servicesaustralia

import (
	"context"
	"net/url"
	"strings"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/upstream/record"
	"github.com/caresync/caresync/upstream/transport"
)

// What the operations on one person are called in errors and metrics.
const (
	operationSummary       = "care recipient summary"
	operationContributions = "individual contributions"
	operationBudgets       = "budgets of a care recipient"
	operationBudgetDetails = "budget details"
)

// Summary reads what the government says of a care recipient: usually one row, several where the person has several entries or is registered
// with several providers. A row of someone else is returned as it is; care.Known decides (R8). A person who is not known is NotFound.
func (r *Reader) Summary(ctx context.Context, careRecipientID string) (care.Read[care.Summary], error) {
	list := r.sorted(operationSummary, r.options.Paths.Summary, fieldCareRecipientID, ofPerson(careRecipientID))
	list.mustExist, list.identifiesPerson = true, true
	read, err := readPerson(ctx, r, list, summaryRows)
	if err == nil && len(read.Records) == 0 {
		err = &transport.Error{Service: r.connection.Service, Operation: operationSummary, Kind: transport.NotFound}
	}
	return read, err
}

// Contributions reads a care recipient's individual contributions; none is an empty answer. Equal rows are all kept: they have no id
// that would make them duplicates (R16). A row of someone else is an IdentityMismatch.
func (r *Reader) Contributions(ctx context.Context, careRecipientID string) (care.Read[care.Contribution], error) {
	return r.contributions(ctx, careRecipientID, url.Values{})
}

func (r *Reader) contributions(ctx context.Context, careRecipientID string, window url.Values) (care.Read[care.Contribution], error) {
	query := ofPerson(careRecipientID)
	for name, values := range window {
		query[name] = values
	}
	list := r.sorted(operationContributions, r.options.Paths.Contributions, fieldCareRecipientID, query)
	decode := func(row record.Row) care.Contribution {
		belongsTo(row, careRecipientID)
		return contributionOf(row)
	}
	return readPerson(ctx, r, list, rowReader[care.Contribution]{area: care.AreaContributions, kind: care.KindContribution, decode: decode})
}

// Budgets reads a care recipient's budgets; none is an empty answer. A row of someone else is an IdentityMismatch. Where the person
// has not agreed it is ConsentRefused (R18).
func (r *Reader) Budgets(ctx context.Context, careRecipientID string) (care.Read[care.Budget], error) {
	list := r.sorted(operationBudgets, r.options.Paths.BudgetsOfCareRecipient, fieldBudgetID, ofPerson(careRecipientID))
	decode := func(row record.Row) care.Budget {
		belongsTo(row, careRecipientID)
		return budgetOf(row)
	}
	return readPerson(ctx, r, list, rowReader[care.Budget]{area: care.AreaBudgets, kind: care.KindBudget, decode: decode, id: budgetID})
}

// BudgetDetails reads what a budget is made of and what drew on it, with what was odd about it. A budget that is not known is
// NotFound; where the person has not agreed it is ConsentRefused (R18).
func (r *Reader) BudgetDetails(ctx context.Context, upstreamBudgetID string) (care.BudgetDetails, []care.Issue, error) {
	path := strings.ReplaceAll(r.options.Paths.BudgetDetails, "{budget}", url.PathEscape(upstreamBudgetID))
	response, err := r.get(ctx, operationBudgetDetails, path, nil)
	if err != nil {
		return care.BudgetDetails{}, nil, err
	}
	decoder := newDecoder(care.AreaUsage)
	answer, err := decoder.Answer(care.KindBudget, response)
	if err != nil {
		return care.BudgetDetails{}, nil, err
	}
	details := budgetDetailsOf(answer, upstreamBudgetID)
	if err := decoder.Refusal(response); err != nil {
		return care.BudgetDetails{}, nil, err
	}
	return details, decoder.TakeIssues(), nil
}

// sorted is a list in a stable order, in pages of the configured size for a provider's lists.
func (r *Reader) sorted(operation, path, sortField string, query url.Values) list {
	return list{operation: operation, path: path, query: query, sortField: sortField, limit: r.options.PageSize}
}

func ofPerson(careRecipientID string) url.Values {
	return url.Values{fieldCareRecipientID: {careRecipientID}}
}

// summaryRows are the rows of a summary. Two rows of a person differ in whatever they say: equal ones are one.
var summaryRows = rowReader[care.Summary]{area: care.AreaSummary, kind: care.KindPerson, decode: summaryOf, id: care.Summary.Canonical}

func budgetID(budget care.Budget) string { return budget.UpstreamBudgetID }

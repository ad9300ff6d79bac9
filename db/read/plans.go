package read

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/shopspring/decimal"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/gen"
	"github.com/caresync/caresync/words"
)

// Plan is a person's Support at Home plan with everything under it. Removed records are among them, with the time of their
// removal (R5).
type Plan struct {
	Person           Person
	TimeZone         string
	Today            care.Date
	Areas            []AreaStatus
	Classifications  []Classification
	ApprovedServices []ApprovedService
	Supplements      []Supplement
	Contributions    []Contribution
	History          []ContributionSet
	Budgets          []Budget
	Holds            []Hold
}

// AreaStatus is how fresh an area of a plan is (R6).
type AreaStatus struct {
	Area care.Area
	// AsOf is when the read began whose data stands. For usage it is the oldest among the open budgets.
	AsOf        *time.Time
	LastOutcome care.AreaOutcome
	Reason      care.Reason
	Explanation string
	LastRunID   *care.ID
	LastTriedAt *time.Time
	Stale       bool
}

// Classification is a funding level that the person holds for a time.
type Classification struct {
	ID            care.ID
	Code          string
	Name          string
	FundingSource string
	StartDate     care.Date
	EndDate       care.Date
	RemovedAt     *time.Time
}

// ApprovedService is a service that the person is approved to receive.
type ApprovedService struct {
	ID          care.ID
	GroupCode   string
	TypeCode    string
	ServiceCode string
	Name        string
	StartDate   care.Date
	EndDate     care.Date
	RemovedAt   *time.Time
}

// Supplement is an amount added to a person's funding.
type Supplement struct {
	ID        care.ID
	Code      string
	Name      string
	StartDate care.Date
	EndDate   care.Date
	RemovedAt *time.Time
}

// Contribution is the percentage that the person pays for a category of services. It has no id (R16).
type Contribution struct {
	Category   string
	Percentage *Percentage
	StartDate  care.Date
	EndDate    care.Date
	Status     string
}

// ContributionSet is what was in force from one read until a read with other content (R16).
type ContributionSet struct {
	ReadAt        time.Time
	ReplacedAt    *time.Time
	Contributions []Contribution
}

// Budget is an allocation of money for a period. Used, write-off and rollover are positive where money was consumed (R4); null
// amounts were not provided (R3).
type Budget struct {
	ID                care.ID
	UpstreamBudgetID  string
	ServiceProviderID string
	TypeCode          string
	TypeName          string
	EntryDate         care.Date
	StartDate         care.Date
	EndDate           care.Date
	Status            string
	Open              bool
	Total             *Money
	Used              *Money
	WriteOff          *Money
	Rollover          *Money
	Available         *Money
	UsageAmount       *Money
	UsageIncomplete   bool
	UsageAsOf         *time.Time
	UsageStaleReason  *care.Reason
	UsageStaleSince   *time.Time
	Entitlements      []Entitlement
	Usage             []UsageLine
	Billing           *Billing
	RemovedAt         *time.Time
}

// Entitlement is a part of what a budget is made of.
type Entitlement struct {
	ID        care.ID
	Code      string
	Amount    *Money
	RemovedAt *time.Time
}

// Billing is what we billed beside what it drew. The difference may be the person's contribution.
type Billing struct {
	Billed     Money
	Drawn      Money
	Difference Money
}

// viewBilling compares what we billed for the lines of ours among a budget's usage with what they drew, nil where there are none.
func viewBilling(usage []UsageLine) *Billing {
	billed, drawn := decimal.Zero, decimal.Zero
	seen := make(map[care.ID]bool)
	for _, line := range usage {
		if line.RemovedAt != nil || line.InvoiceLineID == nil || line.Billed == nil || line.Drawn == nil || seen[*line.InvoiceLineID] {
			continue
		}
		seen[*line.InvoiceLineID] = true
		billed, drawn = billed.Add(line.Billed.Decimal), drawn.Add(line.Drawn.Decimal)
	}
	if len(seen) == 0 {
		return nil
	}
	return &Billing{Billed: Money{billed}, Drawn: Money{drawn}, Difference: Money{billed.Sub(drawn)}}
}

// UsageLine is an amount that an invoice line drew from a budget (R17).
type UsageLine struct {
	ID                  care.ID
	InvoiceLineID       *care.ID
	UpstreamInvoiceID   string
	UpstreamItemID      string
	ExternalReferenceID string
	ServiceProviderID   string
	ServiceCode         string
	DeliveryDate        care.Date
	Amount              *Money
	Billed              *Money
	Drawn               *Money
	RemovedAt           *time.Time
}

// Plan returns a person's plan and everything under it, or ErrNotFound. Someone who was never synced has empty lists. It is
// the same number of queries however large the plan is.
func (s Store) Plan(ctx context.Context, organisation care.Organisation, person care.ID, now time.Time) (Plan, error) {
	return s.planView(ctx, organisation, person, now, planLoader.budgetsWithDetails)
}

// PlanOutline is Plan without the entitlements and usage lines of the budgets, of which there may be thousands.
func (s Store) PlanOutline(ctx context.Context, organisation care.Organisation, person care.ID, now time.Time) (Plan, error) {
	return s.planView(ctx, organisation, person, now, planLoader.budgets)
}

func (s Store) planView(
	ctx context.Context, organisation care.Organisation, person care.ID, now time.Time, budgets func(planLoader, context.Context) error,
) (Plan, error) {
	view := Plan{TimeZone: organisation.TimeZone, Today: organisation.Today(now)}
	err := s.store.Snapshot(ctx, "load the plan", func(queries *gen.Queries) (err error) {
		if view.Person, err = loadPerson(ctx, queries, organisation, person, now); err != nil {
			return err
		}
		load := planLoader{queries: queries, organisation: organisation.ID, person: person, view: &view}
		for _, part := range []func(planLoader, context.Context) error{
			planLoader.classifications, planLoader.approvedServices, planLoader.supplements, planLoader.contributions, planLoader.history, budgets,
			planLoader.holds, planLoader.areas,
		} {
			if err := part(load, ctx); err != nil {
				return err
			}
		}
		return nil
	})
	return view, err
}

// PlanBudget returns one budget of a person's plan and everything under it, or ErrNotFound.
func (s Store) PlanBudget(ctx context.Context, organisation care.Organisation, person, budget care.ID, now time.Time) (Person, Budget, error) {
	view := Plan{Today: organisation.Today(now)}
	err := s.store.Snapshot(ctx, "load the budget", func(queries *gen.Queries) (err error) {
		if view.Person, err = loadPerson(ctx, queries, organisation, person, now); err != nil {
			return err
		}
		load := planLoader{queries: queries, organisation: organisation.ID, person: person, view: &view}
		if err := load.budgets(ctx); err != nil {
			return err
		}
		return load.details(ctx, &budget)
	})
	if err != nil {
		return Person{}, Budget{}, err
	}
	found, exists := view.Budget(budget)
	if !exists {
		return Person{}, Budget{}, db.ErrNotFound
	}
	return view.Person, found, nil
}

// ContributionsOn returns the set of contributions that was known at the end of that day in the organisation's time zone, or
// false if none was.
func (v Plan) ContributionsOn(day care.Date, zone *time.Location) (ContributionSet, bool) {
	for _, set := range v.History {
		if !care.DateIn(set.ReadAt, zone).After(day) && (set.ReplacedAt == nil || care.DateIn(*set.ReplacedAt, zone).After(day)) {
			return set, true
		}
	}
	return ContributionSet{}, false
}

// Budget returns one of the plan's budgets, by our id.
func (v Plan) Budget(id care.ID) (Budget, bool) {
	for _, budget := range v.Budgets {
		if budget.ID == id {
			return budget, true
		}
	}
	return Budget{}, false
}

// planLoader fills the parts of a plan's view, one or a few queries each.
type planLoader struct {
	queries      *gen.Queries
	organisation care.ID
	person       care.ID
	view         *Plan
}

func (l planLoader) classifications(ctx context.Context) error {
	rows, err := l.queries.ViewClassifications(ctx, gen.ViewClassificationsParams{OrganisationID: l.organisation, PersonID: l.person})
	l.view.Classifications = Each(rows, func(row gen.ViewClassificationsRow) Classification { return Classification(row) })
	return err
}

func (l planLoader) approvedServices(ctx context.Context) error {
	rows, err := l.queries.ViewApprovedServices(ctx, gen.ViewApprovedServicesParams{OrganisationID: l.organisation, PersonID: l.person})
	l.view.ApprovedServices = Each(rows, func(row gen.ViewApprovedServicesRow) ApprovedService { return ApprovedService(row) })
	return err
}

func (l planLoader) supplements(ctx context.Context) error {
	rows, err := l.queries.ViewSupplements(ctx, gen.ViewSupplementsParams{OrganisationID: l.organisation, PersonID: l.person})
	l.view.Supplements = Each(rows, func(row gen.ViewSupplementsRow) Supplement { return Supplement(row) })
	return err
}

func (l planLoader) contributions(ctx context.Context) error {
	rows, err := l.queries.ViewContributions(ctx, gen.ViewContributionsParams{OrganisationID: l.organisation, PersonID: l.person})
	l.view.Contributions = Each(rows, func(row gen.ViewContributionsRow) Contribution { return viewContribution(care.Contribution(row)) })
	return err
}

func viewContribution(contribution care.Contribution) Contribution {
	return Contribution{
		Category: contribution.Category, Percentage: percentage(contribution.Percentage),
		StartDate: contribution.StartDate, EndDate: contribution.EndDate, Status: contribution.Status,
	}
}

func (l planLoader) history(ctx context.Context) error {
	rows, err := l.queries.ViewContributionSets(ctx, gen.ViewContributionSetsParams{OrganisationID: l.organisation, PersonID: l.person})
	l.view.History = make([]ContributionSet, 0, len(rows))
	for _, row := range rows {
		var contributions []care.Contribution
		if err := json.Unmarshal(row.Contributions, &contributions); err != nil {
			return fmt.Errorf("read an earlier set of contributions: %w", err)
		}
		l.view.History = append(l.view.History, ContributionSet{
			ReadAt: row.ReadAt, ReplacedAt: row.ReplacedAt, Contributions: Each(contributions, viewContribution),
		})
	}
	return err
}

func (l planLoader) budgets(ctx context.Context) error {
	rows, err := l.queries.ViewBudgets(ctx, gen.ViewBudgetsParams{OrganisationID: l.organisation, PersonID: l.person})
	l.view.Budgets = Each(rows, func(row gen.ViewBudgetsRow) Budget { return viewBudget(row, l.view.Today) })
	return err
}

func (l planLoader) budgetsWithDetails(ctx context.Context) error {
	if err := l.budgets(ctx); err != nil {
		return err
	}
	return l.details(ctx, nil)
}

// details loads what lies under one of the budgets, or under all of them.
func (l planLoader) details(ctx context.Context, only *care.ID) error {
	entitlements, err := l.entitlements(ctx, only)
	if err != nil {
		return err
	}
	usage, err := l.usage(ctx, only)
	for i := range l.view.Budgets {
		budget := &l.view.Budgets[i]
		budget.Entitlements = append(budget.Entitlements, entitlements[budget.ID]...)
		budget.Usage = append(budget.Usage, usage[budget.ID]...)
		budget.Billing = viewBilling(budget.Usage)
	}
	return err
}

func viewBudget(row gen.ViewBudgetsRow, today care.Date) Budget {
	rule := care.Budget{EndDate: row.EndDate}
	rule.Removed = row.RemovedAt != nil
	return Budget{
		ID: row.ID, UpstreamBudgetID: row.UpstreamBudgetID, ServiceProviderID: row.ServiceProviderID, TypeCode: row.TypeCode, TypeName: row.TypeName,
		EntryDate: row.EntryDate, StartDate: row.StartDate, EndDate: row.EndDate, Status: row.Status, Open: rule.OpenOn(today),
		Total: money(row.Total), Used: money(row.Used), WriteOff: money(row.WriteOff), Rollover: money(row.Rollover),
		Available: money(row.Available), UsageAmount: money(row.UsageAmount), UsageIncomplete: row.UsageIncomplete, UsageAsOf: row.UsageAsOf, RemovedAt: row.RemovedAt,
		UsageStaleReason: (*care.Reason)(row.UsageStaleReason), UsageStaleSince: row.UsageStaleSince,
		Entitlements: []Entitlement{}, Usage: []UsageLine{},
	}
}

func (l planLoader) entitlements(ctx context.Context, only *care.ID) (map[care.ID][]Entitlement, error) {
	rows, err := l.queries.ViewEntitlements(ctx, gen.ViewEntitlementsParams{OrganisationID: l.organisation, PersonID: l.person, BudgetID: only})
	byBudget := make(map[care.ID][]Entitlement)
	for _, row := range rows {
		byBudget[row.BudgetID] = append(byBudget[row.BudgetID],
			Entitlement{ID: row.ID, Code: row.Code, Amount: money(row.Amount), RemovedAt: row.RemovedAt})
	}
	return byBudget, err
}

func (l planLoader) usage(ctx context.Context, only *care.ID) (map[care.ID][]UsageLine, error) {
	rows, err := l.queries.ViewUsage(ctx, gen.ViewUsageParams{OrganisationID: l.organisation, PersonID: l.person, BudgetID: only})
	byBudget := make(map[care.ID][]UsageLine)
	for _, row := range rows {
		line := UsageLine{
			ID: row.ID, InvoiceLineID: row.InvoiceLineID, UpstreamInvoiceID: row.UpstreamInvoiceID, UpstreamItemID: row.UpstreamItemID,
			ExternalReferenceID: row.ExternalReferenceID, ServiceProviderID: row.ServiceProviderID, ServiceCode: row.ServiceCode,
			DeliveryDate: row.DeliveryDate, Amount: money(row.Amount), Billed: money(row.Billed), RemovedAt: row.RemovedAt,
		}
		if row.InvoiceLineID != nil && (row.Amount.Valid || !row.Drawn.IsZero()) {
			line.Drawn = &Money{row.Drawn}
		}
		byBudget[row.BudgetID] = append(byBudget[row.BudgetID], line)
	}
	return byBudget, err
}

func (l planLoader) holds(ctx context.Context) error {
	rows, err := l.queries.ViewHolds(ctx, gen.ViewHoldsParams{OrganisationID: l.organisation, PersonID: l.person})
	l.view.Holds = viewHolds(rows)
	return err
}

// areas is loaded last: the freshness of usage is that of the budgets.
func (l planLoader) areas(ctx context.Context) error {
	outcomes, err := l.queries.ViewAreas(ctx, gen.ViewAreasParams{OrganisationID: l.organisation, PersonID: l.person})
	if err != nil {
		return err
	}
	fences, err := l.queries.ViewFences(ctx, gen.ViewFencesParams{OrganisationID: l.organisation, PersonID: l.person})
	if err != nil {
		return err
	}
	statuses := make(map[care.Area]*AreaStatus, len(care.Areas))
	for _, area := range care.Areas {
		statuses[area] = &AreaStatus{Area: area}
	}
	for _, fence := range fences {
		if status := statuses[care.Area(fence.Area)]; status != nil {
			status.AsOf = &fence.AsOf
		}
	}
	statuses[care.AreaUsage].AsOf = oldestUsage(l.view.Budgets)
	for _, outcome := range outcomes {
		if status := statuses[care.Area(outcome.Area)]; status != nil {
			status.show(outcome)
		}
	}
	l.view.Areas = make([]AreaStatus, 0, len(care.Areas))
	for _, area := range care.Areas {
		l.view.Areas = append(l.view.Areas, *statuses[area])
	}
	return nil
}

func (a *AreaStatus) show(row gen.ViewAreasRow) {
	a.LastOutcome, a.Reason = care.AreaOutcome(row.Outcome), care.Reason(row.Reason)
	a.Explanation = words.Reason(a.Reason, care.ServicesAustralia)
	a.LastRunID, a.LastTriedAt = &row.RunID, &row.FinishedAt
	a.Stale = !saved(a.LastOutcome)
}

func oldestUsage(budgets []Budget) (oldest *time.Time) {
	for _, budget := range budgets {
		if budget.Open && budget.UsageAsOf != nil && (oldest == nil || budget.UsageAsOf.Before(*oldest)) {
			oldest = budget.UsageAsOf
		}
	}
	return oldest
}

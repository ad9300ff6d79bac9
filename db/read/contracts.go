package read

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/shopspring/decimal"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/gen"
	"github.com/caresync/caresync/db/internal/optional"
	"github.com/caresync/caresync/words"
)

// ContractHeader is a service contract without what is inside it.
type ContractHeader struct {
	ID                   care.ID
	PersonID             care.ID
	Origin               care.ContractOrigin
	Reference            string
	PlanFirstStartDate   care.Date
	PlanStartDate        care.Date
	PlanEndDate          care.Date
	StartDate            care.Date
	EndDate              care.Date
	SupersededBy         *care.ID
	TotalFunding         *Money
	AllocationTotal      *Money
	FundingIncomplete    bool
	AllocationIncomplete bool
	RetrievedOn          care.Date
	AsOf                 *time.Time
	Current              bool

	serviceTimeZone string
}

// Contract is a service contract with everything under it.
type Contract struct {
	ContractHeader
	Person  PersonRef
	Budgets []PlanBudget
	Review  []Review
	// FundingDay is nil where no money is awaited.
	FundingDay *FundingDay
}

// FundingDay is a day on which a funding period began (R34).
type FundingDay struct {
	care.FundingDay
	Words string
}

// PlanBudget is a plan budget as the NDIA reported it, null amounts not provided (R3), with what drew on it.
type PlanBudget struct {
	ID                 care.ID
	BudgetType         care.BudgetType
	Management         care.Management
	SupportType        string
	Category           string
	CategoryNumber     int
	FundingComponent   string
	Approved           *Money
	Released           *Money
	Spent              *Money
	Remaining          *Money
	StartDate          care.Date
	EndDate            care.Date
	InstalmentType     string
	ExcludedFromTotals bool
	NoLongerInPACE     bool
	RemovedAt          *time.Time
	OwnClaimed         *Money
	Adjustment         *Money
	FundingPeriods     []FundingPeriod
	StatedItems        []StatedItem
	DeliveredServices  []DeliveredService
}

// Name is how people tell the budget from the others of its contract.
func (b PlanBudget) Name() string { return budgetName(b.Category, b.BudgetType, b.Management) }

func budgetName(category string, budgetType care.BudgetType, management care.Management) string {
	budget := care.ReportedBudget{Category: category, BudgetType: budgetType, Management: management}
	return budget.Name()
}

// FundingPeriod is a part of a budget's time in which a part of its money is released.
type FundingPeriod struct {
	FundingPeriodID string
	StartDate       care.Date
	EndDate         care.Date
	Amount          *Money
	Released        *bool
}

// StatedItem is a support item for which a stated budget is meant.
type StatedItem struct {
	SupportItemNumber string
	SupportItemText   string
	Approved          *Money
}

// DeliveredService is work that drew on a plan budget, or its adjustment record (PACE guide §Adjustment record, R27).
type DeliveredService struct {
	ID                     care.ID
	Kind                   care.DeliveredServiceKind
	Reference              string
	DeliveredOn            care.Date
	Amount                 *Money
	SupportItemNumber      string
	SupportItemDescription string
	ServiceProviderName    string
	Note                   string
	ClaimStatus            care.InvoiceClaimStatus
	Claimable              bool
	RemovedAt              *time.Time
}

// Review is a change that an unattended refresh held for approval (R31). To accept it, retrieve the plan and create.
type Review struct {
	Person PersonRef
	care.ReviewItem
	Words  string
	RunID  care.ID
	HeldAt time.Time
}

// ContractChange is one field that a run or an import changed in a contract or what is under it. A record that was created, removed
// or revived has one entry without a field.
type ContractChange struct {
	ChangeCause
	Kind       care.Kind
	RecordID   care.ID
	Subject    string
	Action     string
	Field      string
	FieldLabel string
	Old        *string
	New        *string
}

// PreviewRef is a retrieval that waits to be created (R22).
type PreviewRef struct {
	ID          care.ID
	RunID       care.ID
	RetrievedAt time.Time
	ExpiresAt   time.Time
}

// Participant is a person as far as PACE is concerned.
type Participant struct {
	PersonID   care.ID
	GivenName  string
	FamilyName string
	NDISNumber string
	care.PACEFlags
	Standing        care.PACEStanding
	StopExplanation string
	Available       bool
	Refusal         care.Reason
	Explanation     string
	Contracts       []ContractHeader
	Waiting         *PreviewRef
}

// Contracts returns a person's service contracts, newest first, or ErrNotFound for someone who is not in the organisation.
func (s Store) Contracts(ctx context.Context, organisation care.Organisation, person care.ID, now time.Time) (contracts []ContractHeader, err error) {
	err = s.store.Snapshot(ctx, "list the contracts", func(queries *gen.Queries) error {
		if _, err := viewPerson(ctx, queries, organisation.ID, person); err != nil {
			return err
		}
		contracts, err = viewContracts(ctx, queries, organisation, gen.ViewContractsParams{PersonID: &person}, now)
		return err
	})
	return contracts, err
}

// Contract returns a service contract and everything under it, or ErrNotFound. It is the same number of queries however many
// budgets there are.
func (s Store) Contract(ctx context.Context, organisation care.Organisation, contract care.ID, now time.Time) (view Contract, err error) {
	err = s.store.Snapshot(ctx, "load the contract", func(queries *gen.Queries) error {
		headers, err := viewContracts(ctx, queries, organisation, gen.ViewContractsParams{ContractID: &contract}, now)
		if err != nil {
			return err
		}
		if len(headers) == 0 {
			return db.ErrNotFound
		}
		view.ContractHeader = headers[0]
		if view.Person, err = viewPerson(ctx, queries, organisation.ID, view.PersonID); err != nil {
			return err
		}
		if view.Budgets, err = viewPlanBudgets(ctx, queries, organisation.ID, contract); err != nil {
			return err
		}
		if view.FundingDay, err = viewFundingDay(view, now); err != nil {
			return err
		}
		view.Review, err = viewReviews(ctx, queries, gen.ViewReviewsParams{OrganisationID: organisation.ID, ContractID: &contract})
		return err
	})
	return view, err
}

// ContractHistory returns what changed in a contract, its budgets and what was delivered under it, newest first, and whether there
// is more. before is the time of the last change of the page that was shown before, zero for the first. What changed at one moment
// stays on one page, which may therefore be longer than asked. It fails with ErrNotFound.
func (s Store) ContractHistory(
	ctx context.Context, organisation, contract care.ID, before time.Time, most int,
) (changes []ContractChange, more bool, err error) {
	err = s.store.Snapshot(ctx, "load the contract's history", func(queries *gen.Queries) error {
		known, err := queries.ViewContracts(ctx, gen.ViewContractsParams{OrganisationID: organisation, ContractID: &contract})
		if err != nil {
			return err
		}
		if len(known) == 0 {
			return db.ErrNotFound
		}
		rows, err := queries.ViewContractHistory(ctx, gen.ViewContractHistoryParams{
			OrganisationID: organisation, ContractID: contract, Before: optional.Of(before), Most: pageSize(most) - 1,
		})
		changes = make([]ContractChange, 0, len(rows))
		for _, row := range rows {
			changes, more = append(changes, viewContractChange(row)), row.More
		}
		return err
	})
	return changes, more, err
}

// Reviews returns what is held for review (R31), of one person or, where that is empty, of all.
func (s Store) Reviews(ctx context.Context, organisation care.ID, person care.ID) ([]Review, error) {
	reviews, err := viewReviews(ctx, s.queries, gen.ViewReviewsParams{OrganisationID: organisation, PersonID: optional.Of(person)})
	return reviews, db.MapError("list what is held for review", err)
}

// Participant returns a person as far as PACE is concerned: whether "+ NDIS PACE" is available and why not (R21), and what there is
// already. It fails with ErrNotFound.
func (s Store) Participant(ctx context.Context, organisation care.Organisation, client care.ID, now time.Time) (view Participant, err error) {
	err = s.store.Snapshot(ctx, "load the participant", func(queries *gen.Queries) error {
		person, err := viewPerson(ctx, queries, organisation.ID, client)
		if err != nil {
			return err
		}
		participant, err := db.ParticipantFrom(ctx, queries, organisation.ID, client)
		if err != nil {
			return err
		}
		view = viewParticipant(person, participant, organisation.Today(now))
		if view.Contracts, err = viewContracts(ctx, queries, organisation, gen.ViewContractsParams{PersonID: &client}, now); err != nil {
			return err
		}
		waiting, err := queries.ViewWaitingPreview(ctx, gen.ViewWaitingPreviewParams{OrganisationID: organisation.ID, PersonID: client, Now: now})
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		view.Waiting = optional.Of(PreviewRef(waiting))
		return err
	})
	return view, err
}

func viewParticipant(person PersonRef, participant db.ParticipantRecord, today care.Date) Participant {
	view := Participant{
		PersonID: person.ID, GivenName: person.GivenName, FamilyName: person.FamilyName, NDISNumber: person.NDISNumber,
		PACEFlags: participant.PACEFlags, Standing: participant.Standing.On(today),
	}
	if view.Standing.Relationships == nil {
		view.Standing.Relationships = []care.Relationship{}
	}
	view.StopExplanation = words.Reason(view.Standing.StopReason, care.NDIA)
	availability := care.AvailabilityOf(participant.APIEnabled, participant.Participant)
	view.Available, view.Refusal, view.Explanation = availability.Available, availability.Reason, words.Reason(availability.Reason, care.NDIA)
	return view
}

func viewPerson(ctx context.Context, queries *gen.Queries, organisation, person care.ID) (PersonRef, error) {
	row, err := queries.ViewPerson(ctx, gen.ViewPersonParams{OrganisationID: organisation, PersonID: person})
	return PersonRef{
		ID: row.ID, CareRecipientID: row.CareRecipientID, NDISNumber: row.NdisNumber, GivenName: row.GivenName, FamilyName: row.FamilyName,
	}, err
}

func viewContracts(ctx context.Context, queries *gen.Queries, organisation care.Organisation, query gen.ViewContractsParams, now time.Time) ([]ContractHeader, error) {
	query.OrganisationID = organisation.ID
	rows, err := queries.ViewContracts(ctx, query)
	contracts := make([]ContractHeader, 0, len(rows))
	for _, row := range rows {
		dates := care.DateRange{StartDate: row.StartDate, EndDate: row.EndDate}
		contracts = append(contracts, ContractHeader{
			ID: row.ID, PersonID: row.PersonID, Origin: care.ContractOrigin(row.Origin), Reference: row.Reference,
			PlanFirstStartDate: row.PlanFirstStartDate, PlanStartDate: row.PlanStartDate, PlanEndDate: row.PlanEndDate,
			StartDate: row.StartDate, EndDate: row.EndDate, SupersededBy: row.SupersededBy,
			TotalFunding: money(row.TotalFunding), AllocationTotal: money(row.AllocationTotal),
			FundingIncomplete: row.FundingIncomplete, AllocationIncomplete: row.AllocationIncomplete, RetrievedOn: row.RetrievedOn, AsOf: row.AsOf,
			Current: row.SupersededBy == nil && dates.Covers(organisation.Today(now)), serviceTimeZone: row.ServiceTimeZone,
		})
	}
	return contracts, err
}

// viewPlanBudgets loads a contract's budgets with what is inside them, a query for each kind of record.
func viewPlanBudgets(ctx context.Context, queries *gen.Queries, organisation, contract care.ID) ([]PlanBudget, error) {
	rows, err := queries.ViewPlanBudgets(ctx, gen.ViewPlanBudgetsParams{OrganisationID: organisation, ContractID: contract})
	if err != nil {
		return nil, err
	}
	budgets, byID := make([]PlanBudget, len(rows)), make(map[care.ID]*PlanBudget, len(rows))
	for i, row := range rows {
		budgets[i] = viewPlanBudget(row)
		byID[row.ID] = &budgets[i]
	}
	periods, err := queries.ViewFundingPeriods(ctx, gen.ViewFundingPeriodsParams{OrganisationID: organisation, ContractID: contract})
	if err != nil {
		return nil, err
	}
	for _, row := range periods {
		budget := byID[row.BudgetID]
		budget.FundingPeriods = append(budget.FundingPeriods, FundingPeriod{
			FundingPeriodID: row.FundingPeriodID, StartDate: row.StartDate, EndDate: row.EndDate, Amount: money(row.Amount), Released: row.Released,
		})
	}
	items, err := queries.ViewStatedItems(ctx, gen.ViewStatedItemsParams{OrganisationID: organisation, ContractID: contract})
	if err != nil {
		return nil, err
	}
	for _, row := range items {
		budget := byID[row.BudgetID]
		budget.StatedItems = append(budget.StatedItems, StatedItem{
			SupportItemNumber: row.SupportItemNumber, SupportItemText: row.SupportItemText, Approved: money(row.Approved),
		})
	}
	delivered, err := queries.ViewDeliveredServices(ctx, gen.ViewDeliveredServicesParams{OrganisationID: organisation, ContractID: contract})
	for _, row := range delivered {
		byID[row.BudgetID].show(row)
	}
	return budgets, err
}

func viewPlanBudget(row gen.ViewPlanBudgetsRow) PlanBudget {
	return PlanBudget{
		ID: row.ID, BudgetType: care.BudgetType(row.BudgetType), Management: care.Management(row.Management), SupportType: row.SupportType,
		Category: row.Category, CategoryNumber: int(row.CategoryNumber), FundingComponent: row.FundingComponent,
		Approved: money(row.Approved), Released: money(row.Released), Spent: money(row.Spent), Remaining: money(row.Remaining),
		StartDate: row.StartDate, EndDate: row.EndDate, InstalmentType: row.InstalmentType, ExcludedFromTotals: row.ExcludedFromTotals,
		NoLongerInPACE: row.RemovedAt != nil, RemovedAt: row.RemovedAt, OwnClaimed: &Money{},
		FundingPeriods: []FundingPeriod{}, StatedItems: []StatedItem{}, DeliveredServices: []DeliveredService{},
	}
}

// show adds a delivered service to its budget, and to the sum that it belongs to (R27).
func (b *PlanBudget) show(row gen.ViewDeliveredServicesRow) {
	view := DeliveredService{
		ID: row.ID, Kind: care.DeliveredServiceKind(row.Kind), Reference: row.Reference, DeliveredOn: row.DeliveredOn, Amount: &Money{row.Amount},
		SupportItemNumber: row.SupportItemNumber, SupportItemDescription: row.SupportItemDescription,
		ServiceProviderName: row.ServiceProviderName, Note: row.Note, ClaimStatus: care.InvoiceClaimStatus(row.ClaimStatus), Claimable: row.Claimable,
		RemovedAt: row.RemovedAt,
	}
	b.DeliveredServices = append(b.DeliveredServices, view)
	service := care.DeliveredService{
		BudgetID: b.ID, Kind: view.Kind, Amount: row.Amount, ClaimStatus: view.ClaimStatus, Removed: row.RemovedAt != nil,
	}
	b.OwnClaimed.Decimal = b.OwnClaimed.Add(care.OwnClaimed(b.ID, []care.DeliveredService{service}))
	if view.Kind == care.PACEAdjustment && row.RemovedAt == nil {
		b.Adjustment = money(decimal.NewNullDecimal(row.Amount))
	}
}

func viewReviews(ctx context.Context, queries *gen.Queries, query gen.ViewReviewsParams) ([]Review, error) {
	rows, err := queries.ViewReviews(ctx, query)
	reviews := make([]Review, 0, len(rows))
	for _, row := range rows {
		item := care.ReviewItem{
			Kind: care.ReviewKind(row.Kind), ContractID: optional.Value(row.ContractID), BudgetID: optional.Value(row.BudgetID),
			Subject: row.Subject, Field: row.Field, Old: row.OldValue, New: row.NewValue,
		}
		reviews = append(reviews, Review{
			Person: PersonRef{
				ID: row.PersonID, CareRecipientID: row.CareRecipientID, NDISNumber: row.NdisNumber, GivenName: row.GivenName, FamilyName: row.FamilyName,
			},
			ReviewItem: item, Words: words.Review(item), RunID: row.RunID, HeldAt: row.HeldAt,
		})
	}
	return reviews, err
}

func viewContractChange(row gen.ViewContractHistoryRow) ContractChange {
	subject := changedRecord{
		kind: care.Kind(row.Kind), budget: budgetName(row.Category, care.BudgetType(row.BudgetType), care.Management(row.Management)),
		delivered: care.DeliveredServiceKind(row.DeliveredKind), reference: row.Reference,
	}
	change := ContractChange{
		ChangeCause: ChangeCause{
			ChangedAt: row.ChangedAt, RunID: row.RunID, Trigger: care.Trigger(row.Trigger), Source: care.ChangeSource(row.Source),
			RequestedBy: row.RequestedBy, Note: row.Note,
		},
		Kind: care.Kind(row.Kind), RecordID: row.RecordID, Subject: subject.words(), Action: row.Action,
		Field: row.Field, Old: row.OldValue, New: row.NewValue,
	}
	if row.Field != "" {
		change.FieldLabel = words.Field(row.Field)
	}
	return change
}

// changedRecord is a record of a contract that a change is about.
type changedRecord struct {
	kind      care.Kind
	budget    string
	delivered care.DeliveredServiceKind
	reference string
}

// words are what people call the record.
func (r changedRecord) words() string {
	switch {
	case r.kind == care.KindServiceContract:
		return "The contract"
	case r.kind == care.KindPlanBudget:
		return r.budget
	case r.delivered == care.PACEAdjustment:
		return "Adjustment record of " + r.budget
	default:
		return fmt.Sprintf("Delivered service %s, %s", r.reference, r.budget)
	}
}

// viewFundingDay says on which day money was awaited that is not here yet (R34), in the NDIA's calendar (R1).
func viewFundingDay(contract Contract, now time.Time) (*FundingDay, error) {
	if !contract.Current || contract.AsOf == nil {
		return nil, nil
	}
	zone, err := time.LoadLocation(contract.serviceTimeZone)
	if err != nil {
		return nil, err
	}
	var periods []care.FundingPeriod
	for _, budget := range contract.Budgets {
		for _, period := range budget.FundingPeriods {
			if !budget.NoLongerInPACE {
				periods = append(periods, care.FundingPeriod{StartDate: period.StartDate, Released: period.Released})
			}
		}
	}
	day := care.FundingDayOf(periods, care.DateIn(*contract.AsOf, zone), care.DateIn(now, zone))
	if day == nil {
		return nil, nil
	}
	return &FundingDay{FundingDay: *day, Words: words.FundingDay(*day)}, nil
}

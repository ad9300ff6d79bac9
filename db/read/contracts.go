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
)

// ContractHeader is a service contract without what is inside it.
type ContractHeader struct {
	ID                   care.ID             `json:"id"`
	PersonID             care.ID             `json:"person_id"`
	Origin               care.ContractOrigin `json:"origin" enum:"pace,hand" doc:"Whether it came from PACE or was made by hand"`
	Reference            string              `json:"reference" doc:"The provider's own name of a contract made by hand"`
	PlanFirstStartDate   care.Date           `json:"plan_first_start_date"`
	PlanStartDate        care.Date           `json:"plan_start_date"`
	PlanEndDate          care.Date           `json:"plan_end_date"`
	StartDate            care.Date           `json:"start_date"`
	EndDate              care.Date           `json:"end_date" doc:"Null: open-ended. It differs from the plan's where a later contract ends this one sooner"`
	SupersededBy         *care.ID            `json:"superseded_by" doc:"The contract that follows after a reassessment"`
	TotalFunding         *Money              `json:"total_funding" doc:"What was approved in the plan, whatever its management"`
	AllocationTotal      *Money              `json:"allocation_total" doc:"What was approved in the budgets that are here, in PACE, and not excluded from totals"`
	FundingIncomplete    bool                `json:"funding_incomplete" doc:"An amount that belongs to total_funding was not provided, so that it is too small"`
	AllocationIncomplete bool                `json:"allocation_incomplete" doc:"The same of allocation_total"`
	RetrievedOn          care.Date           `json:"retrieved_on" doc:"The day of the last retrieval that was saved"`
	AsOf                 *time.Time          `json:"as_of" doc:"When the read began that was saved last for this person; null for a contract made by hand"`
	Current              bool                `json:"current" doc:"Today is in its dates, and no other contract has followed"`

	serviceTimeZone string
}

// Contract is a service contract with everything under it.
type Contract struct {
	ContractHeader
	Person  PersonRef    `json:"person"`
	Budgets []PlanBudget `json:"budgets" doc:"Those that are no longer in PACE are among them"`
	Review  []Review     `json:"review" doc:"What an unattended refresh left to people"`
	// FundingDay is nil where no money is awaited.
	FundingDay *FundingDay `json:"funding_day,omitempty" doc:"A funding period has begun whose money is not known to be released; absent where none has"`
}

// FundingDay is a day on which a funding period began (R34).
type FundingDay struct {
	care.FundingDay
	Words string `json:"words"`
}

// PlanBudget is a plan budget as the NDIA reported it, null amounts not provided (R3), with what drew on it.
type PlanBudget struct {
	ID                 care.ID            `json:"id"`
	BudgetType         care.BudgetType    `json:"budget_type"`
	Management         care.Management    `json:"management"`
	SupportType        string             `json:"support_type"`
	Category           string             `json:"category"`
	CategoryNumber     int                `json:"category_number" doc:"1 to 21; 0 for a name that is not known"`
	FundingComponent   string             `json:"funding_component"`
	Approved           *Money             `json:"approved" doc:"For the whole plan"`
	Released           *Money             `json:"released" doc:"Available so far"`
	Spent              *Money             `json:"spent"`
	Remaining          *Money             `json:"remaining"`
	StartDate          care.Date          `json:"start_date"`
	EndDate            care.Date          `json:"end_date"`
	InstalmentType     string             `json:"instalment_type"`
	ExcludedFromTotals bool               `json:"excluded_from_totals" doc:"Not paid by the plan manager"`
	NoLongerInPACE     bool               `json:"no_longer_in_pace" doc:"Kept, but in no total"`
	RemovedAt          *time.Time         `json:"removed_at" doc:"When it was found to be no longer in PACE"`
	OwnClaimed         *Money             `json:"own_claimed" doc:"Our own delivered services that are submitted, pending or paid"`
	Adjustment         *Money             `json:"adjustment" doc:"What the adjustment record stands for; null if there is none"`
	FundingPeriods     []FundingPeriod    `json:"funding_periods" doc:"None or one: released up front"`
	StatedItems        []StatedItem       `json:"stated_items"`
	DeliveredServices  []DeliveredService `json:"delivered_services" doc:"The adjustment record first, also while it is not needed (removed)"`
}

// Name is how people tell the budget from the others of its contract.
func (b PlanBudget) Name() string { return budgetName(b.Category, b.BudgetType, b.Management) }

func budgetName(category string, budgetType care.BudgetType, management care.Management) string {
	budget := care.ReportedBudget{Category: category, BudgetType: budgetType, Management: management}
	return budget.Name()
}

// FundingPeriod is a part of a budget's time in which a part of its money is released.
type FundingPeriod struct {
	FundingPeriodID string    `json:"funding_period_id"`
	StartDate       care.Date `json:"start_date"`
	EndDate         care.Date `json:"end_date"`
	Amount          *Money    `json:"amount"`
	Released        *bool     `json:"released" doc:"Null where the NDIA does not say"`
}

// StatedItem is a support item for which a stated budget is meant.
type StatedItem struct {
	SupportItemNumber string `json:"support_item_number"`
	SupportItemText   string `json:"support_item_text"`
	Approved          *Money `json:"approved"`
}

// DeliveredService is work that drew on a plan budget, or its adjustment record (PACE guide §Adjustment record, R27).
type DeliveredService struct {
	ID                     care.ID                   `json:"id"`
	Kind                   care.DeliveredServiceKind `json:"kind" enum:"own,pace_adjustment"`
	Reference              string                    `json:"reference" doc:"The provider's own id of the work; empty for an adjustment record"`
	DeliveredOn            care.Date                 `json:"delivered_on"`
	Amount                 *Money                    `json:"amount"`
	SupportItemNumber      string                    `json:"support_item_number"`
	SupportItemDescription string                    `json:"support_item_description"`
	ServiceProviderName    string                    `json:"service_provider_name"`
	Note                   string                    `json:"note"`
	ClaimStatus            care.InvoiceClaimStatus   `json:"claim_status,omitempty" doc:"Absent for an adjustment record, which can never be claimed"`
	Claimable              bool                      `json:"claimable"`
	RemovedAt              *time.Time                `json:"removed_at" doc:"Set while an adjustment record is not needed"`
}

// Review is a change that an unattended refresh left to people (R31). Retrieving the plan and creating accepts it.
type Review struct {
	Person PersonRef `json:"person"`
	care.ReviewItem
	Words  string    `json:"words" doc:"What waits, in a sentence"`
	RunID  care.ID   `json:"run_id" doc:"The run that found it"`
	HeldAt time.Time `json:"held_at"`
}

// ContractChange is one field that a run or an import changed in a contract or what is under it. A record that was created, removed
// or revived has one entry without a field.
type ContractChange struct {
	ChangeCause
	Kind       care.Kind `json:"kind" enum:"service_contract,plan_budget,delivered_service"`
	RecordID   care.ID   `json:"record_id"`
	Subject    string    `json:"subject" doc:"The record as people know it"`
	Action     string    `json:"action" enum:"created,updated,removed,revived"`
	Field      string    `json:"field"`
	FieldLabel string    `json:"field_label" doc:"The field as people know it"`
	Old        *string   `json:"old_value"`
	New        *string   `json:"new_value"`
}

// PreviewRef is a retrieval that waits to be created (R22).
type PreviewRef struct {
	ID          care.ID   `json:"id"`
	RunID       care.ID   `json:"run_id"`
	RetrievedAt time.Time `json:"retrieved_at"`
	ExpiresAt   time.Time `json:"expires_at"`
}

// Participant is a person as far as PACE is concerned.
type Participant struct {
	PersonID   care.ID `json:"person_id"`
	GivenName  string  `json:"given_name"`
	FamilyName string  `json:"family_name"`
	NDISNumber string  `json:"ndis_number"`
	care.PACEFlags
	Standing        care.PACEStanding `json:"standing" doc:"Whether scheduled syncs of the person have stopped, and since when"`
	StopExplanation string            `json:"stop_explanation,omitempty" doc:"Why they have stopped, in plain words"`
	Available       bool              `json:"available" doc:"Whether \"+ NDIS PACE\" is available"`
	Refusal         care.Reason       `json:"refusal,omitempty" doc:"Why it is not"`
	Explanation     string            `json:"explanation,omitempty" doc:"The refusal in plain words, with what to do"`
	Contracts       []ContractHeader  `json:"contracts" doc:"Newest first"`
	Waiting         *PreviewRef       `json:"waiting" doc:"The retrieval that can be created now; null if there is none"`
}

// Contracts answers with a person's service contracts, newest first, or ErrNotFound for somebody whom the organisation does not have.
func (s Store) Contracts(ctx context.Context, organisation db.Organisation, person care.ID, now time.Time) (contracts []ContractHeader, err error) {
	err = s.store.Snapshot(ctx, "list the contracts", func(queries *gen.Queries) error {
		if _, err := viewPerson(ctx, queries, organisation.ID, person); err != nil {
			return err
		}
		contracts, err = viewContracts(ctx, queries, organisation, gen.ViewContractsParams{PersonID: &person}, now)
		return err
	})
	return contracts, err
}

// Contract answers with a service contract and everything under it, or ErrNotFound. It is the same number of queries however many
// budgets there are.
func (s Store) Contract(ctx context.Context, organisation db.Organisation, contract care.ID, now time.Time) (view Contract, err error) {
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

// ContractHistory answers with what changed in a contract, its budgets and what was delivered under it, newest first, and whether there
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
			OrganisationID: organisation, ContractID: contract, Before: pointerTo(before), Most: pageSize(most) - 1,
		})
		changes = make([]ContractChange, 0, len(rows))
		for _, row := range rows {
			changes, more = append(changes, viewContractChange(row)), row.More
		}
		return err
	})
	return changes, more, err
}

// Reviews answers with what is held for review (R31), of one person or, where that is empty, of all.
func (s Store) Reviews(ctx context.Context, organisation care.ID, person care.ID) ([]Review, error) {
	reviews, err := viewReviews(ctx, s.queries, gen.ViewReviewsParams{OrganisationID: organisation, PersonID: pointerTo(person)})
	return reviews, db.MapError("list what is held for review", err)
}

// Participant answers with a person as far as PACE is concerned: whether "+ NDIS PACE" is available and why not (R21), and what there is
// already. It fails with ErrNotFound.
func (s Store) Participant(ctx context.Context, organisation db.Organisation, client care.ID, now time.Time) (view Participant, err error) {
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
		view.Waiting = pointerTo(PreviewRef(waiting))
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
	view.StopExplanation = view.Standing.StopReason.ExplainFor(care.NDIA)
	availability := care.AvailabilityOf(participant.APIEnabled, participant.Participant)
	view.Available, view.Refusal, view.Explanation = availability.Available, availability.Reason, availability.Explanation
	return view
}

func viewPerson(ctx context.Context, queries *gen.Queries, organisation, person care.ID) (PersonRef, error) {
	row, err := queries.ViewPerson(ctx, gen.ViewPersonParams{OrganisationID: organisation, PersonID: person})
	return PersonRef{
		ID: row.ID, CareRecipientID: row.CareRecipientID, NDISNumber: row.NdisNumber, GivenName: row.GivenName, FamilyName: row.FamilyName,
	}, err
}

func viewContracts(ctx context.Context, queries *gen.Queries, organisation db.Organisation, query gen.ViewContractsParams, now time.Time) ([]ContractHeader, error) {
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
			Kind: care.ReviewKind(row.Kind), ContractID: valueOf(row.ContractID), BudgetID: valueOf(row.BudgetID),
			Subject: row.Subject, Field: row.Field, Old: row.OldValue, New: row.NewValue,
		}
		reviews = append(reviews, Review{
			Person: PersonRef{
				ID: row.PersonID, CareRecipientID: row.CareRecipientID, NDISNumber: row.NdisNumber, GivenName: row.GivenName, FamilyName: row.FamilyName,
			},
			ReviewItem: item, Words: item.Words(), RunID: row.RunID, HeldAt: row.HeldAt,
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
		change.FieldLabel = care.FieldLabel(row.Field)
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
	return &FundingDay{FundingDay: *day, Words: day.Words()}, nil
}

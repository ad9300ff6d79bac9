package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/spf13/cobra"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/starter/api/views"
	"github.com/caresync/caresync/starter/present"
	"github.com/caresync/caresync/words"
)

func (a *app) contractCommand() *cobra.Command {
	return a.organisationFlag(a.group("contract", "Show people's service contracts", a.contractList(), a.contractShow(), a.contractHistory()))
}

func (a *app) contractList() *cobra.Command {
	var asJSON bool
	command := a.command("list PERSON", "List a person's service contracts, newest first", func(ctx context.Context, args []string) error {
		return a.withStore(ctx, func(store *db.Store, organisation care.Organisation) error {
			person, err := findParticipant(ctx, store, organisation, args[0])
			if err != nil {
				return err
			}
			contracts, err := read.From(store).Contracts(ctx, organisation, person.ID, store.Now())
			if err != nil {
				return err
			}
			if asJSON {
				return a.printJSON(views.Each(contracts, views.FromContractHeader))
			}
			a.showContracts(contracts)
			return nil
		})
	})
	command.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return command
}

func (a *app) showContracts(contracts []read.ContractHeader) {
	shown := a.newTable("contract", "from", "state", ">total funding", ">allocation total", "retrieved", "id")
	for _, contract := range contracts {
		shown.AppendRow(table.Row{
			present.Period(contract.StartDate, contract.EndDate), originOf(contract), present.ContractState(contract), present.Sum(present.Money(contract.TotalFunding), contract.FundingIncomplete),
			present.Sum(present.Money(contract.AllocationTotal), contract.AllocationIncomplete), present.Date(contract.RetrievedOn), contract.ID,
		})
	}
	a.render(shown)
}

func originOf(contract read.ContractHeader) string {
	if contract.Origin == care.OriginHand {
		return "entered manually, " + contract.Reference
	}
	return "PACE"
}

func unknownContract(err error, organisation care.Organisation) error {
	if errors.Is(err, db.ErrNotFound) {
		return fmt.Errorf("%s has no such contract; `caresync contract list PERSON` shows those of a person", organisation.Name)
	}
	return err
}

func (a *app) contractShow() *cobra.Command {
	var asJSON bool
	command := a.command("show CONTRACT", "Show a service contract with its budgets, periods and delivered services", func(ctx context.Context, args []string) error {
		id, _ := parseID(args[0])
		return a.withStore(ctx, func(store *db.Store, organisation care.Organisation) error {
			contract, err := read.From(store).Contract(ctx, organisation, id, store.Now())
			if err != nil {
				return unknownContract(err, organisation)
			}
			if asJSON {
				return a.printJSON(views.FromContract(contract))
			}
			contractView{app: a, contract: contract, organisation: organisation, today: organisation.Today(store.Now())}.show()
			return nil
		})
	})
	command.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return command
}

// contractView prints a contract.
type contractView struct {
	*app
	contract     read.Contract
	organisation care.Organisation
	today        care.Date
}

func (v contractView) show() {
	v.header()
	v.budgets()
	v.unfunded()
	for _, budget := range v.contract.Budgets {
		v.budget(budget)
	}
	v.showReview(v.contract.Review, v.contract.PersonID, v.organisation.Location())
}

func (v contractView) header() {
	contract, zone := v.contract, v.organisation.Location()
	superseded := ""
	if contract.SupersededBy != nil {
		superseded = v.typed("contract show", string(*contract.SupersededBy))
	}
	asOf := ""
	if contract.AsOf != nil {
		asOf = present.Time(contract.AsOf, zone) + " in " + v.organisation.TimeZone
	}
	v.details(
		"contract", string(contract.ID), "name", present.Name(contract.Person.GivenName, contract.Person.FamilyName),
		"NDIS number", contract.Person.NDISNumber, "from", originOf(contract.ContractHeader),
		"dates", present.Period(contract.StartDate, contract.EndDate)+", "+present.ContractState(contract.ContractHeader),
		"plan", planDates(contract.ContractHeader), "superseded by", superseded,
		"total funding", present.Sum(present.Money(contract.TotalFunding), contract.FundingIncomplete)+"  approved in the whole plan",
		"allocation total", present.Sum(present.Money(contract.AllocationTotal), contract.AllocationIncomplete)+"  approved in the budgets that count",
		"retrieved on", present.Date(contract.RetrievedOn), "as of", asOf)
}

func planDates(contract read.ContractHeader) string {
	if contract.PlanStartDate.IsZero() {
		return ""
	}
	return present.Period(contract.PlanStartDate, contract.PlanEndDate) + ", the first plan started on " + present.Date(contract.PlanFirstStartDate)
}

func (v contractView) budgets() {
	v.heading("budgets")
	if v.contract.FundingDay != nil {
		v.print("! %s", v.contract.FundingDay.Words)
	}
	shown := v.newTable("category", "type", "management", ">approved", ">released", ">spent", ">remaining", ">ours claimed", ">adjustment", "released in periods", "")
	shown.SetColumnConfigs(contractColumns())
	for _, budget := range v.contract.Budgets {
		if !funded(budget) {
			continue
		}
		shown.AppendRow(table.Row{
			category(budget.Category, budget.CategoryNumber), budget.BudgetType, budget.Management,
			present.Money(budget.Approved), present.Money(budget.Released), present.Money(budget.Spent), present.Money(budget.Remaining),
			present.Money(budget.OwnClaimed), noneIfNil(budget.Adjustment), releases(periodsOf(budget), v.today), budgetState(budget, v.organisation.Location()),
		})
	}
	v.render(shown)
}

// unfunded are the budgets without money, in short.
func (v contractView) unfunded() {
	shown := v.newTable("category", "type", "management", "")
	for _, budget := range v.contract.Budgets {
		if !funded(budget) {
			shown.AppendRow(table.Row{
				category(budget.Category, budget.CategoryNumber), budget.BudgetType, budget.Management, budgetState(budget, v.organisation.Location()),
			})
		}
	}
	if shown.Length() > 0 {
		v.heading(withoutMoney)
		shown.Render()
	}
}

// funded reports whether there is money in a budget, or may be: an amount that was not provided is not zero (R3).
func funded(budget read.PlanBudget) bool {
	moved := func(amount *read.Money) bool { return amount != nil && !amount.IsZero() }
	return budget.Approved == nil || moved(budget.Approved) || moved(budget.Released) || moved(budget.Spent) || moved(budget.Remaining) ||
		len(budget.DeliveredServices) > 0
}

func contractColumns() []table.ColumnConfig {
	columns := []table.ColumnConfig{{Number: 1, WidthMax: categoryWidth, WidthMaxEnforcer: text.WrapSoft}}
	for number := 4; number <= 9; number++ {
		columns = append(columns, table.ColumnConfig{Number: number, Align: text.AlignRight, AlignHeader: text.AlignRight})
	}
	return append(columns, table.ColumnConfig{Number: 10, WidthMax: periodsWidth, WidthMaxEnforcer: text.WrapSoft})
}

func noneIfNil(amount *read.Money) string {
	if amount == nil {
		return "none"
	}
	return present.Money(amount)
}

func periodsOf(budget read.PlanBudget) []period {
	periods := make([]period, len(budget.FundingPeriods))
	for i, one := range budget.FundingPeriods {
		periods[i] = period{start: one.StartDate, released: one.Released}
	}
	return periods
}

func budgetState(budget read.PlanBudget, zone *time.Location) string {
	switch {
	case budget.NoLongerInPACE:
		return "no longer in PACE since " + present.Time(budget.RemovedAt, zone)
	case budget.ExcludedFromTotals:
		return "excluded from totals"
	default:
		return ""
	}
}

// budget shows what a budget is made of, and what drew on it.
func (v contractView) budget(budget read.PlanBudget) {
	if len(budget.FundingPeriods) <= 1 && len(budget.StatedItems) == 0 && len(budget.DeliveredServices) == 0 {
		return
	}
	v.print("\n%s, %s, %s", budget.Name(), budget.FundingComponent, present.Period(budget.StartDate, budget.EndDate))
	if len(budget.FundingPeriods) > 1 {
		shown := v.newTable("funding period", "dates", ">amount", "")
		for _, one := range budget.FundingPeriods {
			shown.AppendRow(table.Row{one.FundingPeriodID, present.Period(one.StartDate, one.EndDate), present.Money(one.Amount), words.Released(one.Released)})
		}
		shown.Render()
	}
	if len(budget.StatedItems) > 0 {
		shown := v.newTable("stated item", "", ">approved")
		for _, one := range budget.StatedItems {
			shown.AppendRow(table.Row{one.SupportItemNumber, one.SupportItemText, present.Money(one.Approved)})
		}
		shown.Render()
	}
	v.delivered(budget.DeliveredServices)
}

// delivered shows our own work in a table, and the adjustment record with its four texts (PACE guide §Adjustment record).
func (v contractView) delivered(services []read.DeliveredService) {
	shown := v.newTable("delivered", "reference", "support item", "description", ">amount", "claim")
	for _, one := range services {
		if one.Kind == care.DeliveredByUs {
			shown.AppendRow(table.Row{
				present.Date(one.DeliveredOn), one.Reference, one.SupportItemNumber, one.SupportItemDescription, present.Money(one.Amount),
				present.Field(string(one.ClaimStatus)),
			})
		}
	}
	if shown.Length() > 0 {
		shown.Render()
	}
	for _, one := range services {
		if one.Kind == care.PACEAdjustment && one.RemovedAt == nil {
			v.print("Adjustment record of %s on %s, never claimed:", present.Money(one.Amount), present.Date(one.DeliveredOn))
			v.details(
				"  support item number", quotedIfBlank(one.SupportItemNumber), "  support item description", one.SupportItemDescription,
				"  service provider name", one.ServiceProviderName, "  note", one.Note)
		}
	}
}

func quotedIfBlank(text string) string {
	if text == "" {
		return "(blank)"
	}
	return text
}

func (a *app) contractHistory() *cobra.Command {
	var limit int
	var asJSON bool
	command := a.command("history CONTRACT", "Show the changes of a contract and its budgets, newest first", func(ctx context.Context, args []string) error {
		if limit < 1 || limit > read.MostPerPage {
			return usageError("--limit is a number from 1 to %d", read.MostPerPage)
		}
		id, _ := parseID(args[0])
		return a.withStore(ctx, func(store *db.Store, organisation care.Organisation) error {
			changes, more, err := read.From(store).ContractHistory(ctx, organisation.ID, id, time.Time{}, limit)
			if err != nil {
				return unknownContract(err, organisation)
			}
			if asJSON {
				return a.printJSON(views.Each(changes, views.FromContractChange))
			}
			a.showHistory(changes, more, organisation)
			return nil
		})
	})
	command.Flags().IntVar(&limit, "limit", read.DefaultPage, fmt.Sprintf("maximum number of rows, up to %d", read.MostPerPage))
	command.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return command
}

func (a *app) showHistory(changes []read.ContractChange, more bool, organisation care.Organisation) {
	if len(changes) == 0 {
		a.print("Nothing has changed yet.")
		return
	}
	shown := a.newTable("when", "by", "record", "what", "old", "new")
	shown.SetColumnConfigs(historyColumns())
	for _, change := range changes {
		row := table.Row{present.TimeToTheSecond(change.ChangedAt, organisation.Location()), present.Cause(change.ChangeCause), change.Subject, change.Action, "", ""}
		if change.Field != "" {
			row[3], row[4], row[5] = change.FieldLabel, present.Value(change.Field, change.Old), present.Value(change.Field, change.New)
		}
		shown.AppendRow(row)
	}
	shown.Render()
	a.print("Times are in %s.", organisation.TimeZone)
	if more {
		a.print("There are more; see them with --limit.")
	}
}

// historyColumns break what can be long, such as a budget's name and its funding periods.
func historyColumns() []table.ColumnConfig {
	var columns []table.ColumnConfig
	for number, width := range map[int]int{2: changedByWidth, 3: categoryWidth, 5: valueWidth, 6: valueWidth} {
		columns = append(columns, table.ColumnConfig{Number: number, WidthMax: width, WidthMaxEnforcer: wrapLines})
	}
	return columns
}

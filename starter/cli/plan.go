package cli

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/starter/api/views"
	"github.com/caresync/caresync/starter/present"
)

// planFlags are what `plan show` may show beside the usual.
type planFlags struct{ asJSON, history, removed, usage bool }

func (a *app) planCommand() *cobra.Command {
	var flags planFlags
	show := a.command("show CARE_RECIPIENT_ID|ID", "Show a care recipient's Support at Home plan", func(ctx context.Context, args []string) error {
		return a.withStore(ctx, func(store *db.Store, organisation care.Organisation) error {
			person, err := findPerson(ctx, store, organisation, args[0])
			if err != nil {
				return err
			}
			plan, err := read.From(store).Plan(ctx, organisation, person.ID, store.Now())
			if err != nil {
				return err
			}
			if flags.asJSON {
				return a.printJSON(views.FromPlan(plan))
			}
			planView{app: a, plan: plan, zone: organisation.Location(), flags: flags}.show()
			return nil
		})
	})
	show.Flags().BoolVar(&flags.asJSON, "json", false, "print JSON")
	show.Flags().BoolVar(&flags.history, "history", false, "also show earlier sets of contributions")
	show.Flags().BoolVar(&flags.removed, "removed", false, "also show records that the government no longer reports")
	show.Flags().BoolVar(&flags.usage, "usage", true, "show entitlements and usage under each budget")
	return a.organisationFlag(a.group("plan", "Show Support at Home plans", show))
}

// planView prints a plan.
type planView struct {
	*app
	plan  read.Plan
	zone  *time.Location
	flags planFlags
}

func (v planView) show() {
	v.person()
	v.freshness()
	v.showHolds(v.plan.Holds, care.Organisation{TimeZone: v.plan.TimeZone})
	v.classifications()
	v.approvedServices()
	v.supplements()
	v.contributions()
	v.budgets()
}

func (v planView) person() {
	client := v.plan.Person
	pairs := []string{
		"name", present.Name(client.GivenName, client.FamilyName), "care recipient id", client.CareRecipientID,
		"birth date", present.Date(client.BirthDate), "service provider", client.ServiceProviderID, "entry", present.Date(client.EntryDate),
		"departure", present.Date(client.DepartureDate), "not in care since", present.Date(client.NotInCareSince),
	}
	if client.Plan == nil {
		v.details(append(pairs, "plan", "none yet: the person has never been synced")...)
		return
	}
	state := "not active"
	if client.Plan.Active {
		state = "active"
	}
	v.details(append(pairs, "plan", present.Period(client.Plan.StartDate, client.Plan.EndDate)+", "+state,
		"today", present.Date(v.plan.Today)+" in "+v.plan.TimeZone)...)
}

// freshness shows when each area was read, and below, once each, why the newest sync could not bring areas up to date.
func (v planView) freshness() {
	v.heading("last read")
	shown := v.newTable("area", "as of", "")
	var reasons []string
	for _, area := range v.plan.Areas {
		note := ""
		if area.Stale {
			note = "not up to date: " + string(area.LastOutcome)
			if area.Explanation != "" && !slices.Contains(reasons, area.Explanation) {
				reasons = append(reasons, area.Explanation)
			}
		}
		shown.AppendRow(table.Row{present.Area(area.Area), present.Time(area.AsOf, v.zone), note})
	}
	shown.Render()
	for _, reason := range reasons {
		v.print("%s", reason)
	}
}

// shown reports whether a record is shown, and with which note.
func (v planView) shown(removedAt *time.Time) (note string, show bool) {
	if removedAt == nil {
		return "", true
	}
	return "no longer reported since " + present.Time(removedAt, v.zone), v.flags.removed
}

func (v planView) classifications() {
	v.heading("classifications")
	shown := v.newTable("code", "classification", "period", "")
	for _, one := range v.plan.Classifications {
		if note, show := v.shown(one.RemovedAt); show {
			shown.AppendRow(table.Row{one.Code, one.Name, present.Period(one.StartDate, one.EndDate), note})
		}
	}
	v.render(shown)
}

func (v planView) approvedServices() {
	v.heading("approved services")
	shown := v.newTable("code", "service", "period", "")
	for _, one := range v.plan.ApprovedServices {
		if note, show := v.shown(one.RemovedAt); show {
			code, name := present.ApprovedService(one)
			shown.AppendRow(table.Row{code, name, present.Period(one.StartDate, one.EndDate), note})
		}
	}
	v.render(shown)
}

func (v planView) supplements() {
	v.heading("supplements")
	shown := v.newTable("code", "supplement", "period", "")
	for _, one := range v.plan.Supplements {
		if note, show := v.shown(one.RemovedAt); show {
			shown.AppendRow(table.Row{one.Code, one.Name, present.Period(one.StartDate, one.EndDate), note})
		}
	}
	v.render(shown)
}

func (v planView) contributions() {
	v.heading("individual contributions")
	v.contributionTable(v.plan.Contributions)
	if !v.flags.history {
		return
	}
	for _, set := range v.plan.History {
		if set.ReplacedAt == nil {
			continue
		}
		v.print("\nAs read from %s to %s:", present.Time(&set.ReadAt, v.zone), present.Time(set.ReplacedAt, v.zone))
		v.contributionTable(set.Contributions)
	}
}

func (v planView) contributionTable(contributions []read.Contribution) {
	shown := v.newTable("category", ">percentage", "period", "status")
	for _, one := range contributions {
		shown.AppendRow(table.Row{
			present.Field(strings.ToLower(one.Category)), present.Percentage(one.Percentage), present.Period(one.StartDate, one.EndDate),
			present.Field(strings.ToLower(one.Status)),
		})
	}
	v.render(shown)
}

func (v planView) budgets() {
	v.heading("budgets")
	shown := v.newTable("budget", "period", ">total", ">used", ">write-off", ">rollover", ">available", ">usage amount", "")
	for _, budget := range v.plan.Budgets {
		if note, show := v.shown(budget.RemovedAt); show {
			shown.AppendRow(table.Row{
				v.budgetName(budget), present.Period(budget.StartDate, budget.EndDate), present.Money(budget.Total), present.Money(budget.Used),
				present.Money(budget.WriteOff), present.Money(budget.Rollover), present.Money(budget.Available), usageAmount(budget), budgetNote(budget, note),
			})
		}
	}
	v.render(shown)
	v.staleUsage()
	if !v.flags.usage {
		return
	}
	for _, budget := range v.plan.Budgets {
		if _, show := v.shown(budget.RemovedAt); show {
			v.budget(budget)
		}
	}
}

// budgetName adds the government's id where another budget has the same name and period.
func (v planView) budgetName(budget read.Budget) string {
	name := present.BudgetName(budget)
	if present.Mistakable(v.plan.Budgets, budget) {
		name += ", id " + budget.UpstreamBudgetID
	}
	return name
}

// staleUsage says which budgets' details are older than the last sync, and why (R6, R18).
func (v planView) staleUsage() {
	for _, budget := range v.plan.Budgets {
		if _, show := v.shown(budget.RemovedAt); show && budget.UsageStaleReason != nil {
			v.print("%s, %s: %s", v.budgetName(budget), present.Period(budget.StartDate, budget.EndDate), present.StaleUsage(budget, v.zone))
		}
	}
}

func budgetNote(budget read.Budget, note string) string {
	if note == "" && !budget.Open {
		return "closed"
	}
	return note
}

// usageAmount tells usage that was never read from none (R15).
func usageAmount(budget read.Budget) string {
	if budget.UsageAmount == nil {
		return "not read"
	}
	return present.Sum(present.Money(budget.UsageAmount), budget.UsageIncomplete)
}

// budget shows what a budget is made of and what drew on it.
func (v planView) budget(budget read.Budget) {
	if len(budget.Entitlements) == 0 && len(budget.Usage) == 0 {
		return
	}
	v.print("\n%s, %s", v.budgetName(budget), present.Period(budget.StartDate, budget.EndDate))
	if len(budget.Entitlements) > 0 {
		shown := v.newTable("entitlement", ">amount", "")
		for _, one := range budget.Entitlements {
			if note, show := v.shown(one.RemovedAt); show {
				shown.AppendRow(table.Row{one.Code, present.Money(one.Amount), note})
			}
		}
		v.render(shown)
	}
	if len(budget.Entitlements) > 0 && len(budget.Usage) > 0 {
		v.print("")
	}
	if len(budget.Usage) > 0 {
		v.usage(budget)
	}
}

func (v planView) usage(budget read.Budget) {
	shown := v.newTable("delivered", "service", "invoice line", ">billed", ">drawn", "")
	for _, one := range budget.Usage {
		if note, show := v.shown(one.RemovedAt); show {
			shown.AppendRow(table.Row{present.Date(one.DeliveryDate), one.ServiceCode, v.invoiceLine(one), billed(one), present.Money(one.Amount), note})
		}
	}
	v.render(shown)
	if billing := budget.Billing; billing != nil {
		v.print("Our lines: billed %s, drawn %s from this budget and others; %s less was drawn than billed, which may be the person's contribution.",
			present.Money(&billing.Billed), present.Money(&billing.Drawn), present.Money(&billing.Difference))
	}
	if budget.UsageAsOf != nil {
		v.print("Usage as of %s.", present.Time(budget.UsageAsOf, v.zone))
	}
}

// billed is what we billed for a line of ours, and nothing for others.
func billed(usage read.UsageLine) string {
	if usage.Billed == nil {
		return ""
	}
	return present.Money(usage.Billed)
}

// invoiceLine says whose line drew the money (Care Recipient Sync §Usage of other providers, R17).
func (v planView) invoiceLine(usage read.UsageLine) string {
	line := usage.UpstreamInvoiceID + "/" + usage.UpstreamItemID
	switch {
	case usage.InvoiceLineID != nil:
		return "ours, " + line
	case usage.UpstreamInvoiceID == "":
		return "other provider"
	case usage.ServiceProviderID != "" && usage.ServiceProviderID == v.plan.Person.ServiceProviderID:
		return line + ", not linked"
	default:
		return "other provider, " + line
	}
}

// render prints a table, or that there is nothing in it.
func (a *app) render(shown table.Writer) {
	if shown.Length() == 0 {
		a.print("none")
		return
	}
	shown.Render()
}

package console

import (
	"net/http"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/starter/console/ui"
	"github.com/caresync/caresync/starter/present"
)

// budgetView is the page of a plan budget.
type budgetView struct {
	budget read.Budget
	// providers are the service provider ids of the organisation, one a connection to Services Australia (R11).
	providers []string
	today     care.Date
	zone      *time.Location
}

func (c console) budget(w http.ResponseWriter, r *http.Request, v visitor) error {
	person, err := pathID(r, "person")
	if err != nil {
		return err
	}
	id, err := pathID(r, "budget")
	if err != nil {
		return err
	}
	now := c.store.Now()
	client, budget, err := read.From(c.store).PlanBudget(r.Context(), v.Organisation, person, id, now)
	if err != nil {
		return err
	}
	connections, err := c.store.Connections(r.Context(), v.Organisation.ID)
	if err != nil {
		return err
	}
	view := budgetView{budget: budget, providers: serviceProviderIDs(connections), today: v.Organisation.Today(now), zone: v.zone}
	page := ui.Page{
		Title: budgetName(budget), Lead: present.Period(budget.StartDate, budget.EndDate), Section: peoplePath,
		Trail: append(personTrail(refOf(client)), ui.Crumb{Words: "Support at Home plan", Address: planPath(person)}),
	}
	return c.render(w, r, http.StatusOK, budgetPage(c.frame(r, page), view))
}

// sums are a budget's usage by whose it is (R17). Removed lines are in none of them.
type sums struct{ ours, others decimal.Decimal }

func (v budgetView) sums() (s sums) {
	for _, line := range v.budget.Usage {
		switch {
		case line.RemovedAt != nil || line.Amount == nil:
		case v.ours(line):
			s.ours = s.ours.Add(line.Amount.Decimal)
		default:
			s.others = s.others.Add(line.Amount.Decimal)
		}
	}
	return s
}

// ours reports whether a line is one of our organisation's: we hold its invoice line, or it was claimed under one of our service provider ids.
func (v budgetView) ours(line read.UsageLine) bool {
	return line.InvoiceLineID != nil || slices.Contains(v.providers, line.ServiceProviderID)
}

func serviceProviderIDs(connections []care.Connection) []string {
	var ids []string
	for _, connection := range connections {
		if connection.Service == care.ServicesAustralia {
			ids = append(ids, connection.ServiceProviderID)
		}
	}
	return ids
}

// difference is our sum less what the government says was used, nil where one of them is not known.
func (v budgetView) difference() *read.Money {
	if v.budget.UsageAmount == nil || v.budget.Used == nil {
		return nil
	}
	return dollars(v.budget.UsageAmount.Sub(v.budget.Used.Decimal))
}

// usageAge says when the usage of a closed budget was read, which syncs no longer do automatically (R15).
func (v budgetView) usageAge() string {
	if v.budget.UsageAsOf == nil {
		return "have never been read"
	}
	return "were last read on " + ui.Moment(v.budget.UsageAsOf, v.zone)
}

// entitled is the sum of the entitlements, nil where one of them was not provided.
func (v budgetView) entitled() *read.Money {
	sum := decimal.Zero
	for _, entitlement := range v.budget.Entitlements {
		switch {
		case entitlement.RemovedAt != nil:
		case entitlement.Amount == nil:
			return nil
		default:
			sum = sum.Add(entitlement.Amount.Decimal)
		}
	}
	return dollars(sum)
}

// lineName names an invoice line by the government's ids.
func lineName(line read.UsageLine) string {
	if line.UpstreamInvoiceID == "" {
		return ""
	}
	return line.UpstreamInvoiceID + " / " + line.UpstreamItemID
}

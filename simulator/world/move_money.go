package world

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/shopspring/decimal"
)

// defaultClaim is what a claim's line draws if the move does not say, in dollars.
var defaultClaim = decimal.RequireFromString("84.50")

func claim(c *change, p *Person, m Move) (Result, error) {
	budget, date, err := c.budgetFor(p, m)
	if err != nil {
		return Result{}, err
	}
	result := Result{InvoiceID: c.sequence.invoiceID(), BudgetID: budget.ID}
	line := usageLine(p, budget, m, date)
	line.InvoiceID, line.ServiceProviderID, line.Unbilled = result.InvoiceID, budget.ServiceProviderID, m.Unbilled
	line.ExternalReferenceID = m.Reference
	for n := range max(1, m.Times) {
		line.ItemID = itemID(n + 1)
		budget.Usage = append(budget.Usage, line)
		result.ItemIDs = append(result.ItemIDs, line.ItemID)
	}
	budget.UpdatedAt = c.at()
	return result, nil
}

func claimByOther(c *change, p *Person, m Move) (Result, error) {
	budget, date, err := c.budgetFor(p, m)
	if err != nil {
		return Result{}, err
	}
	line := usageLine(p, budget, m, date)
	line.ServiceProviderID = cmp.Or(m.Provider, otherProviders[0])
	line.InvoiceID, line.ItemID, line.ExternalReferenceID = m.Invoice, m.Item, m.Reference
	for range max(1, m.Times) {
		budget.Usage = append(budget.Usage, line)
	}
	budget.UpdatedAt = c.at()
	return Result{BudgetID: budget.ID}, nil
}

func usageLine(p *Person, budget *Budget, m Move, date Date) UsageLine {
	amount := m.Amount
	if amount.IsZero() {
		amount = defaultClaim
	}
	service := m.Service
	if service == "" && len(p.ApprovedServices) > 0 {
		service = p.ApprovedServices[0].ServiceID
	}
	return UsageLine{ServiceProviderID: budget.ServiceProviderID, ServiceID: service, DeliveryDate: date, Amount: amount.Neg()}
}

// budgetFor finds the budget that a claim draws on: the one named, else the ongoing one of that day, else any of it.
func (c *change) budgetFor(p *Person, m Move) (*Budget, Date, error) {
	date := cmp.Or(m.date, c.today)
	var found *Budget
	for i := range p.Budgets {
		budget := &p.Budgets[i]
		switch {
		case m.Budget != "" && budget.ID == m.Budget:
			return budget, date, nil
		case m.Budget != "" || budget.Hidden || !budget.Period().Holds(date) || (m.Type != "" && budget.TypeCode != m.Type):
		case found == nil || (found.TypeCode != Ongoing && budget.TypeCode == Ongoing):
			found = budget
		}
	}
	if found == nil {
		return nil, NoDate, fmt.Errorf("no budget fits (date %s, budget and type as given)", date)
	}
	return found, date, nil
}

// invoiceLine finds a line of the provider's own: the named one, else the first item of the latest invoice.
func (c *change) invoiceLine(p *Person, m Move) (*Budget, int, error) {
	invoice := m.Invoice
	if invoice == "" {
		invoice = latestInvoice(p)
	}
	item := cmp.Or(m.Item, itemID(1))
	for i := range p.Budgets {
		for n, line := range p.Budgets[i].Usage {
			if line.InvoiceID != "" && line.InvoiceID == invoice && line.ItemID == item {
				return &p.Budgets[i], n, nil
			}
		}
	}
	return nil, 0, errors.New("no usage line has this invoice and item")
}

func latestInvoice(p *Person) string {
	latest := ""
	for i := range p.Budgets {
		for _, line := range p.Budgets[i].Usage {
			latest = max(latest, line.InvoiceID)
		}
	}
	return latest
}

func amendInvoice(c *change, p *Person, m Move) (Result, error) {
	budget, n, err := c.invoiceLine(p, m)
	if err != nil {
		return Result{}, err
	}
	amount := m.Amount
	if amount.IsZero() {
		amount = budget.Usage[n].Amount.Div(decimal.NewFromInt(-2)).Round(2)
	}
	budget.Usage[n].Amount = amount.Neg()
	budget.UpdatedAt = c.at()
	return lineResult(budget, budget.Usage[n]), nil
}

func removeInvoiceLine(c *change, p *Person, m Move) (Result, error) {
	budget, n, err := c.invoiceLine(p, m)
	if err != nil {
		return Result{}, err
	}
	result := lineResult(budget, budget.Usage[n])
	budget.Usage = slices.Delete(budget.Usage, n, n+1)
	budget.UpdatedAt = c.at()
	return result, nil
}

// renumberInvoice deletes an item and moves the later ones of the invoice up, so that another line stands in its place.
func renumberInvoice(c *change, p *Person, m Move) (Result, error) {
	removed, err := removeInvoiceLine(c, p, m)
	if err != nil {
		return Result{}, err
	}
	deleted, err := strconv.Atoi(removed.ItemIDs[0])
	if err != nil {
		return Result{}, fmt.Errorf("item %q is not numbered", removed.ItemIDs[0])
	}
	for i := range p.Budgets {
		for n := range p.Budgets[i].Usage {
			line := &p.Budgets[i].Usage[n]
			if item, err := strconv.Atoi(line.ItemID); err == nil && line.InvoiceID == removed.InvoiceID && item > deleted {
				line.ItemID = itemID(item - 1)
				p.Budgets[i].UpdatedAt = c.at()
			}
		}
	}
	return removed, nil
}

func withdrawIDs(c *change, p *Person, m Move) (Result, error) { return setProvisional(c, p, m, true) }

func giveIDs(c *change, p *Person, m Move) (Result, error) { return setProvisional(c, p, m, false) }

// setProvisional removes or restores the ids of an invoice's lines.
func setProvisional(c *change, p *Person, m Move, provisional bool) (Result, error) {
	result := Result{InvoiceID: cmp.Or(m.Invoice, latestInvoice(p))}
	for i := range p.Budgets {
		for n := range p.Budgets[i].Usage {
			line := &p.Budgets[i].Usage[n]
			if line.InvoiceID == "" || line.InvoiceID != result.InvoiceID || line.Provisional == provisional {
				continue
			}
			line.Provisional, p.Budgets[i].UpdatedAt, result.BudgetID = provisional, c.at(), p.Budgets[i].ID
			result.ItemIDs = append(result.ItemIDs, line.ItemID)
		}
	}
	if len(result.ItemIDs) == 0 {
		return Result{}, errors.New("no usage line of the invoice changes")
	}
	return result, nil
}

func reverseInvoiceLine(c *change, p *Person, m Move) (Result, error) {
	budget, n, err := c.invoiceLine(p, m)
	if err != nil {
		return Result{}, err
	}
	reversal := budget.Usage[n]
	reversal.Amount = reversal.Amount.Neg()
	if !m.Amount.IsZero() {
		reversal.Amount = m.Amount
	}
	reversal.ItemID = itemID(itemsOf(p, reversal.InvoiceID) + 1)
	reversal.Unbilled = true
	budget.Usage = append(budget.Usage, reversal)
	budget.UpdatedAt = c.at()
	return lineResult(budget, reversal), nil
}

func itemsOf(p *Person, invoice string) int {
	count := 0
	for i := range p.Budgets {
		for _, line := range p.Budgets[i].Usage {
			if line.InvoiceID == invoice {
				count++
			}
		}
	}
	return count
}

func lineResult(budget *Budget, line UsageLine) Result {
	return Result{InvoiceID: line.InvoiceID, ItemIDs: []string{line.ItemID}, BudgetID: budget.ID}
}

func addBudget(c *change, p *Person, m Move) (Result, error) {
	start := cmp.Or(m.date, c.today)
	period := Period{start, cmp.Or(m.end, start.AddMonths(12)-1)}
	budget := newBudget(&c.sequence, p, cmp.Or(m.Type, AssistiveTechnology), period)
	budget.Fixed = true
	budget.Entitlements = []Entitlement{{budget.TypeCode + "_RATE", m.Amount}}
	budget.UpdatedAt = c.at()
	p.Budgets = append(p.Budgets, budget)
	return Result{BudgetID: budget.ID}, nil
}

func hideBudget(c *change, p *Person, m Move) (Result, error) {
	for i := range p.Budgets {
		budget := &p.Budgets[i]
		fits := budget.ID == m.Budget || (m.Budget == "" && (m.Type == "" || budget.TypeCode == m.Type))
		if fits && !budget.Hidden {
			budget.Hidden, budget.UpdatedAt = true, c.at()
			return Result{BudgetID: budget.ID}, nil
		}
	}
	return Result{}, errors.New("no visible budget fits")
}

func moveBudget(c *change, p *Person, m Move) (Result, error) {
	result, err := shareBudget(c, p, m)
	p.Budgets = slices.DeleteFunc(p.Budgets, func(budget Budget) bool { return err == nil && budget.ID == result.BudgetID })
	return result, err
}

func shareBudget(c *change, p *Person, m Move) (Result, error) {
	slot, found := c.world.people.slot(m.To)
	if !found || c.people.current(slot).Key == p.Key {
		return Result{}, fmt.Errorf("to %q: name another person", m.To)
	}
	at := slices.IndexFunc(p.Budgets, func(budget Budget) bool {
		return !budget.Hidden && (m.Budget == "" || budget.ID == m.Budget) && (m.Type == "" || budget.TypeCode == m.Type)
	})
	if at < 0 {
		return Result{}, errors.New("no visible budget fits")
	}
	other := c.people.own(slot)
	shared := p.Budgets[at]
	shared.Entitlements, shared.Usage = slices.Clone(shared.Entitlements), slices.Clone(shared.Usage)
	shared.CareRecipientID, shared.UpdatedAt = other.CareRecipientID, c.at()
	other.Budgets = append(other.Budgets, shared)
	return Result{BudgetID: shared.ID}, nil
}

func showBudgets(c *change, p *Person, _ Move) (Result, error) {
	for i := range p.Budgets {
		if p.Budgets[i].Hidden {
			p.Budgets[i].Hidden, p.Budgets[i].UpdatedAt = false, c.at()
		}
	}
	return Result{}, nil
}

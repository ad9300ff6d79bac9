package servicesaustralia

import (
	"context"
	"net/url"
	"time"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/upstream/record"
	"github.com/caresync/caresync/upstream/transport"
)

// What the operations on a whole provider are called in errors and metrics.
const (
	operationSummaries               = "care recipient summaries of the provider"
	operationContributionsOfProvider = "individual contributions of the provider"
	operationBudgetSummary           = "budget summary of the provider"
	operationBudgetsHeld             = "budgets held by the provider"
)

const fieldServiceProviderID = "serviceProviderId"

// Effective narrows a read to what is in force between two dates; a zero date leaves that side open.
type Effective struct {
	From, To care.Date
}

func (e Effective) narrow(query url.Values) {
	setText(query, "effectiveDateFrom", e.From.String())
	setText(query, "effectiveDateTo", e.To.String())
}

// UpdatedWindow narrows a read to what was changed between two instants; a zero time leaves that side open. Such a read never shows what
// was removed, so that nothing may be concluded from what it lacks (R5).
type UpdatedWindow struct {
	From, To time.Time
}

func (u UpdatedWindow) narrow(query url.Values) {
	setTime(query, "updatedAtDateTimeFrom", u.From)
	setTime(query, "updatedAtDateTimeTo", u.To)
}

func setText(query url.Values, name, value string) {
	if value != "" {
		query.Set(name, value)
	}
}

func setTime(query url.Values, name string, value time.Time) {
	if !value.IsZero() {
		query.Set(name, value.UTC().Format(time.RFC3339))
	}
}

// PersonContributions are the individual contributions of one of a provider's care recipients.
type PersonContributions struct {
	CareRecipientID string
	// NumberID is set where the id came as a number, which has lost its leading zeros.
	NumberID      bool
	Contributions []care.Contribution
}

// ProviderBudget is a budget with whose it is; no one's where the provider itself holds it.
type ProviderBudget struct {
	care.Budget
	CareRecipientID string
	// NumberID is set where the id came as a number, which has lost its leading zeros.
	NumberID bool
}

// Summaries reads the summaries of all of the provider's care recipients. A row whose care recipient id cannot be read is left out.
func (r *Reader) Summaries(ctx context.Context, updated UpdatedWindow) (care.Read[care.Summary], error) {
	list, err := r.ofProvider(operationSummaries, r.options.Paths.Summary, fieldCareRecipientID, updated)
	if err != nil {
		return care.Read[care.Summary]{}, err
	}
	rows := summaryRows
	rows.decode = func(row record.Row) care.Summary {
		summary := summaryOf(row)
		if summary.CareRecipientID == "" {
			row.Refuse(transport.InvalidRecord, fieldCareRecipientID)
		}
		return summary
	}
	return readAll(ctx, r, list, rows)
}

// BudgetSummary reads the budgets of all of the provider's care recipients.
func (r *Reader) BudgetSummary(ctx context.Context, effective Effective, updated UpdatedWindow) (care.Read[ProviderBudget], error) {
	return r.providerBudgets(ctx, operationBudgetSummary, r.options.Paths.BudgetSummary, effective, updated)
}

// BudgetsHeldByProvider reads the budgets that the provider itself holds: its care-management pool. No sync reads it yet; it is the client's part
// of syncing a provider's pool.
func (r *Reader) BudgetsHeldByProvider(ctx context.Context) (care.Read[ProviderBudget], error) {
	return r.providerBudgets(ctx, operationBudgetsHeld, r.options.Paths.BudgetsHeldByProvider)
}

func (r *Reader) providerBudgets(ctx context.Context, operation, path string, windows ...window) (care.Read[ProviderBudget], error) {
	list, err := r.ofProvider(operation, path, fieldBudgetID, windows...)
	if err != nil {
		return care.Read[ProviderBudget]{}, err
	}
	decode := func(row record.Row) ProviderBudget {
		return ProviderBudget{Budget: budgetOf(row), CareRecipientID: row.Text(fieldCareRecipientID), NumberID: numberID(row)}
	}
	id := func(budget ProviderBudget) string { return budget.UpstreamBudgetID }
	return readAll(ctx, r, list, rowReader[ProviderBudget]{area: care.AreaBudgets, kind: care.KindBudget, decode: decode, id: id})
}

// numberID reports whether whose a row is came as a number.
func numberID(row record.Row) bool {
	id, _ := row.Present(fieldCareRecipientID)
	return record.IsNumber(id)
}

// window narrows a read.
type window interface{ narrow(url.Values) }

// ofProvider is a list of what concerns the connection's service provider.
func (r *Reader) ofProvider(operation, path, sortField string, windows ...window) (list, error) {
	if r.connection.ServiceProviderID == "" {
		return list{}, &transport.Error{
			Service: r.connection.Service, Operation: operation, Kind: transport.NotSetUp, Code: CodeNoServiceProviderID,
		}
	}
	query := url.Values{fieldServiceProviderID: {r.connection.ServiceProviderID}}
	for _, window := range windows {
		window.narrow(query)
	}
	list := r.sorted(operation, path, sortField, query)
	list.times = &care.ListTimes{}
	return list, nil
}

// ContributionsOfProvider reads the individual contributions of all of the provider's care recipients, person by person. Rows have no
// id, so that a row that moved between two pages while they were read could be counted twice or be missed: the people at the edge
// of a page, and people on several, are read again individually. So are those one of whose rows says nothing; a row that does not
// say whose it is leaves the list incomplete.
func (r *Reader) ContributionsOfProvider(ctx context.Context, effective Effective, updated UpdatedWindow) (care.Read[PersonContributions], error) {
	list, err := r.ofProvider(operationContributionsOfProvider, r.options.Paths.Contributions, fieldCareRecipientID, effective, updated)
	if err != nil {
		return care.Read[PersonContributions]{}, err
	}
	people := contributionsByPerson{decoder: newDecoder(care.AreaContributions), at: make(map[string]int)}
	if err := r.pages(ctx, list, people.add); err != nil {
		return care.Read[PersonContributions]{}, err
	}
	window := url.Values{}
	effective.narrow(window)
	updated.narrow(window)
	for i := range people.found {
		if !people.found[i].unsure {
			continue
		}
		read, err := r.contributions(ctx, people.found[i].CareRecipientID, window)
		if err != nil {
			return care.Read[PersonContributions]{}, err
		}
		people.found[i].Contributions, people.found[i].issues = read.Records, read.Issues
	}
	read := people.read()
	read.Incomplete = people.incomplete
	read.Times = *list.times
	return read, nil
}

// contributionsByPerson gathers the rows of a list by whose they are.
type contributionsByPerson struct {
	decoder *record.Decoder
	found   []foundPerson
	at      map[string]int
	count   int
	// incomplete is set where a row does not say whose it is.
	incomplete bool
}

type foundPerson struct {
	PersonContributions
	issues []care.Issue
	page   int
	// unsure is set where the person may have rows that were counted twice or missed.
	unsure bool
}

func (c *contributionsByPerson) add(page page) error {
	for i, raw := range page.rows {
		row := c.decoder.Member(care.KindContribution, c.count, raw)
		id, contribution, issues := row.Identity(fieldCareRecipientID), contributionOf(row), c.decoder.TakeIssues()
		c.count++
		if err := c.decoder.Refusal(page.response); err != nil {
			return err
		}
		if id == "" {
			c.incomplete = true
			continue
		}
		person := c.person(id, page.number)
		person.NumberID = person.NumberID || numberID(row)
		person.Contributions, person.issues = append(person.Contributions, contribution), append(person.issues, issues...)
		atEdge := (i == 0 && page.number > 1) || (i == len(page.rows)-1 && page.full)
		person.unsure = person.unsure || atEdge || row.LeftOut() || person.page != page.number
	}
	return nil
}

func (c *contributionsByPerson) person(id string, page int) *foundPerson {
	at, known := c.at[id]
	if !known {
		at = len(c.found)
		c.at[id] = at
		c.found = append(c.found, foundPerson{PersonContributions: PersonContributions{CareRecipientID: id}, page: page})
	}
	return &c.found[at]
}

func (c *contributionsByPerson) read() care.Read[PersonContributions] {
	var read care.Read[PersonContributions]
	for _, person := range c.found {
		read.Records = append(read.Records, person.PersonContributions)
		read.Issues = append(read.Issues, person.issues...)
	}
	return read
}

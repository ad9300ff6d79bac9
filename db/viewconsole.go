package db

import (
	"cmp"
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/gen"
)

const (
	// StaleAfter is how long after the newest sync of a kind a person counts as out of date in lists.
	StaleAfter = 7 * 24 * time.Hour
	// longestSearch and mostWords bound what is searched for; the rest is left out.
	longestSearch = 100
	mostWords     = 8
	// furthestPage bounds how far a list of people can be leafed through.
	furthestPage = 10_000
)

// Funding names a kind of funding by which people are listed.
type Funding string

// The kinds of funding.
const (
	FundingSupportAtHome Funding = "support-at-home"
	FundingNDIS          Funding = "ndis"
)

// PeopleFilter narrows a list of people; zero values do not.
type PeopleFilter struct {
	// Search are words that must all be in a name or begin a number.
	Search  string
	Funding Funding
	// Outcome is how LastRun ended: one of care's run outcomes, "unfinished" or "never".
	Outcome string
	// Stale lists only those whose newest sync of either kind did not bring everything up to date, is older than StaleAfter, or never was.
	Stale bool
	// NotInCare lists only those who are not in care (R19).
	NotInCare bool
	// Page counts from 1; Most is its size.
	Page, Most int
}

// PersonRow is a person in a list.
type PersonRow struct {
	Person
	NotInCareSince care.Date
	// LastRun is the newest sync; of the newest of both kinds, rather the one that makes the person stale. A preview that nobody used is
	// none. It is nil as long as the person was never synced.
	LastRun *RunRef
	Stale   bool
}

// People answers with a page of an organisation's people by name, and whether there is another page.
func (s *Store) People(ctx context.Context, organisation care.ID, filter PeopleFilter, now time.Time) (people []PersonRow, more bool, err error) {
	size := pageSize(filter.Most)
	page := min(max(filter.Page, 1), furthestPage)
	rows, err := s.queries.ListPeople(ctx, gen.ListPeopleParams{
		OrganisationID: organisation, Words: searchWords(filter.Search), Funding: string(filter.Funding), Outcome: filter.Outcome,
		StaleOnly: filter.Stale, DepartedOnly: filter.NotInCare, StaleBefore: now.Add(-StaleAfter),
		Most: size, Beyond: int32(page-1) * (size - 1),
	})
	if err != nil {
		return nil, false, mapError("list the people", err)
	}
	if more = len(rows) == int(size); more {
		rows = rows[:size-1]
	}
	people = make([]PersonRow, 0, len(rows))
	for _, row := range rows {
		people = append(people, viewPersonRow(row))
	}
	return people, more, nil
}

func viewPersonRow(row gen.ListPeopleRow) PersonRow {
	person := PersonRow{
		Person: Person{
			ID: row.ID, CareRecipientID: row.CareRecipientID, NDISNumber: row.NdisNumber, GivenName: row.GivenName, FamilyName: row.FamilyName,
		},
		NotInCareSince: row.NotInCareSince, Stale: row.Stale,
	}
	if row.LastRunID != nil {
		person.LastRun = &RunRef{
			ID: *row.LastRunID, Kind: care.RunKind(row.LastKind), Outcome: care.RunOutcome(row.LastOutcome), Reason: care.Reason(row.LastReason),
			RequestedAt: valueOf(row.LastRequestedAt), FinishedAt: row.LastFinishedAt,
		}
	}
	return person
}

// searchWords are a search's words, with what LIKE would take for a pattern made plain. PostgreSQL holds no NUL and only valid UTF-8.
func searchWords(search string) []string {
	search = strings.ReplaceAll(strings.ToValidUTF8(search, ""), "\x00", "")
	if utf8.RuneCountInString(search) > longestSearch {
		search = string([]rune(search)[:longestSearch])
	}
	words := strings.FieldsFunc(search, func(r rune) bool { return r == ' ' || r == ',' || r == '\t' || r == '\n' })
	words = words[:min(len(words), mostWords)]
	plain := strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)
	for i, word := range words {
		words[i] = plain.Replace(word)
	}
	return append([]string{}, words...)
}

// ConsoleRunFilter narrows the console's list of runs; zero values do not.
type ConsoleRunFilter struct {
	RunFilter
	Kind    care.RunKind
	Trigger care.Trigger
	// Held lists only runs that left something to people which nobody has accepted yet: removals (R5), or changes of a contract (R31).
	Held bool
}

// ConsoleRuns answers with an organisation's runs, newest first, and whether there are more.
func (s *Store) ConsoleRuns(ctx context.Context, organisation care.ID, filter ConsoleRunFilter) (runs []RunSummary, more bool, err error) {
	most := pageSize(filter.Most)
	rows, err := s.queries.ListConsoleRuns(ctx, gen.ListConsoleRunsParams{
		OrganisationID: organisation, PersonID: pointerTo(filter.PersonID), Kind: string(filter.Kind), Trigger: string(filter.Trigger),
		Outcome: filter.Outcome, HeldOnly: filter.Held, Before: pointerTo(filter.Before), Most: most,
	})
	if err != nil {
		return nil, false, mapError("list the runs", err)
	}
	if more = len(rows) == int(most); more {
		rows = rows[:most-1]
	}
	runs = make([]RunSummary, 0, len(rows))
	for _, row := range rows {
		run, err := viewRun(gen.ViewRunRow(row))
		if err != nil {
			return nil, false, err
		}
		runs = append(runs, run)
	}
	return runs, more, nil
}

// InvoiceLineView is a line of one of our own invoices, and what it drew on.
type InvoiceLineView struct {
	ID           care.ID
	InvoiceID    string
	ItemID       string
	ServiceCode  string
	DeliveryDate care.Date
	Amount       *Money
	// ExternalReferenceID is our own reference, which the claim carried; empty where none did.
	ExternalReferenceID string
	// Drawn is what the line drew in all, and Difference what we billed less that: it may be the person's contribution. Both are nil as
	// long as it drew nothing that is known.
	Drawn, Difference *Money
	// Person is nil for a line that names nobody of the organisation.
	Person *Person
	Usage  []InvoiceLineUsage
}

// InvoiceLineUsage is an amount that an invoice line drew from a budget (R17).
type InvoiceLineUsage struct {
	BudgetID  care.ID
	PersonID  care.ID
	Budget    string
	StartDate care.Date
	EndDate   care.Date
	Amount    *Money
	RemovedAt *time.Time
}

// compare puts what we billed beside what the line drew.
func (v *InvoiceLineView) compare() {
	for _, one := range v.Usage {
		if one.RemovedAt != nil || one.Amount == nil {
			continue
		}
		if v.Drawn == nil {
			v.Drawn = &Money{}
		}
		v.Drawn.Decimal = v.Drawn.Add(one.Amount.Decimal)
	}
	if v.Drawn != nil && v.Amount != nil {
		v.Difference = &Money{v.Amount.Sub(v.Drawn.Decimal)}
	}
}

// InvoiceLine answers with a line of one of our own invoices, or ErrNotFound.
func (s *Store) InvoiceLine(ctx context.Context, organisation, line care.ID) (InvoiceLineView, error) {
	var view InvoiceLineView
	err := s.inSnapshot(ctx, "load the invoice line", func(queries *gen.Queries) error {
		row, err := queries.ViewInvoiceLine(ctx, gen.ViewInvoiceLineParams{OrganisationID: organisation, InvoiceLineID: line})
		if err != nil {
			return err
		}
		view = InvoiceLineView{
			ID: row.ID, InvoiceID: row.UpstreamInvoiceID, ItemID: row.UpstreamItemID, ServiceCode: row.ServiceCode,
			DeliveryDate: row.DeliveryDate, Amount: money(row.Amount), ExternalReferenceID: row.ExternalReferenceID,
		}
		if row.PersonID != nil {
			view.Person = &Person{ID: *row.PersonID, GivenName: row.GivenName, FamilyName: row.FamilyName}
		}
		usage, err := queries.ViewInvoiceLineUsage(ctx, gen.ViewInvoiceLineUsageParams{OrganisationID: organisation, InvoiceLineID: line})
		for _, one := range usage {
			view.Usage = append(view.Usage, InvoiceLineUsage{
				BudgetID: one.BudgetID, PersonID: one.PersonID, Budget: cmp.Or(one.TypeName, one.TypeCode),
				StartDate: one.StartDate, EndDate: one.EndDate, Amount: money(one.Amount), RemovedAt: one.RemovedAt,
			})
		}
		view.compare()
		return err
	})
	return view, err
}

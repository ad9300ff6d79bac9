package activities

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/upstream/servicesaustralia"
	"github.com/caresync/caresync/upstream/transport"
)

// deltaOverlap is how much of the time before a delta run reads again: a change may show late.
const deltaOverlap = time.Hour

// lists are the provider-wide lists of an organisation as far as a bulk run reads them.
type lists struct {
	began time.Time
	// complete: no provider was left out since its device is not activated.
	complete bool
	// listed is how many people the list of each connection has that was read.
	listed        map[care.ID]int
	summaries     []care.Summary
	contributions []servicesaustralia.PersonContributions
	budgets       []servicesaustralia.ProviderBudget
}

// PlanFromLists reads the lists of all the organisation's providers, and plans a bulk run. People whom they list and we do not know are
// reported; known people whom they do not list are marked as not in care, where all lists were read and are to be believed (R5, R19). A
// delta run plans only those of whom something has changed since the last run that reached everybody; where there was none, everybody.
func (b *Bulk) PlanFromLists(ctx context.Context, in protocol.BulkPart) (protocol.BulkPlan, error) {
	since, err := b.comparesSince(ctx, in)
	if err != nil {
		return protocol.BulkPlan{}, err
	}
	read, err := b.readLists(ctx, in, since)
	if err != nil {
		return b.withoutLists(ctx, in, err)
	}
	moved, err := b.compareLists(ctx, in, read, !since.IsZero())
	if err != nil {
		return protocol.BulkPlan{}, err
	}
	if moved == nil || read.complete { // else the next delta run asks the provider that was left out from the same time on
		if err := b.store.MarkBulkListed(ctx, in.OrganisationID, in.BulkID, read.began); err != nil {
			return protocol.BulkPlan{}, err
		}
	}
	return b.planned(ctx, db.Bulk{ID: in.BulkID, OrganisationID: in.OrganisationID, Options: in.Options}, moved)
}

// comparesSince is from when on a delta run asks what was updated; zero for a run over everybody.
func (b *Bulk) comparesSince(ctx context.Context, in protocol.BulkPart) (time.Time, error) {
	if !in.Options.Delta {
		return time.Time{}, nil
	}
	covered, err := b.store.CoveredUntil(ctx, in.OrganisationID)
	if err != nil || covered.IsZero() {
		return time.Time{}, err
	}
	return covered.Add(-deltaOverlap), nil
}

// withoutLists: where the lists cannot be read at all, neither can anybody, so the run ends with that reason.
func (b *Bulk) withoutLists(ctx context.Context, in protocol.BulkPart, err error) (protocol.BulkPlan, error) {
	var failure *transport.Error
	if !errors.As(err, &failure) || failure.Retryable() {
		return protocol.BulkPlan{}, errors.Join(err, b.noteOutage(ctx, in, err))
	}
	return protocol.BulkPlan{BulkID: in.BulkID, Options: in.Options, Stop: reasonOf(failure)}, nil
}

// readLists reads the summaries of all providers; of a delta run those that were updated, and with them contributions and budgets.
func (b *Bulk) readLists(ctx context.Context, in protocol.BulkPart, since time.Time) (lists, error) {
	connections, err := b.store.Connections(ctx, in.OrganisationID)
	if err != nil {
		return lists{}, err
	}
	all := lists{began: b.store.Now(), complete: true, listed: make(map[care.ID]int)}
	updated := servicesaustralia.Updated{From: since}
	for _, connection := range connections {
		if connection.Service != care.ServicesAustralia {
			continue
		}
		if connection.ActivatedAt == nil {
			all.complete = false
			continue
		}
		reader := b.careRecipient.services.For(connection, in.BulkID, b.careRecipient.allowances.For(connection))
		summaries, err := reader.Summaries(ctx, updated)
		if err != nil && !transport.Has(err, transport.NotFound) { // a provider without people
			return lists{}, err
		}
		all.listed[connection.ID] = len(summaries.Records)
		all.summaries = append(all.summaries, summaries.Records...)
		if since.IsZero() {
			continue
		}
		contributions, err := reader.ContributionsOfProvider(ctx, servicesaustralia.Effective{}, updated)
		if err != nil && !transport.Has(err, transport.NotFound) {
			return lists{}, err
		}
		budgets, err := reader.BudgetSummary(ctx, servicesaustralia.Effective{}, updated)
		if err != nil && !transport.Has(err, transport.NotFound) {
			return lists{}, err
		}
		all.contributions, all.budgets = append(all.contributions, contributions.Records...), append(all.budgets, budgets.Records...)
	}
	return all, nil
}

// compareLists reports who is not known and marks who is absent, and answers with those who have moved; nil where everybody is synced.
// Absence from a list of what was updated proves nothing (R5).
func (b *Bulk) compareLists(ctx context.Context, in protocol.BulkPart, read lists, delta bool) (db.Moved, error) {
	read, err := b.withLeadingZeros(ctx, in.OrganisationID, read)
	if err != nil {
		return nil, err
	}
	listed := read.people()
	if err := b.store.ReportUnknown(ctx, in.OrganisationID, in.BulkID, listed); err != nil {
		return nil, err
	}
	today, err := b.store.Today(ctx, in.OrganisationID, read.began)
	if err != nil {
		return nil, err
	}
	if !delta {
		everybody := db.Listed{People: listed, ByConnection: read.listed}
		return nil, b.store.MarkAbsent(ctx, in.OrganisationID, in.BulkID, everybody, in.Options.AcceptAbsences, today)
	}
	held, err := b.store.HeldLists(ctx, in.OrganisationID, listed)
	if err != nil {
		return nil, err
	}
	return read.moved(held, today), nil
}

// withLeadingZeros gives the ids that came as numbers their leading zeros back, where exactly one person of the organisation fits (R19).
func (b *Bulk) withLeadingZeros(ctx context.Context, organisation care.ID, read lists) (lists, error) {
	var numbers []string
	read.eachNumberID(func(id string) string { numbers = append(numbers, id); return id })
	if len(numbers) == 0 {
		return read, nil
	}
	known, err := b.store.CareRecipientIDsLike(ctx, organisation, numbers)
	if err != nil {
		return lists{}, err
	}
	read.eachNumberID(func(id string) string { return care.RestoreZeros(id, known) })
	return read, nil
}

// eachNumberID replaces the care recipient ids that came as numbers.
func (l lists) eachNumberID(replace func(id string) string) {
	for i := range l.summaries {
		if l.summaries[i].NumberID {
			l.summaries[i].CareRecipientID = replace(l.summaries[i].CareRecipientID)
		}
	}
	for i := range l.contributions {
		if l.contributions[i].NumberID {
			l.contributions[i].CareRecipientID = replace(l.contributions[i].CareRecipientID)
		}
	}
	for i := range l.budgets {
		if l.budgets[i].NumberID {
			l.budgets[i].CareRecipientID = replace(l.budgets[i].CareRecipientID)
		}
	}
}

// summariesByPerson are a person's rows in the lists of all the organisation's providers, which are compared as one (R11).
func (l lists) summariesByPerson() map[string][]care.Summary {
	rows := make(map[string][]care.Summary, len(l.summaries))
	for _, summary := range l.summaries {
		rows[summary.CareRecipientID] = append(rows[summary.CareRecipientID], summary)
	}
	return rows
}

// people are all whom the lists name.
func (l lists) people() (ids []string) {
	for _, summary := range l.summaries {
		ids = append(ids, summary.CareRecipientID)
	}
	for _, person := range l.contributions {
		ids = append(ids, person.CareRecipientID)
	}
	for _, budget := range l.budgets {
		if budget.CareRecipientID != "" { // one that the provider itself holds is nobody's
			ids = append(ids, budget.CareRecipientID)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// moved compares what was listed with what we hold. A listed budget was updated, whatever its figures say: its usage may have changed.
func (l lists) moved(held map[string]care.HeldLists, today care.Date) db.Moved {
	moved := make(db.Moved)
	note := func(careRecipientID string, hasMoved func(care.HeldLists) bool, budgets ...string) {
		if person, known := held[careRecipientID]; known && hasMoved(person) {
			moved[person.Client.ID] = append(moved[person.Client.ID], budgets...)
		}
	}
	for id, rows := range l.summariesByPerson() {
		note(id, func(person care.HeldLists) bool { return person.SummaryMoved(rows, today) })
	}
	for _, listed := range l.contributions {
		note(listed.CareRecipientID, func(person care.HeldLists) bool { return person.ContributionsMoved(listed.Contributions) })
	}
	for _, budget := range l.budgets {
		note(budget.CareRecipientID, func(care.HeldLists) bool { return true }, budget.UpstreamBudgetID)
	}
	for client, budgets := range moved {
		if budgets == nil {
			moved[client] = []string{}
		}
	}
	return moved
}

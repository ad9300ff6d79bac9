package activities

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/upstream/servicesaustralia"
	"github.com/caresync/caresync/upstream/transport"
)

// lists are the provider-wide lists of an organisation as far as a bulk run reads them.
type lists struct {
	began time.Time
	// listed is how many people the list of each connection has that was read; marks are how far each list is covered by this reading.
	listed map[care.ID]int
	marks  []db.ListMark
	// seen are the budgets that were listed the time before, by the government's ids.
	seen          map[string]bool
	summaries     []care.Summary
	contributions []servicesaustralia.PersonContributions
	budgets       []servicesaustralia.ProviderBudget
	connections   []care.Connection
	// paged is set where the summaries of a provider took several pages: between two a person can be missed.
	paged bool
}

// covered is up to when each list of a connection is covered (R35).
type covered map[care.ID]map[care.Area]db.ListMark

// PlanFromLists reads the lists of all the organisation's providers, and plans a bulk run. Listed people who are unknown are
// reported; known people who are not listed are marked as not in care, if all lists were read and are plausible (R5, R19). A
// delta run plans only people with changes since the lists were last covered; if one never was, everyone.
func (b *Bulk) PlanFromLists(ctx context.Context, in protocol.BulkPart) (protocol.BulkPlan, error) {
	since, complete, err := b.covered(ctx, in.OrganisationID)
	if err != nil {
		return protocol.BulkPlan{}, err
	}
	delta := in.Options.Delta && complete
	read, err := b.readLists(ctx, in, since, delta)
	if err != nil {
		return b.withoutLists(ctx, in, err)
	}
	moved, err := b.compareLists(ctx, in, read, delta)
	if err != nil {
		return protocol.BulkPlan{}, err
	}
	if err := b.store.MarkBulkListed(ctx, in.OrganisationID, in.BulkID, read.began); err != nil {
		return protocol.BulkPlan{}, err
	}
	if err := b.store.NoteBulkLists(ctx, in.OrganisationID, in.BulkID, read.marks); err != nil {
		return protocol.BulkPlan{}, err
	}
	return b.planned(ctx, db.Bulk{ID: in.BulkID, OrganisationID: in.OrganisationID, Request: care.BulkRequest{BulkOptions: in.Options}}, moved)
}

// covered is up to when the lists are covered, and whether all of them are.
func (b *Bulk) covered(ctx context.Context, organisation care.ID) (since covered, complete bool, err error) {
	marks, err := b.store.ListMarks(ctx, organisation)
	since, complete = make(covered), len(marks) > 0
	for _, mark := range marks {
		if since[mark.ConnectionID] == nil {
			since[mark.ConnectionID] = make(map[care.Area]db.ListMark)
		}
		since[mark.ConnectionID][mark.List] = mark
		complete = complete && !mark.Mark.IsZero()
	}
	return since, complete, err
}

// withoutLists: where the lists cannot be read at all, neither can anyone, so the run ends with that reason.
func (b *Bulk) withoutLists(ctx context.Context, in protocol.BulkPart, err error) (protocol.BulkPlan, error) {
	var failure *transport.Error
	if !errors.As(err, &failure) || failure.Retryable() {
		return protocol.BulkPlan{}, errors.Join(err, b.noteOutage(ctx, in, err))
	}
	return protocol.BulkPlan{BulkID: in.BulkID, Options: in.Options, Stop: reasonOf(failure)}, nil
}

// readLists reads the summaries of all providers; of a delta run those that were updated, and with them contributions and budgets.
func (b *Bulk) readLists(ctx context.Context, in protocol.BulkPart, since covered, delta bool) (lists, error) {
	connections, err := b.store.Connections(ctx, in.OrganisationID)
	if err != nil {
		return lists{}, err
	}
	all := lists{began: b.store.Now(), listed: make(map[care.ID]int), seen: make(map[string]bool)}
	for _, connection := range connections {
		if connection.Service != care.ServicesAustralia || connection.ActivatedAt == nil {
			continue
		}
		all.connections = append(all.connections, connection)
		reader := b.reader(in, connection)
		if delta {
			err = all.readUpdates(ctx, reader, connection.ID, since[connection.ID])
		} else {
			err = all.readEveryone(ctx, reader, connection.ID, since[connection.ID])
		}
		if err != nil {
			return lists{}, err
		}
	}
	return all, nil
}

// reader reads on a connection for the bulk run, whose id is the correlation id of all its calls.
func (b *Bulk) reader(in protocol.BulkPart, connection care.Connection) *servicesaustralia.Reader {
	return b.careRecipient.services.For(connection, in.BulkID, b.careRecipient.allowances.For(connection))
}

// readEveryone reads the summaries of a provider. Contributions and budgets are read person by person afterwards, and so are covered by the
// same time.
func (l *lists) readEveryone(ctx context.Context, reader *servicesaustralia.Reader, connection care.ID, since map[care.Area]db.ListMark) error {
	summaries, err := reader.Summaries(ctx, servicesaustralia.UpdatedWindow{})
	if err != nil && !transport.IsKind(err, transport.NotFound) { // a provider without people
		return err
	}
	l.add(connection, summaries)
	l.cover(connection, care.AreaSummary, summaries.Times, since)
	later := care.ListTimes{AnsweredAt: summaries.Times.AnsweredAt}
	l.cover(connection, care.AreaContributions, later, since)
	l.cover(connection, care.AreaBudgets, later, since)
	return nil
}

// readUpdates reads what was updated in a provider's lists.
func (l *lists) readUpdates(ctx context.Context, reader *servicesaustralia.Reader, connection care.ID, since map[care.Area]db.ListMark) error {
	from := func(list care.Area) servicesaustralia.UpdatedWindow {
		return servicesaustralia.UpdatedWindow{From: since[list].Mark}
	}
	summaries, err := reader.Summaries(ctx, from(care.AreaSummary))
	if err != nil && !transport.IsKind(err, transport.NotFound) {
		return err
	}
	contributions, err := reader.ContributionsOfProvider(ctx, servicesaustralia.Effective{}, from(care.AreaContributions))
	if err != nil && !transport.IsKind(err, transport.NotFound) {
		return err
	}
	budgets, err := reader.BudgetSummary(ctx, servicesaustralia.Effective{}, from(care.AreaBudgets))
	if err != nil && !transport.IsKind(err, transport.NotFound) {
		return err
	}
	l.add(connection, summaries)
	l.contributions, l.budgets = append(l.contributions, contributions.Records...), append(l.budgets, budgets.Records...)
	for _, id := range since[care.AreaBudgets].Listed {
		l.seen[id] = true
	}
	l.coverRead(connection, care.AreaSummary, summaries.Times, summaries.Incomplete, since)
	l.coverRead(connection, care.AreaContributions, contributions.Times, contributions.Incomplete, since)
	l.coverRead(connection, care.AreaBudgets, budgets.Times, budgets.Incomplete, since, upstreamIDs(budgets.Records)...)
	return nil
}

// add adds the summaries of a provider. An incomplete list proves no absence (R5, R6).
func (l *lists) add(connection care.ID, summaries care.Read[care.Summary]) {
	if !summaries.Incomplete {
		l.listed[connection] = len(summaries.Records)
	}
	l.paged = l.paged || summaries.Paged
	l.summaries = append(l.summaries, summaries.Records...)
}

// coverRead is cover for a list of what was updated. Where a row was left out, the next delta run asks for it again.
func (l *lists) coverRead(connection care.ID, list care.Area, times care.ListTimes, incomplete bool, since map[care.Area]db.ListMark, listed ...string) {
	if !incomplete {
		l.cover(connection, list, times, since, listed...)
	}
}

// cover notes how far a list is covered once everyone is reached, and which budgets it named.
func (l *lists) cover(connection care.ID, list care.Area, times care.ListTimes, since map[care.Area]db.ListMark, listed ...string) {
	if mark := times.Mark(since[list].Mark); !mark.IsZero() {
		l.marks = append(l.marks, db.ListMark{ConnectionID: connection, List: list, Mark: mark, Listed: listed})
	}
}

func upstreamIDs(budgets []servicesaustralia.ProviderBudget) []string {
	ids := make([]string, len(budgets))
	for i, budget := range budgets {
		ids[i] = budget.UpstreamBudgetID
	}
	return ids
}

// compareLists reports unknown people, marks absent people, and returns the people with changes; nil where everyone is synced.
// Absence from a list of what was updated proves nothing (R5).
func (b *Bulk) compareLists(ctx context.Context, in protocol.BulkPart, read lists, delta bool) (db.ChangedPeople, error) {
	read, err := b.withLeadingZeros(ctx, in.OrganisationID, read)
	if err != nil {
		return nil, err
	}
	today, err := b.store.Today(ctx, in.OrganisationID, read.began)
	if err != nil {
		return nil, err
	}
	listed := db.ListedPeople{People: read.people()}
	if !delta {
		listed.ByConnection = read.listed
		if listed.People, err = b.confirmAbsences(ctx, in, read, listed, today); err != nil {
			return nil, err
		}
	}
	if err := b.store.ReportUnknown(ctx, in.OrganisationID, in.BulkID, listed); err != nil {
		return nil, err
	}
	if !delta {
		return nil, b.store.MarkAbsent(ctx, in.OrganisationID, in.BulkID, listed, in.Options.AcceptAbsences, today)
	}
	held, err := b.store.HeldLists(ctx, in.OrganisationID, listed.CareRecipientIDs())
	if err != nil {
		return nil, err
	}
	return read.moved(held, today), nil
}

// confirmAbsences adds to the listed people those missing from the lists whose own summary still has them: someone who moves
// between two pages of a list while it is read is on neither (R5).
func (b *Bulk) confirmAbsences(ctx context.Context, in protocol.BulkPart, read lists, listed db.ListedPeople, today care.Date) ([]care.Identity, error) {
	if !read.paged || len(read.listed) < len(read.connections) { // an incomplete list proves no absence
		return listed.People, nil
	}
	absent, err := b.store.AbsentPeople(ctx, in.OrganisationID, listed.CareRecipientIDs())
	if err != nil || len(absent) > len(listed.People) && !in.Options.AcceptAbsences { // the guard holds so many back anyway
		return listed.People, err
	}
	present := make([]bool, len(absent))
	group, groupContext := errgroup.WithContext(ctx)
	group.SetLimit(detailsAtOnce)
	for i, person := range absent {
		group.Go(func() (err error) {
			present[i], err = b.stillReported(groupContext, in, read, person, today)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	for i, person := range absent {
		if present[i] {
			listed.People = append(listed.People, care.Identity{CareRecipientID: person.CareRecipientID})
		}
	}
	return listed.People, nil
}

// stillReported reports whether a person's own summary has them with one of the organisation's providers. What is refused rather than not
// found proves no absence.
func (b *Bulk) stillReported(ctx context.Context, in protocol.BulkPart, read lists, person db.AbsentPerson, today care.Date) (bool, error) {
	for _, connection := range read.connections {
		if person.ConnectionID != "" && person.ConnectionID != connection.ID {
			continue
		}
		summary, err := b.reader(in, connection).Summary(ctx, person.CareRecipientID)
		var failure *transport.Error
		switch {
		case err == nil:
			if !care.MergeSummaries(summary.Records, read.connections, today).Elsewhere {
				return true, nil
			}
		case !errors.As(err, &failure) || failure.Retryable():
			return false, err
		case failure.Kind != transport.NotFound:
			return true, nil
		}
	}
	return false, nil
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

// people are everyone on the lists, once each, in the order of their ids. Only summaries say who someone is: of several rows the first that
// has name and birth date does.
func (l lists) people() []care.Identity {
	people := make(map[string]care.Identity, len(l.summaries))
	for _, summary := range l.summaries {
		if known := people[summary.CareRecipientID]; !care.SameNameAndBirthDate(known, known) {
			people[summary.CareRecipientID] = summary.Identity
		}
	}
	note := func(id string) {
		if _, known := people[id]; !known && id != "" { // a budget that the provider itself holds is no one's
			people[id] = care.Identity{CareRecipientID: id}
		}
	}
	for _, person := range l.contributions {
		note(person.CareRecipientID)
	}
	for _, budget := range l.budgets {
		note(budget.CareRecipientID)
	}
	return slices.SortedFunc(maps.Values(people), func(a, b care.Identity) int { return strings.Compare(a.CareRecipientID, b.CareRecipientID) })
}

// moved compares what was listed with what we hold. A budget that is listed for the first time was updated, whatever its figures say: its usage
// may have changed. One that is listed again is taken for the same update as long as its figures stay (R35).
func (l lists) moved(held map[string]care.HeldLists, today care.Date) db.ChangedPeople {
	moved := make(db.ChangedPeople)
	note := func(careRecipientID string, hasMoved func(care.HeldLists) bool, budgets ...string) {
		if person, known := held[careRecipientID]; known && hasMoved(person) {
			moved[person.Person.ID] = append(moved[person.Person.ID], budgets...)
		}
	}
	for id, rows := range l.summariesByPerson() {
		note(id, func(person care.HeldLists) bool { return person.SummaryMoved(rows, today) })
	}
	for _, listed := range l.contributions {
		note(listed.CareRecipientID, func(person care.HeldLists) bool { return person.ContributionsMoved(listed.Contributions) })
	}
	for _, budget := range l.budgets {
		note(budget.CareRecipientID, func(person care.HeldLists) bool {
			return !l.seen[budget.UpstreamBudgetID] || person.BudgetMoved(budget.Budget)
		}, budget.UpstreamBudgetID)
	}
	for person, budgets := range moved {
		if budgets == nil {
			moved[person] = []string{}
		}
	}
	return moved
}

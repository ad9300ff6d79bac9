package read

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"time"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/gen"
	"github.com/caresync/caresync/db/internal/bulkwait"
	"github.com/caresync/caresync/db/internal/optional"
	"github.com/caresync/caresync/words"
)

// BulkState is where a bulk run stands.
type BulkState string

// The states of a bulk run.
const (
	// BulkQueued: requested, and its people are not planned yet.
	BulkQueued  BulkState = "queued"
	BulkRunning BulkState = "running"
	// BulkWaiting: everyone waits, for the government's service as a whole or for a part of ours (R9, R38).
	BulkWaiting BulkState = "waiting"
	// BulkPaused: an operator has paused it. People in progress will finish.
	BulkPaused   BulkState = "paused"
	BulkFinished BulkState = "finished"
)

// Filters of bulk runs and of their people beside the outcomes.
const (
	// Unfinished have no outcome yet.
	Unfinished = "unfinished"
	// Unsuccessful are the people that a retry includes: those with an outcome that is not a success.
	Unsuccessful = "unsuccessful"
)

// BulkSummary is a bulk run in a list, and as it is followed.
type BulkSummary struct {
	ID          care.ID
	Kind        care.RunKind
	State       BulkState
	RequestedBy string
	WorkflowID  string
	Options     BulkOptions
	RequestedAt time.Time
	StartedAt   *time.Time
	PlannedAt   *time.Time
	PausedAt    *time.Time
	// PausedBy is empty where that was not noted.
	PausedBy string
	// Wait is what the bulk run as a whole waits for, as far as its rows tell (R38): someone who has paused it, too.
	Wait         care.Wait
	FinishedAt   *time.Time
	Outcome      care.RunOutcome
	Reason       care.Reason
	Explanation  string
	Counts       care.BulkCounts
	SetAside     SetAside
	PerMinute    *float64
	EstimatedEnd *time.Time
	ListedAt     *time.Time
	Absent       int
	AbsentHeld   int
	Unknown      int
	// TimesLeftOut is how many times its schedule left out while the run was in progress.
	TimesLeftOut int
}

// Bulk is all that is known of a bulk run as a whole.
type Bulk struct {
	BulkSummary
	Reasons       []BulkReason
	UnknownPeople []UnknownPerson
}

// UnknownPerson is someone on a list whose number no one in the organisation has.
type UnknownPerson struct {
	CareRecipientID string
	MayBe           *PersonRef
}

// SetAside is how many people of a bulk run wait until the others are done, and why (R9).
type SetAside struct {
	Unavailable   int
	Contributions int
}

// BulkReason is a reason with the number of people it applies to.
type BulkReason struct {
	Outcome     care.ItemOutcome
	Reason      care.Reason
	Explanation string
	People      int
}

// BulkOptions are the options of a bulk run as they are shown: listed people are counted.
type BulkOptions struct {
	care.BulkOptions
	// People is how many people were listed; nil where no one was.
	People *int
	// RetryOf is the bulk run whose unsuccessful people are retried.
	RetryOf care.ID
}

func bulkOptions(request care.BulkRequest) BulkOptions {
	view := BulkOptions{BulkOptions: request.BulkOptions, RetryOf: request.RetryOf}
	if len(request.People) > 0 {
		listed := len(request.People)
		view.People = &listed
	}
	return view
}

// BulkItem is a person of a bulk run.
type BulkItem struct {
	Person      PersonRef
	Outcome     care.ItemOutcome
	Reason      care.Reason
	Explanation string
	Words       []string
	Warnings    int
	RunID       *care.ID
	Joined      bool
	EscalatedAt *time.Time
	SettledAt   *time.Time
}

// BulkFilter narrows a list of bulk runs; zero values do not.
type BulkFilter struct {
	// Outcome is one of care's run outcomes, or Unfinished.
	Outcome string
	// Before is the last bulk run of the page before.
	Before care.ID
	// Most is the size of the page.
	Most int
}

// ItemFilter narrows a list of a bulk run's people; zero values do not.
type ItemFilter struct {
	// Outcome is one of care's item outcomes, Unfinished or Unsuccessful.
	Outcome string
	// After is the last person of the page before.
	After care.ID
	// Most is the size of the page.
	Most int
}

// Bulks returns an organisation's bulk runs, newest first, and whether there are more.
func (s Store) Bulks(ctx context.Context, organisation care.ID, filter BulkFilter) (bulks []BulkSummary, more bool, err error) {
	most := pageSize(filter.Most)
	bulks, err = listBulks(ctx, s.queries, gen.ListBulksParams{
		OrganisationID: organisation, Outcome: filter.Outcome, Before: optional.Of(filter.Before), Most: most,
	})
	bulks, more = onePage(bulks, most)
	return bulks, more, db.MapError("list the bulk runs", err)
}

// BulksByID returns those of some bulk runs that the organisation has, newest first.
func (s Store) BulksByID(ctx context.Context, organisation care.ID, ids []care.ID) ([]BulkSummary, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	bulks, err := listBulks(ctx, s.queries, gen.ListBulksParams{OrganisationID: organisation, Ids: ids, Most: int32(len(ids))})
	return bulks, db.MapError("list the bulk runs", err)
}

// BulkProgress returns where a bulk run stands, or ErrNotFound. It is one query, made to be asked every second.
func (s Store) BulkProgress(ctx context.Context, organisation, bulk care.ID) (BulkSummary, error) {
	progress, err := loadBulk(ctx, s.queries, organisation, bulk)
	return progress, db.MapError("load the bulk run", err)
}

// Bulk returns all that is known of a bulk run as a whole, or ErrNotFound.
func (s Store) Bulk(ctx context.Context, organisation, bulk care.ID) (view Bulk, err error) {
	err = s.store.Snapshot(ctx, "load the bulk run", func(queries *gen.Queries) (err error) {
		view, err = loadBulkView(ctx, queries, organisation, bulk)
		return err
	})
	return view, err
}

func loadBulkView(ctx context.Context, queries *gen.Queries, organisation, bulk care.ID) (view Bulk, err error) {
	if view.BulkSummary, err = loadBulk(ctx, queries, organisation, bulk); err != nil {
		return view, err
	}
	if view.Reasons, err = countReasons(ctx, queries, organisation, view.BulkSummary); err != nil {
		return view, err
	}
	view.UnknownPeople, err = listUnknown(ctx, queries, gen.ListUnknownParams{OrganisationID: organisation, BulkID: bulk, Most: MostPerPage})
	return view, err
}

func listUnknown(ctx context.Context, queries *gen.Queries, params gen.ListUnknownParams) ([]UnknownPerson, error) {
	rows, err := queries.ListUnknown(ctx, params)
	people := make([]UnknownPerson, len(rows))
	for i, row := range rows {
		people[i].CareRecipientID = row.CareRecipientID
		if row.MayBeID != nil {
			people[i].MayBe = &PersonRef{
				ID: *row.MayBeID, CareRecipientID: row.MayBeCareRecipientID, NDISNumber: row.MayBeNdisNumber,
				GivenName: row.MayBeGivenName, FamilyName: row.MayBeFamilyName,
			}
		}
	}
	return people, err
}

// BulkPage is a bulk run with some of its people, all as they stood at one moment.
type BulkPage struct {
	Bulk   Bulk
	People []BulkItem
	// More reports whether there are more people after these.
	More bool
}

// BulkPage returns a bulk run and a page of its people, or ErrNotFound.
func (s Store) BulkPage(ctx context.Context, organisation, bulk care.ID, filter ItemFilter) (page BulkPage, err error) {
	err = s.store.Snapshot(ctx, "load the bulk run", func(queries *gen.Queries) (err error) {
		if page.Bulk, err = loadBulkView(ctx, queries, organisation, bulk); err != nil {
			return err
		}
		page.People, page.More, err = pageOfItems(ctx, queries, organisation, bulk, page.Bulk.Kind, filter)
		return err
	})
	return page, err
}

func countReasons(ctx context.Context, queries *gen.Queries, organisation care.ID, bulk BulkSummary) ([]BulkReason, error) {
	rows, err := queries.CountBulkReasons(ctx, gen.CountBulkReasonsParams{OrganisationID: organisation, BulkID: bulk.ID})
	reasons := make([]BulkReason, 0, len(rows))
	for _, row := range rows {
		reason := care.Reason(row.Reason)
		reasons = append(reasons, BulkReason{
			Outcome: care.ItemOutcome(row.Outcome), Reason: reason, Explanation: words.Reason(reason, bulk.Kind.Service()), People: int(row.People),
		})
	}
	return reasons, err
}

// BulkItems returns the people of a bulk run in the order of our ids, and whether there are more. ErrNotFound: there is no such bulk
// run.
func (s Store) BulkItems(ctx context.Context, organisation, bulk care.ID, filter ItemFilter) (items []BulkItem, more bool, err error) {
	err = s.store.Snapshot(ctx, "list the people", func(queries *gen.Queries) error {
		kind, err := queries.BulkKind(ctx, gen.BulkKindParams{OrganisationID: organisation, ID: bulk})
		if err != nil {
			return err
		}
		items, more, err = pageOfItems(ctx, queries, organisation, bulk, care.RunKind(kind), filter)
		return err
	})
	return items, more, err
}

func pageOfItems(ctx context.Context, queries *gen.Queries, organisation, bulk care.ID, kind care.RunKind, filter ItemFilter) (items []BulkItem, more bool, err error) {
	most := pageSize(filter.Most)
	items, err = listItems(ctx, queries, kind, gen.ListBulkItemsParams{
		OrganisationID: organisation, BulkID: bulk, Outcome: filter.Outcome, After: optional.Of(filter.After), Most: most,
	})
	items, more = onePage(items, most)
	return items, more, err
}

// reportPage is how many people of a report are read at once.
const reportPage = 1000

// AllBulkItems yields everyone in a bulk run in the order of our ids, a page in memory at a time. It ends with the first error.
func (s Store) AllBulkItems(ctx context.Context, organisation care.ID, bulk BulkSummary) iter.Seq2[BulkItem, error] {
	return func(yield func(BulkItem, error) bool) {
		params := gen.ListBulkItemsParams{OrganisationID: organisation, BulkID: bulk.ID, Most: reportPage}
		for {
			items, err := listItems(ctx, s.queries, bulk.Kind, params)
			if err != nil {
				yield(BulkItem{}, db.MapError("list the people", err))
				return
			}
			for _, item := range items {
				if !yield(item, nil) {
					return
				}
			}
			if len(items) < reportPage {
				return
			}
			params.After = &items[len(items)-1].Person.ID
		}
	}
}

// AllUnknown yields everyone on the government's lists who is not in the organisation, in the order of Bulk.
func (s Store) AllUnknown(ctx context.Context, organisation, bulk care.ID) iter.Seq2[UnknownPerson, error] {
	return func(yield func(UnknownPerson, error) bool) {
		params := gen.ListUnknownParams{OrganisationID: organisation, BulkID: bulk, Most: reportPage}
		for {
			unknown, err := listUnknown(ctx, s.queries, params)
			if err != nil {
				yield(UnknownPerson{}, db.MapError("list unknown people", err))
				return
			}
			for _, person := range unknown {
				if !yield(person, nil) {
					return
				}
			}
			if len(unknown) < reportPage {
				return
			}
			last := unknown[len(unknown)-1]
			params.After, params.AfterStrange = last.CareRecipientID, last.MayBe == nil
		}
	}
}

// ResolvePeople returns our ids of the people with some numbers, in their order: our own ids, care recipient ids or NDIS numbers.
// The id is empty where a number names no one in the organisation. kind decides what a number that could be either is.
func (s Store) ResolvePeople(ctx context.Context, organisation care.ID, kind care.RunKind, numbers []string) ([]care.ID, error) {
	rows, err := s.queries.ResolvePeople(ctx, gen.ResolvePeopleParams{
		OrganisationID: organisation, NdisFirst: kind == care.RunPACEContract, Numbers: numbers,
	})
	people := make([]care.ID, 0, len(rows))
	for _, row := range rows {
		people = append(people, care.ID(row.PersonID))
	}
	return people, db.MapError("find the people", err)
}

func loadBulk(ctx context.Context, queries *gen.Queries, organisation, bulk care.ID) (BulkSummary, error) {
	bulks, err := listBulks(ctx, queries, gen.ListBulksParams{OrganisationID: organisation, Ids: []care.ID{bulk}, Most: 1})
	if err != nil {
		return BulkSummary{}, err
	}
	if len(bulks) == 0 {
		return BulkSummary{}, db.ErrNotFound
	}
	return bulks[0], nil
}

func listBulks(ctx context.Context, queries *gen.Queries, params gen.ListBulksParams) ([]BulkSummary, error) {
	rows, err := queries.ListBulks(ctx, params)
	if err != nil {
		return nil, err
	}
	bulks := make([]BulkSummary, 0, len(rows))
	for _, row := range rows {
		bulk, err := viewBulk(row)
		if err != nil {
			return nil, err
		}
		bulks = append(bulks, bulk)
	}
	return bulks, nil
}

func viewBulk(row gen.ListBulksRow) (BulkSummary, error) {
	var request care.BulkRequest
	if err := json.Unmarshal(row.Options, &request); err != nil {
		return BulkSummary{}, fmt.Errorf("read the options of bulk run %s: %w", row.ID, err)
	}
	kind, reason := care.RunKind(row.Kind), care.Reason(row.Reason)
	view := BulkSummary{
		ID: row.ID, Kind: kind, State: bulkState(row), RequestedBy: row.RequestedBy, WorkflowID: row.WorkflowID, Options: bulkOptions(request),
		RequestedAt: row.RequestedAt, StartedAt: row.StartedAt, PlannedAt: row.PlannedAt, PausedAt: row.PausedAt, PausedBy: row.PausedBy, TimesLeftOut: int(row.TimesLeftOut),
		Wait: waitOfBulk(row), FinishedAt: row.FinishedAt, Outcome: care.RunOutcome(row.Outcome), Reason: reason,
		Explanation: words.Reason(reason, kind.Service()), Counts: bulkCounts(row), ListedAt: row.ListedAt, Absent: int(row.Absent),
		AbsentHeld: int(row.AbsentHeld), Unknown: int(row.Unknown), SetAside: SetAside{Unavailable: int(row.Unavailable), Contributions: int(row.Losing)},
	}
	view.estimate(row)
	return view, nil
}

// waitOfBulk is what a bulk run as a whole waits for according to its row.
func waitOfBulk(row gen.ListBulksRow) care.Wait {
	if row.Outcome != "" {
		return care.Wait{}
	}
	wait := bulkwait.Row{
		Kind: row.Kind, PausedAt: row.PausedAt, PausedBy: row.PausedBy, WaitingFor: row.WaitingFor, Trouble: row.WaitingTrouble, Words: row.WaitingWords,
		Since: row.WaitingSince, Until: row.WaitingUntil,
	}.Wait()
	if wait.Known() {
		return wait
	}
	return notBegun(row.StartedAt, row.RequestedAt)
}

func bulkCounts(row gen.ListBulksRow) care.BulkCounts {
	counts := care.BulkCounts{
		Selected: int(row.Selected), Succeeded: int(row.Succeeded), SucceededWithWarnings: int(row.SucceededWithWarnings),
		Partial: int(row.Partial), Failed: int(row.Failed), NotStarted: int(row.NotStarted), Cancelled: int(row.Cancelled), Skipped: int(row.Skipped),
		Joined: int(row.Joined), Escalated: int(row.Escalated),
	}
	counts.Processed = counts.Succeeded + counts.SucceededWithWarnings + counts.Partial + counts.Failed + counts.NotStarted + counts.Cancelled + counts.Skipped
	return counts
}

func bulkState(row gen.ListBulksRow) BulkState {
	switch {
	case row.Outcome != "":
		return BulkFinished
	case row.PausedAt != nil:
		return BulkPaused
	case row.WaitingFor != "":
		return BulkWaiting
	case row.PlannedAt != nil:
		return BulkRunning
	default:
		return BulkQueued
	}
}

// standsStillAfter is how long a bulk run of the usual speed may settle no one before it counts as standing still.
const standsStillAfter = time.Minute

// estimate tells how fast a running bulk run is, and when it will have ended if it stays so; not where it has stood still for a minute or, if its
// people take longer than that, for three times as long as one of them (R38).
func (v *BulkSummary) estimate(row gen.ListBulksRow) {
	if v.State != BulkRunning || row.SettledLately == 0 || v.Wait.Known() {
		return
	}
	if perPerson := row.WatchedSeconds / float64(row.SettledLately); row.QuietSeconds > max(standsStillAfter.Seconds(), 3*perPerson) {
		return
	}
	perMinute := float64(row.SettledLately) / max(row.WatchedSeconds, 1) * 60
	left := float64(v.Counts.Selected - v.Counts.Processed)
	end := row.At.Add(time.Duration(left / perMinute * float64(time.Minute))).Truncate(time.Second)
	v.PerMinute, v.EstimatedEnd = &perMinute, &end
}

func listItems(ctx context.Context, queries *gen.Queries, kind care.RunKind, params gen.ListBulkItemsParams) ([]BulkItem, error) {
	rows, err := queries.ListBulkItems(ctx, params)
	items := make([]BulkItem, 0, len(rows))
	for _, row := range rows {
		reason := care.Reason(row.Reason)
		items = append(items, BulkItem{
			Person: PersonRef{
				ID: row.PersonID, CareRecipientID: row.CareRecipientID, NDISNumber: row.NdisNumber, GivenName: row.GivenName, FamilyName: row.FamilyName,
			},
			Outcome: care.ItemOutcome(row.Outcome), Reason: reason, Explanation: words.Reason(reason, kind.Service()), Words: row.Words,
			Warnings: int(row.Warnings), RunID: row.RunID, Joined: row.Joined, EscalatedAt: row.EscalatedAt, SettledAt: row.SettledAt,
		})
	}
	return items, err
}

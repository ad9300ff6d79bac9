package db

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/gen"
	"github.com/caresync/caresync/db/internal/optional"
)

// Bulk is a bulk run as it is started.
type Bulk struct {
	ID             care.ID
	OrganisationID care.ID
	RequestedBy    string
	WorkflowID     string
	Request        care.BulkRequest
}

// RecordBulk writes the row of a bulk run. A row that is there already stands.
func (s *Store) RecordBulk(ctx context.Context, bulk Bulk) error {
	return MapError("record the bulk run", s.queries.RecordBulk(ctx, gen.RecordBulkParams{
		ID: bulk.ID, OrganisationID: bulk.OrganisationID, Kind: string(bulk.Request.Kind), RequestedBy: bulk.RequestedBy,
		WorkflowID: bulk.WorkflowID, Options: object(bulk.Request),
	}))
}

// WithdrawBulk deletes the row of a bulk run that no worker has started, as if it had not been asked for. One that was started, or has ended, stays.
func (s *Store) WithdrawBulk(ctx context.Context, organisation, bulk care.ID) error {
	return MapError("withdraw the bulk run", s.queries.WithdrawBulk(ctx, gen.WithdrawBulkParams{OrganisationID: organisation, ID: bulk}))
}

// BulkRequest returns what a bulk run was asked for, or ErrNotFound.
func (s *Store) BulkRequest(ctx context.Context, organisation, bulk care.ID) (request care.BulkRequest, err error) {
	stored, err := s.queries.BulkOptions(ctx, gen.BulkOptionsParams{OrganisationID: organisation, ID: bulk})
	if err != nil {
		return request, MapError("load the bulk run", err)
	}
	return request, json.Unmarshal(stored, &request)
}

// BeginBulk notes that a worker has started a bulk run, and returns what it was asked for. It fails with ErrNotFound.
func (s *Store) BeginBulk(ctx context.Context, organisation, bulk care.ID) (request care.BulkRequest, err error) {
	stored, err := s.queries.BeginBulk(ctx, gen.BeginBulkParams{OrganisationID: organisation, ID: bulk})
	if err != nil {
		return request, MapError("begin the bulk run", err)
	}
	return request, json.Unmarshal(stored, &request)
}

// BulkRunID is our id of a person's run in a bulk run, so that an attempt which is made again answers from the ledger. It begins with the
// bulk run's time: the ledger's indexes grow at their end, rather than everywhere.
func BulkRunID(bulk, person care.ID) care.ID {
	const customVersion, timeBytes = 8, 6 // RFC 9562
	parent := uuid.MustParse(string(bulk))
	id := uuid.NewHash(sha256.New(), parent, []byte(person), customVersion)
	copy(id[:timeBytes], parent[:timeBytes])
	return care.ID(id.String())
}

// Today is the organisation's date at an instant (R1).
func (s *Store) Today(ctx context.Context, organisation care.ID, now time.Time) (care.Date, error) {
	today, err := todayOf(ctx, s.queries, organisation, now)
	return today, MapError("find out the organisation's date", err)
}

func todayOf(ctx context.Context, queries *gen.Queries, organisation care.ID, now time.Time) (care.Date, error) {
	zone, err := queries.TimeZoneOf(ctx, organisation)
	return care.Organisation{TimeZone: zone}.Today(now), err
}

// BulkChunk names a chunk of a bulk run.
type BulkChunk struct {
	OrganisationID, BulkID care.ID
	Batch, Chunk           int
}

// OpenItem is a person of a bulk run without an outcome, with the government's ids of their budgets that were updated lately. Whole is set
// for those whose last run did not succeed: whatever was not read then has to be read now, though no list names it again.
type OpenItem struct {
	PersonID     care.ID
	MovedBudgets []string
	Whole        bool
}

// OpenItems are the people of a chunk who have no outcome and no sync of their own.
func (s *Store) OpenItems(ctx context.Context, chunk BulkChunk) ([]OpenItem, error) {
	rows, err := s.queries.OpenItems(ctx, gen.OpenItemsParams{
		OrganisationID: chunk.OrganisationID, BulkID: chunk.BulkID, Batch: int32(chunk.Batch), Chunk: int32(chunk.Chunk),
	})
	items := make([]OpenItem, len(rows))
	for i, row := range rows {
		items[i] = OpenItem(row)
	}
	return items, MapError("load the people of the chunk", err)
}

// SetAside tells how many people of a bulk run meet the same trouble as one who was set aside, of how many who were selected, and when that
// one met it.
type SetAside struct {
	People, Selected int
	MetAt            []time.Time
}

// SetItemAside sets a person aside until the others of a bulk run are done. at and area say when and where they met a 503.
func (s *Store) SetItemAside(ctx context.Context, organisation, bulk, person care.ID, cause care.AsideCause, at time.Time, area care.Area) (SetAside, error) {
	row, err := s.queries.SetItemAside(ctx, gen.SetItemAsideParams{
		OrganisationID: organisation, BulkID: bulk, PersonID: person, SetAsideFor: string(cause), OwnReason: string(care.ReasonUnavailableForPerson), At: at, Area: string(area),
	})
	return SetAside{People: int(row.People), Selected: int(row.Selected), MetAt: row.MetAt}, MapError("set a person aside", err)
}

// ItemsSetAside are the people of a bulk run who wait for its end for that cause.
func (s *Store) ItemsSetAside(ctx context.Context, organisation, bulk care.ID, cause care.AsideCause) ([]OpenItem, error) {
	rows, err := s.queries.ItemsSetAside(ctx, gen.ItemsSetAsideParams{OrganisationID: organisation, BulkID: bulk, SetAsideFor: string(cause)})
	items := make([]OpenItem, len(rows))
	for i, row := range rows {
		items[i] = OpenItem(row)
	}
	return items, MapError("load the people who were set aside", err)
}

// CountSetAside counts the people of a bulk run who wait for its end: those whose reads found the service unavailable, and those who
// would lose their contributions.
func (s *Store) CountSetAside(ctx context.Context, organisation, bulk care.ID) (unavailable, losing int, err error) {
	row, err := s.queries.CountSetAside(ctx, gen.CountSetAsideParams{OrganisationID: organisation, BulkID: bulk})
	return int(row.Unavailable), int(row.Losing), MapError("count the people who were set aside", err)
}

// CountWithContributions counts the people of a bulk run with stored contributions.
func (s *Store) CountWithContributions(ctx context.Context, organisation, bulk care.ID) (int, error) {
	people, err := s.queries.CountWithContributions(ctx, gen.CountWithContributionsParams{OrganisationID: organisation, BulkID: bulk})
	return int(people), MapError("count the people with contributions", err)
}

// TakeItemsBack lets those of a chunk who were set aside for a trouble that is the service's wait like everyone else.
func (s *Store) TakeItemsBack(ctx context.Context, chunk BulkChunk) error {
	return MapError("take people back", s.queries.TakeItemsBack(ctx, gen.TakeItemsBackParams{
		OrganisationID: chunk.OrganisationID, BulkID: chunk.BulkID, Batch: int32(chunk.Batch), Chunk: int32(chunk.Chunk),
	}))
}

// OthersOfBulk counts for how many other people of a bulk run, up to most, an area was saved, and when the service last failed for one.
func (s *Store) OthersOfBulk(ctx context.Context, organisation, bulk, person care.ID, area care.Area, most int) (succeeded int, failedAt time.Time, err error) {
	row, err := s.queries.OthersOfBulk(ctx, gen.OthersOfBulkParams{
		OrganisationID: organisation, BulkID: bulk, PersonID: person, Area: string(area), Most: int32(most),
	})
	return int(row.Succeeded), row.FailedAt, MapError("look at the others of the bulk run", err)
}

// BulkStatus reports why no other person of a bulk run may be started: it is paused, or has finished.
type BulkStatus struct{ Paused, Finished bool }

// BulkStatus reports whether other people of a bulk run may be started.
func (s *Store) BulkStatus(ctx context.Context, organisation, bulk care.ID) (BulkStatus, error) {
	status, err := s.queries.BulkStatus(ctx, gen.BulkStatusParams{OrganisationID: organisation, ID: bulk})
	return BulkStatus(status), MapError("look at the bulk run", err)
}

// NoteBulkPausedBy notes who has paused a bulk run, for as long as it is paused.
func (s *Store) NoteBulkPausedBy(ctx context.Context, organisation, bulk care.ID, requestedBy string) error {
	return MapError("note who paused the bulk run", s.queries.NoteBulkPausedBy(ctx, gen.NoteBulkPausedByParams{
		OrganisationID: organisation, ID: bulk, PausedBy: requestedBy,
	}))
}

// SetBulkPaused pauses a bulk run, or resumes it.
func (s *Store) SetBulkPaused(ctx context.Context, organisation, bulk care.ID, paused bool) error {
	return MapError("pause the bulk run", s.queries.SetBulkPaused(ctx, gen.SetBulkPausedParams{OrganisationID: organisation, ID: bulk, Paused: paused}))
}

// NoteBulkWaiting notes what a bulk run as a whole waits for (R38), with the government's words, if there are any.
func (s *Store) NoteBulkWaiting(ctx context.Context, organisation, bulk care.ID, wait care.Wait) error {
	return MapError("note that the bulk run waits", s.queries.SetBulkWaiting(ctx, gen.SetBulkWaitingParams{
		OrganisationID: organisation, ID: bulk, WaitingFor: string(wait.Cause), Trouble: string(wait.Trouble), Until: optional.Of(wait.Until), Words: wait.Words,
	}))
}

// ClearBulkWaiting records that the bulk run no longer waits.
func (s *Store) ClearBulkWaiting(ctx context.Context, organisation, bulk care.ID) error {
	return MapError("note that the bulk run continues", s.queries.SetBulkWaiting(ctx, gen.SetBulkWaitingParams{OrganisationID: organisation, ID: bulk}))
}

// EscalateItems notes that some people are given a sync of their own.
func (s *Store) EscalateItems(ctx context.Context, organisation, bulk care.ID, people []care.ID) error {
	return MapError("escalate", s.queries.EscalateItems(ctx, gen.EscalateItemsParams{OrganisationID: organisation, BulkID: bulk, People: people}))
}

// EscalatedItems are the people of a batch who were given a sync of their own and have no outcome yet.
func (s *Store) EscalatedItems(ctx context.Context, organisation, bulk care.ID, batch int) ([]care.ID, error) {
	people, err := s.queries.EscalatedItems(ctx, gen.EscalatedItemsParams{OrganisationID: organisation, BulkID: bulk, Batch: int32(batch)})
	return people, MapError("load the escalated", err)
}

// UnsettledOfChunk are the people of a chunk who were started and have no outcome yet: those with a sync of their own, and how many were set
// aside.
func (s *Store) UnsettledOfChunk(ctx context.Context, chunk BulkChunk) (escalated []care.ID, setAside int, err error) {
	rows, err := s.queries.UnsettledOfChunk(ctx, gen.UnsettledOfChunkParams{
		OrganisationID: chunk.OrganisationID, BulkID: chunk.BulkID, Batch: int32(chunk.Batch), Chunk: int32(chunk.Chunk),
	})
	for _, row := range rows {
		if row.Escalated {
			escalated = append(escalated, row.PersonID)
		} else {
			setAside++
		}
	}
	return escalated, setAside, MapError("load the people that the chunk leaves", err)
}

// SettleJoined settles a person with the newest run of a workflow that someone else had started, once that has finished. A run from before
// the person was given a sync of their own settles no one.
func (s *Store) SettleJoined(ctx context.Context, organisation, bulk, person care.ID, workflowID string) error {
	_, err := s.queries.SettleJoined(ctx, gen.SettleJoinedParams{OrganisationID: organisation, BulkID: bulk, PersonID: person, WorkflowID: workflowID})
	return MapError("settle with a run that was joined", err)
}

// SettleItems gives everyone in a bulk run, or of one batch, who has no outcome one.
func (s *Store) SettleItems(ctx context.Context, organisation, bulk care.ID, batch *int, outcome care.ItemOutcome, reason care.Reason) error {
	_, err := s.queries.SettleItems(ctx, gen.SettleItemsParams{
		OrganisationID: organisation, BulkID: bulk, Batch: batchNumber(batch), Outcome: string(outcome), Reason: string(reason),
	})
	return MapError("settle the people who were not processed", err)
}

// SettleItem is SettleItems for one person.
func (s *Store) SettleItem(ctx context.Context, organisation, bulk, person care.ID, outcome care.ItemOutcome, reason care.Reason) error {
	_, err := s.queries.SettleItems(ctx, gen.SettleItemsParams{
		OrganisationID: organisation, BulkID: bulk, PersonID: &person, Outcome: string(outcome), Reason: string(reason),
	})
	return MapError("settle a person", err)
}

func batchNumber(batch *int) *int32 {
	if batch == nil {
		return nil
	}
	number := int32(*batch)
	return &number
}

// CountItems counts how the people of a bulk run, or of one batch, have ended so far.
func (s *Store) CountItems(ctx context.Context, organisation, bulk care.ID, batch *int) (care.BulkCounts, error) {
	counts, err := countItems(ctx, s.queries, organisation, bulk, batch)
	return counts, MapError("count the people", err)
}

func countItems(ctx context.Context, queries *gen.Queries, organisation, bulk care.ID, batch *int) (counts care.BulkCounts, err error) {
	rows, err := queries.CountItems(ctx, gen.CountItemsParams{OrganisationID: organisation, BulkID: bulk, Batch: batchNumber(batch)})
	for _, row := range rows {
		counts.Add(care.ItemOutcome(row.Outcome), int(row.People), int(row.NotStarted))
		counts.Joined += int(row.Joined)
		counts.Escalated += int(row.Escalated)
	}
	return counts, err
}

// outageReasons are those for which someone was not reached, rather than answered with a no.
func outageReasons() (reasons []string) {
	for _, reason := range care.OutageReasons {
		reasons = append(reasons, string(reason))
	}
	return reasons
}

// FinishBulk settles people without an outcome as skipped, closes the passes that no one finished, and sets the bulk run's outcome where none is set. It returns the counts, and
// with the outcome that stands. stop is why the run ended early, empty if it did not.
func (s *Store) FinishBulk(ctx context.Context, organisation, bulk care.ID, stop care.Reason) (counts care.BulkCounts, outcome care.RunOutcome, err error) {
	err = s.inTransaction(ctx, "finish the bulk run", func(queries *gen.Queries) error {
		// No one is planned any more who would be left without an outcome. A bulk run that could not even be recorded is over all the same.
		if _, err := queries.LockBulk(ctx, gen.LockBulkParams{OrganisationID: organisation, ID: bulk}); err != nil && !errors.Is(err, pgx.ErrNoRows) {
			return err
		}
		reason := stop
		if reason == "" {
			reason = care.ReasonBatchLost
		}
		if _, err := queries.SettleItems(ctx, gen.SettleItemsParams{
			OrganisationID: organisation, BulkID: bulk, Outcome: string(care.ItemSkipped), Reason: string(reason),
		}); err != nil {
			return err
		}
		var err error
		if counts, err = countItems(ctx, queries, organisation, bulk, nil); err != nil {
			return err
		}
		if err := queries.CloseBulkPasses(ctx, gen.CloseBulkPassesParams{OrganisationID: organisation, ID: bulk}); err != nil {
			return err
		}
		outcome = care.ConcludeBulk(counts, stop)
		if err := queries.MoveListMarks(ctx, gen.MoveListMarksParams{OrganisationID: organisation, BulkID: bulk, Outages: outageReasons()}); err != nil {
			return err
		}
		recorded, err := queries.FinishBulk(ctx, gen.FinishBulkParams{OrganisationID: organisation, ID: bulk, Outcome: string(outcome), Reason: string(stop)})
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		outcome = care.RunOutcome(recorded)
		return err
	})
	return counts, outcome, err
}

// ListMark is up to when one of a connection's lists is covered, by the government's own times (R35), and which budgets it named then.
type ListMark struct {
	ConnectionID care.ID
	List         care.Area
	// Mark is zero where nothing covers the list yet.
	Mark   time.Time
	Listed []string
}

// ListMarks are those of all lists of an organisation's activated connections to Services Australia.
func (s *Store) ListMarks(ctx context.Context, organisation care.ID) ([]ListMark, error) {
	rows, err := s.queries.ListMarks(ctx, organisation)
	marks := make([]ListMark, len(rows))
	for i, row := range rows {
		marks[i] = ListMark{ConnectionID: row.ID, List: care.Area(row.List), Mark: optional.Value(row.Mark), Listed: row.Listed}
	}
	return marks, MapError("find out since when to compare", err)
}

// NoteBulkLists notes how far a bulk run has read the lists; what an earlier attempt has noted stands. They are covered once the run has
// reached everyone it planned.
func (s *Store) NoteBulkLists(ctx context.Context, organisation, bulk care.ID, marks []ListMark) error {
	return s.inTransaction(ctx, "note how far the lists were read", func(queries *gen.Queries) error {
		for _, mark := range marks {
			mark.Listed = append([]string{}, mark.Listed...)
			if err := queries.NoteBulkList(ctx, gen.NoteBulkListParams{
				OrganisationID: organisation, BulkID: bulk, ConnectionID: mark.ConnectionID, List: string(mark.List), Mark: mark.Mark, Listed: mark.Listed,
			}); err != nil {
				return err
			}
		}
		return nil
	})
}

// MarkBulkListed notes when a bulk run began to read the providers' lists; the first attempt's time stands.
func (s *Store) MarkBulkListed(ctx context.Context, organisation, bulk care.ID, began time.Time) error {
	return MapError("note that the lists were read", s.queries.MarkBulkListed(ctx, gen.MarkBulkListedParams{OrganisationID: organisation, ID: bulk, ListedAt: &began}))
}

// HeldLists is what is stored about those of some people who are in the organisation, by care recipient id.
func (s *Store) HeldLists(ctx context.Context, organisation care.ID, careRecipientIDs []string) (map[string]care.HeldLists, error) {
	rows, err := s.queries.HeldLists(ctx, gen.HeldListsParams{OrganisationID: organisation, CareRecipientIds: careRecipientIDs})
	if err != nil {
		return nil, MapError("load what we hold", err)
	}
	people := make(map[string]care.HeldLists, len(rows))
	for _, row := range rows {
		var held care.HeldLists
		if err := json.Unmarshal(row.Held, &held); err != nil {
			return nil, err
		}
		people[row.CareRecipientID] = held
	}
	return people, nil
}

// CareRecipientIDsLike are the organisation's care recipient ids that differ from some of those given by leading zeros at most.
func (s *Store) CareRecipientIDsLike(ctx context.Context, organisation care.ID, ids []string) ([]string, error) {
	known, err := s.queries.CareRecipientIDsLike(ctx, gen.CareRecipientIDsLikeParams{OrganisationID: organisation, CareRecipientIds: ids})
	return known, MapError("look up care recipient ids", err)
}

// ListedPeople are the people on the lists of an organisation's providers, with how many each connection's list has: those of its
// connections to Services Australia that were read.
//
// Of people who are on no list of summaries, only the care recipient id is known. ByConnection is nil where a list has only what was
// updated: absence from it proves nothing (R5).
type ListedPeople struct {
	People       []care.Identity
	ByConnection map[care.ID]int
}

// CareRecipientIDs are those of the people.
func (l ListedPeople) CareRecipientIDs() []string {
	ids := make([]string, len(l.People))
	for i, person := range l.People {
		ids[i] = person.CareRecipientID
	}
	return ids
}

// AbsentPerson is someone in care who is on none of the providers' lists. ConnectionID is empty if their connection is not known.
type AbsentPerson struct {
	CareRecipientID string
	ConnectionID    care.ID
}

// AbsentPeople are the people that MarkAbsent would mark.
func (s *Store) AbsentPeople(ctx context.Context, organisation care.ID, listed []string) ([]AbsentPerson, error) {
	rows, err := s.queries.AbsentPeople(ctx, gen.AbsentPeopleParams{OrganisationID: organisation, Listed: listed})
	people := make([]AbsentPerson, len(rows))
	for i, row := range rows {
		people[i] = AbsentPerson{CareRecipientID: row.CareRecipientID, ConnectionID: care.ID(row.ConnectionID)}
	}
	return people, MapError("list who is absent", err)
}

// MarkAbsent marks the people who are on none of the providers' lists as not in care, unless they are too many or some list was not read
// (R5, R19), and notes in the bulk run how many were marked or held.
func (s *Store) MarkAbsent(ctx context.Context, organisation, bulk care.ID, listed ListedPeople, accepted bool, today care.Date) error {
	return s.inTransaction(ctx, "mark who is absent", func(queries *gen.Queries) error {
		ids := listed.CareRecipientIDs()
		counted, err := queries.Absent(ctx, gen.AbsentParams{OrganisationID: organisation, Listed: ids})
		if err != nil {
			return err
		}
		lists, complete, err := providerLists(ctx, queries, organisation, listed)
		if err != nil {
			return err
		}
		lists = append(lists, care.ProviderList{InCare: int(counted.InCare), Absent: int(counted.Absent), Listed: len(ids)})
		note := gen.NoteAbsencesParams{OrganisationID: organisation, ID: bulk}
		if complete && care.MayMarkAbsent(lists, accepted) {
			note.Absent = counted.Absent
			if err := queries.MarkAbsent(ctx, gen.MarkAbsentParams{OrganisationID: organisation, Listed: ids, Today: today}); err != nil {
				return err
			}
		} else {
			note.AbsentHeld = counted.Absent
		}
		return queries.NoteAbsences(ctx, note)
	})
}

// providerLists compares each provider's list with our people of that provider, and reports whether there are lists and all of them were read.
func providerLists(ctx context.Context, queries *gen.Queries, organisation care.ID, listed ListedPeople) (lists []care.ProviderList, complete bool, err error) {
	rows, err := queries.AbsentByConnection(ctx, gen.AbsentByConnectionParams{OrganisationID: organisation, Listed: listed.CareRecipientIDs()})
	complete = len(rows) > 0
	for _, row := range rows {
		people, read := listed.ByConnection[row.ID]
		complete = complete && read
		lists = append(lists, care.ProviderList{InCare: int(row.InCare), Absent: int(row.Absent), Listed: people})
	}
	return lists, complete, err
}

// ReportUnknown keeps the care recipient ids of people on the lists who are not in the organisation. One with the name and birth date of a
// person who is no longer on any list may be that person under another number (R33).
func (s *Store) ReportUnknown(ctx context.Context, organisation, bulk care.ID, listed ListedPeople) error {
	return s.inTransaction(ctx, "report unknown people", func(queries *gen.Queries) error {
		unknown, err := queries.UnknownAmong(ctx, gen.UnknownAmongParams{OrganisationID: organisation, CareRecipientIds: listed.CareRecipientIDs()})
		if err != nil || len(unknown) == 0 {
			return err
		}
		people, err := whoTheyMayBe(ctx, queries, organisation, unknown, listed)
		if err != nil {
			return err
		}
		return queries.ReportUnknown(ctx, gen.ReportUnknownParams{OrganisationID: organisation, BulkID: bulk, People: list(people)})
	})
}

// unknownRow is a row of bulk_unknown.
type unknownRow struct {
	CareRecipientID string   `json:"care_recipient_id"`
	MayBe           *care.ID `json:"may_be_person_id"`
}

// whoTheyMayBe names, for each of some unknown people, the person of ours that it may be, or no one. Who is gone is known only where all lists
// were read.
func whoTheyMayBe(ctx context.Context, queries *gen.Queries, organisation care.ID, unknown []string, listed ListedPeople) ([]unknownRow, error) {
	rows := make([]unknownRow, len(unknown))
	for i, id := range unknown {
		rows[i].CareRecipientID = id
	}
	if listed.ByConnection == nil {
		return rows, nil
	}
	if _, complete, err := providerLists(ctx, queries, organisation, listed); err != nil || !complete {
		return rows, err
	}
	identities := make(map[string]care.Identity, len(listed.People))
	for _, person := range listed.People {
		identities[person.CareRecipientID] = person
	}
	var birthDates []care.Date
	for _, id := range unknown {
		if birthDate := identities[id].BirthDate; !birthDate.IsZero() {
			birthDates = append(birthDates, birthDate)
		}
	}
	gone, err := queries.GoneFromLists(ctx, gen.GoneFromListsParams{OrganisationID: organisation, BirthDates: birthDates, Listed: listed.CareRecipientIDs()})
	people := make([]care.Identity, len(gone))
	for i, person := range gone {
		people[i] = care.Identity{GivenName: person.GivenName, FamilyName: person.FamilyName, BirthDate: person.BirthDate}
	}
	for i, id := range unknown {
		if place, found := care.MayBe(identities[id], people); found {
			rows[i].MayBe = &gone[place].ID
		}
	}
	return rows, err
}

// UnfinishedRun is a run, or a bulk run, that has had no outcome for some time, with its workflow.
type UnfinishedRun struct {
	OrganisationID, ID care.ID
	WorkflowID         string
}

// UnfinishedBulk is a bulk run that has had no outcome for some time.
type UnfinishedBulk struct {
	UnfinishedRun
	// Begun: a worker has started it.
	Begun bool
}

// OpenBulks are the bulk runs of all organisations that have been open for some time.
func (s *Store) OpenBulks(ctx context.Context) ([]UnfinishedBulk, error) {
	rows, err := s.queries.OpenBulks(ctx)
	work := make([]UnfinishedBulk, len(rows))
	for i, row := range rows {
		work[i] = UnfinishedBulk{UnfinishedRun{OrganisationID: row.OrganisationID, ID: row.ID, WorkflowID: row.WorkflowID}, row.Begun}
	}
	return work, MapError("list the open bulk runs", err)
}

// OpenRuns are the runs of all organisations that have been open for some time and have a workflow of their own.
func (s *Store) OpenRuns(ctx context.Context) ([]UnfinishedRun, error) {
	rows, err := s.queries.OpenRuns(ctx)
	work := make([]UnfinishedRun, len(rows))
	for i, row := range rows {
		work[i] = UnfinishedRun(row)
	}
	return work, MapError("list the open runs", err)
}

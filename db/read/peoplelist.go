package read

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/gen"
	"github.com/caresync/caresync/db/internal/optional"
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
	// NotInCare lists only people who are not in care (R19).
	NotInCare bool
	// Page counts from 1; Most is its size.
	Page, Most int
}

// PersonRow is a person in a list.
type PersonRow struct {
	PersonRef
	NotInCareSince care.Date
	// LastRun is the newest sync; of the newest of both kinds, rather the one that makes the person stale. A preview that no one used is
	// none. It is nil as long as the person was never synced.
	LastRun *RunRef
	Stale   bool
}

// People returns a page of an organisation's people by name, and whether there is another page.
func (s Store) People(ctx context.Context, organisation care.ID, filter PeopleFilter, now time.Time) (people []PersonRow, more bool, err error) {
	size := pageSize(filter.Most)
	page := min(max(filter.Page, 1), furthestPage)
	rows, err := s.queries.ListPeople(ctx, gen.ListPeopleParams{
		OrganisationID: organisation, Words: searchWords(filter.Search), Funding: string(filter.Funding), Outcome: filter.Outcome,
		StaleOnly: filter.Stale, DepartedOnly: filter.NotInCare, StaleBefore: now.Add(-StaleAfter),
		Most: size, Beyond: int32(page-1) * (size - 1),
	})
	if err != nil {
		return nil, false, db.MapError("list the people", err)
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
		PersonRef: PersonRef{
			ID: row.ID, CareRecipientID: row.CareRecipientID, NDISNumber: row.NdisNumber, GivenName: row.GivenName, FamilyName: row.FamilyName,
		},
		NotInCareSince: row.NotInCareSince, Stale: row.Stale,
	}
	if row.LastRunID != nil {
		person.LastRun = &RunRef{
			ID: *row.LastRunID, Kind: care.RunKind(row.LastKind), Outcome: care.RunOutcome(row.LastOutcome), Reason: care.Reason(row.LastReason),
			RequestedAt: optional.Value(row.LastRequestedAt), FinishedAt: row.LastFinishedAt,
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

package servicesaustralia

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/url"
	"strconv"
	"time"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/upstream/record"
	"github.com/caresync/caresync/upstream/transport"
)

// list is a paged read: what is asked for, and in which stable order.
type list struct {
	operation, path string
	query           url.Values
	sortField       string
	descending      bool
	limit           int
	// mustExist makes a first page without hits an error: the person who was asked for is not known.
	mustExist bool
	// identifiesPerson makes a row that nothing identifies refuse the answer: it may be the person's, or someone else's (R8).
	identifiesPerson bool
	// times, if set, takes the government's own times of the list (R35).
	times *care.ListTimes
}

// page is one page of a list.
type page struct {
	number   int
	rows     []json.RawMessage
	full     bool
	response transport.Response
}

// pages reads a list to its end, which is the first page that is shorter than the limit; the service gives neither a total nor a link.
// A search without hits is a "not found" there, on the first page and after a last page that was just full.
func (r *Reader) pages(ctx context.Context, list list, each func(page) error) error {
	var current page
	for number := 1; number <= r.options.MaxPages; number++ {
		var err error
		current, err = r.page(ctx, list, number)
		if transport.IsKind(err, transport.NotFound) && !(list.mustExist && number == 1) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := each(current); err != nil || !current.full {
			return err
		}
	}
	return endless(current)
}

// endless is the error for a service that takes no notice of the page asked for.
func endless(last page) error {
	failure := last.response.Fail(transport.TooLarge)
	failure.Code = transport.CodeEndlessList
	return failure
}

func (r *Reader) page(ctx context.Context, list list, number int) (page, error) {
	query := maps.Clone(list.query)
	query.Set("page", strconv.Itoa(number))
	query.Set("limit", strconv.Itoa(list.limit))
	query.Set("sort", map[bool]string{false: "asc", true: "desc"}[list.descending])
	query.Set("sort-fields", list.sortField)
	response, err := r.get(ctx, list.operation, list.path, query)
	if number == 1 && list.times != nil {
		list.times.AnsweredAt = answeredAt(response, err)
	}
	if err != nil {
		return page{}, err
	}
	var rows []json.RawMessage
	if err := response.Decode(&rows); err != nil {
		return page{}, err
	}
	if rows == nil { // null is not an empty list
		return page{}, response.Fail(transport.Unreadable)
	}
	list.noteUpdates(rows)
	return page{number: number, rows: rows, full: len(rows) >= list.limit, response: response}, nil
}

// answeredAt is when the service answered, also with a no.
func answeredAt(response transport.Response, err error) time.Time {
	var refused *transport.Error
	if errors.As(err, &refused) {
		return refused.AnsweredAt
	}
	return transport.AnsweredAt(response.Header)
}

// noteUpdates notes when the rows of a provider's list were changed, where they say so.
func (l list) noteUpdates(rows []json.RawMessage) {
	if l.times == nil {
		return
	}
	for _, raw := range rows {
		var row struct {
			UpdatedAt string `json:"updatedAt"`
		}
		if json.Unmarshal(raw, &row) != nil {
			continue
		}
		if at, err := time.Parse(time.RFC3339, row.UpdatedAt); err == nil && at.After(l.times.UpdatedAt) {
			l.times.UpdatedAt = at
		}
	}
}

// get reads, and tells apart what only this service's codes tell apart.
func (r *Reader) get(ctx context.Context, operation, path string, query url.Values) (transport.Response, error) {
	response, err := r.session.Get(ctx, operation, r.options.Root+path, query)
	if err == nil {
		if said := response.Enveloped(); said != nil && !isRecord(response) {
			err = said
		}
	}
	var failure *transport.Error
	if errors.As(err, &failure) {
		failure.Kind = r.kindOf(failure)
	}
	return response, err
}

// isRecord reports whether an answer is what was asked for, whatever else stands in it.
func isRecord(response transport.Response) bool {
	var one map[string]json.RawMessage
	return json.Unmarshal(response.Body, &one) == nil && one[fieldBudgetID] != nil
}

// kindOf corrects what the status says by the code and the form of the answer (R9).
func (r *Reader) kindOf(failure *transport.Error) transport.Kind {
	success := failure.Status >= 200 && failure.Status < 300
	switch {
	case failure.Kind == transport.NotAuthorised && failure.Status == 403 && failure.HasCode(r.consentCode()),
		failure.Kind == transport.Refused && success && failure.HasCode(r.consentCode()):
		return transport.ConsentRefused
	case failure.Kind == transport.Refused && success && withoutHits(failure):
		return transport.NotFound
	case failure.Kind == transport.NotFound && !withoutHits(failure) && !unknownPerson(failure):
		// A 404 that is not the service's own says that the address is wrong, not that there is nothing.
		return transport.Refused
	default:
		return failure.Kind
	}
}

// withoutHits recognises the answer to a search that found nothing, in either form that has a code.
func withoutHits(failure *transport.Error) bool {
	return failure.Code == "1" && (failure.CodeType == "DHSEIN" || failure.CodeType == "")
}

// unknownPerson recognises the answer to the search of one id's summary, which alone may come without a code (R9).
func unknownPerson(failure *transport.Error) bool {
	return failure.Operation == operationSummary && failure.Code == "" && failure.Enveloped
}

func (r *Reader) consentCode() string {
	if r.connection.ConsentCode != "" {
		return r.connection.ConsentCode
	}
	return DefaultConsentCode
}

// rowReader reads the rows of a list: decode reads one, id names it. Without an id every row is kept.
type rowReader[T any] struct {
	area   care.Area
	kind   care.Kind
	decode func(record.Row) T
	id     func(T) string
}

// readPerson reads a list of one person's. Where that took several pages, rows may have moved between them unseen: those that have an id are
// read once more in the other direction, and of the others the list counts as incomplete (R5).
func readPerson[T any](ctx context.Context, r *Reader, list list, rows rowReader[T]) (care.Read[T], error) {
	list.limit = r.options.PersonPageSize
	read, err := readAll(ctx, r, list, rows)
	switch {
	case err != nil || !read.Paged:
		return read, err
	case rows.id == nil:
		read.Incomplete = true
		return read, nil
	}
	list.descending = true
	again, err := readAll(ctx, r, list, rows)
	if err != nil {
		return care.Read[T]{}, err
	}
	return rows.union(read, again), nil
}

// union is everything that either of two readings of a list has. The later one's record counts, and its warnings.
func (rows rowReader[T]) union(earlier, later care.Read[T]) care.Read[T] {
	seen := make(map[string]bool, len(later.Records))
	for _, one := range later.Records {
		seen[rows.id(one)] = true
	}
	for _, one := range earlier.Records {
		if !seen[rows.id(one)] {
			later.Records = append(later.Records, one)
		}
	}
	later.Incomplete = later.Incomplete || earlier.Incomplete
	return later
}

// readAll reads a list of records. Rows can move between pages while they are read, so that one comes twice: duplicates by id are
// dropped, and a full page of nothing but duplicates means that there is no end. A row that nothing identifies is left out.
func readAll[T any](ctx context.Context, r *Reader, list list, rows rowReader[T]) (care.Read[T], error) {
	var read care.Read[T]
	decoder := newDecoder(rows.area)
	seen, count := make(map[string]bool), 0
	err := r.pages(ctx, list, func(page page) error {
		before := len(read.Records)
		read.Paged = page.full || page.number > 1
		for _, raw := range page.rows {
			row := decoder.Member(rows.kind, count, raw)
			one, issues := rows.decode(row), decoder.TakeIssues()
			count++
			if list.identifiesPerson {
				row.RefuseAnswer()
			}
			if err := decoder.Refusal(page.response); err != nil {
				return err
			}
			known := !row.LeftOut() && rows.id != nil && seen[rows.id(one)]
			if known {
				continue
			}
			read.Issues = append(read.Issues, issues...)
			if row.LeftOut() {
				read.Incomplete = true
				continue
			}
			if rows.id != nil {
				seen[rows.id(one)] = true
			}
			read.Records = append(read.Records, one)
		}
		if page.full && len(read.Records) == before {
			return endless(page)
		}
		return nil
	})
	if err != nil {
		return care.Read[T]{}, err
	}
	if list.times != nil {
		read.Times = *list.times
	}
	return read, nil
}

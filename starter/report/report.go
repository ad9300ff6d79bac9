// Package report writes the outcome of everyone in a bulk run as a file: CSV for spreadsheets, JSON in the HTTP API's shapes for programs.
package report

import (
	"cmp"
	"context"
	"encoding/csv"
	"encoding/json"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/starter/api/views"
	"github.com/caresync/caresync/starter/present"
)

// Format is how a report is written.
type Format string

// The formats of a report.
const (
	CSV  Format = "csv"
	JSON Format = "json"
)

// MediaType is a report's in an HTTP answer.
func (f Format) MediaType() string {
	if f == CSV {
		return "text/csv; charset=utf-8; header=present"
	}
	return "application/json"
}

// FileName is that of a bulk run's report.
func (f Format) FileName(bulk care.ID) string { return "bulk-run-" + string(bulk) + "." + string(f) }

// Columns are the columns of a CSV report, in their order (docs/bulk.md).
var Columns = []string{
	"person_id", "care_recipient_id", "ndis_number", "given_name", "family_name", "outcome", "reason", "explanation", "government_words",
	"warnings", "run_id", "joined", "escalated", "settled_at",
}

// OutcomeUnknown stands in a CSV report for people on the government's lists who are not in the organisation.
const OutcomeUnknown = "unknown"

// outcomeUnfinished stands in a CSV report for people who have no outcome yet.
const outcomeUnfinished = read.Unfinished

// Write writes the outcome of everyone in a bulk run, a page in memory at a time. It fails with db.ErrNotFound before anything is
// written; a later error leaves the report cut off.
func Write(ctx context.Context, store *db.Store, organisation, bulk care.ID, format Format, out io.Writer) error {
	source := read.From(store)
	view, err := source.Bulk(ctx, organisation, bulk)
	if err != nil {
		return err
	}
	if format == JSON {
		return writeJSON(ctx, source, organisation, view, out)
	}
	return writeCSV(ctx, source, organisation, view, out)
}

func writeCSV(ctx context.Context, source read.Store, organisation care.ID, view read.Bulk, out io.Writer) error {
	rows := csv.NewWriter(out)
	if err := rows.Write(Columns); err != nil {
		return err
	}
	for item, err := range source.AllBulkItems(ctx, organisation, view.BulkSummary) {
		if err != nil {
			return err
		}
		if err := rows.Write(itemRow(item)); err != nil {
			return err
		}
	}
	for listed, err := range source.AllUnknown(ctx, organisation, view.ID) {
		if err != nil {
			return err
		}
		if err := rows.Write(unknownRow(listed)); err != nil {
			return err
		}
	}
	rows.Flush()
	return rows.Error()
}

func itemRow(item read.BulkItem) []string {
	outcome := string(item.Outcome)
	if outcome == "" {
		outcome = outcomeUnfinished
	}
	runID, settled := "", ""
	if item.RunID != nil {
		runID = string(*item.RunID)
	}
	if item.SettledAt != nil {
		settled = item.SettledAt.UTC().Format(time.RFC3339)
	}
	return []string{
		string(item.Person.ID), item.Person.CareRecipientID, item.Person.NDISNumber, cell(item.Person.GivenName), cell(item.Person.FamilyName),
		outcome, string(item.Reason), cell(item.Explanation), cell(strings.Join(item.Words, " | ")), strconv.Itoa(item.Warnings), runID,
		yesOrNo(item.Joined), yesOrNo(item.EscalatedAt != nil), settled,
	}
}

func unknownRow(listed read.UnknownPerson) []string {
	row := make([]string, len(Columns))
	row[1], row[5] = cell(listed.CareRecipientID), OutcomeUnknown
	row[7] = cell(cmp.Or(present.MayBe(listed), "This person is on the government's lists but not in the organisation. No one was created: import the person first."))
	return row
}

func yesOrNo(yes bool) string {
	if yes {
		return "yes"
	}
	return "no"
}

// formulaSigns are the signs with which spreadsheets take a text for a formula, also after blanks.
const formulaSigns = "=+-@\t\r\n＝＋－＠"

// cell makes a text that others wrote safe to open in a spreadsheet: control characters are shown, and one that would be taken for a
// formula begins with an apostrophe.
func cell(text string) string {
	text = care.Visible(text)
	if trimmed := strings.TrimLeft(text, " \u00a0\x00"); trimmed != "" && strings.ContainsRune(formulaSigns, []rune(trimmed)[0]) {
		return "'" + text
	}
	return text
}

// writeJSON writes {"bulk_run": …, "people": […], "unknown_people": […]} without ever holding everyone.
func writeJSON(ctx context.Context, source read.Store, organisation care.ID, view read.Bulk, out io.Writer) error {
	document := &jsonWriter{out: out}
	document.raw(`{"bulk_run":`)
	document.value(views.FromBulk(view))
	document.raw(`,"people":[`)
	comma := ""
	for item, err := range source.AllBulkItems(ctx, organisation, view.BulkSummary) {
		if err != nil {
			return err
		}
		document.raw(comma + "\n")
		document.value(views.FromBulkItem(item))
		comma = ","
	}
	document.raw("],\"unknown_people\":[")
	comma = ""
	for listed, err := range source.AllUnknown(ctx, organisation, view.ID) {
		if err != nil {
			return err
		}
		document.raw(comma)
		document.value(views.FromUnknownPerson(listed))
		comma = ","
	}
	document.raw("]}\n")
	return document.err
}

// jsonWriter writes until the first error.
type jsonWriter struct {
	out io.Writer
	err error
}

func (w *jsonWriter) raw(text string) {
	if w.err == nil {
		_, w.err = io.WriteString(w.out, text)
	}
}

func (w *jsonWriter) value(value any) {
	encoded, err := json.Marshal(value)
	if w.err == nil {
		w.err = err
	}
	w.raw(string(encoded))
}

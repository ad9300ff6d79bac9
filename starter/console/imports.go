package console

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/starter/console/ui"
	"github.com/caresync/caresync/starter/imports"
	"github.com/caresync/caresync/starter/present"
	"github.com/caresync/caresync/starter/web"
)

// shownProblems is how many of a file's problems are listed.
const shownProblems = 200

// importKind is a kind of file that can be imported.
type importKind struct {
	// name is its part of the address.
	name, title, about string
	// columns are the file's, with what they hold.
	columns []ui.Option
	// one and several name what a line is.
	one, several string
	// take imports a whole file or nothing, and says what else it changed.
	take func(ctx context.Context, importer imports.Importer, v visitor, file io.Reader) (care.Count, []string, error)
}

var importKinds = []importKind{
	{
		name: "people", title: "People", one: "person", several: "people",
		about: "People are matched by care recipient id, then NDIS number, then name and date of birth. Empty values leave the record unchanged. " +
			"An import fills in a missing number but never changes one: use “Change number” on the person’s page.",
		columns: []ui.Option{
			{Value: "given_name"}, {Value: "family_name"}, {Value: "birth_date", Words: "as 1941-03-09"},
			{Value: "care_recipient_id", Words: "or ndis_number, or both"}, {Value: "ndis_number", Words: "optional"},
			{Value: "service_provider_id", Words: "optional: which connection the person belongs to"},
			{Value: "pace_participant", Words: "optional: yes or no"}, {Value: "pace_api_access", Words: "optional: yes or no"},
			{Value: "new_person", Words: "optional: yes if this is a different person from the existing one with the same details"},
		},
		take: func(ctx context.Context, importer imports.Importer, v visitor, file io.Reader) (care.Count, []string, error) {
			result, err := importer.People(ctx, v.Organisation, file, v.requestedBy())
			return result, nil, err
		},
	},
	{
		name: "invoices", title: "Invoice lines", one: "invoice line", several: "invoice lines",
		about: "The lines of claimed invoices. Budget usage that is waiting for its line is linked.",
		columns: []ui.Option{
			{Value: "invoice_id"}, {Value: "item_id"}, {Value: "care_recipient_id"}, {Value: "service_id"}, {Value: "delivery_date", Words: "as 2026-05-20"},
			{Value: "amount", Words: "as 1234.50"},
		},
		take: func(ctx context.Context, importer imports.Importer, v visitor, file io.Reader) (care.Count, []string, error) {
			result, err := importer.Invoices(ctx, v.Organisation, file)
			var more []string
			if result.Linked > 0 {
				more = append(more, present.Count(result.Linked, "usage line was linked to them.", "usage lines were linked to them."))
			}
			if result.Unlinked > 0 {
				more = append(more, present.Count(result.Unlinked, "usage line was unlinked: the invoice contradicts it.", "usage lines were unlinked: the invoices contradict them."))
			}
			return result.Count, more, err
		},
	},
	{
		name: "delivered-services", title: "Delivered services", one: "delivered service", several: "delivered services",
		about: "Your own delivered services on NDIS budgets with their claim status. Adjustment records are updated immediately.",
		columns: []ui.Option{
			{Value: "reference", Words: "your own id for the service"}, {Value: "ndis_number"}, {Value: "budget_id", Words: "or category"},
			{Value: "category", Words: "or budget_id"}, {Value: "management", Words: "where a category has several budgets"},
			{Value: "delivered_on", Words: "as 2026-05-20"}, {Value: "amount", Words: "as 1234.50"}, {Value: "support_item_number"},
			{Value: "support_item_description", Words: "optional"}, {Value: "note", Words: "optional"},
			{Value: "claim_status", Words: "not_claimed, submitted, pending, paid, rejected or cancelled"},
		},
		take: func(ctx context.Context, importer imports.Importer, v visitor, file io.Reader) (care.Count, []string, error) {
			result, err := importer.DeliveredServices(ctx, v.Organisation, file, v.requestedBy())
			more := slices.Clone(result.Warnings)
			if result.Adjusted > 0 {
				more = append(more, present.Count(result.Adjusted, "adjustment record was updated to match.", "adjustment records were updated to match."))
			}
			return result.Count, more, err
		},
	},
	{
		name: "contracts", title: "Manually entered contracts", one: "contract", several: "contracts",
		about: "A PACE plan that overlaps one of them needs explicit approval.",
		columns: []ui.Option{
			{Value: "ndis_number"}, {Value: "reference", Words: "your own name for the contract"}, {Value: "start_date", Words: "as 2026-05-20"},
			{Value: "end_date", Words: "optional"}, {Value: "total_funding", Words: "optional, as 1234.50"},
		},
		take: func(ctx context.Context, importer imports.Importer, v visitor, file io.Reader) (care.Count, []string, error) {
			result, err := importer.Contracts(ctx, v.Organisation, file)
			return result, nil, err
		},
	},
}

// isImport reports whether files are sent to an address.
func isImport(path string) bool {
	return slices.ContainsFunc(importKinds, func(kind importKind) bool { return kind.address() == path })
}

func (k importKind) address() string { return importsPath + "/" + k.name }

// importsView is the page on which files are imported, and what came of one.
type importsView struct {
	// kind is that of the file that was sent; nil before.
	kind *importKind
	// done says what was imported, more what else came of it.
	done string
	more []string
	// problems are those of the file: nothing of it was imported. hidden is how many more there are.
	problems []imports.LineError
	hidden   int
}

func (c console) importForm(w http.ResponseWriter, r *http.Request, _ visitor) error {
	return c.showImport(w, r, http.StatusOK, importsView{})
}

func (c console) showImport(w http.ResponseWriter, r *http.Request, status int, view importsView) error {
	page := ui.Page{
		Title: "Import a file", Lead: "CSV files. If any row has an error, nothing is imported. Importing again updates.", Section: settingsPath,
		Trail: []ui.Crumb{{Words: "Settings", Address: settingsPath}},
	}
	return c.render(w, r, status, importsPage(c.frame(r, page), view))
}

func (c console) importFile(w http.ResponseWriter, r *http.Request, v visitor) error {
	at := slices.IndexFunc(importKinds, func(kind importKind) bool { return kind.name == r.PathValue("file") })
	if at < 0 {
		return db.ErrNotFound
	}
	web.AllowImport(w)
	view := importsView{kind: &importKinds[at]}
	file, err := uploaded(r)
	var result care.Count
	if err == nil {
		result, view.more, err = view.kind.take(r.Context(), imports.NewImporter(c.store), v, file)
	}
	var refused *imports.FileError
	if errors.As(err, &refused) {
		view.problems = refused.Problems[:min(len(refused.Problems), shownProblems)]
		view.hidden = len(refused.Problems) - len(view.problems)
		return c.showImport(w, r, http.StatusUnprocessableEntity, view)
	}
	if errors.Is(err, db.ErrImportRunning) {
		view.problems = []imports.LineError{{Message: detailOf(err)}}
		return c.showImport(w, r, http.StatusConflict, view)
	}
	if err != nil {
		return err
	}
	view.done = importedWords(result, *view.kind)
	return c.showImport(w, r, http.StatusOK, view)
}

// uploaded is the file of a form, as it arrives. It is never kept on disk.
func uploaded(r *http.Request) (io.Reader, error) {
	parts, err := r.MultipartReader()
	if err != nil {
		return nil, errBadForm
	}
	for {
		part, err := parts.NextPart()
		switch {
		case errors.Is(err, io.EOF):
			return nil, &imports.FileError{Problems: []imports.LineError{{Message: "Choose a file first."}}}
		case err != nil:
			return nil, uploadError(err)
		case part.FormName() != "file":
			continue
		case part.FileName() == "":
			return nil, &imports.FileError{Problems: []imports.LineError{{Message: "Choose a file first."}}}
		}
		return upload{part: part, body: r.Body}, nil
	}
}

// upload is a file on its way, the last part of a form. At its end the rest of the form is read: then the server no longer waits for it.
type upload struct{ part, body io.Reader }

// Read implements io.Reader.
func (u upload) Read(part []byte) (int, error) {
	n, err := u.part.Read(part)
	if !errors.Is(err, io.EOF) {
		return n, uploadError(err)
	}
	_, _ = io.Copy(io.Discard, u.body) // what the browser sent behind the file
	return n, err
}

// uploadError tells a file that is too large from an upload that broke off.
func uploadError(err error) error {
	var large *http.MaxBytesError
	var refused *imports.FileError
	switch {
	case err == nil, errors.As(err, &refused):
		return err
	case errors.As(err, &large):
		return &imports.FileError{Problems: []imports.LineError{{Message: fmt.Sprintf("The file is larger than %d MiB: split it.", imports.MaxSize>>20)}}}
	default:
		return errBadForm
	}
}

func importedWords(result care.Count, kind importKind) string {
	return fmt.Sprintf("%s imported: %s new, %s changed, %s unchanged", ui.Sentence(present.Count(result.Synced(), kind.one, kind.several)), present.Number(result.Created),
		present.Number(result.Updated), present.Number(result.Unchanged))
}

// placeOf says where in a file something is wrong.
func placeOf(problem imports.LineError) string {
	if problem.Line == 0 {
		return "The file"
	}
	return "Line " + present.Number(problem.Line)
}

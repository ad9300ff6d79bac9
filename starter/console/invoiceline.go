package console

import (
	"net/http"

	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/starter/console/ui"
)

// invoiceLine shows a line of one of our own invoices, and the budgets that funded it.
func (c console) invoiceLine(w http.ResponseWriter, r *http.Request, v visitor) error {
	id, err := pathID(r, "line")
	if err != nil {
		return err
	}
	line, err := read.From(c.store).InvoiceLine(r.Context(), v.Organisation.ID, id)
	if err != nil {
		return err
	}
	page := ui.Page{Title: "Invoice " + line.InvoiceID + ", line " + line.ItemID, Section: peoplePath, Trail: []ui.Crumb{{Words: "People", Address: peoplePath}}}
	if line.Person != nil {
		page.Trail = personTrail(*line.Person)
	}
	return c.render(w, r, http.StatusOK, invoiceLinePage(c.frame(r, page), line, v.zone))
}

package console

import (
	"net/http"
	"net/url"
	"time"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/starter/bulks"
	"github.com/caresync/caresync/starter/console/ui"
)

// bulksView is a page of bulk runs.
type bulksView struct {
	outcome string
	bulks   []read.BulkSummary
	zone    *time.Location
	// first leads back to the newest, after to the next page; empty where there is none.
	first, after string
}

var bulkOutcomeOptions = []ui.Option{
	{Words: "Any"},
	{Value: string(care.RunSucceeded), Words: "Everyone succeeded"},
	{Value: string(care.RunSucceededWithWarnings), Words: "With warnings"},
	{Value: string(care.RunPartial), Words: "Completed with failures"},
	{Value: string(care.RunFailed), Words: "No one succeeded"},
	{Value: string(care.RunCancelled), Words: "Cancelled"},
	{Value: unfinished, Words: "In progress"},
}

func (c console) bulkRuns(w http.ResponseWriter, r *http.Request, v visitor) error {
	query := r.URL.Query()
	filter := read.BulkFilter{Outcome: known(query.Get("outcome"), bulkOutcomeOptions), Most: read.DefaultPage}
	var err error
	if query.Get("before") != "" {
		if filter.Before, err = parseID(query.Get("before")); err != nil {
			return err
		}
	}
	found, more, err := read.From(c.store).Bulks(r.Context(), v.Organisation.ID, filter)
	if err != nil {
		return err
	}
	c.bulks.AddWaits(r.Context(), found)
	view := bulksView{outcome: filter.Outcome, bulks: found, zone: v.zone}
	if more {
		view.after = runsBefore(r.URL, found[len(found)-1].ID)
	}
	if filter.Before != "" {
		view.first = runsBefore(r.URL, "")
	}
	page := ui.Page{Title: "Bulk runs", Section: bulksPath}
	return c.render(w, r, http.StatusOK, bulksPage(c.frame(r, page), view))
}

// bulkFormView is the form that starts a bulk run.
type bulkFormView struct {
	adminForm
	providers []ui.Option
}

func (c console) bulkForm(w http.ResponseWriter, r *http.Request, v visitor) error {
	form := newBulkForm(r.URL.Query())
	form.values.Set("id", string(db.NewID()))
	return c.showBulkForm(w, r, v, http.StatusOK, form)
}

func (c console) showBulkForm(w http.ResponseWriter, r *http.Request, v visitor, status int, form adminForm) error {
	connections, err := c.store.Connections(r.Context(), v.Organisation.ID)
	if err != nil {
		return err
	}
	page := ui.Page{Title: "Start a bulk run", Section: bulksPath, Trail: []ui.Crumb{{Words: "Bulk runs", Address: bulksPath}}}
	return c.render(w, r, status, bulkFormPage(c.frame(r, page), bulkFormView{adminForm: form, providers: providerOptions(connections)}))
}

// startBulk starts a bulk run. The form's own id makes a form that is sent twice lead to one bulk run.
func (c console) startBulk(w http.ResponseWriter, r *http.Request, v visitor) error {
	if err := r.ParseForm(); err != nil {
		return formError(err)
	}
	id, err := formID(r.PostForm)
	if err != nil {
		return err
	}
	options, people, err := bulkOptionsOf(r.PostForm)
	var started bulks.StartResult
	if err == nil {
		started, err = c.bulks.Start(r.Context(), bulks.StartRequest{
			Organisation: v.Organisation, ID: id, Options: options, People: people, RequestedBy: v.requestedBy(),
		})
	}
	form := adminForm{values: r.PostForm}
	if form.refused(err) {
		return c.showBulkForm(w, r, v, http.StatusUnprocessableEntity, form)
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r, bulkPath(started.ID), http.StatusSeeOther)
	return nil
}

// formID is the id that a form brought along; it may have none.
func formID(values url.Values) (care.ID, error) {
	text := values.Get("id")
	if text == "" {
		return "", nil
	}
	id, err := parseID(text)
	if err != nil {
		return "", errBadForm
	}
	return id, nil
}

func bulkPath(bulk care.ID) string { return bulksPath + "/" + string(bulk) }

package console

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/starter/bulks"
	"github.com/caresync/caresync/starter/console/ui"
	"github.com/caresync/caresync/starter/present"
	"github.com/caresync/caresync/starter/report"
	"github.com/caresync/caresync/starter/web"
)

// bulkView is a bulk run's page.
type bulkView struct {
	bulkPanel
	bulk read.Bulk
	// outcome narrows the people that are listed.
	outcome string
	people  []read.BulkItem
	// after is the last person of the page of people before, next the last of this one if there are more.
	after, next care.ID
	// temporal is where the Temporal UI shows the bulk run; empty for none.
	temporal string
	// retryID makes the button that retries lead to one bulk run, however often it is pressed.
	retryID care.ID
}

// everyItem lists people whatever their outcome.
const everyItem = "everyone"

var itemOptions = []ui.Option{
	{Value: read.Unsuccessful, Words: "People who did not succeed"},
	{Value: string(care.RunFailed), Words: "Failed"},
	{Value: string(care.RunPartial), Words: "Partially saved"},
	{Value: string(care.ItemSkipped), Words: "Not processed"},
	{Value: string(care.RunCancelled), Words: "Cancelled"},
	{Value: string(care.RunSucceededWithWarnings), Words: "Succeeded with warnings"},
	{Value: string(care.RunSucceeded), Words: "Succeeded"},
	{Value: unfinished, Words: "Waiting or in progress"},
	{Value: everyItem, Words: "Everyone"},
}

// itemFilter reads which people of a bulk run are listed: people who did not succeed, unless something else is requested.
func itemFilter(query url.Values) (filter read.ItemFilter, chosen string, err error) {
	chosen = known(query.Get("outcome"), itemOptions)
	if chosen == "" {
		chosen = read.Unsuccessful
	}
	filter = read.ItemFilter{Outcome: chosen, Most: read.DefaultPage}
	if chosen == everyItem {
		filter.Outcome = ""
	}
	if query.Get("after") != "" {
		filter.After, err = parseID(query.Get("after"))
	}
	return filter, chosen, err
}

func (c console) bulkRun(w http.ResponseWriter, r *http.Request, v visitor) error {
	view, _, err := c.loadBulk(r, v)
	if err != nil {
		return err
	}
	view.temporal, view.retryID = c.bulkLink(view.bulk.WorkflowID, view.bulk.ID), db.NewID()
	page := bulkFrame(view.bulk.BulkSummary, v.zone)
	page.Reload, page.Notice = view.live(), windowNotice(r.URL.Query())
	return c.render(w, r, http.StatusOK, bulkPage(c.frame(r, page), view))
}

// loadBulk loads a bulk run, with the people that the address asks for.
func (c console) loadBulk(r *http.Request, v visitor) (bulkView, read.ItemFilter, error) {
	id, err := pathID(r, "bulk")
	if err != nil {
		return bulkView{}, read.ItemFilter{}, err
	}
	filter, chosen, err := itemFilter(r.URL.Query())
	if err != nil {
		return bulkView{}, filter, err
	}
	loaded, err := read.From(c.store).BulkPage(r.Context(), v.Organisation.ID, id, filter)
	if err == nil {
		loaded.Bulk.BulkSummary = c.bulks.Wait(r.Context(), loaded.Bulk.BulkSummary)
	}
	return newBulkView(loaded, filter, chosen, v.zone), filter, err
}

func newBulkView(loaded read.BulkPage, filter read.ItemFilter, chosen string, zone *time.Location) bulkView {
	view := bulkView{
		bulkPanel: bulkPanel{bulk: loaded.Bulk.BulkSummary, zone: zone}, bulk: loaded.Bulk, outcome: chosen, after: filter.After, people: loaded.People,
	}
	if loaded.More {
		view.next = view.people[len(view.people)-1].Person.ID
	}
	return view
}

// listedAgain are the people listed who may be people of ours under another number (R33).
func (v bulkView) listedAgain() (pairs []read.UnknownPerson) {
	for _, listed := range v.bulk.UnknownPeople {
		if listed.MayBe != nil {
			pairs = append(pairs, listed)
		}
	}
	return pairs
}

// strangers are the care recipient ids of the others.
func (v bulkView) strangers() (ids []string) {
	for _, listed := range v.bulk.UnknownPeople {
		if listed.MayBe == nil {
			ids = append(ids, listed.CareRecipientID)
		}
	}
	return ids
}

// address is that of the page, or of what is below it, with the same people: those after one, or the first.
func (v bulkView) address(below string, after care.ID) string {
	query := url.Values{"outcome": {v.outcome}}
	if after != "" {
		query.Set("after", string(after))
	}
	return bulkPath(v.bulk.ID) + below + "?" + query.Encode()
}

// firstPage leads back to the first page of people, nextPage to the next one; they are empty where there is none.
func (v bulkView) firstPage() string {
	if v.after == "" {
		return ""
	}
	return v.address("", "") + "#people"
}

func (v bulkView) nextPage() string {
	if v.next == "" {
		return ""
	}
	return v.address("", v.next) + "#people"
}

func bulkFrame(bulk read.BulkSummary, zone *time.Location) ui.Page {
	who, what := bulkOptionWords(bulk.Options)
	return ui.Page{
		Title: "Bulk run of " + ui.Moment(&bulk.RequestedAt, zone), Lead: who + " · " + what, Section: bulksPath,
		Trail: []ui.Crumb{{Words: "Bulk runs", Address: bulksPath}},
	}
}

// commandBulk tells a bulk run something, and shows its page.
func (c console) commandBulk(command func(s *bulks.Service, ctx context.Context, organisation, bulk care.ID, requestedBy string) error) page {
	return func(w http.ResponseWriter, r *http.Request, v visitor) error {
		id, err := pathID(r, "bulk")
		if err != nil {
			return err
		}
		if err := command(c.bulks, r.Context(), v.Organisation.ID, id, v.requestedBy()); err != nil {
			return err
		}
		http.Redirect(w, r, bulkPath(id), http.StatusSeeOther)
		return nil
	}
}

func (c console) setBulkWindow(w http.ResponseWriter, r *http.Request, v visitor) error {
	id, err := pathID(r, "bulk")
	if err != nil {
		return err
	}
	if err := r.ParseForm(); err != nil {
		return formError(err)
	}
	window, err := wholeNumber(r.PostForm, "window")
	if err != nil {
		return err
	}
	if err := c.bulks.SetWindow(r.Context(), v.Organisation.ID, id, window); err != nil {
		return err
	}
	http.Redirect(w, r, bulkPath(id)+"?window="+strconv.Itoa(window), http.StatusSeeOther)
	return nil
}

// windowNotice says what someone has just set.
func windowNotice(query url.Values) *ui.Message {
	window, err := strconv.Atoi(query.Get("window"))
	if err != nil || window < 1 || window > protocol.MostBatchesAtOnce {
		return nil
	}
	return &ui.Message{Tone: ui.Good, Words: "From now on, " + present.Count(window, "batch runs", "batches run") + " in parallel."}
}

func (c console) cancelBulkForm(w http.ResponseWriter, r *http.Request, v visitor) error {
	id, err := pathID(r, "bulk")
	if err != nil {
		return err
	}
	bulk, err := read.From(c.store).BulkProgress(r.Context(), v.Organisation.ID, id)
	if err != nil {
		return err
	}
	if bulk.State == read.BulkFinished {
		return bulks.ErrFinished
	}
	page := bulkFrame(bulk, v.zone)
	page.Trail = append(page.Trail, ui.Crumb{Words: page.Title, Address: bulkPath(id)})
	page.Title = "Cancel this bulk run?"
	return c.render(w, r, http.StatusOK, questionPage(c.frame(r, page), question{
		words:  "People in progress will finish, and saved data stays. Everyone else is counted as not processed and can be retried afterwards.",
		action: bulkPath(id) + "/cancel", yes: "Cancel the bulk run", back: bulkPath(id), danger: true,
	}))
}

// retryBulk starts a bulk run over the people who did not succeed, and shows it.
func (c console) retryBulk(w http.ResponseWriter, r *http.Request, v visitor) error {
	id, err := pathID(r, "bulk")
	if err != nil {
		return err
	}
	if err := r.ParseForm(); err != nil {
		return formError(err)
	}
	request := bulks.RetryRequest{Organisation: v.Organisation, Bulk: id, RequestedBy: v.requestedBy()}
	if request.ID, err = formID(r.PostForm); err != nil {
		return err
	}
	started, err := c.bulks.Retry(r.Context(), request)
	if err != nil {
		return err
	}
	http.Redirect(w, r, bulkPath(started.ID), http.StatusSeeOther)
	return nil
}

// bulkReport sends everyone in a bulk run as a file.
func (c console) bulkReport(format report.Format) page {
	return func(w http.ResponseWriter, r *http.Request, v visitor) error {
		id, err := pathID(r, "bulk")
		if err != nil {
			return err
		}
		if _, err := read.From(c.store).BulkProgress(r.Context(), v.Organisation.ID, id); err != nil {
			return err
		}
		web.Download(r.Context(), w, c.logger, format.FileName(id), format.MediaType(), func(ctx context.Context, out io.Writer) error {
			return report.Write(ctx, c.store, v.Organisation.ID, id, format, out)
		})
		return nil
	}
}

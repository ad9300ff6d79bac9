package console

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/starter/console/ui"
	"github.com/caresync/caresync/starter/pace"
	"github.com/caresync/caresync/starter/present"
)

// previewView is what someone sees before anything is written (R22).
type previewView struct {
	person      read.PersonRef
	participant read.Participant
	retrieval   db.Preview
	// shown is the preview; nil where it no longer waits.
	shown *pace.PreviewContentsView
	now   time.Time
	zone  *time.Location
	// sent is the form as it was sent, nil where it was not; refusal says why it was not carried out.
	sent    *care.CreateRequest
	refusal care.Reason
}

// expired reports whether the preview's 30 minutes are over (R22).
func (v previewView) expired() bool { return !v.now.Before(v.retrieval.ExpiresAt) }

// open reports whether the preview can be created.
func (v previewView) open() bool { return v.shown != nil && !v.expired() }

func (v previewView) address() string { return retrievalPath(v.person.ID, v.retrieval.ID) }

// planStart is which plan the preview is of, to retrieve it again; empty if that is no longer known.
func (v previewView) planStart() string {
	if v.shown == nil {
		return ""
	}
	return v.shown.Plan.PlanStartDate.String()
}

// reload is when the page is to be loaded again, since the preview has expired by then.
func (v previewView) reload() string {
	return "load delay:" + strconv.Itoa(int(v.retrieval.ExpiresAt.Sub(v.now).Seconds())+1) + "s"
}

// ticked reports whether a budget is ticked: all are, until someone has sent the form.
func (v previewView) ticked(budget care.ID) bool {
	return v.sent == nil || slices.Contains(v.sent.Selection, budget)
}

func (v previewView) accepts(said func(care.CreateRequest) bool) bool {
	return v.sent != nil && said(*v.sent)
}

// refreshes: the plan has a contract already.
func (v previewView) refreshes() bool { return v.shown.Contract.ID != nil }

// createWords are those of the button.
func (v previewView) createWords() string {
	if v.refreshes() {
		return "Update the contract"
	}
	return "Create"
}

// contractWords say what becomes of the contract.
func (v previewView) contractWords() string {
	switch v.shown.Contract.Action {
	case care.ActionCreated:
		return "A new service contract will be created."
	case care.ActionUnchanged:
		return "This plan already has a service contract. Its dates and totals stay as they are."
	default:
		return "This plan already has a service contract. It will be updated."
	}
}

// funded are the budgets with money, unfunded the others: the NDIA lists all 21 categories.
func (v previewView) funded() []pace.BudgetPreviewView { return v.budgets(true) }

func (v previewView) unfunded() []pace.BudgetPreviewView { return v.budgets(false) }

func (v previewView) budgets(funded bool) (budgets []pace.BudgetPreviewView) {
	for i, budget := range pace.InOrder(v.retrieval.Contents.Budgets) {
		if pace.Funded(budget) == funded {
			budgets = append(budgets, v.shown.Budgets[i])
		}
	}
	return budgets
}

// selected is what Create comes to with the boxes as they are ticked.
func (v previewView) selected() care.PreviewSelection {
	preview := v.retrieval.Contents.Preview
	selection := preview.SelectAll().Selection
	if v.sent != nil {
		selection = v.sent.Selection
	}
	return preview.Selected(selection)
}

// primaryUnless is the class of a button that is the first choice unless it can do nothing at the moment.
func primaryUnless(useless bool) string {
	if useless {
		return ""
	}
	return "primary"
}

// untickedWords say what becomes of a budget that is not ticked.
func untickedWords(action string) string {
	if action == care.ActionCreated {
		return "Not selected: it will not be created, and gets no adjustment record."
	}
	return "Not selected: it stays as it is, and so does its adjustment record."
}

// differences are why the preview took the place of the one before.
func (v previewView) differences() []changedRecord { return differencesByRecord(v.shown.Differences) }

// contractChanges are what would change in the contract, and in those that it ends.
func (v previewView) contractChanges() []changedRecord {
	return differencesByRecord(v.shown.Contract.Changes)
}

// warnings are those that the page does not tell in their place.
func (v previewView) warnings() []present.Warning {
	told := []care.IssueCode{care.IssueOverlap, care.IssueRemovalHeld, care.IssueNoLongerInPACE}
	return present.Warnings(slices.DeleteFunc(slices.Clone(v.shown.Warnings), func(warning read.Issue) bool { return slices.Contains(told, warning.Code) }))
}

// differencesByRecord puts the fields of each record together.
func differencesByRecord(differences []pace.DifferenceView) []changedRecord {
	var records []changedRecord
	for _, difference := range differences {
		title := difference.Subject
		at := slices.IndexFunc(records, func(record changedRecord) bool { return record.title == title })
		if at < 0 {
			at = len(records)
			records = append(records, changedRecord{title: title, action: difference.Action})
		}
		if difference.Field != "" {
			records[at].fields = append(records[at].fields, read.Change{Action: difference.Action, Field: difference.Field, Old: difference.Old, New: difference.New})
		}
	}
	return records
}

// actionWords say what Create does with a budget that is ticked.
func actionWords(action string) string {
	switch action {
	case care.ActionCreated:
		return "Will be created."
	case care.ActionRevived:
		return "Will be in PACE again, with today’s figures."
	case care.ActionUnchanged:
		return "Stays as it is."
	default:
		return "Will be updated."
	}
}

// adjustmentWords say what happens to a budget's adjustment record; empty where there is none and would be none.
func adjustmentWords(adjustment pace.AdjustmentPreviewView) string {
	switch adjustment.Action {
	case care.ActionCreated, care.ActionRevived:
		return "Adjustment record of " + ui.Dollars(adjustment.After) + " (" + adjustment.ServiceProviderName + ") will be created."
	case care.ActionUpdated:
		return "Its adjustment record changes from " + ui.Dollars(adjustment.Before) + " to " + ui.Dollars(adjustment.After) + "."
	case care.ActionRemoved:
		return "Its adjustment record of " + ui.Dollars(adjustment.Before) + " will be removed."
	case care.ActionUnchanged:
		return "Its adjustment record of " + ui.Dollars(adjustment.After) + " stays."
	default:
		return ""
	}
}

// categoryName is a support category by number and name.
func categoryName(name string, number int) string {
	if number == 0 {
		return name
	}
	return strconv.Itoa(number/10) + strconv.Itoa(number%10) + " " + name
}

func isReleased(period read.FundingPeriod) bool { return period.Released != nil && *period.Released }

// periodWords say how and when the money of a budget is released.
func periodWords(periods []read.FundingPeriod, today care.Date) string {
	if len(periods) <= 1 {
		return "Released up front"
	}
	words := present.Count(len(periods), "funding period", "funding periods")
	var next *read.FundingPeriod
	left, unknown := 0, 0
	for i, period := range periods {
		if isReleased(period) {
			continue
		}
		if period.Released == nil {
			unknown++
		} else {
			left++
		}
		if period.StartDate.After(today) && (next == nil || period.StartDate.Before(next.StartDate)) {
			next = &periods[i]
		}
	}
	switch {
	case left+unknown == 0:
		return words + ", all released"
	case next == nil && left == 0:
		return words + ", release of " + strconv.Itoa(unknown) + " not stated"
	case next == nil:
		return words + ", " + strconv.Itoa(left) + " not released"
	default:
		return words + ", next " + ui.Dollars(next.Amount) + " on " + present.Date(next.StartDate)
	}
}

// loadPreview loads a retrieval of the person in the address (R11).
func (c console) loadPreview(r *http.Request, v visitor) (view previewView, err error) {
	person, err := pathID(r, "person")
	if err != nil {
		return view, err
	}
	id, err := pathID(r, "preview")
	if err != nil {
		return view, err
	}
	view.now, view.zone = time.Now(), v.zone
	if view.participant, err = read.From(c.store).Participant(r.Context(), v.Organisation, person, c.store.Now()); err != nil {
		return view, err
	}
	view.person = read.PersonRef{
		ID: person, NDISNumber: view.participant.NDISNumber, GivenName: view.participant.GivenName, FamilyName: view.participant.FamilyName,
	}
	if view.retrieval, err = c.store.Preview(r.Context(), v.Organisation.ID, id); err != nil {
		return view, err
	}
	if view.retrieval.PersonID != person {
		return view, db.ErrNotFound
	}
	view.shown = pace.ViewPreview(view.retrieval).Contents
	return view, nil
}

// preview shows a retrieval that waits, or what became of it.
func (c console) preview(w http.ResponseWriter, r *http.Request, v visitor) error {
	view, err := c.loadPreview(r, v)
	if err != nil {
		return err
	}
	switch {
	case view.retrieval.State == db.PreviewCreated, view.retrieval.State == db.PreviewEnded:
		return c.goTo(w, r, sessionPath(view.person.ID, asked{session: view.retrieval.RunID, after: view.retrieval.ID}))
	case r.Header.Get("HX-Request") != "": // the preview has expired
		return c.goTo(w, r, view.address())
	}
	return c.showPreview(w, r, http.StatusOK, view)
}

func (c console) showPreview(w http.ResponseWriter, r *http.Request, status int, view previewView) error {
	page := personFrame(view.person)
	page.Title = "NDIS PACE plan of " + personName(view.person)
	return c.render(w, r, status, previewPage(c.frame(r, page), view))
}

// countSelection says what Create comes to with the boxes as they are: to a page that follows them, the part that says so.
func (c console) countSelection(w http.ResponseWriter, r *http.Request, v visitor) error {
	view, request, err := c.loadSelection(r, v)
	if err != nil {
		return err
	}
	if !view.open() {
		return c.goTo(w, r, view.address())
	}
	view.sent = &request
	if r.Header.Get("HX-Request") != "" {
		return c.render(w, r, http.StatusOK, previewSelection(view))
	}
	return c.showPreview(w, r, http.StatusOK, view)
}

// createContract writes what a preview shows, of the budgets that are ticked (R22, R26).
func (c console) createContract(w http.ResponseWriter, r *http.Request, v visitor) error {
	view, request, err := c.loadSelection(r, v)
	if err != nil {
		return err
	}
	if view.shown == nil { // a double click, or an old page: its own page says what became of it
		return c.goTo(w, r, view.address())
	}
	// What the form lacks is said beside it. Whether the preview has expired is for the workflow to say: someone may have asked in time.
	if reason := view.retrieval.Contents.Waiting().Admit(request, view.retrieval.RetrievedAt); reason != "" {
		return c.refuse(w, r, view, request, reason)
	}
	created, done, err := c.createdSoon(r, pace.CreateRequest{CreateRequest: request, Organisation: v.Organisation, RequestedBy: v.requestedBy()})
	var refused *pace.NotAdmitted
	switch {
	case errors.As(err, &refused):
		return c.refusedByNow(w, r, v, request, refused.Reason)
	case err != nil:
		return err
	case done && created.Next != nil:
		return c.goTo(w, r, retrievalPath(view.person.ID, created.Next.ID))
	}
	return c.goTo(w, r, sessionPath(view.person.ID, asked{session: view.retrieval.RunID, after: view.retrieval.ID, creating: true}))
}

// loadSelection loads a preview, and reads what its form asks to be created.
func (c console) loadSelection(r *http.Request, v visitor) (previewView, care.CreateRequest, error) {
	view, err := c.loadPreview(r, v)
	if err != nil {
		return view, care.CreateRequest{}, err
	}
	if err := r.ParseForm(); err != nil {
		return view, care.CreateRequest{}, formError(err)
	}
	request, err := createRequest(r.PostForm, view.retrieval.ID)
	return view, request, err
}

// createRequest reads the form.
func createRequest(form url.Values, retrieval care.ID) (care.CreateRequest, error) {
	budgets, err := tickedPeople(form["budget"])
	return care.CreateRequest{
		PreviewID: retrieval, Hash: form.Get("hash"), Selection: budgets, Only: form.Get("only") == yes,
		AcceptOverlaps: form.Get("accept-overlaps") == yes, AcceptRemovals: form.Get("accept-removals") == yes,
	}, err
}

// refuse shows the preview again as it was sent, and says why it was not carried out.
func (c console) refuse(w http.ResponseWriter, r *http.Request, view previewView, request care.CreateRequest, reason care.Reason) error {
	view.sent, view.refusal = &request, reason
	return c.showPreview(w, r, http.StatusUnprocessableEntity, view)
}

// refusedByNow looks at the preview once more: if it waits no longer, its page says why.
func (c console) refusedByNow(w http.ResponseWriter, r *http.Request, v visitor, request care.CreateRequest, reason care.Reason) error {
	view, err := c.loadPreview(r, v)
	if err != nil {
		return err
	}
	if !view.open() {
		return c.goTo(w, r, view.address())
	}
	return c.refuse(w, r, view, request, reason)
}

// today is the day of the organisation (R1).
func (v previewView) today() care.Date { return care.DateIn(v.now, v.zone) }

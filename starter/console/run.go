package console

import (
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/starter/console/ui"
	"github.com/caresync/caresync/starter/present"
)

// runView is a run's page.
type runView struct {
	runPanel
	// temporal is the run's address in the Temporal UI; empty for none.
	temporal string
	changes  []changedRecord
	// reviews are the changes that the run held for approval (R31).
	reviews []read.Review
}

// changedRecord is what a run changed of one record.
type changedRecord struct {
	title, action string
	fields        []read.Change
}

// changesByRecord puts the fields of each record together, in the order in which they were changed.
func changesByRecord(changes []read.Change) []changedRecord {
	var records []changedRecord
	place := make(map[care.ID]int)
	for _, change := range changes {
		at, seen := place[change.RecordID]
		if !seen || change.Field == "" {
			at = len(records)
			place[change.RecordID] = at
			records = append(records, changedRecord{title: changeTitle(change), action: change.Action})
		}
		if change.Field != "" {
			records[at].fields = append(records[at].fields, change)
		}
	}
	return records
}

// unchangedWords say why nothing changed.
func (v runView) unchangedWords() string {
	switch {
	case !v.finished():
		return "Nothing yet."
	case v.run.Outcome == care.RunFailed, v.run.Outcome == care.RunCancelled:
		return "Nothing."
	case len(v.reviews) > 0:
		return "Nothing: the differences need review."
	default:
		return "Nothing: CareSync already had the same data."
	}
}

// changeTitle names a changed record.
func changeTitle(change read.Change) string {
	title := present.OneOfKind(change.Kind)
	if change.Label != "" && slices.Contains(care.PACECountedKinds, change.Kind) {
		title = change.Label // it says what kind it is
	} else if change.Label != "" {
		title += " · " + change.Label
	}
	if !change.Since.IsZero() {
		title += " · " + present.Date(change.Since)
	}
	return title
}

func (c console) run(w http.ResponseWriter, r *http.Request, v visitor) error {
	run, err := c.loadRun(r, v)
	if err != nil {
		return err
	}
	run.RunProgress = c.syncs.AddWait(r.Context(), run.RunProgress)
	view := runView{
		runPanel: runPanel{run: run, zone: v.zone, another: r.URL.Query().Get("another") == yes},
		temporal: c.runLink(run.WorkflowID, run.ID), changes: changesByRecord(run.Changes),
	}
	if view.reviews, err = c.reviewsOfRun(r, v, run); err != nil {
		return err
	}
	page := runFrame(run)
	page.Reload = view.live() && view.preview() == ""
	return c.render(w, r, http.StatusOK, runPage(c.frame(r, page), view))
}

func (c console) loadRun(r *http.Request, v visitor) (read.Run, error) {
	id, err := pathID(r, "run")
	if err != nil {
		return read.Run{}, err
	}
	return read.From(c.store).Run(r.Context(), v.Organisation.ID, id)
}

func runFrame(run read.Run) ui.Page {
	return ui.Page{
		Title: present.RunKind(run.Kind) + " of " + personName(run.Person), Section: runsPath,
		Trail: []ui.Crumb{{Words: "Runs", Address: runsPath}},
	}
}

// question asks once before something that cannot be taken back.
type question struct {
	words, action, yes, back string
	danger                   bool
	points                   []string
}

// ask shows a question as a page.
func (c console) ask(w http.ResponseWriter, r *http.Request, title string, run read.Run, asked question) error {
	page := runFrame(run)
	page.Trail = append(page.Trail, ui.Crumb{Words: page.Title, Address: runPath(run.ID)})
	page.Title = title
	asked.back = runPath(run.ID)
	return c.render(w, r, http.StatusOK, questionPage(c.frame(r, page), asked))
}

func (c console) cancelForm(w http.ResponseWriter, r *http.Request, v visitor) error {
	run, err := c.loadRun(r, v)
	if err != nil {
		return err
	}
	return c.ask(w, r, "Cancel this sync?", run, question{
		words: "Data saved so far stays. Data that has not been read yet stays as it was.", action: runPath(run.ID) + "/cancel",
		yes: "Cancel the sync", danger: true,
	})
}

func (c console) cancelRun(w http.ResponseWriter, r *http.Request, v visitor) error {
	id, err := pathID(r, "run")
	if err != nil {
		return err
	}
	if err := c.syncs.Cancel(r.Context(), v.Organisation.ID, id); err != nil {
		return err
	}
	http.Redirect(w, r, runPath(id), http.StatusSeeOther)
	return nil
}

func (c console) acceptForm(w http.ResponseWriter, r *http.Request, v visitor) error {
	run, err := c.loadRun(r, v)
	if err != nil {
		return err
	}
	if run.Kind == care.RunPACEContract {
		return c.askToReview(w, r, v, run)
	}
	asked := question{
		words:  "These records were missing from the government’s response, and CareSync kept them. If you accept, a new sync starts immediately and removes those that are still missing; they remain readable.",
		action: runPath(run.ID) + "/accept", yes: "Accept the removal", danger: true,
	}
	for _, hold := range run.Holds {
		if waitsForYes(hold) {
			asked.points = append(asked.points, heldRecords(hold))
		}
	}
	if len(asked.points) == 0 {
		return errNothingHeld
	}
	return c.ask(w, r, "Accept the removal of these records?", run, asked)
}

// acceptHolds lets the removals that a run held back through, and shows the sync that makes them (R5).
func (c console) acceptHolds(w http.ResponseWriter, r *http.Request, v visitor) error {
	run, err := c.loadRun(r, v)
	if err != nil {
		return err
	}
	if run.Kind == care.RunPACEContract { // what a refresh held for approval is accepted by retrieving the plan and creating (R31)
		if _, err := c.toReview(r, v, run); err != nil {
			return err
		}
		return c.beginRetrieval(w, r, v, run.Person.ID, care.Date{})
	}
	if !slices.ContainsFunc(run.Holds, waitsForYes) {
		return errNothingHeld
	}
	_, started, err := c.syncs.Accept(r.Context(), v.Organisation, run.ID, v.requestedBy())
	if errors.Is(err, db.ErrNotFound) {
		return errNothingHeld
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r, personPath(run.Person.ID)+startedQuery(started)+"#sync", http.StatusSeeOther)
	return nil
}

// lasted is how long a run took, empty while it is under way.
func lasted(run read.RunProgress) string {
	if run.Reason == care.ReasonPreviewExpired {
		return "" // it waited, and no one created it
	}
	return ui.Took(run.WorkedFrom(), run.FinishedAt)
}

// asOf is when the read began whose data an area saved.
func asOf(area read.Area, zone *time.Location) string {
	if area.AsOf == nil {
		return ""
	}
	return ui.Moment(area.AsOf, zone)
}

// manyAlike is how many records of which there is nothing more to say than that they were created, for instance, stand in a list.
const manyAlike = 8

// alikeRecords sets records apart of which many were only created, removed or revived.
func alikeRecords(records []changedRecord) (told []changedRecord, alike [][]changedRecord) {
	number := map[string]int{}
	for _, record := range records {
		if len(record.fields) == 0 {
			number[record.action]++
		}
	}
	groups := map[string]int{}
	for _, record := range records {
		if len(record.fields) > 0 || number[record.action] <= manyAlike {
			told = append(told, record)
			continue
		}
		at, seen := groups[record.action]
		if !seen {
			at = len(alike)
			groups[record.action] = at
			alike = append(alike, nil)
		}
		alike[at] = append(alike[at], record)
	}
	return told, alike
}

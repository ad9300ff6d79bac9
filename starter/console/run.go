package console

import (
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/starter/console/ui"
	"github.com/caresync/caresync/starter/present"
)

// runView is a run's page.
type runView struct {
	runPanel
	// temporal is the run's address in the Temporal UI; empty for none.
	temporal string
	changes  []changedRecord
}

// changedRecord is what a run changed of one record.
type changedRecord struct {
	title, action string
	fields        []db.ChangeView
}

// changesByRecord puts the fields of each record together, in the order in which they were changed.
func changesByRecord(changes []db.ChangeView) []changedRecord {
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

// changeTitle names a changed record.
func changeTitle(change db.ChangeView) string {
	title := present.OneOfKind(change.Kind)
	if change.Label != "" {
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
	view := runView{
		runPanel: runPanel{run: run, zone: v.zone, another: r.URL.Query().Get("another") == yes},
		temporal: c.runLink(run.WorkflowID, run.ID), changes: changesByRecord(run.Changes),
	}
	page := runFrame(run)
	page.Reload = view.live()
	return c.render(w, r, http.StatusOK, runPage(c.frame(r, page), view))
}

func (c console) loadRun(r *http.Request, v visitor) (db.RunView, error) {
	id, err := pathID(r, "run")
	if err != nil {
		return db.RunView{}, err
	}
	return c.store.RunView(r.Context(), v.Organisation.ID, id)
}

func runFrame(run db.RunView) ui.Page {
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
func (c console) ask(w http.ResponseWriter, r *http.Request, title string, run db.RunView, asked question) error {
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
		words: "What it has saved so far stays. Whatever it has not read yet stays as it was.", action: runPath(run.ID) + "/cancel",
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
	asked := question{
		words:  "The government’s answer no longer had these records, and CareSync kept them. If you accept, a new sync starts at once and removes those that are still missing; they stay readable.",
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
	return c.ask(w, r, "Accept that these records are gone?", run, asked)
}

// acceptHolds lets the removals that a run held back through, and shows the sync that makes them (R5).
func (c console) acceptHolds(w http.ResponseWriter, r *http.Request, v visitor) error {
	run, err := c.loadRun(r, v)
	if err != nil {
		return err
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
func lasted(run db.RunSummary) string { return ui.Took(run.StartedAt, run.FinishedAt) }

// asOf is when the read began whose data an area saved.
func asOf(area db.AreaView, zone *time.Location) string {
	if area.AsOf == nil {
		return ""
	}
	return ui.Moment(area.AsOf, zone)
}

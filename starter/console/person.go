package console

import (
	"cmp"
	"net/http"
	"net/url"
	"time"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/starter/console/ui"
	"github.com/caresync/caresync/starter/syncs"
)

const (
	// recentRuns is how many runs a person's page lists, recentChanges how many changes of the person's own fields.
	recentRuns    = 6
	recentChanges = 20
)

// personView is a person's page.
type personView struct {
	record read.Person
	today  care.Date
	// latest is the newest Care Recipient Sync; nil where there was none.
	latest *runPanel
	recent []read.RunSummary
	// funding is the person's NDIS funding.
	funding fundingView
	history historyView
	zone    *time.Location
}

func (v personView) ref() read.PersonRef { return refOf(v.record) }

func refOf(person read.Person) read.PersonRef {
	return read.PersonRef{
		ID: person.ID, CareRecipientID: person.CareRecipientID, NDISNumber: person.NDISNumber, GivenName: person.GivenName, FamilyName: person.FamilyName,
	}
}

func (c console) person(w http.ResponseWriter, r *http.Request, v visitor) error {
	view, err := c.personView(r, v)
	if err != nil {
		return err
	}
	page := ui.Page{
		Title: personName(view.ref()), Section: peoplePath, Trail: []ui.Crumb{{Words: "People", Address: peoplePath}},
		Reload: view.latest != nil && view.latest.live(), Notice: cmp.Or(syncNotice(r.URL.Query()), savedNotice(r.URL.Query().Get("saved"))),
	}
	return c.render(w, r, http.StatusOK, personPage(c.frame(r, page), view))
}

func (c console) personView(r *http.Request, v visitor) (personView, error) {
	id, err := pathID(r, "person")
	if err != nil {
		return personView{}, err
	}
	now := c.store.Now()
	view := personView{zone: v.zone, today: v.Organisation.Today(now)}
	if view.record, err = read.From(c.store).Person(r.Context(), v.Organisation, id, now); err != nil {
		return personView{}, err
	}
	filter := read.ConsoleRunFilter{RunFilter: read.RunFilter{PersonID: id, Most: recentRuns}}
	if view.recent, _, err = read.From(c.store).ConsoleRuns(r.Context(), v.Organisation.ID, filter); err != nil {
		return personView{}, err
	}
	if view.funding, err = c.loadFunding(r, v, id, view.recent); err != nil {
		return personView{}, err
	}
	if view.history, err = c.personHistory(r, v, id); err != nil {
		return personView{}, err
	}
	filter.Kind, filter.Most = care.RunCareRecipient, 1
	newest, _, err := read.From(c.store).ConsoleRuns(r.Context(), v.Organisation.ID, filter)
	if err != nil || len(newest) == 0 {
		return view, err
	}
	run, err := read.From(c.store).Run(r.Context(), v.Organisation.ID, newest[0].ID)
	if err == nil {
		run.RunProgress = c.syncs.AddWait(r.Context(), run.RunProgress)
	}
	view.latest = &runPanel{run: run, zone: v.zone, details: runPath(run.ID), another: r.URL.Query().Get("another") == yes}
	return view, err
}

// personHistory is what changed in a person's own fields.
func (c console) personHistory(r *http.Request, v visitor, person care.ID) (historyView, error) {
	before, err := beforeOf(r.URL.Query())
	if err != nil {
		return historyView{}, err
	}
	changes, more, err := read.From(c.store).PersonHistory(r.Context(), v.Organisation.ID, person, before, recentChanges)
	all := make([]causedChange, 0, len(changes))
	for _, change := range changes {
		all = append(all, causedChange{change.ChangeCause, read.Change{
			Kind: care.KindPerson, RecordID: person, Action: change.Action, Field: change.Field, Old: change.Old, New: change.New,
		}})
	}
	view := historyOf(all, personPath(person), before, more, v.zone)
	view.answers = answersPath(person)
	return view, err
}

// syncNotice says that someone else's sync was joined (R7).
func syncNotice(query url.Values) *ui.Message {
	switch {
	case query.Get("another") == yes:
		return &ui.Message{Tone: ui.Info, Words: "A sync of this person was already running. You asked for more than it reads, so another pass will follow."}
	case query.Get("joined") == yes:
		return &ui.Message{Tone: ui.Info, Words: "A sync of this person was already running. You are following that one; nothing is read twice."}
	}
	return nil
}

// syncForm is the confirmation as a page of its own, for browsers without JavaScript.
func (c console) syncForm(w http.ResponseWriter, r *http.Request, v visitor) error {
	id, err := pathID(r, "person")
	if err != nil {
		return err
	}
	person, err := read.From(c.store).Person(r.Context(), v.Organisation, id, c.store.Now())
	if err != nil {
		return err
	}
	page := personFrame(refOf(person))
	page.Title = syncTitle
	return c.render(w, r, http.StatusOK, syncFormPage(c.frame(r, page), refOf(person)))
}

// startSync starts a sync, or joins the one that is under way (R7).
func (c console) startSync(w http.ResponseWriter, r *http.Request, v visitor) error {
	id, err := pathID(r, "person")
	if err != nil {
		return err
	}
	if err := r.ParseForm(); err != nil {
		return formError(err)
	}
	started, err := c.syncs.Start(r.Context(), syncs.Request{
		Organisation: v.Organisation, Person: id, AllBudgets: r.PostForm.Get("all-budgets") == yes, RequestedBy: v.requestedBy(),
	})
	if err != nil {
		return err
	}
	http.Redirect(w, r, personPath(id)+startedQuery(started)+"#sync", http.StatusSeeOther)
	return nil
}

func startedQuery(started syncs.StartResult) string {
	switch {
	case started.AnotherPass:
		return "?another=yes"
	case started.Joined:
		return "?joined=yes"
	default:
		return ""
	}
}

package console

import (
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/starter/console/ui"
	"github.com/caresync/caresync/starter/present"
)

// runsView is a page of runs.
type runsView struct {
	filter read.ConsoleRunFilter
	// person is whose runs are listed; nil for everyone's.
	person *read.PersonRef
	runs   []read.RunSummary
	zone   *time.Location
	after  string
	// first leads back to the newest runs; empty on the first page.
	first string
}

func (v runsView) narrowed() bool {
	return v.person != nil || v.filter.Outcome != "" || v.filter.Kind != "" || v.filter.Trigger != "" || v.filter.Held
}

var (
	runOutcomes    = outcomeOptions()
	runKindOptions = []ui.Option{
		{Words: "Any"},
		{Value: string(care.RunCareRecipient), Words: present.RunKind(care.RunCareRecipient)},
		{Value: string(care.RunPACEContract), Words: present.RunKind(care.RunPACEContract)},
	}
	triggerOptions = []ui.Option{
		{Words: "Any"},
		{Value: string(care.TriggerOnDemand), Words: ui.Sentence(present.Trigger(care.TriggerOnDemand))},
		{Value: string(care.TriggerBulk), Words: ui.Sentence(present.Trigger(care.TriggerBulk))},
		{Value: string(care.TriggerClaim), Words: ui.Sentence(present.Trigger(care.TriggerClaim))},
		{Value: string(care.TriggerNotification), Words: ui.Sentence(present.Trigger(care.TriggerNotification))},
		{Value: string(care.TriggerDay), Words: ui.Sentence(present.Trigger(care.TriggerDay))},
	}
)

// runFilter reads a list's filters. An id that is none is an error: it names no one.
func runFilter(query url.Values) (filter read.ConsoleRunFilter, err error) {
	filter = read.ConsoleRunFilter{
		RunFilter: read.RunFilter{Outcome: known(query.Get("outcome"), runOutcomes), Most: read.DefaultPage},
		Kind:      care.RunKind(known(query.Get("kind"), runKindOptions)), Trigger: care.Trigger(known(query.Get("trigger"), triggerOptions)),
		Held: query.Get("held") == yes,
	}
	if query.Get("person") != "" {
		if filter.PersonID, err = parseID(query.Get("person")); err != nil {
			return filter, err
		}
	}
	if query.Get("before") != "" {
		filter.Before, err = parseID(query.Get("before"))
	}
	return filter, err
}

func (c console) runs(w http.ResponseWriter, r *http.Request, v visitor) error {
	filter, err := runFilter(r.URL.Query())
	if err != nil {
		return err
	}
	view := runsView{filter: filter, zone: v.zone}
	if filter.PersonID != "" {
		client, err := read.From(c.store).Person(r.Context(), v.Organisation, filter.PersonID, c.store.Now())
		if err != nil {
			return err
		}
		person := refOf(client)
		view.person = &person
	}
	runs, more, err := read.From(c.store).ConsoleRuns(r.Context(), v.Organisation.ID, filter)
	if err != nil {
		return err
	}
	c.syncs.AddWaits(r.Context(), runs)
	view.runs = runs
	if more {
		view.after = runsBefore(r.URL, runs[len(runs)-1].ID)
	}
	if filter.Before != "" {
		view.first = runsBefore(r.URL, "")
	}
	page := ui.Page{Title: "Runs", Section: runsPath, Notice: tickedNotice(r.URL.Query())}
	if view.person != nil {
		page.Title = "Syncs of " + personName(*view.person)
		page.Trail = personTrail(*view.person)
	}
	return c.render(w, r, http.StatusOK, runsPage(c.frame(r, page), view))
}

// runsBefore is the address of the page after a run, or of the first page.
func runsBefore(address *url.URL, run care.ID) string {
	query := address.Query()
	for _, told := range []string{"started", "joined", "without", "failed", "before"} {
		query.Del(told)
	}
	if run != "" {
		query.Set("before", string(run))
	}
	return address.Path + "?" + query.Encode()
}

// tickedNotice says what happened to the selected people.
func tickedNotice(query url.Values) *ui.Message {
	number := func(name string) int {
		count, err := strconv.Atoi(query.Get(name))
		if err != nil || count < 0 || count > read.MostPerPage {
			return 0
		}
		return count
	}
	started, joined, without, failed := number("started"), number("joined"), number("without"), number("failed")
	if started+joined+without+failed == 0 {
		return nil
	}
	words := present.Count(started, "sync was started.", "syncs were started.")
	if joined > 0 {
		words += " " + present.Count(joined, "person is already being synced.", "people are already being synced.")
	}
	if without > 0 {
		words += " " + present.Count(without, "person has no care recipient id and was skipped.", "people have no care recipient id and were skipped.")
	}
	if failed > 0 {
		words += " " + present.Count(failed, "person’s sync", "people’s syncs") +
			" could not be started. Wait a moment and select them again; people who are already being synced are not synced twice."
	}
	tone := ui.Good
	if without+failed > 0 {
		tone = ui.Warn
	}
	return &ui.Message{Tone: tone, Words: words}
}

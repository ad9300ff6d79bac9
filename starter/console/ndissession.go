package console

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"net/http"
	"net/url"
	"time"

	"go.uber.org/zap"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/platform/poll"
	"github.com/caresync/caresync/starter/console/ui"
	"github.com/caresync/caresync/starter/pace"
	"github.com/caresync/caresync/starter/syncs"
	"github.com/caresync/caresync/starter/web"
)

const (
	// answerAtOnce is how long a page waits for a create before it shows progress instead.
	answerAtOnce = time.Second
	// createAgainAfter is how long it takes until a create is tried again that Temporal could not take.
	createAgainAfter = 2 * time.Second
)

// sessionView follows what someone has asked the NDIA for: the retrieval of a plan, or the creation of its contract.
type sessionView struct {
	runPanel
	asked
	changes []changedRecord
	plans   []care.ParticipantPlan
}

func (v sessionView) person() care.ID { return v.run.Person.ID }

func (v sessionView) address() string { return sessionPath(v.person(), v.asked) }

func (v sessionView) events() string { return ndisPath(v.person()) + "/events?" + v.query() }

// asked is what someone has asked of a run, as addresses say it.
type asked struct {
	session care.ID
	// after is the preview that waited before, or that is being created: the next one ends the wait.
	after care.ID
	// creating tells a create from a retrieval, which the same run may carry out.
	creating bool
}

func (a asked) query() string {
	query := url.Values{"run": {string(a.session)}}
	if a.after != "" {
		query.Set("after", string(a.after))
	}
	if a.creating {
		query.Set("creating", yes)
	}
	return query.Encode()
}

func sessionPath(person care.ID, asked asked) string { return ndisPath(person) + "?" + asked.query() }

// newPreview returns the preview that a run has staged after another one, empty if there is none.
func newPreview(run read.RunSummary, after care.ID) care.ID {
	if run.Waiting == nil || run.Waiting.ID == after {
		return ""
	}
	return run.Waiting.ID
}

// retrievePlan begins to read a person's plan, which is what "+ NDIS PACE" and "Refresh" do (PACE guide, step 4, R22).
func (c console) retrievePlan(w http.ResponseWriter, r *http.Request, v visitor) error {
	person, err := pathID(r, "person")
	if err != nil {
		return err
	}
	if err := r.ParseForm(); err != nil {
		return formError(err)
	}
	var planStart care.Date
	if text := r.PostForm.Get("plan-start"); text != "" {
		if planStart, err = care.ParseDate(text); err != nil {
			return errBadForm
		}
	}
	return c.beginRetrieval(w, r, v, person, planStart)
}

// beginRetrieval starts a retrieval in the background, and shows its progress.
func (c console) beginRetrieval(w http.ResponseWriter, r *http.Request, v visitor, person care.ID, planStart care.Date) error {
	participant, err := read.From(c.store).Participant(r.Context(), v.Organisation, person, c.store.Now())
	if err != nil {
		return err
	}
	if !participant.Available { // the person's page says why not
		http.Redirect(w, r, personPath(person)+ndisPart, http.StatusSeeOther)
		return nil
	}
	retrieving := c.pace.BeginDetached(r.Context(), c.stopping, pace.Request{
		Organisation: v.Organisation, Person: person, PlanStartDate: planStart, RequestedBy: v.requestedBy(),
	})
	go c.logFailure(context.WithoutCancel(r.Context()), retrieving)
	run, err := c.pace.TakenUp(r.Context(), v.Organisation, retrieving)
	if err != nil {
		return err
	}
	var after care.ID
	if participant.Waiting != nil {
		after = participant.Waiting.ID
	}
	http.Redirect(w, r, sessionPath(person, asked{session: run, after: after}), http.StatusSeeOther)
	return nil
}

// logFailure logs that a retrieval failed: its requester may have left.
func (c console) logFailure(ctx context.Context, retrieving *pace.PreviewJob) {
	if _, err := retrieving.Wait(ctx); err != nil {
		c.logger.Info("a plan was not retrieved", web.RequestID(ctx), zap.Error(err))
	}
}

// ndisSession shows the progress of what was asked for, and what came of it; a preview has a page of its own.
func (c console) ndisSession(w http.ResponseWriter, r *http.Request, v visitor) error {
	person, err := pathID(r, "person")
	if err != nil {
		return err
	}
	if !r.URL.Query().Has("run") {
		return c.whereItStands(w, r, v, person)
	}
	asked, err := askedOf(r.URL.Query())
	if err != nil {
		return err
	}
	view := sessionView{runPanel: runPanel{zone: v.zone, details: runPath(asked.session), after: asked.after}, asked: asked}
	if view.run, err = read.From(c.store).Run(r.Context(), v.Organisation.ID, asked.session); err != nil {
		return err
	}
	if view.run.Person.ID != person || view.run.Kind != care.RunPACEContract {
		return db.ErrNotFound
	}
	if next := newPreview(view.run.RunSummary, asked.after); next != "" {
		return c.goTo(w, r, retrievalPath(person, next))
	}
	if r.Header.Get("HX-Request") != "" { // the whole page has changed
		return c.goTo(w, r, view.address())
	}
	view.changes, view.plans = changesByRecord(view.run.Changes), plansIn(view.run.Issues)
	page := personFrame(view.run.Person)
	page.Title, page.Reload = sessionTitle(view), view.live()
	return c.render(w, r, http.StatusOK, sessionPage(c.frame(r, page), view))
}

// whereItStands leads to the preview that waits, or to the person.
func (c console) whereItStands(w http.ResponseWriter, r *http.Request, v visitor, person care.ID) error {
	participant, err := read.From(c.store).Participant(r.Context(), v.Organisation, person, c.store.Now())
	if err != nil {
		return err
	}
	if participant.Waiting != nil {
		return c.goTo(w, r, retrievalPath(person, participant.Waiting.ID))
	}
	return c.goTo(w, r, personPath(person)+ndisPart)
}

func askedOf(query url.Values) (asked asked, err error) {
	asked.creating = query.Get("creating") == yes
	if asked.session, err = parseID(query.Get("run")); err == nil && query.Get("after") != "" {
		asked.after, err = parseID(query.Get("after"))
	}
	return asked, err
}

func sessionTitle(view sessionView) string {
	switch {
	case view.live() && view.creating:
		return "Creating the service contract"
	case view.live():
		return "Retrieving the NDIS plan"
	case view.run.ContractID != nil && view.run.Outcome != care.RunFailed:
		return "The service contract was saved"
	default:
		return "NDIS PACE"
	}
}

// goTo leads to another page, also where only a part of this one asked.
func (c console) goTo(w http.ResponseWriter, r *http.Request, address string) error {
	if r.Header.Get("HX-Request") != "" {
		w.Header().Set("HX-Redirect", address)
		return nil
	}
	http.Redirect(w, r, address, http.StatusSeeOther)
	return nil
}

// personFrame is that of a page below a person's.
func personFrame(person read.PersonRef) ui.Page {
	return ui.Page{Section: peoplePath, Trail: personTrail(person)}
}

// plansIn are the plans that the NDIA listed where none of them could be synced (R23).
func plansIn(issues []read.Issue) []care.ParticipantPlan {
	for _, issue := range issues {
		var details struct {
			Plans []care.ParticipantPlan `json:"plans"`
		}
		if len(issue.Details) > 0 && json.Unmarshal(issue.Details, &details) == nil && len(details.Plans) > 0 {
			return details.Plans
		}
	}
	return nil
}

// ndisEvents are the news of a run until it ends, or has a preview to look at.
func (c console) ndisEvents(w http.ResponseWriter, r *http.Request, v visitor) error {
	person, err := pathID(r, "person")
	if err != nil {
		return err
	}
	asked, err := askedOf(r.URL.Query())
	if err != nil {
		return err
	}
	progress, err := read.From(c.store).RunProgress(r.Context(), v.Organisation.ID, asked.session)
	if err != nil {
		return err
	}
	if progress.Person.ID != person || progress.Kind != care.RunPACEContract {
		return db.ErrNotFound
	}
	return streamed(c, w, r, func(ctx context.Context) iter.Seq2[syncs.Update, error] {
		return untilPreview(c.syncs.Follow(ctx, v.Organisation.ID, asked.session), asked.after)
	}, c.runTeller(v, runPanel{zone: v.zone, after: asked.after}))
}

// untilPreview ends with the first preview after another one.
func untilPreview(updates iter.Seq2[syncs.Update, error], after care.ID) iter.Seq2[syncs.Update, error] {
	return func(yield func(syncs.Update, error) bool) {
		for update, err := range updates {
			if !yield(update, err) || err != nil || newPreview(update.Run.RunSummary, after) != "" {
				return
			}
		}
	}
}

// createdSoon is what a create came to within a moment; done is false while it is running.
func (c console) createdSoon(r *http.Request, request pace.CreateRequest) (created pace.CreateResult, done bool, err error) {
	type answer struct {
		created pace.CreateResult
		err     error
	}
	going, end := pace.Detached(r.Context(), c.stopping)
	answered, left := make(chan answer), make(chan struct{})
	defer close(left)
	go func() {
		defer end()
		created, err := c.pace.Create(going, request)
		select {
		case answered <- answer{created, err}:
		case <-left:
			c.createAfterAll(going, request, err)
		}
	}()
	timer := time.NewTimer(answerAtOnce)
	defer timer.Stop()
	select {
	case answer := <-answered:
		return answer.created, true, answer.err
	case <-timer.C:
		return pace.CreateResult{}, false, nil
	case <-r.Context().Done():
		return pace.CreateResult{}, false, r.Context().Err()
	}
}

// createAfterAll continues with a create whose page shows progress, as long as Temporal cannot take it. However often it is asked for, it is
// carried out once, since the update has an id.
func (c console) createAfterAll(going context.Context, request pace.CreateRequest, err error) {
	if errors.Is(err, syncs.ErrUnavailable) {
		_, err = poll.Until(going, createAgainAfter, func() (pace.CreateResult, bool, error) {
			created, err := c.pace.Create(going, request)
			if errors.Is(err, syncs.ErrUnavailable) {
				return created, false, nil
			}
			return created, true, err
		})
	}
	if err != nil {
		c.logger.Info("a contract was not created", web.RequestID(going), zap.Error(err))
	}
}

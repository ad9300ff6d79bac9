package console

import (
	"net/http"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/starter/console/ui"
	"github.com/caresync/caresync/words"
)

// ndisRoutes are the pages of NDIS people: their funding, the preview of a plan, and service contracts.
func (c console) ndisRoutes(mux *http.ServeMux) {
	mux.Handle("POST /people/{person}/pace-ticks", c.signedIn(c.saveTicks))
	mux.Handle("POST /people/{person}/pace-resume", c.signedIn(c.resumeSyncs))
	mux.Handle("GET /people/{person}/ndis-pace", c.signedIn(c.ndisSession))
	mux.Handle("POST /people/{person}/ndis-pace", c.signedIn(c.retrievePlan))
	mux.Handle("GET /people/{person}/ndis-pace/events", c.signedIn(c.ndisEvents))
	mux.Handle("GET /people/{person}/ndis-pace/{preview}", c.signedIn(c.preview))
	mux.Handle("POST /people/{person}/ndis-pace/{preview}/selection", c.signedIn(c.countSelection))
	mux.Handle("POST /people/{person}/ndis-pace/{preview}/create", c.signedIn(c.createContract))
	mux.Handle("GET /people/{person}/contracts/{contract}", c.signedIn(c.contract))
}

// ndisPart is where a person's page shows their NDIS funding.
const ndisPart = "#ndis"

func ndisPath(person care.ID) string { return personPath(person) + "/ndis-pace" }

func retrievalPath(person, retrieval care.ID) string {
	return ndisPath(person) + "/" + string(retrieval)
}

func contractPath(person, contract care.ID) string {
	return personPath(person) + "/contracts/" + string(contract)
}

// fundingView is the part "Client Funding for NDIS" of a person's page (PACE guide, step 3).
type fundingView struct {
	participant read.Participant
	// reviews are the changes that automatic refreshes held for approval (R31).
	reviews []read.Review
	// running is a PACE sync that is under way and has nothing to look at yet.
	running *read.RunSummary
	zone    *time.Location
}

// loadFunding loads the part for a person whose newest runs are known.
func (c console) loadFunding(r *http.Request, v visitor, person care.ID, recent []read.RunSummary) (view fundingView, err error) {
	view.zone = v.zone
	if view.participant, err = read.From(c.store).Participant(r.Context(), v.Organisation, person, c.store.Now()); err != nil {
		return view, err
	}
	under := func(run read.RunSummary) bool {
		return run.Kind == care.RunPACEContract && run.State != read.RunFinished && run.Waiting == nil
	}
	if at := slices.IndexFunc(recent, under); at >= 0 {
		view.running = &recent[at]
	}
	view.reviews, err = read.From(c.store).Reviews(r.Context(), v.Organisation.ID, person)
	return view, err
}

// unknownToNDIS: there is neither an NDIS number nor anything else that speaks of NDIS funding.
func (v fundingView) unknownToNDIS() bool {
	return v.participant.NDISNumber == "" && !v.participant.PACEParticipant && len(v.participant.Contracts) == 0
}

// saveTicks changes the two boxes of a person (PACE guide, step 2, R21). Unticking the first clears the second.
func (c console) saveTicks(w http.ResponseWriter, r *http.Request, v visitor) error {
	person, err := pathID(r, "person")
	if err != nil {
		return err
	}
	if err := r.ParseForm(); err != nil {
		return formError(err)
	}
	participant := r.PostForm.Get("pace-participant") == yes
	access := participant && r.PostForm.Get("pace-access") == yes // the form hides it without the box above it, ticked or not
	change := db.FlagChange{PACEParticipant: &participant}
	if participant || r.PostForm.Get("was-participant") != yes {
		change.PACEAPIAccess = &access
	}
	if _, err := c.store.SetPACEFlags(r.Context(), v.Organisation.ID, person, change, v.requestedBy()); err != nil {
		return err
	}
	http.Redirect(w, r, personPath(person)+"?saved=ticks"+ndisPart, http.StatusSeeOther)
	return nil
}

// resumeSyncs resumes the stopped scheduled syncs of a person (R30).
func (c console) resumeSyncs(w http.ResponseWriter, r *http.Request, v visitor) error {
	person, err := pathID(r, "person")
	if err != nil {
		return err
	}
	if _, err := c.store.ResumePACE(r.Context(), v.Organisation.ID, person, v.Organisation.Today(c.store.Now())); err != nil {
		return err
	}
	http.Redirect(w, r, personPath(person)+"?saved=resumed"+ndisPart, http.StatusSeeOther)
	return nil
}

// savedNotice tells what someone has just changed of a person's NDIS funding.
func savedNotice(saved string) *ui.Message {
	switch saved {
	case "ticks":
		return &ui.Message{Tone: ui.Good, Words: "The NDIS options were saved."}
	case "number":
		return &ui.Message{Tone: ui.Good, Words: "The number was changed. Sync the person next to confirm whose number it is."}
	case "taken-back":
		return &ui.Message{Tone: ui.Good, Words: "The confirmation was withdrawn. The next sync asks again."}
	case "resumed":
		return &ui.Message{Tone: ui.Good, Words: "Scheduled syncs of this person’s NDIS plan are active."}
	}
	return nil
}

// reviewsOfRun are the changes that a run held for approval; a Care Recipient Sync holds none.
func (c console) reviewsOfRun(r *http.Request, v visitor, run read.Run) ([]read.Review, error) {
	if run.Kind != care.RunPACEContract {
		return nil, nil
	}
	reviews, err := read.From(c.store).Reviews(r.Context(), v.Organisation.ID, run.Person.ID)
	return slices.DeleteFunc(reviews, func(review read.Review) bool { return review.RunID != run.ID }), err
}

// toReview are those of a run that wait; it fails with errNothingToReview where there is none.
func (c console) toReview(r *http.Request, v visitor, run read.Run) ([]read.Review, error) {
	reviews, err := c.reviewsOfRun(r, v, run)
	if err == nil && len(reviews) == 0 {
		err = errNothingToReview
	}
	return reviews, err
}

// askToReview offers a review of what a run held for approval.
func (c console) askToReview(w http.ResponseWriter, r *http.Request, v visitor, run read.Run) error {
	reviews, err := c.toReview(r, v, run)
	if err != nil {
		return err
	}
	return c.ask(w, r, "Review changes?", run, reviewQuestion(run, reviews))
}

// reviewQuestion offers a review of what a refresh held for approval (R31).
func reviewQuestion(run read.Run, reviews []read.Review) question {
	asked := question{
		words: "An automatic refresh found " + needsApproval(reviews) + ". To accept " + words.Them(len(reviews)) + ", the plan is retrieved again: " +
			"you see everything that would change, and nothing is saved until you choose Create.",
		action: runPath(run.ID) + "/accept", yes: "Retrieve the plan",
	}
	for _, review := range reviews {
		asked.points = append(asked.points, review.Words)
	}
	return asked
}

func contractTone(contract read.ContractHeader) ui.Tone {
	if contract.Current {
		return ui.Good
	}
	return ui.Quiet
}

// originOf says who made a contract.
func originOf(contract read.ContractHeader) string {
	switch {
	case contract.Origin != care.OriginHand:
		return "from PACE"
	case contract.Reference != "":
		return "entered manually, " + contract.Reference
	default:
		return "entered manually"
	}
}

// pageStyle shows the values of changes on a page: amounts are dollars with their sign.
var pageStyle = words.Style{Money: func(amount decimal.Decimal) string { return ui.Dollars(dollars(amount)) }, None: "none"}

// changedValues are what a field was and what it is; of a list, such as the funding periods, only the parts that differ.
func changedValues(change read.Change) (before, after string) {
	return pageStyle.Lines(change.Field, change.Old, change.New)
}

// reviewWords ask for approval of what an automatic refresh found.
func reviewWords(reviews []read.Review, zone *time.Location) string {
	return "On " + ui.Moment(&reviews[0].HeldAt, zone) + ", an automatic refresh found " + needsApproval(reviews) + ":"
}

func needsApproval(reviews []read.Review) string {
	if len(reviews) == 1 {
		return "this change; it needs your approval"
	}
	return "these changes; they need your approval"
}

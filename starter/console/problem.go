package console

import (
	"errors"
	"net/http"

	"go.uber.org/zap"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/starter/console/ui"
	"github.com/caresync/caresync/starter/syncs"
	"github.com/caresync/caresync/starter/web"
)

var (
	errForged   = errors.New("a form was sent by another site")
	errLinkUsed = errors.New("the sign-in link was used or has expired")
	errPanicked = errors.New("a page panicked")
	errBadForm  = errors.New("the form cannot be read")
	// errNothingHeld: the run holds no removal back that somebody could accept.
	errNothingHeld = errors.New("nothing is held back")
	// errNothingInDoubt: the run has no given name in doubt that somebody could settle.
	errNothingInDoubt = errors.New("no given name is in doubt")
	// errNothingToReview: the run has left nothing to people that still waits.
	errNothingToReview = errors.New("nothing needs review")
)

// problem is what a page says when something went wrong: what happened, and what to do.
type problem struct {
	status       int
	title, words string
	// id finds the request in the log; empty where there is nothing to find.
	id string
}

// fail answers with a page that says what went wrong.
func (c console) fail(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() != nil { // nobody waits any more, or the form did not arrive in time
		w.WriteHeader(http.StatusRequestTimeout)
		return
	}
	shown := problemOf(err)
	if shown.status == http.StatusInternalServerError {
		shown.id = requestOf(r.Context()).id
		c.logger.Error("a page failed", zap.String("request_id", shown.id), zap.Error(err))
	}
	if renderErr := c.render(w, r, shown.status, problemPage(c.frame(r, ui.Page{Title: shown.title, Lead: shown.words}), shown)); renderErr != nil {
		c.logger.Error("an error page failed", zap.String("request_id", requestOf(r.Context()).id), zap.Error(renderErr))
		http.Error(w, shown.title, shown.status)
	}
}

func problemOf(err error) problem {
	if said, known := adminProblem(err); known {
		return said
	}
	var tooLarge *http.MaxBytesError
	var conflict *db.ConflictError
	switch {
	case errors.Is(err, web.ErrUnstorable):
		return problem{status: http.StatusUnprocessableEntity, title: "This text cannot be kept",
			words: "Nothing was changed. What was sent holds a zero byte, or bytes that are not UTF-8 text."}
	case errors.As(err, &conflict):
		return problem{status: http.StatusConflict, title: "This contradicts another record",
			words: "Nothing was changed. Go back, load the page again and look at what is there now."}
	case errors.Is(err, db.ErrNotFound):
		return problem{status: http.StatusNotFound, title: "Page not found",
			words: "The address is wrong, or what it names does not belong to your organisation. Go back, or look for the person by name."}
	case errors.Is(err, errForged):
		return problem{status: http.StatusForbidden, title: "Nothing was changed",
			words: "The form came from another site. Open the console yourself and do it there."}
	case errors.Is(err, errLinkUsed):
		return problem{status: http.StatusGone, title: "This link has expired or was already used",
			words: "A sign-in link works once, and for a short time. Ask for a new one, or sign in with an API token."}
	case errors.As(err, &tooLarge), errors.Is(err, errBadForm):
		return problem{status: http.StatusBadRequest, title: "The form could not be read", words: "Nothing was changed. Go back and try once more."}
	case errors.Is(err, errNothingHeld):
		return problem{status: http.StatusConflict, title: "There is nothing left to accept",
			words: "The removal was accepted already, or a later sync has settled it or holds it back now. Look at the person’s plan."}
	case errors.Is(err, errNothingInDoubt):
		return problem{status: http.StatusConflict, title: "There is no given name in doubt",
			words: "The person’s record or number was changed since this sync. Sync again, and look at what the new sync says."}
	case errors.Is(err, errNothingToReview):
		return problem{status: http.StatusConflict, title: "There is nothing left to review",
			words: "Somebody has accepted these changes already, or a later sync found something else. Look at the person’s service contract."}
	case errors.Is(err, care.ErrAccessWithoutParticipant):
		return problem{status: http.StatusUnprocessableEntity, title: "API access needs NDIS PACE Participant",
			words: "Nothing was changed. Go back and tick “NDIS PACE Participant” first; then API access can be ticked beside it."}
	case errors.Is(err, syncs.ErrAbandoned):
		return problem{status: http.StatusConflict, title: "The sync ended without a result",
			words: "Its workflow ended before it was finished, for instance because an operator terminated it. Nothing was written; go back and begin anew."}
	case errors.Is(err, syncs.ErrNoCareRecipientID):
		return problem{status: http.StatusUnprocessableEntity, title: "This person has no care recipient id",
			words: "Without it, Services Australia cannot be asked. Add it to the person’s line and import the file again."}
	case errors.Is(err, syncs.ErrFinished):
		return problem{status: http.StatusConflict, title: "The sync has finished already", words: "There is nothing left to cancel. Go back and load its page again."}
	case errors.Is(err, db.ErrUnavailable):
		return problem{status: http.StatusServiceUnavailable, title: "CareSync’s database does not answer",
			words: "Syncs that are under way go on when it is back. Wait a moment and load the page again."}
	case errors.Is(err, syncs.ErrUnavailable):
		return problem{status: http.StatusServiceUnavailable, title: "No sync can be started at the moment",
			words: "The Temporal server, which carries syncs out, does not answer. Wait a moment and try again."}
	default:
		return problem{status: http.StatusInternalServerError, title: "Something unexpected went wrong",
			words: "Nothing was half-written. Try again; if it stays so, tell CareSync’s operators the number below."}
	}
}

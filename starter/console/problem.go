package console

import (
	"errors"
	"net/http"
	"strings"

	"go.uber.org/zap"

	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/starter/bulks"
	"github.com/caresync/caresync/starter/console/ui"
	"github.com/caresync/caresync/starter/problems"
	"github.com/caresync/caresync/starter/web"
)

var (
	errForged   = errors.New("a form was sent by another site")
	errLinkUsed = errors.New("the sign-in link was used or has expired")
	errPanicked = errors.New("a page panicked")
	errBadForm  = errors.New("the form cannot be read")
	// errNothingHeld: the run holds no removal back that someone could accept.
	errNothingHeld = errors.New("nothing is held back")
	// errNothingInDoubt: the run has no given name in doubt that someone could settle.
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

// fail returns a page that says what went wrong.
func (c console) fail(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() != nil { // no one waits, or the form did not arrive in time
		w.WriteHeader(http.StatusRequestTimeout)
		return
	}
	shown := problemOf(err)
	if shown.status == http.StatusInternalServerError {
		shown.id = web.RequestOf(r.Context()).ID
		c.logger.Error("a page failed", zap.String("request_id", shown.id), zap.Error(err))
	}
	if renderErr := c.render(w, r, shown.status, problemPage(c.frame(r, ui.Page{Title: shown.title, Lead: shown.words}), shown)); renderErr != nil {
		c.logger.Error("an error page failed", web.RequestID(r.Context()), zap.Error(renderErr))
		http.Error(w, shown.title, shown.status)
	}
}

func problemOf(err error) problem {
	var tooLarge *http.MaxBytesError
	switch {
	case errors.Is(err, errForged):
		return problem{status: http.StatusForbidden, title: "Nothing was changed",
			words: "The form came from another site. Open the console directly and try again there."}
	case errors.Is(err, errLinkUsed):
		return problem{status: http.StatusGone, title: "This link has expired or was already used",
			words: "A sign-in link works once, and for a short time. Ask for a new one, or sign in with an API token."}
	case errors.As(err, &tooLarge), errors.Is(err, errBadForm):
		return problem{status: http.StatusBadRequest, title: "The form could not be read", words: "Nothing was changed. Go back and try once more."}
	case errors.Is(err, errNothingHeld):
		return problem{status: http.StatusConflict, title: "There is nothing left to accept",
			words: "The removal has already been accepted, or a later sync has settled it or now holds it. See the person’s plan."}
	case errors.Is(err, errNothingInDoubt):
		return problem{status: http.StatusConflict, title: "There is no given name in doubt",
			words: "The person’s record or number has changed since this sync. Sync again and check the new result."}
	case errors.Is(err, errNothingToReview):
		return problem{status: http.StatusConflict, title: "There is nothing left to review",
			words: "These changes have already been accepted, or a later sync found something else. See the person’s service contract."}
	case errors.Is(err, db.ErrNotFound):
		return problem{status: http.StatusNotFound, title: "Page not found",
			words: "The address is wrong, or the record does not belong to your organisation. Go back, or search for the person by name."}
	case errors.Is(err, bulks.ErrIDTaken): // a form has an id of its own, so that it starts one bulk run however often it is sent
		return problem{status: http.StatusConflict, title: "This form was sent before",
			words: "It was sent with different options and started a bulk run. Open the list of bulk runs to see it; to start another, open a new form."}
	}
	meaning, known := problems.Of(err)
	if !known {
		return problem{status: http.StatusInternalServerError, title: "Something unexpected went wrong",
			words: "No data was left half-saved. Try again; if it keeps happening, give CareSync’s operators the number below."}
	}
	shown := problem{status: meaning.Status, title: typographic(meaning.Title), words: typographic(meaning.Advice)}
	if meaning.Code == "invalid_value" && len(meaning.Invalid) > 0 {
		shown.words = typographic(ui.Sentence(meaning.Invalid[0].Error()) + ". " + meaning.Advice)
	}
	return shown
}

// typographic has the apostrophes of printed text.
func typographic(words string) string { return strings.ReplaceAll(words, "'", "’") }

// detailOf says beside a form's field what an error means.
func detailOf(err error) string {
	meaning, _ := problems.Of(err)
	return typographic(meaning.Detail())
}

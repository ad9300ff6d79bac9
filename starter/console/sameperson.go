package console

import (
	"errors"
	"net/http"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/starter/console/ui"
	"github.com/caresync/caresync/starter/present"
)

// samePersonView asks whether the government means a person by a given name (R8).
type samePersonView struct {
	run    read.Run
	doubts []care.IdentityDetails
}

// samePersonForm shows both records and asks how someone knows that they are of the same person.
func (c console) samePersonForm(w http.ResponseWriter, r *http.Request, v visitor) error {
	run, err := c.loadRun(r, v)
	if err != nil {
		return err
	}
	view := samePersonView{run: run, doubts: run.GivenNameDoubts()}
	if len(view.doubts) == 0 {
		return errNothingInDoubt
	}
	page := runFrame(run)
	page.Trail = append(page.Trail, ui.Crumb{Words: page.Title, Address: runPath(run.ID)})
	page.Title = "Is this the same person?"
	return c.render(w, r, http.StatusOK, samePersonPage(c.frame(r, page), view))
}

// confirmSamePerson keeps the answer, and shows the sync that is made with it.
func (c console) confirmSamePerson(w http.ResponseWriter, r *http.Request, v visitor) error {
	run, err := c.loadRun(r, v)
	if err != nil {
		return err
	}
	started, err := c.syncs.ConfirmSamePerson(r.Context(), v.Organisation, run.ID, v.requestedBy(), r.PostFormValue("reason"))
	if errors.Is(err, db.ErrNotFound) {
		return errNothingInDoubt
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r, personPath(run.Person.ID)+startedQuery(started)+"#sync", http.StatusSeeOther)
	return nil
}

// inDoubt reports whether an issue is a doubt that someone can settle by saying that it is the same person.
func inDoubt(issue read.Issue) bool {
	details, ok := care.IdentityDetailsOf(issue.Code, issue.Details)
	return ok && details.GivenNameOnly()
}

// identityRows are an issue's values of ours beside the government's, none for an issue that is not about who a person is.
func identityRows(issue read.Issue) []present.IdentityRow {
	details, ok := care.IdentityDetailsOf(issue.Code, issue.Details)
	if !ok {
		return nil
	}
	return present.IdentityRows(details)
}

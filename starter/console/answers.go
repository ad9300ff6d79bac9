package console

import (
	"net/http"
	"strings"
	"time"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/starter/console/ui"
	"github.com/caresync/caresync/starter/present"
)

// answersView is what was said of a person's given names and stands (R8).
type answersView struct {
	client  read.Person
	answers []read.SamePersonAnswer
	zone    *time.Location
}

const answersTitle = "Confirmed given names"

func answersPath(person care.ID) string { return personPath(person) + "/same-person" }

func answerPath(person, answer care.ID) string { return answersPath(person) + "/" + string(answer) }

func (c console) loadAnswers(r *http.Request, v visitor) (answersView, error) {
	id, err := pathID(r, "person")
	if err != nil {
		return answersView{}, err
	}
	view := answersView{zone: v.zone}
	if view.client, err = read.From(c.store).Person(r.Context(), v.Organisation, id, c.store.Now()); err != nil {
		return answersView{}, err
	}
	view.answers, err = read.From(c.store).SamePersonAnswers(r.Context(), v.Organisation.ID, id)
	return view, err
}

func (v answersView) frame() ui.Page {
	page := personFrame(refOf(v.client))
	page.Title = answersTitle
	return page
}

func (c console) samePersonAnswers(w http.ResponseWriter, r *http.Request, v visitor) error {
	view, err := c.loadAnswers(r, v)
	if err != nil {
		return err
	}
	return c.render(w, r, http.StatusOK, answersPage(c.frame(r, view.frame()), view))
}

func (c console) takeBackForm(w http.ResponseWriter, r *http.Request, v visitor) error {
	return c.showTakeBack(w, r, v, http.StatusOK, adminForm{})
}

// showTakeBack asks why an answer is taken back.
func (c console) showTakeBack(w http.ResponseWriter, r *http.Request, v visitor, status int, form adminForm) error {
	view, err := c.loadAnswers(r, v)
	if err != nil {
		return err
	}
	id, err := pathID(r, "answer")
	if err != nil {
		return err
	}
	for _, answer := range view.answers {
		if answer.ID == id {
			page := view.frame()
			page.Trail = append(page.Trail, ui.Crumb{Words: answersTitle, Address: answersPath(view.client.ID)})
			page.Title = "Withdraw the given name " + present.ReportedName(answer.GivenName) + "?"
			return c.render(w, r, status, takeBackPage(c.frame(r, page), view, answer, form))
		}
	}
	return db.ErrNotFound
}

func (c console) takeBack(w http.ResponseWriter, r *http.Request, v visitor) error {
	person, err := pathID(r, "person")
	if err != nil {
		return err
	}
	answer, err := pathID(r, "answer")
	if err != nil {
		return err
	}
	if err := r.ParseForm(); err != nil {
		return formError(err)
	}
	form := adminForm{values: r.PostForm}
	err = c.store.TakeSamePersonBack(r.Context(), v.Organisation.ID, person, answer, v.requestedBy(), strings.TrimSpace(form.value("note")))
	if form.refused(err) {
		return c.showTakeBack(w, r, v, http.StatusUnprocessableEntity, form)
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r, personPath(person)+"?saved=taken-back#history", http.StatusSeeOther)
	return nil
}

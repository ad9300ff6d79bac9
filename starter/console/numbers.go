package console

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
)

const changeNumberTitle = "Change number"

func numberPath(person care.ID) string { return personPath(person) + "/number" }

// numberForm is the form on which a person's number is changed (R33).
func (c console) numberForm(w http.ResponseWriter, r *http.Request, v visitor) error {
	return c.showNumberForm(w, r, v, http.StatusOK, adminForm{values: url.Values{"kind": {string(care.CareRecipientIDNumber)}}})
}

func (c console) showNumberForm(w http.ResponseWriter, r *http.Request, v visitor, status int, form adminForm) error {
	id, err := pathID(r, "person")
	if err != nil {
		return err
	}
	person, err := read.From(c.store).Person(r.Context(), v.Organisation, id, c.store.Now())
	if err != nil {
		return err
	}
	page := personFrame(refOf(person))
	page.Title = changeNumberTitle
	return c.render(w, r, status, numberPage(c.frame(r, page), person, form))
}

// changeNumber gives a person another number.
func (c console) changeNumber(w http.ResponseWriter, r *http.Request, v visitor) error {
	id, err := pathID(r, "person")
	if err != nil {
		return err
	}
	if err := r.ParseForm(); err != nil {
		return formError(err)
	}
	form := adminForm{values: r.PostForm}
	err = c.store.ChangeNumber(r.Context(), v.Organisation.ID, db.NumberChange{
		Person: id, Kind: care.NumberKind(form.value("kind")), Number: strings.TrimSpace(form.value("number")),
		RequestedBy: v.requestedBy(), Note: strings.TrimSpace(form.value("note")),
	})
	if form.numberRefused(err) {
		return c.showNumberForm(w, r, v, http.StatusUnprocessableEntity, form)
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r, personPath(id)+"?saved=number#history", http.StatusSeeOther)
	return nil
}

// numberRefused notes what is wrong with a change of number, and reports whether something is.
func (f *adminForm) numberRefused(err error) bool {
	var taken *db.NumberTakenError
	var invalid *care.InvalidError
	switch {
	case errors.As(err, &taken), errors.Is(err, db.ErrImportRunning):
		f.problems = map[string]string{"number": detailOf(err)}
	case errors.As(err, &invalid) && invalid.Field != "note": // the form has one field for either number
		f.problems = map[string]string{"number": fieldTitle(invalid.Field) + " " + invalid.Message + "."}
	default:
		return f.refused(err)
	}
	return true
}

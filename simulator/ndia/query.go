package ndia

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/caresync/caresync/simulator/world"
)

const (
	parameterParticipant = "participant"
	parameterSurname     = "participant_surname"
	parameterBirthDate   = "date_of_birth"
	parameterPlanDate    = "plan_date"
)

// keys are the three values by which a participant is found, all of which must match.
var keyParameters = []string{parameterParticipant, parameterSurname, parameterBirthDate}

// query is what a request asks for, checked.
type query struct {
	number, surname     string
	birthDate, planDate world.Date
}

// readQuery checks a request's parameters: the keys, and what else the operation knows. Each must be given, once.
func readQuery(r *http.Request, more ...string) (query, *problem) {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return query{}, wrong("the query cannot be read")
	}
	known := slices.Concat(keyParameters, more)
	for name := range values {
		if !slices.Contains(known, name) {
			return query{}, wrong("the operation has no parameter " + name)
		}
	}
	for _, name := range known {
		if given := values[name]; len(given) != 1 || given[0] == "" {
			return query{}, wrong(name + " must be given once")
		}
	}
	q := query{number: values.Get(parameterParticipant), surname: values.Get(parameterSurname)}
	if len(q.number) != 9 || strings.Trim(q.number, "0123456789") != "" {
		return query{}, wrong(parameterParticipant + " must be nine digits")
	}
	for name, date := range map[string]*world.Date{parameterBirthDate: &q.birthDate, parameterPlanDate: &q.planDate} {
		if !slices.Contains(known, name) {
			continue
		}
		if *date, err = world.ParseDate(values.Get(name)); err != nil {
			return query{}, wrong(fmt.Sprintf("%s must be a date of the form YYYY-MM-DD", name))
		}
	}
	return q, nil
}

func wrong(says string) *problem { return &problem{http.StatusBadRequest, codeParameter, says} }

// matches reports whether the keys are, letter by letter, those of the NDIA's record.
func (q query) matches(p *world.Participant) bool {
	return p.NDISNumber == q.number && p.Upstream.FamilyName == q.surname && p.Upstream.BirthDate == q.birthDate
}

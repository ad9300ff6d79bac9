package console

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/starter/bulks"
	"github.com/caresync/caresync/starter/console/ui"
)

// mostPlaces is how many of the unknown people of a list are named by their place.
const mostPlaces = 20

// adminForm is what someone typed into a form, and what is wrong with it by field.
type adminForm struct {
	values   url.Values
	problems map[string]string
}

func (f adminForm) value(name string) string { return f.values.Get(name) }

func (f adminForm) has(name, value string) bool { return slices.Contains(f.values[name], value) }

func (f adminForm) ticked(name string) bool { return f.has(name, yes) }

func (f adminForm) problem(name string) string { return f.problems[name] }

// summary are the problems with the names of their fields, in an order that stays the same.
func (f adminForm) summary() []string {
	var said []string
	for _, name := range slices.Sorted(maps.Keys(f.problems)) {
		said = append(said, f.problems[name])
	}
	return said
}

// refused notes what a use case found wrong with a form, and reports whether it was that.
func (f *adminForm) refused(err error) bool {
	var invalid *care.InvalidError
	var unknown *bulks.UnknownPeopleError
	switch {
	case errors.As(err, &invalid):
		f.problems = map[string]string{invalid.Field: fieldTitle(invalid.Field) + " " + invalid.Message + "."}
	case errors.As(err, &unknown):
		f.problems = map[string]string{"people": unknownPlaces(unknown)}
	case errors.Is(err, db.ErrScheduleExists):
		f.problems = map[string]string{"name": detailOf(err)}
	default:
		return false
	}
	return true
}

// unknownPlaces says which people of a list no one knows, without repeating their numbers (R10).
func unknownPlaces(unknown *bulks.UnknownPeopleError) string {
	places := unknown.Places
	if len(places) == 1 {
		return fmt.Sprintf("The person at place %d of the list is not one of the organisation’s. Nothing was started.", places[0])
	}
	named := make([]string, 0, mostPlaces)
	for _, place := range places[:min(len(places), mostPlaces)] {
		named = append(named, strconv.Itoa(place))
	}
	words := fmt.Sprintf("%d people of the list are not the organisation’s, at the places %s", len(places), strings.Join(named, ", "))
	if len(places) > mostPlaces {
		words += " and further down"
	}
	return words + ". Nothing was started."
}

// fieldTitles name fields as forms do, where that is not their own name and no option of a bulk run.
var fieldTitles = map[string]string{
	"people": "The list", "cron": "The cron expression",
	"time_of_day": "A time of day", "weekdays": "The weekdays", "time_zone": "The time zone", "catch_up": "The catch-up window", "jitter": "The random delay",
	"from": "The first day", "to": "The last day", "budget_calls_per_hour": "Maximum budget calls per hour", "connection": "The connection", "note": "The reason", "who": "The selection",
}

func fieldTitle(field string) string {
	if option, known := bulks.OptionNamed(field); known && option.Title != "" {
		return option.Title
	}
	if title, known := fieldTitles[field]; known {
		return title
	}
	return ui.Sentence(strings.ReplaceAll(field, "_", " "))
}

// wholeNumber reads a number that may be left out; then it is 0.
func wholeNumber(values url.Values, field string) (int, error) {
	text := strings.TrimSpace(values.Get(field))
	if text == "" {
		return 0, nil
	}
	number, err := strconv.Atoi(text)
	if err != nil || number < 1 || number > 1_000_000 {
		return 0, &care.InvalidError{Field: field, Message: "must be a whole number from 1, or empty"}
	}
	return number, nil
}

// inputField is a field of a form in which something is typed.
type inputField struct {
	name, label, hint string
	// kind is the input's type.
	kind string
	// least and most bound a number; placeholder shows what an empty field means.
	least, most, placeholder string
	// class narrows the field.
	class string
}

// described names what is said about a field, for screen readers.
func (f inputField) described(form adminForm) string {
	var ids []string
	if f.hint != "" {
		ids = append(ids, f.name+"-hint")
	}
	if form.problem(f.name) != "" {
		ids = append(ids, f.name+"-problem")
	}
	return strings.Join(ids, " ")
}

package servicesaustralia

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/caresync/caresync/simulator/world"
)

// query is what a request asks for, checked.
type query struct {
	recipient  string
	provider   string
	effective  world.Period
	updated    window
	page       int
	limit      int
	descending bool
	sortFields []string
}

// window is a span of instants, both included; zero ends are open.
type window struct{ from, to time.Time }

func (w window) holds(at time.Time) bool {
	return (w.from.IsZero() || !at.Before(w.from)) && (w.to.IsZero() || !at.After(w.to))
}

// form is which parameters an operation has beside those of paging.
type form struct {
	recipient, provider bool
	effective, updated  bool
	sortFields          []string
}

var pagingParameters = []string{"page", "limit", "sort", "sort-fields"}

func (f form) parameters() []string {
	known := slices.Clone(pagingParameters)
	if f.recipient {
		known = append(known, parameterRecipient)
	}
	if f.provider {
		known = append(known, parameterProvider)
	}
	if f.effective {
		known = append(known, "effectiveDateFrom", "effectiveDateTo")
	}
	if f.updated {
		known = append(known, "updatedAtDateTimeFrom", "updatedAtDateTimeTo")
	}
	return known
}

// read checks a request's parameters. The text names the one that is wrong, if any.
func (f form) read(r *http.Request) (query, string) {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return query{}, "the query cannot be read"
	}
	known := f.parameters()
	for name, given := range values {
		if !slices.Contains(known, name) {
			return query{}, fmt.Sprintf("%s: the operation has no such parameter", name)
		}
		if len(given) > 1 {
			return query{}, fmt.Sprintf("%s: given more than once", name)
		}
	}
	reader := parameterReader{values: values}
	q := query{
		recipient:  reader.id(parameterRecipient),
		provider:   reader.id(parameterProvider),
		effective:  reader.period("effectiveDateFrom", "effectiveDateTo"),
		updated:    reader.window("updatedAtDateTimeFrom", "updatedAtDateTimeTo"),
		page:       reader.number("page", 1, 1, 1_000_000_000),
		limit:      reader.number("limit", defaultLimit, 1, greatestLimit),
		descending: reader.choice("sort", "asc", "desc") == "desc",
		sortFields: reader.list("sort-fields", f.sortFields),
	}
	if reader.problem == "" && q.recipient == "" && q.provider == "" {
		return q, strings.Join(f.subjects(), " or ") + ": the parameter is missing"
	}
	return q, reader.problem
}

func (f form) subjects() []string {
	var names []string
	if f.recipient {
		names = append(names, parameterRecipient)
	}
	if f.provider {
		names = append(names, parameterProvider)
	}
	return names
}

// parameterReader reads parameters and keeps what is wrong with the first that is.
type parameterReader struct {
	values  url.Values
	problem string
}

func (p *parameterReader) fail(name, expected string) {
	if p.problem == "" {
		p.problem = name + ": must be " + expected
	}
}

func (p *parameterReader) id(name string) string {
	id := p.values.Get(name)
	if p.values.Has(name) && (id == "" || len(id) > 10 || strings.Trim(id, "0123456789") != "") {
		p.fail(name, "up to ten digits")
	}
	return id
}

func (p *parameterReader) number(name string, otherwise, least, most int) int {
	if !p.values.Has(name) {
		return otherwise
	}
	number, err := strconv.Atoi(p.values.Get(name))
	if err != nil || number < least || number > most {
		p.fail(name, fmt.Sprintf("a number from %d to %d", least, most))
	}
	return number
}

func (p *parameterReader) choice(name string, choices ...string) string {
	value := p.values.Get(name)
	if p.values.Has(name) && !slices.Contains(choices, value) {
		p.fail(name, strings.Join(choices, " or "))
	}
	return value
}

func (p *parameterReader) list(name string, choices []string) []string {
	if !p.values.Has(name) {
		return nil
	}
	fields := strings.Split(p.values.Get(name), ",")
	for _, field := range fields {
		if !slices.Contains(choices, field) {
			p.fail(name, "of "+strings.Join(choices, ", "))
		}
	}
	return fields
}

func (p *parameterReader) period(from, to string) world.Period {
	period := world.Period{Start: p.date(from), End: p.date(to)}
	if period.End != world.NoDate && period.Start > period.End {
		p.fail(to, "on or after "+from)
	}
	return period
}

func (p *parameterReader) date(name string) world.Date {
	if !p.values.Has(name) {
		return world.NoDate
	}
	date, err := world.ParseDate(p.values.Get(name))
	if err != nil {
		p.fail(name, "a date of the form YYYY-MM-DD")
	}
	return date
}

func (p *parameterReader) window(from, to string) window {
	span := window{p.instant(from), p.instant(to)}
	if !span.to.IsZero() && span.from.After(span.to) {
		p.fail(to, "at or after "+from)
	}
	return span
}

func (p *parameterReader) instant(name string) time.Time {
	if !p.values.Has(name) {
		return time.Time{}
	}
	at, err := time.Parse(time.RFC3339, p.values.Get(name))
	if err != nil {
		p.fail(name, "a date-time of the form YYYY-MM-DDThh:mm:ssZ")
	}
	return at
}

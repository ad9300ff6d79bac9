package console

import (
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/starter/bulks"
	"github.com/caresync/caresync/starter/console/ui"
	"github.com/caresync/caresync/starter/present"
)

// Whom a bulk run's form selects.
const (
	whoEverybody = "everybody"
	whoChanged   = "changed"
	whoSelected  = "selected"
	whoListed    = "listed"
)

var onlyOptions = []ui.Option{
	{Words: "Everything"}, {Value: string(care.AreaContributions), Words: "Contributions only"}, {Value: string(care.AreaBudgets), Words: "Budgets and their usage only"},
}

// Policies say what an unattended refresh of contracts may do (R31).
const (
	policyApply = "apply"
	policyHold  = "hold"
)

// newOrderForm is a form as it is opened: what an address asks for, else everybody.
func newOrderForm(query url.Values) adminForm {
	form := adminForm{values: url.Values{"kind": {string(care.RunCareRecipient)}, "who": {whoEverybody}, "policy": {policyApply}, "not_synced_unit": {unitHours}}}
	for name, values := range query {
		form.values[name] = values
	}
	return form
}

// bulkRequestOf reads whom a form selects, and what of them is synced. What does not belong to the chosen kind or selection is left out, as the
// form hides it.
func bulkRequestOf(values url.Values) (order bulks.Request, err error) {
	order.Kind = care.RunKind(values.Get("kind"))
	recipients := order.Kind != care.RunPACEContract
	switch values.Get("who") {
	case whoEverybody:
		order.AcceptAbsences = recipients && values.Get("accept_absences") == yes
	case whoChanged:
		order.Delta = recipients
	case whoListed:
		order.People = listedPeople(values.Get("people"))
	case whoSelected:
		if err := selectionOf(values, recipients, &order); err != nil {
			return order, err
		}
	default:
		return order, errBadForm
	}
	if recipients {
		order.Only, order.AllBudgets = care.Area(values.Get("only")), values.Get("all_budgets") == yes
	} else {
		order.ReviewAll = values.Get("policy") == policyHold
	}
	if order.Window, err = wholeNumber(values, "window"); err != nil {
		return order, err
	}
	order.FailureThreshold, err = wholeNumber(values, "failure_threshold")
	return order, err
}

// selectionOf reads what narrows the selection; nothing would select everybody, which is to be said so.
func selectionOf(values url.Values, recipients bool, order *bulks.Request) error {
	if recipients {
		order.ServiceProviderID, order.InCare = values.Get("service_provider_id"), values.Get("in_care") == yes
	}
	order.FailedLastTime = values.Get("failed_last_time") == yes
	var err error
	if order.NotSyncedFor, err = timeOf(values, "not_synced_for", "not_synced_unit"); err != nil {
		return err
	}
	if order.ServiceProviderID == "" && !order.InCare && !order.FailedLastTime && order.NotSyncedFor == 0 {
		return &db.InvalidError{Field: "who", Message: "is selected by nothing: say something of them, or choose everybody"}
	}
	return nil
}

// listedPeople are the numbers of a list, one a line or parted by commas or semicolons. What is no text names nobody.
func listedPeople(text string) []string {
	people := []string{}
	for _, line := range strings.FieldsFunc(strings.ToValidUTF8(text, "?"), func(r rune) bool { return r == '\n' || r == ',' || r == ';' || r == '\t' }) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		people = append(people, strings.Map(func(r rune) rune {
			if unicode.IsControl(r) {
				return '?'
			}
			return r
		}, line))
	}
	return people
}

// providerOptions are the service providers that an organisation reads as (R11).
func providerOptions(connections []care.Connection) []ui.Option {
	options := []ui.Option{{Words: "Any"}}
	for _, connection := range connections {
		if connection.Service == care.ServicesAustralia {
			options = append(options, ui.Option{Value: connection.ServiceProviderID, Words: connection.ServiceProviderID + ", " + connection.Name})
		}
	}
	return options
}

// requestWords say who is synced, and what of them.
func requestWords(kind care.RunKind, options read.BulkOptions) (who, what string) {
	retry := options.RetryOf != ""
	options.RetryOf, options.NotSyncedFor = "", durationWords(options.NotSyncedFor)
	who, what = present.BulkOptions(kind, options)
	if retry {
		who = "those who did not succeed in an earlier bulk run"
	}
	return ui.Sentence(who), what
}

// durationWords shows a duration such as 24h0m0s in words; what is none stays as it is.
func durationWords(text string) string {
	duration, err := time.ParseDuration(text)
	switch {
	case err != nil:
		return text
	case duration >= wholeDay && duration%wholeDay == 0:
		return present.Count(int(duration/wholeDay), "day", "days")
	case duration >= time.Hour && duration%time.Hour == 0:
		return present.Count(int(duration/time.Hour), "hour", "hours")
	case duration >= time.Minute && duration%time.Minute == 0:
		return present.Count(int(duration/time.Minute), "minute", "minutes")
	default:
		return text
	}
}

var (
	defaultWindow = strconv.Itoa(protocol.DefaultWindow)
	mostBatches   = strconv.Itoa(protocol.MostBatchesAtOnce)
	failuresFrom  = strconv.Itoa(care.FailuresCountFrom)
)

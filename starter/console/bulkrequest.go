package console

import (
	"cmp"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/starter/bulks"
	"github.com/caresync/caresync/starter/console/ui"
	"github.com/caresync/caresync/starter/present"
)

// Whom a bulk run's form selects.
const (
	whoEveryone = "everyone"
	whoChanged  = "changed"
	whoSelected = "selected"
	whoListed   = "listed"
)

// Policies say what an unattended refresh of contracts may do (R31).
const (
	policyApply = "apply"
	policyHold  = "hold"
)

// newBulkForm is a form as it is opened: what an address asks for, else everyone.
func newBulkForm(query url.Values) adminForm {
	form := adminForm{values: url.Values{"kind": {string(care.RunCareRecipient)}, "who": {whoEveryone}, "policy": {policyApply}, unitField("not_synced_for"): {unitHours}}}
	for name, values := range query {
		form.values[name] = values
	}
	return form
}

// bulkOptionsOf reads who a form selects, and which data is synced; listed are the people of its list, nil where it selects otherwise. What
// does not belong to the chosen kind or selection is left out, as the form hides it.
func bulkOptionsOf(values url.Values) (options care.BulkOptions, listed []string, err error) {
	options.Kind = care.RunKind(values.Get("kind"))
	options.ReviewAll = options.Kind == care.RunPACEContract && values.Get("policy") == policyHold
	parts := []bulks.Part{bulks.PartContents, bulks.PartExecution}
	switch values.Get("who") {
	case whoEveryone:
		parts = append(parts, bulks.PartEveryone)
	case whoChanged:
		options.Delta = options.Kind != care.RunPACEContract
	case whoListed:
		listed = listedPeople(values.Get("people"))
	case whoSelected:
		parts = append(parts, bulks.PartSelection)
	default:
		return options, nil, errBadForm
	}
	for _, option := range optionsOf(parts...) {
		if option.Kind != "" && option.Kind != cmp.Or(options.Kind, care.RunCareRecipient) {
			continue
		}
		if err := readOption(values, option, &options); err != nil {
			return options, nil, err
		}
	}
	if values.Get("who") == whoSelected && options.SelectsEveryone() {
		return options, nil, &care.InvalidError{Field: "who", Message: "must have at least one condition: add one, or choose everyone"}
	}
	return options, listed, nil
}

// bulkValues are what a form holds that asks for such options, as bulkOptionsOf reads it.
func bulkValues(options care.BulkOptions) url.Values {
	values := newBulkForm(nil).values
	values.Set("kind", string(options.Kind))
	switch {
	case options.Delta:
		values.Set("who", whoChanged)
	case !options.SelectsEveryone():
		values.Set("who", whoSelected)
	}
	if options.ReviewAll {
		values.Set("policy", policyHold)
	}
	for _, option := range optionsOf(bulks.PartContents, bulks.PartExecution, bulks.PartEveryone, bulks.PartSelection) {
		writeOption(values, option, options)
	}
	return values
}

// optionsOf are the options that some parts of the form ask for.
func optionsOf(parts ...bulks.Part) (options []bulks.Option) {
	for _, option := range bulks.Options {
		if slices.Contains(parts, option.Part) {
			options = append(options, option)
		}
	}
	return options
}

// readOption reads what a form says of an option.
func readOption(values url.Values, option bulks.Option, options *care.BulkOptions) (err error) {
	switch value := option.Value(options).(type) {
	case *bool:
		*value = values.Get(option.Name) == yes
	case *int:
		*value, err = wholeNumber(values, option.Name)
	case *string:
		*value = values.Get(option.Name)
	case *care.Area:
		*value = care.Area(values.Get(option.Name))
	case *care.Timespan:
		var length time.Duration
		length, err = timeOf(values, option.Name, unitField(option.Name))
		*value = care.Timespan(length)
	}
	return err
}

// writeOption writes an option as readOption reads it.
func writeOption(values url.Values, option bulks.Option, options care.BulkOptions) {
	switch value := option.Value(&options).(type) {
	case *bool:
		setTick(values, option.Name, *value)
	case *int:
		setNumber(values, option.Name, *value)
	case *string:
		values.Set(option.Name, *value)
	case *care.Area:
		values.Set(option.Name, string(*value))
	case *care.Timespan:
		setTime(values, option.Name, unitField(option.Name), time.Duration(*value))
	}
}

// unitField is the field beside one for a length of time that says in what it is given.
func unitField(name string) string { return name + "_unit" }

// How an option is asked for.
const (
	askTick     = "tick"
	askNumber   = "number"
	askTimespan = "timespan"
	askChoice   = "choice"
)

// askFor says how an option is asked for.
func askFor(option bulks.Option) string {
	switch option.Value(&care.BulkOptions{}).(type) {
	case *bool:
		return askTick
	case *int:
		return askNumber
	case *care.Timespan:
		return askTimespan
	default:
		return askChoice
	}
}

// inputs are the options of a part of the form that are typed or chosen, ticks those that are ticked.
func inputs(part bulks.Part) []bulks.Option {
	return slices.DeleteFunc(optionsOf(part), func(option bulks.Option) bool { return askFor(option) == askTick })
}

func ticks(part bulks.Part) []bulks.Option {
	return slices.DeleteFunc(optionsOf(part), func(option bulks.Option) bool { return askFor(option) != askTick })
}

// onlyClass is the class of what is shown for one kind of sync only: that of all options, empty where they differ.
func onlyClass(options ...bulks.Option) string {
	class := map[care.RunKind]string{care.RunCareRecipient: "recipients-only", care.RunPACEContract: "contracts-only"}
	for _, option := range options {
		if option.Kind != options[0].Kind {
			return ""
		}
	}
	return class[options[0].Kind]
}

// choicesOf are what can be chosen for an option; where it does not say, that is one of the organisation's providers.
func choicesOf(option bulks.Option, providers []ui.Option) []ui.Option {
	if option.Choices == nil {
		return providers
	}
	var choices []ui.Option
	for _, choice := range option.Choices {
		choices = append(choices, ui.Option{Value: choice.Value, Words: choice.Words})
	}
	return choices
}

// listedPeople are the numbers of a list, one a line or parted by commas or semicolons. What is no text names no one.
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

// bulkOptionWords say who is synced in a bulk run, and what of them.
func bulkOptionWords(options read.BulkOptions) (who, what string) {
	retry := options.RetryOf != ""
	options.RetryOf = ""
	who, what = bulks.Describe(options)
	if retry {
		who = "people who did not succeed in an earlier bulk run"
	}
	return ui.Sentence(who), what
}

// durationWords shows a duration such as 24h0m0s in words; what is none stays as it is.
func durationWords(text string) string {
	duration, err := time.ParseDuration(text)
	if err != nil {
		return text
	}
	return present.Duration(duration)
}

var (
	defaultWindow = strconv.Itoa(protocol.DefaultWindow)
	mostBatches   = strconv.Itoa(protocol.MostBatchesAtOnce)
)

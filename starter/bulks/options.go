package bulks

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/starter/present"
)

// Option is a field of care.BulkOptions as people meet it: a flag of the command line, a field of a form, a part of a bulk run's description.
type Option struct {
	// Name is the option's in the API, in what is stored, in forms and in care.InvalidError.
	Name string
	// Kind is the kind of sync that has the option; both have it if it is empty.
	Kind care.RunKind
	// Flag and Usage are the command line's.
	Flag, Usage string
	// Title is how messages about a form name the option.
	Title string
	// Part of a form asks for the option, by Label and Hint. One without a part is asked for in the form's own way.
	Part        Part
	Label, Hint string
	// Choices are the values that can be chosen, of an option that has some only.
	Choices []Choice
	// Most is the largest number, and WhenEmpty what it means to give none.
	Most      int
	WhenEmpty string
	// Value points at the option's field.
	Value func(*care.BulkOptions) any
	// Words describe what the option does; nil where the description leaves it out.
	Words func(care.BulkOptions) string
	// Selects: the option says who is synced, not what of them.
	Selects bool
}

// Part is a part of the form that asks for a bulk run.
type Part string

// The parts of the form.
const (
	// PartContents asks what is synced, PartExecution how.
	PartContents  Part = "contents"
	PartExecution Part = "execution"
	// PartSelection narrows who is synced, PartEveryone applies where nothing is narrowed.
	PartSelection Part = "selection"
	PartEveryone  Part = "everyone"
)

// Choice is a value that can be chosen.
type Choice struct{ Value, Words string }

// Options are all options of a bulk run, in the order in which they are described.
var Options = []Option{
	{
		Name: "kind", Flag: "kind", Usage: "care-recipients (Support at Home plans) or pace-contracts (refresh existing contracts)",
		Value: func(o *care.BulkOptions) any { return &o.Kind },
		Words: func(o care.BulkOptions) string { return present.RunKind(o.Kind) },
	},
	{
		Name: "delta", Kind: care.RunCareRecipient, Selects: true,
		Flag: "delta", Usage: "sync only people with changes, according to the providers' lists",
		Title: "“People with changes”",
		Value: func(o *care.BulkOptions) any { return &o.Delta },
		Words: func(care.BulkOptions) string { return "people with changes" },
	},
	{
		Name: "service_provider_id", Kind: care.RunCareRecipient, Selects: true,
		Flag: "service-provider-id", Usage: "only people of this service provider id's connection to Services Australia",
		Title: "The service provider", Part: PartSelection, Label: "Service provider",
		Value: func(o *care.BulkOptions) any { return &o.ServiceProviderID },
		Words: func(o care.BulkOptions) string { return "of provider " + o.ServiceProviderID },
	},
	{
		Name: "in_care", Kind: care.RunCareRecipient, Selects: true,
		Flag: "in-care", Usage: "only people in care",
		Title: "“In care”", Part: PartSelection, Label: "Only people in care",
		Value: func(o *care.BulkOptions) any { return &o.InCare },
		Words: func(care.BulkOptions) string { return "in care" },
	},
	{
		Name: "not_synced_for", Selects: true,
		Flag: "not-synced-for", Usage: "only people who have not been synced for this long, such as 24h",
		Title: "“Not synced for”", Part: PartSelection, Label: "Not synced for",
		Value: func(o *care.BulkOptions) any { return &o.NotSyncedFor },
		Words: func(o care.BulkOptions) string {
			return "not synced for " + present.Duration(time.Duration(o.NotSyncedFor))
		},
	},
	{
		Name: "failed_last_time", Selects: true,
		Flag: "failed-last-time", Usage: "only people whose last sync did not succeed",
		Part: PartSelection, Label: "Only people whose last sync did not succeed",
		Value: func(o *care.BulkOptions) any { return &o.FailedLastTime },
		Words: func(care.BulkOptions) string { return "whose last sync did not succeed" },
	},
	{
		Name: "only", Kind: care.RunCareRecipient,
		Flag: "only", Usage: "besides the summary, sync only this: contributions or budgets",
		Title: "What is read", Part: PartContents, Label: "Data to sync",
		Choices: []Choice{
			{Words: "Everything"}, {string(care.AreaContributions), "Contributions only"}, {string(care.AreaBudgets), "Budgets and their usage only"},
		},
		Value: func(o *care.BulkOptions) any { return &o.Only },
		Words: func(o care.BulkOptions) string { return strings.ToLower(present.Area(o.Only)) + " only" },
	},
	{
		Name: "all_budgets", Kind: care.RunCareRecipient,
		Flag: "all-budgets", Usage: "also sync the usage of budgets that ended more than 90 days ago",
		Title: "The usage of budgets that ended long ago", Part: PartContents, Label: "Also the usage of budgets that ended more than 90 days ago",
		Value: func(o *care.BulkOptions) any { return &o.AllBudgets },
		Words: func(care.BulkOptions) string { return "all budgets" },
	},
	{
		Name: "review_all", Kind: care.RunPACEContract,
		Flag: "hold", Usage: "hold every change of a contract for approval",
		Title: "“Hold every change for approval”",
		Value: func(o *care.BulkOptions) any { return &o.ReviewAll },
		Words: func(care.BulkOptions) string { return "every change held for approval" },
	},
	{
		Name: "accept_absences", Kind: care.RunCareRecipient,
		Flag: "accept-absences", Usage: "mark people who are on no list as not in care, however many they are",
		Title: "“Mark missing people as not in care”", Part: PartEveryone, Label: "Mark missing people as not in care",
		Hint:  "People who are on no provider’s list, however many they are.",
		Value: func(o *care.BulkOptions) any { return &o.AcceptAbsences },
		Words: func(care.BulkOptions) string { return "missing people marked as not in care" },
	},
	{
		Name: "window",
		Flag: "window", Usage: fmt.Sprintf("how many batches are synced in parallel, up to %d; by default %d", protocol.MostBatchesAtOnce, protocol.DefaultWindow),
		Title: "Parallel batches", Part: PartExecution, Label: "Parallel batches", Most: protocol.MostBatchesAtOnce, WhenEmpty: strconv.Itoa(protocol.DefaultWindow),
		Hint: fmt.Sprintf("1 to %d batches of up to %d people; %d if left blank.",
			protocol.MostBatchesAtOnce, protocol.PeoplePerBatch, protocol.DefaultWindow),
		Value: func(o *care.BulkOptions) any { return &o.Window },
	},
	{
		Name: "failure_threshold",
		Flag: "failure-threshold", Usage: fmt.Sprintf("stop if more than this percentage of people have failed; checked once %d have ended", care.FailuresCountFrom),
		Title: "The failure threshold", Part: PartExecution, Label: "Stop if more than this percentage fail", Most: 100, WhenEmpty: "never",
		Hint:  fmt.Sprintf("Applies once %d people have ended; never if left blank.", care.FailuresCountFrom),
		Value: func(o *care.BulkOptions) any { return &o.FailureThreshold },
	},
}

// OptionNamed returns the option of that name, if there is one.
func OptionNamed(name string) (Option, bool) {
	for _, option := range Options {
		if option.Name == name {
			return option, true
		}
	}
	return Option{}, false
}

// isSet reports whether options ask for the option.
func (option Option) isSet(options care.BulkOptions) bool {
	return !reflect.ValueOf(option.Value(&options)).Elem().IsZero()
}

// Describe says in words who is synced in a bulk run, and what of them.
func Describe(options read.BulkOptions) (who, what string) {
	var selection, contents []string
	if options.RetryOf != "" {
		selection = append(selection, "people who did not succeed in "+string(options.RetryOf))
	}
	for _, option := range Options {
		switch {
		case option.Words == nil || !option.isSet(options.BulkOptions):
		case option.Selects:
			selection = append(selection, option.Words(options.BulkOptions))
		default:
			contents = append(contents, option.Words(options.BulkOptions))
		}
	}
	if options.People != nil {
		selection = append(selection, present.Count(*options.People, "person listed", "people listed"))
	}
	if len(selection) == 0 {
		selection = []string{"everyone"}
	}
	return strings.Join(selection, ", "), strings.Join(contents, ", ")
}

// rule is something that may be wrong with options.
type rule struct {
	broken         bool
	field, problem string
}

// check refuses what makes no sense, with a care.InvalidError. listed: people are listed, too.
func check(o care.BulkOptions, listed bool) error {
	selects := listed || !o.SelectsEveryone()
	rules := []rule{{o.Kind != care.RunCareRecipient && o.Kind != care.RunPACEContract, "kind", "must be care-recipient or pace-contract"}}
	for _, option := range Options {
		rules = append(rules, rule{option.Kind != "" && option.Kind != o.Kind && option.isSet(o), option.Name, onlyAbout[option.Kind]})
	}
	for _, rule := range append(rules, []rule{
		{o.NotSyncedFor < 0, "not_synced_for", "must be a time such as 24h"},
		{o.Only != "" && o.Only != care.AreaContributions && o.Only != care.AreaBudgets, "only", "must be contributions or budgets"},
		{o.AllBudgets && o.Only == care.AreaContributions, "all_budgets", "cannot be combined with contributions only"},
		{o.AllBudgets && o.Delta, "all_budgets", "cannot be combined with delta, which reads only the budgets that have changed"},
		{o.Delta && selects, "delta", "cannot be combined with a selection of people"},
		{o.AcceptAbsences && selects, "accept_absences", "cannot be combined with a selection of people"},
		{o.Window < 0 || o.Window > protocol.MostBatchesAtOnce, "window", fmt.Sprintf("must be between 1 and %d", protocol.MostBatchesAtOnce)},
		{o.FailureThreshold < 0 || o.FailureThreshold > 100, "failure_threshold", "must be a percentage from 1 to 100"},
	}...) {
		if rule.broken {
			return &care.InvalidError{Field: rule.field, Message: rule.problem}
		}
	}
	return nil
}

var onlyAbout = map[care.RunKind]string{
	care.RunCareRecipient: "can be set for care recipients only", care.RunPACEContract: "can be set for PACE contracts only",
}

package words

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/caresync/caresync/care"
)

// noun is a kind of record within a sentence: one, and several.
type noun struct{ one, several string }

var nouns = map[care.Kind]noun{
	care.KindBudget:          {"budget", "budgets"},
	care.KindBudgetUsage:     {"usage line", "usage lines"},
	care.KindApprovedService: {"approved service", "approved services"},
	care.KindClassification:  {"classification", "classifications"},
	care.KindContribution:    {"contribution", "contributions"},
	care.KindSupplement:      {"supplement", "supplements"},
	care.KindEntitlement:     {"entitlement", "entitlements"},
	care.KindPlan:            {"plan", "plans"},
	care.KindPerson:          {"person", "people"},

	care.KindServiceContract:  {"service contract", "service contracts"},
	care.KindPlanBudget:       {"plan budget", "plan budgets"},
	care.KindDeliveredService: {"adjustment record", "adjustment records"},
}

func nounOf(kind care.Kind) noun {
	if known, found := nouns[kind]; found {
		return known
	}
	return noun{"record", "records"}
}

// Records is a number of records of a kind, for a sentence.
func Records(number int, kind care.Kind) string {
	noun := nounOf(kind)
	return Count(number, noun.one, noun.several)
}

// Held is a number of records whose removal is held back, and the budget that they are part of, if they are part of one.
func Held(number int, kind care.Kind, budget string, start care.Date) string {
	held := Records(number, kind)
	if budget == "" {
		return held
	}
	held += " of the budget " + budget
	if !start.IsZero() {
		held += " from " + Date(start)
	}
	return held
}

// AcceptedRemoval says what becomes of records whose removal was accepted.
func AcceptedRemoval(number int) string {
	if number == 1 {
		return "the next sync removes it if it is still missing."
	}
	return "the next sync removes them if they are still missing."
}

// kinds are the kinds of record as titles where they differ from their nouns.
var kinds = map[care.Kind]string{
	care.KindBudgetUsage:  "Budget usage",
	care.KindContribution: "Individual contributions",
	care.KindPlan:         "Plan",
	care.KindPerson:       "Person",
}

// Kind names a kind of record, in the plural, as a title.
func Kind(kind care.Kind) string {
	if title, differs := kinds[kind]; differs {
		return title
	}
	return Sentence(nounOf(kind).several)
}

// OneOfKind names one record of a kind, as a title.
func OneOfKind(kind care.Kind) string {
	switch kind {
	case care.KindBudgetUsage:
		return "Usage"
	case care.KindDeliveredService:
		return "Delivered service"
	default:
		return Sentence(nounOf(kind).one)
	}
}

// fields are the fields that people call otherwise than by spelling out their names.
var fields = map[string]string{
	"is_pace_plan": "PACE plan", "plan_first_start_date": "first start date of the plan", "plan_start_date": "start date of the plan",
	"plan_end_date": "end date of the plan", "superseded_by": "superseding contract", "delivered_on": "date",
	"birth_date": "date of birth", "ndis_number": "NDIS number", "pace_participant": "NDIS PACE Participant", "pace_api_access": "API access",
	"entry_date": "entry into care", "departure_date": "departure", "write_off": "write-off",
}

// Field is what people call a field, be its name ours or the government's.
func Field(field string) string {
	if known, found := fields[field]; found {
		return known
	}
	return spelledOut(field)
}

// spelledOut makes words of a name in camelCase or snake_case.
func spelledOut(name string) string {
	var words strings.Builder
	for i, letter := range name {
		switch {
		case letter == '_':
			words.WriteRune(' ')
		case i > 0 && unicode.IsUpper(letter):
			words.WriteString(" " + string(unicode.ToLower(letter)))
		default:
			words.WriteRune(letter)
		}
	}
	return words.String()
}

// Sentence begins with a capital letter.
func Sentence(words string) string {
	first, size := utf8.DecodeRuneInString(words)
	if first == utf8.RuneError {
		return words
	}
	return string(unicode.ToUpper(first)) + words[size:]
}

// Record names a record, such as "budget Home support ongoing (ON), 01 Apr 2026 – 30 Jun 2026".
func Record(label care.Label) string { return care.OneLine(record(label)) }

func record(label care.Label) string {
	name := nounOf(label.Kind).one
	if parts := labelParts(label); len(parts) > 0 {
		name += " " + strings.Join(parts, ", ")
	}
	return within(label, name)
}

// labelParts are the name, the dates and the position, where they are known.
func labelParts(label care.Label) []string {
	name := label.Name
	switch {
	case name == "":
		name = label.Code
	case label.Code != "" && label.Code != name:
		name += " (" + label.Code + ")"
	}
	parts := []string{name}
	if !label.StartDate.IsZero() || !label.EndDate.IsZero() {
		parts = append(parts, Period(label.StartDate, label.EndDate))
	}
	if label.Position > 0 {
		parts = append(parts, "number "+strconv.Itoa(label.Position)+" in the list")
	}
	return slices.DeleteFunc(parts, func(part string) bool { return part == "" })
}

// within adds the record that this one is part of, if that has a name. One of the same kind is not called by it again.
func within(label care.Label, name string) string {
	if label.Of == nil {
		return name
	}
	above := labelParts(*label.Of)
	if len(above) == 0 {
		return within(*label.Of, name)
	}
	if label.Of.Kind == label.Kind {
		return within(*label.Of, name+", "+strings.Join(above, ", "))
	}
	return name + ", of " + record(*label.Of)
}

package care

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Label is what people know a record by: a budget by its type and dates, a service by its name, a classification by its name and
// start. It holds what the government sent, so it belongs into the run's rows and nowhere else (R10).
type Label struct {
	Kind      Kind   `json:"kind"`
	Name      string `json:"name,omitempty"`
	Code      string `json:"code,omitempty"`
	StartDate Date   `json:"start_date"`
	EndDate   Date   `json:"end_date"`
	// Position is where the record stands in the list that was read, from 1; 0 where other fields say enough.
	Position int `json:"position,omitempty"`
	// Of is the record that this one is part of, such as the budget of a usage line.
	Of *Label `json:"of,omitempty"`
}

// String names the record in words, such as "budget Home support ongoing (ON), 01 Apr 2026 – 30 Jun 2026".
func (l Label) String() string { return OneLine(l.words()) }

func (l Label) words() string {
	one, _ := l.Kind.Nouns()
	parts := l.parts()
	if len(parts) == 0 {
		return l.within(one)
	}
	return l.within(one + " " + strings.Join(parts, ", "))
}

// currentOn reports whether a day lies within the record's dates, as far as they are known.
func (l Label) currentOn(day Date) bool {
	return !l.StartDate.After(day) && (l.EndDate.IsZero() || !l.EndDate.Before(day))
}

// parts are the name, the dates and the position, where they are known.
func (l Label) parts() []string {
	name := l.Name
	switch {
	case name == "":
		name = l.Code
	case l.Code != "" && l.Code != name:
		name += " (" + l.Code + ")"
	}
	parts := []string{name}
	if !l.StartDate.IsZero() || !l.EndDate.IsZero() {
		parts = append(parts, PeriodWords(l.StartDate, l.EndDate))
	}
	if l.Position > 0 {
		parts = append(parts, "number "+strconv.Itoa(l.Position)+" in the list")
	}
	return slices.DeleteFunc(parts, func(part string) bool { return part == "" })
}

// within adds the record that this one is part of, if that has a name. One of the same kind is not called by it again.
func (l Label) within(name string) string {
	if l.Of == nil {
		return name
	}
	above := l.Of.parts()
	if len(above) == 0 {
		return l.Of.within(name)
	}
	if l.Of.Kind == l.Kind {
		return l.Of.within(name + ", " + strings.Join(above, ", "))
	}
	return name + ", of " + l.Of.words()
}

// WithinBudget puts a budget that we hold in the place of the one that the answer names, or at the top of a record that is part of one.
func (l Label) WithinBudget(budget Label) Label {
	if l.Kind == KindBudget {
		return budget
	}
	l.Of = &budget
	return l
}

// nouns are a kind's records in a sentence: one, and several.
var nouns = map[Kind][2]string{
	KindBudget:          {"budget", "budgets"},
	KindBudgetUsage:     {"usage line", "usage lines"},
	KindApprovedService: {"approved service", "approved services"},
	KindClassification:  {"classification", "classifications"},
	KindContribution:    {"contribution", "contributions"},
	KindSupplement:      {"supplement", "supplements"},
	KindEntitlement:     {"entitlement", "entitlements"},
	KindPlan:            {"plan", "plans"},
	KindPerson:          {"person", "people"},

	KindServiceContract:  {"service contract", "service contracts"},
	KindPlanBudget:       {"plan budget", "plan budgets"},
	KindDeliveredService: {"adjustment record", "adjustment records"},
}

// Nouns are what one record of the kind, and several, are called within a sentence.
func (k Kind) Nouns() (one, several string) {
	if noun, known := nouns[k]; known {
		return noun[0], noun[1]
	}
	return "record", "records"
}

// FieldLabel is what people call a field, be its name ours or the government's.
func FieldLabel(field string) string {
	if label, known := fieldLabels[field]; known {
		return label
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

// capital makes the first letter of a sentence a capital.
func capital(sentence string) string {
	first, size := utf8.DecodeRuneInString(sentence)
	return string(unicode.ToUpper(first)) + sentence[size:]
}

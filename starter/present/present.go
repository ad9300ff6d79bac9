// Package present puts records into words for people: names of kinds and outcomes, Australian dates, money with its cents. What was
// not provided is said to be so, never shown as zero (R3).
package present

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/read"
)

// NotProvided stands for an amount or percentage that the government did not send (R3).
const NotProvided = "not provided"

const (
	timeForm     = "02 Jan 2006 15:04"
	timeFormFull = "02 Jan 2006 15:04:05"
)

var kinds = map[care.Kind]string{
	care.KindBudget:          "Budgets",
	care.KindBudgetUsage:     "Budget usage",
	care.KindApprovedService: "Approved services",
	care.KindClassification:  "Classifications",
	care.KindContribution:    "Individual contributions",
	care.KindSupplement:      "Supplements",
	care.KindEntitlement:     "Entitlements",
	care.KindPlan:            "Plan",
	care.KindPerson:          "Person",

	care.KindServiceContract:  "Service contracts",
	care.KindPlanBudget:       "Plan budgets",
	care.KindDeliveredService: "Adjustment records",
}

// Kind names a kind of record, in the plural.
func Kind(kind care.Kind) string { return known(kinds, kind) }

var singleKinds = map[care.Kind]string{
	care.KindBudget:          "Budget",
	care.KindBudgetUsage:     "Usage",
	care.KindApprovedService: "Approved service",
	care.KindClassification:  "Classification",
	care.KindContribution:    "Contribution",
	care.KindSupplement:      "Supplement",
	care.KindEntitlement:     "Entitlement",
	care.KindPlan:            "Plan",
	care.KindPerson:          "Person",

	care.KindServiceContract:  "Service contract",
	care.KindPlanBudget:       "Plan budget",
	care.KindDeliveredService: "Delivered service",
}

// OneOfKind names one record of a kind.
func OneOfKind(kind care.Kind) string { return known(singleKinds, kind) }

// Records is a number of records of a kind, for a sentence.
func Records(number int, kind care.Kind) string {
	one, several := kind.Nouns()
	return Count(number, one, several)
}

var areas = map[care.Area]string{
	care.AreaSummary:       "Summary",
	care.AreaContributions: "Contributions",
	care.AreaBudgets:       "Budgets",
	care.AreaUsage:         "Usage",
	care.AreaContract:      "Service contract",
}

// Area names an area of a sync.
func Area(area care.Area) string { return known(areas, area) }

// Outcome names one of the outcomes, whatever its reason.
func Outcome(outcome care.RunOutcome) string { return Ending{Outcome: outcome}.Words() }

// State says where a run stands, in one or a few words.
func State(run read.RunSummary) string {
	if run.State == read.RunFinished {
		return EndOf(run).Words()
	}
	if run.Waiting != nil {
		return "preview waits"
	}
	return string(run.State)
}

var triggers = map[care.Trigger]string{
	care.TriggerOnDemand: "on demand",
	care.TriggerBulk:     "bulk",
	care.TriggerClaim:    "claim",

	care.TriggerNotification: "notification of the NDIA",
	care.TriggerDay:          "funding period or plan begins",
}

// Trigger says what caused a run.
func Trigger(trigger care.Trigger) string { return known(triggers, trigger) }

var changeSources = map[care.ChangeSource]string{
	care.SourceImportPeople:            "import of people",
	care.SourceImportDeliveredServices: "import of delivered services",
	care.SourcePACEBoxes:               "NDIS PACE boxes",
	care.SourceChangeNumber:            "change of number",
	care.SourceSamePerson:              "same person",
}

// Cause says what changed a record and who asked for it, such as "import of people, cli: mary".
func Cause(cause read.ChangeCause) string {
	through := Trigger(cause.Trigger)
	if cause.RunID == nil {
		through = known(changeSources, cause.Source)
	}
	if cause.RequestedBy == "" {
		return through
	}
	return through + ", " + cause.RequestedBy
}

var runKinds = map[care.RunKind]string{
	care.RunCareRecipient: "Care recipient sync",
	care.RunPACEContract:  "PACE contract sync",
}

// RunKind names a kind of sync.
func RunKind(kind care.RunKind) string { return known(runKinds, kind) }

// Service names a government service, as in "waiting for the NDIA".
func Service(service care.Service) string {
	if service == care.NDIA {
		return "the NDIA"
	}
	return "Services Australia"
}

// Field names a field of a record.
func Field(field string) string { return care.FieldLabel(field) }

func known[K ~string](words map[K]string, key K) string {
	if word, found := words[key]; found {
		return word
	}
	return strings.ReplaceAll(string(key), "_", " ")
}

// Money shows an amount with thousands separators and cents.
func Money(amount *read.Money) string {
	if amount == nil {
		return NotProvided
	}
	return money(amount.Decimal)
}

// Reported shows an amount as the NDIA reported it.
func Reported(amount decimal.NullDecimal) string {
	if !amount.Valid {
		return NotProvided
	}
	return money(amount.Decimal)
}

// Incomplete is said beside a sum to which an amount belongs that was not provided (R3).
const Incomplete = "incomplete: an amount was not provided"

// Sum adds to a sum, as it is shown, that it is incomplete.
func Sum(shown string, incomplete bool) string {
	if !incomplete || shown == NotProvided {
		return shown
	}
	return shown + " (" + Incomplete + ")"
}

func money(amount decimal.Decimal) string {
	text, sign := amount.Abs().StringFixed(2), ""
	if amount.IsNegative() {
		sign = "-"
	}
	whole, cents, _ := strings.Cut(text, ".")
	return sign + grouped(whole) + "." + cents
}

func grouped(digits string) string {
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// Percentage shows a percentage without needless zeros.
func Percentage(percentage *read.Percentage) string {
	if percentage == nil {
		return NotProvided
	}
	return percentage.String() + " %"
}

// Date shows a date the Australian way, and nothing for no date.
func Date(date care.Date) string { return date.Words() }

// Period shows two dates, of which either may be missing.
func Period(start, end care.Date) string { return care.PeriodWords(start, end) }

// Time shows an instant in a time zone to the minute, and a word for none.
func Time(instant *time.Time, zone *time.Location) string {
	if instant == nil || instant.IsZero() {
		return "never"
	}
	return instant.In(zone).Format(timeForm)
}

// TimeToTheSecond is Time with seconds.
func TimeToTheSecond(instant time.Time, zone *time.Location) string {
	return instant.In(zone).Format(timeFormFull)
}

// Value shows an old or new value of a changed field: dates the Australian way, each part of a list on a line of its own, and a word for none.
func Value(field string, value *string) string {
	if value == nil {
		return "none"
	}
	switch field {
	case "contributions":
		return listed(*value, contributionLine)
	case "entries":
		return listed(*value, entryLine)
	}
	if date, err := care.ParseDate(*value); err == nil {
		return Date(date)
	}
	return *value
}

// listed shows a list that a change holds as JSON, one part a line.
func listed[T any](value string, line func(T) string) string {
	var parts []T
	if json.Unmarshal([]byte(value), &parts) != nil {
		return value
	}
	lines := make([]string, len(parts))
	for i, part := range parts {
		lines[i] = line(part)
	}
	return strings.Join(lines, "\n")
}

func contributionLine(contribution care.Contribution) string {
	percentage := NotProvided
	if contribution.Percentage.Valid {
		percentage = contribution.Percentage.Decimal.String() + " %"
	}
	return contribution.Category + " " + percentage + " " + since(contribution.StartDate)
}

func since(date care.Date) string {
	if date.IsZero() {
		return "without a start date"
	}
	return "from " + Date(date)
}

// entryLine is a person's stay with a provider, with what is known of it.
func entryLine(entry care.Entry) string {
	line := Period(entry.EntryDate, entry.DepartureDate)
	for _, known := range []string{entry.Category, entry.ServiceProviderID, entry.DepartureReason} {
		if known != "" {
			line += ", " + known
		}
	}
	return line
}

// Name shows a person's name, with control characters shown.
func Name(given, family string) string { return care.OneLine(strings.TrimSpace(given + " " + family)) }

// Count shows a number with its noun, in the singular for one.
func Count(number int, one, several string) string {
	if number == 1 {
		return "1 " + one
	}
	return Number(number) + " " + several
}

// Number shows a count with thousands separators.
func Number(number int) string { return grouped(strconv.Itoa(number)) }

// Duration shows a length of time in whole days, hours or minutes where it is that.
func Duration(length time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case length >= day && length%day == 0:
		return Count(int(length/day), "day", "days")
	case length >= time.Hour && length%time.Hour == 0:
		return Count(int(length/time.Hour), "hour", "hours")
	case length >= time.Minute && length%time.Minute == 0:
		return Count(int(length/time.Minute), "minute", "minutes")
	default:
		return length.String()
	}
}

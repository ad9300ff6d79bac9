// Package present puts records into words for people: names of kinds and outcomes, Australian dates, money with its cents. What was
// not provided is said to be so, never shown as zero (R3).
package present

import (
	"time"

	"github.com/shopspring/decimal"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/words"
)

// NotProvided stands for an amount or percentage that the government did not send (R3).
const NotProvided = words.NotProvided

// Kind names a kind of record, in the plural.
func Kind(kind care.Kind) string { return words.Kind(kind) }

// OneOfKind names one record of a kind.
func OneOfKind(kind care.Kind) string { return words.OneOfKind(kind) }

// Area names an area of a sync.
func Area(area care.Area) string { return words.Area(area) }

// Outcome names one of the outcomes, whatever its reason.
func Outcome(outcome care.RunOutcome) string { return words.Ending{Outcome: outcome}.String() }

var runStates = map[read.RunState]string{read.RunQueued: "queued", read.RunRunning: "running"}

// State says where a run stands, in one or a few words.
func State(run read.RunSummary) string {
	if run.State == read.RunFinished {
		return EndOf(run).String()
	}
	if run.Waiting != nil {
		return "preview ready"
	}
	return stateOrWait(runStates[run.State], run.Wait)
}

// Trigger says what caused a run.
func Trigger(trigger care.Trigger) string { return words.Trigger(trigger) }

// Cause says what changed a record and who asked for it, such as "import of people, cli: mary".
func Cause(cause read.ChangeCause) string {
	through := Trigger(cause.Trigger)
	if cause.RunID == nil {
		through = words.ChangeSource(cause.Source)
	}
	if cause.RequestedBy == "" {
		return through
	}
	return through + ", " + cause.RequestedBy
}

// RunKind names a kind of sync.
func RunKind(kind care.RunKind) string { return words.RunKind(kind) }

// Service names a government service, as in "waiting for the NDIA".
func Service(service care.Service) string { return words.Service(service) }

// Field names a field of a record.
func Field(field string) string { return words.Field(field) }

// Money shows an amount with thousands separators and cents.
func Money(amount *read.Money) string {
	if amount == nil {
		return NotProvided
	}
	return words.Money(amount.Decimal)
}

// Reported shows an amount as the NDIA reported it.
func Reported(amount decimal.NullDecimal) string {
	if !amount.Valid {
		return NotProvided
	}
	return words.Money(amount.Decimal)
}

// Incomplete is said beside a sum to which an amount belongs that was not provided (R3).
const Incomplete = words.Incomplete

// Sum adds to a sum, as it is shown, that it is incomplete.
func Sum(shown string, incomplete bool) string {
	if !incomplete || shown == NotProvided {
		return shown
	}
	return shown + " (" + Incomplete + ")"
}

// Percentage shows a percentage without needless zeros.
func Percentage(percentage *read.Percentage) string {
	if percentage == nil {
		return NotProvided
	}
	return words.Percentage(decimal.NewNullDecimal(percentage.Decimal))
}

// Date shows a date the Australian way, and nothing for no date.
func Date(date care.Date) string { return words.Date(date) }

// Period shows two dates, of which either may be missing.
func Period(start, end care.Date) string { return words.Period(start, end) }

// Time shows an instant in a time zone to the minute, and a word for none.
func Time(instant *time.Time, zone *time.Location) string { return words.Time(instant, zone) }

// TimesIn writes instants of a time zone, for sentences that pages write with other times.
func TimesIn(zone *time.Location) func(*time.Time) string {
	return func(instant *time.Time) string { return Time(instant, zone) }
}

// ContractState says in a word where a contract stands.
func ContractState(contract read.ContractHeader) string {
	switch {
	case contract.Current:
		return "current"
	case contract.SupersededBy != nil:
		return "superseded"
	default:
		return "not current"
	}
}

// Expiry shows the day on which something expires in a time zone, which may not be known.
func Expiry(at *time.Time, zone *time.Location) string {
	if at == nil {
		return "not known yet"
	}
	return Date(care.DateIn(*at, zone))
}

// TimeToTheSecond is Time with seconds.
func TimeToTheSecond(instant time.Time, zone *time.Location) string {
	return words.TimeToTheSecond(instant, zone)
}

// Value shows an old or new value of a changed field.
func Value(field string, value *string) string { return words.Plain.Value(field, value) }

// Name shows a person's name, with control characters shown.
func Name(given, family string) string { return words.Name(given, family) }

// Counts are a run's counts without what follows from them.
func Counts(view read.Counts) care.Counts {
	counts := make(care.Counts, len(view))
	for kind, count := range view {
		counts[kind] = care.Count{Created: count.Created, Updated: count.Updated, Unchanged: count.Unchanged, Removed: count.Removed}
	}
	return counts
}

// Count shows a number with its noun, in the singular for one.
func Count(number int, one, several string) string { return words.Count(number, one, several) }

// Number shows a count with thousands separators.
func Number(number int) string { return words.Number(number) }

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

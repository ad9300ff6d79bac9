package care

// hoursOfDay are those of a date, which has no zone and no clock that could be changed.
const hoursOfDay = 24

// DateRange is a first and a last day, both of which count. A bound that is not known, or open, is the zero date.
type DateRange struct {
	StartDate Date `json:"start_date"`
	EndDate   Date `json:"end_date"`
}

// Covers reports whether a day lies in the range.
func (r DateRange) Covers(day Date) bool { return r.Clamp(day) == day }

// Clamp moves a day that lies outside the range to the nearer bound.
func (r DateRange) Clamp(day Date) Date {
	if !r.EndDate.IsZero() && day.After(r.EndDate) {
		day = r.EndDate
	}
	if !r.StartDate.IsZero() && day.Before(r.StartDate) {
		day = r.StartDate
	}
	return day
}

// Overlaps reports whether two ranges have a day in common.
func (r DateRange) Overlaps(other DateRange) bool {
	startsTooLate := func(a, b DateRange) bool { return !b.EndDate.IsZero() && a.StartDate.After(b.EndDate) }
	return !startsTooLate(r, other) && !startsTooLate(other, r)
}

// Span is the smallest range that holds all the others. A bound that one of them does not give is taken from those that do.
func Span(ranges ...DateRange) (span DateRange) {
	for _, r := range ranges {
		if span.StartDate.IsZero() || !r.StartDate.IsZero() && r.StartDate.Before(span.StartDate) {
			span.StartDate = r.StartDate
		}
		if r.EndDate.After(span.EndDate) {
			span.EndDate = r.EndDate
		}
	}
	return span
}

// Days is how many days a range has that is bounded on both sides, both bounds included; 0 if it is not, or ends before it starts.
func (r DateRange) Days() int {
	if r.StartDate.IsZero() || r.EndDate.IsZero() {
		return 0
	}
	return max(int(r.EndDate.midnight().Sub(r.StartDate.midnight()).Hours()/hoursOfDay)+1, 0)
}

// Elapsed is how many days of a bounded range have gone at the end of a day: 1 on its first day, all of them on its last.
func (r DateRange) Elapsed(day Date) int {
	return min(DateRange{StartDate: r.StartDate, EndDate: day}.Days(), r.Days())
}

// ElapsedShare is Elapsed as a share of all days, from 0 to 1. A range without days has none that could go.
func (r DateRange) ElapsedShare(day Date) float64 {
	if r.Days() == 0 {
		return 0
	}
	return float64(r.Elapsed(day)) / float64(r.Days())
}

// overlapsMoreThanADay is Overlaps, but for two ranges of which one begins on the day on which the other ends.
func (r DateRange) overlapsMoreThanADay(other DateRange) bool {
	meets := func(a, b DateRange) bool {
		return !a.EndDate.IsZero() && a.EndDate == b.StartDate && a.StartDate.Before(a.EndDate)
	}
	return r.Overlaps(other) && !meets(r, other) && !meets(other, r)
}

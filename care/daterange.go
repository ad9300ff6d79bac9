package care

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

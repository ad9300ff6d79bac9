package care

// FundingDay is the newest day on which a funding period of a contract began whose money is not known to be released (R34).
type FundingDay struct {
	BeganOn Date `json:"began_on"`
	// ReadOn is when the figures were read, zero if they never were.
	ReadOn Date `json:"read_on"`
}

// FundingDayOf looks for that day among a contract's periods: one that has started, and whose money was not released when the figures were
// read, or which have not been read since. Both days are of the NDIA's calendar (R1). It returns nil where nothing is awaited.
func FundingDayOf(periods []FundingPeriod, readOn, today Date) *FundingDay {
	var newest Date
	for _, period := range periods {
		begun := !period.StartDate.IsZero() && !period.StartDate.After(today)
		notReleased := period.Released != nil && !*period.Released
		notRead := period.StartDate.After(readOn) && (period.Released == nil || !*period.Released)
		if begun && (notReleased || notRead) && period.StartDate.After(newest) {
			newest = period.StartDate
		}
	}
	if newest.IsZero() {
		return nil
	}
	return &FundingDay{BeganOn: newest, ReadOn: readOn}
}

package care_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
)

func TestAFundingPeriodThatBegan(t *testing.T) { // R34; today is 15 June 2026
	period := func(start string, released *bool) care.FundingPeriod {
		return care.FundingPeriod{StartDate: days(start, "").StartDate, Released: released}
	}
	yes, no := true, false
	const before = "A funding period started on 15 Jun 2026, after these figures were read (14 Jun 2026). CareSync reads them again on that day and the two days after it."
	for name, test := range map[string]struct {
		periods []care.FundingPeriod
		read    string
		words   string
	}{
		"not read since":                   {[]care.FundingPeriod{period("2026-05-15", &yes), period("2026-06-15", &no), period("2026-07-15", &no)}, "2026-06-14", before},
		"not stated, and not read since":   {[]care.FundingPeriod{period("2026-06-15", nil)}, "2026-06-14", before},
		"read, and not released":           {[]care.FundingPeriod{period("2026-06-15", &no)}, "2026-06-15", "A funding period started on 15 Jun 2026; when these figures were read on 15 Jun 2026, its money had not been released."},
		"released early":                   {[]care.FundingPeriod{period("2026-06-15", &yes)}, "2026-06-14", ""},
		"read, and it is not stated":       {[]care.FundingPeriod{period("2026-06-15", nil)}, "2026-06-15", ""},
		"one that is to come":              {[]care.FundingPeriod{period("2026-06-16", &no)}, "2026-06-14", ""},
		"one without a start":              {[]care.FundingPeriod{period("", &no)}, "2026-06-14", ""},
		"released up front, so no periods": {nil, "2026-06-14", ""},
	} {
		began := care.FundingDayOf(test.periods, day(test.read), retrievalDay)
		if test.words == "" {
			require.Nil(t, began, name)
			continue
		}
		require.NotNil(t, began, name)
		require.Equal(t, test.words, saidFundingDay(*began), name)
	}
}

package care_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
)

func days(start, end string) (r care.DateRange) {
	if start != "" {
		r.StartDate = day(start)
	}
	if end != "" {
		r.EndDate = day(end)
	}
	return r
}

func TestARangeCoversItsFirstAndLastDay(t *testing.T) { // R1
	year := days("2026-02-01", "2027-01-31")
	for covered, is := range map[string]bool{"2026-01-31": false, "2026-02-01": true, "2027-01-31": true, "2027-02-01": false} {
		require.Equal(t, is, year.Covers(day(covered)), covered)
	}
	require.True(t, days("", "").Covers(day("2026-01-01")))
	require.True(t, days("2026-01-01", "").Covers(day("2199-01-01")))
	require.False(t, days("2026-01-02", "").Covers(day("2026-01-01")))
}

func TestADayOutsideARangeIsMovedToTheNearerBound(t *testing.T) { // R27
	year := days("2026-02-01", "2027-01-31")
	require.Equal(t, day("2026-02-01"), year.Clamp(day("2025-06-01")))
	require.Equal(t, day("2026-06-01"), year.Clamp(day("2026-06-01")))
	require.Equal(t, day("2027-01-31"), year.Clamp(day("2027-06-01")))
	require.Equal(t, day("2027-06-01"), days("2026-02-01", "").Clamp(day("2027-06-01")))
}

func TestRangesOverlapIfTheyHaveADayInCommon(t *testing.T) { // R24
	for _, test := range []struct {
		a, b    care.DateRange
		overlap bool
	}{
		{days("2026-01-01", "2026-06-30"), days("2026-06-30", "2026-12-31"), true},
		{days("2026-01-01", "2026-06-30"), days("2026-07-01", "2026-12-31"), false},
		{days("2026-01-01", ""), days("2030-01-01", "2031-01-01"), true},
		{days("", "2026-01-01"), days("2026-01-01", ""), true},
		{days("", "2026-01-01"), days("2026-01-02", ""), false},
		{days("", ""), days("2026-01-02", ""), true},
		{days("2026-01-01", "2026-12-31"), days("2026-03-01", "2026-03-31"), true},
	} {
		require.Equal(t, test.overlap, test.a.Overlaps(test.b), "%v %v", test.a, test.b)
		require.Equal(t, test.overlap, test.b.Overlaps(test.a), "%v %v", test.b, test.a)
	}
}

func TestSpan(t *testing.T) {
	require.Equal(t, days("2026-01-01", "2026-12-31"), care.Span(days("2026-03-01", "2026-12-31"), days("2026-01-01", "2026-02-01"), days("", "")))
	require.Equal(t, days("", "2026-12-31"), care.Span(days("", "2026-12-31")))
	require.Equal(t, days("", ""), care.Span())
}

func TestDaysOfARangeElapse(t *testing.T) { // R1
	quarter := days("2026-10-01", "2026-12-31")
	require.Equal(t, 92, quarter.Days())
	for on, elapsed := range map[string]int{"2026-09-30": 0, "2026-10-01": 1, "2026-10-05": 5, "2026-12-31": 92, "2027-01-01": 92} {
		require.Equal(t, elapsed, quarter.Elapsed(day(on)), on)
		require.InDelta(t, float64(elapsed)/92, quarter.ElapsedShare(day(on)), 1e-9, on)
	}
	one := days("2026-10-04", "2026-10-04") // a day of 23 hours in Sydney
	require.Equal(t, 1, one.Days())
	require.Equal(t, 1, one.Elapsed(day("2026-10-04")))
	require.InDelta(t, 1, one.ElapsedShare(day("2026-10-04")), 0)
	for _, without := range []care.DateRange{days("", "2026-10-04"), days("2026-10-04", ""), days("2026-10-05", "2026-10-04")} {
		require.Zero(t, without.Days())
		require.Zero(t, without.Elapsed(day("2026-10-04")))
		require.Zero(t, without.ElapsedShare(day("2026-10-04")))
	}
}

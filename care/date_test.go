package care_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/caresync/caresync/care"
)

func TestTodayIsTheDateThatPeopleInTheZoneRead(t *testing.T) { // R1
	for _, test := range []struct{ name, zone, at, today string }{
		{"summer, last second of the year", "Australia/Sydney", "2025-12-31T12:59:59Z", "2025-12-31"},
		{"summer, new year", "Australia/Sydney", "2025-12-31T13:00:00Z", "2026-01-01"},
		{"winter, last second of the quarter", "Australia/Sydney", "2026-06-30T13:59:59Z", "2026-06-30"},
		{"winter, first second of the quarter", "Australia/Sydney", "2026-06-30T14:00:00Z", "2026-07-01"},
		{"the night before clocks go forward", "Australia/Sydney", "2025-10-04T13:59:59Z", "2025-10-04"},
		{"the day on which clocks go forward begins", "Australia/Sydney", "2025-10-04T14:00:00Z", "2025-10-05"},
		{"the second before the missing hour", "Australia/Sydney", "2025-10-04T15:59:59Z", "2025-10-05"},
		{"the second after the missing hour", "Australia/Sydney", "2025-10-04T16:00:00Z", "2025-10-05"},
		{"the day of 23 hours ends", "Australia/Sydney", "2025-10-05T12:59:59Z", "2025-10-05"},
		{"the day after it begins", "Australia/Sydney", "2025-10-05T13:00:00Z", "2025-10-06"},
		{"the day on which clocks go back begins", "Australia/Sydney", "2026-04-04T13:00:00Z", "2026-04-05"},
		{"the first of two hours with the same name", "Australia/Sydney", "2026-04-04T15:30:00Z", "2026-04-05"},
		{"the second of two hours with the same name", "Australia/Sydney", "2026-04-04T16:30:00Z", "2026-04-05"},
		{"the day of 25 hours ends", "Australia/Sydney", "2026-04-05T13:59:59Z", "2026-04-05"},
		{"the day after it begins", "Australia/Sydney", "2026-04-05T14:00:00Z", "2026-04-06"},
		{"leap day", "Australia/Sydney", "2028-02-28T13:00:00Z", "2028-02-29"},
		{"an organisation in Perth still has yesterday", "Australia/Perth", "2025-12-31T13:00:00Z", "2025-12-31"},
		{"an instant that is written in another zone", "Australia/Sydney", "2025-12-31T23:30:00-05:00", "2026-01-01"},
	} {
		t.Run(test.name, func(t *testing.T) {
			require.Equal(t, test.today, care.DateIn(instant(test.at), zone(test.zone)).String())
		})
	}
}

func TestParseDate(t *testing.T) {
	for _, text := range []string{"2026-04-01", "2028-02-29", "0001-01-01", "9999-12-31"} {
		date, err := care.ParseDate(text)
		require.NoError(t, err)
		require.Equal(t, text, date.String())
		require.False(t, date.IsZero())
	}
	for _, text := range []string{
		"", " ", "2026-4-1", "01/04/2026", "2026-02-29", "2026-13-01", "2026-04-31", "2026-04-01T00:00:00Z", "20260401", "0000-00-00", "0000-01-01",
		"10000-01-01", "tomorrow",
	} {
		_, err := care.ParseDate(text)
		require.ErrorContains(t, err, "use YYYY-MM-DD", text)
	}
}

func TestNewDateNormalises(t *testing.T) {
	require.Equal(t, "2026-03-02", care.NewDate(2026, time.February, 30).String())
	require.Equal(t, "2028-02-29", care.NewDate(2028, time.February, 29).String())
}

func TestNoDateIsEmptyEverywhere(t *testing.T) { // R3
	require.True(t, noDate.IsZero())
	require.Empty(t, noDate.String())
	stored, err := noDate.Value()
	require.NoError(t, err)
	require.Nil(t, stored)
	encoded, err := json.Marshal(struct{ End care.Date }{})
	require.NoError(t, err)
	require.JSONEq(t, `{"End":null}`, string(encoded))

	for _, text := range []string{`null`, `""`} {
		read := day("2026-01-01")
		require.NoError(t, json.Unmarshal([]byte(text), &read))
		require.True(t, read.IsZero(), text)
	}
	read := day("2026-01-01")
	require.NoError(t, read.Scan(nil))
	require.True(t, read.IsZero())
}

func TestWhatIsNoDateIsRefused(t *testing.T) {
	var date care.Date
	for _, text := range []string{`"soon"`, `20260101`, `{}`, `"2026-02-30"`} {
		require.Error(t, json.Unmarshal([]byte(text), &date), text)
	}
	require.Error(t, date.Scan("soon"))
	require.ErrorContains(t, date.Scan(20260101), "int")
	require.True(t, date.IsZero())
}

// aTime is midnight UTC of any day between 1900 and 2200.
var aTime = rapid.Custom(func(t *rapid.T) time.Time {
	return time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, rapid.IntRange(0, 300*365).Draw(t, "day"))
})

func dateOf(at time.Time) care.Date { return care.NewDate(at.Date()) }

func TestDatesCountAsTheTimePackageDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		first, second := aTime.Draw(t, "first"), aTime.Draw(t, "second")
		days := rapid.IntRange(-2000, 2000).Draw(t, "days")
		date := dateOf(first)

		require.Equal(t, first.Format("2006-01-02"), date.String())
		require.Equal(t, first, date.Time())
		require.Equal(t, dateOf(first.AddDate(0, 0, days)), date.AddDays(days))
		require.Equal(t, date, date.AddDays(days).AddDays(-days))
		require.Equal(t, first.Before(second), date.Before(dateOf(second)))
		require.Equal(t, first.After(second), date.After(dateOf(second)))
		require.Equal(t, first.Equal(second), date == dateOf(second))
	})
}

func TestDatesComeBackAsTheyWent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := aTime.Draw(t, "at")
		date := dateOf(at)

		encoded, err := json.Marshal(date)
		require.NoError(t, err)
		var decoded, scanned, scannedText care.Date
		require.NoError(t, json.Unmarshal(encoded, &decoded))
		require.Equal(t, date, decoded)

		require.NoError(t, scanned.Scan(at))
		require.Equal(t, date, scanned)

		stored, err := date.Value()
		require.NoError(t, err)
		require.NoError(t, scannedText.Scan(stored))
		require.Equal(t, date, scannedText)
	})
}

func TestTheDateInAZoneIsOneOfTwo(t *testing.T) { // R1: Sydney is 10 or 11 hours ahead of UTC
	sydney := zone("Australia/Sydney")
	rapid.Check(t, func(t *rapid.T) {
		at := aTime.Draw(t, "day").Add(time.Duration(rapid.IntRange(0, 24*60*60-1).Draw(t, "second")) * time.Second)
		here, universal := care.DateIn(at, sydney), care.DateIn(at, time.UTC)
		if at.Hour() >= 14 {
			require.Equal(t, universal.AddDays(1), here)
		} else if at.Hour() < 12 {
			require.Equal(t, universal, here)
		} else {
			require.Contains(t, []care.Date{universal, universal.AddDays(1)}, here)
		}
	})
}

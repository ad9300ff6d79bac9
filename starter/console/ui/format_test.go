package ui_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/starter/console/ui"
)

func money(text string) *read.Money { return &read.Money{Decimal: decimal.RequireFromString(text)} }

func TestDollars(t *testing.T) { // R2, R3
	for text, want := range map[string]string{"0": "$0.00", "1234567.5": "$1,234,567.50", "-0.05": "−$0.05", "-1000": "−$1,000.00"} {
		require.Equal(t, want, ui.Dollars(money(text)))
	}
	require.Equal(t, "not provided", ui.Dollars(nil), "absent is not zero (R3)")
}

func TestANegativeAmountIsUnmistakable(t *testing.T) {
	var shown bytes.Buffer
	require.NoError(t, ui.Amount(money("-12.5")).Render(t.Context(), &shown))
	require.Equal(t, `<span class="money negative">−$12.50</span>`, shown.String())
}

// R1: the organisation's zone, by its name of that day.
func TestMoment(t *testing.T) {
	sydney, err := time.LoadLocation("Australia/Sydney")
	require.NoError(t, err)
	perth, err := time.LoadLocation("Australia/Perth")
	require.NoError(t, err)
	summer, winter := time.Date(2026, 1, 5, 4, 7, 0, 0, time.UTC), time.Date(2026, 7, 5, 14, 7, 0, 0, time.UTC)
	require.Equal(t, "05 Jan 2026, 3:07 pm AEDT", ui.Moment(&summer, sydney))
	require.Equal(t, "06 Jul 2026, 12:07 am AEST", ui.Moment(&winter, sydney))
	require.Equal(t, "05 Jan 2026, 12:07 pm AWST", ui.Moment(&summer, perth))
	require.Equal(t, "never", ui.Moment(nil, sydney))
}

func TestTook(t *testing.T) {
	from := time.Date(2026, 1, 5, 4, 7, 0, 0, time.UTC)
	for took, want := range map[time.Duration]string{
		0: "under 0.1 s", 1340 * time.Millisecond: "1.3 s", 75 * time.Second: "75 s", 16 * time.Minute: "16 min", -time.Second: "under 0.1 s",
	} {
		to := from.Add(took)
		require.Equal(t, want, ui.Took(&from, &to))
	}
	require.Empty(t, ui.Took(&from, nil))
}

func TestSegmentsFollowEachOther(t *testing.T) {
	var shown bytes.Buffer
	bar := ui.Bar(ui.Segments(ui.Segment{Class: "used", Share: 0.25}, ui.Segment{Class: "write-off"}, ui.Segment{Class: "rollover", Share: 0.5}))
	require.NoError(t, bar.Render(t.Context(), &shown))
	require.Contains(t, shown.String(), `class="part used" x="0.00%" width="25.00%"`)
	require.Contains(t, shown.String(), `class="part rollover" x="25.00%" width="50.00%"`)
	require.NotContains(t, shown.String(), "write-off", "nothing is drawn for nothing")
}

func TestASentenceBeginsWithACapitalLetter(t *testing.T) {
	for words, want := range map[string]string{"": "", "one": "One", "élan": "Élan", "“quoted”": "“quoted”", "\xff": "\xff"} {
		require.Equal(t, want, ui.Sentence(words))
	}
}

package present_test

import (
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/starter/present"
)

func TestMoney(t *testing.T) {
	for amount, want := range map[string]string{
		"0": "0.00", "5": "5.00", "999.5": "999.50", "1000": "1,000.00", "16757.56": "16,757.56", "-50": "-50.00", "-1234567.8": "-1,234,567.80",
	} {
		require.Equal(t, want, present.Money(&read.Money{Decimal: decimal.RequireFromString(amount)}))
	}
	require.Equal(t, "not provided", present.Money(nil), "absent is not zero (R3)")
}

func TestPercentage(t *testing.T) {
	require.Equal(t, "17.5 %", present.Percentage(&read.Percentage{Decimal: decimal.RequireFromString("17.5000")}))
	require.Equal(t, "0 %", present.Percentage(&read.Percentage{}))
	require.Equal(t, "not provided", present.Percentage(nil), "unknown is not 0 % (R3)")
}

func TestDatesAreAustralian(t *testing.T) {
	start, end := care.NewDate(2026, time.April, 1), care.NewDate(2026, time.June, 30)
	require.Equal(t, "01 Apr 2026 – 30 Jun 2026", present.Period(start, end))
	require.Equal(t, "from 01 Apr 2026", present.Period(start, care.Date{}))
	require.Equal(t, "no dates", present.Period(care.Date{}, care.Date{}))

	perth, err := time.LoadLocation("Australia/Perth")
	require.NoError(t, err)
	instant := time.Date(2026, time.June, 30, 23, 30, 0, 0, time.UTC)
	require.Equal(t, "01 Jul 2026 07:30", present.Time(&instant, perth))
	require.Equal(t, "never", present.Time(nil, perth))
}

func TestValuesOfChanges(t *testing.T) {
	date, text := "2026-06-30", "12.50"
	require.Equal(t, "30 Jun 2026", present.Value("start_date", &date))
	require.Equal(t, "12.50", present.Value("amount", &text))
	require.Equal(t, "none", present.Value("entries", nil))
	for field, values := range map[string]map[string]string{
		"contributions": {
			`[{"category":"CLINICAL","percentage":"5","start_date":"2026-04-01"},{"category":"EVERYDAY","percentage":null}]`: "CLINICAL 5 % from 01 Apr 2026\nEVERYDAY not provided without a start date",
		},
		"entries": {
			`[{"category":"ON","service_provider_id":"4000012345","entry_date":"2026-03-12"}]`:             "from 12 Mar 2026, ON, 4000012345",
			`[{"entry_date":"2025-03-12","departure_date":"2026-03-12","departure_reason":"DECEASED"},{}]`: "12 Mar 2025 – 12 Mar 2026, DECEASED\nno dates",
		},
		"name": {`[{"category":"ON"}]`: `[{"category":"ON"}]`, `[`: `[`},
	} {
		for value, want := range values {
			require.Equal(t, want, present.Value(field, &value))
		}
	}
}

func TestWordsOfTheTwoSyncs(t *testing.T) {
	require.Equal(t, "the NDIA", present.Service(care.RunPACEContract.Service()))
	require.Equal(t, "Services Australia", present.Service(care.RunCareRecipient.Service()))
	require.Equal(t, "PACE contract sync", present.RunKind(care.RunPACEContract))
	require.Equal(t, "Service contract", present.Area(care.AreaContract))
	require.Equal(t, "preview ready", present.State(read.RunSummary{State: read.RunRunning, Waiting: &read.PreviewRef{}}))
	require.Equal(t, "not provided", present.Reported(decimal.NullDecimal{}), "absent is not zero (R3)")
	require.Equal(t, "1,250.00", present.Reported(decimal.NewNullDecimal(decimal.RequireFromString("1250"))))
}

package care_test

import (
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/caresync/caresync/care"
)

func TestABudgetIsOpenUntilNinetyDaysAfterItsEnd(t *testing.T) { // Care Recipient Sync §Open budgets, R15
	for _, test := range []struct {
		name   string
		budget care.Budget
		today  string
		open   bool
	}{
		{"before its end", care.Budget{EndDate: day("2026-03-31")}, "2026-03-30", true},
		{"on its last day", care.Budget{EndDate: day("2026-03-31")}, "2026-03-31", true},
		{"one day after", care.Budget{EndDate: day("2026-03-31")}, "2026-04-01", true},
		{"89 days after", care.Budget{EndDate: day("2026-03-31")}, "2026-06-28", true},
		{"90 days after", care.Budget{EndDate: day("2026-03-31")}, "2026-06-29", true},
		{"91 days after", care.Budget{EndDate: day("2026-03-31")}, "2026-06-30", false},
		{"years after", care.Budget{EndDate: day("2026-03-31")}, "2031-03-31", false},

		{"without an end date", care.Budget{StartDate: day("2025-11-01")}, "2031-03-31", true},
		{"without any date", care.Budget{}, "2026-04-01", true},
		{"not started yet", care.Budget{StartDate: day("2026-07-01"), EndDate: day("2026-09-30")}, "2026-04-01", true},
		{"not started yet, without an end date", care.Budget{StartDate: day("2026-07-01")}, "2026-04-01", true},
		{"with an end that means never", care.Budget{EndDate: day("9999-12-31")}, "2026-04-01", true},

		{"90 days after is a leap day", care.Budget{EndDate: day("2027-12-01")}, "2028-02-29", true},
		{"91 days after follows a leap day", care.Budget{EndDate: day("2027-12-01")}, "2028-03-01", false},
		{"the same a year earlier: 90 days after", care.Budget{EndDate: day("2026-12-01")}, "2027-03-01", true},
		{"the same a year earlier: 91 days after", care.Budget{EndDate: day("2026-12-01")}, "2027-03-02", false},
		{"ended on a leap day: 90 days after", care.Budget{EndDate: day("2028-02-29")}, "2028-05-29", true},
		{"ended on a leap day: 91 days after", care.Budget{EndDate: day("2028-02-29")}, "2028-05-30", false},

		{"closed by its status only", care.Budget{Status: "CLOSED"}, "2026-04-01", true},
		{"open by its status only", care.Budget{Status: "OPEN", EndDate: day("2025-12-31")}, "2026-04-02", false},
		{"removed (R5)", care.Budget{Row: care.Row{Removed: true}}, "2026-04-01", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			require.Equal(t, test.open, test.budget.OpenOn(day(test.today)))
		})
	}
}

func TestTheNinetiethDayCountsInDaysOnADaylightSavingDay(t *testing.T) { // R1, R15
	for _, test := range []struct {
		name, end, at string
		open          bool
	}{
		{"clocks go forward: last second of the 90th day", "2025-07-07", "2025-10-05T12:59:59Z", true},
		{"clocks go forward: first second of the 91st day", "2025-07-07", "2025-10-05T13:00:00Z", false},
		{"clocks go forward on the 91st day: last second of the 90th", "2025-07-06", "2025-10-04T13:59:59Z", true},
		{"clocks go forward on the 91st day: its first second", "2025-07-06", "2025-10-04T14:00:00Z", false},
		{"clocks go back: last second of the 90th day", "2026-01-05", "2026-04-05T13:59:59Z", true},
		{"clocks go back: first second of the 91st day", "2026-01-05", "2026-04-05T14:00:00Z", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			budget := care.Budget{EndDate: day(test.end)}
			require.Equal(t, test.open, budget.OpenOn(care.DateIn(instant(test.at), zone("Australia/Sydney"))))
		})
	}
}

func TestOpenMeansNoEndOrAtMostNinetyDaysAgo(t *testing.T) { // R15
	rapid.Check(t, func(t *rapid.T) {
		budget := care.Budget{
			StartDate: aDateOrNone.Draw(t, "start"), EndDate: aDateOrNone.Draw(t, "end"),
			Status: rapid.SampledFrom([]string{"", "OPEN", "CLOSED"}).Draw(t, "status"),
		}
		today := aDate.Draw(t, "today")
		daysAgo := today.Time().Sub(budget.EndDate.Time()) / (24 * time.Hour)

		require.Equal(t, budget.EndDate.IsZero() || daysAgo <= 90, budget.OpenOn(today))
	})
}

func TestABudgetAddsUp(t *testing.T) { // R4
	full := care.Budget{
		Total: amount("16757.56"), Used: amount("50.00"), WriteOff: amount("7.56"), Rollover: amount("1000.00"), Available: amount("15700.00"),
	}
	for _, test := range []struct {
		name   string
		change func(*care.Budget)
		addsUp bool
	}{
		{"as it should", func(*care.Budget) {}, true},
		{"a cent too little", func(b *care.Budget) { b.Available = amount("15699.99") }, false},
		{"a cent too much", func(b *care.Budget) { b.Available = amount("15700.01") }, false},
		{"available below zero", func(b *care.Budget) { b.Used, b.Available = amount("16000.00"), amount("-250.00") }, true},
		{"a reversal gives money back", func(b *care.Budget) { b.Used, b.Available = amount("-20.00"), amount("15770.00") }, true},
		{"nothing at all", func(b *care.Budget) {
			zero := amount("0.00")
			b.Total, b.Used, b.WriteOff, b.Rollover, b.Available = zero, zero, zero, zero, zero
		}, true},
		{"total not provided", func(b *care.Budget) { b.Total = notProvided }, true},
		{"used not provided", func(b *care.Budget) { b.Used = notProvided }, true},
		{"write-off not provided", func(b *care.Budget) { b.WriteOff = notProvided }, true},
		{"rollover not provided", func(b *care.Budget) { b.Rollover = notProvided }, true},
		{"available not provided", func(b *care.Budget) { b.Available = notProvided }, true},
		{"nothing provided", func(b *care.Budget) { *b = care.Budget{} }, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			budget := full
			test.change(&budget)
			require.Equal(t, test.addsUp, budget.AddsUp())
		})
	}
}

// inCents is an amount of whole cents.
var inCents = rapid.Map(rapid.Int64Range(-2_000_000, 2_000_000), func(cents int64) decimal.Decimal { return decimal.New(cents, -2) })

func TestTheGovernmentsOwnSumAddsUpAfterTheSignsAreTurned(t *testing.T) { // R4: available = total + used + write-off + rollover on the wire
	rapid.Check(t, func(t *rapid.T) {
		total, used := inCents.Draw(t, "total"), inCents.Draw(t, "used")
		writeOff, rollover := inCents.Draw(t, "write-off"), inCents.Draw(t, "rollover")
		off := inCents.Draw(t, "off")
		budget := care.Budget{
			Total: decimal.NewNullDecimal(total), Used: care.Consumed(decimal.NewNullDecimal(used)),
			WriteOff: care.Consumed(decimal.NewNullDecimal(writeOff)), Rollover: care.Consumed(decimal.NewNullDecimal(rollover)),
			Available: decimal.NewNullDecimal(decimal.Sum(total, used, writeOff, rollover, off)),
		}
		require.Equal(t, off.IsZero(), budget.AddsUp())
	})
}

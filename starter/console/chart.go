package console

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/starter/console/ui"
	"github.com/caresync/caresync/starter/present"
)

// The chart is drawn on a field of this size and stretched to its place.
const (
	chartWidth  = 1000.0
	chartHeight = 300.0
	// headroom keeps the highest line off the edge.
	headroom = 1.06
)

// chart shows how a budget is consumed over its period.
type chart struct {
	// line and area are SVG paths, limit is the total's height.
	line, area string
	limit      float64
	hasLimit   bool
	today      float64
	hasToday   bool
	// consumed and total are amounts; total is nil where it was not provided.
	consumed, total *read.Money
	period          care.DateRange
	summary         string
}

// consumption draws a budget's usage by date of delivery. It returns false where there is nothing to draw.
func consumption(budget read.Budget, today care.Date) (chart, bool) {
	lines := drawnLines(budget.Usage)
	if len(lines) == 0 || budget.UsageAmount == nil {
		return chart{}, false
	}
	period := chartPeriod(budget, lines, today)
	total := consumed(budget.Total)
	sum, highest := decimal.Zero, 0.0
	for _, line := range lines {
		sum = sum.Add(line.Amount.Decimal)
		highest = max(highest, sum.InexactFloat64())
	}
	top := max(total, highest) * headroom
	if top == 0 {
		return chart{}, false
	}
	picture := chart{
		period: period, consumed: dollars(sum), total: budget.Total, hasLimit: total > 0, limit: height(total, top),
		hasToday: period.Covers(today), today: period.ElapsedShare(today) * chartWidth,
	}
	picture.line, picture.area = paths(lines, period, today, top)
	picture.summary = summaryOf(budget, period, today)
	return picture, true
}

// drawnLines are the lines that count, by date; those without one were consumed at some time, and come first.
func drawnLines(usage []read.UsageLine) []read.UsageLine {
	lines := slices.DeleteFunc(slices.Clone(usage), func(line read.UsageLine) bool { return line.RemovedAt != nil || line.Amount == nil })
	slices.SortStableFunc(lines, func(a, b read.UsageLine) int { return cmp.Compare(a.DeliveryDate.String(), b.DeliveryDate.String()) })
	return lines
}

// chartPeriod is the budget's own; where it has no end, until today or the last line.
func chartPeriod(budget read.Budget, lines []read.UsageLine, today care.Date) care.DateRange {
	period := care.DateRange{StartDate: budget.StartDate, EndDate: budget.EndDate}
	last := lines[len(lines)-1].DeliveryDate
	if period.StartDate.IsZero() {
		period.StartDate = lines[0].DeliveryDate
	}
	if period.StartDate.IsZero() {
		period.StartDate = today
	}
	if period.EndDate.IsZero() {
		period.EndDate = today
		if last.After(today) {
			period.EndDate = last
		}
	}
	if period.EndDate.Before(period.StartDate) {
		period.EndDate = period.StartDate
	}
	return period
}

func height(amount, top float64) float64 { return chartHeight * (1 - max(amount, 0)/top) }

// paths draw the sum as steps, each at the end of its day, from the beginning of the period to today.
func paths(lines []read.UsageLine, period care.DateRange, today care.Date, top float64) (line, area string) {
	var path strings.Builder
	fmt.Fprintf(&path, "M0 %.1f", chartHeight)
	sum := decimal.Zero
	end := 0.0
	for _, one := range lines {
		if !one.DeliveryDate.IsZero() {
			end = max(end, period.ElapsedShare(one.DeliveryDate)*chartWidth)
		}
		sum = sum.Add(one.Amount.Decimal)
		fmt.Fprintf(&path, "H%.1fV%.1f", end, height(sum.InexactFloat64(), top))
	}
	end = max(end, period.ElapsedShare(today)*chartWidth)
	fmt.Fprintf(&path, "H%.1f", end)
	return path.String(), path.String() + fmt.Sprintf("V%.1fZ", chartHeight)
}

// summaryOf says in a sentence what the chart shows.
func summaryOf(budget read.Budget, period care.DateRange, today care.Date) string {
	words := ui.Dollars(budget.UsageAmount) + " consumed"
	if budget.Total != nil && budget.Total.IsPositive() {
		share := budget.UsageAmount.Div(budget.Total.Decimal).Mul(decimal.NewFromInt(100)).Round(0)
		words += fmt.Sprintf(" of %s, %s %%", ui.Dollars(budget.Total), share)
	}
	if budget.EndDate.IsZero() {
		return words + "."
	}
	return fmt.Sprintf("%s; %d of %s gone.", words, period.Elapsed(today), present.Count(period.Days(), "day", "days"))
}

package world

import (
	"fmt"
	"regexp"
	"strconv"
)

// DateExpression is a date as scenario files and moves write it: YYYY-MM-DD, "none", or an anchor with steps.
// Anchors: today, quarter-start, quarter-end. Steps: +n or -n days (d), weeks (w), months (m), quarters (q) or years (y).
// Quarters of a quarter anchor are whole quarters: quarter-end-1q is the last day of the previous quarter.
// Examples: today-200d, quarter-start, quarter-start-1q+10d.
type DateExpression string

var (
	expressionForm = regexp.MustCompile(`^(today|quarter-start|quarter-end)((?:[+-]\d{1,5}[dwmqy])*)$`)
	stepForm       = regexp.MustCompile(`([+-]\d{1,5})([dwmqy])`)
)

// Resolve turns the expression into a date, seen from the given today. An empty expression is NoDate.
func (e DateExpression) Resolve(today Date) (Date, error) {
	if e == "" || e == "none" {
		return NoDate, nil
	}
	parts := expressionForm.FindStringSubmatch(string(e))
	if parts == nil {
		date, err := ParseDate(string(e))
		if err != nil {
			return NoDate, fmt.Errorf("%q is neither a date (YYYY-MM-DD) nor an expression such as today-200d or quarter-start-1q", string(e))
		}
		return date, nil
	}
	date := anchor(parts[1], today)
	for _, step := range stepForm.FindAllStringSubmatch(parts[2], -1) {
		n, err := strconv.Atoi(step[1])
		if err != nil {
			return NoDate, fmt.Errorf("step %q: %w", step[0], err)
		}
		date = takeStep(date, parts[1], n, step[2])
	}
	return date, nil
}

func anchor(name string, today Date) Date {
	switch name {
	case "quarter-start":
		return today.Quarter().Start
	case "quarter-end":
		return today.Quarter().End
	default:
		return today
	}
}

func takeStep(date Date, anchor string, n int, unit string) Date {
	switch unit {
	case "d":
		return date.AddDays(n)
	case "w":
		return date.AddDays(7 * n)
	case "y":
		return date.AddMonths(12 * n)
	case "q":
		if anchor == "quarter-end" {
			// The day after the end is a first of the month, from which whole quarters can be counted.
			return (date + 1).AddMonths(3*n) - 1
		}
		return date.AddMonths(3 * n)
	default:
		return date.AddMonths(n)
	}
}

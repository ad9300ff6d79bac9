package care_test

import (
	"fmt"
	"time"
	_ "time/tzdata" // the tests must not depend on the machine's zones

	"github.com/shopspring/decimal"

	"github.com/caresync/caresync/care"
)

// noDate is what an open end or an absent date is.
var noDate care.Date

// day reads YYYY-MM-DD.
func day(text string) care.Date {
	date, err := care.ParseDate(text)
	if err != nil {
		panic(err)
	}
	return date
}

// writtenDay reads a date as the table of Care Recipient Sync §Plan dates writes it, such as "01 Jan 2025" or "*null*".
func writtenDay(text string) care.Date {
	if text == "*null*" {
		return noDate
	}
	parsed, err := time.Parse("02 Jan 2006", text)
	if err != nil {
		panic(err)
	}
	return care.DateIn(parsed, time.UTC)
}

func zone(name string) *time.Location {
	location, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}
	return location
}

// instant reads an RFC 3339 time.
func instant(text string) time.Time {
	parsed, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return parsed
}

// notProvided is an absent amount or percentage (R3).
var notProvided decimal.NullDecimal

func amount(text string) decimal.NullDecimal {
	return decimal.NewNullDecimal(decimal.RequireFromString(text))
}

// freshIDs makes "new-1", "new-2" and so on.
func freshIDs() care.NewID {
	made := 0
	return func() care.ID {
		made++
		return care.ID(fmt.Sprintf("new-%d", made))
	}
}

// issueCodes are the codes of issues, in order.
func issueCodes(issues []care.Issue) []care.IssueCode {
	codes := []care.IssueCode{}
	for _, issue := range issues {
		codes = append(codes, issue.Code)
	}
	return codes
}

func texts(value string) *string { return &value }

// Package ui is what the console's pages are made of: the frame around a page, and the parts that every page uses, such as amounts,
// dates, badges, notices, tables, forms and dialogs. It knows how things look, and nothing of how they come about.
package ui

import (
	"strconv"
	"strings"
	"time"

	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/starter/present"
	"github.com/caresync/caresync/words"
)

// timeForm is a time of day as Australians write it.
const timeForm = "02 Jan 2006, 3:04 pm MST"

// minus is longer than a hyphen, and no one overlooks it.
const minus = "−"

// Dollars shows an amount with its sign, thousands separators and cents. What was not provided is said to be so (R3).
func Dollars(amount *read.Money) string {
	if amount == nil {
		return present.NotProvided
	}
	text := present.Money(amount)
	if positive, negative := strings.CutPrefix(text, "-"); negative {
		return minus + "$" + positive
	}
	return "$" + text
}

// Moment shows an instant in a time zone, with the zone's name; a word for none.
func Moment(instant *time.Time, zone *time.Location) string {
	if instant == nil || instant.IsZero() {
		return "never"
	}
	return instant.In(zone).Format(timeForm)
}

// MomentsIn shows instants in a time zone, for sentences that terminals write with other times.
func MomentsIn(zone *time.Location) func(*time.Time) string {
	return func(instant *time.Time) string { return Moment(instant, zone) }
}

// Took shows how long something lasted, empty where that is not known.
func Took(from, to *time.Time) string {
	if from == nil || to == nil {
		return ""
	}
	switch took := max(to.Sub(*from), 0); {
	case took < 100*time.Millisecond:
		return "under 0.1 s"
	case took < 10*time.Second:
		return strconv.FormatFloat(took.Seconds(), 'f', 1, 64) + " s"
	case took < 2*time.Minute:
		return strconv.Itoa(int(took.Seconds())) + " s"
	default:
		return strconv.Itoa(int(took.Minutes())) + " min"
	}
}

// Percent is a share as an attribute of an SVG wants it, kept between none and all.
func Percent(share float64) string {
	return strconv.FormatFloat(min(max(share, 0), 1)*100, 'f', 2, 64) + "%"
}

// Sentence begins with a capital letter.
func Sentence(text string) string { return words.Sentence(text) }

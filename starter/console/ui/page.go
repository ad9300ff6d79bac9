package ui

import (
	"strconv"

	"github.com/caresync/caresync/starter/present"
)

// Page is what the frame around a page shows.
type Page struct {
	// Title is the page's heading, too.
	Title string
	// Lead is a sentence below the heading; empty for none.
	Lead string
	// Section is the entry of the navigation that the page belongs to: its address.
	Section string
	// Trail leads back up, outermost first.
	Trail []Crumb
	// Notice reports what someone has just done.
	Notice *Message
	// Reload lets browsers without JavaScript load the page again every few seconds, while something is going on.
	Reload bool

	// The frame is filled in by the console for every page.
	Frame
}

// Frame is the same on every page that someone looks at.
type Frame struct {
	// Visitor is nil where no one is signed in.
	Visitor    *Visitor
	Navigation []Link
	Theme      Theme
	// Address is the page's own, for forms that come back to it.
	Address string
	// Assets are the addresses of styles and scripts.
	Assets Assets
}

// reloadSeconds is how long a page is shown before a browser without JavaScript loads it again.
const reloadSeconds = 3

// reload is when and from where. The address is named, since a page whose own address has a fragment would not be loaded again: the
// browser would only go to the fragment.
func (p Page) reload() string { return strconv.Itoa(reloadSeconds) + ";url=" + p.Address }

// Visitor is who is signed in.
type Visitor struct {
	Organisation string
	Name         string
	// TimeZone is the organisation's, in which all times are shown (R1).
	TimeZone string
}

// Link is where something leads.
type Link struct{ Words, Address string }

// Crumb is a page above the one that is shown.
type Crumb = Link

// Assets are the addresses of what a page loads. They change with their content.
type Assets struct{ Style, Font, Icon, Htmx, Events, Script string }

// Theme is whether a page is light or dark.
type Theme string

// The themes. The browser's own setting decides where no one chose.
const (
	ThemeSystem Theme = "system"
	ThemeLight  Theme = "light"
	ThemeDark   Theme = "dark"
)

// Tone is how good or bad something is, or that it is under way.
type Tone = present.Tone

// The tones.
const (
	Good  = present.Good
	Warn  = present.Warn
	Bad   = present.Bad
	Quiet = present.Quiet

	Info Tone = "info"
	// Busy is for what is under way.
	Busy Tone = "busy"
)

// Message is a short notice.
type Message struct {
	Tone  Tone
	Words string
}

// Option is a choice of a list.
type Option struct{ Value, Words string }

// Segment is a part of a bar: its share of the whole, from 0 to 1.
type Segment struct {
	// Class names its colour in the style sheet: used, write-off, rollover, available or over.
	Class string
	Share float64
	start float64
}

// Segments places the parts of a bar one after the other.
func Segments(parts ...Segment) []Segment {
	start := 0.0
	placed := make([]Segment, 0, len(parts))
	for _, part := range parts {
		if part.Share <= 0 {
			continue
		}
		part.start = start
		start += part.Share
		placed = append(placed, part)
	}
	return placed
}

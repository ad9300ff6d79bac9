package console

import (
	"time"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/starter/console/ui"
	"github.com/caresync/caresync/starter/present"
)

// timeline shows periods above one another on one scale of dates. Positions are shares of the whole width, from 0 to 1.
type timeline struct {
	spans []span
	ticks []tick
	today float64
}

// span is a period with its name.
type span struct {
	name, code, period string
	// note says what is odd about the period.
	note string
	// class names its look in the style sheet.
	class       string
	start, size float64
}

// tick is a date on the scale.
type tick struct {
	words string
	at    float64
}

const (
	// mostTicks fit below each other's dates on a narrow screen.
	mostTicks = 5
	// smallestSpan is still seen.
	smallestSpan = 0.006
	// beyondToday keeps an open end visibly open.
	beyondToday = 30
)

// tickMonths are the distances between ticks to choose from.
var tickMonths = []int{1, 2, 3, 6, 12, 24, 60, 120}

// scale maps dates to shares.
type scale struct{ from, to care.Date }

func (s scale) days() float64 { return days(s.from, s.to) }

func (s scale) at(date care.Date) float64 {
	return min(max(days(s.from, date)/s.days(), 0), 1)
}

// days is the number of days from one date to another.
func days(from, to care.Date) float64 { return to.Time().Sub(from.Time()).Hours() / 24 }

// classificationTimeline shows what the government reports now; removed records are listed apart (R5).
func classificationTimeline(classifications []read.Classification, today care.Date) timeline {
	shown := current(classifications, func(one read.Classification) *time.Time { return one.RemovedAt })
	if len(shown) == 0 {
		return timeline{}
	}
	scale := scaleOf(shown, today)
	line := timeline{today: scale.at(today), ticks: scale.ticks()}
	for _, one := range shown {
		line.spans = append(line.spans, spanOf(one, scale, today))
	}
	return line
}

// current are the records that were not removed.
func current[T any](records []T, removedAt func(T) *time.Time) []T {
	var kept []T
	for _, record := range records {
		if removedAt(record) == nil {
			kept = append(kept, record)
		}
	}
	return kept
}

// removed are the others.
func removed[T any](records []T, removedAt func(T) *time.Time) []T {
	var gone []T
	for _, record := range records {
		if removedAt(record) != nil {
			gone = append(gone, record)
		}
	}
	return gone
}

func scaleOf(classifications []read.Classification, today care.Date) scale {
	s := scale{from: today, to: today.AddDays(beyondToday)}
	for _, one := range classifications {
		for _, date := range []care.Date{one.StartDate, one.EndDate} {
			if date.IsZero() {
				continue
			}
			if date.Before(s.from) {
				s.from = date
			}
			if date.AddDays(beyondToday).After(s.to) {
				s.to = date.AddDays(beyondToday)
			}
		}
	}
	return s
}

func spanOf(one read.Classification, scale scale, today care.Date) span {
	made := span{name: one.Name, code: one.Code, period: present.Period(one.StartDate, one.EndDate), class: "span"}
	if made.name == "" {
		made.name, made.code = one.Code, ""
	}
	start, end := one.StartDate, one.EndDate
	if start.IsZero() {
		start, made.note = scale.from, "no start date"
	}
	if end.IsZero() {
		end = scale.to
	}
	switch {
	case end.Before(start):
		made.note, end = "ends before it starts", start
	case start.After(today):
		made.class, made.note = "span future", "in the future"
	case end.Before(today):
		made.class, made.note = "span ended", "ended"
	}
	made.start = scale.at(start)
	made.size = max(scale.at(end.AddDays(1))-made.start, smallestSpan)
	made.start = min(made.start, 1-made.size)
	return made
}

// ticks are first days of months, as many as fit.
func (s scale) ticks() []tick {
	for _, step := range tickMonths {
		if ticks := s.ticksEvery(step); len(ticks) <= mostTicks {
			return ticks
		}
	}
	return nil
}

func (s scale) ticksEvery(months int) (ticks []tick) {
	from := s.from.Time()
	month := int(from.Month()) - 1
	for i := month / months * months; ; i += months {
		date := care.NewDate(from.Year(), time.Month(i+1), 1)
		if date.After(s.to) {
			return ticks
		}
		if !date.Before(s.from) {
			ticks = append(ticks, tick{words: date.Time().Format("Jan 2006"), at: s.at(date)})
		}
	}
}

// anchor keeps a tick's words within the picture.
func (t tick) anchor() string {
	switch {
	case t.at < 0.08:
		return "start"
	case t.at > 0.92:
		return "end"
	default:
		return "middle"
	}
}

func (t tick) x() string { return ui.Percent(t.at) }

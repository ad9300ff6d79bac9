package schedules

import (
	"slices"
	"time"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/starter/bulks"
)

// Request asks for what the schedule says already, so that somebody can change a part of it. Whose it is, and who asks, is left open.
func (v ScheduleView) Request() (request Request, err error) {
	request = Request{
		Name: v.Name, Times: Times{Cron: v.Cron, TimeOfDay: v.TimeOfDay, TimeZone: v.TimeZone},
		Overlap: v.Overlap, PauseOnFailure: v.PauseOnFailure, Paused: v.Paused,
	}
	for _, name := range v.Weekdays {
		day, err := ParseWeekday(name)
		if err != nil {
			return request, err
		}
		request.Weekdays = append(request.Weekdays, day)
	}
	if request.CatchUp, err = time.ParseDuration(v.CatchUp); err != nil {
		return request, err
	}
	if request.Jitter, err = time.ParseDuration(v.Jitter); err != nil {
		return request, err
	}
	request.Bulk, err = requestOf(v.Kind, v.Options)
	return request, err
}

// requestOf is the order that leads to such options. A schedule lists nobody.
func requestOf(kind care.RunKind, options read.BulkOptions) (order bulks.Request, err error) {
	order = bulks.Request{
		Kind: kind, ServiceProviderID: options.ServiceProviderID, InCare: options.InCare, FailedLastTime: options.FailedLastTime,
		AllBudgets: options.AllBudgets, Delta: options.Delta, ReviewAll: options.ReviewAll, AcceptAbsences: options.AcceptAbsences,
		Window: options.Window, FailureThreshold: options.FailureThreshold,
	}
	for _, area := range []care.Area{care.AreaContributions, care.AreaBudgets} {
		if slices.Contains(options.Areas, area) {
			order.Only = area
		}
	}
	if options.NotSyncedFor != "" {
		order.NotSyncedFor, err = time.ParseDuration(options.NotSyncedFor)
	}
	return order, err
}

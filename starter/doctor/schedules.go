package doctor

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/starter/present"
	"github.com/caresync/caresync/starter/schedules"
)

const (
	// appliedWithin is how soon a worker applies a schedule that was changed.
	appliedWithin = 10 * time.Minute
	// nightsMissed is how many times of a schedule may pass without a good run before doctor says so.
	nightsMissed = 2
	// lookBack is for how long skipped times are reported.
	lookBack = 7 * 24 * time.Hour
)

var scheduleChecks = []check{
	{area: Schedules, name: "stored schedules", needs: needsDatabase | needsSchema | needsTemporal | needsNamespace | needsOwn, look: eachSchedule},
	{area: Schedules, name: "last good run", needs: needsDatabase | needsSchema, look: lastGoodRuns},
}

// eachSchedule looks at the schedules of all organisations, one by one.
func eachSchedule(ctx context.Context, p *patient) (string, []Finding, error) {
	service := schedules.New(p.store, p.temporal.ScheduleClient(), nil, nil, p.options.Queues)
	var findings []Finding
	looked, now := 0, p.store.Now()
	for _, organisation := range p.organisations {
		views, err := service.Schedules(ctx, organisation.ID)
		if err != nil {
			return "", findings, err
		}
		for _, view := range views {
			findings = slices.Concat(findings, inTemporal(organisation, view, now), pausedByFailure(organisation, view, now), leftOut(organisation, view, now))
			looked++
		}
	}
	return present.Count(looked, "schedule", "schedules"), findings, nil
}

// scheduleOf names a schedule.
func scheduleOf(organisation care.Organisation, name string) string {
	return "The schedule " + name + " of " + organisation.Slug
}

// command is a command about an organisation's schedule as it can be typed.
func command(verb, name string, organisation care.Organisation) string {
	return "`caresync schedule " + verb + " " + name + " --organisation " + organisation.Slug + "`"
}

func inTemporal(organisation care.Organisation, view schedules.ScheduleView, now time.Time) []Finding {
	switch {
	case view.Pending == schedules.PendingRefused:
		return []Finding{failure(scheduleOf(organisation, view.Name)+" is refused by Temporal, and does not run as it is stored.",
			"Read why in a worker's log; usually a search attribute is missing.")}
	case view.Pending != "" && view.PendingSince != nil && now.Sub(*view.PendingSince) > appliedWithin:
		return []Finding{failure(scheduleOf(organisation, view.Name)+" has not been applied to Temporal for "+ago(now.Sub(*view.PendingSince))+".",
			"Start a worker, and Temporal if it is down: the schedule is applied within minutes.")}
	case view.EditedAt != nil && now.Sub(*view.EditedAt) < lookBack:
		return []Finding{warning(scheduleOf(organisation, view.Name)+" was edited in Temporal "+ago(now.Sub(*view.EditedAt))+" ago. CareSync's settings were restored.",
			"Change schedules with CareSync only: "+command("change", view.Name, organisation)+".")}
	}
	return nil
}

func pausedByFailure(organisation care.Organisation, view schedules.ScheduleView, now time.Time) []Finding {
	if !view.Paused || view.PausedBy != "" || view.PausedAt == nil {
		return nil
	}
	return []Finding{failure(scheduleOf(organisation, view.Name)+" has been paused for "+ago(now.Sub(*view.PausedAt))+", because a run failed for everyone.",
		"See why with "+command("show", view.Name, organisation)+", then "+command("resume", view.Name, organisation)+".")}
}

func leftOut(organisation care.Organisation, view schedules.ScheduleView, now time.Time) (findings []Finding) {
	for _, skipped := range view.LeftOut {
		if skipped.InProgress && len(skipped.Times) > 0 && now.Sub(skipped.Times[len(skipped.Times)-1]) < lookBack {
			findings = append(findings, warning(scheduleOf(organisation, view.Name)+" skips its times, since its bulk run "+string(skipped.BulkID)+" is still in progress.",
				"Finish, resume or cancel it: `caresync bulk show "+string(skipped.BulkID)+" --organisation "+organisation.Slug+"`."))
		}
	}
	if len(view.ToRunNow) > 0 {
		findings = append(findings, warning(scheduleOf(organisation, view.Name)+" missed times since its last run.",
			"One run makes up for all: "+command("show", view.Name, organisation)+" has the command."))
	}
	return findings
}

// lastGoodRuns finds the schedules whose runs have all failed, or not taken place, at their last times.
func lastGoodRuns(ctx context.Context, p *patient) (string, []Finding, error) {
	rows, err := p.store.AllSchedules(ctx)
	if err != nil {
		return "", nil, err
	}
	good, err := read.From(p.store).LastGoodRuns(ctx, protocol.ScheduleRequester(""))
	if err != nil {
		return "", nil, err
	}
	organisations := p.organisationsByID()
	var findings []Finding
	for _, row := range rows {
		findings = append(findings, lastGoodRun(organisations[row.OrganisationID], row, good[row.OrganisationID][protocol.ScheduleRequester(row.Name)], p.store.Now())...)
	}
	return "", findings, nil
}

func lastGoodRun(organisation care.Organisation, row db.Schedule, last, now time.Time) []Finding {
	since, words := last, "has had no good run for "+ago(now.Sub(last))
	if last.IsZero() {
		since, words = row.CreatedAt, "has never had a good run"
	}
	if row.Paused || len(protocol.DueTimes(row.ScheduleTimes, since, now.Add(-row.Jitter-appliedWithin), nightsMissed)) < nightsMissed {
		return nil
	}
	return []Finding{warning(scheduleOf(organisation, row.Name)+" "+words+": its runs since then failed, were cancelled, or did not take place.",
		"See why with "+command("show", row.Name, organisation)+fmt.Sprintf(", and what people see as out of date with `caresync bulk list --organisation %s`.", organisation.Slug))}
}

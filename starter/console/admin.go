package console

import (
	"errors"
	"net/http"

	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/starter/bulks"
	"github.com/caresync/caresync/starter/console/ui"
	"github.com/caresync/caresync/starter/imports"
)

const (
	bulksPath       = "/bulks"
	schedulesPath   = "/schedules"
	newSchedulePath = "/new-schedule" // beside them: every other address below theirs is a schedule's
	settingsPath    = "/settings"
	importsPath     = "/imports"
)

const (
	// largestList bounds a bulk run's form, which may list many people.
	largestList = 1 << 20
	// uploadExtra is what a browser sends around a file.
	uploadExtra = 64 << 10
)

// adminRoutes are the pages of administrators: bulk runs, schedules, settings and imports.
func (c console) adminRoutes(mux *http.ServeMux) {
	mux.Handle("GET "+bulksPath, c.signedIn(c.bulkRuns))
	mux.Handle("POST "+bulksPath, c.signedIn(c.startBulk))
	mux.Handle("GET /bulks/new", c.signedIn(c.bulkForm))
	mux.Handle("GET /bulks/{bulk}", c.signedIn(c.bulkRun))
	mux.Handle("GET /bulks/{bulk}/events", c.signedIn(c.bulkEvents))
	mux.Handle("GET /bulks/{bulk}/report.csv", c.signedIn(c.bulkReport(bulks.CSV)))
	mux.Handle("GET /bulks/{bulk}/report.json", c.signedIn(c.bulkReport(bulks.JSON)))
	mux.Handle("POST /bulks/{bulk}/pause", c.signedIn(c.commandBulk((*bulks.Service).Pause)))
	mux.Handle("POST /bulks/{bulk}/resume", c.signedIn(c.commandBulk((*bulks.Service).Resume)))
	mux.Handle("POST /bulks/{bulk}/window", c.signedIn(c.setBulkWindow))
	mux.Handle("GET /bulks/{bulk}/cancel", c.signedIn(c.cancelBulkForm))
	mux.Handle("POST /bulks/{bulk}/cancel", c.signedIn(c.commandBulk((*bulks.Service).Cancel)))
	mux.Handle("POST /bulks/{bulk}/retry", c.signedIn(c.retryBulk))

	mux.Handle("GET "+schedulesPath, c.signedIn(c.scheduleList))
	mux.Handle("POST "+schedulesPath, c.signedIn(c.createSchedule))
	mux.Handle("GET "+newSchedulePath, c.signedIn(c.scheduleForm))
	mux.Handle("GET /schedules/{schedule}", c.signedIn(c.schedule))
	mux.Handle("GET /schedules/{schedule}/change", c.signedIn(c.changeScheduleForm))
	mux.Handle("POST /schedules/{schedule}/change", c.signedIn(c.changeSchedule))
	mux.Handle("POST /schedules/{schedule}/pause", c.signedIn(c.pauseSchedule))
	mux.Handle("POST /schedules/{schedule}/resume", c.signedIn(c.resumeSchedule))
	mux.Handle("POST /schedules/{schedule}/trigger", c.signedIn(c.triggerSchedule))
	mux.Handle("POST /schedules/{schedule}/backfill", c.signedIn(c.backfillSchedule))
	mux.Handle("GET /schedules/{schedule}/delete", c.signedIn(c.deleteScheduleForm))
	mux.Handle("POST /schedules/{schedule}/delete", c.signedIn(c.deleteSchedule))

	mux.Handle("GET "+settingsPath, c.signedIn(c.settings))
	mux.Handle("POST /settings/organisation", c.signedIn(c.changeOrganisation))
	mux.Handle("POST /settings/pace", c.signedIn(c.changePACE))
	mux.Handle("POST /settings/pace/disable", c.signedIn(c.disablePACE))
	mux.Handle("POST /settings/connections/{connection}/test", c.signedIn(c.testConnection))

	mux.Handle("GET "+importsPath, c.signedIn(c.importForm))
	mux.Handle("POST /imports/{file}", c.signedIn(c.importFile))
}

// adminNavigation are the entries of administrators at the top of every page.
var adminNavigation = []ui.Link{
	{Words: "Bulk runs", Address: bulksPath}, {Words: "Schedules", Address: schedulesPath}, {Words: "Settings", Address: settingsPath},
}

// largestBody is how many bytes somebody may send to an address.
func largestBody(r *http.Request) int64 {
	switch {
	case r.URL.Path == bulksPath:
		return largestList
	case isImport(r.URL.Path):
		return imports.MaxSize + uploadExtra
	default:
		return largestForm
	}
}

// adminProblem is what a page says when something of an administrator's went wrong.
func adminProblem(err error) (problem, bool) {
	var invalid *db.InvalidError
	conflict := func(title, words string) (problem, bool) {
		return problem{status: http.StatusConflict, title: title, words: words}, true
	}
	switch {
	case errors.As(err, &invalid):
		return problem{status: http.StatusUnprocessableEntity, title: "Invalid request",
			words: ui.Sentence(invalid.Error()) + ". Nothing was changed: go back and correct it."}, true
	case errors.Is(err, bulks.ErrFinished):
		return conflict("The bulk run has finished already", "This bulk run has finished. Go back and load its page again.")
	case errors.Is(err, bulks.ErrUnfinished):
		return conflict("The bulk run is under way", "Wait for its end, or cancel it. Then those who did not succeed can be retried.")
	case errors.Is(err, bulks.ErrNothingToRetry):
		return conflict("There is nobody to retry", "Everybody of the bulk run succeeded.")
	case errors.Is(err, bulks.ErrIDTaken):
		return conflict("This form was sent before", "With other options, it started another bulk run. Open the list of bulk runs to see it; for one more, open a new form.")
	case errors.Is(err, bulks.ErrAbandoned):
		return conflict("The bulk run’s workflow has ended", "It ended without finishing the bulk run, for instance because an operator terminated it. Cancel the bulk run to close it, then retry it.")
	case errors.Is(err, bulks.ErrStarting):
		return problem{status: http.StatusServiceUnavailable, title: "The bulk run is just being started", words: "Wait a moment, go back and try again."}, true
	case errors.Is(err, bulks.ErrNoAnswer):
		return problem{status: http.StatusServiceUnavailable, title: "No worker has answered",
			words: "The bulk run may still take the command up. Have an operator see that a worker runs, then look at the bulk run again."}, true
	}
	return problem{}, false
}

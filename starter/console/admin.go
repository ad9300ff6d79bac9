package console

import (
	"net/http"

	"github.com/caresync/caresync/starter/bulks"
	"github.com/caresync/caresync/starter/console/ui"
	"github.com/caresync/caresync/starter/imports"
	"github.com/caresync/caresync/starter/report"
)

const (
	bulksPath       = "/bulks"
	schedulesPath   = "/schedules"
	newSchedulePath = "/new-schedule" // beside them: every other address below theirs is a schedule's
	settingsPath    = "/settings"
	importsPath     = "/imports"
	connectionsPath = "/settings/connections"
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
	mux.Handle("GET /bulks/{bulk}/report.csv", c.signedIn(c.bulkReport(report.CSV)))
	mux.Handle("GET /bulks/{bulk}/report.json", c.signedIn(c.bulkReport(report.JSON)))
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
	mux.Handle("GET "+connectionsPath, c.signedIn(c.connectionHealth))
	mux.Handle("POST /settings/connections/{connection}/test", c.signedIn(c.testConnection))

	mux.Handle("GET "+importsPath, c.signedIn(c.importForm))
	mux.Handle("POST /imports/{file}", c.signedIn(c.importFile))
}

// adminNavigation are the entries of administrators at the top of every page.
var adminNavigation = []ui.Link{
	{Words: "Bulk runs", Address: bulksPath}, {Words: "Schedules", Address: schedulesPath}, {Words: "Settings", Address: settingsPath},
}

// largestBody is how many bytes someone may send to an address.
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

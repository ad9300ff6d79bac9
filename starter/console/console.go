// Package console is CareSync in a browser: pages rendered here, by templ, that work without JavaScript; htmx brings news of a sync that is
// under way. Everyone who is signed in sees their own organisation's records only (R11).
//
// A page is a handler (func(w, r, visitor) error), a template that begins with @ui.Layout, and a line in routes. The parts of pages are in ui.
package console

import (
	"cmp"
	"context"
	"net/http"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/starter/bulks"
	"github.com/caresync/caresync/starter/console/ui"
	"github.com/caresync/caresync/starter/pace"
	"github.com/caresync/caresync/starter/schedules"
	"github.com/caresync/caresync/starter/stream"
	"github.com/caresync/caresync/starter/syncs"
	"github.com/caresync/caresync/starter/web"
)

// Options are what the console works with.
type Options struct {
	Store *db.Store
	Syncs *syncs.Service
	PACE  *pace.Service
	Bulks *bulks.Service
	// Schedules schedule bulk runs, Connections tests connections.
	Schedules   *schedules.Service
	Connections ConnectionTester
	Logger      *zap.Logger
	// PublicURL is where people reach the console; cookies are sent over https only if it says https.
	PublicURL string
	// RunLink is a run's address in the Temporal UI, empty where there is none.
	RunLink func(workflowID string, run care.ID) string
	// BulkLink is the address in the Temporal UI of a bulk run with its batches, empty where there is none.
	BulkLink func(workflowID string, bulk care.ID) string
	// Notice is shown at the top of the first page: a heading, and a point on each further line; empty for none.
	Notice string
	// Admit, if set, fails where the database belongs to another deployment, as the first page then says.
	Admit func(context.Context) error
	// Heartbeat is how often a stream shows that it is there; 0 takes 15 seconds.
	Heartbeat time.Duration
	// Stopping ends streams when the program is told to stop.
	Stopping context.Context
}

// console answers with pages.
type console struct {
	store       *db.Store
	syncs       *syncs.Service
	pace        *pace.Service
	bulks       *bulks.Service
	schedules   *schedules.Service
	connections ConnectionTester
	logger      *zap.Logger
	secure      bool
	runLink     func(workflowID string, run care.ID) string
	bulkLink    func(workflowID string, bulk care.ID) string
	notice      string
	admit       func(context.Context) error
	streams     stream.Server
	stopping    context.Context
	assets      assets
}

// navigation are the entries at the top of every page.
var navigation = append([]ui.Link{{Words: "People", Address: peoplePath}, {Words: "Runs", Address: runsPath}}, adminNavigation...)

// New makes the handler of all pages.
func New(options Options) (http.Handler, error) {
	loaded, err := loadAssets()
	if err != nil {
		return nil, err
	}
	c := console{
		store: options.Store, syncs: options.Syncs, pace: options.PACE, logger: options.Logger, runLink: options.RunLink,
		bulks: options.Bulks, schedules: options.Schedules, connections: options.Connections, bulkLink: options.BulkLink,
		secure: strings.HasPrefix(options.PublicURL, "https://"), notice: options.Notice, admit: options.Admit,
		stopping: options.Stopping, assets: loaded,
	}
	if c.admit == nil {
		c.admit = func(context.Context) error { return nil }
	}
	if c.runLink == nil {
		c.runLink = func(string, care.ID) string { return "" }
	}
	if c.bulkLink == nil {
		c.bulkLink = func(string, care.ID) string { return "" }
	}
	if c.stopping == nil {
		c.stopping = context.Background()
	}
	c.streams = stream.Server{Logger: c.logger, Heartbeat: cmp.Or(options.Heartbeat, stream.Heartbeat), Stopping: c.stopping}
	mux := c.routes()
	forged, err := c.crossOrigin(options.PublicURL)
	if err != nil {
		return nil, err
	}
	return web.Logged(c.logger, "page", routeOf(mux), web.Recovered(c.logger, c.panicked, secured(forged.Handler(mux)))), nil
}

func (c console) routes() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+assetsPath+"{version}/{name}", c.assets.serve)
	mux.Handle("GET /{$}", http.RedirectHandler(peoplePath, http.StatusSeeOther))
	mux.Handle("POST /theme", c.open(c.chooseTheme))
	mux.Handle("GET "+signInPath, c.open(c.signInForm))
	mux.Handle("POST "+signInPath, c.open(c.signIn))
	mux.Handle("GET "+linkPath+"{secret}", c.open(c.linkForm))
	mux.Handle("POST "+linkPath+"{secret}", c.open(c.useLink))
	mux.Handle("POST /sign-out", c.open(c.signOut))

	mux.Handle("GET /people", c.signedIn(c.people))
	mux.Handle("POST /people/syncs", c.signedIn(c.syncTicked))
	mux.Handle("GET /people/{person}", c.signedIn(c.person))
	mux.Handle("GET /people/{person}/sync", c.signedIn(c.syncForm))
	mux.Handle("POST /people/{person}/syncs", c.signedIn(c.startSync))
	mux.Handle("GET /people/{person}/number", c.signedIn(c.numberForm))
	mux.Handle("POST /people/{person}/number", c.signedIn(c.changeNumber))
	mux.Handle("GET /people/{person}/same-person", c.signedIn(c.samePersonAnswers))
	mux.Handle("GET /people/{person}/same-person/{answer}", c.signedIn(c.takeBackForm))
	mux.Handle("POST /people/{person}/same-person/{answer}", c.signedIn(c.takeBack))
	mux.Handle("GET /people/{person}/plan", c.signedIn(c.plan))
	mux.Handle("GET /people/{person}/plan/budgets/{budget}", c.signedIn(c.budget))
	mux.Handle("GET /invoice-lines/{line}", c.signedIn(c.invoiceLine))

	mux.Handle("GET /runs", c.signedIn(c.runs))
	mux.Handle("GET /runs/{run}", c.signedIn(c.run))
	mux.Handle("GET /runs/{run}/events", c.signedIn(c.runEvents))
	mux.Handle("GET /runs/{run}/cancel", c.signedIn(c.cancelForm))
	mux.Handle("POST /runs/{run}/cancel", c.signedIn(c.cancelRun))
	mux.Handle("GET /runs/{run}/accept", c.signedIn(c.acceptForm))
	mux.Handle("POST /runs/{run}/accept", c.signedIn(c.acceptHolds))
	mux.Handle("GET /runs/{run}/same-person", c.signedIn(c.samePersonForm))
	mux.Handle("POST /runs/{run}/same-person", c.signedIn(c.confirmSamePerson))

	c.ndisRoutes(mux)
	c.adminRoutes(mux)
	mux.Handle("/", c.open(func(http.ResponseWriter, *http.Request) error { return db.ErrNotFound }))
	return mux
}

// apiPaths are what the HTTP API answers, beside the pages.
var apiPaths = []string{"/v1/", "/openapi.json", "/openapi.yaml", "/openapi-3.0.json", "/openapi-3.0.yaml", "/healthz", "/readyz", "/codec/"}

// Beside serves the API where it has always been, and pages everywhere else.
func Beside(api, pages http.Handler) http.Handler {
	mux := http.NewServeMux()
	for _, path := range apiPaths {
		mux.Handle(path, api)
	}
	mux.Handle("/", pages)
	return mux
}

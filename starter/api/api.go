// Package api is CareSync's HTTP API: it starts and follows syncs and reads their results, for the organisation whose token the caller
// presents. Its document is at /openapi.json; every error is a problem after RFC 9457.
package api

import (
	"cmp"
	"context"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"go.uber.org/zap"

	"github.com/caresync/caresync/claims"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/platform/health"
	"github.com/caresync/caresync/starter/bulks"
	"github.com/caresync/caresync/starter/pace"
	"github.com/caresync/caresync/starter/schedules"
	"github.com/caresync/caresync/starter/stream"
	"github.com/caresync/caresync/starter/syncs"
	"github.com/caresync/caresync/starter/web"
)

// Version is that of the API's document.
const Version = "1.0.0"

// Options are what the API works with.
type Options struct {
	Store  *db.Store
	Syncs  *syncs.Service
	PACE   *pace.Service
	Claims *claims.Client
	Bulks  *bulks.Service
	// Schedules schedule bulk runs.
	Schedules *schedules.Service
	Logger    *zap.Logger
	// Admit fails where the database belongs to another deployment.
	Admit func(context.Context) error
	// Checks tell whether the program is ready.
	Checks []health.Check
	// Codec, if set, is served under /codec/; it has an authentication of its own.
	Codec http.Handler
	// Stopping ends streams when the program is told to stop.
	Stopping context.Context
	// RequestsPerSecond is how many requests a token may make on average, DefaultRequestsPerSecond if zero.
	RequestsPerSecond float64
	// NotificationHeader is the header in which the NDIA sends the shared secret, DefaultNotificationHeader if empty.
	NotificationHeader string
}

// api answers the operations.
type api struct {
	store    *db.Store
	syncs    *syncs.Service
	logger   *zap.Logger
	stopping context.Context
	streams  stream.Server

	pace               *pace.Service
	notificationHeader string

	claims *claims.Client

	bulks     *bulks.Service
	schedules *schedules.Service
}

// New makes the handler of the whole API.
func New(options Options) http.Handler {
	answers := api{
		store: options.Store, syncs: options.Syncs, pace: options.PACE, logger: options.Logger, stopping: options.Stopping,
		streams:            stream.Server{Logger: options.Logger, Heartbeat: stream.Heartbeat, Stopping: options.Stopping},
		notificationHeader: cmp.Or(options.NotificationHeader, DefaultNotificationHeader), claims: options.Claims,
		bulks: options.Bulks, schedules: options.Schedules,
	}
	operations := newOperations(answers)
	served := limited(options.RequestsPerSecond, problemsFor(operations))
	served = web.RefuseUnstorable(served, refuseUnstorable)
	guarded, notified := authenticated(options.Store, options.Logger, served), answers.notified(served)
	public := health.Handler(http.NotFoundHandler(), options.Logger, options.Checks...)
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case isHealth(r):
			public.ServeHTTP(w, r)
		case options.Codec != nil && strings.HasPrefix(r.URL.Path, "/codec/"):
			options.Codec.ServeHTTP(w, r)
		case strings.HasPrefix(r.URL.Path, notificationPrefix):
			notified.ServeHTTP(w, r)
		default:
			guarded.ServeHTTP(w, r)
		}
	})
	return web.Logged(options.Logger, "request", routeOf(operations), web.Recovered(options.Logger, panicked, secured(handler)))
}

// Document is the API's OpenAPI document as YAML.
func Document() ([]byte, error) {
	return newAPI(http.NewServeMux(), api{notificationHeader: DefaultNotificationHeader}).OpenAPI().YAML()
}

func newOperations(a api) *http.ServeMux {
	mux := http.NewServeMux()
	newAPI(mux, a)
	return mux
}

func newAPI(mux *http.ServeMux, a api) huma.API {
	config := huma.DefaultConfig("CareSync", Version)
	config.Info.Description = "Keeps a care provider's records of government funding in step with the government: Support at Home plans with Services Australia, " +
		"NDIS plans with the NDIA's PACE API.\n\n" +
		"Amounts are text with two decimal places; null means that the government did not provide them. " +
		"Dates are YYYY-MM-DD, instants are in UTC. A caller sees only the records of its token's organisation."
	config.Info.License = &huma.License{Name: "Apache License 2.0", URL: "https://www.apache.org/licenses/LICENSE-2.0.html"}
	config.Servers = []*huma.Server{{URL: "http://127.0.0.1:8080", Description: "Where `caresync serve` listens by default"}}
	config.DocsPath, config.SchemasPath = "", ""
	config.CreateHooks = nil
	config.RejectUnknownQueryParameters = true
	config.OnAddOperation = []huma.AddOpFunc{withCommonProblems}
	config.Transformers = []huma.Transformer{withoutValues}
	config.Formats = storableFormats(config.Formats)
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		securityScheme: {Type: "http", Scheme: "bearer", Description: "An organisation's API token, from `caresync token create`"},
		notificationScheme: {Type: "apiKey", In: "header", Name: a.notificationHeader,
			Description: "An organisation's secret for the NDIA's notifications, from `caresync pace secret`"},
	}
	config.Security = []map[string][]string{{securityScheme: {}}}
	describeTypes(config.Components.Schemas)
	served := humago.New(mux, config)
	a.registerSyncs(served)
	a.registerRuns(served)
	a.registerEvents(served)
	a.registerPeople(served)
	a.registerPlans(served)
	a.registerImports(served)
	a.registerPACE(served)
	a.registerRetrievals(served)
	a.registerContracts(served)
	a.registerPersonHistory(served)
	a.registerNumbers(served)
	a.registerNotifications(served)
	a.registerClaims(served)
	a.registerBulks(served)
	a.registerSchedules(served)
	keepToTheStandard(served.OpenAPI())
	return served
}

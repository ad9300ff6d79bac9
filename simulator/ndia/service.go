// Package ndia simulates the NDIA's API of participants' plans and PACE budgets, strictly after the contract: three keys that
// must match exactly, endorsements, an envelope around every answer, errors in several forms, and notifications that only say
// "fetch again".
package ndia

import (
	"net/http"

	"github.com/caresync/caresync/simulator/calls"
	"github.com/caresync/caresync/simulator/faults"
	"github.com/caresync/caresync/simulator/gateway"
	"github.com/caresync/caresync/simulator/webhook"
	"github.com/caresync/caresync/simulator/world"
)

// Names under which the operations are counted and can be met by faults.
const (
	OperationDeterminePlan    = "ndia-determine-plan"
	OperationPlans            = "ndia-plans"
	OperationBudget           = "ndia-budget"
	OperationHistoricalBudget = "ndia-historical-budget"
	OperationSubscribe        = "ndia-subscribe"
)

// Settings are what the NDIA requires and allows.
type Settings struct {
	gateway.Settings
	// BudgetCallsPerHour is how many budget calls, current and historical, an organisation may make in an hour; 0: no cap.
	BudgetCallsPerHour int
	// OnSubscribe is called with every new subscription before it takes effect; an error prevents it.
	OnSubscribe func(Subscription) error
}

// Service is the simulated service.
type Service struct {
	// Webhooks receive the notifications.
	Webhooks *webhook.Sender

	world         *world.World
	gateway       *gateway.Gateway
	cap           hourlyCap
	subscriptions subscriptions
	onSubscribe   func(Subscription) error
	mux           *http.ServeMux
}

// New makes a service that answers from a world, through a gateway of its own.
func New(w *world.World, settings Settings, tokens gateway.Tokens, set *faults.Set, recorder *calls.Recorder) *Service {
	s := &Service{
		Webhooks: webhook.NewSender(notificationAttempts), world: w, gateway: gateway.New(settings.Settings, tokens, set, recorder, refuseCall),
		cap: hourlyCap{most: settings.BudgetCallsPerHour, now: w.Now}, onSubscribe: settings.OnSubscribe, mux: http.NewServeMux(),
	}
	s.handle("GET /4.0/determine-participant-plan/{$}", OperationDeterminePlan, s.determinePlan)
	s.handle("GET /4.0/plans/{$}", OperationPlans, s.plans)
	s.handle("GET /ext-int-part/5.0/pace/budget/{$}", OperationBudget, s.capped(s.budget))
	s.handle("GET /ext-int-part/4.0/pace/historical/budgets", OperationHistoricalBudget, s.capped(s.historicalBudget))
	s.handle("POST /3.0/notifications/subscribe", OperationSubscribe, s.subscribe)
	s.mux.Handle("/", s.gateway.Unknown())
	return s
}

// ServeHTTP serves the operations.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

type operation func(w http.ResponseWriter, r *http.Request, caller gateway.Caller)

// handle registers an operation. Faults find a participant by the NDIS number, where they find a care recipient by the id.
func (s *Service) handle(pattern, name string, serve operation) {
	number := func(r *http.Request) string { return r.URL.Query().Get(parameterParticipant) }
	s.mux.Handle(pattern, s.gateway.Handler(gateway.Operation{Name: name, Recipient: number, Serve: serve}))
}

// capped limits the budget calls of an organisation in an hour; Retry-After is what is left of the hour.
func (s *Service) capped(serve operation) operation {
	return func(w http.ResponseWriter, r *http.Request, caller gateway.Caller) {
		if wait, exceeded := s.cap.take(caller.RANumber); exceeded {
			w.Header().Set("Retry-After", wholeSeconds(wait))
			refuseCall(w, http.StatusTooManyRequests, codeHourlyCap, "The hourly limit of budget requests is exceeded")
			return
		}
		serve(w, r, caller)
	}
}

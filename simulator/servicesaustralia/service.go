// Package servicesaustralia simulates the Support at Home operations of Services Australia's Aged Care API, strictly after
// the contract: bare arrays in pages, a default limit of 10, a search without hits as an error, amounts as numbers or text.
package servicesaustralia

import (
	"net/http"

	"github.com/caresync/caresync/simulator/calls"
	"github.com/caresync/caresync/simulator/faults"
	"github.com/caresync/caresync/simulator/gateway"
	"github.com/caresync/caresync/simulator/world"
)

// Root is the path of the service below the base URL of the Aged Care API.
const Root = "/service/support-at-home"

// Names under which the operations are counted and can be met by faults.
const (
	OperationSummary             = "care-recipient-summary"
	OperationContributions       = "individual-contribution"
	OperationBudgetsOfRecipient  = "budget-care-recipient"
	OperationBudgetSummary       = "budget-summary"
	OperationBudgetsHeldBySelf   = "budget-service-provider"
	OperationBudgetDetails       = "budget-details"
	parameterRecipient           = "careRecipientId"
	parameterProvider            = "serviceProviderId"
	defaultLimit, greatestLimit  = 10, 10_000
	codeNotFound, codeConsent    = "1", "CONSENT"
	codeParameter, codeForbidden = "PARAMETER", gateway.CodeForbidden
)

// Service is the simulated service.
type Service struct {
	world   *world.World
	gateway *gateway.Gateway
	wire    wireCache
	mux     *http.ServeMux
}

// New makes a service that answers from a world, through a gateway of its own.
func New(w *world.World, settings gateway.Settings, tokens gateway.Tokens, set *faults.Set, recorder *calls.Recorder) *Service {
	s := &Service{world: w, gateway: gateway.New(settings, tokens, set, recorder, refuse), mux: http.NewServeMux()}
	s.handle("/care-recipient-summary/v1", OperationSummary, s.summary)
	s.handle("/individual-contribution/v1", OperationContributions, s.contributions)
	s.handle("/budget/v1/care-recipient", OperationBudgetsOfRecipient, s.budgetsOfRecipient)
	s.handle("/budget/v1/summary", OperationBudgetSummary, s.budgetSummary)
	s.handle("/budget/v1/service-provider", OperationBudgetsHeldBySelf, s.budgetsHeldBySelf)
	s.handle("/budget/v1/{budgetId}", OperationBudgetDetails, s.budgetDetails)
	s.mux.Handle("/", s.gateway.Unknown())
	return s
}

// ServeHTTP serves the operations below Root.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

func (s *Service) handle(path, name string, serve func(http.ResponseWriter, *http.Request, gateway.Caller)) {
	s.mux.Handle("GET "+Root+path, s.gateway.Handler(gateway.Operation{Name: name, Recipient: s.recipient, Serve: serve}))
}

// recipient returns the care recipient that a request asks for, by id or by the id of a budget.
func (s *Service) recipient(r *http.Request) string {
	if id := r.PathValue("budgetId"); id != "" {
		if _, budget, found := s.world.ByBudgetID(id); found {
			return budget.CareRecipientID
		}
		return ""
	}
	return r.URL.Query().Get(parameterRecipient)
}

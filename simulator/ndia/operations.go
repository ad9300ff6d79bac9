package ndia

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/caresync/caresync/simulator/faults"
	"github.com/caresync/caresync/simulator/gateway"
	"github.com/caresync/caresync/simulator/world"
)

// mostBody is the largest request body that is read, in bytes.
const mostBody = 64 << 10

// lookup is a participant that the caller may see, on the day of the request.
type lookup struct {
	participant *world.Participant
	today       world.Date
	query       query
}

// find reads the keys and finds the participant, or answers why the caller sees nothing of them.
func (s *Service) find(w http.ResponseWriter, r *http.Request, caller gateway.Caller, more ...string) (lookup, bool) {
	q, refused := readQuery(r, more...)
	if refused != nil {
		refused.write(w, asObjects)
		return lookup{}, false
	}
	participant, today, found := s.world.ByNDISNumber(q.number)
	authority := world.NoEndorsement
	if found {
		authority = participant.AuthorityOf(caller.RANumber, today)
	}
	_, entryFault := faults.Of(r, faults.EntryMissing)
	_, consentFault := faults.Of(r, faults.ConsentWithdrawn)
	switch {
	case !found || entryFault || !q.matches(participant) || authority == world.NoEndorsement:
		notFound.write(w, formOf(participant, q.number))
	case consentFault || authority == world.EndorsementIncomplete:
		noAuthority.write(w, formOf(participant, q.number))
	default:
		return lookup{participant, today, q}, true
	}
	return lookup{}, false
}

// findPACE finds a participant with a PACE plan.
func (s *Service) findPACE(w http.ResponseWriter, r *http.Request, caller gateway.Caller, more ...string) (lookup, bool) {
	a, found := s.find(w, r, caller, more...)
	if found && a.participant.NotPACE {
		notPACE.write(w, formOf(a.participant, a.query.number))
		return lookup{}, false
	}
	return a, found
}

// determinePlan answers which kind of plan the participant has.
func (s *Service) determinePlan(w http.ResponseWriter, r *http.Request, caller gateway.Caller) {
	if a, found := s.find(w, r, caller); found {
		succeed(w, planKind{IsPACE: !a.participant.NotPACE, FirstStart: styleOf(a.participant).date(a.participant.FirstStart)})
	}
}

// plans returns at most two plans.
func (s *Service) plans(w http.ResponseWriter, r *http.Request, caller gateway.Caller) {
	a, found := s.find(w, r, caller)
	if !found {
		return
	}
	listed := []planItem{}
	for _, plan := range a.participant.ListedPlans(a.today) {
		listed = append(listed, newPlanItem(a.participant, plan))
	}
	succeed(w, listed)
}

// budget returns the tree of the plan that covers today, or of the next one where the tree has switched early; there is none before the
// first plan and after the last.
func (s *Service) budget(w http.ResponseWriter, r *http.Request, caller gateway.Caller) {
	a, found := s.findPACE(w, r, caller)
	if !found {
		return
	}
	plan, current := a.participant.AnsweringPlan(a.today)
	if !current {
		noBudget.write(w, formOf(a.participant, a.query.number))
		return
	}
	succeed(w, styleOf(a.participant).tree(plan, a.today))
}

// historicalBudget returns the ended plans that covered the date; none is an empty list.
func (s *Service) historicalBudget(w http.ResponseWriter, r *http.Request, caller gateway.Caller) {
	a, found := s.findPACE(w, r, caller, parameterPlanDate)
	if !found {
		return
	}
	history := historicalBudgets{Budgets: []historicalBudget{}}
	for _, plan := range a.participant.EndedPlans(a.query.planDate, a.today) {
		history.Budgets = append(history.Budgets, styleOf(a.participant).historical(plan))
	}
	succeed(w, history)
}

// subscribe subscribes an organisation to an event.
func (s *Service) subscribe(w http.ResponseWriter, r *http.Request, caller gateway.Caller) {
	var request struct {
		EventID string `json:"event_id"`
	}
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, mostBody))
	decoder.DisallowUnknownFields()
	switch {
	case !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json"):
		wrong("Content-Type must be application/json").write(w, asObjects)
	case decoder.Decode(&request) != nil:
		wrong(`the body must be {"event_id":"…"}`).write(w, asObjects)
	case !slices.Contains(world.EventIDs, request.EventID):
		problem{http.StatusBadRequest, codeEvent, "event_id is not an event"}.write(w, asObjects)
	default:
		s.addSubscription(w, Subscription{RANumber: caller.RANumber, EventID: request.EventID})
	}
}

func (s *Service) addSubscription(w http.ResponseWriter, subscription Subscription) {
	if s.onSubscribe != nil && !s.Subscribed(subscription) {
		if err := s.onSubscribe(subscription); err != nil {
			problem{http.StatusInternalServerError, "S01", err.Error()}.write(w, asObjects)
			return
		}
	}
	s.Subscribe(subscription)
	succeed(w, struct {
		EventID string `json:"event_id"`
	}{subscription.EventID})
}

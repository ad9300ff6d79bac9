package servicesaustralia

import (
	"bytes"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"

	"github.com/caresync/caresync/simulator/faults"
	"github.com/caresync/caresync/simulator/gateway"
	"github.com/caresync/caresync/simulator/world"
)

var (
	summaryForm      = form{recipient: true, provider: true, updated: true, sortFields: []string{"careRecipientId"}}
	contributionForm = form{recipient: true, provider: true, effective: true, updated: true, sortFields: []string{"careRecipientId"}}
	recipientForm    = form{recipient: true, effective: true, sortFields: []string{"careRecipientId", "budgetId"}}
	providerForm     = form{provider: true, effective: true, updated: true, sortFields: []string{"careRecipientId", "budgetId"}}
	poolForm         = form{provider: true, sortFields: []string{"budgetId"}}
)

// summary returns a row for each entry of a person, or of everyone a provider has.
func (s *Service) summary(w http.ResponseWriter, r *http.Request, caller gateway.Caller) {
	s.list(w, r, caller, listing{summaryForm, func(p *world.Person) ([]row, refusal) {
		if p.Delisted {
			return nil, nil
		}
		return s.wire.of(p).summaries, nil
	}})
}

func (s *Service) contributions(w http.ResponseWriter, r *http.Request, caller gateway.Caller) {
	_, entryFault := faults.Of(r, faults.EntryMissing)
	s.list(w, r, caller, listing{contributionForm, func(p *world.Person) ([]row, refusal) {
		if entryFault {
			return nil, nil
		}
		return s.wire.of(p).contributions, nil
	}})
}

func (s *Service) budgetsOfRecipient(w http.ResponseWriter, r *http.Request, caller gateway.Caller) {
	s.list(w, r, caller, listing{recipientForm, s.visibleBudgets(r)})
}

// budgetSummary leaves out people who refused consent, rather than refusing the whole list.
func (s *Service) budgetSummary(w http.ResponseWriter, r *http.Request, caller gateway.Caller) {
	s.list(w, r, caller, listing{providerForm, s.visibleBudgets(r)})
}

// refusal answers in place of the rows that may not be shown; nil if they may.
type refusal func(w http.ResponseWriter)

func (s *Service) visibleBudgets(r *http.Request) func(p *world.Person) ([]row, refusal) {
	_, consentFault := faults.Of(r, faults.ConsentWithdrawn)
	_, entryFault := faults.Of(r, faults.EntryMissing)
	return func(p *world.Person) ([]row, refusal) {
		switch {
		case p.Consent == world.ConsentRefused || consentFault:
			return nil, consentRefused
		case entryFault:
			return nil, nil
		default:
			return s.wire.of(p).budgets, nil
		}
	}
}

// listing is a list operation: its parameters and the rows of one person.
type listing struct {
	form form
	rows func(p *world.Person) ([]row, refusal)
}

// list answers a list operation, for one person or for a provider.
func (s *Service) list(w http.ResponseWriter, r *http.Request, caller gateway.Caller, l listing) {
	q, problem := l.form.read(r)
	if problem != "" {
		refuse(w, http.StatusBadRequest, codeParameter, problem)
		return
	}
	if q.provider != "" && !slices.Contains(caller.ServiceProviders, q.provider) {
		notLinked(w)
		return
	}
	if q.recipient != "" {
		s.listOfRecipient(w, r, caller, q, l)
		return
	}
	if _, faulty := faults.Of(r, faults.ConsentWithdrawn); faulty {
		notFound(w) // no one consents, so there is nothing to list
		return
	}
	if _, faulty := faults.Of(r, faults.EntryMissing); faulty {
		notFound(w)
		return
	}
	s.answer(w, r, q, q.sorted(q.matching(s.rowsOfProvider(q.provider, l), []string{q.provider})))
}

func (s *Service) listOfRecipient(w http.ResponseWriter, r *http.Request, caller gateway.Caller, q query, l listing) {
	person, found := s.world.ByCareRecipientID(q.recipient)
	if !found {
		notFound(w)
		return
	}
	providers := s.linked(caller, person)
	if q.provider != "" {
		providers = slices.DeleteFunc(providers, func(id string) bool { return id != q.provider })
	}
	if len(providers) == 0 {
		notLinked(w)
		return
	}
	rows, refused := l.rows(person)
	if refused != nil {
		refused(w)
		return
	}
	s.answer(w, r, q, q.sorted(q.matching(rows, providers)))
}

// linked returns the service providers that hold the person and to which the caller's device is linked.
func (s *Service) linked(caller gateway.Caller, person *world.Person) []string {
	var ids []string
	for _, id := range caller.ServiceProviders {
		if person.HeldBy(id) {
			ids = append(ids, id)
		}
	}
	return ids
}

func (s *Service) rowsOfProvider(serviceProviderID string, l listing) []row {
	var all []row
	for _, person := range s.world.OfProvider(serviceProviderID) {
		rows, _ := l.rows(person)
		for _, one := range rows {
			if !one.elsewhere {
				all = append(all, one)
			}
		}
	}
	return all
}

// budgetsHeldBySelf returns a provider's care-management pool.
func (s *Service) budgetsHeldBySelf(w http.ResponseWriter, r *http.Request, caller gateway.Caller) {
	q, problem := poolForm.read(r)
	if problem != "" {
		refuse(w, http.StatusBadRequest, codeParameter, problem)
		return
	}
	if !slices.Contains(caller.ServiceProviders, q.provider) {
		notLinked(w)
		return
	}
	var rows []row
	for _, budget := range s.world.PoolBudgets(q.provider) {
		rows = append(rows, encodeBudget(nil, budget))
	}
	s.answer(w, r, q, q.sorted(rows))
}

// budgetDetails returns what one budget is made of and what drew on it.
func (s *Service) budgetDetails(w http.ResponseWriter, r *http.Request, caller gateway.Caller) {
	if r.URL.RawQuery != "" {
		refuse(w, http.StatusBadRequest, codeParameter, "the operation has no parameters")
		return
	}
	person, budget, found := s.world.ByBudgetID(r.PathValue("budgetId"))
	_, consentFault := faults.Of(r, faults.ConsentWithdrawn)
	_, entryFault := faults.Of(r, faults.EntryMissing)
	switch {
	case !found || budget.Hidden || entryFault || (person != nil && !person.EntryRegistered):
		notFound(w)
	case !slices.Contains(caller.ServiceProviders, budget.ServiceProviderID):
		notLinked(w)
	case consentFault || budget.DetailsRefused || (person != nil && person.Consent != world.ConsentGiven):
		consentRefused(w)
	case person == nil:
		send(w, http.StatusOK, encode(newDetails(budget)))
	default:
		send(w, http.StatusOK, s.wire.of(person).detailsOf(budget))
	}
}

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// answer sends a page as a bare array; a page without rows is a search without hits, which is an error.
func (s *Service) answer(w http.ResponseWriter, r *http.Request, q query, rows []row) {
	page := q.cut(rows)
	if fault, asked := faults.Of(r, faults.ShuffledPages); asked {
		page = shuffledPage(q, rows, fault)
	}
	if len(page) == 0 {
		notFound(w)
		return
	}
	stranger, strangers := faults.Of(r, faults.StrangersID)
	buffer := buffers.Get().(*bytes.Buffer)
	defer buffers.Put(buffer)
	buffer.Reset()
	for i, row := range page {
		buffer.WriteByte("[,"[min(i, 1)])
		if strangers && (stranger.Rows <= 0 || i < stranger.Rows) {
			buffer.Write(withStrangersID(row))
		} else {
			buffer.Write(row.json)
		}
	}
	buffer.WriteByte(']')
	send(w, http.StatusOK, buffer.Bytes())
}

// shuffledPage shifts rows between pages. With a sort, each page after the first begins again with the last rows of
// the page before (or, with a negative number, misses as many); without one, each page is cut from another order.
func shuffledPage(q query, rows []row, fault faults.Fault) []row {
	if len(q.sortFields) == 0 {
		other := slices.Clone(rows)
		chance := rand.New(rand.NewPCG(0, uint64(q.page)))
		chance.Shuffle(len(other), func(i, j int) { other[i], other[j] = other[j], other[i] })
		return q.cut(other)
	}
	shift := fault.Rows
	if shift == 0 {
		shift = 1
	}
	if q.page == 1 {
		return q.cut(rows)
	}
	from := max(0, (q.page-1)*q.limit-shift)
	if from >= len(rows) {
		return nil
	}
	return rows[from:min(from+q.limit, len(rows))]
}

// withStrangersID replaces the care recipient id of a row by another one of the same length.
func withStrangersID(r row) []byte {
	stranger := []byte(r.recipient)
	for i, digit := range stranger {
		stranger[i] = '0' + (digit-'0'+5)%10
	}
	const field = `"careRecipientId":"`
	return bytes.Replace(r.json, []byte(field+r.recipient+`"`), []byte(field+string(stranger)+`"`), 1)
}

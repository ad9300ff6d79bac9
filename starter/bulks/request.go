package bulks

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/protocol"
)

// MostListed is how many people a list may name; whoever wants more of them selects otherwise.
const MostListed = 20_000

// Request says who is to be synced and what of them, as people and programs say it.
type Request struct {
	// Kind is the kind of sync; empty means care recipients.
	Kind care.RunKind
	// ServiceProviderID selects those whom that connection to Services Australia holds (R11).
	ServiceProviderID string
	// People are listed by our ids, care recipient ids or NDIS numbers; nil means that nobody is listed, and people are selected otherwise.
	People []string
	// InCare, NotSyncedFor and FailedLastTime are as in care.BulkSelection.
	InCare         bool
	NotSyncedFor   time.Duration
	FailedLastTime bool
	// Only narrows what is synced besides the summary: to contributions, or to budgets with their usage. Empty reads all.
	Only care.Area
	// The others are as in care.BulkOptions.
	AllBudgets, Delta, ReviewAll, AcceptAbsences bool
	Window, FailureThreshold                     int
}

// selects reports whether the order leaves anybody out.
func (o Request) selects() bool {
	return o.ServiceProviderID != "" || o.People != nil || o.InCare || o.NotSyncedFor != 0 || o.FailedLastTime
}

// rule is something that may be wrong with an order.
type rule struct {
	broken         bool
	field, problem string
}

// check refuses what makes no sense, with a db.InvalidError.
func (o Request) check() error {
	careRecipients, contracts := o.Kind == care.RunCareRecipient, o.Kind == care.RunPACEContract
	const careRecipientsOnly, contractsOnly = "is about care recipients only", "is about PACE contracts only"
	for _, rule := range []rule{
		{!careRecipients && !contracts, "kind", "is care-recipient or pace-contract"},
		{contracts && o.ServiceProviderID != "", "service_provider_id", careRecipientsOnly},
		{contracts && o.InCare, "in_care", careRecipientsOnly},
		{contracts && o.Only != "", "only", careRecipientsOnly},
		{contracts && o.AllBudgets, "all_budgets", careRecipientsOnly},
		{contracts && o.Delta, "delta", careRecipientsOnly},
		{contracts && o.AcceptAbsences, "accept_absences", careRecipientsOnly},
		{careRecipients && o.ReviewAll, "review_all", contractsOnly},
		{o.People != nil && len(o.People) == 0, "people", "names nobody"},
		{len(o.People) > MostListed, "people", fmt.Sprintf("names more than %d", MostListed)},
		{o.NotSyncedFor < 0, "not_synced_for", "is a time such as 24h"},
		{o.Only != "" && o.Only != care.AreaContributions && o.Only != care.AreaBudgets, "only", "is contributions or budgets"},
		{o.AllBudgets && o.Only == care.AreaContributions, "all_budgets", "contradicts the wish for contributions only"},
		{o.AllBudgets && o.Delta, "all_budgets", "contradicts delta, which reads only the budgets that have moved"},
		{o.Delta && o.selects(), "delta", "finds out by itself whom to sync: select nobody"},
		{o.AcceptAbsences && o.selects(), "accept_absences", "goes with a bulk run over everybody: select nobody"},
		{o.Window < 0 || o.Window > protocol.MostBatchesAtOnce, "window", fmt.Sprintf("must be between 1 and %d", protocol.MostBatchesAtOnce)},
		{o.FailureThreshold < 0 || o.FailureThreshold > 100, "failure_threshold", "is a percentage from 1 to 100"},
	} {
		if rule.broken {
			return &db.InvalidError{Field: rule.field, Message: rule.problem}
		}
	}
	return nil
}

// Options are an order in the terms of a bulk run, with connection and people by our ids. It fails with db.InvalidError or
// UnknownPeopleError.
func (s *Service) Options(ctx context.Context, organisation care.ID, order Request) (options care.BulkOptions, err error) {
	if order.Kind == "" {
		order.Kind = care.RunCareRecipient
	}
	if err := order.check(); err != nil {
		return options, err
	}
	options = care.BulkOptions{
		Kind: order.Kind, AllBudgets: order.AllBudgets, Delta: order.Delta, ReviewAll: order.ReviewAll, AcceptAbsences: order.AcceptAbsences,
		Window: order.Window, FailureThreshold: order.FailureThreshold, Areas: areasOf(order.Only),
		Selection: care.BulkSelection{InCare: order.InCare, NotSyncedFor: order.NotSyncedFor, FailedLastTime: order.FailedLastTime},
	}
	if options.Selection.ConnectionID, err = s.connection(ctx, organisation, order.ServiceProviderID); err != nil {
		return options, err
	}
	options.Selection.People, err = s.people(ctx, organisation, order)
	return options, err
}

func areasOf(only care.Area) []care.Area {
	switch only {
	case care.AreaContributions:
		return []care.Area{care.AreaContributions}
	case care.AreaBudgets:
		return []care.Area{care.AreaBudgets, care.AreaUsage}
	default:
		return nil
	}
}

// connection is our id of the connection of a service provider id.
func (s *Service) connection(ctx context.Context, organisation care.ID, serviceProviderID string) (care.ID, error) {
	if serviceProviderID == "" {
		return "", nil
	}
	connections, err := s.store.Connections(ctx, organisation)
	if err != nil {
		return "", err
	}
	for _, connection := range connections {
		if connection.Service == care.ServicesAustralia && connection.ServiceProviderID == serviceProviderID {
			return connection.ID, nil
		}
	}
	return "", &db.InvalidError{Field: "service_provider_id", Message: "is that of none of the organisation's connections to Services Australia"}
}

// people are our ids of the people listed, in an order of their own and each once, so that the same list is always the same order.
func (s *Service) people(ctx context.Context, organisation care.ID, order Request) ([]care.ID, error) {
	if order.People == nil {
		return nil, nil
	}
	people, err := read.From(s.store).ResolvePeople(ctx, organisation, order.Kind, order.People)
	if err != nil {
		return nil, err
	}
	unknown := &UnknownPeopleError{}
	for i, person := range people {
		if person == "" {
			unknown.Places = append(unknown.Places, i+1)
		}
	}
	if len(unknown.Places) > 0 {
		return nil, unknown
	}
	slices.Sort(people)
	return slices.Compact(people), nil
}

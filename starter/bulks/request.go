package bulks

import (
	"context"
	"fmt"
	"slices"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/read"
)

// MostListed is how many people a list may name; for more, use the selection options.
const MostListed = 20_000

// Options returns options with their defaults, if an organisation can ask for them. It fails with care.InvalidError.
func (s *Service) Options(ctx context.Context, organisation care.ID, options care.BulkOptions) (care.BulkOptions, error) {
	return s.options(ctx, organisation, options, false)
}

func (s *Service) options(ctx context.Context, organisation care.ID, options care.BulkOptions, listed bool) (care.BulkOptions, error) {
	if options.Kind == "" {
		options.Kind = care.RunCareRecipient
	}
	if err := check(options, listed); err != nil {
		return options, err
	}
	return options, s.checkProvider(ctx, organisation, options.ServiceProviderID)
}

// checkProvider refuses a service provider id that none of the organisation's connections has.
func (s *Service) checkProvider(ctx context.Context, organisation care.ID, serviceProviderID string) error {
	if serviceProviderID == "" {
		return nil
	}
	connections, err := s.store.Connections(ctx, organisation)
	if err != nil {
		return err
	}
	for _, connection := range connections {
		if connection.Service == care.ServicesAustralia && connection.ServiceProviderID == serviceProviderID {
			return nil
		}
	}
	return &care.InvalidError{Field: "service_provider_id", Message: "must be that of one of the organisation's connections to Services Australia"}
}

// request is what someone asks a bulk run for, with people by our ids. It fails with care.InvalidError or UnknownPeopleError.
func (s *Service) request(ctx context.Context, start StartRequest) (request care.BulkRequest, err error) {
	if request.BulkOptions, err = s.options(ctx, start.Organisation.ID, start.Options, start.People != nil); err != nil {
		return request, err
	}
	request.People, err = s.people(ctx, start.Organisation.ID, request.Kind, start.People)
	return request, err
}

// people are our ids of the people listed, in an order of their own and each once, so that the same list is always the same request.
func (s *Service) people(ctx context.Context, organisation care.ID, kind care.RunKind, listed []string) ([]care.ID, error) {
	switch {
	case listed == nil:
		return nil, nil
	case len(listed) == 0:
		return nil, &care.InvalidError{Field: "people", Message: "must name at least one person"}
	case len(listed) > MostListed:
		return nil, &care.InvalidError{Field: "people", Message: fmt.Sprintf("must name at most %d people", MostListed)}
	}
	people, err := read.From(s.store).ResolvePeople(ctx, organisation, kind, listed)
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

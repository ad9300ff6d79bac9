package db

import (
	"context"
	"time"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/gen"
	"github.com/caresync/caresync/words"
)

// CreateOrganisation stores a new organisation. It fails with InvalidError, or with ConflictError if the slug is taken.
func (s *Store) CreateOrganisation(ctx context.Context, slug, name, timeZone string) (care.Organisation, error) {
	if !care.ValidSlug(slug) {
		return care.Organisation{}, care.Invalid("slug", words.SlugRule)
	}
	if err := checkOrganisation(&name, &timeZone); err != nil {
		return care.Organisation{}, err
	}
	err := s.queries.CreateOrganisation(ctx, gen.CreateOrganisationParams{ID: NewID(), Slug: slug, Name: name, TimeZone: timeZone})
	if err != nil {
		return care.Organisation{}, MapError("create the organisation", err)
	}
	return s.OrganisationBySlug(ctx, slug)
}

// ChangeOrganisation changes an organisation's name and time zone; nil leaves one as it is. It fails with InvalidError or ErrNotFound.
func (s *Store) ChangeOrganisation(ctx context.Context, slug string, name, timeZone *string) (care.Organisation, error) {
	if err := checkOrganisation(name, timeZone); err != nil {
		return care.Organisation{}, err
	}
	row, err := s.queries.ChangeOrganisation(ctx, gen.ChangeOrganisationParams{Slug: slug, Name: name, TimeZone: timeZone})
	return care.Organisation(row), MapError("change the organisation", err)
}

func checkOrganisation(name, timeZone *string) error {
	if name != nil {
		if err := checkName(*name); err != nil {
			return err
		}
	}
	if timeZone == nil {
		return nil
	}
	_, err := LoadZone(*timeZone)
	return err
}

func checkName(name string) error {
	if !care.ValidName(name) {
		return care.Invalid("name", words.NameRule)
	}
	return nil
}

// localZone is what time.LoadLocation takes for the zone of the process, which no organisation has chosen.
const localZone = "Local"

// LoadZone returns the time zone of that name. It fails with InvalidError.
func LoadZone(name string) (*time.Location, error) {
	zone, err := time.LoadLocation(name)
	if err != nil || name == "" || name == localZone {
		return nil, care.Invalid("time_zone", "must be the name of a time zone such as Australia/Sydney, Australia/Perth or Australia/Adelaide")
	}
	return zone, nil
}

// Organisations returns all organisations by slug.
func (s *Store) Organisations(ctx context.Context) ([]care.Organisation, error) {
	rows, err := s.queries.ListOrganisations(ctx)
	if err != nil {
		return nil, MapError("list the organisations", err)
	}
	organisations := make([]care.Organisation, 0, len(rows))
	for _, row := range rows {
		organisations = append(organisations, care.Organisation(row))
	}
	return organisations, nil
}

// OrganisationBySlug returns an organisation, or ErrNotFound.
func (s *Store) OrganisationBySlug(ctx context.Context, slug string) (care.Organisation, error) {
	row, err := s.queries.OrganisationBySlug(ctx, slug)
	return care.Organisation(row), MapError("load the organisation", err)
}

package db

import (
	"context"
	"fmt"
	"time"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/gen"
	"github.com/caresync/caresync/words"
)

// DefaultTimeZone is the zone whose calendar date is "today", unless an organisation has another (R1).
const DefaultTimeZone = "Australia/Sydney"

// Organisation is a care provider that uses CareSync. Every other record belongs to one (R11).
type Organisation struct {
	ID care.ID `json:"id"`
	// Slug names the organisation in commands: lower-case letters, digits and dashes.
	Slug      string    `json:"slug"`
	Name      string    `json:"name"`
	TimeZone  string    `json:"time_zone"`
	CreatedAt time.Time `json:"created_at"`
}

// Location is the organisation's time zone (R1).
func (o Organisation) Location() *time.Location {
	zone, err := time.LoadLocation(o.TimeZone)
	if err != nil {
		panic(fmt.Sprintf("organisation %s has the time zone %q, which was checked when it was stored", o.ID, o.TimeZone))
	}
	return zone
}

// Today is the calendar date in the organisation's time zone (R1).
func (o Organisation) Today(now time.Time) care.Date { return care.DateIn(now, o.Location()) }

// CreateOrganisation stores a new organisation. It fails with InvalidError, or with ConflictError if the slug is taken.
func (s *Store) CreateOrganisation(ctx context.Context, slug, name, timeZone string) (Organisation, error) {
	if !care.ValidSlug(slug) {
		return Organisation{}, care.Invalid("slug", words.SlugRule)
	}
	if err := checkOrganisation(&name, &timeZone); err != nil {
		return Organisation{}, err
	}
	err := s.queries.CreateOrganisation(ctx, gen.CreateOrganisationParams{ID: NewID(), Slug: slug, Name: name, TimeZone: timeZone})
	if err != nil {
		return Organisation{}, MapError("create the organisation", err)
	}
	return s.OrganisationBySlug(ctx, slug)
}

// ChangeOrganisation changes an organisation's name and time zone; nil leaves one as it is. It fails with InvalidError or ErrNotFound.
func (s *Store) ChangeOrganisation(ctx context.Context, slug string, name, timeZone *string) (Organisation, error) {
	if err := checkOrganisation(name, timeZone); err != nil {
		return Organisation{}, err
	}
	row, err := s.queries.ChangeOrganisation(ctx, gen.ChangeOrganisationParams{Slug: slug, Name: name, TimeZone: timeZone})
	return Organisation(row), MapError("change the organisation", err)
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

// LoadZone returns the time zone of that name. It fails with InvalidError.
func LoadZone(name string) (*time.Location, error) {
	zone, err := time.LoadLocation(name)
	if err != nil || name == "" || name == time.Local.String() {
		return nil, care.Invalid("time_zone", "must be the name of a time zone such as Australia/Sydney, Australia/Perth or Australia/Adelaide")
	}
	return zone, nil
}

// Organisations returns all organisations by slug.
func (s *Store) Organisations(ctx context.Context) ([]Organisation, error) {
	rows, err := s.queries.ListOrganisations(ctx)
	if err != nil {
		return nil, MapError("list the organisations", err)
	}
	organisations := make([]Organisation, 0, len(rows))
	for _, row := range rows {
		organisations = append(organisations, Organisation(row))
	}
	return organisations, nil
}

// OrganisationBySlug returns an organisation, or ErrNotFound.
func (s *Store) OrganisationBySlug(ctx context.Context, slug string) (Organisation, error) {
	row, err := s.queries.OrganisationBySlug(ctx, slug)
	return Organisation(row), MapError("load the organisation", err)
}

package activities_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/simulator/world"
	"github.com/caresync/caresync/testkit"
)

// The same person under two organisations is two records, each with what its own provider may see (R11).
func TestPersonOfTwoOrganisationsIsTwoRecords(t *testing.T) {
	s := newSite(t, world.Options{})
	first := s.Request(t, "two-organisations")
	second := care.Request{Trigger: care.TriggerOnDemand}
	second.OrganisationID = testkit.Value[care.ID](t, s.sql, "SELECT id::text FROM organisation WHERE id <> $1", first.OrganisationID)
	second.PersonID = testkit.Value[care.ID](t, s.sql, "SELECT id::text FROM person WHERE organisation_id = $1 AND care_recipient_id = '0420771935'", second.OrganisationID)
	require.NotEqual(t, first.PersonID, second.PersonID)
	for _, request := range []care.Request{first, second} {
		result, err := s.steps.Sync(t.Context(), db.NewID(), request)
		require.NoError(t, err)
		require.Equal(t, care.RunSucceeded, result.Outcome)
	}
	require.Equal(t, []string{"AT wattle-aged-care", "ON banksia-home-care"}, testkit.Column[string](t, s.sql,
		"SELECT b.type_code || ' ' || o.slug FROM budget b JOIN organisation o ON o.id = b.organisation_id ORDER BY 1"))
	require.Equal(t, 2, testkit.Value[int](t, s.sql, "SELECT count(*) FROM support_plan"))
}

// providerOf is the service provider id of the connection that we know a person by.
func (s *site) providerOf(t *testing.T, key string) string {
	t.Helper()
	return testkit.Value[string](t, s.sql, "SELECT coalesce((SELECT service_provider_id FROM connection n WHERE n.id = c.connection_id), '') FROM person c WHERE c.id = $1", s.Request(t, key).PersonID)
}

// A person's connection is learned from the budgets where they name one of ours (R11).
func TestConnectionIsLearnedFromTheBudgets(t *testing.T) {
	s := newSite(t, world.Options{})
	s.sql.Exec(t, "UPDATE person SET connection_id = NULL")
	s.Sync(t, s.steps, "equipment-only") // of the organisation with one connection
	require.Equal(t, "4000054321", s.providerOf(t, "equipment-only"))

	s.sql.Exec(t, "UPDATE person SET connection_id = (SELECT id FROM connection WHERE name = 'banksia') WHERE id = $1", s.Request(t, "several-open").PersonID)
	s.Sync(t, s.steps, "several-open")
	require.Equal(t, "4000012345", s.providerOf(t, "several-open"))
	name := func(providers ...string) {
		s.rewrite(t, func(path, body string) string {
			if path != "/budget/v1/care-recipient" {
				return body
			}
			parts := strings.Split(body, `"serviceProviderId":"4000012345"`)
			for i := range parts[1:] {
				parts[i] += `"serviceProviderId":"` + providers[i%len(providers)] + `"`
			}
			return strings.Join(parts, "")
		})
	}
	name("4000099901") // an earlier provider of theirs
	s.Sync(t, s.steps, "several-open")
	require.Equal(t, "4000012345", s.providerOf(t, "several-open"))
	name("4000012345", "4000012346")
	s.Sync(t, s.steps, "several-open")
	require.Equal(t, "4000012345", s.providerOf(t, "several-open"), "both are possible: the one that is known stays")
	name("4000012346")
	s.Sync(t, s.steps, "several-open")
	require.Equal(t, "4000012345", s.providerOf(t, "several-open"), "what someone has chosen stands")
}

// A person under two service provider ids of ours is read as the one that we know them by (R11).
func TestPersonOfTwoProvidersIsReadAsTheKnownOne(t *testing.T) {
	s := newSite(t, world.Options{})
	s.Sync(t, s.steps, "two-providers")
	require.Equal(t, []string{"ON 4000012345"}, testkit.Column[string](t, s.sql, "SELECT type_code || ' ' || service_provider_id FROM budget"))
	s.sql.Exec(t, "UPDATE person SET connection_id = (SELECT id FROM connection WHERE name = 'banksia-north') WHERE id = $1", s.Request(t, "two-providers").PersonID)
	s.sql.ForgetSyncs(t)
	s.Sync(t, s.steps, "two-providers")
	require.Equal(t, []string{"AT 4000012346"}, testkit.Column[string](t, s.sql, "SELECT type_code || ' ' || service_provider_id FROM budget"))
}

package activities_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/activities"
	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/simulator/server"
	"github.com/caresync/caresync/simulator/world"
	"github.com/caresync/caresync/testkit"
	"github.com/caresync/caresync/upstream/proda"
	"github.com/caresync/caresync/upstream/servicesaustralia"
	"github.com/caresync/caresync/upstream/transport"
)

// withoutField is an answer that is a list, without a field of its first row.
func withoutField(t *testing.T, body, field string) string {
	t.Helper()
	var rows []map[string]json.RawMessage
	require.NoError(t, json.Unmarshal([]byte(body), &rows))
	delete(rows[0], field)
	changed, err := json.Marshal(rows)
	require.NoError(t, err)
	return string(changed)
}

// R6: a record that nothing identifies is left out and named; the others of its list are saved, and none is removed.
func TestARecordThatNothingIdentifiesIsLeftOut(t *testing.T) {
	for _, test := range []struct {
		path, field string
		area        care.Area
	}{
		{"/budget/v1/care-recipient", "budgetId", care.AreaBudgets},
		{"/individual-contribution/", "contributionCategory", care.AreaContributions},
	} {
		t.Run(test.field, func(t *testing.T) {
			s := newSite(t, people(marjorie))
			require.Equal(t, care.RunSucceeded, s.Sync(t, s.steps, "marjorie").Outcome)
			before := s.sql.Plans(t)
			s.rewrite(t, func(path, body string) string {
				if strings.HasPrefix(path, test.path) {
					return withoutField(t, body, test.field)
				}
				return body
			})
			result := s.Sync(t, s.steps, "marjorie")
			require.Equal(t, care.RunSucceededWithWarnings, result.Outcome)
			require.Equal(t, before, s.sql.Plans(t), "nothing is removed, nothing is there twice")
			require.Contains(t, s.issues(t, result.RunID), issue{string(test.area), "warning", "record_left_out", ""})
			about := testkit.Value[string](t, s.sql, "SELECT about -> 'record' ->> 'position' FROM sync_issue WHERE run_id = $1 AND code = 'record_left_out'", result.RunID)
			require.Equal(t, "1", about)
		})
	}
}

// R3: a sum to which an amount was not provided says so.
func TestSumsWithoutAnAmountAreIncomplete(t *testing.T) {
	s := newPaceSite(t)
	for key, incomplete := range map[string]bool{"absent-amounts": true, "fresh-plan": false} {
		s.create(t, key)
		flags := testkit.Column[[]bool](t, s.sql, `SELECT ARRAY[c.funding_incomplete, c.allocation_incomplete] FROM service_contract c
			WHERE c.person_id = $1`, s.RequestFor(t, key).PersonID)
		require.Equal(t, [][]bool{{incomplete, incomplete}}, flags, key)
	}
}

// paged are the steps of a bulk run whose lists of providers come in pages of a given size.
func (s *site) paged(t *testing.T, rows int) *activities.Bulk {
	t.Helper()
	calls := transport.NewClient(transport.Options{})
	t.Cleanup(calls.CloseIdle)
	tokens := proda.NewTokens(proda.NewClient(calls, proda.Options{}), s.Store.ProdaTokens(), s.Store.DeviceKeys())
	services := servicesaustralia.NewClient(calls, tokens, servicesaustralia.Options{PageSize: rows})
	return activities.NewBulk(s.Store, activities.NewCareRecipient(s.Store, services, s.Store.NewBulkAllowances()), nil)
}

// shifted puts a proxy before the provider's list that leaves someone out who moved to a page that had been read, and says how often their
// own summary was asked for.
func (s *site) shifted(t *testing.T, careRecipientID string) (asked *int) {
	t.Helper()
	upstream, err := url.Parse(s.URL)
	require.NoError(t, err)
	asked = new(int)
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(upstream) }}
	served := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query()
		if strings.Contains(r.URL.Path, "/care-recipient-summary/") && query.Get("careRecipientId") == careRecipientID {
			*asked++
		}
		if !strings.Contains(r.URL.Path, "/care-recipient-summary/") || query.Get("serviceProviderId") == "" {
			proxy.ServeHTTP(w, r)
			return
		}
		page, err := strconv.Atoi(query.Get("page"))
		require.NoError(t, err)
		limit, err := strconv.Atoi(query.Get("limit"))
		require.NoError(t, err)
		query.Set("page", "1")
		query.Set("limit", "10000")
		r.URL.RawQuery = query.Encode()
		whole := httptest.NewRecorder()
		proxy.ServeHTTP(whole, r)
		var rows []map[string]any
		require.NoError(t, json.Unmarshal(whole.Body.Bytes(), &rows))
		rows = slices.DeleteFunc(rows, func(row map[string]any) bool { return row["careRecipientId"] == careRecipientID })
		from := min((page-1)*limit, len(rows))
		require.NoError(t, json.NewEncoder(w).Encode(rows[from:min(from+limit, len(rows))]))
	}))
	t.Cleanup(served.Close)
	s.sql.Exec(t, "UPDATE connection SET base_url = $1", served.URL+server.ServicesAustraliaPath)
	return asked
}

// R5: a person missing from a list of several pages is absent only if they are missing from their own summary as well.
func TestSomeoneWhoMovedBetweenTwoPagesIsNotAbsent(t *testing.T) {
	for name, test := range map[string]struct {
		pageSize, asked, absent int
		leaves                  bool
	}{
		"moved between two pages": {pageSize: 2, asked: 1, absent: 0},
		"gone":                    {pageSize: 2, asked: 1, absent: 1, leaves: true},
		"not on the only page":    {pageSize: 1000, asked: 0, absent: 1},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, world.Options{People: 6, Seed: 11, Organisations: world.SingleProvider()})
			var keys []string
			for _, person := range s.World.World.People(world.Holder{}) {
				if result := s.Sync(t, s.steps, person.Key); result.Outcome != care.RunFailed {
					keys = append(keys, person.Key)
				}
			}
			inCare := testkit.Column[string](t, s.sql, "SELECT care_recipient_id FROM person WHERE verified_at IS NOT NULL AND not_in_care_since IS NULL ORDER BY id")
			require.Greater(t, len(inCare), 2)
			asked := s.shifted(t, inCare[0])
			if test.leaves {
				for _, person := range s.World.World.People(world.Holder{}) {
					if person.CareRecipientID == inCare[0] {
						s.move(t, person.Key, world.Move{Name: world.Leave})
					}
				}
			}
			request := s.Request(t, keys[0])
			bulk := db.Bulk{ID: db.NewID(), OrganisationID: request.OrganisationID, RequestedBy: "a test", Request: care.BulkRequest{BulkOptions: care.BulkOptions{Kind: care.RunCareRecipient}}}
			require.NoError(t, s.Store.RecordBulk(t.Context(), bulk))
			_, err := s.paged(t, test.pageSize).PlanFromLists(t.Context(), protocol.BulkPart{BulkID: bulk.ID, OrganisationID: bulk.OrganisationID, Options: bulk.Request.BulkOptions})
			require.NoError(t, err)
			require.Equal(t, test.asked, *asked)
			require.Equal(t, test.absent, testkit.Value[int](t, s.sql, "SELECT absent FROM bulk_run WHERE id = $1", bulk.ID))
			require.Equal(t, test.absent, testkit.Value[int](t, s.sql, "SELECT count(*)::int FROM person WHERE care_recipient_id = $1 AND not_in_care_since IS NOT NULL", inCare[0]))
		})
	}
}

package api_test

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/starter/api"
	"github.com/caresync/caresync/starter/api/views"
	"github.com/caresync/caresync/starter/temporaltest"
)

const bulkRuns = "/v1/bulk-runs"

func (s *service) startBulk(body string) views.BulkView {
	s.t.Helper()
	answer := s.post(bulkRuns, body)
	require.Equal(s.t, http.StatusAccepted, answer.status, "%s", answer.body)
	var started api.StartedBulk
	answer.decode(s.t, &started)
	require.Equal(s.t, bulkRuns+"/"+string(started.BulkRun.ID), answer.header.Get("Location"))
	return started.BulkRun
}

// plan does what the workflow does first.
func (s *service) plan(bulk care.ID) {
	s.t.Helper()
	request, err := s.store.BulkRequest(s.t.Context(), s.organisation.ID, bulk)
	require.NoError(s.t, err)
	planned := db.Bulk{ID: bulk, OrganisationID: s.organisation.ID, Request: request}
	_, _, err = s.store.PlanBulk(s.t.Context(), planned, db.BulkSize{PerBatch: 500, PerChunk: 50}, nil, time.Now())
	require.NoError(s.t, err)
}

func (s *service) finishBulk(bulk care.ID, outcome care.ItemOutcome, reason care.Reason) {
	s.t.Helper()
	require.NoError(s.t, s.store.SettleItems(s.t.Context(), s.organisation.ID, bulk, nil, outcome, reason))
	_, _, err := s.store.FinishBulk(s.t.Context(), s.organisation.ID, bulk, "")
	require.NoError(s.t, err)
}

func TestABulkRunFromStartToReport(t *testing.T) {
	t.Parallel()
	s := newService(t, 0)
	bulk := s.startBulk(`{"people":["` + careRecipientID + `"],"only":"budgets","failure_threshold":10}`)
	require.Equal(t, read.BulkQueued, bulk.State)
	require.Equal(t, "api: tests", bulk.RequestedBy)
	path := bulkRuns + "/" + string(bulk.ID)
	s.plan(bulk.ID)
	s.get(path).decode(t, &bulk)
	require.Equal(t, care.BulkCounts{Selected: 1}, bulk.Counts)
	require.Equal(t, http.StatusConflict, s.post(path+"/retry", "").status, "it is under way")
	s.finishBulk(bulk.ID, care.RunFailed, care.ReasonNotFound)

	var people struct {
		People []views.BulkItem
		Next   *care.ID
	}
	s.get(path+"/items?outcome=unsuccessful").decode(t, &people)
	require.Len(t, people.People, 1)
	require.Equal(t, s.client, people.People[0].Person.ID)
	require.Contains(t, people.People[0].Explanation, "does not know this care recipient id")
	s.get(path+"/items?outcome=succeeded").decode(t, &people)
	require.Empty(t, people.People)

	report := s.get(path + "/report?format=csv")
	require.Equal(t, "text/csv; charset=utf-8; header=present", report.header.Get("Content-Type"))
	rows, err := csv.NewReader(strings.NewReader(string(report.body))).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, 2)
	require.Contains(t, rows[1], careRecipientID)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.address+path+"/report", nil)
	require.NoError(t, err)
	request.Header.Set("Authorization", "Bearer "+s.token)
	request.Header.Set("Accept", "text/csv, */*;q=0.1")
	require.Equal(t, report.body, s.send(request, path).body)
	var document struct {
		BulkRun views.BulkView `json:"bulk_run"`
		People  []views.BulkItem
	}
	s.get(path+"/report").decode(t, &document)
	require.Equal(t, 1, document.BulkRun.Counts.Failed)
	require.Len(t, document.People, 1)

	var retried api.StartedBulk
	s.post(path+"/retry", "").decode(t, &retried)
	require.Equal(t, bulk.ID, retried.BulkRun.Options.RetryOf)
	var list struct {
		BulkRuns []views.BulkSummary `json:"bulk_runs"`
		Next     *care.ID
	}
	s.get(bulkRuns+"?limit=1").decode(t, &list)
	require.Equal(t, retried.BulkRun.ID, list.BulkRuns[0].ID)
	s.get(bulkRuns+"?limit=1&before="+string(*list.Next)).decode(t, &list)
	require.Equal(t, bulk.ID, list.BulkRuns[0].ID)
	s.get(bulkRuns+"?outcome=failed").decode(t, &list)
	require.Len(t, list.BulkRuns, 1)
}

func TestTheSameRequestStartsOneBulkRun(t *testing.T) {
	t.Parallel()
	s := newService(t, 0)
	body := `{"id":"` + strings.ToUpper(string(db.NewID())) + `","in_care":true}`
	first := s.startBulk(body)
	var again api.StartedBulk
	s.post(bulkRuns, body).decode(t, &again)
	require.True(t, again.Known)
	require.Equal(t, first.ID, again.BulkRun.ID)
	require.Equal(t, http.StatusConflict, s.post(bulkRuns, strings.Replace(body, "true", "false", 1)).status)
}

func TestCommandsOfABulkRun(t *testing.T) {
	t.Parallel()
	s := newService(t, 0)
	bulk := s.startBulk(`{}`)
	path := bulkRuns + "/" + string(bulk.ID)
	var sent []string
	s.temporal.OnUpdate = func(update temporaltest.Update) (any, error) {
		sent = append(sent, update.Name)
		return protocol.BulkProgress{}, nil
	}
	for _, command := range []string{"pause", "resume"} {
		require.Equal(t, http.StatusOK, s.post(path+"/"+command, "").status)
	}
	require.Equal(t, http.StatusOK, s.post(path+"/window", `{"window":7}`).status)
	require.Equal(t, []string{"pause", "resume", "set-window"}, sent)
	require.Equal(t, http.StatusAccepted, s.post(path+"/cancel", "").status)
	require.True(t, s.temporal.Workflow(protocol.BulkSyncID(bulk.ID)).Cancelled)

	s.finishBulk(bulk.ID, care.ItemSkipped, care.ReasonCancelled)
	for _, command := range []string{"pause", "resume", "cancel"} {
		answer := s.post(path+"/"+command, "")
		require.Equal(t, http.StatusConflict, answer.status)
		require.Contains(t, string(answer.body), "finished")
	}
}

func TestBadBulkRequestsAreProblems(t *testing.T) {
	t.Parallel()
	s := newService(t, 0)
	bulk := bulkRuns + "/" + string(s.startBulk(`{}`).ID)
	for name, test := range map[string]struct {
		path, body, says string
		status           int
	}{
		"no body":               {bulkRuns, "", "", http.StatusBadRequest},
		"unknown field":         {bulkRuns, `{"everyone":true}`, "", http.StatusUnprocessableEntity},
		"unknown kind":          {bulkRuns, `{"kind":"medicare"}`, "", http.StatusUnprocessableEntity},
		"unknown provider":      {bulkRuns, `{"service_provider_id":"4000099999"}`, "service provider id", http.StatusUnprocessableEntity},
		"an empty list":         {bulkRuns, `{"people":[]}`, "", http.StatusUnprocessableEntity},
		"unknown people":        {bulkRuns, `{"people":["` + careRecipientID + `","77"]}`, "body.people[1]", http.StatusUnprocessableEntity},
		"a time that is none":   {bulkRuns, `{"not_synced_for":"yesterday"}`, "not_synced_for", http.StatusUnprocessableEntity},
		"a window out of range": {bulkRuns, `{"window":21}`, "", http.StatusUnprocessableEntity},
		"a threshold over 100":  {bulkRuns, `{"failure_threshold":101}`, "", http.StatusUnprocessableEntity},
		"delta of a selection":  {bulkRuns, `{"delta":true,"in_care":true}`, "delta", http.StatusUnprocessableEntity},
		"window 0":              {bulk + "/window", `{"window":0}`, "", http.StatusUnprocessableEntity},
		"window 21":             {bulk + "/window", `{"window":21}`, "", http.StatusUnprocessableEntity},
		"an unknown bulk run":   {bulkRuns + "/" + unknownID + "/pause", "", "", http.StatusNotFound},
		"cancel an unknown":     {bulkRuns + "/" + unknownID + "/cancel", "", "", http.StatusNotFound},
		"retry an unknown":      {bulkRuns + "/" + unknownID + "/retry", "", "", http.StatusNotFound},
	} {
		answer := s.post(test.path, test.body)
		require.Equal(t, test.status, answer.status, "%s: %s", name, answer.body)
		require.Contains(t, string(answer.body), test.says, name)
		require.NotContains(t, string(answer.body), careRecipientID, "what was sent is not repeated (R10)")
	}
	for _, path := range []string{"", "/items", "/report", "/events"} {
		require.Equal(t, http.StatusNotFound, s.get(bulkRuns+"/"+unknownID+path).status, path)
	}
	require.Equal(t, http.StatusUnprocessableEntity, s.get(bulk+"/items?outcome=good").status)
	require.Equal(t, http.StatusUnprocessableEntity, s.get(bulk+"/report?format=pdf").status)
}

// R11: one organisation can never read or change another's.
func TestAnotherOrganisationsBulkRunIsNotFound(t *testing.T) {
	t.Parallel()
	s := newService(t, 0)
	path := bulkRuns + "/" + string(s.startBulk(`{}`).ID)
	for _, suffix := range []string{"", "/items", "/report", "/events"} {
		require.Equal(t, http.StatusNotFound, s.call(http.MethodGet, path+suffix, s.other, "", "").status, suffix)
	}
	for _, suffix := range []string{"/pause", "/resume", "/cancel", "/retry"} {
		require.Equal(t, http.StatusNotFound, s.call(http.MethodPost, path+suffix, s.other, "application/json", "").status, suffix)
	}
	require.JSONEq(t, `{"bulk_runs":[],"next":null}`, string(s.call(http.MethodGet, bulkRuns, s.other, "", "").body))
}

func TestABulkRunIsFollowedAsEvents(t *testing.T) {
	t.Parallel()
	s := newService(t, 0)
	bulk := s.startBulk(`{}`)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.address+bulkRuns+"/"+string(bulk.ID)+"/events", nil)
	require.NoError(t, err)
	request.Header.Set("Authorization", "Bearer "+s.token)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	require.Equal(t, "text/event-stream", response.Header.Get("Content-Type"))

	var events []string
	lines := bufio.NewScanner(response.Body)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if event, is := strings.CutPrefix(lines.Text(), "event: "); is {
			events = append(events, event)
		}
		if data, is := strings.CutPrefix(lines.Text(), "data: "); is {
			var at api.BulkProgress
			require.NoError(t, json.Unmarshal([]byte(data), &at))
			switch at.State {
			case read.BulkQueued:
				s.plan(bulk.ID)
			case read.BulkRunning:
				s.finishBulk(bulk.ID, care.RunSucceeded, "")
			}
		}
	}
	require.Equal(t, "finished", events[len(events)-1])
	require.GreaterOrEqual(t, len(events), 3)
}

// Nothing is started on another deployment's database, and no row says that something was; reading goes on (R37).
func TestAnotherDeploymentsDatabaseIsOnlyRead(t *testing.T) {
	t.Parallel()
	s := newService(t, 0)
	before := s.startBulk(`{}`).ID
	foreign := &db.DeploymentError{Owner: db.Deployment{Temporal: db.TemporalIdentity{NamespaceID: "namespace-of-production"}}}
	s.temporal.Err, s.temporal.Refusal = foreign, foreign
	for _, path := range []string{bulkRuns, "/v1/people/" + string(s.client) + "/syncs", bulkRuns + "/" + string(before) + "/cancel"} {
		answer := s.post(path, `{}`)
		require.Equal(t, http.StatusServiceUnavailable, answer.status, "%s: %s", path, answer.body)
		require.Contains(t, string(answer.body), `"type":"urn:caresync:problem:another_deployment"`)
		require.NotContains(t, string(answer.body), "namespace-of-production", "ids are for operators")
	}
	bulks, _, err := read.From(s.store).Bulks(t.Context(), s.organisation.ID, read.BulkFilter{Most: read.MostPerPage})
	require.NoError(t, err)
	require.Len(t, bulks, 1)
	require.Equal(t, http.StatusOK, s.get("/v1/people/"+string(s.client)).status)
}

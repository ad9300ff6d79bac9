package api_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/platform/health"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/starter/api"
	"github.com/caresync/caresync/starter/api/views"
	"github.com/caresync/caresync/starter/bulks"
	"github.com/caresync/caresync/starter/pace"
	"github.com/caresync/caresync/starter/syncs"
	"github.com/caresync/caresync/starter/temporaltest"
	"github.com/caresync/caresync/testkit"
	"github.com/caresync/caresync/upstream/check"
)

const (
	careRecipientID = "415056224"
	unknownID       = "01a1ffb8-0000-7000-8000-000000000000"
)

// service is the API of two organisations, with a person in the first.
type service struct {
	t            *testing.T
	store        *db.Store
	temporal     *temporaltest.Server
	address      string
	token, other string
	organisation care.Organisation
	client       care.ID
	logs         *observer.ObservedLogs
	stop         context.CancelFunc
	documented   validator.Validator
	checker      *checker
}

// checker answers connection tests as it is told.
type checker struct{ result check.Result }

func (c *checker) Check(context.Context, care.Connection) check.Result { return c.result }

func newService(t *testing.T, requestsPerSecond float64) *service {
	t.Helper()
	s := &service{t: t, store: testkit.Database(t), temporal: temporaltest.New(), documented: newValidator(t)}
	s.organisation, s.token = s.newOrganisation("wattle")
	_, s.other = s.newOrganisation("banksia")
	s.client = testkit.AddPeople(t, s.store, s.organisation.ID, db.PersonRecord{Identity: care.Identity{
		GivenName: "Ada", FamilyName: "Kookaburra", BirthDate: care.NewDate(1941, time.March, 9), CareRecipientID: careRecipientID}})[0]

	core, logs := observer.New(zapcore.DebugLevel)
	s.logs = logs
	stopping, stop := context.WithCancel(t.Context())
	s.stop = stop
	t.Cleanup(stop)
	s.checker = &checker{}
	following := syncs.New(s.store, s.temporal, protocol.TaskQueues{})
	server := httptest.NewServer(api.New(api.Options{
		Store: s.store, Syncs: following, Logger: zap.New(core), Stopping: stopping,
		Bulks:  bulks.New(s.store, s.temporal, protocol.TaskQueues{}),
		PACE:   pace.New(s.store, s.temporal, protocol.TaskQueues{}, following, s.checker),
		Checks: []health.Check{{Name: "database", Probe: s.store.Ping}}, RequestsPerSecond: requestsPerSecond,
		Codec: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }),
	}))
	t.Cleanup(server.Close)
	s.address = server.URL
	return s
}

func newValidator(t *testing.T) validator.Validator {
	t.Helper()
	document, err := api.Document()
	require.NoError(t, err)
	parsed, err := libopenapi.NewDocument(document)
	require.NoError(t, err)
	documented, problems := validator.NewValidator(parsed)
	require.Empty(t, problems)
	valid, found := documented.ValidateDocument()
	require.True(t, valid, "%v", found)
	return documented
}

func (s *service) newOrganisation(slug string) (care.Organisation, string) {
	s.t.Helper()
	organisation, err := s.store.CreateOrganisation(s.t.Context(), slug, slug, care.DefaultTimeZone)
	require.NoError(s.t, err)
	_, secret, err := s.store.CreateAPIToken(s.t.Context(), organisation.ID, "tests")
	require.NoError(s.t, err)
	return organisation, secret
}

// answer is what the API answered.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (a answer) decode(t *testing.T, into any) {
	t.Helper()
	require.NoError(t, json.Unmarshal(a.body, into), "%s", a.body)
}

// call makes a request and checks the answer against the document, if it is about an operation of it.
func (s *service) call(method, path, token, contentType, body string) answer {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), method, s.address+path, strings.NewReader(body))
	require.NoError(s.t, err)
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	return s.send(request, path)
}

func (s *service) send(request *http.Request, path string) answer {
	s.t.Helper()
	response, err := http.DefaultClient.Do(request)
	require.NoError(s.t, err)
	defer response.Body.Close()
	read, err := io.ReadAll(response.Body)
	require.NoError(s.t, err)
	if response.StatusCode >= 400 {
		require.Equal(s.t, "application/problem+json", response.Header.Get("Content-Type"), "%s", read)
	}
	require.Equal(s.t, "nosniff", response.Header.Get("X-Content-Type-Options"))
	if strings.HasPrefix(path, "/v1/") && response.StatusCode != http.StatusMethodNotAllowed && documentedPath(path) {
		response.Body = io.NopCloser(bytes.NewReader(read))
		valid, problems := s.documented.ValidateHttpResponse(request, response)
		require.True(s.t, valid, "%s %s: %s\n%v", request.Method, path, read, problems)
	}
	return answer{status: response.StatusCode, header: response.Header, body: read}
}

func documentedPath(path string) bool { return !strings.HasPrefix(path, "/v1/nothing") }

func (s *service) get(path string) answer { return s.call(http.MethodGet, path, s.token, "", "") }

func (s *service) post(path, body string) answer {
	return s.call(http.MethodPost, path, s.token, "application/json", body)
}

func (s *service) startSync() views.RunView {
	s.t.Helper()
	answer := s.post("/v1/people/"+string(s.client)+"/syncs", "{}")
	require.Equal(s.t, http.StatusAccepted, answer.status, "%s", answer.body)
	var started api.StartedSync
	answer.decode(s.t, &started)
	return started.Run
}

func (s *service) begin(run care.ID) {
	s.t.Helper()
	require.NoError(s.t, s.store.RecordRun(s.t.Context(), db.RunStart{
		ID: run, Kind: care.RunCareRecipient, WorkflowID: protocol.CareRecipientSyncID(s.client), StartedAt: time.Now(),
		Request: care.Request{OrganisationID: s.organisation.ID, PersonID: s.client, Trigger: care.TriggerOnDemand},
	}))
}

func (s *service) finish(run care.ID, outcome care.RunOutcome) {
	s.t.Helper()
	_, err := s.store.FinishRun(s.t.Context(), s.organisation.ID, care.RunResult{
		RunID: run, Outcome: outcome, Counts: care.Counts{care.KindBudget: {Created: 2}},
		Areas: map[care.Area]care.AreaResult{care.AreaSummary: {Outcome: care.AreaSucceeded}},
	}, nil)
	require.NoError(s.t, err)
}

func TestNothingIsServedWithoutAToken(t *testing.T) {
	t.Parallel()
	s := newService(t, 0)
	for _, path := range []string{"/", "/openapi.json", "/openapi.yaml", "/v1/runs", "/v1/people", "/v1/nothing", "/docs", "/schemas/RunView.json"} {
		for _, token := range []string{"", "cs_wrong", "Basic"} {
			answer := s.call(http.MethodGet, path, token, "", "")
			require.Equal(t, http.StatusUnauthorized, answer.status, path)
			require.Contains(t, answer.header.Get("WWW-Authenticate"), "Bearer")
		}
	}
	for _, path := range []string{"/healthz", "/readyz"} {
		require.Equal(t, http.StatusOK, s.call(http.MethodGet, path, "", "", "").status)
	}
	require.Zero(t, s.logs.FilterMessage("request").FilterLevelExact(zapcore.InfoLevel).FilterField(zap.String("route", "/healthz")).Len(), "checks come every few seconds")
	response, err := http.Post(s.address+"/codec/decode", "application/json", nil)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusTeapot, response.StatusCode, "the codec endpoint has its own authentication")
}

func TestARevokedTokenIsRefused(t *testing.T) {
	t.Parallel()
	s := newService(t, 0)
	require.Equal(t, http.StatusOK, s.get("/v1/runs").status)
	tokens, err := s.store.APITokens(t.Context(), s.organisation.ID)
	require.NoError(t, err)
	_, err = s.store.RevokeAPIToken(t.Context(), s.organisation.ID, tokens[0].ID)
	require.NoError(t, err)
	require.Equal(t, http.StatusUnauthorized, s.get("/v1/runs").status)
}

func TestBadRequestsAreProblems(t *testing.T) {
	t.Parallel()
	s := newService(t, 0)
	syncsPath := "/v1/people/" + string(s.client) + "/syncs"
	for name, test := range map[string]struct {
		method, path, body string
		status             int
	}{
		"unknown resource":          {http.MethodGet, "/v1/nothing", "", http.StatusNotFound},
		"unknown method":            {http.MethodDelete, "/v1/runs", "", http.StatusMethodNotAllowed},
		"negative limit":            {http.MethodGet, "/v1/runs?limit=-1", "", http.StatusUnprocessableEntity},
		"limit too large":           {http.MethodGet, "/v1/runs?limit=201", "", http.StatusUnprocessableEntity},
		"limit that is no number":   {http.MethodGet, "/v1/runs?limit=many", "", http.StatusUnprocessableEntity},
		"unknown outcome":           {http.MethodGet, "/v1/runs?outcome=good", "", http.StatusUnprocessableEntity},
		"unknown parameter":         {http.MethodGet, "/v1/runs?organisation=banksia", "", http.StatusUnprocessableEntity},
		"run id that is none":       {http.MethodGet, "/v1/runs/latest", "", http.StatusUnprocessableEntity},
		"unknown run":               {http.MethodGet, "/v1/runs/" + unknownID, "", http.StatusNotFound},
		"events of an unknown run":  {http.MethodGet, "/v1/runs/" + unknownID + "/events", "", http.StatusNotFound},
		"cancel an unknown run":     {http.MethodPost, "/v1/runs/" + unknownID + "/cancel", "", http.StatusNotFound},
		"accept an unknown run":     {http.MethodPost, "/v1/runs/" + unknownID + "/accept", "", http.StatusNotFound},
		"unknown person":            {http.MethodGet, "/v1/people/" + unknownID, "", http.StatusNotFound},
		"plan of an unknown":        {http.MethodGet, "/v1/people/" + unknownID + "/plan", "", http.StatusNotFound},
		"sync of an unknown":        {http.MethodPost, "/v1/people/" + unknownID + "/syncs", "{}", http.StatusNotFound},
		"id with letters":           {http.MethodPost, "/v1/people/search", `{"care_recipient_id":"41505622a"}`, http.StatusUnprocessableEntity},
		"id with 11 digits":         {http.MethodPost, "/v1/people/search", `{"care_recipient_id":"41505622400"}`, http.StatusUnprocessableEntity},
		"unknown id":                {http.MethodPost, "/v1/people/search", `{"care_recipient_id":"999"}`, http.StatusNotFound},
		"a zero byte in an address": {http.MethodGet, "/v1/schedules/a%00", "", http.StatusUnprocessableEntity},
		"no UTF-8 in an address":    {http.MethodGet, "/v1/schedules/a%ff", "", http.StatusUnprocessableEntity},
		"a zero byte in a query":    {http.MethodGet, "/v1/runs?outcome=%00", "", http.StatusUnprocessableEntity},
		"a zero byte in a text":     {http.MethodPost, "/v1/claims/search", `{"claim_id":"a\u0000"}`, http.StatusUnprocessableEntity},
		"a zero byte in a list":     {http.MethodPost, "/v1/bulk-runs", `{"kind":"care-recipient","people":["a\u0000b"]}`, http.StatusUnprocessableEntity},
		"no UTF-8 in a text":        {http.MethodPost, "/v1/claims/search", "{\"claim_id\":\"a\xff\"}", http.StatusUnprocessableEntity},
		"malformed JSON":            {http.MethodPost, syncsPath, `{"all_budgets":`, http.StatusBadRequest},
		"unknown field":             {http.MethodPost, syncsPath, `{"everything":true}`, http.StatusUnprocessableEntity},
		"a wait that is too long":   {http.MethodPost, syncsPath, `{"wait":61}`, http.StatusUnprocessableEntity},
		"a negative wait":           {http.MethodPost, syncsPath, `{"wait":-1}`, http.StatusUnprocessableEntity},
		"a body of more than 1 MB":  {http.MethodPost, syncsPath, `{"all_budgets":` + strings.Repeat(" ", 1<<20) + `true}`, http.StatusRequestEntityTooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			s := *s
			s.t = t
			answer := s.call(test.method, test.path, s.token, "application/json", test.body)
			require.Equal(t, test.status, answer.status, "%s", answer.body)
			var problem struct {
				Status        int
				Title, Detail string
			}
			answer.decode(t, &problem)
			require.Equal(t, test.status, problem.Status)
			require.NotEmpty(t, problem.Title)
			require.NotEmpty(t, problem.Detail)
			require.NotContains(t, string(answer.body), "41505622", "what was sent is not repeated (R10)")
		})
	}
	require.Equal(t, "GET", s.call(http.MethodDelete, "/v1/people/"+unknownID, s.token, "", "").header.Get("Allow")[:3])
}

func TestAHugeBodyIsRefused(t *testing.T) {
	t.Parallel()
	s := newService(t, 0)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.address+"/v1/imports/people", io.LimitReader(endless{}, 100<<20))
	require.NoError(t, err)
	request.Header.Set("Authorization", "Bearer "+s.token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return // the server closed the connection while the body was still being sent
	}
	require.Equal(t, http.StatusUnprocessableEntity, response.StatusCode, "a file is read as it arrives, and only until it cannot be one")
	require.NoError(t, response.Body.Close())
}

type endless struct{}

func (endless) Read(into []byte) (int, error) { return len(into), nil }

func TestTooManyRequests(t *testing.T) {
	t.Parallel()
	s := newService(t, 0.0001)
	require.Equal(t, http.StatusOK, s.get("/v1/runs").status)
	refused := s.get("/v1/runs")
	require.Equal(t, http.StatusTooManyRequests, refused.status)
	require.NotEmpty(t, refused.header.Get("Retry-After"))
	require.Equal(t, http.StatusOK, s.call(http.MethodGet, "/v1/runs", s.other, "", "").status, "other tokens are not concerned")
}

func TestStartSyncAnswersWithARunToFollow(t *testing.T) {
	t.Parallel()
	s := newService(t, 0)
	answer := s.post("/v1/people/"+string(s.client)+"/syncs", "")
	require.Equal(t, http.StatusAccepted, answer.status, "%s", answer.body)
	var started api.StartedSync
	answer.decode(t, &started)
	require.Equal(t, read.RunQueued, started.Run.State)
	require.Equal(t, "api: tests", started.Run.RequestedBy)
	require.Equal(t, http.StatusOK, s.get(answer.header.Get("Location")).status)

	s.post("/v1/people/"+string(s.client)+"/syncs", `{"all_budgets":true}`).decode(t, &started)
	require.True(t, started.Joined)
	require.True(t, started.AnotherPass)
}

func TestStartSyncCanWaitForTheEnd(t *testing.T) {
	t.Parallel()
	s := newService(t, 0)
	s.temporal.OnStart = func(runID string) {
		s.begin(care.ID(runID))
		s.finish(care.ID(runID), care.RunSucceeded)
	}
	answer := s.post("/v1/people/"+string(s.client)+"/syncs", `{"wait":30}`)
	require.Equal(t, http.StatusOK, answer.status, "%s", answer.body)
	var started api.StartedSync
	answer.decode(t, &started)
	require.Equal(t, care.RunSucceeded, started.Run.Outcome)
	require.Equal(t, 2, started.Run.Counts[care.KindBudget].Synced)
}

func TestStoppingEndsTheWait(t *testing.T) {
	t.Parallel()
	s := newService(t, 0)
	s.stop()
	require.Equal(t, http.StatusAccepted, s.post("/v1/people/"+string(s.client)+"/syncs", `{"wait":30}`).status)
}

func TestAPersonWithoutACareRecipientIDCannotBeSynced(t *testing.T) {
	t.Parallel()
	s := newService(t, 0)
	testkit.AddPeople(t, s.store, s.organisation.ID, db.PersonRecord{
		NDISNumber: "430000001", Identity: care.Identity{FamilyName: "Albatross", BirthDate: care.NewDate(1950, time.May, 1)}})
	var page struct {
		People []views.PersonView `json:"people"`
	}
	s.get("/v1/people?limit=1").decode(t, &page)
	answer := s.post("/v1/people/"+string(page.People[0].ID)+"/syncs", "{}")
	require.Equal(t, http.StatusUnprocessableEntity, answer.status)
	require.Contains(t, string(answer.body), "no_care_recipient_id")
}

// R11: one organisation can never read or change another's.
func TestAnotherOrganisationsRecordsAreNotFound(t *testing.T) {
	t.Parallel()
	s := newService(t, 0)
	run := string(s.startSync().ID)
	person := "/v1/people/" + string(s.client)
	for _, one := range []struct{ method, path, body string }{
		{http.MethodGet, person, ""}, {http.MethodGet, person + "/plan", ""}, {http.MethodGet, person + "/plan/budgets", ""},
		{http.MethodGet, person + "/plan/contributions", ""}, {http.MethodPost, person + "/syncs", "{}"}, {http.MethodGet, "/v1/runs/" + run, ""},
		{http.MethodGet, "/v1/runs/" + run + "/events", ""}, {http.MethodPost, "/v1/runs/" + run + "/cancel", ""},
		{http.MethodPost, "/v1/runs/" + run + "/accept", ""}, {http.MethodPost, "/v1/runs/" + run + "/same-person", `{"reason":"compared"}`},
		{http.MethodPost, "/v1/people/search", `{"care_recipient_id":"` + careRecipientID + `"}`},
	} {
		answer := s.call(one.method, one.path, s.other, "application/json", one.body)
		require.Equal(t, http.StatusNotFound, answer.status, one.path)
	}
	for _, path := range []string{"/v1/runs", "/v1/people"} {
		require.NotContains(t, string(s.call(http.MethodGet, path, s.other, "", "").body), string(s.client))
	}
	require.False(t, s.temporal.Workflow(protocol.CareRecipientSyncID(s.client)).Cancelled)
}

func TestReadingAPersonAndTheirPlan(t *testing.T) {
	t.Parallel()
	s := newService(t, 0)
	s.finish(s.startSync().ID, care.RunPartial)
	person := "/v1/people/" + string(s.client)
	var found views.PersonView
	s.post("/v1/people/search", `{"care_recipient_id":"`+careRecipientID+`"}`).decode(t, &found)
	require.Equal(t, s.client, found.ID)
	for _, path := range []string{
		person, person + "/plan", person + "/plan/classifications", person + "/plan/approved-services", person + "/plan/supplements",
		person + "/plan/contributions", person + "/plan/budgets", "/v1/runs?outcome=partial&care_recipient=" + string(s.client), "/v1/people",
	} {
		answer := s.get(path)
		require.Equal(t, http.StatusOK, answer.status, "%s: %s", path, answer.body)
	}
	require.Equal(t, http.StatusNotFound, s.get(person+"/plan/budgets/"+unknownID).status)
	require.Equal(t, http.StatusNotFound, s.get(person+"/plan/contributions?as_of=2020-01-01").status)
	require.Equal(t, http.StatusUnprocessableEntity, s.get(person+"/plan/contributions?as_of=01/01/2020").status)
}

func TestCancelAndAccept(t *testing.T) {
	t.Parallel()
	s := newService(t, 0)
	run := s.startSync().ID
	require.Equal(t, http.StatusNotFound, s.post("/v1/runs/"+string(run)+"/accept", "").status, "it holds nothing back")
	require.Equal(t, http.StatusAccepted, s.post("/v1/runs/"+string(run)+"/cancel", "").status)
	require.True(t, s.temporal.Workflow(protocol.CareRecipientSyncID(s.client)).Cancelled)
	s.finish(run, care.RunCancelled)
	require.Equal(t, http.StatusConflict, s.post("/v1/runs/"+string(run)+"/cancel", "").status)
}

// R8: someone says once that a given name in doubt is the person's, and a sync that asks no more starts.
func TestConfirmingTheSamePerson(t *testing.T) {
	t.Parallel()
	s := newService(t, 0)
	run := s.startSync().ID
	path := "/v1/runs/" + string(run) + "/same-person"
	require.Equal(t, http.StatusNotFound, s.post(path, `{"reason":"compared"}`).status, "it has no doubt")
	s.doubt(run, care.FieldGivenName, care.FieldFamilyName)
	require.Equal(t, http.StatusNotFound, s.post(path, `{"reason":"compared"}`).status, "another name is no matter of someone's word")
	run = s.startSync().ID
	s.doubt(run, care.FieldGivenName)
	path = "/v1/runs/" + string(run) + "/same-person"

	require.Equal(t, http.StatusNotFound, s.call(http.MethodPost, path, s.other, "application/json", `{"reason":"compared"}`).status)
	for _, body := range []string{`{}`, `{"reason":""}`, `{"reason":" "}`, `{"reason":"` + strings.Repeat("a", 501) + `"}`} {
		require.Equal(t, http.StatusUnprocessableEntity, s.post(path, body).status, body)
	}
	answer := s.post(path, `{"reason":"compared with the approval letter"}`)
	require.Equal(t, http.StatusAccepted, answer.status, "%s", answer.body)
	var started api.StartedSync
	answer.decode(t, &started)
	require.NotEqual(t, run, started.Run.ID)
	history := string(s.get("/v1/people/" + string(s.client) + "/history").body)
	for _, said := range []string{"same-person", "api: tests", "compared with the approval letter", "Adah"} {
		require.Contains(t, history, said)
	}

	// It can be taken back, once.
	var stand struct{ Answers []views.SamePersonAnswer }
	answers := "/v1/people/" + string(s.client) + "/same-person"
	s.get(answers).decode(t, &stand)
	require.Len(t, stand.Answers, 1)
	require.Equal(t, []string{"Adah", careRecipientID, "compared with the approval letter"}, []string{stand.Answers[0].GivenName, stand.Answers[0].CareRecipientID, stand.Answers[0].SaidWhy})
	require.True(t, stand.Answers[0].Current)
	back := answers + "/" + string(stand.Answers[0].ID) + "/take-back"
	require.Equal(t, http.StatusNotFound, s.call(http.MethodGet, answers, s.other, "", "").status, "another organisation's (R11)")
	require.Equal(t, http.StatusNotFound, s.call(http.MethodPost, back, s.other, "application/json", `{"note":"a"}`).status)
	require.Equal(t, http.StatusUnprocessableEntity, s.post(back, `{"note":" "}`).status, "it says why")
	answer = s.post(back, `{"note":"it is the cousin"}`)
	require.Equal(t, http.StatusOK, answer.status, "%s", answer.body)
	require.JSONEq(t, `{"answers":[]}`, string(answer.body))
	require.Equal(t, http.StatusNotFound, s.post(back, `{"note":"it is the cousin"}`).status)
	require.Contains(t, string(s.get("/v1/people/"+string(s.client)+"/history?limit=1").body), "it is the cousin")
}

// doubt ends a run as one that could not tell whether the person is meant, since these fields differ.
func (s *service) doubt(run care.ID, fields ...string) {
	s.t.Helper()
	s.begin(run)
	step := db.Step{RunScope: care.RunScope{RunID: run, OrganisationID: s.organisation.ID, PersonID: s.client}, Area: care.AreaSummary}
	held := care.Identity{GivenName: "Ada", FamilyName: "Kookaburra", BirthDate: care.NewDate(1941, time.March, 9), CareRecipientID: careRecipientID}
	reported := held
	reported.GivenName = "Adah"
	issue := care.RefusalIssue(care.AreaSummary, care.ReasonIdentityMismatch, "").With(care.IdentityDetails{Fields: fields, Held: held, Reported: reported})
	_, err := s.store.Refuse(s.t.Context(), step, db.Read{BeganAt: time.Now()}, care.ReasonIdentityMismatch, []care.Issue{issue})
	require.NoError(s.t, err)
	s.finish(run, care.RunFailed)
	s.temporal.Change(protocol.CareRecipientSyncID(s.client), func(workflow *temporaltest.Workflow) { workflow.Running = false })
}

func TestImportsListErrorsByLine(t *testing.T) {
	t.Parallel()
	s := newService(t, 0)
	const header = "given_name,family_name,birth_date,care_recipient_id\n"
	answer := s.call(http.MethodPost, "/v1/imports/people", s.token, "text/csv", header+"Ben,Lark,1950-05-01,415056225\n")
	require.Equal(t, http.StatusOK, answer.status, "%s", answer.body)
	require.JSONEq(t, `{"created":1,"updated":0,"unchanged":0}`, string(answer.body))

	answer = s.call(http.MethodPost, "/v1/imports/people", s.token, "text/csv", header+"Cid,Crake,1950-13-01,x\nDot,Dove,1950-05-01,415056225\nEve,Egret,1950-05-01,415056225\n")
	require.Equal(t, http.StatusUnprocessableEntity, answer.status)
	require.Contains(t, string(answer.body), "line 2, birth_date")
	require.Contains(t, string(answer.body), "line 4, care_recipient_id")

	answer = s.call(http.MethodPost, "/v1/imports/people", s.token, "text/csv", header+"Ben,Lark,1950-05-01,415056229\n")
	require.Equal(t, http.StatusUnprocessableEntity, answer.status)
	require.Contains(t, string(answer.body), `"value":{"held":"415056225","given":"415056229"}`, "who imports is shown both values (R33)")

	answer = s.call(http.MethodPost, "/v1/imports/invoices", s.token, "text/csv",
		"invoice_id,item_id,care_recipient_id,service_id,delivery_date,amount\n900000123,1,415056225,SERV-0012,2026-04-03,50.00\n")
	require.Equal(t, http.StatusOK, answer.status, "%s", answer.body)
	require.JSONEq(t, `{"created":1,"updated":0,"unchanged":0,"linked":0,"unlinked":0}`, string(answer.body))
}

// R33: a number changes by an operation of its own, which the person's history names.
func TestChangingANumber(t *testing.T) {
	t.Parallel()
	s := newService(t, 0)
	path := "/v1/people/" + string(s.client)
	answer := s.post(path+"/number-changes", `{"kind":"ndis_number","number":"430000077","note":"from the plan"}`)
	require.Equal(t, http.StatusOK, answer.status, "%s", answer.body)
	require.Contains(t, string(answer.body), `"ndis_number":"430000077"`)
	answer = s.get(path + "/history?limit=1")
	require.Contains(t, string(answer.body), `"source":"change-number"`)
	require.Contains(t, string(answer.body), `"note":"from the plan"`)
	require.Equal(t, http.StatusUnprocessableEntity, s.post(path+"/number-changes", `{"kind":"ndis_number","number":"12","note":"a"}`).status)
	require.Equal(t, http.StatusUnprocessableEntity, s.post(path+"/number-changes", `{"kind":"ndis_number","number":"430000078"}`).status, "it says why")

	s.call(http.MethodPost, "/v1/imports/people", s.token, "text/csv", "given_name,family_name,birth_date,ndis_number\nBen,Lark,1950-05-01,430000079\n")
	answer = s.post(path+"/number-changes", `{"kind":"ndis_number","number":"430000079","note":"a"}`)
	require.Equal(t, http.StatusConflict, answer.status)
	require.Contains(t, string(answer.body), "number_taken")
}

// R10: nothing about a person gets into the log.
func TestTheLogHoldsNothingAboutAPerson(t *testing.T) {
	t.Parallel()
	s := newService(t, 0)
	s.post("/v1/people/search", `{"care_recipient_id":"`+careRecipientID+`"}`)
	s.get("/v1/people/" + careRecipientID)
	s.get("/v1/nothing/" + careRecipientID + "?name=Kookaburra")
	s.get("/v1/runs?before=Kookaburra")
	require.Len(t, s.logs.FilterMessage("request").All(), 4)
	for _, entry := range s.logs.All() {
		encoded, err := json.Marshal(entry.ContextMap())
		require.NoError(t, err)
		require.NotContains(t, string(encoded)+entry.Message, careRecipientID)
		require.NotContains(t, string(encoded)+entry.Message, "Kookaburra")
	}
}

func TestTheDocumentIsServed(t *testing.T) {
	t.Parallel()
	s := newService(t, 0)
	var document struct{ OpenAPI string }
	s.get("/openapi.json").decode(t, &document)
	require.Regexp(t, `^3\.1\.`, document.OpenAPI)
	whole, err := api.Document()
	require.NoError(t, err)
	require.NotContains(t, string(whole), "patternDescription", "OpenAPI has no such keyword")
	for _, part := range []string{"servers:", "license:", "url: https://www.apache.org/licenses/"} {
		require.Contains(t, string(whole), part)
	}
}

// The words beside a pattern are in no document, but in the answer to whoever does not fit it.
func TestAPatternIsExplained(t *testing.T) {
	t.Parallel()
	s := newService(t, 0)
	answer := s.get("/v1/schedules/NOT+A+NAME")
	require.Equal(t, http.StatusUnprocessableEntity, answer.status)
	require.Contains(t, string(answer.body), "a schedule's name")
}

// stream opens the events of a run.
func (s *service) stream(run care.ID, lastEventID string) *bufio.Scanner {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.address+"/v1/runs/"+string(run)+"/events", nil)
	require.NoError(s.t, err)
	request.Header.Set("Authorization", "Bearer "+s.token)
	request.Header.Set("Last-Event-ID", lastEventID)
	response, err := http.DefaultClient.Do(request)
	require.NoError(s.t, err)
	s.t.Cleanup(func() { _ = response.Body.Close() })
	require.Equal(s.t, http.StatusOK, response.StatusCode)
	require.Equal(s.t, "text/event-stream", response.Header.Get("Content-Type"))
	return bufio.NewScanner(response.Body)
}

// event is a server-sent event.
type event struct{ id, name, data string }

// next reads one event; an event without a name is the end of the stream.
func next(events *bufio.Scanner) (read event) {
	for events.Scan() {
		field, value, _ := strings.Cut(events.Text(), ": ")
		switch {
		case field == "id":
			read.id = value
		case field == "event":
			read.name = value
		case field == "data":
			read.data = value
		case field == "" && read.name != "":
			return read
		}
	}
	return event{}
}

func TestEventsShowProgressUntilTheEnd(t *testing.T) {
	t.Parallel()
	s := newService(t, 0)
	run := s.startSync().ID
	events := s.stream(run, "")
	first := next(events)
	require.Equal(t, "progress", first.name)
	require.Contains(t, first.data, `"state":"queued"`)
	s.finish(run, care.RunSucceeded)
	last := next(events)
	require.Equal(t, "finished", last.name)
	var view views.RunView
	require.NoError(t, json.Unmarshal([]byte(last.data), &view))
	require.Equal(t, care.RunSucceeded, view.Outcome)
	require.Equal(t, event{}, next(events), "the stream ends")

	require.Equal(t, event{}, next(s.stream(run, last.id)), "a stream that is taken up does not repeat what was received")
	require.Equal(t, last, next(s.stream(run, first.id)))
}

func TestStoppingEndsStreams(t *testing.T) {
	t.Parallel()
	s := newService(t, 0)
	events := s.stream(s.startSync().ID, "")
	require.Equal(t, "progress", next(events).name)
	s.stop()
	require.Equal(t, event{}, next(events))
}

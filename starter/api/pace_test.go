package api_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/starter/api"
	"github.com/caresync/caresync/starter/api/views"
	"github.com/caresync/caresync/starter/pacetest"
	"github.com/caresync/caresync/starter/temporaltest"
	"github.com/caresync/caresync/upstream/check"
)

const ndisNumber = "430000017"

// newPACEService is a service whose first organisation uses the PACE API and has a person who takes part.
func newPACEService(t *testing.T) *service {
	t.Helper()
	s := newService(t, 0)
	connection := pacetest.Connection(t, s.store, s.organisation, "ndia")
	_, err := s.store.EnablePACE(t.Context(), s.organisation.ID, connection.ID, 0, "tests")
	require.NoError(t, err)
	s.client = pacetest.Participant(t, s.store, s.organisation, ndisNumber)
	return s
}

// answers lets each retrieve stage a preview, and gives each create to the function.
func (s *service) answers(create func(protocol.CreateRequest, care.ID) (protocol.CreateAnswer, error)) {
	reads := 0
	s.temporal.OnUpdate = func(update temporaltest.Update) (any, error) {
		run := care.ID(update.RunID)
		if update.Name == protocol.Create.Name {
			return create(update.Argument.(protocol.CreateRequest), run)
		}
		reads++
		pacetest.Begin(s.t, s.store, s.organisation, s.client, run)
		preview := pacetest.Stage(s.t, s.store, s.organisation, s.client, run, reads, care.HeldContracts{},
			pacetest.Read(pacetest.Budget("Transport", "0", "0"), pacetest.Budget("Consumables", "78000", "22.50")))
		return protocol.RetrieveAnswer{RunID: run, PreviewID: preview.ID, Outcome: care.AreaSucceeded}, nil
	}
}

func (s *service) retrievals() string { return "/v1/people/" + string(s.client) + "/pace-previews" }

func (s *service) retrieve(body string) (answer, api.PreviewResultView) {
	s.t.Helper()
	answered := s.post(s.retrievals(), body)
	var retrieved api.PreviewResultView
	answered.decode(s.t, &retrieved)
	return answered, retrieved
}

func TestAPlanIsRetrievedAndCreated(t *testing.T) { // R22
	t.Parallel()
	s := newPACEService(t)
	contract := db.NewID()
	var sent protocol.CreateRequest
	s.answers(func(request protocol.CreateRequest, run care.ID) (protocol.CreateAnswer, error) {
		sent = request
		return protocol.CreateAnswer{RunID: run, ContractID: contract, Outcome: care.AreaSucceeded}, nil
	})
	answered, retrieved := s.retrieve(`{"wait":30}`)
	require.Equal(t, http.StatusOK, answered.status, "%s", answered.body)
	require.Equal(t, "/v1/pace-previews/"+string(retrieved.Preview.ID), answered.header.Get("Location"))
	preview := retrieved.Preview.Contents
	require.Equal(t, []string{"Consumables", "Transport"}, []string{preview.Budgets[0].Category, preview.Budgets[1].Category}, "money first")
	require.Equal(t, "Will be created. An adjustment record of 22.50 (NDIA refer to PACE) will be created.", preview.Budgets[0].WillHappen)
	require.Contains(t, string(answered.body), `"approved":"78000.00"`)

	shown := s.get(answered.header.Get("Location"))
	require.Equal(t, http.StatusOK, shown.status)
	body, err := json.Marshal(map[string]any{"hash": preview.Hash, "selection": []care.ID{preview.Budgets[0].ID}, "accept_overlaps": true})
	require.NoError(t, err)
	created := s.post(answered.header.Get("Location")+"/create", string(body))
	require.Equal(t, http.StatusCreated, created.status, "%s", created.body)
	require.Equal(t, "/v1/contracts/"+string(contract), created.header.Get("Location"))
	require.Equal(t, care.CreateRequest{
		PreviewID: retrieved.Preview.ID, Hash: preview.Hash, Selection: []care.ID{preview.Budgets[0].ID}, AcceptOverlaps: true,
	}, sent.CreateRequest)
	require.Equal(t, "api: tests", sent.RequestedBy)
}

func TestARetrievalThatTakesLongIsToBeFollowed(t *testing.T) {
	t.Parallel()
	s := newPACEService(t)
	going, answered := make(chan struct{}), make(chan struct{})
	s.temporal.OnUpdate = func(update temporaltest.Update) (any, error) {
		defer close(answered)
		<-going
		return protocol.RetrieveAnswer{RunID: care.ID(update.RunID), Outcome: care.AreaRefused, Reason: care.ReasonNotFound}, nil
	}
	accepted, retrieved := s.retrieve("")
	require.Equal(t, http.StatusAccepted, accepted.status, "%s", accepted.body)
	require.Equal(t, care.RunPACEContract, retrieved.Run.Kind)
	require.Nil(t, retrieved.Preview)
	require.Equal(t, http.StatusOK, s.get(accepted.header.Get("Location")).status, "the run can be read")
	close(going)
	<-answered // it went on without its caller
}

func TestARefusalIsNoHTTPError(t *testing.T) {
	t.Parallel()
	s := newPACEService(t)
	s.temporal.OnUpdate = func(update temporaltest.Update) (any, error) {
		return protocol.RetrieveAnswer{RunID: care.ID(update.RunID), Outcome: care.AreaRefused, Reason: care.ReasonNotFound}, nil
	}
	answered, retrieved := s.retrieve(`{"wait":30}`)
	require.Equal(t, http.StatusOK, answered.status)
	require.Equal(t, care.AreaRefused, retrieved.Outcome)
	require.Contains(t, retrieved.Explanation, "endorsed")
}

func TestCreateAll(t *testing.T) { // R22
	t.Parallel()
	s := newPACEService(t)
	contract := db.NewID()
	s.answers(func(request protocol.CreateRequest, run care.ID) (protocol.CreateAnswer, error) {
		require.Len(t, request.Selection, 2)
		require.True(t, request.AcceptRemovals)
		return protocol.CreateAnswer{RunID: run, ContractID: contract, Outcome: care.AreaSucceeded}, nil
	})
	answered, retrieved := s.retrieve(`{"wait":30,"create_all":true,"accept_removals":true,"plan_start_date":"2026-02-01"}`)
	require.Equal(t, http.StatusCreated, answered.status, "%s", answered.body)
	require.Equal(t, "/v1/contracts/"+string(contract), answered.header.Get("Location"))
	require.Equal(t, contract, *retrieved.Created.ContractID)
}

func TestCreatesThatAreNotAdmitted(t *testing.T) { // R22, R24
	t.Parallel()
	for reason, status := range map[care.Reason]int{
		care.ReasonSelectionEmpty: http.StatusUnprocessableEntity, care.ReasonSelectionUnknown: http.StatusUnprocessableEntity,
		care.ReasonOverlapUnconfirmed: http.StatusConflict, care.ReasonPreviewExpired: http.StatusConflict, care.ReasonPreviewReplaced: http.StatusConflict,
	} {
		t.Run(string(reason), func(t *testing.T) {
			t.Parallel()
			s := newPACEService(t)
			s.answers(func(protocol.CreateRequest, care.ID) (protocol.CreateAnswer, error) {
				return protocol.CreateAnswer{}, temporal.NewNonRetryableApplicationError("rejected", protocol.ErrorNotAdmitted, nil, reason)
			})
			_, retrieved := s.retrieve(`{"wait":30}`)
			refused := s.post("/v1/pace-previews/"+string(retrieved.Preview.ID)+"/create", `{"hash":"`+retrieved.Preview.Contents.Hash+`","selection":[]}`)
			require.Equal(t, status, refused.status, "%s", refused.body)
			require.Contains(t, string(refused.body), "urn:caresync:problem:"+string(reason))
		})
	}
}

func TestACreateThatFindsSomethingElseShowsTheNextPreview(t *testing.T) { // R22
	t.Parallel()
	s := newPACEService(t)
	s.answers(func(_ protocol.CreateRequest, run care.ID) (protocol.CreateAnswer, error) {
		spent := "30.00"
		next := pacetest.Stage(t, s.store, s.organisation, s.client, run, 7, care.HeldContracts{}, pacetest.Read(pacetest.Budget("Consumables", "78000", spent)),
			care.NamedChange{Subject: "Consumables", Change: care.Change{Action: care.ActionUpdated, Field: "spent", New: &spent}})
		return protocol.CreateAnswer{RunID: run, Outcome: care.AreaRefused, Reason: care.ReasonPreviewDiffers, NextPreviewID: next.ID}, nil
	})
	_, retrieved := s.retrieve(`{"wait":30}`)
	differs := s.post("/v1/pace-previews/"+string(retrieved.Preview.ID)+"/create", `{"hash":"x","selection":[]}`)
	require.Equal(t, http.StatusOK, differs.status, "%s", differs.body)
	var created api.CreatedView
	differs.decode(t, &created)
	require.Equal(t, "Consumables: spent changed from not provided to 30.00.", created.Next.Contents.Differences[0].Words)
	require.Equal(t, "/v1/pace-previews/"+string(created.Next.ID), differs.header.Get("Location"))
}

func TestRefreshesAndReviews(t *testing.T) { // R31
	t.Parallel()
	s := newPACEService(t)
	answered := s.post("/v1/people/"+string(s.client)+"/pace-refreshes", "")
	require.Equal(t, http.StatusAccepted, answered.status, "%s", answered.body)
	require.True(t, s.temporal.Workflow(protocol.PaceContractSyncID(s.client)).Input.(protocol.PaceContractSyncInput).Refresh)
	require.JSONEq(t, `{"reviews":[]}`, string(s.get("/v1/pace-reviews?person="+string(s.client)).body))
	require.JSONEq(t, `{"contracts":[]}`, string(s.get("/v1/people/"+string(s.client)+"/contracts").body))
}

func TestSettingsOfAnOrganisation(t *testing.T) {
	t.Parallel()
	s := newPACEService(t)
	change := func(body string) answer {
		return s.call(http.MethodPut, "/v1/pace-settings", s.token, "application/json", body)
	}
	require.Contains(t, string(change(`{"enabled":false}`).body), `"enabled":false`)
	s.checker.result = check.Result{Err: errors.New("no"), Steps: []check.Step{{Name: "Log in at PRODA", Says: "The device is locked.", Words: "Device is locked"}}}
	refused := change(`{"enabled":true}`)
	require.Equal(t, http.StatusUnprocessableEntity, refused.status)
	require.Contains(t, string(refused.body), "The device is locked. Device is locked")
	s.checker.result = check.Result{}
	require.Equal(t, http.StatusUnprocessableEntity, change(`{"enabled":true,"connection":"another"}`).status)
	enabled := change(`{"enabled":true,"budget_calls_per_hour":500}`)
	require.Equal(t, http.StatusOK, enabled.status, "%s", enabled.body)
	var settings views.PACESettings
	s.get("/v1/pace-settings").decode(t, &settings)
	require.True(t, settings.Enabled)
	require.Equal(t, 500, settings.BudgetCallsPerHour)
	require.Equal(t, "api: tests", settings.ChangedBy)
}

func TestBoxesOfAClient(t *testing.T) { // PACE guide, step 2, R21
	t.Parallel()
	s := newPACEService(t)
	path := "/v1/people/" + string(s.client) + "/pace"
	change := func(body string) answer { return s.call(http.MethodPatch, path, s.token, "application/json", body) }
	var view views.ParticipantView
	s.get(path).decode(t, &view)
	require.True(t, view.Available)
	change(`{"pace_participant":false}`).decode(t, &view)
	require.False(t, view.PACEAPIAccess)
	require.Equal(t, care.ReasonNotPACEParticipant, view.Refusal)
	require.NotEmpty(t, view.Explanation)
	refused := change(`{"pace_api_access":true}`)
	require.Equal(t, http.StatusUnprocessableEntity, refused.status)
	require.Contains(t, string(refused.body), "NDIS PACE Participant")
	require.Equal(t, http.StatusOK, s.post(path+"/resume", "").status)

	var found views.PersonView
	s.post("/v1/people/search", `{"ndis_number":"`+ndisNumber+`"}`).decode(t, &found)
	require.Equal(t, s.client, found.ID)
	require.Equal(t, http.StatusUnprocessableEntity, s.post("/v1/people/search", `{"ndis_number":"123456789"}`).status)
}

// R11: one organisation can never read or change another's.
func TestIDsMayBeWrittenInSeveralWays(t *testing.T) { // R7
	t.Parallel()
	s := newPACEService(t)
	s.answers(func(request protocol.CreateRequest, run care.ID) (protocol.CreateAnswer, error) {
		require.Len(t, request.Selection, 1)
		require.Equal(t, strings.ToLower(string(request.Selection[0])), string(request.Selection[0]))
		return protocol.CreateAnswer{RunID: run, ContractID: db.NewID(), Outcome: care.AreaSucceeded}, nil
	})
	for _, id := range []string{strings.ToUpper(string(s.client)), "{" + string(s.client) + "}", "urn:uuid:" + string(s.client)} {
		require.Equal(t, http.StatusOK, s.get("/v1/people/"+url.PathEscape(id)+"/pace").status, id)
		var retrieved api.PreviewResultView
		s.post("/v1/people/"+url.PathEscape(id)+"/pace-previews", `{"wait":20}`).decode(t, &retrieved)
		require.Equal(t, s.client, retrieved.Preview.PersonID)
		require.False(t, s.temporal.Known(protocol.PaceContractSyncID(care.ID(id))), "for one person at most one workflow runs")
	}
	var retrieved api.PreviewResultView
	s.post("/v1/people/"+string(s.client)+"/pace-previews", `{"wait":20}`).decode(t, &retrieved)
	body := fmt.Sprintf(`{"hash":"%s","selection":["%s"]}`, retrieved.Preview.Contents.Hash, strings.ToUpper(string(retrieved.Preview.Contents.Budgets[0].ID)))
	created := s.post("/v1/pace-previews/"+strings.ToUpper(string(retrieved.Preview.ID))+"/create", body)
	require.Equal(t, http.StatusCreated, created.status, "%s", created.body)
}

func TestAnotherOrganisationsContractsAreNotFound(t *testing.T) {
	t.Parallel()
	s := newPACEService(t)
	s.answers(nil)
	_, retrieved := s.retrieve(`{"wait":30}`)
	client, retrieval := "/v1/people/"+string(s.client), "/v1/pace-previews/"+string(retrieved.Preview.ID)
	for _, one := range []struct{ method, path, body string }{
		{http.MethodGet, client + "/pace", ""}, {http.MethodPatch, client + "/pace", `{"pace_participant":false}`}, {http.MethodPost, client + "/pace/resume", ""},
		{http.MethodGet, client + "/contracts", ""}, {http.MethodPost, client + "/pace-previews", `{"wait":5}`}, {http.MethodPost, client + "/pace-refreshes", ""},
		{http.MethodGet, retrieval, ""}, {http.MethodPost, retrieval + "/create", `{"hash":"x","selection":[]}`},
		{http.MethodGet, "/v1/contracts/" + unknownID, ""}, {http.MethodGet, "/v1/contracts/" + unknownID + "/history", ""},
		{http.MethodPost, "/v1/people/search", `{"ndis_number":"` + ndisNumber + `"}`},
	} {
		answered := s.call(one.method, one.path, s.other, "application/json", one.body)
		require.Equal(t, http.StatusNotFound, answered.status, "%s %s: %s", one.method, one.path, answered.body)
	}
	require.Equal(t, db.PreviewWaiting, retrieved.Preview.State)
}

func TestImportsForPACE(t *testing.T) {
	t.Parallel()
	s := newPACEService(t)
	answered := s.call(http.MethodPost, "/v1/imports/contracts", s.token, "text/csv", "ndis_number,reference,start_date,end_date,total_funding\n"+ndisNumber+",OLD-1,2026-01-01,2026-12-31,1000.00\n")
	require.Equal(t, http.StatusOK, answered.status, "%s", answered.body)
	var contracts struct{ Contracts []views.ContractHeader }
	s.get("/v1/people/"+string(s.client)+"/contracts").decode(t, &contracts)
	require.Equal(t, "OLD-1", contracts.Contracts[0].Reference)
	contract := "/v1/contracts/" + string(contracts.Contracts[0].ID)
	require.Equal(t, http.StatusOK, s.get(contract).status)
	require.Equal(t, http.StatusOK, s.get(contract+"/history?limit=5").status)

	answered = s.call(http.MethodPost, "/v1/imports/delivered-services", s.token, "text/csv",
		"reference,ndis_number,category,delivered_on,amount,support_item_number,claim_status\nR1,"+ndisNumber+",Consumables,2026-03-01,12.50,03_040919_0103_1_1,paid\n")
	require.Equal(t, http.StatusUnprocessableEntity, answered.status, "there is no budget of that category: %s", answered.body)
	require.Contains(t, string(answered.body), "line 2")
}

// notify sends a notification as the NDIA does.
func (s *service) notify(organisation care.ID, secret, body string) answer {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.address+api.NotificationPath(organisation), strings.NewReader(body))
	require.NoError(s.t, err)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set(api.DefaultNotificationHeader, secret)
	return s.send(request, api.NotificationPath(organisation))
}

func (s *service) secret() string {
	s.t.Helper()
	answered := s.post("/v1/pace-settings/notification-secret", "")
	require.Equal(s.t, http.StatusOK, answered.status, "%s", answered.body)
	var made struct{ Secret, Path, Header string }
	answered.decode(s.t, &made)
	require.Equal(s.t, api.NotificationPath(s.organisation.ID), made.Path)
	require.Equal(s.t, api.DefaultNotificationHeader, made.Header)
	return made.Secret
}

func TestNotificationsCauseRefreshes(t *testing.T) { // R31
	t.Parallel()
	s := newPACEService(t)
	secret := s.secret()
	for body, want := range map[string]string{
		`{"event_id":"BUDGET_UPDATED","response":{"participant":"` + ndisNumber + `"}}`:                                                                     `{"received":1,"refreshing":1,"repeated":0,"unknown":0}`,
		`{"event_id":"PLAN_APPROVED","response":[{"participant":"` + ndisNumber + `"},{"participant":439999999}]}`:                                          `{"received":2,"refreshing":1,"repeated":0,"unknown":1}`,
		`{"event_id":"SOMETHING_NEW","response":{"participant":"` + ndisNumber + `","more":{"a":1}}}`:                                                       `{"received":1,"refreshing":1,"repeated":0,"unknown":0}`,
		`{"event_id":"RLTN_CREATED","response":{"participant":"` + ndisNumber + `","provider_role":"My Provider","start_date":"2026-01-01","end_date":""}}`: `{"received":1,"refreshing":1,"repeated":0,"unknown":0}`,
	} {
		answered := s.notify(s.organisation.ID, secret, body)
		require.Equal(t, http.StatusAccepted, answered.status, "%s", answered.body)
		require.JSONEq(t, want, string(answered.body), body)
	}
	workflow := s.temporal.Workflow(protocol.PaceContractSyncID(s.client))
	require.Equal(t, care.TriggerNotification, workflow.Input.(protocol.PaceContractSyncInput).Trigger)
	require.Len(t, workflow.Signals, 3, "the first started it")
}

// Order of fields and blanks make no other notification, nor does the other spelling of an event.
func TestANotificationThatComesAgainIsRecognised(t *testing.T) {
	t.Parallel()
	s := newPACEService(t)
	secret := s.secret()
	first := `{"event_id":"RLTN_END_DATE_UPDATE","response":{"participant":"` + ndisNumber + `","provider_role":"Plan Manager","start_date":"2026-01-01","end_date":"2026-01-31"}}`
	again := `{"response": [{"end_date":"2026-01-31", "start_date":"2026-01-01","provider_role":"Plan Manager","participant":"` + ndisNumber + `"}],"event_id":"RLTN_END_DATE_UPDATED"}`
	require.JSONEq(t, `{"received":1,"refreshing":0,"repeated":0,"unknown":0}`, string(s.notify(s.organisation.ID, secret, first).body), "the endorsement has ended (R30)")
	require.JSONEq(t, `{"received":1,"refreshing":0,"repeated":1,"unknown":0}`, string(s.notify(s.organisation.ID, secret, again).body))
	var view views.ParticipantView
	s.get("/v1/people/"+string(s.client)+"/pace").decode(t, &view)
	require.Equal(t, care.ReasonRelationshipHasEnded, view.Standing.StopReason)
	require.Equal(t, "Plan Manager", view.Standing.Relationships[0].ProviderRole)
}

// An open-ended endorsement must not be taken for one that ended long ago.
func TestAnEndorsementWithoutAnEndHasNotEnded(t *testing.T) { // R30
	t.Parallel()
	s := newPACEService(t)
	secret := s.secret()
	for i, end := range []string{`""`, `null`, `"0001-01-01"`, `"0000-00-00"`, `"0001-01-01T00:00:00"`} {
		body := fmt.Sprintf(`{"event_id":"RLTN_CREATED","response":{"participant":"%s","provider_role":"My Provider","start_date":"2026-01-%02d","end_date":%s}}`,
			ndisNumber, i+1, end)
		require.JSONEq(t, `{"received":1,"refreshing":1,"repeated":0,"unknown":0}`, string(s.notify(s.organisation.ID, secret, body).body), end)
		var view views.ParticipantView
		s.get("/v1/people/"+string(s.client)+"/pace").decode(t, &view)
		require.True(t, view.Standing.Relationships[0].EndDate.IsZero(), end)
		require.False(t, view.Standing.Stopped(), end)
	}
}

func TestNotificationsNeedTheSecret(t *testing.T) {
	t.Parallel()
	s := newPACEService(t)
	const body = `{"event_id":"BUDGET_UPDATED","response":{"participant":"` + ndisNumber + `"}}`
	require.Equal(t, http.StatusUnauthorized, s.notify(s.organisation.ID, "", body).status, "none is set")
	secret := s.secret()
	require.Equal(t, http.StatusUnauthorized, s.notify(s.organisation.ID, "", body).status)
	require.Equal(t, http.StatusUnauthorized, s.notify(s.organisation.ID, s.token, body).status, "an API token is none")
	require.Equal(t, http.StatusUnauthorized, s.notify(db.NewID(), secret, body).status, "another organisation's")
	require.Equal(t, http.StatusUnauthorized, s.notify("latest", secret, body).status)
	replaced := s.secret()
	require.Equal(t, http.StatusUnauthorized, s.notify(s.organisation.ID, secret, body).status, "it was replaced")
	require.Equal(t, http.StatusAccepted, s.notify(s.organisation.ID, replaced, body).status)
	require.Equal(t, http.StatusUnauthorized, s.call(http.MethodGet, "/v1/runs", replaced, "", "").status, "and it is no API token")
}

// An organisation may have its notifications signed instead: over the body, with a key that was made here.
func TestNotificationsAreSigned(t *testing.T) {
	t.Parallel()
	s := newPACEService(t)
	const body = `{"event_id":"BUDGET_UPDATED","response":{"participant":"` + ndisNumber + `"}}`
	answered := s.post("/v1/pace-settings/notification-secret?signed=true", "")
	require.Equal(t, http.StatusOK, answered.status, "%s", answered.body)
	var made struct{ Secret string }
	answered.decode(t, &made)
	require.Contains(t, string(s.get("/v1/pace-settings").body), `"notifications_signed":true`)
	signature := func(body string) string {
		signed := hmac.New(sha256.New, []byte(made.Secret))
		signed.Write([]byte(body))
		return hex.EncodeToString(signed.Sum(nil))
	}
	require.Equal(t, http.StatusUnauthorized, s.notify(s.organisation.ID, "", body).status)
	require.Equal(t, http.StatusUnauthorized, s.notify(s.organisation.ID, made.Secret, body).status, "the key is never sent")
	require.Equal(t, http.StatusUnauthorized, s.notify(s.organisation.ID, signature(body), strings.Replace(body, "BUDGET", "PLAN", 1)).status, "another body")
	huge := body + strings.Repeat(" ", 300<<10)
	require.Equal(t, http.StatusUnauthorized, s.notify(s.organisation.ID, signature(huge), huge).status)
	require.False(t, s.temporal.Known(protocol.PaceContractSyncID(s.client)))
	answered = s.notify(s.organisation.ID, signature(body), body)
	require.Equal(t, http.StatusAccepted, answered.status, "%s", answered.body)
	require.JSONEq(t, `{"received":1,"refreshing":1,"repeated":0,"unknown":0}`, string(answered.body))
}

func TestWhatIsNoNotification(t *testing.T) {
	t.Parallel()
	s := newPACEService(t)
	secret := s.secret()
	for name, body := range map[string]string{
		"no JSON":         `hello`,
		"a list":          `[]`,
		"no event":        `{"response":{"participant":"` + ndisNumber + `"}}`,
		"no response":     `{"event_id":"BUDGET_UPDATED"}`,
		"a null response": `{"event_id":"BUDGET_UPDATED","response":null}`,
		"an empty list":   `{"event_id":"BUDGET_UPDATED","response":[]}`,
		"a text":          `{"event_id":"BUDGET_UPDATED","response":"` + ndisNumber + `"}`,
		"nobody":          `{"event_id":"BUDGET_UPDATED","response":{}}`,
		"one is no one":   `{"event_id":"BUDGET_UPDATED","response":[{"participant":"` + ndisNumber + `"},{}]}`,
		"an object":       `{"event_id":"BUDGET_UPDATED","response":{"participant":{"id":1}}}`,
		"a wrong date":    `{"event_id":"RLTN_CREATED","response":{"participant":"` + ndisNumber + `","provider_role":"My Provider","start_date":"31/01/2026"}}`,
		"a long event":    `{"event_id":"` + strings.Repeat("X", 101) + `","response":{"participant":"` + ndisNumber + `"}}`,
		"a control sign":  `{"event_id":"BUDGET\u0000","response":{"participant":"` + ndisNumber + `"}}`,
		"one in a number": `{"event_id":"BUDGET_UPDATED","response":{"participant":"43\u00000200102"}}`,
		"one in a role":   `{"event_id":"RLTN_CREATED","response":{"participant":"` + ndisNumber + `","provider_role":"My\u0000Provider"}}`,
		"a long role":     `{"event_id":"RLTN_CREATED","response":{"participant":"` + ndisNumber + `","provider_role":"` + strings.Repeat("x", 101) + `"}}`,
		"a long number":   `{"event_id":"BUDGET_UPDATED","response":{"participant":"` + strings.Repeat("4", 51) + `"}}`,
	} {
		answered := s.notify(s.organisation.ID, secret, body)
		require.Equal(t, http.StatusBadRequest, answered.status, "%s: %s", name, answered.body)
		require.NotContains(t, string(answered.body), ndisNumber, "what was sent is not repeated (R10)")
	}
	huge := `{"event_id":"BUDGET_UPDATED","response":{"participant":"` + ndisNumber + `","x":"` + strings.Repeat("x", 300<<10) + `"}}`
	require.Equal(t, http.StatusRequestEntityTooLarge, s.notify(s.organisation.ID, secret, huge).status)
	require.False(t, s.temporal.Known(protocol.PaceContractSyncID(s.client)), "nothing of a body that is not right is taken over")
}

func TestNotificationsAreListed(t *testing.T) {
	t.Parallel()
	s := newPACEService(t)
	require.JSONEq(t, `{"notifications":[]}`, string(s.get("/v1/pace-notifications").body))
	_, err := s.store.NoteNotification(t.Context(), s.organisation, db.Notification{Event: "BUDGET_UPDATED", Digest: []byte("one"), NDISNumber: "430999999"}, time.Now())
	require.NoError(t, err)
	listed := string(s.get("/v1/pace-notifications").body)
	require.Contains(t, listed, `"event":"BUDGET_UPDATED"`)
	require.NotContains(t, listed, "person", "not in this organisation")
	require.Equal(t, http.StatusUnprocessableEntity, s.get("/v1/pace-notifications?limit=0").status)
}

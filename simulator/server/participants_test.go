package server_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/simulator/ndia"
	"github.com/caresync/caresync/simulator/server"
	"github.com/caresync/caresync/simulator/webhook"
	"github.com/caresync/caresync/simulator/world"
)

// ask calls the NDIA as the client's organisation.
func (c *client) ask(token, path string) (int, string) {
	c.t.Helper()
	keys := url.Values{"participant": {"430200101"}, "participant_surname": {"Brennan"}, "date_of_birth": {"1998-04-12"}}
	return c.askNDIA(http.MethodGet, token, path+"?"+keys.Encode(), "")
}

func (c *client) askNDIA(method, token, path, body string) (int, string) {
	c.t.Helper()
	request, err := http.NewRequestWithContext(c.t.Context(), method, c.connection.NDIABaseURL+path, strings.NewReader(body))
	require.NoError(c.t, err)
	for name, value := range map[string]string{
		"Authorization": "Bearer " + token, "X-IBM-Client-Id": c.connection.NDIAIBMClientID, "Accept": "application/json", "Content-Type": "application/json",
		"dhs-auditId": c.connection.RANumber, "dhs-auditIdType": "http://ns.humanservices.gov.au/audit/type/proda/organisation",
		"dhs-subjectId": c.connection.NDIADeviceName, "dhs-subjectIdType": "http://ns.humanservices.gov.au/audit/type/proda/device",
		"dhs-productId": c.connection.NDIAProductID, "dhs-messageId": "urn:uuid:" + uuid.NewString(), "dhs-correlationId": "urn:uuid:" + uuid.NewString(),
	} {
		request.Header.Set(name, value)
	}
	return c.send(request)
}

func TestTheNDIAWantsATokenOfItsOwnAudience(t *testing.T) {
	simulator := server.MustNew(options())
	c := connect(t, simulator, "banksia")
	c.activate()
	require.Equal(t, http.StatusOK, c.login())
	status, _ := c.ask(c.token, "/4.0/plans/")
	require.Equal(t, http.StatusUnauthorized, status, "a token for Services Australia")

	ndiaDevice := c.connection.NDIADeviceName
	c.connection.ServicesAustraliaAudience, c.connection.NDIADeviceName = c.connection.NDIAAudience, c.connection.DeviceName
	require.Equal(t, http.StatusOK, c.login(), "the same device, another service")
	status, body := c.ask(c.token, "/4.0/plans/")
	require.Equal(t, http.StatusOK, status, body)
	require.Contains(t, body, `"participant_plan_id":0`)
	status, _ = c.get("/care-recipient-summary/v1?careRecipientId=415056224")
	require.Equal(t, http.StatusUnauthorized, status)

	granted, err := simulator.NDIAToken("banksia")
	require.NoError(t, err)
	c.connection.NDIADeviceName = ndiaDevice
	status, _ = c.ask(granted, "/ext-int-part/5.0/pace/budget/")
	require.Equal(t, http.StatusOK, status)
	_, err = simulator.NDIAToken("nobody")
	require.ErrorContains(t, err, "nobody")
	require.Equal(t, 2, simulator.Counts()[ndia.OperationPlans].Calls)
}

func TestControlMovesParticipants(t *testing.T) {
	told := 0
	chosen := options()
	chosen.Participants = 3
	chosen.OnEvents = func([]world.Event) { told++ }
	simulator := server.MustNew(chosen)
	c := connect(t, simulator, "banksia")
	arrived := make(chan string, 10)
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		arrived <- r.Header.Get(webhook.DefaultSecretHeader)
	}))
	t.Cleanup(receiver.Close)
	simulator.NDIA.Subscribe(ndia.Subscription{RANumber: "8000000101", EventID: world.BudgetUpdated})
	for _, step := range []struct {
		method, path, body string
		status             int
		words              string
	}{
		{"GET", "/world", "", 200, `"planMoves":["change-identity",`},
		{"GET", "/connections", "", 200, `/ndia","ndiaAudience":"https://`},
		{"GET", "/participants?organisation=8000000202", "", 200, `"key":"mixed-management"`},
		{"GET", "/participants.csv?provider=banksia", "", 200, "given_name,family_name,birth_date,ndis_number\nTalia,Brennan,1998-04-12,430200101\n"},
		{"GET", "/participant/fresh-plan", "", 200, `"NDISNumber":"430200101"`},
		{"GET", "/participant/430200101", "", 200, "Brennan"},
		{"GET", "/participant/nobody", "", 404, "no such person"},
		{"PUT", "/webhooks", `{"url":"` + receiver.URL + `","secret":"shared"}`, 200, `"secret":"shared"`},
		{"PUT", "/webhooks", `[{"url":"receiver","secret":"shared"}]`, 400, "webhook"},
		{"PUT", "/webhooks", `{"url":"http://x","secret":"shared","colour":"red"}`, 400, "colour"},
		{"GET", "/webhooks", "", 200, `"secret":"shared"`},
		{"POST", "/participant/fresh-plan/spend", `{"amount":"12.30","category":"Consumables"}`, 204, ""},
		{"POST", "/participant/430200101/extend", "", 204, ""},
		{"POST", "/participant/fresh-plan/dance", "", 400, "there is no move"},
		{"POST", "/participant/nobody/spend", "", 404, "no such person"},
		{"POST", "/participant/fresh-plan/spend", `{"colour":"red"}`, 400, "colour"},
	} {
		status, body := c.control(step.method, step.path, step.body)
		require.Equal(t, step.status, status, "%s %s %s", step.method, step.path, body)
		require.Contains(t, body, step.words, "%s %s", step.method, step.path)
	}
	require.Equal(t, "shared", <-arrived)
	require.Equal(t, 2, told, "other listeners hear of it too")
	require.Eventually(t, func() bool {
		_, body := c.control("GET", "/notifications", "")
		return strings.Contains(body, `"waiting":0,"deliveries":[{"organisation":"8000000101","event":"BUDGET_UPDATED","subject":"fresh-plan"`)
	}, 2*time.Minute, 5*time.Millisecond)
	_, body := c.control("PUT", "/webhooks", "[]")
	require.JSONEq(t, `[]`, body)
	_, body = c.control("GET", "/world", "")
	var described struct{ Participants int }
	require.NoError(t, json.Unmarshal([]byte(body), &described))
	require.Len(t, simulator.World.Participants(), described.Participants)
}

func TestARestartKeepsParticipantsAndSubscriptions(t *testing.T) {
	state := filepath.Join(t.TempDir(), "state.jsonl")
	told := 0
	chosen := options()
	chosen.Participants = 2
	chosen.OnEvents = func([]world.Event) { told++ }
	first := server.MustNew(chosen, server.WithState(state))
	c := connect(t, first, "banksia")
	token, err := first.NDIAToken("banksia")
	require.NoError(t, err)
	require.NoError(t, first.World.MoveParticipant("fresh-plan", world.PlanMove{Name: world.Spend}))
	require.NoError(t, first.World.NextQuarter())
	require.Equal(t, http.StatusOK, c.subscribe(token, world.PlanApproved))
	require.Equal(t, http.StatusOK, c.subscribe(token, world.PlanApproved))
	beforehand := told

	again, err := server.New(chosen, server.WithState(state))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, again.Close()) })
	require.Equal(t, first.World.Participants(), again.World.Participants())
	require.Equal(t, beforehand, told, "no one is notified a second time")
	require.True(t, again.NDIA.Subscribed(ndia.Subscription{RANumber: "8000000101", EventID: world.PlanApproved}))

	chosen.Participants = 3
	_, err = server.New(chosen, server.WithState(state))
	require.ErrorContains(t, err, "belongs to another world")
}

func (c *client) subscribe(token, event string) int {
	c.t.Helper()
	status, _ := c.askNDIA(http.MethodPost, token, "/3.0/notifications/subscribe", `{"event_id":"`+event+`"}`)
	return status
}

package server_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/simulator/claims"
	"github.com/caresync/caresync/simulator/server"
	"github.com/caresync/caresync/simulator/webhook"
)

func TestControlOfTheClaimService(t *testing.T) {
	told := make(chan struct{}, 10)
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		told <- struct{}{}
		w.WriteHeader(http.StatusAccepted)
	}))
	defer receiver.Close()
	simulator := server.MustNew(options())
	defer func() { require.NoError(t, simulator.Close()) }()
	c := connect(t, simulator, "banksia")

	// ask calls the control API, and reads what it answers.
	ask := func(method, path, body string, into any) int {
		status, answer := c.control(method, path, body)
		if into != nil {
			require.NoError(t, json.Unmarshal([]byte(answer), into), answer)
		}
		return status
	}
	require.Equal(t, http.StatusOK, ask(http.MethodPut, "/claim-webhooks", `{"url":"`+receiver.URL+`","token":"secret"}`, nil))
	require.Equal(t, http.StatusBadRequest, ask(http.MethodPut, "/claim-webhooks", `{"url":"`+receiver.URL+`"}`, nil))
	var claim claims.Claim
	require.Equal(t, http.StatusOK, ask(http.MethodPost, "/claims", `{"strangers":["499999999"]}`, &claim))
	require.Equal(t, claims.Submitted, claim.Status)
	require.Equal(t, http.StatusOK, ask(http.MethodPost, "/claims/"+claim.ID+"/check-status", "", &claim))
	require.Equal(t, claims.Pending, claim.Status)
	require.Equal(t, http.StatusOK, ask(http.MethodPost, "/claims/"+claim.ID+"/check-status", `{"cancel":true}`, &claim))
	require.Equal(t, claims.Cancelled, claim.Status)
	require.Equal(t, http.StatusNotFound, ask(http.MethodPost, "/claims/no-such/check-status", "", nil))
	require.Equal(t, http.StatusBadRequest, ask(http.MethodPost, "/claims", `{"people":["nobody"]}`, nil))
	require.Equal(t, http.StatusBadRequest, ask(http.MethodPost, "/claims", `{"colour":"red"}`, nil))
	var list []claims.Claim
	require.Equal(t, http.StatusOK, ask(http.MethodGet, "/claims", "", &list))
	require.Len(t, list, 1)

	for range 3 {
		select {
		case <-told:
		case <-time.After(2 * time.Minute):
			t.Fatal("the webhook was not told")
		}
	}
	require.Eventually(t, func() bool {
		var events struct{ Deliveries []webhook.Delivery }
		return ask(http.MethodGet, "/claim-events", "", &events) == http.StatusOK && len(events.Deliveries) == 3
	}, 2*time.Minute, 5*time.Millisecond)
	var hooks []webhook.Webhook
	require.Equal(t, http.StatusOK, ask(http.MethodPut, "/claim-webhooks", "[]", &hooks))
	require.Empty(t, hooks)
}

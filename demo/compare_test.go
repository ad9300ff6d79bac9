package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	simulatedPerson = `{"Consent":"given","EntryRegistered":true,
		"Classifications":[{"Code":"ON_LEVEL_4","Start":"2026-05-01","End":""}],
		"Contributions":[{"Category":"CLINICAL","Percentage":"17.5","Start":"2026-05-01","End":""},
			{"Category":"PENDING","Percentage":null,"Start":"2026-05-01","End":""}],
		"Budgets":[
			{"ID":"1","ServiceProviderID":"ours","TypeCode":"ON","Start":"2026-07-01","End":"2026-09-30",
				"Usage":[{"InvoiceID":"9","ItemID":"1","ServiceID":"SERV-0001","DeliveryDate":"2026-07-02","Amount":"-78.4"}]},
			{"ID":"2","ServiceProviderID":"theirs","TypeCode":"ON","Start":"2026-07-01","End":"2026-09-30"},
			{"ID":"3","ServiceProviderID":"ours","Hidden":true,"TypeCode":"AT","Start":"2026-07-01","End":""}]}`
	heldPlan = `{"person":{"id":"p","service_provider_id":"ours","plan":{"id":"x"}},
		"classifications":[{"code":"ON_LEVEL_4","start_date":"2026-05-01","end_date":null},
			{"code":"OLD","start_date":"2026-05-01","end_date":null,"removed_at":"2026-06-01T00:00:00Z"}],
		"contributions":[{"category":"PENDING","percentage":null,"start_date":"2026-05-01"},
			{"category":"CLINICAL","percentage":"17.5000","start_date":"2026-05-01"}],
		"budgets":[{"upstream_budget_id":"1","type_code":"ON","open":true,"start_date":"2026-07-01","end_date":"2026-09-30",
			"usage":[{"upstream_invoice_id":"9","upstream_item_id":"1","service_code":"SERV-0001","delivery_date":"2026-07-02","amount":"78.40"}]}]}`
	simulatedParticipant = `{"Plans":[
		{"Start":"2025-02-01","Budgets":[{"Name":"Consumables","Type":"Flexible","Management":"Plan-managed","Approved":"1","Spent":"1"}]},
		{"Start":"2026-02-01","Budgets":[
			{"Name":"Consumables","Type":"Flexible","Management":"Plan-managed","Approved":"78000","Spent":"22.5"},
			{"Name":"Choice and Control","Type":"Stated","Management":"Plan-managed","Approved":"1517.68","Spent":"0"}]}]}`
	heldContract = `{"plan_start_date":"2026-02-01","budgets":[
		{"category":"Consumables","budget_type":"flexible","management":"plan-managed","approved":"78000.00","spent":"22.50",
			"own_claimed":"12.50","adjustment":"10.00"},
		{"category":"Choice and Control","budget_type":"stated","management":"plan-managed","approved":"1517.68","spent":"0.00","own_claimed":"0.00"},
		{"category":"Transport","budget_type":"flexible","management":"plan-managed","approved":"0.00","spent":"0.00"}]}`
)

// compared is what the comparison of a person says, whose records on both sides are given.
func compared(t *testing.T, held, reported string, numbers ...string) (said string, err error) {
	t.Helper()
	t.Chdir(t.TempDir())
	both := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := map[string]string{
			"/v1/people/search": `{"id":"p"}`, "/v1/people/p/plan": held, "/v1/people/p/pace": `{"contracts":[{"id":"old"},{"id":"c","current":true}]}`,
			"/v1/contracts/c": held, "/control/person/1": reported, "/control/participant/1": reported,
		}[r.URL.Path]
		_, _ = w.Write([]byte(answer))
	}))
	defer both.Close()
	var out strings.Builder
	plans := map[string]string{"p2": "y"}
	c := comparer{client: both.Client(), api: both.URL, simulator: both.URL, counts: map[string]int{}, plans: plans}
	err = c.compareAll(&out, numbers)
	return out.String(), err
}

func TestEqualRecordsDoNotDiffer(t *testing.T) {
	said, err := compared(t, heldPlan, simulatedPerson, "1")
	require.NoError(t, err)
	require.Equal(t, "As at Services Australia: 1 plan, 1 classification, 1 budget, 1 usage line\n", said)

	said, err = compared(t, heldContract, simulatedParticipant, ofContracts, "1")
	require.NoError(t, err)
	require.Equal(t, "As at the NDIA: 1 plan, 2 budgets, 1 adjustment record\n", said)

	said, err = compared(t, `{"person":{}}`, simulatedPerson, "1")
	require.NoError(t, err)
	require.Equal(t, "Nothing saved\n", said)
}

func TestDifferencesAreFound(t *testing.T) {
	for old, test := range map[string]struct{ change, differs string }{
		`"code":"ON_LEVEL_4"`:       {`"code":"ON_LEVEL_5"`, "classifications"},
		`"percentage":null`:         {`"percentage":"0.0000"`, "contributions"},
		`"upstream_budget_id":"1"`:  {`"upstream_budget_id":"4"`, "budgets, usage lines"},
		`"amount":"78.40"`:          {`"amount":"78.41"`, "usage lines"},
		`"upstream_item_id":"1"`:    {`"upstream_item_id":"2"`, "usage lines"},
		`"end_date":"2026-09-30"`:   {`"end_date":null`, "budgets"},
		`"contributions":[{`:        {`"supplements":[{"code":"OXY"}],"contributions":[{`, "supplements"},
		`"budgets":[{`:              {`"approved_services":[{"service_code":"SERV-1"}],"budgets":[{`, "approved services"},
		`"removed_at":"2026-06-01T`: {`"removed":"2026-06-01T`, "classifications"},
	} {
		said, err := compared(t, strings.Replace(heldPlan, old, test.change, 1), simulatedPerson, "1")
		require.ErrorContains(t, err, "1 of 1 differ", old)
		require.Equal(t, "✗ 1 differs from Services Australia: "+test.differs+"\n", said)
	}
	for _, hidden := range []string{
		strings.Replace(simulatedPerson, `"Consent":"given"`, `"Consent":"refused"`, 1),
		strings.Replace(simulatedPerson, `"EntryRegistered":true`, `"EntryRegistered":false`, 1),
	} {
		said, err := compared(t, heldPlan, hidden, "1")
		require.Error(t, err)
		require.Contains(t, said, "budgets, usage lines", "nothing of a budget is shown without consent and entry")
	}
}

func TestContractsThatDifferAreFound(t *testing.T) { // R27
	for old, test := range map[string]struct{ change, differs string }{
		`"spent":"22.50"`:               {`"spent":"22.51"`, "budgets, adjustment and own claims do not add up in Consumables"},
		`"budget_type":"stated"`:        {`"budget_type":"flexible"`, "budgets"},
		`"plan_start_date":"2026-02-01`: {`"plan_start_date":"2025-02-01`, "budgets"},
		`"own_claimed":"12.50"`:         {`"own_claimed":"12.51"`, "adjustment and own claims do not add up in Consumables"},
	} {
		said, err := compared(t, strings.Replace(heldContract, old, test.change, 1), simulatedParticipant, ofContracts, "1")
		require.Error(t, err, old)
		require.Equal(t, "✗ 1 differs from the NDIA: "+test.differs+"\n", said)
	}
}

func TestAnotherPlanIsFound(t *testing.T) { // R12
	said, err := compared(t, strings.Replace(heldPlan, `"id":"p"`, `"id":"p2"`, 1), simulatedPerson, "1")
	require.Error(t, err)
	require.Equal(t, "✗ 1 differs from Services Australia: the plan is another one\n", said)
}

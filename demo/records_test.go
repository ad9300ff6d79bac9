package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	worldsPerson = `{"Consent":"given","EntryRegistered":true,
		"Classifications":[{"Code":"ON_LEVEL_4","Start":"2026-05-01","End":""}],
		"Contributions":[{"Category":"CLINICAL","Percentage":"17.5","Start":"2026-05-01","End":""},
			{"Category":"PENDING","Percentage":null,"Start":"2026-05-01","End":""}],
		"Budgets":[
			{"ID":"1","ServiceProviderID":"ours","TypeCode":"ON","Start":"2026-07-01","End":"2026-09-30",
				"Usage":[{"InvoiceID":"9","ItemID":"1","ServiceID":"SERV-0001","DeliveryDate":"2026-07-02","Amount":"-78.4"}]},
			{"ID":"2","ServiceProviderID":"theirs","TypeCode":"ON","Start":"2026-07-01","End":"2026-09-30"},
			{"ID":"3","ServiceProviderID":"ours","Hidden":true,"TypeCode":"AT","Start":"2026-07-01","End":""}]}`
	plansPerson = `{"person":{"id":"p","plan":{"id":"x","start_date":"2026-05-01"}},
		"classifications":[{"code":"ON_LEVEL_4","start_date":"2026-05-01","end_date":null},
			{"code":"OLD","start_date":"2026-05-01","end_date":null,"removed_at":"2026-06-01T00:00:00Z"}],
		"contributions":[{"category":"PENDING","percentage":null,"start_date":"2026-05-01"},
			{"category":"CLINICAL","percentage":"17.5000","start_date":"2026-05-01"}],
		"budgets":[{"upstream_budget_id":"1","type_code":"ON","open":true,"start_date":"2026-07-01","end_date":"2026-09-30",
			"usage":[{"upstream_invoice_id":"9","upstream_item_id":"1","service_code":"SERV-0001","delivery_date":"2026-07-02","amount":"78.40"}]}]}`
)

func decoded[T any](t *testing.T, text string) (value T) {
	require.NoError(t, json.Unmarshal([]byte(text), &value))
	return value
}

func differing(t *testing.T, person, held string) []string {
	p := decoded[plan](t, held)
	return heldRecords(p).differsFrom(reportedRecords(decoded[known](t, person), "ours", p))
}

func TestEqualRecordsDoNotDiffer(t *testing.T) {
	require.Empty(t, differing(t, worldsPerson, plansPerson))
	require.Equal(t, "1 classification, 1 budget, 1 usage line", heldRecords(decoded[plan](t, plansPerson)).words())
}

func TestDifferencesAreFound(t *testing.T) {
	for old, test := range map[string]struct{ change, differs string }{
		`"code":"ON_LEVEL_4"`:       {`"code":"ON_LEVEL_5"`, classifications},
		`"percentage":null`:         {`"percentage":"0.0000"`, contributions},
		`"upstream_budget_id":"1"`:  {`"upstream_budget_id":"4"`, budgets},
		`"amount":"78.40"`:          {`"amount":"78.41"`, usageLines},
		`"upstream_item_id":"1"`:    {`"upstream_item_id":"2"`, usageLines},
		`"end_date":"2026-09-30"`:   {`"end_date":null`, budgets},
		`"contributions":[{`:        {`"supplements":[{"code":"OXY"}],"contributions":[{`, supplements},
		`"budgets":[{`:              {`"approved_services":[{"service_code":"SERV-1"}],"budgets":[{`, services},
		`"removed_at":"2026-06-01T`: {`"removed":"2026-06-01T`, classifications},
	} {
		changed := strings.Replace(plansPerson, old, test.change, 1)
		require.NotEqual(t, plansPerson, changed)
		require.Contains(t, differing(t, worldsPerson, changed), test.differs, old)
	}
}

func TestRefusedConsentAndMissingEntryHideBudgets(t *testing.T) {
	for old, change := range map[string]string{`"Consent":"given"`: `"Consent":"refused"`, `"EntryRegistered":true`: `"EntryRegistered":false`} {
		hidden := strings.Replace(worldsPerson, old, change, 1)
		require.Equal(t, []string{budgets, usageLines}, differing(t, hidden, plansPerson))
	}
}

func TestVerdictNamesWhatWasNotMet(t *testing.T) {
	var out strings.Builder
	var all verdict
	all.expect("Marjorie", "succeeded", "succeeded", "1 budget")
	require.True(t, all.show(&page{out: &out}))
	require.Contains(t, out.String(), "✓ Marjorie  succeeded  1 budget")

	out.Reset()
	all.expect("Desmond", "succeeded", "failed", "")
	require.False(t, all.show(&page{out: &out}))
	require.Contains(t, out.String(), "✗ Desmond")
	require.Contains(t, out.String(), "found: failed")
	require.Contains(t, out.String(), "1 of 2 expectations were not met.")
}

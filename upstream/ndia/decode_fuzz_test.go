package ndia

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/upstream/record"
	"github.com/caresync/caresync/upstream/record/recordtest"
)

// decoding begins to read a body as a result of the NDIA.
func decoding(body []byte) (*record.Decoder, json.RawMessage) {
	if !json.Valid(body) {
		body = []byte("null")
	}
	return newDecoder(), body
}

func soundTree(t *testing.T, tree care.BudgetTree) {
	t.Helper()
	for _, group := range tree.Groups {
		recordtest.Storable(t, string(group.BudgetType), string(group.Management), group.SupportType)
		for _, budget := range group.Budgets {
			recordtest.Storable(t, string(budget.BudgetType), string(budget.Management), budget.SupportType, budget.Category, budget.FundingComponent, budget.InstalmentType)
			require.NotEmpty(t, budget.BudgetType)
			require.NotEmpty(t, budget.Management)
			require.GreaterOrEqual(t, budget.CategoryNumber, 0)
			for _, item := range budget.StatedItems {
				recordtest.Storable(t, item.SupportItemNumber, item.SupportItemText)
			}
			for _, period := range budget.FundingPeriods {
				recordtest.Storable(t, period.FundingPeriodID)
			}
		}
	}
	require.NotPanics(t, func() { tree.Check() })
	require.LessOrEqual(t, len(tree.Dates().StartDate.String()), len("9999-12-31"))
}

func FuzzDecodeBudget(f *testing.F) {
	f.Add([]byte(`{"released_amount":32700.00,"bgt_typ_lvl_dtls":[{"budget_type":"Flexible","start_date":"2026-02-01","plan_management":[{"fund_management_type":"Plan-managed","supp_typ_lvl_dtls":[{"support_type_text":"Core","approved_amount":"78000.00","supp_cat_lvl_dtls":[{"support_category_text":"Consumables","funding_component_name":"Core Flexible (Plan-managed)","spent_amount":-0.005,"supp_itm_lvl_dtls":[{"support_item_number":1}],"funding_periods":[{"funding_period_id":"1","released":true}]}]}]}]}]}`))
	f.Add([]byte(`{"bgt_typ_lvl_dtls":[{"plan_management":[{"supp_typ_lvl_dtls":[{"supp_cat_lvl_dtls":[{"support_category_text":"a\u0000"},{"support_category_text":" "},null,[]]}]}]}]}`))
	f.Add([]byte(`{"bgt_typ_lvl_dtls":[{"budget_type":["Stated"],"plan_management":[{"supp_typ_lvl_dtls":[{"supp_cat_lvl_dtls":[{"support_category_text":14,"approved_amount":1e99,"end_date":"0000-00-00","start_date":"10000-01-01"}]}]}]}]}`))
	f.Add([]byte(`{"spent_amount":123456789012345678901234567890123456789012345678901234567890}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		d, result := decoding(body)
		row := d.Row(care.KindPlanBudget, fieldResult, result)
		tree := budgetTreeOf(row)
		if recordtest.Sound(t, d) {
			return
		}
		soundTree(t, tree)
		recordtest.Exact(t, row, "approved_amount", tree.Approved, 2)
		recordtest.Exact(t, row, "released_amount", tree.Released, 2)
		recordtest.Exact(t, row, "spent_amount", tree.Spent, 2)
		recordtest.Exact(t, row, "remaining_amount", tree.Remaining, 2)
	})
}

func FuzzDecodeHistoricalBudget(f *testing.F) {
	f.Add([]byte(`{"historical_budget":[{"start_date":"2025-02-01","bgt_typ_lvl_dtls":[{"budget_type":"Stated","plan_management":[{"management_spent_amount":"1.005","funded_supports":[{"support_category":"Choice and Control","spent_amount":1}]}]}]}]}`))
	f.Add([]byte(`{"historical_budget":[{"bgt_typ_lvl_dtls":[{"plan_management":[{"funded_supports":[{"support_category":null}]}]}]},{}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		d, result := decoding(body)
		trees := historicalTreesOf(d.Row(care.KindPlanBudget, fieldResult, result))
		if recordtest.Sound(t, d) {
			return
		}
		for _, tree := range trees {
			soundTree(t, tree)
		}
	})
}

func FuzzDecodePlans(f *testing.F) {
	f.Add([]byte(`[{"is_pace_plan":true,"participant_plan_id":0,"plan_start_date":"2026-02-01","plan_end_date":"2027-01-31","plan_first_start_date":"2024-02-01"}]`))
	f.Add([]byte(`[{"is_pace_plan":"TRUE","plan_start_date":"","plan_end_date":[1]},{"is_pace_plan":0}]`))
	f.Fuzz(func(t *testing.T, body []byte) {
		d, result := decoding(body)
		for _, one := range d.Rows(care.KindServiceContract, fieldResult, result) {
			plan := participantPlanOf(one)
			require.LessOrEqual(t, len(plan.EndDate.String()), len("9999-12-31"))
		}
		recordtest.Sound(t, d)
	})
}

func FuzzReadProblem(f *testing.F) {
	f.Add(`{"success":false,"errors":["a",{"key":"V19","value":"b"}]}`)
	f.Add(`{"success":"false","errors":{"key":7,"value":[1]}}`)
	f.Add(`{"errors":[null,[],{}]}`)
	f.Add("plain")
	f.Fuzz(func(t *testing.T, body string) {
		said := readProblem(body)
		for _, key := range said.keys {
			require.NotRegexp(t, `[0-9]{5}|\s`, key, "R10")
		}
		for _, words := range said.words {
			require.Equal(t, strings.TrimSpace(words), words)
			require.NotEmpty(t, words)
		}
	})
}

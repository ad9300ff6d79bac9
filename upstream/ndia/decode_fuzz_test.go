package ndia

import (
	"encoding/json"
	"math/big"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
)

// decodeAs reads a body as a result of the NDIA.
func decodeAs[T any](body []byte, decode func(*decoder, json.RawMessage) T) (T, *decoder) {
	d := &decoder{area: care.AreaContract}
	if !json.Valid(body) {
		body = []byte("null")
	}
	return decode(d, body), d
}

// storable requires what PostgreSQL would take.
func storable(t *testing.T, texts ...string) {
	t.Helper()
	for _, text := range texts {
		require.True(t, utf8.ValidString(text))
		require.NotContains(t, text, "\x00")
		require.LessOrEqual(t, len(text), longestText)
	}
}

// sound checks what holds for everything that a decoder says.
func sound(t *testing.T, d *decoder) {
	t.Helper()
	for _, issue := range d.issues {
		require.True(t, json.Valid(issue.Details))
		require.NotContains(t, string(issue.Details), `\u0000`)
		require.Equal(t, care.SeverityWarning, issue.Severity)
	}
	if d.refusal != nil {
		require.NotContains(t, d.refusal.reported, "\x00")
		require.LessOrEqual(t, len(d.refusal.reported), longestQuote)
	}
}

// exact requires that an amount is what its digits say, to half a cent, by arithmetic of another library.
func exact(t *testing.T, raw json.RawMessage, read decimal.NullDecimal) {
	t.Helper()
	if !read.Valid {
		return
	}
	text, _ := scalarText(raw)
	reported, ok := new(big.Rat).SetString(strings.TrimSpace(text))
	require.True(t, ok, text)
	difference := new(big.Rat).Sub(read.Decimal.Rat(), reported)
	require.LessOrEqual(t, difference.Abs(difference).Cmp(big.NewRat(5, 1000)), 0, "%s became %s", text, read.Decimal)
}

func soundTree(t *testing.T, tree care.BudgetTree) {
	t.Helper()
	for _, group := range tree.Groups {
		storable(t, string(group.BudgetType), string(group.Management), group.SupportType)
		for _, budget := range group.Budgets {
			storable(t, string(budget.BudgetType), string(budget.Management), budget.SupportType, budget.Category, budget.FundingComponent, budget.InstalmentType)
			require.NotEmpty(t, budget.BudgetType)
			require.NotEmpty(t, budget.Management)
			require.GreaterOrEqual(t, budget.CategoryNumber, 0)
			for _, item := range budget.StatedItems {
				storable(t, item.SupportItemNumber, item.SupportItemText)
			}
			for _, period := range budget.FundingPeriods {
				storable(t, period.FundingPeriodID)
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
		tree, d := decodeAs(body, func(d *decoder, raw json.RawMessage) care.BudgetTree {
			return d.row(care.KindPlanBudget, fieldResult, raw).budgetTree()
		})
		sound(t, d)
		if d.refusal != nil {
			return
		}
		soundTree(t, tree)
		var fields map[string]json.RawMessage
		require.NoError(t, json.Unmarshal(body, &fields))
		exact(t, fields["approved_amount"], tree.Approved)
		exact(t, fields["released_amount"], tree.Released)
		exact(t, fields["spent_amount"], tree.Spent)
		exact(t, fields["remaining_amount"], tree.Remaining)
	})
}

func FuzzDecodeHistoricalBudget(f *testing.F) {
	f.Add([]byte(`{"historical_budget":[{"start_date":"2025-02-01","bgt_typ_lvl_dtls":[{"budget_type":"Stated","plan_management":[{"management_spent_amount":"1.005","funded_supports":[{"support_category":"Choice and Control","spent_amount":1}]}]}]}]}`))
	f.Add([]byte(`{"historical_budget":[{"bgt_typ_lvl_dtls":[{"plan_management":[{"funded_supports":[{"support_category":null}]}]}]},{}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		trees, d := decodeAs(body, func(d *decoder, raw json.RawMessage) []care.BudgetTree {
			return d.row(care.KindPlanBudget, fieldResult, raw).historicalTrees()
		})
		sound(t, d)
		if d.refusal == nil {
			for _, tree := range trees {
				soundTree(t, tree)
			}
		}
	})
}

func FuzzDecodePlans(f *testing.F) {
	f.Add([]byte(`[{"is_pace_plan":true,"participant_plan_id":0,"plan_start_date":"2026-02-01","plan_end_date":"2027-01-31","plan_first_start_date":"2024-02-01"}]`))
	f.Add([]byte(`[{"is_pace_plan":"TRUE","plan_start_date":"","plan_end_date":[1]},{"is_pace_plan":0}]`))
	f.Fuzz(func(t *testing.T, body []byte) {
		_, d := decodeAs(body, func(d *decoder, raw json.RawMessage) (plans []care.ParticipantPlan) {
			for _, one := range d.rows(care.KindServiceContract, fieldResult, raw) {
				plans = append(plans, one.participantPlan())
			}
			for _, plan := range plans {
				require.LessOrEqual(t, len(plan.EndDate.String()), len("9999-12-31"))
			}
			return plans
		})
		sound(t, d)
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

package ndia_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/upstream/ndia"
	"github.com/caresync/caresync/upstream/transport"
	"github.com/caresync/caresync/words"
)

func amount(text string) decimal.NullDecimal {
	return decimal.NewNullDecimal(decimal.RequireFromString(text))
}

func date(text string) care.Date {
	parsed, err := care.ParseDate(text)
	if err != nil {
		panic(err)
	}
	return parsed
}

// same compares values with decimals in them, which may be equal without being the same.
func same(t *testing.T, want, got any) {
	t.Helper()
	expected, err := json.Marshal(want)
	require.NoError(t, err)
	actual, err := json.Marshal(got)
	require.NoError(t, err)
	require.JSONEq(t, string(expected), string(actual))
}

func TestEveryCallNamesTheParticipantByThreeKeysAndCarriesTheHeaders(t *testing.T) {
	const keys = "date_of_birth=1991-03-09&participant=430123456&participant_surname=O%27Neill+%26+S%C3%B6hne"
	for name, want := range map[string]string{
		"determine":  "/base/4.0/determine-participant-plan/?" + keys,
		"plans":      "/base/4.0/plans/?" + keys,
		"budget":     "/base/ext-int-part/5.0/pace/budget/?" + keys,
		"historical": "/base/ext-int-part/4.0/pace/historical/budgets?" + "date_of_birth=1991-03-09&participant=430123456&participant_surname=O%27Neill+%26+S%C3%B6hne&plan_date=2026-01-31",
		"subscribe":  "/base/3.0/notifications/subscribe",
	} {
		t.Run(name, func(t *testing.T) {
			var body []byte
			service := startService(t, func(w http.ResponseWriter, r *http.Request) {
				body, _ = io.ReadAll(r.Body)
				succeeds(`{"is_pace_plan":true}`)(w, r)
			})
			connection := connectionTo(service.URL + "/base/")
			_ = operations[name](t.Context(), loggedIn(t, connection).For(connection, correlationID, unlimited()))
			require.Len(t, service.asked, 1)
			request := service.asked[0]
			require.Equal(t, want, request.URL.String())
			for header, value := range map[string]string{
				"Authorization": "Bearer token", "X-IBM-Client-Id": "api-key", "Accept": "application/json",
				"dhs-auditId": "RA0001", "dhs-auditIdType": "http://ns.humanservices.gov.au/audit/type/proda/organisation",
				"dhs-subjectId": "caresync-1", "dhs-subjectIdType": "http://ns.humanservices.gov.au/audit/type/proda/device",
				"dhs-productId": "CareSync", "dhs-correlationId": "urn:uuid:" + string(correlationID),
			} {
				require.Equal(t, value, request.Header.Get(header), header)
			}
			require.Regexp(t, `^urn:uuid:[0-9a-f-]{36}$`, request.Header.Get("dhs-messageId"))
			if name == "subscribe" {
				require.Equal(t, http.MethodPost, request.Method)
				require.JSONEq(t, `{"event_id":"BUDGET_UPDATED"}`, string(body))
				require.Equal(t, "application/json", request.Header.Get("Content-Type"))
			}
		})
	}
}

func TestDeterminePlan(t *testing.T) {
	for _, test := range []struct {
		result string
		want   care.PlanKind
	}{
		{`{"is_pace_plan":true,"plan_first_start_date":"2024-02-01","something_new":[1]}`, care.PlanKind{IsPACE: true, FirstStartDate: date("2024-02-01")}},
		{`{"is_pace_plan":"True","plan_first_start_date":null}`, care.PlanKind{IsPACE: true}},
		{`{"is_pace_plan":false,"plan_first_start_date":"0001-01-01"}`, care.PlanKind{}},
		{`{"is_pace_plan":"false"}`, care.PlanKind{}},
	} {
		kind, issues, err := readerOf(t, succeeds(test.result)).DeterminePlan(t.Context(), person)
		require.NoError(t, err)
		require.Empty(t, issues)
		require.Equal(t, test.want, kind, test.result)
	}
}

func TestPlans(t *testing.T) {
	read, err := readerOf(t, succeeds(`[
		{"is_pace_plan":true,"participant_plan_id":0,"plan_start_date":"2026-02-01","plan_end_date":"2027-01-31","plan_first_start_date":"2024-02-01"},
		{"is_pace_plan":true,"participant_plan_id":0,"plan_start_date":"2025-02-01","plan_end_date":"soon","plan_first_start_date":"2024-02-01"}]`)).Plans(t.Context(), person)
	require.NoError(t, err)
	require.Equal(t, []care.ParticipantPlan{
		{IsPACE: true, FirstStartDate: date("2024-02-01"), StartDate: date("2026-02-01"), EndDate: date("2027-01-31")},
		{IsPACE: true, FirstStartDate: date("2024-02-01"), StartDate: date("2025-02-01")},
	}, read.Records)
	require.Len(t, read.Issues, 1, "an end that is not a date is a warning, and the plan is kept")
	require.Equal(t, care.IssueOddValue, read.Issues[0].Code)

	none, err := readerOf(t, succeeds(`[]`)).Plans(t.Context(), person)
	require.NoError(t, err)
	require.Empty(t, none.Records)
}

// contractTree is the example of the contract.
const contractTree = `{"released_amount":32700.00,"spent_amount":240.00,"remaining_amount":32460.00,
  "bgt_typ_lvl_dtls":[{"budget_type":"Flexible","start_date":"2026-02-01","end_date":"2027-01-31",
    "plan_management":[{"fund_management_type":"Plan-managed","end_date":"2027-01-31",
      "supp_typ_lvl_dtls":[{"support_type_text":"Core","approved_amount":78000.00,"released_amount":19500.00,"spent_amount":22.50,"remaining_amount":19477.50,
        "supp_cat_lvl_dtls":[{"support_category_text":"Consumables","funding_component_name":"Core Flexible (Plan-managed)",
          "approved_amount":78000.00,"released_amount":19500.00,"spent_amount":22.50,"remaining_amount":19477.50,
          "start_date":"2026-02-01","end_date":"2027-01-31","instalment_type":"Regular",
          "supp_itm_lvl_dtls":[{"support_item_number":"03_040919_0103_1_1","support_item_text":"...","approved_amount":0.00}],
          "funding_periods":[{"funding_period_id":"1","start_date":"2026-02-01","end_date":"2026-04-30","amount":19500.00,"released":true}]}]}]}]}]}`

func TestTheContractsBudgetTree(t *testing.T) { // R3, R4
	tree, issues, err := readerOf(t, succeeds(contractTree)).Budget(t.Context(), person)
	require.NoError(t, err)
	require.Empty(t, issues)
	amounts := care.Amounts{Approved: amount("78000"), Released: amount("19500"), Spent: amount("22.5"), Remaining: amount("19477.5")}
	year := care.DateRange{StartDate: date("2026-02-01"), EndDate: date("2027-01-31")}
	same(t, care.BudgetTree{
		Amounts: care.Amounts{Released: amount("32700"), Spent: amount("240"), Remaining: amount("32460")},
		Groups: []care.BudgetGroup{{
			BudgetType: care.BudgetFlexible, Management: care.PlanManaged, SupportType: "Core", DateRange: year, Amounts: amounts,
			Budgets: []care.ReportedBudget{{
				BudgetType: care.BudgetFlexible, Management: care.PlanManaged, SupportType: "Core",
				Category: "Consumables", CategoryNumber: 3, FundingComponent: "Core Flexible (Plan-managed)",
				Amounts: amounts, StartDate: year.StartDate, EndDate: year.EndDate, InstalmentType: "Regular",
				StatedItems: []care.StatedItem{{SupportItemNumber: "03_040919_0103_1_1", SupportItemText: "...", Approved: amount("0")}},
				FundingPeriods: []care.FundingPeriod{{
					FundingPeriodID: "1", StartDate: year.StartDate, EndDate: date("2026-04-30"), Amount: amount("19500"), Released: new(true),
				}},
			}},
		}},
	}, tree)
	require.Equal(t, year, tree.Dates())
}

// categoryIn is a budget tree of one category, under a budget type and management with these further fields.
func categoryIn(budgetType, management, category string) string {
	return fmt.Sprintf(`{"bgt_typ_lvl_dtls":[{%s"plan_management":[{%s"supp_typ_lvl_dtls":[{"supp_cat_lvl_dtls":[{%s}]}]}]}]}`, budgetType, management, category)
}

func budgetOf(t *testing.T, result string) (care.ReportedBudget, []care.Issue) {
	t.Helper()
	tree, issues, err := readerOf(t, succeeds(result)).Budget(t.Context(), person)
	require.NoError(t, err)
	require.Len(t, tree.Budgets(), 1)
	require.Equal(t, tree.Budgets()[0].BudgetType, tree.Groups[0].BudgetType, "the group is called as its only budget")
	require.Equal(t, tree.Budgets()[0].Management, tree.Groups[0].Management)
	return tree.Budgets()[0], issues
}

func TestMissingBudgetTypeAndManagementAreReadFromTheComponent(t *testing.T) {
	for _, test := range []struct {
		name, budgetType, management, component string
		wantType                                care.BudgetType
		wantManagement                          care.Management
	}{
		{"both said", `"budget_type":"Stated",`, `"fund_management_type":"Self-managed",`, "Core Flexible (Plan-managed)", care.BudgetStated, care.SelfManaged},
		{"both missing", "", "", "Core Flexible (Plan-managed)", care.BudgetFlexible, care.PlanManaged},
		{"both null", `"budget_type":null,`, `"fund_management_type":null,`, "Capital Stated (NDIA-managed)", care.BudgetStated, care.AgencyManaged},
		{"component says one", "", "", "Employment (Agency-managed)", care.BudgetTypeUnknown, care.AgencyManaged},
		{"no one says", "", "", "", care.BudgetTypeUnknown, care.ManagementUnknown},
		{"words that are new", `"budget_type":"Pooled",`, `"fund_management_type":"Trustee",`, "Core Flexible (Plan-managed)", "Pooled", "Trustee"},
	} {
		t.Run(test.name, func(t *testing.T) {
			category := fmt.Sprintf(`"support_category_text":"Relationships","funding_component_name":%q`, test.component)
			budget, issues := budgetOf(t, categoryIn(test.budgetType, test.management, category))
			require.Empty(t, issues)
			require.Equal(t, test.wantType, budget.BudgetType)
			require.Equal(t, test.wantManagement, budget.Management)
		})
	}
}

func TestAGroupWhoseBudgetsDifferIsCalledUnknown(t *testing.T) {
	tree, _, err := readerOf(t, succeeds(categoryIn("", "",
		`"support_category_text":"Relationships","funding_component_name":"Core Flexible (Plan-managed)"},{"support_category_text":"Relationships","funding_component_name":"Capital Stated (Agency-managed)"`,
	))).Budget(t.Context(), person)
	require.NoError(t, err)
	require.Len(t, tree.Groups, 1)
	require.Equal(t, care.BudgetTypeUnknown, tree.Groups[0].BudgetType)
	require.Equal(t, care.ManagementUnknown, tree.Groups[0].Management)
	require.Equal(t, care.BudgetFlexible, tree.Groups[0].Budgets[0].BudgetType)
	require.Equal(t, care.AgencyManaged, tree.Groups[0].Budgets[1].Management)
}

func TestAmounts(t *testing.T) { // R2, R3
	for _, test := range []struct {
		field string
		want  decimal.NullDecimal
		issue care.IssueCode
	}{
		{``, decimal.NullDecimal{}, ""},
		{`"spent_amount":null`, decimal.NullDecimal{}, ""},
		{`"spent_amount":""`, decimal.NullDecimal{}, ""},
		{`"spent_amount":0`, amount("0"), ""},
		{`"spent_amount":0.00`, amount("0"), ""},
		{`"spent_amount":" 17.30 "`, amount("17.3"), ""},
		{`"spent_amount":-118`, amount("-118"), ""},
		{`"spent_amount":0.1`, amount("0.1"), ""},
		{`"spent_amount":"333.335"`, amount("333.34"), care.IssueRounded},
		{`"spent_amount":-0.005`, amount("-0.01"), care.IssueRounded},
		{`"spent_amount":999999999999.999`, decimal.NullDecimal{}, care.IssueOddValue}, // rounding would add a digit
		{`"spent_amount":1e3`, amount("1000"), ""},
		{`"spent_amount":"about 5"`, decimal.NullDecimal{}, care.IssueOddValue},
		{`"spent_amount":"1,000.00"`, decimal.NullDecimal{}, care.IssueOddValue},
		{`"spent_amount":1e99`, decimal.NullDecimal{}, care.IssueOddValue},
		{`"spent_amount":true`, decimal.NullDecimal{}, care.IssueOddValue},
		{`"spent_amount":[17]`, decimal.NullDecimal{}, care.IssueOddValue},
	} {
		t.Run(test.field, func(t *testing.T) {
			fields := `"support_category_text":"Transport"`
			if test.field != "" {
				fields += "," + test.field
			}
			budget, issues := budgetOf(t, categoryIn("", "", fields))
			same(t, test.want, budget.Spent)
			if test.issue == "" {
				require.Empty(t, issues)
				return
			}
			require.Len(t, issues, 1)
			require.Equal(t, test.issue, issues[0].Code)
			require.Equal(t, care.AreaContract, issues[0].Area)
			require.NotContains(t, string(issues[0].Details), "5", "the value stands beside it only (R10)")
			require.Equal(t, "spent_amount", issues[0].About.Field)
			require.Equal(t, "plan budget Transport", words.Record(issues[0].About.Record))
		})
	}
}

func TestFundingPeriodsAndDates(t *testing.T) {
	for fields, want := range map[string][]care.FundingPeriod{
		``:                        nil,
		`,"funding_periods":null`: nil,
		`,"funding_periods":[]`:   nil,
		`,"funding_periods":[{"funding_period_id":7,"start_date":"","end_date":"0000-00-00","released":"true"},{}]`: {
			{FundingPeriodID: "7", Released: new(true)}, {},
		},
		`,"funding_periods":[{"released":"Y"},{"released":"n"},{"released":1},{"released":null},{"released":false}]`: {
			{Released: new(true)}, {Released: new(false)}, {Released: new(true)}, {}, {Released: new(false)},
		},
	} {
		budget, issues := budgetOf(t, categoryIn("", "", `"support_category_text":"Transport","start_date":"0001-01-01","end_date":null`+fields))
		require.Empty(t, issues)
		require.Equal(t, want, budget.FundingPeriods)
		require.True(t, budget.StartDate.IsZero())
		require.True(t, budget.EndDate.IsZero())
	}
	budget, issues := budgetOf(t, categoryIn("", "", `"support_category_text":"Transport","funding_periods":[{"funding_period_id":"1","released":"perhaps"}]`))
	require.Len(t, budget.FundingPeriods, 1)
	require.Nil(t, budget.FundingPeriods[0].Released, "what cannot be read is not known")
	require.Len(t, issues, 1)
}

func TestWhatHasNoIdentityMakesTheAnswerUnusable(t *testing.T) {
	for name, test := range map[string]struct{ operation, result, field string }{
		"a kind of plan without its flag":   {"determine", `{"plan_first_start_date":"2024-02-01"}`, "result.is_pace_plan"},
		"a flag that is neither":            {"determine", `{"is_pace_plan":"perhaps"}`, "result.is_pace_plan"},
		"a first start that is not a date":  {"determine", `{"is_pace_plan":true,"plan_first_start_date":"430123456"}`, "result.plan_first_start_date"},
		"plans of which none is an object":  {"plans", `[7]`, "result[0]"},
		"a start that is not a date":        {"plans", `[{"is_pace_plan":true,"plan_start_date":"2026-02-30"}]`, "result[0].plan_start_date"},
		"plans that are no list":            {"plans", `{"plans":[]}`, "result"},
		"a tree that is no object":          {"budget", `[]`, "result"},
		"budget types that are no list":     {"budget", `{"bgt_typ_lvl_dtls":{}}`, "result.bgt_typ_lvl_dtls"},
		"earlier budgets that are no lists": {"historical", `{"historical_budget":"none"}`, "result.historical_budget"},
	} {
		t.Run(name, func(t *testing.T) {
			failed := failure(t, operations[test.operation](t.Context(), readerOf(t, succeeds(test.result))))
			require.Equal(t, transport.InvalidRecord, failed.Kind)
			require.Equal(t, test.field, failed.Field)
			require.NotContains(t, failed.Error(), "430123456")
		})
	}
}

// R6: a category, or a plan, that nothing identifies is left out with a warning; what the answer lacks proves nothing then.
func TestWhatHasNoIdentityIsLeftOut(t *testing.T) {
	tree, issues, err := readerOf(t, succeeds(categoryIn("", "", `"approved_amount":1`))).Budget(t.Context(), person)
	require.NoError(t, err)
	require.True(t, tree.Incomplete)
	require.Empty(t, tree.Budgets())
	require.Len(t, issues, 1)
	require.Equal(t, care.IssueRecordLeftOut, issues[0].Code)
	require.Equal(t, `{"approved_amount":1}`, issues[0].About.Reported)

	earlier, err := readerOf(t, succeeds(`{"historical_budget":[{"bgt_typ_lvl_dtls":[{"plan_management":[{"funded_supports":[{},{"support_category":"Transport"}]}]}]}]}`)).
		HistoricalBudget(t.Context(), person, date("2026-01-31"))
	require.NoError(t, err)
	require.True(t, earlier.Records[0].Incomplete)
	require.Len(t, earlier.Records[0].Budgets(), 1)
	require.Len(t, earlier.Issues, 1)

	plans, err := readerOf(t, succeeds(`[{"is_pace_plan":true,"plan_start_date":"2026-02-01"},{"is_pace_plan":true,"plan_start_date":"2026-02-30"},7]`)).Plans(t.Context(), person)
	require.NoError(t, err)
	require.Len(t, plans.Records, 1)
	require.Len(t, plans.Issues, 2)
}

func TestHistoricalBudget(t *testing.T) { // R23
	read, err := readerOf(t, succeeds(`{"historical_budget":[{"start_date":"2025-02-01","end_date":"2026-01-31","total_plan_available":90000,
		"bgt_typ_lvl_dtls":[{"budget_type":"Stated","budget_type_total_available":5000,
			"plan_management":[{"fund_management_type":"Plan-managed","management_total_available":4000,"management_spent_amount":"1000.50",
				"funded_supports":[{"support_category":"Choice and Control","support_type":"Capacity Building","budget_status":"Available","approved_amount":1500,
					"released_amount":1500,"spent_amount":1000.50,"remaining_amount":"499.50","start_date":"2025-02-01","end_date":"2026-01-31"}]}]}]},
		{}]}`)).HistoricalBudget(t.Context(), person, date("2026-01-31"))
	require.NoError(t, err)
	require.Empty(t, read.Issues)
	require.Len(t, read.Records, 2)
	year := care.DateRange{StartDate: date("2025-02-01"), EndDate: date("2026-01-31")}
	same(t, care.BudgetTree{Historical: true, Groups: []care.BudgetGroup{{
		BudgetType: care.BudgetStated, Management: care.PlanManaged, DateRange: year, Amounts: care.Amounts{Spent: amount("1000.5")},
		Budgets: []care.ReportedBudget{{
			BudgetType: care.BudgetStated, Management: care.PlanManaged, SupportType: "Capacity Building", Category: "Choice and Control", CategoryNumber: 14,
			Amounts:   care.Amounts{Approved: amount("1500"), Released: amount("1500"), Spent: amount("1000.5"), Remaining: amount("499.5")},
			StartDate: year.StartDate, EndDate: year.EndDate,
		}},
	}}}, read.Records[0])
	require.Equal(t, year, read.Records[0].Dates())

	for _, result := range []string{`{"historical_budget":[]}`, `{"historical_budget":null}`, `{}`} {
		none, err := readerOf(t, succeeds(result)).HistoricalBudget(t.Context(), person, date("2026-01-31"))
		require.NoError(t, err)
		require.Empty(t, none.Records)
	}
}

func TestBudgetCallsDrawOnBothAllowancesAndTheOthersOnOne(t *testing.T) {
	for name, budgetCall := range map[string]bool{"determine": false, "plans": false, "subscribe": false, "budget": true, "historical": true} {
		t.Run(name, func(t *testing.T) {
			calls, budgets := &allowance{}, &allowance{}
			service := startService(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Retry-After", "90")
				w.WriteHeader(429)
			})
			err := operations[name](t.Context(), service.reader(t, ndia.Allowances{Calls: calls, Budgets: budgets}))
			require.Equal(t, transport.RateLimited, failure(t, err).Kind)
			require.Equal(t, 1, calls.taken)
			asked := []time.Duration{90 * time.Second}
			if budgetCall {
				require.Equal(t, 1, budgets.taken)
				require.Equal(t, asked, budgets.pushed)
				require.Empty(t, calls.pushed, "an exhausted hour of budget calls does not keep other calls from being made")
			} else {
				require.Zero(t, budgets.taken)
				require.Equal(t, asked, calls.pushed)
			}
		})
	}
}

func TestErrorsOfTheAllowancesArePassedOn(t *testing.T) {
	short := errors.New("short of allowance")
	service := startService(t, succeeds(`{}`))
	for name, operation := range operations {
		reader := service.reader(t, ndia.Allowances{Calls: &allowance{err: short}, Budgets: &allowance{}})
		require.ErrorIs(t, operation(t.Context(), reader), short, name)
	}
	hourly := service.reader(t, ndia.Allowances{Calls: &allowance{}, Budgets: &allowance{err: short}})
	require.ErrorIs(t, operations["budget"](t.Context(), hourly), short)
	require.Empty(t, service.asked)

	limited := startService(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "9")
		w.WriteHeader(503)
	})
	away := &pushless{}
	err := operations["subscribe"](t.Context(), limited.reader(t, ndia.Allowances{Calls: away, Budgets: away}))
	require.ErrorIs(t, err, errPush)
	require.Equal(t, transport.Unavailable, failure(t, err).Kind, "what the service said is not lost")
}

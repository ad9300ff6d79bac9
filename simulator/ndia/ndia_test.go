package ndia_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/simulator/calls"
	"github.com/caresync/caresync/simulator/faults"
	"github.com/caresync/caresync/simulator/gateway"
	"github.com/caresync/caresync/simulator/ndia"
	"github.com/caresync/caresync/simulator/scenarios"
	"github.com/caresync/caresync/simulator/webhook"
	"github.com/caresync/caresync/simulator/world"
)

const (
	banksia = "8000000101"
	wattle  = "8000000202"

	determinePath  = "/4.0/determine-participant-plan/"
	plansPath      = "/4.0/plans/"
	budgetPath     = "/ext-int-part/5.0/pace/budget/"
	historicalPath = "/ext-int-part/4.0/pace/historical/budgets"
	subscribePath  = "/3.0/notifications/subscribe"

	noAuthority = "Requestor does not have the authority to perform the request"
	notFound    = "The participant info was not found in NDIS"
)

var today = world.MustDate("2026-05-20")

// tokens are access tokens that a test gives out itself: the token's text is the organisation's RA number.
type tokens struct{}

func (tokens) Caller(token, audience string) (gateway.Caller, bool) {
	return gateway.Caller{RANumber: token, Device: "DEVICE"}, audience == "audience" && strings.HasPrefix(token, "8")
}

func (tokens) Revoke(string) {}

// service is an NDIA under test.
type service struct {
	t      *testing.T
	world  *world.World
	ndia   *ndia.Service
	url    string
	faults *faults.Set
	calls  *calls.Recorder
	now    time.Time
}

func newService(t *testing.T, settings ndia.Settings) *service {
	t.Helper()
	pace, err := scenarios.FS.ReadFile("pace.yaml")
	require.NoError(t, err)
	s := &service{t: t, faults: &faults.Set{}, calls: &calls.Recorder{}, now: time.Date(2026, 5, 20, 9, 0, 0, 0, time.UTC)}
	s.world, err = world.New(world.Options{
		Today: today, Scenarios: fstest.MapFS{"pace.yaml": {Data: pace}}, Now: func() time.Time { return s.now },
		OnEvents: func(events []world.Event) { s.ndia.Notify(events) },
	})
	require.NoError(t, err)
	settings.Settings = gateway.Settings{Audience: "audience", ClientID: "client", ProductID: "product"}
	s.ndia = ndia.New(s.world, settings, tokens{}, s.faults, s.calls)
	server := httptest.NewServer(s.ndia)
	t.Cleanup(func() {
		s.ndia.Webhooks.Close()
		server.Close()
	})
	s.url = server.URL
	return s
}

func headers(organisation string) http.Header {
	return http.Header{
		"Authorization":     {"Bearer " + organisation},
		"X-Ibm-Client-Id":   {"client"},
		"Accept":            {"application/json"},
		"Dhs-Auditid":       {organisation},
		"Dhs-Auditidtype":   {"http://ns.humanservices.gov.au/audit/type/proda/organisation"},
		"Dhs-Subjectid":     {"DEVICE"},
		"Dhs-Subjectidtype": {"http://ns.humanservices.gov.au/audit/type/proda/device"},
		"Dhs-Productid":     {"product"},
		"Dhs-Messageid":     {"urn:uuid:" + uuid.NewString()},
		"Dhs-Correlationid": {"urn:uuid:" + uuid.NewString()},
	}
}

func (s *service) send(method, path string, header http.Header, body string) (*http.Response, string) {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, strings.NewReader(body))
	require.NoError(s.t, err)
	request.Header = header
	response, err := http.DefaultTransport.RoundTrip(request) // redirects are answers like others
	require.NoError(s.t, err)
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	require.NoError(s.t, err)
	return response, string(content)
}

func (s *service) get(organisation, path string) (int, string) {
	s.t.Helper()
	response, body := s.send(http.MethodGet, path, headers(organisation), "")
	return response.StatusCode, body
}

// keysOf is the query that names a participant as the NDIA knows them.
func (s *service) keysOf(key string) string {
	s.t.Helper()
	p, found := s.world.FindParticipant(key)
	require.True(s.t, found, key)
	return url.Values{
		"participant": {p.NDISNumber}, "participant_surname": {p.Upstream.FamilyName}, "date_of_birth": {p.Upstream.BirthDate.String()},
	}.Encode()
}

// result reads the result of a call that is expected to succeed.
func (s *service) result(path, key string, into any) {
	s.t.Helper()
	separator := "?"
	if strings.Contains(path, "?") {
		separator = "&"
	}
	participant, _ := s.world.FindParticipant(key)
	status, body := s.get(participant.HeldBy[0], path+separator+s.keysOf(key))
	require.Equal(s.t, http.StatusOK, status, body)
	var envelope struct {
		Success bool
		Result  json.RawMessage
	}
	require.NoError(s.t, json.Unmarshal([]byte(body), &envelope))
	require.True(s.t, envelope.Success)
	require.NoError(s.t, json.Unmarshal(envelope.Result, into))
}

// tree is the budget tree as the contract has it; amounts keep the form in which they came.
type tree struct {
	Released json.RawMessage `json:"released_amount"`
	Spent    json.RawMessage `json:"spent_amount"`
	Types    []struct {
		Type        *string `json:"budget_type"`
		Start       *string `json:"start_date"`
		End         *string `json:"end_date"`
		Managements []struct {
			Management   *string `json:"fund_management_type"`
			SupportTypes []struct {
				Name       string          `json:"support_type_text"`
				Spent      json.RawMessage `json:"spent_amount"`
				Categories []category      `json:"supp_cat_lvl_dtls"`
			} `json:"supp_typ_lvl_dtls"`
		} `json:"plan_management"`
	} `json:"bgt_typ_lvl_dtls"`
}

type category struct {
	Name       string           `json:"support_category_text"`
	Component  *string          `json:"funding_component_name"`
	Approved   json.RawMessage  `json:"approved_amount"`
	Released   json.RawMessage  `json:"released_amount"`
	Spent      json.RawMessage  `json:"spent_amount"`
	Remaining  json.RawMessage  `json:"remaining_amount"`
	Start      *string          `json:"start_date"`
	Instalment *string          `json:"instalment_type"`
	Items      []map[string]any `json:"supp_itm_lvl_dtls"`
	Periods    *[]struct {
		ID       string `json:"funding_period_id"`
		Released bool   `json:"released"`
	} `json:"funding_periods"`
}

func (t tree) categories() (all []category) {
	for _, one := range t.Types {
		for _, management := range one.Managements {
			for _, supportType := range management.SupportTypes {
				all = append(all, supportType.Categories...)
			}
		}
	}
	return all
}

func (t tree) category(name string) (found []category) {
	for _, one := range t.categories() {
		if one.Name == name {
			found = append(found, one)
		}
	}
	return found
}

func TestHeadersAndTheTokenAreDemanded(t *testing.T) {
	s := newService(t, ndia.Settings{})
	path := determinePath + "?" + s.keysOf("fresh-plan")
	for header, status := range map[string]int{
		"X-Ibm-Client-Id": 400, "Accept": 400, "Dhs-Auditid": 400, "Dhs-Auditidtype": 400, "Dhs-Subjectid": 400, "Dhs-Subjectidtype": 400,
		"Dhs-Productid": 400, "Dhs-Messageid": 400, "Dhs-Correlationid": 400, "Authorization": 401,
	} {
		without := headers(banksia)
		without.Del(header)
		response, body := s.send(http.MethodGet, path, without, "")
		require.Equal(t, status, response.StatusCode, header)
		require.Contains(t, body, `"success":false`)
		require.Contains(t, strings.ToLower(body), strings.ToLower(header), "the header is named")
	}
	other := headers(banksia)
	other.Set("Authorization", "Bearer 7")
	response, _ := s.send(http.MethodGet, path, other, "")
	require.Equal(t, http.StatusUnauthorized, response.StatusCode)
	require.Equal(t, map[int]int{400: 9, 401: 2}, s.calls.Counts()[ndia.OperationDeterminePlan].Statuses)
}

func TestParametersAreChecked(t *testing.T) {
	s := newService(t, ndia.Settings{})
	keys := s.keysOf("changed-manager")
	without := func(name string) string {
		values, err := url.ParseQuery(keys)
		require.NoError(t, err)
		values.Del(name)
		return values.Encode()
	}
	for _, path := range []string{determinePath, plansPath, budgetPath, historicalPath} {
		more := ""
		if path == historicalPath {
			more = "&plan_date=2025-01-01"
		}
		for query, words := range map[string]string{
			"":                                     "participant must be given once",
			without("participant") + more:          "participant must be given once",
			without("participant_surname") + more:  "participant_surname must be given once",
			without("date_of_birth") + more:        "date_of_birth must be given once",
			keys + more + "&participant=430200102": "participant must be given once",
			keys + more + "&limit=10":              "no parameter limit",
			without("participant") + more + "&participant=43020010":       "nine digits",
			without("participant") + more + "&participant=43020010a":      "nine digits",
			without("date_of_birth") + more + "&date_of_birth=30.09.1987": "date_of_birth must be a date",
			without("date_of_birth") + more + "&date_of_birth=1987-13-01": "date_of_birth must be a date",
			"%zz": "cannot be read",
		} {
			status, body := s.get(banksia, path+"?"+query)
			require.Equal(t, http.StatusBadRequest, status, path+query)
			require.Contains(t, body, words)
			require.Contains(t, body, `{"success":false,"errors":[{"key":"V01","value":"`)
		}
	}
	status, body := s.get(banksia, historicalPath+"?"+keys)
	require.Equal(t, http.StatusBadRequest, status)
	require.Contains(t, body, "plan_date must be given once")
	status, body = s.get(banksia, budgetPath+"?"+keys+"&plan_date=2025-01-01")
	require.Equal(t, http.StatusBadRequest, status)
	require.Contains(t, body, "no parameter plan_date")
}

func TestPathsAndMethodsThatDoNotExist(t *testing.T) {
	s := newService(t, ndia.Settings{})
	keys := "?" + s.keysOf("fresh-plan")
	for _, path := range []string{"/", "/4.0/plan/", "/5.0/plans/", budgetPath + "x", historicalPath + "/"} {
		status, body := s.get(banksia, path+keys)
		require.Equal(t, http.StatusNotFound, status, path)
		require.NotContains(t, body, "success", "an answer that is not in the NDIA's form")
	}
	for _, path := range []string{strings.TrimSuffix(plansPath, "/"), strings.TrimSuffix(budgetPath, "/")} {
		status, _ := s.get(banksia, path+keys)
		require.NotEqual(t, http.StatusOK, status, "the last slash is part of the path")
	}
	response, _ := s.send(http.MethodPost, plansPath+keys, headers(banksia), "")
	require.NotEqual(t, http.StatusOK, response.StatusCode)
}

func TestTheThreeKeysMustMatchLetterByLetter(t *testing.T) {
	s := newService(t, ndia.Settings{})
	for name, query := range map[string]string{
		"another number":      "participant=430999999&participant_surname=Castellano&date_of_birth=1987-09-30",
		"someone's number":    "participant=430200101&participant_surname=Castellano&date_of_birth=1987-09-30",
		"lower case":          "participant=430200102&participant_surname=castellano&date_of_birth=1987-09-30",
		"a space":             "participant=430200102&participant_surname=Castellano%20&date_of_birth=1987-09-30",
		"another birth date":  "participant=430200102&participant_surname=Castellano&date_of_birth=1987-09-29",
		"no one's at all":     "participant=430000000&participant_surname=X&date_of_birth=1900-01-01",
		"not known upstream":  "participant=430200107&participant_surname=Okeke&date_of_birth=2001-08-19",
		"of someone else's":   s.keysOf("two-plans-unclear"),
		"not endorsed at all": s.keysOf("never-endorsed"),
	} {
		for _, path := range []string{determinePath, plansPath, budgetPath} {
			status, body := s.get(banksia, path+"?"+query)
			require.Equal(t, http.StatusNotFound, status, name)
			require.Contains(t, body, notFound, name)
		}
	}
	status, _ := s.get(banksia, plansPath+"?participant=430200102&participant_surname=Castellano&date_of_birth=1987-09-30")
	require.Equal(t, http.StatusOK, status)
}

func TestErrorsComeInEveryForm(t *testing.T) {
	s := newService(t, ndia.Settings{})
	for _, test := range []struct {
		key         string
		status      int
		body        string
		contentType string
		changed     func(query string) string
	}{
		{"endorsement-missing", 403, `{"success":false,"errors":[" ` + noAuthority + ` "]}` + "\n", "application/json", nil},
		{"endorsement-lapsed", 403, `{"success":false,"errors":[{"key":"A01","value":"` + noAuthority + `"}]}` + "\n", "application/json", nil},
		{"surname-differs", 404, notFound + "\r\n", "text/plain; charset=utf-8", func(query string) string { return strings.Replace(query, "O%27Rourke", "ORourke", 1) }},
	} {
		query := s.keysOf(test.key)
		if test.changed != nil {
			query = test.changed(query)
		}
		response, body := s.send(http.MethodGet, budgetPath+"?"+query, headers(banksia), "")
		require.Equal(t, test.status, response.StatusCode)
		require.Equal(t, test.body, body)
		require.Equal(t, test.contentType, response.Header.Get("Content-Type"))
	}
	status, body := s.get(wattle, plansPath+"?"+strings.Replace(s.keysOf("failure-with-200"), "1981", "1982", 1))
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, `{"success":false,"errors":["`+notFound+`"]}`+"\n", body)
}

func TestEndorsementsDecideDayByDay(t *testing.T) {
	s := newService(t, ndia.Settings{})
	status := func() int {
		status, _ := s.get(banksia, plansPath+"?"+s.keysOf("fresh-plan"))
		return status
	}
	require.Equal(t, http.StatusOK, status())
	require.NoError(t, s.world.MoveParticipant("fresh-plan", world.PlanMove{Name: world.LoseEndorsement}))
	require.Equal(t, http.StatusForbidden, status())
	require.NoError(t, s.world.MoveParticipant("fresh-plan", world.PlanMove{Name: world.Endorse, End: "today+1d"}))
	require.NoError(t, s.world.Advance(today+1))
	require.Equal(t, http.StatusOK, status(), "its last day counts")
	require.NoError(t, s.world.Advance(today+2))
	require.Equal(t, http.StatusForbidden, status())
	require.NoError(t, s.world.MoveParticipant("fresh-plan", world.PlanMove{Name: world.Endorse}))
	require.Equal(t, http.StatusOK, status())
}

func TestKindOfPlanAndPlans(t *testing.T) {
	s := newService(t, ndia.Settings{})
	var kind map[string]any
	s.result(determinePath, "changed-manager", &kind)
	require.Equal(t, map[string]any{"is_pace_plan": true, "plan_first_start_date": "2024-01-26"}, kind)
	s.result(determinePath, "not-pace", &kind)
	require.Equal(t, false, kind["is_pace_plan"])

	var plans []map[string]any
	s.result(plansPath, "changed-manager", &plans)
	require.Equal(t, []map[string]any{{
		"is_pace_plan": true, "participant_plan_id": float64(0), "plan_start_date": "2026-01-25", "plan_end_date": "2027-01-24", "plan_first_start_date": "2024-01-26",
	}}, plans)
	s.result(plansPath, "reassessed-later", &plans)
	require.Len(t, plans, 2)
	require.Equal(t, plans[0]["participant_plan_id"], plans[1]["participant_plan_id"], "the id identifies nothing")
	s.result(plansPath, "not-pace", &plans)
	require.NotEqual(t, float64(0), plans[0]["participant_plan_id"])
}

func TestTheTreeListsAllCategoriesAndAddsUp(t *testing.T) {
	s := newService(t, ndia.Settings{})
	var read tree
	s.result(budgetPath, "changed-manager", &read)
	require.Len(t, read.categories(), 21)
	zero := 0
	released, spent := decimal.Zero, decimal.Zero
	for _, one := range read.categories() {
		if string(one.Approved) == "0.00" {
			zero++
			require.Equal(t, "0.00", string(one.Remaining))
		}
		released, spent = released.Add(number(t, one.Released)), spent.Add(number(t, one.Spent))
	}
	require.Equal(t, 16, zero, "unfunded ones have 0.00")
	require.True(t, released.Equal(number(t, read.Released)))
	require.True(t, spent.Equal(number(t, read.Spent)))
	consumables := read.category("Consumables")[0]
	require.Equal(t, []string{"78000.00", "19500.00", "22.50", "19477.50"},
		[]string{string(consumables.Approved), string(consumables.Released), string(consumables.Spent), string(consumables.Remaining)})
	require.Equal(t, "Core Flexible (Plan-managed)", *consumables.Component)
	require.Equal(t, "Regular", *consumables.Instalment)
	require.Len(t, *consumables.Periods, 4)
	require.True(t, (*consumables.Periods)[1].Released)
	require.False(t, (*consumables.Periods)[2].Released)
	require.Equal(t, "2026-01-25", *read.Types[0].Start)
	control := read.category("Choice and Control")[0]
	require.Len(t, control.Items, 1)
}

func number(t *testing.T, raw json.RawMessage) decimal.Decimal {
	t.Helper()
	amount, err := decimal.NewFromString(strings.Trim(string(raw), `"`))
	require.NoError(t, err)
	return amount
}

func TestWhatIsOddInRealTrees(t *testing.T) {
	s := newService(t, ndia.Settings{})
	var read tree
	s.result(budgetPath, "odd-amounts", &read)
	daily := read.category("Assistance with Daily Life")[0]
	require.Equal(t, []string{`"20000.005"`, `"333.335"`, `"19000.00"`}, []string{string(daily.Approved), string(daily.Spent), string(daily.Remaining)})
	require.Equal(t, `"345.685"`, string(read.Types[0].Managements[0].SupportTypes[0].Spent), "the level above differs")

	read = tree{}
	s.result(budgetPath, "absent-amounts", &read)
	require.Nil(t, read.Released)
	require.Nil(t, read.category("Consumables")[0].Approved)
	relationships := read.category("Relationships")[0]
	require.Nil(t, relationships.Released)
	require.Nil(t, relationships.Start)
	require.Nil(t, relationships.Periods)
	require.Equal(t, "640.00", strings.Trim(string(relationships.Spent), `"`))

	read = tree{}
	s.result(budgetPath, "twice-in-the-tree", &read)
	require.Len(t, read.category("Assistance with Daily Life"), 4)

	read = tree{}
	s.result(budgetPath, "unnamed-groups", &read)
	unnamed := 0
	for _, one := range read.Types {
		if one.Type == nil {
			unnamed++
			require.Nil(t, one.Managements[0].Management)
		}
	}
	require.Equal(t, 1, unnamed)
	require.Nil(t, read.category("Relationships")[0].Component)

	read = tree{}
	s.result(budgetPath, "negative-spent", &read)
	require.Equal(t, "-118.00", strings.Trim(string(read.category("Transport")[0].Spent), `"`))

	read = tree{}
	s.result(budgetPath, "overspent-category", &read)
	require.True(t, number(t, read.category("Consumables")[0].Remaining).IsNegative())
}

func TestTheTreeMaySwitchBeforeTheNextPlanBegins(t *testing.T) {
	s := newService(t, ndia.Settings{})
	var before, after tree
	s.result(budgetPath, "switched-early", &before)
	require.NoError(t, s.world.MoveParticipant("switched-early", world.PlanMove{Name: world.SwitchTree}))
	s.result(budgetPath, "switched-early", &after)
	require.Equal(t, "28000", number(t, before.category("Assistance with Daily Life")[0].Approved).String())
	require.Equal(t, "31500", number(t, after.category("Assistance with Daily Life")[0].Approved).String())
}

func TestACategoryMayComeWithoutItsName(t *testing.T) {
	s := newService(t, ndia.Settings{})
	var read tree
	s.result(budgetPath, "unnamed-category", &read)
	require.Len(t, read.category(""), 1)
}

func TestThereIsNoCurrentTreeWithoutACurrentPlan(t *testing.T) {
	s := newService(t, ndia.Settings{})
	for _, key := range []string{"ended-plan", "future-plan"} {
		status, body := s.get(banksia, budgetPath+"?"+s.keysOf(key))
		require.Equal(t, http.StatusNotFound, status)
		require.Contains(t, body, "No current budget was found for the participant")
	}
	for _, path := range []string{budgetPath + "?", historicalPath + "?plan_date=2025-01-01&"} {
		status, body := s.get(banksia, path+s.keysOf("not-pace"))
		require.Equal(t, http.StatusBadRequest, status)
		require.Contains(t, body, "does not have a PACE plan")
	}
}

func TestHistoricalBudgets(t *testing.T) {
	s := newService(t, ndia.Settings{})
	type historical struct {
		Budgets []struct {
			Start string          `json:"start_date"`
			Total json.RawMessage `json:"total_plan_available"`
			Types []struct {
				Type        string `json:"budget_type"`
				Managements []struct {
					Management string          `json:"fund_management_type"`
					Spent      json.RawMessage `json:"management_spent_amount"`
					Supports   []struct {
						Category    string `json:"support_category"`
						SupportType string `json:"support_type"`
						Status      string `json:"budget_status"`
						Spent       any    `json:"spent_amount"`
					} `json:"funded_supports"`
				} `json:"plan_management"`
			} `json:"bgt_typ_lvl_dtls"`
		} `json:"historical_budget"`
	}
	at := func(date, key string) (read historical) {
		s.result(historicalPath+"?plan_date="+date, key, &read)
		return read
	}
	ended := at("2025-06-01", "ended-plan")
	require.Len(t, ended.Budgets, 1)
	require.Equal(t, "2025-04-15", ended.Budgets[0].Start)
	require.Equal(t, "45180.56", number(t, ended.Budgets[0].Total).StringFixed(2))
	require.Len(t, ended.Budgets[0].Types, 2)
	support := ended.Budgets[0].Types[1].Managements[0].Supports[0]
	require.Equal(t, []string{"Choice and Control", "Capacity Building", "Exhausted"}, []string{support.Category, support.SupportType, support.Status})
	require.Len(t, at("2025-06-01", "reassessed-later").Budgets, 1)
	none := at("2019-06-01", "ended-plan").Budgets
	require.NotNil(t, none, "none is an empty list")
	require.Empty(t, none)
	require.Empty(t, at("2026-05-01", "changed-manager").Budgets, "the current plan is no earlier one")
}

func TestTheHourlyCapCountsBudgetCallsOfAnOrganisation(t *testing.T) {
	s := newService(t, ndia.Settings{BudgetCallsPerHour: 2})
	budget := budgetPath + "?" + s.keysOf("shared-by-two")
	call := func(organisation, path string) (*http.Response, string) {
		return s.send(http.MethodGet, path, headers(organisation), "")
	}
	first, _ := call(banksia, budget)
	require.Equal(t, http.StatusOK, first.StatusCode)
	second, _ := call(banksia, historicalPath+"?plan_date=2025-01-01&"+s.keysOf("shared-by-two"))
	require.Equal(t, http.StatusOK, second.StatusCode)
	s.now = s.now.Add(20 * time.Minute)
	third, body := call(banksia, budget)
	require.Equal(t, http.StatusTooManyRequests, third.StatusCode)
	require.Equal(t, "2400", third.Header.Get("Retry-After"), "until the hour is over")
	require.Contains(t, body, "hourly limit")
	other, _ := call(banksia, plansPath+"?"+s.keysOf("shared-by-two"))
	require.Equal(t, http.StatusOK, other.StatusCode, "other calls are not counted")
	another, _ := call(wattle, budget)
	require.Equal(t, http.StatusOK, another.StatusCode, "nor are another organisation's")
	s.now = s.now.Add(40 * time.Minute)
	fourth, _ := call(banksia, budget)
	require.Equal(t, http.StatusOK, fourth.StatusCode)
}

func TestFaultsMeetAParticipantByTheirNumber(t *testing.T) {
	s := newService(t, ndia.Settings{})
	for kind, want := range map[faults.Kind]struct {
		status int
		words  string
	}{
		faults.Forbidden: {403, noAuthority}, faults.ConsentWithdrawn: {403, noAuthority}, faults.EntryMissing: {404, notFound},
		faults.InternalError: {500, "Internal server error"},
	} {
		require.NoError(t, s.faults.Set(faults.Fault{Kind: kind, Operation: "ndia-*", CareRecipientID: "430200101"}))
		status, body := s.get(banksia, plansPath+"?"+s.keysOf("fresh-plan"))
		require.Equal(t, want.status, status, kind)
		require.Contains(t, body, want.words)
		status, _ = s.get(banksia, plansPath+"?"+s.keysOf("changed-manager"))
		require.Equal(t, http.StatusOK, status)
	}
	require.Equal(t, 8, s.calls.Counts()[ndia.OperationPlans].Calls)
}

func TestSubscriptions(t *testing.T) {
	var noted []ndia.Subscription
	s := newService(t, ndia.Settings{OnSubscribe: func(subscription ndia.Subscription) error {
		noted = append(noted, subscription)
		return nil
	}})
	post := func(contentType, body string) (int, string) {
		header := headers(banksia)
		header.Set("Content-Type", contentType)
		response, answer := s.send(http.MethodPost, subscribePath, header, body)
		return response.StatusCode, answer
	}
	for range 2 {
		status, body := post("application/json", `{"event_id":"PLAN_APPROVED"}`)
		require.Equal(t, http.StatusOK, status)
		require.JSONEq(t, `{"success":true,"result":{"event_id":"PLAN_APPROVED"}}`, body)
	}
	require.Equal(t, []ndia.Subscription{{RANumber: banksia, EventID: world.PlanApproved}}, noted, "a second time changes nothing")
	for body, words := range map[string]string{
		`{"event_id":"PLAN_LOST"}`: "not an event", `{"event_id":""}`: "not an event", `{"event":"PLAN_APPROVED"}`: "the body must be",
		`nonsense`: "the body must be", ``: "the body must be", `{"event_id":"RLTN_END_DATE_UPDATED"}`: "not an event",
	} {
		status, answer := post("application/json", body)
		require.Equal(t, http.StatusBadRequest, status, body)
		require.Contains(t, answer, words)
	}
	status, answer := post("text/plain", `{"event_id":"PLAN_APPROVED"}`)
	require.Equal(t, http.StatusBadRequest, status)
	require.Contains(t, answer, "Content-Type")
}

// subscribe sends the notifications of every event to a receiver, which hands their bodies on.
func (s *service) subscribe() <-chan string {
	s.t.Helper()
	arrived := make(chan string, 20)
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, request *http.Request) {
		if body, err := io.ReadAll(request.Body); err == nil && request.Header.Get(webhook.DefaultSecretHeader) == "shared" {
			arrived <- string(body)
		}
	}))
	s.t.Cleanup(receiver.Close)
	require.NoError(s.t, s.ndia.Webhooks.SetWebhooks(webhook.Webhook{URL: receiver.URL, Secret: "shared"}))
	for _, event := range world.EventIDs {
		s.ndia.Subscribe(ndia.Subscription{RANumber: banksia, EventID: event})
	}
	return arrived
}

func (s *service) move(key string, move world.PlanMove) {
	s.t.Helper()
	require.NoError(s.t, s.world.MoveParticipant(key, move))
}

func TestMovesAreNotified(t *testing.T) {
	s := newService(t, ndia.Settings{})
	s.move("fresh-plan", world.PlanMove{Name: world.Spend})
	arrived := s.subscribe()
	s.move("two-plans-unclear", world.PlanMove{Name: world.Spend}) // another organisation's
	s.move("fresh-plan", world.PlanMove{Name: world.Spend, Silent: true})
	s.move("fresh-plan", world.PlanMove{Name: world.Spend})
	s.move("fresh-plan", world.PlanMove{Name: world.Extend})
	s.move("fresh-plan", world.PlanMove{Name: world.Reassess})
	s.move("fresh-plan", world.PlanMove{Name: world.LoseEndorsement, Role: world.PlanManager})
	s.move("endorsement-missing", world.PlanMove{Name: world.Endorse, Role: world.PlanManager})
	var events, bodies []string
	for range 5 {
		body := <-arrived
		require.NotContains(t, body, "amount")
		require.Regexp(t, `"participant":"43020010[13]"`, body)
		var sent struct {
			EventID string `json:"event_id"`
		}
		require.NoError(t, json.Unmarshal([]byte(body), &sent))
		events, bodies = append(events, sent.EventID), append(bodies, body)
	}
	require.Equal(t, []string{world.BudgetUpdated, world.PlanEndUpdated, world.PlanApproved}, events[:3])
	require.Contains(t, []string{world.RelationshipEnded, "RLTN_END_DATE_UPDATED"}, events[3])
	require.Equal(t, world.RelationshipCreated, events[4])
	require.Contains(t, bodies[3], `"provider_role":"Plan Manager","start_date":"2026-05-14","end_date":"2026-05-19"`)
	require.Contains(t, bodies[4], `"end_date":""`)
	require.Empty(t, arrived)
	require.Eventually(t, func() bool { return len(s.ndia.Webhooks.Deliveries()) == 5 }, 2*time.Minute, time.Millisecond)
	delivery := s.ndia.Webhooks.Deliveries()[0]
	delivery.Time = time.Time{}
	require.Equal(t, webhook.Delivery{Organisation: banksia, Event: world.BudgetUpdated, Subject: "fresh-plan", Attempts: 1, Status: 200}, delivery)
}

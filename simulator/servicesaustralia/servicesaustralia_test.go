package servicesaustralia_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/simulator/calls"
	"github.com/caresync/caresync/simulator/faults"
	"github.com/caresync/caresync/simulator/gateway"
	"github.com/caresync/caresync/simulator/scenarios"
	"github.com/caresync/caresync/simulator/servicesaustralia"
	"github.com/caresync/caresync/simulator/world"
)

const (
	summaryPath      = "/care-recipient-summary/v1"
	contributionPath = "/individual-contribution/v1"
	recipientPath    = "/budget/v1/care-recipient"
	providerPath     = "/budget/v1/summary"
	poolPath         = "/budget/v1/service-provider"
	banksia          = "4000012345"
	wattle           = "4000054321"
)

// tokens are access tokens that a test gives out itself: the token's text names the provider.
type tokens struct {
	mu      sync.Mutex
	revoked map[string]bool
}

func (k *tokens) Caller(token, audience string) (gateway.Caller, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.revoked[token] || audience != "audience" || !strings.HasPrefix(token, "4") {
		return gateway.Caller{}, false
	}
	return gateway.Caller{RANumber: "RA", Device: "DEVICE", ServiceProviders: strings.Split(token, "+")}, true
}

func (k *tokens) Revoke(token string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.revoked[token] = true
}

// service is a Services Australia under test.
type service struct {
	t      *testing.T
	world  *world.World
	url    string
	faults *faults.Set
	calls  *calls.Recorder
}

func newService(t *testing.T, options world.Options, rate int) *service {
	t.Helper()
	if options.Today == world.NoDate {
		options.Today = world.MustDate("2026-05-20")
	}
	w, err := world.New(options)
	require.NoError(t, err)
	s := &service{t: t, world: w, faults: &faults.Set{}, calls: &calls.Recorder{}}
	settings := gateway.Settings{Audience: "audience", ClientID: "client", ProductID: "product", RatePerSecond: rate}
	server := httptest.NewServer(servicesaustralia.New(w, settings, &tokens{revoked: map[string]bool{}}, s.faults, s.calls))
	t.Cleanup(server.Close)
	s.url = server.URL + servicesaustralia.Root
	return s
}

func headers(providers string) http.Header {
	return http.Header{
		"Authorization":      {"Bearer " + providers},
		"X-Ibm-Client-Id":    {"client"},
		"Accept":             {"application/json"},
		"Dhs-Auditid":        {"RA"},
		"Dhs-Auditidtype":    {"http://ns.humanservices.gov.au/audit/type/proda/organisation"},
		"Dhs-Subjectid":      {"DEVICE"},
		"Dhs-Subjectidtype":  {"http://ns.humanservices.gov.au/audit/type/proda/device"},
		"Dhs-Productid":      {"product"},
		"Dhs-Messageid":      {"urn:uuid:" + uuid.NewString()},
		"Dhs-Correlationid":  {"urn:uuid:" + uuid.NewString()},
		"X-Something-Beside": {"is no matter"},
	}
}

func (s *service) send(header http.Header, path string) (*http.Response, string) {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.url+path, nil)
	require.NoError(s.t, err)
	request.Header = header
	response, err := http.DefaultClient.Do(request)
	require.NoError(s.t, err)
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	require.NoError(s.t, err)
	return response, string(content)
}

func (s *service) get(providers, path string) (int, string) {
	s.t.Helper()
	response, body := s.send(headers(providers), path)
	return response.StatusCode, body
}

// rows reads a page that is expected to have rows.
func (s *service) rows(providers, path string) []map[string]any {
	s.t.Helper()
	status, body := s.get(providers, path)
	require.Equal(s.t, http.StatusOK, status, body)
	return decode(s.t, body)
}

func decode(t *testing.T, body string) []map[string]any {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(body))
	decoder.UseNumber()
	var rows []map[string]any
	require.NoError(t, decoder.Decode(&rows))
	return rows
}

func (s *service) move(person string, move world.Move) {
	s.t.Helper()
	_, err := s.world.Move(person, move)
	require.NoError(s.t, err)
}

func (s *service) id(key string) string {
	s.t.Helper()
	person, found := s.world.Find(key)
	require.True(s.t, found, key)
	return person.CareRecipientID
}

// number reads an amount that came as a number or as text.
func number(t *testing.T, value any) decimal.Decimal {
	t.Helper()
	amount, err := decimal.NewFromString(fmt.Sprint(value))
	require.NoError(t, err)
	return amount
}

func requireRefusal(t *testing.T, wantStatus int, wantCode, words string, status int, body string) {
	t.Helper()
	require.Equal(t, wantStatus, status, body)
	var refusal struct {
		CodeType, Code, Message string
		Details                 []struct{ Code, Message string }
	}
	require.NoError(t, json.Unmarshal([]byte(body), &refusal))
	require.Equal(t, "DHSEIN", refusal.CodeType)
	require.Equal(t, wantCode, refusal.Code)
	require.Contains(t, refusal.Message, words)
	require.Len(t, refusal.Details, 1)
}

func TestEveryHeaderIsChecked(t *testing.T) {
	s := newService(t, world.Options{Scenarios: scenarios.FS}, 0)
	path := summaryPath + "?careRecipientId=" + s.id("several-open")
	cases := []struct {
		name, value string
		status      int
		code        string
	}{
		{"X-IBM-Client-Id", "", 400, "HEADER"},
		{"X-IBM-Client-Id", "other", 400, "HEADER"},
		{"Accept", "", 400, "HEADER"},
		{"Accept", "*/*", 400, "HEADER"},
		{"dhs-auditId", "", 400, "HEADER"},
		{"dhs-auditId", "other", 400, "HEADER"},
		{"dhs-auditIdType", "http://ns.humanservices.gov.au/audit/type/proda/device", 400, "HEADER"},
		{"dhs-subjectId", "", 400, "HEADER"},
		{"dhs-subjectId", "other", 400, "HEADER"},
		{"dhs-subjectIdType", "device", 400, "HEADER"},
		{"dhs-productId", "", 400, "HEADER"},
		{"dhs-messageId", "", 400, "HEADER"},
		{"dhs-messageId", uuid.NewString(), 400, "HEADER"},
		{"dhs-messageId", "urn:uuid:1", 400, "HEADER"},
		{"dhs-messageId", "urn:uuid:zzzzzzzz-0000-0000-0000-000000000000", 400, "HEADER"},
		{"dhs-correlationId", "", 400, "HEADER"},
		{"dhs-correlationId", "sync-1", 400, "HEADER"},
		{"Authorization", "", 401, "UNAUTHORISED"},
		{"Authorization", "Basic 4000012345", 401, "UNAUTHORISED"},
		{"Authorization", "Bearer expired", 401, "UNAUTHORISED"},
	}
	for _, c := range cases {
		t.Run(c.name+"="+c.value, func(t *testing.T) {
			header := headers(banksia)
			header.Set(c.name, c.value)
			response, body := s.send(header, path)
			requireRefusal(t, c.status, c.code, c.name, response.StatusCode, body)
		})
	}
	status, _ := s.get(banksia, path)
	require.Equal(t, http.StatusOK, status)
}

func TestEveryAttemptNeedsANewMessageID(t *testing.T) {
	s := newService(t, world.Options{Scenarios: scenarios.FS}, 0)
	path := summaryPath + "?careRecipientId=" + s.id("several-open")
	require.NoError(t, s.faults.Set(faults.Fault{Kind: faults.Unavailable, Count: 1}))
	header := headers(banksia)
	response, _ := s.send(header, path)
	require.Equal(t, http.StatusServiceUnavailable, response.StatusCode)
	response, body := s.send(header, path)
	requireRefusal(t, 400, "HEADER", "used before", response.StatusCode, body)

	list := s.calls.List()
	require.Equal(t, header.Get("dhs-messageId"), list[1].MessageID)
	require.Equal(t, header.Get("dhs-correlationId"), list[1].CorrelationID)
	require.Equal(t, "unavailable", list[0].Fault)
	require.Equal(t, []int{503, 400}, []int{list[0].Status, list[1].Status})
}

func TestParametersAreChecked(t *testing.T) {
	s := newService(t, world.Options{Scenarios: scenarios.FS}, 0)
	one := "?careRecipientId=" + s.id("several-open")
	cases := map[string]string{
		summaryPath:                         "careRecipientId or serviceProviderId",
		recipientPath:                       "careRecipientId",
		providerPath:                        "serviceProviderId",
		poolPath:                            "serviceProviderId",
		summaryPath + "?careRecipientId=":   "careRecipientId",
		summaryPath + "?careRecipientId=A1": "careRecipientId",
		summaryPath + "?careRecipientId=12345678901":                                     "careRecipientId",
		summaryPath + one + "&page=0":                                                    "page",
		summaryPath + one + "&page=x":                                                    "page",
		summaryPath + one + "&limit=0":                                                   "limit",
		summaryPath + one + "&limit=-5":                                                  "limit",
		summaryPath + one + "&limit=10001":                                               "limit",
		summaryPath + one + "&limit=10&limit=20":                                         "limit",
		summaryPath + one + "&sort=up":                                                   "sort",
		summaryPath + one + "&sort-fields=budgetId":                                      "sort-fields",
		summaryPath + one + "&pageSize=5":                                                "pageSize",
		summaryPath + one + "&effectiveDateFrom=2026":                                    "effectiveDateFrom",
		summaryPath + one + "&updatedAtDateTimeFrom=2026-01-01":                          "updatedAtDateTimeFrom",
		contributionPath + one + "&effectiveDateFrom=01/02/2026":                         "effectiveDateFrom",
		recipientPath + one + "&effectiveDateFrom=2026-02-01&effectiveDateTo=2026-01-01": "effectiveDateTo",
		recipientPath + one + "&updatedAtDateTimeFrom=2026-01-01T00:00:00Z":              "updatedAtDateTimeFrom",
		poolPath + "?serviceProviderId=" + banksia + "&effectiveDateFrom=2026-01-01":     "effectiveDateFrom",
		recipientPath + one + "&serviceProviderId=" + banksia:                            "serviceProviderId",
		"/budget/v1/1?page=1":                                                            "parameter",
		summaryPath + one + "&updatedAtDateTimeFrom=2026-02-01T00:00:00Z&updatedAtDateTimeTo=2026-01-01T00:00:00Z": "updatedAtDateTimeTo",
	}
	for path, words := range cases {
		status, body := s.get(banksia, path)
		requireRefusal(t, 400, "PARAMETER", words, status, body)
	}
	status, body := s.get(banksia, "/budget/v2/summary")
	requireRefusal(t, 404, "PATH", "No such operation", status, body)
	require.Equal(t, 1, s.calls.Counts()[gateway.UnknownOperation].Calls)
}

func TestTheSummaryOfOnePerson(t *testing.T) {
	s := newService(t, world.Options{Scenarios: scenarios.FS}, 0)
	rows := s.rows(banksia, summaryPath+"?careRecipientId=415056224&limit=100")
	require.Len(t, rows, 1)
	row := rows[0]
	require.Equal(t, "415056224", row["careRecipientId"])
	require.Equal(t, "Whitlock", row["lastName"])
	require.Equal(t, "Marjorie", row["firstName"])
	require.Equal(t, "1941-03-09", row["birthDate"])
	require.Equal(t, banksia, row["serviceProviderId"])
	require.Equal(t, "2025-11-01", row["entryDate"])
	classifications := row["classifications"].([]any)
	require.Len(t, classifications, 3)
	first := classifications[0].(map[string]any)
	require.Equal(t, "ON_LEVEL_7", first["classificationCode"])
	require.Equal(t, "Support at Home Level 7", first["classification"])
	require.Equal(t, "ON", first["fundingSource"])
	require.Equal(t, "2025-11-01", first["startDate"])
	require.Contains(t, []any{nil, "", "0001-01-01", "0000-00-00"}, first["endDate"])
	require.Len(t, row["supplements"], 2)
	service := row["approvedServices"].([]any)[0].(map[string]any)
	require.Regexp(t, `^SERV-\d{4}$`, service["serviceId"])
	require.Equal(t, "SERG-0001", service["serviceGroupId"])

	require.Equal(t, []any{}, s.rows(banksia, summaryPath+"?careRecipientId="+s.id("no-classification"))[0]["classifications"])
}

func TestWhoIsNotFoundOrNotAllowed(t *testing.T) {
	s := newService(t, world.Options{Scenarios: scenarios.FS}, 0)
	unknown := "?careRecipientId=000000017"
	one := func(key string) string { return "?careRecipientId=" + s.id(key) }
	detailsOf := func(key string, position int) string {
		person, _ := s.world.Find(key)
		return "/budget/v1/" + person.Budgets[position].ID
	}
	details := func(key string) string { return detailsOf(key, 0) }
	cases := []struct {
		name, providers, path string
		status                int
		code                  string
	}{
		{"unknown person", banksia, summaryPath + unknown, 404, "1"},
		{"contributions of an unknown person", banksia, contributionPath + unknown, 404, "1"},
		{"budgets of an unknown person", banksia, recipientPath + unknown, 404, "1"},
		{"unknown budget", banksia, "/budget/v1/1", 404, "1"},
		{"no contributions", banksia, contributionPath + one("no-classification"), 404, "1"},
		{"person off the lists", wattle, summaryPath + one("left-the-list"), 404, "1"},
		{"summary of another provider's person", wattle, summaryPath + one("several-open"), 403, "FORBIDDEN"},
		{"budgets of another provider's person", wattle, recipientPath + one("several-open"), 403, "FORBIDDEN"},
		{"details of another provider's budget", wattle, details("several-open"), 403, "FORBIDDEN"},
		{"another provider's list", wattle, summaryPath + "?serviceProviderId=" + banksia, 403, "FORBIDDEN"},
		{"another provider's pool", wattle, poolPath + "?serviceProviderId=" + banksia, 403, "FORBIDDEN"},
		{"budgets without consent", banksia, recipientPath + one("consent-refused"), 403, "CONSENT"},
		{"details without consent", banksia, details("consent-refused"), 403, "CONSENT"},
		{"details alone without consent", wattle, details("details-refused"), 403, "CONSENT"},
		{"details of one budget without consent", wattle, detailsOf("details-of-one-refused", 1), 403, "CONSENT"},
		{"budgets without entry", wattle, recipientPath + one("entry-not-registered"), 404, "1"},
		{"details without entry", wattle, details("entry-not-registered"), 404, "1"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			status, body := s.get(c.providers, c.path)
			requireRefusal(t, c.status, c.code, "", status, body)
		})
	}
	require.Len(t, s.rows(banksia, summaryPath+one("consent-refused")), 1, "the summary needs no consent")
	require.NotEmpty(t, s.rows(banksia, contributionPath+one("consent-refused")))
	require.NotEmpty(t, s.rows(wattle, recipientPath+one("details-refused")))
	status, _ := s.get(wattle, details("details-of-one-refused"))
	require.Equal(t, http.StatusOK, status, "the other budget's details are answered")
	require.Len(t, s.rows(wattle, recipientPath+one("unnamed-budget")), 3)
	require.NotContains(t, s.rows(wattle, recipientPath+one("unnamed-budget"))[1], "budgetId")
	require.NotEmpty(t, s.rows(wattle, recipientPath+one("left-the-list")), "budgets continue after the person left")
	require.Contains(t, []any{nil, "", "0001-01-01", "0000-00-00"}, s.rows(wattle, summaryPath+one("entry-not-registered"))[0]["entryDate"])
}

func TestAPersonWithSeveralRowsOfOneProvider(t *testing.T) {
	s := newService(t, world.Options{Scenarios: scenarios.FS}, 0)
	path := summaryPath + "?careRecipientId=" + s.id("several-open")
	whole := s.rows(banksia, path)
	require.Len(t, whole, 1)
	require.NotContains(t, whole[0], "entryCategoryCode")
	present := whole[0]["entryDate"]

	s.move("several-open", world.Move{Name: world.SplitRows})
	rows := s.rows(banksia, path)
	require.Len(t, rows, 2)
	require.Equal(t, []any{"ON", "AT"}, []any{rows[0]["entryCategoryCode"], rows[1]["entryCategoryCode"]})
	for _, list := range []string{"classifications", "approvedServices", "supplements"} {
		of := func(row map[string]any) []any { return row[list].([]any) }
		require.Subset(t, of(whole[0]), of(rows[0]), list)
		require.Subset(t, of(whole[0]), of(rows[1]), list)
		require.ElementsMatch(t, of(whole[0]), append(of(rows[0]), of(rows[1])[min(1, len(of(rows[1]))):]...), "%s: the first stands in both", list)
	}

	s.move("several-open", world.Move{Name: world.SplitRows, Date: "today-900d"})
	rows = s.rows(banksia, path)
	require.Len(t, rows, 2)
	require.Equal(t, present, rows[0]["entryDate"])
	require.Less(t, rows[1]["departureDate"], present)

	s.move("several-open", world.Move{Name: world.UniteRows})
	require.Equal(t, whole, s.rows(banksia, path))
}

func TestAPersonWhoIsAtAnotherProvider(t *testing.T) {
	s := newService(t, world.Options{Scenarios: scenarios.FS}, 0)
	id := s.id("several-open")
	s.move("several-open", world.Move{Name: world.ChangeProvider})
	require.Equal(t, "4000099901", s.rows(banksia, summaryPath+"?careRecipientId="+id)[0]["serviceProviderId"])
	listed := func() bool {
		return slices.ContainsFunc(s.rows(banksia, summaryPath+"?serviceProviderId="+banksia+"&limit=100"), func(row map[string]any) bool { return row["careRecipientId"] == id })
	}
	require.False(t, listed())
	s.move("several-open", world.Move{Name: world.Return})
	require.True(t, listed())
}

func TestABirthDateThatCannotBeRead(t *testing.T) {
	s := newService(t, world.Options{Scenarios: scenarios.FS}, 0)
	path := summaryPath + "?careRecipientId=" + s.id("several-open")
	born := s.rows(banksia, path)[0]["birthDate"]
	s.move("several-open", world.Move{Name: world.ChangeIdentity, BirthDateText: `1950-05-05T00:00:00`})
	require.Equal(t, "1950-05-05T00:00:00", s.rows(banksia, path)[0]["birthDate"])
	s.move("several-open", world.Move{Name: world.CorrectIdentity})
	require.Equal(t, born, s.rows(banksia, path)[0]["birthDate"])
}

func TestAPersonUnderTwoProvidersShowsWhatTheDeviceIsLinkedTo(t *testing.T) {
	s := newService(t, world.Options{Scenarios: scenarios.FS}, 0)
	one := "?careRecipientId=007310045"
	require.Len(t, s.rows("4000012345+4000012346", summaryPath+one), 2)
	require.Len(t, s.rows("4000012345+4000012346", recipientPath+one), 2)
	require.Len(t, s.rows(banksia, summaryPath+one), 1)
	budgets := s.rows("4000012346", recipientPath+one)
	require.Len(t, budgets, 1)
	require.Equal(t, "4000012346", budgets[0]["serviceProviderId"])
	require.Len(t, s.rows("4000012345+4000012346", summaryPath+one+"&serviceProviderId=4000012346"), 1)
}

func TestContributionsCarryNoIdentifierAndUnknownIsNotZero(t *testing.T) {
	s := newService(t, world.Options{Scenarios: scenarios.FS}, 0)
	pending := s.rows(banksia, contributionPath+"?careRecipientId="+s.id("contributions-pending"))
	require.Len(t, pending, 2)
	for _, row := range pending {
		require.NotContains(t, row, "percentage")
		require.Equal(t, "PENDING", row["status"])
	}
	twice := s.rows(banksia, contributionPath+"?careRecipientId="+s.id("contributions-twice"))
	require.Len(t, twice, 4)
	require.Equal(t, twice[0], twice[1])
	require.Equal(t, "17.5", number(t, twice[0]["percentage"]).String())
	require.NotContains(t, twice[3], "status")
	unknown := s.rows(wattle, contributionPath+"?careRecipientId="+s.id("unknown-codes"))
	require.Equal(t, "12.3456", number(t, unknown[0]["percentage"]).String(), "four places are kept")
	require.Equal(t, "PILOT_FEE", unknown[0]["contributionCategory"])
}

func TestBudgetsAndTheirDetailsAddUp(t *testing.T) {
	s := newService(t, world.Options{Scenarios: scenarios.FS, People: 200}, 0)
	quoted, plain := 0, 0
	for _, row := range s.rows(banksia, providerPath+"?serviceProviderId="+banksia+"&limit=10000") {
		if _, text := row["total"].(string); text {
			quoted++
		} else {
			plain++
		}
		sum := number(t, row["total"]).Add(number(t, row["amountUsed"])).Add(number(t, row["writeOffAmount"])).Add(number(t, row["rolloverDeduction"]))
		require.Equal(t, sum.String(), number(t, row["available"]).String())
		require.False(t, number(t, row["amountUsed"]).IsPositive())
	}
	require.Positive(t, quoted, "some amounts are text")
	require.Greater(t, plain, quoted, "most are numbers")

	budgets := s.rows(banksia, recipientPath+"?careRecipientId=415056224&sort-fields=budgetId&limit=100")
	require.Len(t, budgets, 6, "three quarters, assistive technology twice (once 0.00) and home modifications")
	for _, row := range budgets {
		id := row["budgetId"].(string)
		status, body := s.get(banksia, "/budget/v1/"+id)
		require.Equal(t, http.StatusOK, status)
		details := decode(t, "["+body+"]")[0]
		require.Equal(t, row["total"], details["total"])
		require.Equal(t, row["amountUsed"], details["amountUsed"])
		require.Equal(t, row["startDate"], details["startDate"])
		total, used := decimal.Zero, decimal.Zero
		for _, item := range details["entitlements"].([]any) {
			total = total.Add(number(t, item.(map[string]any)["amount"]))
		}
		for _, item := range details["usage"].([]any) {
			line := item.(map[string]any)
			used = used.Add(number(t, line["amount"]))
			require.NotEmpty(t, line["invoiceId"])
			require.NotEmpty(t, line["itemId"])
		}
		require.Equal(t, number(t, row["total"]).String(), total.String())
		require.Equal(t, number(t, row["amountUsed"]).String(), used.String())
	}
}

func TestZeroAmountsAreWrittenWithTwoPlaces(t *testing.T) {
	s := newService(t, world.Options{Scenarios: scenarios.FS}, 0)
	_, body := s.get(banksia, recipientPath+"?careRecipientId="+s.id("zero-budgets"))
	require.Equal(t, 3, strings.Count(strings.ReplaceAll(body, `"total":"0.00"`, `"total":0.00`), `"total":0.00`))
}

func TestLinesOfOtherProvidersCarryNoIDs(t *testing.T) {
	s := newService(t, world.Options{Scenarios: scenarios.FS}, 0)
	person, _ := s.world.Find("usage-by-others")
	_, body := s.get(banksia, "/budget/v1/"+person.Budgets[0].ID)
	lines := decode(t, "["+body+"]")[0]["usage"].([]any)
	require.Equal(t, lines[0], lines[1])
	require.NotContains(t, lines[0], "invoiceId")
	require.NotContains(t, lines[0], "itemId")
	require.Equal(t, "900000011", lines[3].(map[string]any)["invoiceId"])
}

func TestPages(t *testing.T) {
	s := newService(t, world.Options{People: 100, Organisations: world.SingleProvider()}, 0)
	list := summaryPath + "?serviceProviderId=" + banksia
	require.Len(t, s.rows(banksia, list), 10, "a forgotten limit means 10")
	require.Len(t, s.rows(banksia, list+"&limit=10000"), 100)

	var ids []string
	for page := 1; page <= 4; page++ {
		rows := s.rows(banksia, list+"&limit=30&sort=asc&sort-fields=careRecipientId&page="+strconv.Itoa(page))
		require.Len(t, rows, map[bool]int{true: 30, false: 10}[page < 4])
		for _, row := range rows {
			ids = append(ids, row["careRecipientId"].(string))
		}
	}
	require.Len(t, ids, 100)
	require.IsIncreasing(t, ids)

	status, body := s.get(banksia, list+"&limit=50&page=3")
	requireRefusal(t, 404, "1", "Not found", status, body)
	down := s.rows(banksia, list+"&limit=30&sort=desc&sort-fields=careRecipientId")
	require.Equal(t, ids[99], down[0]["careRecipientId"])

	budgets := s.rows(banksia, providerPath+"?serviceProviderId="+banksia+"&limit=1000&sort-fields=careRecipientId,budgetId")
	for i := 1; i < len(budgets); i++ {
		before, after := budgets[i-1]["careRecipientId"].(string)+budgets[i-1]["budgetId"].(string), budgets[i]["careRecipientId"].(string)+budgets[i]["budgetId"].(string)
		if len(budgets[i-1]["careRecipientId"].(string)) == len(budgets[i]["careRecipientId"].(string)) {
			require.Less(t, before, after)
		}
	}
	pool := s.rows(banksia, poolPath+"?serviceProviderId="+banksia)
	require.Len(t, pool, 2)
	require.Equal(t, "CM", pool[0]["budgetTypeCode"])
	require.Nil(t, pool[0]["careRecipientId"])
	status, body = s.get(banksia, "/budget/v1/"+pool[0]["budgetId"].(string))
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, body, "CM_POOL")
}

func TestWindows(t *testing.T) {
	now := time.Date(2026, 5, 20, 3, 0, 0, 0, time.UTC)
	s := newService(t, world.Options{Scenarios: scenarios.FS, Now: func() time.Time { return now }}, 0)
	all := providerPath + "?serviceProviderId=" + banksia + "&limit=10000"
	since := "&updatedAtDateTimeFrom=" + url.QueryEscape("2026-05-20T12:59:00+10:00")
	status, _ := s.get(banksia, all+since)
	require.Equal(t, http.StatusNotFound, status, "nothing has changed since the world began")

	result, err := s.world.Move("several-open", world.Move{Name: world.Claim})
	require.NoError(t, err)
	rows := s.rows(banksia, all+since)
	require.Len(t, rows, 1)
	require.Equal(t, result.BudgetID, rows[0]["budgetId"])
	status, _ = s.get(banksia, all+since+"&updatedAtDateTimeTo=2026-05-20T02:59:59Z")
	require.Equal(t, http.StatusNotFound, status)
	status, _ = s.get(banksia, summaryPath+"?careRecipientId=415056224"+since)
	require.Equal(t, http.StatusNotFound, status, "a claim changes nothing in the summary")

	one := "?careRecipientId=" + s.id("ninety-days")
	require.Len(t, s.rows(banksia, recipientPath+one), 4)
	require.Len(t, s.rows(banksia, recipientPath+one+"&effectiveDateFrom=2026-05-20&effectiveDateTo=2026-05-20"), 1, "only the budget without an end covers today")
	require.Len(t, s.rows(banksia, recipientPath+one+"&effectiveDateFrom=2026-02-19"), 3, "ended 90 days ago, without end, future")
	require.Len(t, s.rows(banksia, recipientPath+one+"&effectiveDateTo=2026-03-01"), 2)
	require.Len(t, s.rows(banksia, contributionPath+"?careRecipientId="+s.id("contributions-twice")+"&effectiveDateFrom=2026-05-10"), 3)
}

func TestAnswersFollowTheWorld(t *testing.T) {
	s := newService(t, world.Options{Scenarios: scenarios.FS}, 0)
	path := recipientPath + "?careRecipientId=415056224&limit=100"
	list := providerPath + "?serviceProviderId=" + banksia + "&limit=10000"
	before, listed := len(s.rows(banksia, path)), len(s.rows(banksia, list))
	_, err := s.world.Move("415056224", world.Move{Name: world.AddBudget, Amount: decimal.NewFromInt(500)})
	require.NoError(t, err)
	require.Len(t, s.rows(banksia, path), before+1)
	require.Len(t, s.rows(banksia, list), listed+1)

	_, err = s.world.Move("415056224", world.Move{Name: world.WithdrawConsent})
	require.NoError(t, err)
	status, _ := s.get(banksia, path)
	require.Equal(t, http.StatusForbidden, status)
	require.Len(t, s.rows(banksia, list), listed-before, "the list leaves out who refused")
}

func TestFaultsOfTheService(t *testing.T) {
	s := newService(t, world.Options{Scenarios: scenarios.FS}, 0)
	one := "?careRecipientId=415056224"
	person, _ := s.world.Find("several-open")
	details := "/budget/v1/" + person.Budgets[0].ID
	cases := []struct {
		kind   faults.Kind
		path   string
		status int
		code   string
	}{
		{faults.ConsentWithdrawn, recipientPath + one, 403, "CONSENT"},
		{faults.ConsentWithdrawn, details, 403, "CONSENT"},
		{faults.EntryMissing, recipientPath + one, 404, "1"},
		{faults.EntryMissing, details, 404, "1"},
		{faults.Forbidden, summaryPath + one, 403, "FORBIDDEN"},
	}
	for _, c := range cases {
		require.NoError(t, s.faults.Set(faults.Fault{Kind: c.kind, CareRecipientID: "415056224", Count: 1}))
		status, body := s.get(banksia, c.path)
		requireRefusal(t, c.status, c.code, "", status, body)
		status, _ = s.get(banksia, c.path)
		require.Equal(t, http.StatusOK, status, "the fault met one call")
	}

	require.NoError(t, s.faults.Set(faults.Fault{Kind: faults.StrangersID, Operation: servicesaustralia.OperationSummary}))
	require.Equal(t, "960501779", s.rows(banksia, summaryPath+one)[0]["careRecipientId"])

	require.NoError(t, s.faults.Set(faults.Fault{Kind: faults.Unauthorised, Count: 1}))
	status, body := s.get("4000012345+1", summaryPath+one)
	requireRefusal(t, 401, "UNAUTHORISED", "", status, body)
	status, _ = s.get("4000012345+1", summaryPath+one)
	require.Equal(t, http.StatusUnauthorized, status, "the token that was refused stays refused")
	status, _ = s.get(banksia, summaryPath+one)
	require.Equal(t, http.StatusOK, status, "another token works")
}

func TestShuffledPages(t *testing.T) {
	s := newService(t, world.Options{People: 50, Organisations: world.SingleProvider()}, 0)
	read := func(sort string) (all int, distinct map[string]bool) {
		distinct = map[string]bool{}
		for page := 1; page <= 3; page++ {
			for _, row := range s.rows(banksia, fmt.Sprintf("%s?serviceProviderId=%s&limit=20&page=%d%s", summaryPath, banksia, page, sort)) {
				all++
				distinct[row["careRecipientId"].(string)] = true
			}
		}
		return all, distinct
	}
	require.NoError(t, s.faults.Set(faults.Fault{Kind: faults.ShuffledPages, Rows: 2}))
	all, distinct := read("&sort-fields=careRecipientId")
	require.Equal(t, 52, all, "rows appear again at the page's edge")
	require.Len(t, distinct, 50)

	all, distinct = read("")
	require.Equal(t, 50, all)
	require.Less(t, len(distinct), 50, "without a sort some rows are met twice and others never")

	require.NoError(t, s.faults.Set(faults.Fault{Kind: faults.ShuffledPages, Rows: -2}))
	_, distinct = read("&sort-fields=careRecipientId")
	require.Len(t, distinct, 48, "rows that move up are missed")
}

func TestTheRateLimitIsABucketForEachOrganisation(t *testing.T) {
	s := newService(t, world.Options{Scenarios: scenarios.FS}, 3)
	path := summaryPath + "?careRecipientId=415056224"
	for range 3 {
		status, _ := s.get(banksia, path)
		require.Equal(t, http.StatusOK, status)
	}
	// The bucket refills three times a second; of twenty calls in a moment some must be refused.
	limited := 0
	for range 20 {
		response, body := s.send(headers(banksia), path)
		if response.StatusCode == http.StatusTooManyRequests {
			limited++
			require.Equal(t, "1", response.Header.Get("Retry-After"))
			require.Contains(t, body, "DHSEIN")
		}
	}
	require.Positive(t, limited)
	other := headers(banksia)
	other.Set("dhs-auditId", "another organisation")
	response, _ := s.send(other, path)
	require.NotEqual(t, http.StatusTooManyRequests, response.StatusCode)
}

func BenchmarkBudgetsOfRecipient(b *testing.B) {
	w, err := world.New(world.Options{People: 1000, Organisations: world.SingleProvider(), Today: world.MustDate("2026-05-20")})
	require.NoError(b, err)
	settings := gateway.Settings{Audience: "audience", ClientID: "client", ProductID: "product"}
	handler := servicesaustralia.New(w, settings, &tokens{revoked: map[string]bool{}}, &faults.Set{}, &calls.Recorder{})
	people := slices.DeleteFunc(w.Recipients(), func(p *world.Person) bool { return len(p.Budgets) == 0 })
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		request := httptest.NewRequest(http.MethodGet, servicesaustralia.Root+recipientPath+"?limit=1000&careRecipientId="+people[n%len(people)].CareRecipientID, nil)
		request.Header = headers(banksia)
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, request)
		if recorder.Code != http.StatusOK {
			b.Fatal(recorder.Body.String())
		}
	}
}

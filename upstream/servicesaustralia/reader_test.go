package servicesaustralia_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/upstream/servicesaustralia"
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

func TestSummary(t *testing.T) {
	read, err := readerOf(t, says(200, `[{"careRecipientId":"0415056224","firstName":"Ann-Marie","lastName":"O'Neill","birthDate":"1941-03-09",
		"serviceProviderId":"4000012345","entryCategoryCode":"ON","entryDate":"2025-11-01","departureDate":"2026-04-30","departureReasonCode":"TORES","somethingNew":{"a":[1]},
		"classifications":[{"classificationCode":"ON_LEVEL_7","classification":"Support at Home Level 7","fundingSource":"ON","startDate":"2025-11-01","endDate":null},
			{"classificationCode":"XX_NEW","startDate":"2026-01-01","endDate":"0001-01-01"}],
		"approvedServices":[{"serviceGroupId":"SERG-0001","serviceTypeId":"SERT-0004","serviceId":"SERV-0012","service":"Nursing care","startDate":"2025-11-01","endDate":""}],
		"supplements":[{"supplementCode":"OXY_NORM","supplement":"Oxygen supplement","startDate":"2025-11-01","endDate":"0000-00-00"}]}]`)).Summary(t.Context(), person)
	require.NoError(t, err)
	require.Empty(t, read.Issues)
	same(t, []care.Summary{{
		Reported: care.Reported{Identity: care.Identity{CareRecipientID: person, GivenName: "Ann-Marie", FamilyName: "O'Neill", BirthDate: date("1941-03-09")}},
		Entry: care.Entry{
			ServiceProviderID: provider, Category: "ON", EntryDate: date("2025-11-01"), DepartureDate: date("2026-04-30"), DepartureReason: "TORES",
		},
		Classifications: []care.Classification{
			{Code: "ON_LEVEL_7", Name: "Support at Home Level 7", FundingSource: "ON", StartDate: date("2025-11-01")},
			{Code: "XX_NEW", StartDate: date("2026-01-01")},
		},
		ApprovedServices: []care.ApprovedService{{GroupCode: "SERG-0001", TypeCode: "SERT-0004", ServiceCode: "SERV-0012", Name: "Nursing care", StartDate: date("2025-11-01")}},
		Supplements:      []care.Supplement{{Code: "OXY_NORM", Name: "Oxygen supplement", StartDate: date("2025-11-01")}},
	}}, read.Records)
}

func TestASummaryOfSomeoneElseIsReturnedAsItIs(t *testing.T) { // R8: care decides
	read, err := readerOf(t, says(200, `[{"careRecipientId":"0999999999","lastName":"Other"}]`)).Summary(t.Context(), person)
	require.NoError(t, err)
	require.Equal(t, stranger, read.Records[0].CareRecipientID)
}

func TestAnIDThatCameAsANumberHasLostItsLeadingZeros(t *testing.T) {
	reader := readerOf(t, says(200, `[{"careRecipientId":415056224,"budgetId":25}]`))
	summary, err := reader.Summary(t.Context(), person)
	require.NoError(t, err)
	require.Equal(t, care.Reported{Identity: care.Identity{CareRecipientID: "415056224"}, NumberID: true}, summary.Records[0].Reported, "care decides")
	budgets, err := reader.Budgets(t.Context(), person)
	require.NoError(t, err)
	require.Equal(t, "25", budgets.Records[0].UpstreamBudgetID)
}

func TestEveryEntryOfAPersonIsARowOfItsOwn(t *testing.T) { // R11
	row := func(provider, entry, category string) string {
		return fmt.Sprintf(`{"careRecipientId":%q,"serviceProviderId":%q,"entryDate":%q,"entryCategoryCode":%q}`, person, provider, entry, category)
	}
	read, err := readerOf(t, holds(
		row("1", "2025-11-01", "ON"), row("2", "2025-11-01", "ON"), row("1", "2026-02-01", "ON"), row("1", "2025-11-01", "AT"), row("1", "2025-11-01", "ON"),
	)).Summary(t.Context(), person)
	require.NoError(t, err)
	require.Len(t, read.Records, 4, "another provider, a later stay and another category are rows of their own; a repeated row is not")
}

// What tells who someone is and cannot be read is not absent (R8).
func TestAnUnreadableIdentityIsNotAnAbsentOne(t *testing.T) {
	for body, want := range map[string]map[string]string{
		`"birthDate":"1950-05-05T00:00:00"`: {"birth_date": "1950-05-05T00:00:00"},
		`"birthDate":19500505`:              {"birth_date": "19500505"},
		`"birthDate":{"year":1950}`:         {"birth_date": `{"year":1950}`},
		`"birthDate":"5 May 1950"`:          {"birth_date": "5 May 1950"},
		`"lastName":["Murray"]`:             {"family_name": `["Murray"]`},
		`"lastName":17`:                     {"family_name": "17"},
		`"careRecipientId":["0415056224"]`:  {"care_recipient_id": `["0415056224"]`},
		`"birthDate":"0001-01-01"`:          nil,
		`"birthDate":null,"lastName":""`:    nil,
	} {
		if !strings.Contains(body, "careRecipientId") {
			body += fmt.Sprintf(`,"careRecipientId":%q`, person)
		}
		read, err := readerOf(t, says(200, "[{"+body+"}]")).Summary(t.Context(), person)
		require.NoError(t, err, body)
		require.Equal(t, want, read.Records[0].Unreadable, body)
	}
}

func TestContributions(t *testing.T) { // R3, R16
	read, err := readerOf(t, holds(
		`{"careRecipientId":"0415056224","contributionCategory":"EVERYDAY_LIVING","percentage":17.5,"startDate":"2025-11-01","endDate":null,"status":"DETERMINED"}`,
		`{"careRecipientId":"0415056224","contributionCategory":"EVERYDAY_LIVING","percentage":17.5,"startDate":"2025-11-01","endDate":null,"status":"DETERMINED"}`,
		`{"careRecipientId":"0415056224","contributionCategory":"INDEPENDENCE","startDate":"2025-11-01","status":"PENDING"}`,
		`{"contributionCategory":"SOMETHING_NEW","percentage":"0.00"}`,
	)).Contributions(t.Context(), person)
	require.NoError(t, err)
	require.Empty(t, read.Issues)
	twice := care.Contribution{Category: "EVERYDAY_LIVING", Percentage: amount("17.5"), StartDate: date("2025-11-01"), Status: "DETERMINED"}
	same(t, []care.Contribution{
		twice, twice,
		{Category: "INDEPENDENCE", StartDate: date("2025-11-01"), Status: "PENDING"},
		{Category: "SOMETHING_NEW", Percentage: amount("0")},
	}, read.Records)
	require.False(t, read.Records[2].Percentage.Valid, "absent is not 0 %")
	require.True(t, read.Records[3].Percentage.Valid)
}

func TestBudgets(t *testing.T) { // R4: signs
	read, err := readerOf(t, holds(
		`{"budgetId":"254415056224","serviceProviderId":"4000012345","careRecipientId":"0415056224","careRecipientName":"N","entryDate":"2025-11-01",
		"budgetTypeCode":"ON","budgetType":"Home support ongoing","startDate":"2026-04-01","endDate":"2026-06-30","status":"OPEN",
		"total":16757.56,"amountUsed":-50.00,"writeOffAmount":-0.01,"rolloverDeduction":"12.30","available":"16707.56"}`,
		`{"budgetId":"a/b 2","careRecipientId":"0415056224","budgetTypeCode":"ZZ","total":0.00}`,
		`{"budgetId":"254415056224","careRecipientId":"0415056224","total":1}`,
	)).Budgets(t.Context(), person)
	require.NoError(t, err)
	require.Empty(t, read.Issues)
	same(t, []care.Budget{{
		UpstreamBudgetID: "254415056224", ServiceProviderID: provider, TypeCode: "ON", TypeName: "Home support ongoing",
		EntryDate: date("2025-11-01"), StartDate: date("2026-04-01"), EndDate: date("2026-06-30"), Status: "OPEN",
		Total: amount("16757.56"), Used: amount("50"), WriteOff: amount("0.01"), Rollover: amount("-12.3"), Available: amount("16707.56"),
	}, {
		UpstreamBudgetID: "a/b 2", TypeCode: "ZZ", Total: amount("0"),
	}}, read.Records)
	require.True(t, read.Records[1].Total.Valid, "0.00 is an amount")
	require.False(t, read.Records[1].Used.Valid, "absent is not zero")
}

func TestBudgetDetails(t *testing.T) { // R4, R17
	service := startService(t, says(200, `{"budgetId":"a/b 2","status":"OPEN","total":16757.56,
		"entitlements":[{"entitlementCode":"ON_RATE_7","amount":13047.49},{"entitlementCode":"OXY_NORM"}],
		"usage":[{"invoiceId":"900000123","itemId":1,"externalReferenceId":"CARESYNC-000000000000001","serviceProviderId":"4000012345","serviceId":"SERV-0012","deliveryDate":"2026-04-03","amount":-50.00},
			{"serviceProviderId":"4000099999","amount":-10},{"serviceProviderId":"4000099999","amount":-10},
			{"invoiceId":"900000123","itemId":"2","amount":"5.00"}]}`))
	details, issues, err := service.reader(t, servicesaustralia.Options{}).BudgetDetails(t.Context(), "a/b 2")
	require.NoError(t, err)
	require.Empty(t, issues)
	require.Equal(t, root+"/budget/v1/a%2Fb%202", service.asked[0].EscapedPath())
	require.Empty(t, service.asked[0].RawQuery)
	other := care.UsageLine{ServiceProviderID: "4000099999", Amount: amount("10")}
	same(t, care.BudgetDetails{
		UpstreamBudgetID: "a/b 2",
		Entitlements:     []care.Entitlement{{Code: "ON_RATE_7", Amount: amount("13047.49")}, {Code: "OXY_NORM"}},
		Usage: []care.UsageLine{
			{UpstreamInvoiceID: "900000123", UpstreamItemID: "1", ExternalReferenceID: "CARESYNC-000000000000001", ServiceProviderID: provider, ServiceCode: "SERV-0012", DeliveryDate: date("2026-04-03"), Amount: amount("50")},
			other, other,
			{UpstreamInvoiceID: "900000123", UpstreamItemID: "2", Amount: amount("-5")},
		},
	}, details)
}

func TestWhatIsOddIsAWarningAndNeverLosesTheRecord(t *testing.T) { // R2, R3, R10
	read, err := readerOf(t, holds(
		`{"budgetId":"B1","careRecipientId":"0415056224","budgetTypeCode":true,"startDate":"1 April 2026","endDate":20260630,"status":{"a":1},
		"total":1.005,"amountUsed":-1.005,"writeOffAmount":"many","rolloverDeduction":1e99,"available":[1]}`,
	)).Budgets(t.Context(), person)
	require.NoError(t, err)
	same(t, []care.Budget{{UpstreamBudgetID: "B1", Total: amount("1.01"), Used: amount("1.01")}}, read.Records)

	codes := map[string]care.IssueCode{}
	for _, issue := range read.Issues {
		require.Equal(t, care.SeverityWarning, issue.Severity)
		require.Equal(t, care.AreaBudgets, issue.Area)
		require.Equal(t, care.KindBudget, issue.Kind)
		require.NotContains(t, string(issue.Details), issue.About.Reported)
		require.NotContains(t, string(issue.Details), person)
		codes[issue.About.Field+"="+issue.About.Reported] = issue.Code
	}
	require.Equal(t, map[string]care.IssueCode{
		"budgetTypeCode=true": care.IssueOddValue, "startDate=1 April 2026": care.IssueOddValue,
		"endDate=20260630": care.IssueOddValue, `status={"a":1}`: care.IssueOddValue,
		"total=1.005": care.IssueRounded, "amountUsed=-1.005": care.IssueRounded,
		"writeOffAmount=many": care.IssueOddValue, "rolloverDeduction=1e99": care.IssueOddValue, "available=[1]": care.IssueOddValue,
	}, codes)
	require.Equal(t, "Budget: The start date is not a date, and was ignored. Received: “1 April 2026”.", words.Issue(read.Issues[1]))
}

func TestPercentagesKeepFourPlaces(t *testing.T) { // R2
	read, err := readerOf(t, holds(
		`{"contributionCategory":"A","percentage":17.1234}`, `{"contributionCategory":"B","percentage":17.12345}`, `{"contributionCategory":"C","percentage":1000}`,
		`{"contributionCategory":"D","percentage":999.99999}`, // rounding would add a digit
	)).Contributions(t.Context(), person)
	require.NoError(t, err)
	same(t, []care.Contribution{{Category: "A", Percentage: amount("17.1234")}, {Category: "B", Percentage: amount("17.1235")}, {Category: "C"}, {Category: "D"}}, read.Records)
	require.Len(t, read.Issues, 3)
	require.Equal(t, care.IssueRounded, read.Issues[0].Code)
	require.Equal(t, care.IssueOddValue, read.Issues[1].Code)
	require.Equal(t, care.IssueOddValue, read.Issues[2].Code)
}

// Only what identifies the person, or the record that was asked for, refuses an answer (R6).
func TestAnAnswerWithoutItsIdentityIsRefused(t *testing.T) {
	for _, test := range []struct{ read, body, field string }{
		{"summary", `[{"lastName":"Murray"}]`, "[0].careRecipientId"},
		{"summary", `[{"careRecipientId":"0415056224"},7]`, "[1]"},
		{"details", `{"entitlements":[]}`, "budgetId"},
	} {
		t.Run(test.read+" "+test.field, func(t *testing.T) {
			records, err := reads[test.read](t.Context(), readerOf(t, says(200, test.body)))
			failed := failure(t, err)
			require.Equal(t, transport.InvalidRecord, failed.Kind)
			require.Equal(t, test.field, failed.Field)
			require.Contains(t, failed.Error(), "field "+test.field)
			require.False(t, failed.Retryable())
			require.False(t, failed.OrganisationWide())
			if test.read != "details" {
				require.Zero(t, records, "nothing of an incomplete read may be used")
			}
		})
	}
}

// R6: a record that nothing identifies is left out, with a warning that names it, its place and what came.
func TestARecordWithoutItsIdentityIsLeftOut(t *testing.T) {
	const missing, unusable, noRecord = care.ProblemIdentityMissing, care.ProblemIdentity, care.ProblemNotRecord
	for _, test := range []struct {
		rows            string
		what            care.ValueProblem
		about, reported string
	}{
		{`{"careRecipientId":"0415056224","budgetType":"Home care"}`, missing, "budget Home care, number 2 in the list", `{"budgetType":"Home care","careRecipientId":"0415056224"}`},
		{`{"budgetId":null}`, missing, "budget number 2 in the list", `{"budgetId":null}`},
		{`{"budgetId":"  "}`, unusable, "budget number 2 in the list", "  "},
		{`{"budgetId":{}}`, unusable, "budget number 2 in the list", "{}"},
		{`{"budgetId":"a\u0000"}`, unusable, "budget number 2 in the list", "a\uFFFD"},
		{`"B1"`, noRecord, "budget number 2 in the list", "B1"},
		{`null`, noRecord, "budget number 2 in the list", "null"},
	} {
		t.Run(test.rows, func(t *testing.T) {
			read, err := readerOf(t, holds(budgetRow(1), test.rows, budgetRow(3))).Budgets(t.Context(), person)
			require.NoError(t, err)
			require.True(t, read.Incomplete)
			require.Len(t, read.Records, 2)
			require.Len(t, read.Issues, 1)
			issue := read.Issues[0]
			require.Equal(t, care.IssueRecordLeftOut, issue.Code)
			require.Equal(t, test.what, care.DetailsOf[care.ValueDetails](issue).Problem)
			require.Equal(t, test.about, words.Record(issue.About.Record))
			require.Equal(t, test.reported, issue.About.Reported)
			require.NotContains(t, string(issue.Details), person)
		})
	}
}

// R5, R6: a list from which a record was left out, and one that is no list, is as one that did not come.
func TestAListWithinARecordThatIsIncomplete(t *testing.T) {
	for fields, want := range map[string]care.Unread{
		`"classifications":[{"classification":"Level 7"}]`:                                             {care.KindClassification},
		`"classifications":[{"classificationCode":"A"},{"classificationCode":"B","startDate":"soon"}]`: {care.KindClassification},
		`"classifications":{"classificationCode":"A"}`:                                                 {care.KindClassification},
		`"supplements":[{}]`:                         {care.KindSupplement},
		`"approvedServices":[{"service":"Nursing"}]`: {care.KindApprovedService},
	} {
		lists := map[string]bool{"classifications": true, "approvedServices": true, "supplements": true}
		for list := range lists {
			if !strings.Contains(fields, list) {
				fields += `,"` + list + `":[]`
			}
		}
		read, err := readerOf(t, holds(`{"careRecipientId":"0415056224",`+fields+`}`)).Summary(t.Context(), person)
		require.NoError(t, err)
		require.Equal(t, want, read.Records[0].Unread, fields)
		require.Len(t, read.Issues, 1, fields)
	}
	for fields, want := range map[string]care.Unread{
		`"entitlements":[{"amount":1}],"usage":[]`: {care.KindEntitlement},
		`"entitlements":[],"usage":"none"`:         {care.KindBudgetUsage},
		`"entitlements":[],"usage":[7]`:            {care.KindBudgetUsage},
	} {
		details, issues, err := readerOf(t, says(200, `{"budgetId":"B1",`+fields+`}`)).BudgetDetails(t.Context(), "B1")
		require.NoError(t, err)
		require.Equal(t, want, details.Unread, fields)
		require.Len(t, issues, 1, fields)
	}
}

// A provider's list continues without the rows that do not say whose they are; nothing may be concluded from what it lacks.
func TestAProvidersListLeavesOutWhatIsNoOnes(t *testing.T) {
	summaries, err := readerOf(t, holds(`{"careRecipientId":"1"}`, `{"lastName":"Murray"}`, `{"careRecipientId":[]}`)).Summaries(t.Context(), servicesaustralia.UpdatedWindow{})
	require.NoError(t, err)
	require.True(t, summaries.Incomplete)
	require.Len(t, summaries.Records, 1)
	contributions, err := readerOf(t, holds(`{"contributionCategory":"A"}`, `{"careRecipientId":"1","contributionCategory":"A"}`)).
		ContributionsOfProvider(t.Context(), servicesaustralia.Effective{}, servicesaustralia.UpdatedWindow{})
	require.NoError(t, err)
	require.True(t, contributions.Incomplete)
	require.Len(t, contributions.Records, 1)
	budgets, err := readerOf(t, holds(`{"budgetTypeCode":"CM"}`, budgetRow(2))).BudgetsHeldByProvider(t.Context())
	require.NoError(t, err)
	require.True(t, budgets.Incomplete)
	require.Len(t, budgets.Records, 1)
}

func TestRowsOfSomeoneElseAreRefused(t *testing.T) { // R8
	for _, test := range []struct {
		read, body string
		kind       transport.Kind
	}{
		{"budgets", `[{"budgetId":"B1","careRecipientId":"0415056224"},{"budgetId":"B2","careRecipientId":"0999999999"}]`, transport.IdentityMismatch},
		{"contributions", `[{"careRecipientId":"0999999999","contributionCategory":"CLINICAL"}]`, transport.IdentityMismatch},
		{"details", `{"budgetId":"B2"}`, transport.AnotherBudget},
	} {
		_, err := reads[test.read](t.Context(), readerOf(t, says(200, test.body)))
		failed := failure(t, err)
		require.Equal(t, test.kind, failed.Kind, test.read)
		require.False(t, failed.Retryable())
		require.NotContains(t, failed.Error(), stranger)
		require.Contains(t, []string{stranger, "B2"}, failed.About.Reported, "kept for the run's rows")
	}
}

func TestWhatNotFoundMeans(t *testing.T) {
	gone := map[string]bool{"summary": true, "details": true}
	for name, read := range reads {
		t.Run(name, func(t *testing.T) {
			records, err := read(t.Context(), readerOf(t, says(404, notFound)))
			if gone[name] {
				require.Equal(t, transport.NotFound, failure(t, err).Kind)
				require.NotEmpty(t, failure(t, err).Words, "the service's own words are kept")
			} else {
				require.NoError(t, err, "a search without hits")
				require.Zero(t, records)
			}

			_, err = read(t.Context(), readerOf(t, says(404, "<html>No such page</html>")))
			require.Equal(t, transport.Refused, failure(t, err).Kind, "a wrong address is not a person without records")
			_, err = read(t.Context(), readerOf(t, says(404, `{"codeType":"DHSEIN","code":"17","message":"No"}`)))
			require.Equal(t, transport.Refused, failure(t, err).Kind)
		})
	}
	for name, read := range reads {
		for _, body := range []string{`{"codeType":"DHSEIN","code":"1","message":"Not found"}`, `{"errors":[{"code":"1","message":"Not found"}]}`} {
			for _, status := range []int{200, 404} {
				_, err := read(t.Context(), readerOf(t, says(status, body)))
				require.Equal(t, !gone[name], err == nil, "%s: %d %s", name, status, body)
				require.True(t, err == nil || transport.IsKind(err, transport.NotFound))
			}
		}
		_, err := read(t.Context(), readerOf(t, says(404, `{"message":"No such record"}`)))
		want := transport.Refused
		if name == "summary" {
			want = transport.NotFound
		}
		require.Equal(t, want, failure(t, err).Kind, "without a code, a 404 answers only the summary of one id: %s", name)
		require.Equal(t, "No such record", failure(t, err).Words)
		_, err = read(t.Context(), readerOf(t, says(200, `{"codeType":"DHSEIN","code":"9","message":"Invalid date"}`)))
		require.Equal(t, transport.Refused, failure(t, err).Kind)
		require.Equal(t, "Invalid date", failure(t, err).Words, "an error under a success's status is read as that error")
	}
	_, err := readerOf(t, says(200, "[]")).Summary(t.Context(), person)
	require.Equal(t, transport.NotFound, failure(t, err).Kind)
}

func TestConsentAndAuthority(t *testing.T) { // R9, R18
	for body, want := range map[string]transport.Kind{
		`{"codeType":"DHSEIN","code":"CONSENT","message":"Care recipient has not provided consent"}`:                                              transport.ConsentRefused,
		`{"codeType":"DHSEIN","code":"9","message":"Refused","details":[{"code":"CONSENT","message":"Care recipient has not provided consent"}]}`: transport.ConsentRefused,
		`{"codeType":"DHSEIN","code":"AUTH","message":"Provider is not linked"}`:                                                                  transport.NotAuthorised,
		"Forbidden": transport.NotAuthorised,
	} {
		_, err := readerOf(t, says(403, body)).Budgets(t.Context(), person)
		failed := failure(t, err)
		require.Equal(t, want, failed.Kind, body)
		require.False(t, failed.Retryable())
		require.NotEmpty(t, failed.Words)
	}

	service := startService(t, says(403, `{"code":"NO-CONSENT"}`))
	connection := connectionTo(service.URL)
	connection.ConsentCode = "NO-CONSENT"
	_, err := loggedIn(t, connection, servicesaustralia.Options{}).For(connection, correlationID, unlimited{}).Budgets(t.Context(), person)
	require.Equal(t, transport.ConsentRefused, failure(t, err).Kind, "the code is configuration")
	connection.ConsentCode = ""
	_, err = loggedIn(t, connection, servicesaustralia.Options{}).For(connection, correlationID, unlimited{}).Budgets(t.Context(), person)
	require.Equal(t, transport.NotAuthorised, failure(t, err).Kind)
}

func TestAnswersThatAreNotTheServicesOwnAreRetried(t *testing.T) { // R9
	for _, body := range []string{"", "null", "<html>Sign in</html>", `[{"budgetId":"B1"`, `"no"`, `{"budgetId":"B1"} and more`} {
		for name, read := range reads {
			_, err := read(t.Context(), readerOf(t, says(200, body)))
			require.Equal(t, transport.Unreadable, failure(t, err).Kind, "%s of %s", name, body)
			require.True(t, failure(t, err).Retryable())
		}
	}
}

func TestProviderWideReadsAskForTheProviderAndTheWindow(t *testing.T) {
	service := startService(t, says(404, notFound))
	reader := service.reader(t, servicesaustralia.Options{PageSize: 500})
	sydney := time.FixedZone("AEST", 10*60*60)
	effective := servicesaustralia.Effective{From: date("2026-04-01"), To: date("2026-06-30")}
	updated := servicesaustralia.UpdatedWindow{From: time.Date(2026, 4, 1, 9, 0, 0, 0, sydney)}
	_, err := reader.Summaries(t.Context(), updated)
	require.NoError(t, err)
	_, err = reader.ContributionsOfProvider(t.Context(), effective, updated)
	require.NoError(t, err)
	_, err = reader.BudgetSummary(t.Context(), effective, servicesaustralia.UpdatedWindow{})
	require.NoError(t, err)
	_, err = reader.BudgetsHeldByProvider(t.Context())
	require.NoError(t, err)
	var asked []string
	for _, address := range service.asked {
		asked = append(asked, address.String())
	}
	require.Equal(t, []string{
		root + "/care-recipient-summary/v1?limit=500&page=1&serviceProviderId=4000012345&sort=asc&sort-fields=careRecipientId&updatedAtDateTimeFrom=2026-03-31T23%3A00%3A00Z",
		root + "/individual-contribution/v1?effectiveDateFrom=2026-04-01&effectiveDateTo=2026-06-30&limit=500&page=1&serviceProviderId=4000012345&sort=asc&sort-fields=careRecipientId&updatedAtDateTimeFrom=2026-03-31T23%3A00%3A00Z",
		root + "/budget/v1/summary?effectiveDateFrom=2026-04-01&effectiveDateTo=2026-06-30&limit=500&page=1&serviceProviderId=4000012345&sort=asc&sort-fields=budgetId",
		root + "/budget/v1/service-provider?limit=500&page=1&serviceProviderId=4000012345&sort=asc&sort-fields=budgetId",
	}, asked)
}

func TestReadsOfOnePersonAskForThatPerson(t *testing.T) {
	service := startService(t, says(404, notFound))
	reader := service.reader(t, servicesaustralia.Options{})
	for _, name := range []string{"summary", "contributions", "budgets"} {
		_, _ = reads[name](t.Context(), reader)
	}
	require.Equal(t, root+"/care-recipient-summary/v1?careRecipientId=0415056224&limit=10000&page=1&sort=asc&sort-fields=careRecipientId", service.asked[0].String())
	require.Equal(t, root+"/individual-contribution/v1?careRecipientId=0415056224&limit=10000&page=1&sort=asc&sort-fields=careRecipientId", service.asked[1].String())
	require.Equal(t, root+"/budget/v1/care-recipient?careRecipientId=0415056224&limit=10000&page=1&sort=asc&sort-fields=budgetId", service.asked[2].String())
}

func TestPathsAreConfiguration(t *testing.T) {
	service := startService(t, says(200, `{"budgetId":"B1"}`))
	options := servicesaustralia.Options{Root: "/v9", Paths: servicesaustralia.Paths{BudgetDetails: "/money/{budget}/all"}}
	_, _, err := service.reader(t, options).BudgetDetails(t.Context(), "B1")
	require.NoError(t, err)
	require.Equal(t, "/v9/money/B1/all", service.asked[0].Path)
}

func TestProviderWideReadsNeedAProvider(t *testing.T) {
	connection := connectionTo("http://127.0.0.1:1")
	connection.ServiceProviderID = ""
	reader := loggedIn(t, connection, servicesaustralia.Options{}).For(connection, correlationID, unlimited{})
	for _, name := range []string{"summaries", "contributions of the provider", "budget summary", "budgets held"} {
		_, err := reads[name](t.Context(), reader)
		require.Equal(t, transport.NotSetUp, failure(t, err).Kind, name)
		require.Equal(t, servicesaustralia.CodeNoServiceProviderID, failure(t, err).Code)
	}
}

func TestEveryCallOfASyncCarriesOneCorrelationID(t *testing.T) {
	messages, correlations := map[string]bool{}, map[string]bool{}
	service := startService(t, func(w http.ResponseWriter, r *http.Request) {
		messages[r.Header.Get("dhs-messageId")] = true
		correlations[r.Header.Get("dhs-correlationId")] = true
		says(404, notFound)(w, r)
	})
	reader := service.reader(t, servicesaustralia.Options{})
	for _, read := range reads {
		_, _ = read(t.Context(), reader)
	}
	require.Len(t, messages, len(reads))
	require.Equal(t, map[string]bool{"urn:uuid:" + string(correlationID): true}, correlations)
}

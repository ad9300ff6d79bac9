package record_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/upstream/record"
	"github.com/caresync/caresync/upstream/record/recordtest"
	"github.com/caresync/caresync/upstream/transport"
)

// names are what people know the records of these tests by.
var names = record.Names{
	care.KindBudget:          {Name: []string{"type"}, Code: []string{"code"}, Start: "start", End: "end"},
	care.KindApprovedService: {Name: []string{"service"}},
	care.KindEntitlement:     {Code: []string{"g"}},
}

// rowOf is a budget with one field, f, at the path "[2]".
func rowOf(value string) (*record.Decoder, record.Row) {
	decoder := record.NewDecoder(care.AreaBudgets, names)
	return decoder, decoder.Row(care.KindBudget, "[2]", json.RawMessage(`{"f":`+value+`}`))
}

// refusal is why the decoder refuses the answer.
func refusal(t *testing.T, decoder *record.Decoder) *transport.Error {
	t.Helper()
	var failure *transport.Error
	require.ErrorAs(t, decoder.Refusal(transport.Response{Status: 200}), &failure)
	return failure
}

func TestTexts(t *testing.T) {
	long := strings.Repeat("a", record.LongestText)
	for _, test := range []struct {
		value, text string
		warning     care.ValueProblem
	}{
		{`"ON"`, "ON", ""},
		{`" "`, " ", ""},
		{`null`, "", ""},
		{`712.50`, "712.50", ""},
		{`-1`, "-1", ""},
		{`"` + long + `"`, long, ""},
		{`"` + long + `a"`, "", care.ProblemTooLong},
		{`true`, "", care.ProblemNotText},
		{`["ON"]`, "", care.ProblemNotText},
		{`"O\u0000N"`, "ON", care.ProblemUnstorable},
	} {
		decoder, row := rowOf(test.value)
		require.Equal(t, test.text, row.Text("f"), test.value)
		requireWarning(t, decoder, test.warning)
		require.NoError(t, decoder.Refusal(transport.Response{}), "an odd optional field refuses nothing")
	}
}

// requireWarning requires one warning of this problem, or none.
func requireWarning(t *testing.T, decoder *record.Decoder, problem care.ValueProblem) {
	t.Helper()
	issues := decoder.TakeIssues()
	if problem == "" {
		require.Empty(t, issues)
		return
	}
	require.Len(t, issues, 1)
	require.Equal(t, care.ValueDetails{Field: "f", Problem: problem}, problemOf(issues[0]))
}

// rounded is the problem of a value of which a digit was lost.
const rounded care.ValueProblem = "rounded"

// problemOf are the details of a warning about a value.
func problemOf(issue care.Issue) care.ValueDetails {
	details := care.DetailsOf[care.ValueDetails](issue)
	if issue.Code == care.IssueRounded {
		details.Problem = rounded
	}
	return details
}

func TestAWarningKeepsTheValueOutOfItsDetails(t *testing.T) {
	decoder := record.NewDecoder(care.AreaSummary, names)
	row := decoder.Row(care.KindApprovedService, "[0]", json.RawMessage(`{"service":"Nursing care","startDate":"9 March 1941\u0000`+strings.Repeat("é", 200)+`"}`))
	row.Date("startDate")
	issues := decoder.TakeIssues()
	require.Len(t, issues, 1)
	require.Equal(t, care.ValueDetails{Field: "startDate", Problem: care.ProblemNotDate}, problemOf(issues[0]), "R10")
	require.Equal(t, care.AreaSummary, issues[0].Area)
	require.Equal(t, care.IssueOddValue, issues[0].Code)
	require.Equal(t, care.KindApprovedService, issues[0].Kind)
	about := issues[0].About
	require.Equal(t, care.Label{Kind: care.KindApprovedService, Name: "Nursing care"}, about.Record)
	require.Equal(t, "startDate", about.Field)
	require.Regexp(t, "^9 March 1941\uFFFDé+…$", about.Reported, "in a form that can be stored, cut between letters")
	require.LessOrEqual(t, len(about.Reported), record.LongestQuote)
	require.Empty(t, decoder.TakeIssues(), "each warning is handed out once")
}

func TestIdentities(t *testing.T) {
	for value, identity := range map[string]string{
		`"B1"`: "B1", `254415056224`: "254415056224", `" B1"`: " B1",
		`""`: "", `"  "`: "", `null`: "", `true`: "", `{}`: "", `"B\u0000"`: "", `"` + strings.Repeat("a", record.LongestText+1) + `"`: "",
	} {
		decoder, row := rowOf(value)
		require.Equal(t, identity, row.Identity("f"), value)
		if identity != "" {
			require.NoError(t, decoder.Refusal(transport.Response{}), value)
			continue
		}
		failure := refusal(t, decoder)
		require.Equal(t, transport.InvalidRecord, failure.Kind)
		require.Equal(t, "[2].f", failure.Field)
		require.Equal(t, 200, failure.Status)
		require.NotContains(t, failure.Error(), "aaa", "R10")
	}
}

func TestDates(t *testing.T) {
	for _, test := range []struct {
		value, date string
		odd         bool
	}{
		{`"2026-02-01"`, "2026-02-01", false}, {`" 2026-02-01 "`, "2026-02-01", false}, {`"2024-02-29"`, "2024-02-29", false},
		{`null`, "", false}, {`""`, "", false}, {`"0001-01-01"`, "", false}, {`"0000-00-00"`, "", false},
		{`"2025-02-29"`, "", true}, {`"01/02/2026"`, "", true}, {`"2026-02-01T00:00:00Z"`, "", true}, {`20260201`, "", true}, {`[]`, "", true},
	} {
		decoder, row := rowOf(test.value)
		require.Equal(t, test.date, row.Date("f").String(), test.value)
		require.Len(t, decoder.TakeIssues(), map[bool]int{true: 1}[test.odd], test.value)

		require.Equal(t, test.date, row.IdentityDate("f").String(), test.value)
		require.Equal(t, test.odd, decoder.Refusal(transport.Response{}) != nil, "what identifies may be absent, but must be readable: %s", test.value)
	}
}

func TestNumbers(t *testing.T) {
	const notAnAmount, notPercentage = care.ProblemNotAmount, care.ProblemNotPercentage
	money, percentage := record.Row.Money, record.Row.Percentage
	for _, test := range []struct {
		read          func(record.Row, string) decimal.NullDecimal
		value, number string
		warned        care.ValueProblem
	}{
		{money, `16757.56`, "16757.56", ""},
		{money, `"16757.56"`, "16757.56", ""},
		{money, `" -50 "`, "-50", ""},
		{money, `1.5e3`, "1500", ""},
		{money, `0.00`, "0", ""},
		{money, `0.005`, "0.01", rounded},
		{money, `-0.005`, "-0.01", rounded},
		{money, `1e-99`, "0", rounded},
		{money, `999999999999.99`, "999999999999.99", ""},
		{money, `999999999999.995`, "", notAnAmount},
		{money, `1000000000000`, "", notAnAmount},
		{money, `1e99`, "", notAnAmount},
		{money, `"1e999"`, "", notAnAmount},
		{money, strings.Repeat("1", 41), "", notAnAmount},
		{money, `"12,50"`, "", notAnAmount},
		{money, `"１２"`, "", notAnAmount},
		{money, `"."`, "", notAnAmount},
		{money, `true`, "", notAnAmount},
		{money, `{}`, "", notAnAmount},
		{money, `null`, "", ""},
		{money, `" "`, "", ""},
		{percentage, `17.5`, "17.5", ""},
		{percentage, `"17.12345"`, "17.1235", rounded},
		{percentage, `-17.12345`, "-17.1235", rounded},
		{percentage, `999.9999`, "999.9999", ""},
		{percentage, `999.99995`, "", notPercentage},
		{percentage, `1000`, "", notPercentage},
		{percentage, `null`, "", ""},
	} {
		decoder, row := rowOf(test.value)
		read := test.read(row, "f")
		require.Equal(t, test.number != "", read.Valid, "absent is not zero (R3): %s", test.value)
		if read.Valid {
			require.Equal(t, test.number, read.Decimal.String(), "R2: %s", test.value)
		}
		requireWarning(t, decoder, test.warned)
		require.NoError(t, decoder.Refusal(transport.Response{}))
	}
}

func TestListsKnowWhereTheirRowsStand(t *testing.T) {
	decoder, row := rowOf(`[{"g":1},{"g":[]}]`)
	rows := row.List(care.KindEntitlement, "f")
	require.Len(t, rows, 2)
	require.Equal(t, "1", rows[0].Identity("g"))
	require.Empty(t, row.List(care.KindEntitlement, "other"))
	require.NoError(t, decoder.Refusal(transport.Response{}))
	require.False(t, decoder.Incomplete(care.KindEntitlement))

	rows[1].Refuse(transport.IdentityMismatch, "g")
	rows[1].Refuse(transport.IdentityMismatch, "h")
	failure := refusal(t, decoder)
	require.Equal(t, "[2].f[1].g", failure.Field, "the first refusal stands")
	require.Equal(t, "[]", failure.About.Reported)
}

// R6: what identifies a record of a list concerns that record alone.
func TestARecordOfAListIsLeftOutByItself(t *testing.T) {
	decoder, row := rowOf(`[{"g":1},{"g":[]},7]`)
	rows := row.List(care.KindEntitlement, "f")
	for _, one := range rows {
		one.Identity("g")
		one.Identity("g")
	}
	require.NoError(t, decoder.Refusal(transport.Response{}))
	require.Equal(t, []bool{false, true, true}, []bool{rows[0].LeftOut(), rows[1].LeftOut(), rows[2].LeftOut()})
	require.True(t, decoder.Incomplete(care.KindEntitlement))
	require.False(t, decoder.Incomplete(care.KindBudget))
	issues := decoder.TakeIssues()
	require.Len(t, issues, 2, "each record is named once")
	require.Equal(t, "7", issues[0].About.Reported)
	require.Equal(t, care.ValueDetails{Field: "g", Problem: care.ProblemIdentity}, problemOf(issues[1]))
	require.Equal(t, 2, issues[1].About.Record.Position)

	rows[0].RefuseAnswer()
	require.NoError(t, decoder.Refusal(transport.Response{}))
	rows[1].RefuseAnswer()
	require.Equal(t, "[2].f[1].g", refusal(t, decoder).Field)
}

// R5: what is no list is a list that did not come.
func TestWhatIsNoListDidNotCome(t *testing.T) {
	for value, reported := range map[string]string{`"none"`: "none", `{}`: "{}"} {
		decoder, row := rowOf(value)
		require.Empty(t, row.List(care.KindEntitlement, "f"))
		require.NoError(t, decoder.Refusal(transport.Response{}))
		require.True(t, decoder.Incomplete(care.KindEntitlement))
		issues := decoder.TakeIssues()
		require.Len(t, issues, 1)
		require.Equal(t, care.IssueListMissing, issues[0].Code)
		require.Equal(t, reported, issues[0].About.Reported)

		row.WholeList(care.KindEntitlement, "f")
		require.Equal(t, "[2].f", refusal(t, decoder).Field, "unless the answer says nothing without it")
	}
	for _, value := range []string{`"none"`, `{}`, `null`, `7`} {
		decoder := record.NewDecoder(care.AreaBudgets, names)
		require.Empty(t, decoder.Rows(care.KindBudget, "result", json.RawMessage(value)))
		require.Equal(t, "result", refusal(t, decoder).Field)
	}
}

func TestAnAnswerThatIsOneRow(t *testing.T) {
	answer := func(body string) (record.Row, error) {
		return record.NewDecoder(care.AreaUsage, names).Answer(care.KindBudget, transport.Response{Status: 200, Body: []byte(body)})
	}
	row, err := answer(`{"budgetId":"B1"}`)
	require.NoError(t, err)
	require.Equal(t, "B1", row.Identity("budgetId"))
	for _, body := range []string{"", "null", "[]", "<html>", `{"budgetId":`} {
		_, err := answer(body)
		require.True(t, transport.IsKind(err, transport.Unreadable), "%q: may be a proper one next time", body)
	}
}

func FuzzRow(f *testing.F) {
	f.Add([]byte(`{"f":"text"}`))
	f.Add([]byte(`{"f":-0.005}`))
	f.Add([]byte(`{"f":"\ud800\u0000"}`))
	f.Add([]byte(`{"f":[{"f":1e-99},{"f":"999999999999.995"}]}`))
	f.Add([]byte(`{"f":"0000-00-00"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		decoder := record.NewDecoder(care.AreaBudgets, names)
		row := decoder.Row(care.KindBudget, "", body)
		for _, one := range append(row.List(care.KindBudget, "f"), row) {
			identity := one.Identity("f")
			recordtest.Storable(t, one.Text("f"), identity)
			recordtest.Exact(t, one, "f", one.Money("f"), 2)
			recordtest.Exact(t, one, "f", one.Percentage("f"), 4)
			require.LessOrEqual(t, len(one.Date("f").String()), len("9999-12-31"))
			require.LessOrEqual(t, len(one.IdentityDate("f").String()), len("9999-12-31"))
			require.True(t, identity != "" || one.LeftOut() || decoder.Refusal(transport.Response{}) != nil, "no identity, no record")
		}
		recordtest.Sound(t, decoder)
	})
}

package care

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestRecordsAreCalledWhatPeopleKnowThemBy(t *testing.T) {
	april, june := NewDate(2026, time.April, 1), NewDate(2026, time.June, 30)
	budget := Label{Kind: KindBudget, Name: "Home support ongoing", Code: "ON", StartDate: april, EndDate: june}
	for words, label := range map[string]Label{
		"budget Home support ongoing (ON), 01 Apr 2026 – 30 Jun 2026":                                       budget,
		"usage line SERV-0012, 01 Apr 2026, of budget Home support ongoing (ON), 01 Apr 2026 – 30 Jun 2026": {Kind: KindBudgetUsage, Code: "SERV-0012", StartDate: april, EndDate: april, Of: &budget},
		"supplement Oxygen, from 01 Apr 2026, number 2 in the list":                                         {Kind: KindSupplement, Name: "Oxygen", StartDate: april, Position: 2, Of: &Label{Kind: KindPerson}},
		"classification ON_LEVEL_2, until 30 Jun 2026":                                                      {Kind: KindClassification, Name: "ON_LEVEL_2", Code: "ON_LEVEL_2", EndDate: june},
		"plan budget Transport, Core, Flexible":                                                             {Kind: KindPlanBudget, Name: "Transport", Of: &Label{Kind: KindPlanBudget, Name: "Core", Of: &Label{Kind: KindPlanBudget, Of: &Label{Kind: KindPlanBudget, Name: "Flexible"}}}},
		"budget":                                                                                            {Kind: KindBudget},
		"record":                                                                                            {},
		`classification L1\u001b[31mRED\u202e!`:                                                             {Kind: KindClassification, Name: "L1\u001b[31mRED\u202e!"},
	} {
		require.Equal(t, words, label.String())
	}
	require.Equal(t, budget, Label{Kind: KindBudget, Code: "XX"}.WithinBudget(budget), "what we hold names a budget better than its details")
	require.Equal(t, "entitlement OXY, of "+budget.String(), Label{Kind: KindEntitlement, Code: "OXY"}.WithinBudget(budget).String())
}

func TestAnIssueSaysWhichRecordFieldAndValue(t *testing.T) {
	issue := Warning(AreaBudgets, IssueOddValue, "The total is not an amount that can be right, and was left out.")
	require.Equal(t, issue.Message, issue.Explain())
	issue.About = &About{Record: Label{Kind: KindBudget, Code: "ON"}, Field: "total", Reported: "12\u001b[2J,50\nx"}
	require.Equal(t, `Budget ON: The total is not an amount that can be right, and was left out. It came as “12\u001b[2J,50 x”.`, issue.Explain())

	encoded, err := json.Marshal(issue)
	require.NoError(t, err)
	var stored Issue
	require.NoError(t, json.Unmarshal(encoded, &stored))
	require.Equal(t, issue, stored, "record, field and value are stored typed")
}

func TestFieldsAreCalledByWords(t *testing.T) {
	for field, words := range map[string]string{
		"deliveryDate": "delivery date", "total": "total", "careRecipientId": "care recipient id", "usage_amount": "usage amount",
		"plan_end_date": "end date of the plan", "": "",
	} {
		require.Equal(t, words, FieldLabel(field))
	}
}

func TestNothingThatIsShownActs(t *testing.T) {
	require.Equal(t, "Zoë O’Neill 李\n\t“x”", Visible("Zoë O’Neill 李\n\t“x”"), "letters of every script stay")
	require.Equal(t, `a\u0000\u0007\u000d\u007f\u009b\u202e\u2066\u2028`, Visible("a\x00\a\r\x7f\u009b\u202e\u2066\u2028"))
	require.Equal(t, "a b c", OneLine("a\nb\tc"))
	require.Equal(t, "\uFFFD[2J", Visible("\x9b[2J"), "a byte that is no letter could be a control character of the terminal")

	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		require.Equal(t, Visible(text), Visible(Visible(text)))
		encoded, err := json.Marshal(text)
		require.NoError(t, err)
		var same string
		require.NoError(t, json.Unmarshal([]byte(Visible(string(encoded))), &same))
		require.Equal(t, text, same, "within JSON the text stays the same")
	})
}

package servicesaustralia

import (
	"encoding/json"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
)

// rowsOf decodes a body as a list does, row by row, with a decoder of its own for each so that a refusal ends only its row.
func rowsOf(body []byte, each func(row)) {
	var rows []json.RawMessage
	if json.Unmarshal(body, &rows) != nil {
		return
	}
	for i, raw := range rows {
		each((&decoder{area: care.AreaBudgets}).row(care.KindBudget, fmt.Sprintf("[%d]", i), raw))
	}
}

// storable reports what PostgreSQL would take.
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
func exact(t *testing.T, raw json.RawMessage, read decimal.NullDecimal, places int) {
	t.Helper()
	if !read.Valid {
		return
	}
	text, _ := scalarText(raw)
	reported, ok := new(big.Rat).SetString(strings.TrimSpace(text))
	require.True(t, ok, text)
	difference := new(big.Rat).Sub(read.Decimal.Rat(), reported)
	half := new(big.Rat).SetFrac64(5, 1)
	for range places + 1 {
		half.Mul(half, big.NewRat(1, 10))
	}
	require.LessOrEqual(t, difference.Abs(difference).Cmp(half), 0, "%s became %s", text, read.Decimal)
}

func FuzzDecodeBudgets(f *testing.F) {
	f.Add([]byte(`[{"budgetId":"254415056224","careRecipientId":"415056224","total":16757.56,"amountUsed":-50.00,"available":"16707.56","startDate":"2026-04-01","endDate":null}]`))
	f.Add([]byte(`[{"budgetId":1,"total":1e-99,"amountUsed":"1e99","writeOffAmount":0.005,"rolloverDeduction":-0.005,"available":999999999999.995}]`))
	f.Add([]byte(`[{"budgetId":"a\u0000","total":"+1.","startDate":"0000-00-00","status":[1]},null,[],"x",1]`))
	f.Add([]byte(`[{"budgetId":"\ud800","total":"１２","status":"\u0000"}]`))
	f.Add([]byte(`[{"total":123456789012345678901234567890123456789012345678901234567890}]`))
	f.Fuzz(func(t *testing.T, body []byte) {
		rowsOf(body, func(row row) {
			row.belongsTo("415056224")
			budget := row.budget()
			sound(t, row.decoder)
			storable(t, budget.UpstreamBudgetID, budget.ServiceProviderID, budget.TypeCode, budget.TypeName, budget.Status)
			exact(t, row.fields["total"], budget.Total, 2)
			exact(t, row.fields["amountUsed"], care.Consumed(budget.Used), 2)
			exact(t, row.fields["writeOffAmount"], care.Consumed(budget.WriteOff), 2)
			exact(t, row.fields["rolloverDeduction"], care.Consumed(budget.Rollover), 2)
			exact(t, row.fields["available"], budget.Available, 2)
			require.True(t, budget.UpstreamBudgetID != "" || row.decoder.refusal != nil, "no identity, no record")
			require.NotPanics(t, func() { _ = budget.AddsUp() })
		})
	})
}

func FuzzDecodeBudgetDetails(f *testing.F) {
	f.Add([]byte(`[{"budgetId":"B1","entitlements":[{"entitlementCode":"ON_RATE_7","amount":13047.49}],"usage":[{"invoiceId":"900000123","itemId":"1","amount":-50.00,"deliveryDate":"2026-04-03"}]}]`))
	f.Add([]byte(`[{"budgetId":"B1","entitlements":null,"usage":[{"amount":"-0.005"},{},{"itemId":{"a":null}}]}]`))
	f.Add([]byte(`[{"budgetId":"B2","entitlements":{},"usage":[null]}]`))
	f.Fuzz(func(t *testing.T, body []byte) {
		rowsOf(body, func(row row) {
			details := row.budgetDetails("B1")
			sound(t, row.decoder)
			if row.decoder.refusal != nil {
				return
			}
			require.Equal(t, "B1", details.UpstreamBudgetID)
			for i, member := range row.list(care.KindEntitlement, "entitlements") {
				storable(t, details.Entitlements[i].Code)
				exact(t, member.fields["amount"], details.Entitlements[i].Amount, 2)
			}
			for i, member := range row.list(care.KindBudgetUsage, "usage") {
				line := details.Usage[i]
				storable(t, line.UpstreamInvoiceID, line.UpstreamItemID, line.ServiceProviderID, line.ServiceCode)
				exact(t, member.fields["amount"], care.Consumed(line.Amount), 2)
			}
		})
	})
}

func FuzzDecodeSummary(f *testing.F) {
	f.Add([]byte(`[{"careRecipientId":"415056224","firstName":"A","lastName":"B","birthDate":"1941-03-09","classifications":[{"classificationCode":"ON_LEVEL_7","startDate":"2025-11-01","endDate":null}],"approvedServices":[{"serviceId":"SERV-0012"}],"supplements":[{"supplementCode":"OXY_NORM"}]}]`))
	f.Add([]byte(`[{"careRecipientId":415056224,"birthDate":"2024-02-30","classifications":[{"classificationCode":"A","startDate":"9999-12-31","endDate":"10000-01-01"}]}]`))
	f.Add([]byte(`[{"careRecipientId":"","classifications":[[]],"supplements":"none"}]`))
	f.Fuzz(func(t *testing.T, body []byte) {
		rowsOf(body, func(row row) {
			summary := row.summary()
			sound(t, row.decoder)
			storable(t, summary.CareRecipientID, summary.GivenName, summary.FamilyName, summary.ServiceProviderID)
			if row.decoder.refusal != nil {
				return
			}
			require.NotEmpty(t, summary.CareRecipientID)
			for _, classification := range summary.Classifications {
				require.NotEmpty(t, classification.Code)
			}
			for _, supplement := range summary.Supplements {
				require.NotEmpty(t, supplement.Code)
			}
			start, end := care.PlanDates(summary.Classifications)
			require.LessOrEqual(t, len(start.String()), len("9999-12-31"))
			require.LessOrEqual(t, len(end.String()), len("9999-12-31"))
		})
	})
}

func FuzzDecodeContributions(f *testing.F) {
	f.Add([]byte(`[{"careRecipientId":"415056224","contributionCategory":"EVERYDAY_LIVING","percentage":17.5,"startDate":"2025-11-01","endDate":null,"status":"DETERMINED"}]`))
	f.Add([]byte(`[{"contributionCategory":"A","percentage":"17.12345"},{"contributionCategory":7,"percentage":null},{"percentage":-999.99999}]`))
	f.Fuzz(func(t *testing.T, body []byte) {
		rowsOf(body, func(row row) {
			contribution := row.contribution()
			sound(t, row.decoder)
			storable(t, contribution.Category, contribution.Status)
			exact(t, row.fields["percentage"], contribution.Percentage, 4)
			require.True(t, contribution.Category != "" || row.decoder.refusal != nil)
		})
	})
}

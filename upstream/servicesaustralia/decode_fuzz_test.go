package servicesaustralia

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/upstream/record"
	"github.com/caresync/caresync/upstream/record/recordtest"
)

// rowsOf decodes a body as a list does, row by row, with a decoder of its own for each so that a refusal ends only its row.
func rowsOf(body []byte, each func(*record.Decoder, record.Row)) {
	var rows []json.RawMessage
	if json.Unmarshal(body, &rows) != nil {
		return
	}
	for i, raw := range rows {
		decoder := newDecoder(care.AreaBudgets)
		each(decoder, decoder.Row(care.KindBudget, fmt.Sprintf("[%d]", i), raw))
	}
}

// usable are the members of a list that are not left out.
func usable[T any](rows []record.Row, decode func(record.Row) T) (kept []record.Row) {
	for _, row := range rows {
		if decode(row); !row.LeftOut() {
			kept = append(kept, row)
		}
	}
	return kept
}

func FuzzDecodeBudgets(f *testing.F) {
	f.Add([]byte(`[{"budgetId":"254415056224","careRecipientId":"415056224","total":16757.56,"amountUsed":-50.00,"available":"16707.56","startDate":"2026-04-01","endDate":null}]`))
	f.Add([]byte(`[{"budgetId":1,"total":1e-99,"amountUsed":"1e99","writeOffAmount":0.005,"rolloverDeduction":-0.005,"available":999999999999.995}]`))
	f.Add([]byte(`[{"budgetId":"a\u0000","total":"+1.","startDate":"0000-00-00","status":[1]},null,[],"x",1]`))
	f.Add([]byte(`[{"budgetId":"\ud800","total":"１２","status":"\u0000"}]`))
	f.Add([]byte(`[{"total":123456789012345678901234567890123456789012345678901234567890}]`))
	f.Fuzz(func(t *testing.T, body []byte) {
		rowsOf(body, func(decoder *record.Decoder, row record.Row) {
			belongsTo(row, "415056224")
			budget := budgetOf(row)
			refused := recordtest.Sound(t, decoder)
			recordtest.Storable(t, budget.UpstreamBudgetID, budget.ServiceProviderID, budget.TypeCode, budget.TypeName, budget.Status)
			recordtest.Exact(t, row, "total", budget.Total, 2)
			recordtest.Exact(t, row, "amountUsed", care.Consumed(budget.Used), 2)
			recordtest.Exact(t, row, "writeOffAmount", care.Consumed(budget.WriteOff), 2)
			recordtest.Exact(t, row, "rolloverDeduction", care.Consumed(budget.Rollover), 2)
			recordtest.Exact(t, row, "available", budget.Available, 2)
			require.True(t, budget.UpstreamBudgetID != "" || refused, "no identity, no record")
			require.NotPanics(t, func() { _ = budget.AddsUp() })
		})
	})
}

func FuzzDecodeBudgetDetails(f *testing.F) {
	f.Add([]byte(`[{"budgetId":"B1","entitlements":[{"entitlementCode":"ON_RATE_7","amount":13047.49}],"usage":[{"invoiceId":"900000123","itemId":"1","amount":-50.00,"deliveryDate":"2026-04-03"}]}]`))
	f.Add([]byte(`[{"budgetId":"B1","entitlements":null,"usage":[{"amount":"-0.005"},{},{"itemId":{"a":null}}]}]`))
	f.Add([]byte(`[{"budgetId":"B2","entitlements":{},"usage":[null]}]`))
	f.Fuzz(func(t *testing.T, body []byte) {
		rowsOf(body, func(decoder *record.Decoder, row record.Row) {
			details := budgetDetailsOf(row, "B1")
			if recordtest.Sound(t, decoder) {
				return
			}
			require.Equal(t, "B1", details.UpstreamBudgetID)
			for i, member := range usable(row.List(care.KindEntitlement, "entitlements"), entitlementOf) {
				recordtest.Storable(t, details.Entitlements[i].Code)
				recordtest.Exact(t, member, "amount", details.Entitlements[i].Amount, 2)
			}
			for i, member := range usable(row.List(care.KindBudgetUsage, "usage"), usageLineOf) {
				line := details.Usage[i]
				recordtest.Storable(t, line.UpstreamInvoiceID, line.UpstreamItemID, line.ServiceProviderID, line.ServiceCode)
				recordtest.Exact(t, member, "amount", care.Consumed(line.Amount), 2)
			}
		})
	})
}

func FuzzDecodeSummary(f *testing.F) {
	f.Add([]byte(`[{"careRecipientId":"415056224","firstName":"A","lastName":"B","birthDate":"1941-03-09","classifications":[{"classificationCode":"ON_LEVEL_7","startDate":"2025-11-01","endDate":null}],"approvedServices":[{"serviceId":"SERV-0012"}],"supplements":[{"supplementCode":"OXY_NORM"}]}]`))
	f.Add([]byte(`[{"careRecipientId":415056224,"birthDate":"2024-02-30","classifications":[{"classificationCode":"A","startDate":"9999-12-31","endDate":"10000-01-01"}]}]`))
	f.Add([]byte(`[{"careRecipientId":"","classifications":[[]],"supplements":"none"}]`))
	f.Fuzz(func(t *testing.T, body []byte) {
		rowsOf(body, func(decoder *record.Decoder, row record.Row) {
			summary := summaryOf(row)
			refused := recordtest.Sound(t, decoder)
			recordtest.Storable(t, summary.CareRecipientID, summary.GivenName, summary.FamilyName, summary.ServiceProviderID)
			if refused {
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
		rowsOf(body, func(decoder *record.Decoder, row record.Row) {
			contribution := contributionOf(row)
			refused := recordtest.Sound(t, decoder)
			recordtest.Storable(t, contribution.Category, contribution.Status)
			recordtest.Exact(t, row, "percentage", contribution.Percentage, 4)
			require.True(t, contribution.Category != "" || refused)
		})
	})
}

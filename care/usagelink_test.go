package care_test

import (
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/caresync/caresync/care"
)

// billed is a line of our own billing, item 1 of invoice INV-1.
func billed() care.InvoiceLine {
	return care.InvoiceLine{
		ID: "ours-1", PersonID: "june", UpstreamInvoiceID: "INV-1", UpstreamItemID: "1", ServiceCode: "SERV-0012", DeliveryDate: day("2026-04-03"),
	}
}

// drawn is what the government reports of it.
func drawn() care.UsageLine {
	return care.UsageLine{
		UpstreamInvoiceID: "INV-1", UpstreamItemID: "1", ServiceProviderID: ours, ServiceCode: "SERV-0012", DeliveryDate: day("2026-04-03"), Amount: amount("50.00"),
	}
}

func TestAUsageLineIsLinkedToItsInvoiceLine(t *testing.T) { // R17
	type change = func(*care.UsageLine, *care.InvoiceLine)
	for _, test := range []struct {
		name        string
		change      change
		linked      bool
		contradicts []string
	}{
		{"in the same place", func(*care.UsageLine, *care.InvoiceLine) {}, true, nil},
		{"whatever the amount", func(u *care.UsageLine, _ *care.InvoiceLine) { u.Amount = amount("41.25") }, true, nil},
		{"without a provider", func(u *care.UsageLine, _ *care.InvoiceLine) { u.ServiceProviderID = "" }, true, nil},
		{"without a service or date", func(u *care.UsageLine, l *care.InvoiceLine) { u.ServiceCode, l.DeliveryDate = "", noDate }, true, nil},
		{"with the service in other letters", func(u *care.UsageLine, _ *care.InvoiceLine) { u.ServiceCode = "serv-0012" }, true, nil},
		{"with one reference only", func(u *care.UsageLine, _ *care.InvoiceLine) { u.ExternalReferenceID = "REF-1" }, true, nil},
		{"in another place, by its reference", func(u *care.UsageLine, l *care.InvoiceLine) {
			u.ExternalReferenceID, l.ExternalReferenceID, l.UpstreamInvoiceID = "REF-1", "REF-1", "INV-2"
		}, true, nil},
		{"without ids, by its reference", func(u *care.UsageLine, l *care.InvoiceLine) {
			u.ExternalReferenceID, l.ExternalReferenceID, u.UpstreamInvoiceID, u.UpstreamItemID = "REF-1", "REF-1", "", ""
		}, true, nil},
		{"another item", func(u *care.UsageLine, _ *care.InvoiceLine) { u.UpstreamItemID = "2" }, false, nil},
		{"without ids", func(u *care.UsageLine, _ *care.InvoiceLine) {
			u.UpstreamInvoiceID, u.UpstreamItemID = "", ""
		}, false, nil},
		{"another provider's", func(u *care.UsageLine, _ *care.InvoiceLine) { u.ServiceProviderID = theirs }, false, []string{"service_provider_id"}},
		{"another person's", func(_ *care.UsageLine, l *care.InvoiceLine) { l.PersonID = "rose" }, false, []string{"person_id"}},
		{"the place of a deleted item", func(u *care.UsageLine, _ *care.InvoiceLine) {
			u.ServiceCode, u.DeliveryDate = "SERV-0019", day("2026-04-04")
		}, false, []string{"service_code", "delivery_date"}},
		{"another reference", func(u *care.UsageLine, l *care.InvoiceLine) {
			u.ExternalReferenceID, l.ExternalReferenceID = "REF-1", "REF-2"
		}, false, []string{"external_reference_id"}},
		{"the same reference on another day", func(u *care.UsageLine, l *care.InvoiceLine) {
			u.ExternalReferenceID, l.ExternalReferenceID, u.DeliveryDate = "REF-1", "REF-1", day("2026-04-05")
		}, false, []string{"delivery_date"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			usage, line := drawn(), billed()
			test.change(&usage, &line)
			link := care.NewBilling([]string{ours}, []care.InvoiceLine{line}).LinkOf(usage, "june")
			require.Equal(t, test.linked, link.InvoiceLineID == "ours-1")
			require.Equal(t, test.contradicts, link.Contradictions)
		})
	}
}

func TestAReferenceSelectsOverThePlace(t *testing.T) { // R17
	usage, inPlace, byReference := drawn(), billed(), billed()
	usage.ExternalReferenceID, byReference.ExternalReferenceID = "REF-1", "REF-1"
	byReference.ID, byReference.UpstreamInvoiceID = "ours-2", "INV-2"
	require.Equal(t, care.ID("ours-2"), care.NewBilling([]string{ours}, []care.InvoiceLine{inPlace, byReference}).LinkOf(usage, "june").InvoiceLineID)

	byReference.ServiceCode = "SERV-0019"
	link := care.NewBilling([]string{ours}, []care.InvoiceLine{inPlace, byReference}).LinkOf(usage, "june")
	require.Empty(t, link.InvoiceLineID, "a contradiction forbids the link, and no other is taken instead")
	require.Equal(t, []string{"service_code"}, link.Contradictions)

	first, second := billed(), billed()
	first.ExternalReferenceID, second.ExternalReferenceID = "REF-1", "REF-1"
	second.ID, second.UpstreamItemID = "ours-2", "2"
	both := care.NewBilling([]string{ours}, []care.InvoiceLine{second, first})
	require.Equal(t, care.ID("ours-1"), both.LinkOf(usage, "june").InvoiceLineID, "of an invoice's lines with one reference, the one in the place")
	usage.UpstreamItemID = "3"
	require.Empty(t, both.LinkOf(usage, "june"), "the reference alone does not decide")
}

// readBudget is a sync that reads one budget of june's.
func readBudget(held care.HeldUsage, newID care.NewID, lines ...care.UsageLine) (care.UsageDecision, care.HeldUsage) {
	held.Person.ID, held.Budgets = "june", []care.Budget{{Row: care.Row{ID: "budget-1"}}}
	decision := care.DecideUsage(held, map[care.ID]care.BudgetDetails{"budget-1": {Usage: lines}}, nil, newID)
	held.Usage = decision.Usage.After
	return decision, held
}

func TestALinkThatHasComeToContradictIsTakenAway(t *testing.T) { // R17
	newID := freshIDs()
	held := care.HeldUsage{Billing: care.NewBilling([]string{ours}, []care.InvoiceLine{billed()})}
	second := drawn()
	second.UpstreamItemID, second.ServiceCode, second.DeliveryDate, second.Amount = "2", "SERV-0019", day("2026-04-04"), amount("80.00")
	decision, held := readBudget(held, newID, drawn(), second)
	require.Equal(t, care.ID("ours-1"), decision.Usage.Write[0].InvoiceLineID)
	require.Empty(t, decision.Issues)

	renumbered := second // item 1 was deleted
	renumbered.UpstreamItemID = "1"
	decision, held = readBudget(held, newID, renumbered)
	require.Empty(t, decision.Usage.Write[0].InvoiceLineID)
	require.Contains(t, issueCodes(decision.Issues), care.IssueInvoiceLineContradicts)
	require.Contains(t, said(decision.Issues[0]), "SERV-0019")
	require.Contains(t, said(decision.Issues[0]), "SERV-0012")

	amended := billed()
	amended.ServiceCode, amended.DeliveryDate = "SERV-0019", day("2026-04-04")
	held.Billing = care.NewBilling([]string{ours}, []care.InvoiceLine{amended})
	decision, held = readBudget(held, newID, renumbered)
	require.Contains(t, decision.Links, care.UsageLink{UsageLineID: held.Usage[0].ID, InvoiceLineID: "ours-1"}, "our billing has followed")
	require.Empty(t, decision.Changes, "the government reported nothing new")
}

func TestALineThatGetsItsIDsStaysTheSameRecord(t *testing.T) { // R17
	newID := freshIDs()
	final, provisional := drawn(), drawn()
	provisional.UpstreamInvoiceID, provisional.UpstreamItemID = "", ""
	var held care.HeldUsage
	var total care.Count
	for number, lines := range [][]care.UsageLine{{provisional}, {final}, {provisional, final}, {final}, {provisional}, {final}} {
		var decision care.UsageDecision
		decision, held = readBudget(held, newID, lines...)
		require.True(t, decision.Amounts[0].Amount.Decimal.Equal(decimal.NewFromInt(int64(50*len(lines)))), "answer %d", number)
		total = total.Plus(decision.Usage.Count)
		if number == 1 {
			require.Equal(t, care.Count{Updated: 1}, decision.Usage.Count)
			require.Equal(t, []string{"upstream_invoice_id", "upstream_item_id"}, []string{decision.Changes[0].Field, decision.Changes[1].Field})
		}
	}
	require.Equal(t, 2, total.Created)

	_, held = readBudget(care.HeldUsage{}, newID, provisional, provisional)
	another := final
	another.UpstreamItemID = "2"
	decision, _ := readBudget(held, newID, another, final)
	require.Equal(t, care.Count{Updated: 2}, decision.Usage.Count, "one to one")

	other := final
	other.Amount = amount("50.01")
	decision, _ = readBudget(held, newID, provisional, other)
	require.Equal(t, care.Count{Created: 1, Unchanged: 1, Removed: 1}, decision.Usage.Count, "another amount is another line")
}

// Links follow from what stands, in whatever order it came to stand: an import decides them as a sync does, and no link joins different
// people or lines that contradict each other (R17).
func TestNoOrderOfImportsAndSyncsDecidesALink(t *testing.T) {
	aService := rapid.SampledFrom([]string{"", "SERV-0012", "SERV-0019"})
	aDate := rapid.SampledFrom([]care.Date{noDate, day("2026-04-03"), day("2026-04-04")})
	aReference := rapid.SampledFrom([]string{"", "", "REF-1", "REF-2"})
	anItem := rapid.SampledFrom([]string{"", "1", "2"})
	aLine := rapid.Custom(func(t *rapid.T) care.UsageLine {
		line := care.UsageLine{
			UpstreamItemID: anItem.Draw(t, "item"), ServiceProviderID: rapid.SampledFrom([]string{"", ours, theirs}).Draw(t, "provider"),
			ServiceCode: aService.Draw(t, "service"), DeliveryDate: aDate.Draw(t, "date"), ExternalReferenceID: aReference.Draw(t, "reference"),
			Amount: amount("50.00"),
		}
		if line.UpstreamItemID != "" {
			line.UpstreamInvoiceID = "INV-1"
		}
		return line
	})
	anInvoice := rapid.Custom(func(t *rapid.T) []care.InvoiceLine {
		var lines []care.InvoiceLine
		for _, item := range []string{"1", "2"} {
			lines = append(lines, care.InvoiceLine{
				ID: care.ID("ours-" + item), UpstreamInvoiceID: "INV-1", UpstreamItemID: item, ServiceCode: aService.Draw(t, "our service"),
				PersonID: rapid.SampledFrom([]care.ID{"june", "june", "rose"}).Draw(t, "our person"), DeliveryDate: aDate.Draw(t, "our date"),
				ExternalReferenceID: aReference.Draw(t, "our reference"),
			})
		}
		return lines
	})
	accepted := []care.OpenRemovalHold{{RemovalHold: care.RemovalHold{Kind: care.KindBudgetUsage, BudgetID: "budget-1", Records: anyNumber}, Accepted: true}}
	rapid.Check(t, func(t *rapid.T) {
		newID := freshIDs()
		held := care.HeldUsage{Billing: care.NewBilling([]string{ours}, nil), Holds: accepted}
		var invoice []care.InvoiceLine
		stored := map[care.ID]care.ID{}
		for range rapid.IntRange(1, 5).Draw(t, "events") {
			if rapid.Bool().Draw(t, "import") {
				invoice = anInvoice.Draw(t, "invoice")
				held.Billing = care.NewBilling([]string{ours}, invoice)
				for _, link := range held.Billing.Relink(held.Usage, "june") {
					stored[link.UsageLineID] = link.InvoiceLineID
				}
				for i := range held.Usage {
					held.Usage[i].InvoiceLineID = stored[held.Usage[i].ID]
				}
			} else {
				var decision care.UsageDecision
				decision, held = readBudget(held, newID, rapid.SliceOfN(aLine, 0, 5).Draw(t, "lines")...)
				for _, line := range decision.Usage.Write {
					stored[line.ID] = line.InvoiceLineID
				}
				for _, link := range decision.Links {
					stored[link.UsageLineID] = link.InvoiceLineID
				}
			}
			for _, usage := range held.Usage {
				require.Equal(t, held.Billing.LinkOf(usage, "june").InvoiceLineID, stored[usage.ID])
				for _, line := range invoice {
					if line.ID != stored[usage.ID] {
						continue
					}
					require.Equal(t, care.ID("june"), line.PersonID)
					require.NotEqual(t, theirs, usage.ServiceProviderID)
					require.True(t, line.ServiceCode == "" || usage.ServiceCode == "" || line.ServiceCode == usage.ServiceCode)
					require.True(t, line.DeliveryDate.IsZero() || usage.DeliveryDate.IsZero() || line.DeliveryDate == usage.DeliveryDate)
				}
			}
		}
	})
}

func TestUsageOfNothingIsALine(t *testing.T) { // R17: a claim must be made when the money is out
	zero := drawn()
	zero.Amount = amount("0.00")
	decision, _ := readBudget(care.HeldUsage{}, freshIDs(), zero)
	require.Equal(t, care.Count{Created: 1}, decision.Usage.Count)
	require.Empty(t, decision.Issues)
	require.Equal(t, "0.00", decision.Amounts[0].Amount.Decimal.StringFixed(2))
}

func TestABudgetOfAnyTypePassesThrough(t *testing.T) {
	other := allocation("1", "2026-04-01", "")
	other.TypeCode, other.TypeName = "AS", "As the service says"
	decision := care.DecideBudgets(care.HeldBudgets{}, answered([]care.Budget{other}), care.RunScope{Today: today}, freshIDs())
	require.Equal(t, "AS", decision.Budgets.Write[0].TypeCode)
	require.Equal(t, "As the service says", decision.Budgets.Write[0].TypeName)
	require.Len(t, decision.Answer.OpenBudgets, 1)
	require.Empty(t, decision.Issues)
}

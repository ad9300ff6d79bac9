package world_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/simulator/scenarios"
	"github.com/caresync/caresync/simulator/world"
)

var today = world.MustDate("2026-05-20")

func dollars(text string) decimal.Decimal { return decimal.RequireFromString(text) }

func newWorld(t *testing.T, options world.Options) *world.World {
	t.Helper()
	if options.Today == world.NoDate {
		options.Today = today
	}
	if options.Now == nil {
		options.Now = func() time.Time { return time.Date(2026, 5, 20, 9, 0, 0, 0, time.UTC) }
	}
	w, err := world.New(options)
	require.NoError(t, err)
	return w
}

func file(text string) fstest.MapFS {
	return fstest.MapFS{"people.yaml": &fstest.MapFile{Data: []byte(text)}}
}

func find(t *testing.T, w *world.World, key string) *world.Person {
	t.Helper()
	person, found := w.Find(key)
	require.True(t, found, key)
	return person
}

func ongoing(p *world.Person) []*world.Budget {
	var budgets []*world.Budget
	for i := range p.Budgets {
		if p.Budgets[i].TypeCode == world.Ongoing {
			budgets = append(budgets, &p.Budgets[i])
		}
	}
	return budgets
}

func TestAQuartersTotalIsMadeAsTheGovernmentMakesItToTheCent(t *testing.T) {
	// April to June has 91 days: 159.31 × 91 × 0.9, and the supplements without a deduction.
	w := newWorld(t, world.Options{Scenarios: file(`
people:
  - key: sample
    entries: [{date: "2026-04-01"}]
    classifications: [{code: ON_LEVEL_7}]
    supplements: [{code: OXY_NORM}, {code: ENT_NNBO}]
    budgets: [{start: quarter-start, end: quarter-end, usage: [{invoice: "1", amount: 50.00}]}]
`)})
	budget := find(t, w, "sample").Budgets[0]
	require.Equal(t, "13047.49", budget.Entitlements[0].Amount.StringFixed(2))
	require.Equal(t, "1334.06", budget.Entitlements[1].Amount.StringFixed(2))
	require.Equal(t, "2376.01", budget.Entitlements[2].Amount.StringFixed(2))
	require.Equal(t, "16757.56", budget.Total().StringFixed(2))
	require.Equal(t, "-50.00", budget.AmountUsed().StringFixed(2))
	require.Equal(t, "16707.56", budget.Available().StringFixed(2))
}

func TestALevelChangeInsideAQuarterIsProRataByDay(t *testing.T) {
	w := newWorld(t, world.Options{Scenarios: scenarios.FS})
	budgets := ongoing(find(t, w, "level-change"))
	current := budgets[len(budgets)-1]
	require.Equal(t, "ON_RATE_4", current.Entitlements[0].Code)
	require.Equal(t, "732.24", current.Entitlements[0].Amount.StringFixed(2), "81.36 × 10 days × 0.9")
	require.Equal(t, "ON_RATE_6", current.Entitlements[1].Code)
	require.Equal(t, "9609.68", current.Entitlements[1].Amount.StringFixed(2), "131.82 × 81 days × 0.9")
}

func TestTheSameSeedGivesTheSameWorld(t *testing.T) {
	export := func(seed uint64) string {
		w := newWorld(t, world.Options{Seed: seed, People: 300, Scenarios: scenarios.FS})
		var out bytes.Buffer
		require.NoError(t, w.WritePeopleCSV(&out, world.Holder{}))
		require.NoError(t, w.WriteInvoicesCSV(&out, world.Holder{}))
		for _, person := range w.Recipients() {
			for i := range person.Budgets {
				out.WriteString(person.Budgets[i].ID + person.Budgets[i].Available().String() + person.Budgets[i].UpdatedAt.String())
			}
		}
		return out.String()
	}
	require.Equal(t, export(1), export(1))
	require.NotEqual(t, export(1), export(2))
}

func TestALargePopulationHasUniqueIDsAndBudgetsThatAddUp(t *testing.T) {
	w := newWorld(t, world.Options{Seed: 7, People: 10_000, Organisations: world.SingleProvider()})
	recipients, budgets := map[string]bool{}, map[string]bool{}
	leadingZeros, negative, closed, pending := 0, 0, 0, 0
	for _, person := range w.Recipients() {
		require.False(t, recipients[person.CareRecipientID], "care recipient ids are unique")
		recipients[person.CareRecipientID] = true
		require.Regexp(t, `^\d{9,10}$`, person.CareRecipientID)
		if strings.HasPrefix(person.CareRecipientID, "0") {
			leadingZeros++
		}
		if person.Contributions[0].Status == "PENDING" {
			require.False(t, person.Contributions[0].Percentage.Valid)
			pending++
		}
		for i := range person.Budgets {
			budget := &person.Budgets[i]
			require.False(t, budgets[budget.ID], "budget ids are unique")
			budgets[budget.ID] = true
			require.True(t, budget.UpdatedAt.Before(w.Origin().Time()))
			require.False(t, budget.RolloverDeduction.IsPositive() || budget.WriteOff.IsPositive(), "deductions are negative")
			require.True(t, budget.Total().Equal(budget.Total().Round(2)))
			if budget.Available().IsNegative() {
				negative++
			}
			if budget.Status == world.StatusClosed {
				closed++
				require.False(t, budget.Available().IsPositive(), "the rest of a closed budget is written off")
			}
			for _, line := range budget.Usage {
				require.LessOrEqual(t, line.DeliveryDate, today)
			}
		}
	}
	require.Greater(t, leadingZeros, 500)
	require.Greater(t, closed, 1000)
	require.Greater(t, negative, 0)
	require.Greater(t, pending, 100)
	require.Len(t, w.PoolBudgets(world.SingleProvider()[0].ServiceProviders[0].ID), 2)
}

func TestEveryBuiltInScenarioIsThere(t *testing.T) {
	w := newWorld(t, world.Options{Scenarios: scenarios.FS})
	require.Len(t, find(t, w, "several-open").Classifications, 3)
	require.Empty(t, find(t, w, "no-classification").Classifications)
	require.Equal(t, world.ConsentRefused, find(t, w, "consent-refused").Consent)
	require.False(t, find(t, w, "entry-not-registered").EntryRegistered)
	require.True(t, find(t, w, "left-the-list").Delisted)
	require.True(t, find(t, w, "not-found").NotUpstream)
	require.Len(t, find(t, w, "two-providers").Entries, 2)

	mismatch := find(t, w, "identity-mismatch")
	require.NotEqual(t, mismatch.Upstream.FamilyName, mismatch.Held.FamilyName)
	require.NotEqual(t, mismatch.Upstream.BirthDate, mismatch.Held.BirthDate)
	require.Equal(t, find(t, w, "stranger").CareRecipientID, find(t, w, "mistyped-id").HeldCareRecipientID)

	zero := find(t, w, "zero-budgets").Budgets
	require.Len(t, zero, 5)
	for _, budget := range zero[2:] {
		require.True(t, budget.Total().IsZero())
		require.Equal(t, zero[1].Period(), budget.Period())
	}
	twice := find(t, w, "contributions-twice").Contributions
	require.Equal(t, twice[0], twice[1])
	equal := find(t, w, "usage-by-others").Budgets[0].Usage
	require.Equal(t, equal[0], equal[1])
	require.Empty(t, equal[0].InvoiceID)
	require.True(t, find(t, w, "reversal").Budgets[0].Usage[2].Amount.IsPositive())
	require.True(t, find(t, w, "used-without-line").Budgets[0].Available().IsNegative())

	elder, younger := find(t, w, "elder-twin"), find(t, w, "younger-twin")
	require.Equal(t, elder.Upstream.FamilyName, younger.Upstream.FamilyName)
	require.Equal(t, elder.Upstream.BirthDate, younger.Upstream.BirthDate)
	require.NotEqual(t, elder.Upstream.GivenName, younger.Upstream.GivenName)
	one := find(t, w, "details-of-one-refused").Budgets
	require.Equal(t, []bool{false, true}, []bool{one[0].DetailsRefused, one[1].DetailsRefused})
	unnamed := find(t, w, "unnamed-budget").Budgets
	require.Equal(t, []bool{false, true, false}, []bool{unnamed[0].Unnamed, unnamed[1].Unnamed, unnamed[2].Unnamed})

	last := find(t, w, "first-year").Budgets
	require.Equal(t, world.StatusClosed, last[0].Status)
	require.True(t, last[0].RolloverDeduction.IsNegative())
}

func TestBrokenScenarioFilesAreRefusedWithFileAndPerson(t *testing.T) {
	cases := map[string]struct{ text, message string }{
		"unknown field":         {"people: [{key: a, hobby: chess}]", "hobby"},
		"no key":                {"people: [{about: x}]", "needs a key"},
		"key twice":             {"people: [{key: a}, {key: a}]", "exists twice"},
		"id twice":              {`people: [{key: a, care_recipient_id: "1"}, {key: b, care_recipient_id: "1"}]`, "belongs to another person"},
		"letters in id":         {"people: [{key: a, care_recipient_id: A12}]", "digits"},
		"eleven digits":         {`people: [{key: a, care_recipient_id: "12345678901"}]`, "digits"},
		"bad date":              {"people: [{key: a, entries: [{date: yesterday}]}]", `"yesterday"`},
		"unknown provider":      {"people: [{key: a, provider: nobody}]", `"nobody"`},
		"unknown move":          {"people: [{key: a, moves: [{move: dance}]}]", `"dance"`},
		"unknown consent":       {"people: [{key: a, consent: maybe}]", `"maybe"`},
		"unknown id_of":         {"people: [{key: a, provider_holds: {id_of: b}}]", `"b"`},
		"total missing":         {"people: [{key: a, budgets: [{type: AT}]}]", "the total is required"},
		"unknown details":       {"people: [{key: a, budgets: [{details: perhaps}]}]", `"perhaps"`},
		"amount is not money":   {"people: [{key: a, budgets: [{type: AT, total: lots}]}]", "lots"},
		"organisation twice":    {"organisations: [{name: A, ra_number: \"1\"}, {name: B, ra_number: \"1\"}]", "used twice"},
		"organisation no share": {"organisations: [{name: A, ra_number: \"1\", providers: [{key: a, id: \"1\", device: D, activation_code: c}]}]", "share"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := world.New(world.Options{Today: today, Scenarios: file(c.text)})
			require.ErrorContains(t, err, c.message)
		})
	}
}

func TestDateExpressions(t *testing.T) {
	cases := map[world.DateExpression]string{
		"":                     "",
		"none":                 "",
		"today":                "2026-05-20",
		"today-200d":           "2025-11-01",
		"today+2w":             "2026-06-03",
		"today-3m":             "2026-02-20",
		"today-1y":             "2025-05-20",
		"quarter-start":        "2026-04-01",
		"quarter-end":          "2026-06-30",
		"quarter-start-1q":     "2026-01-01",
		"quarter-end-1q":       "2026-03-31",
		"quarter-end+1q":       "2026-09-30",
		"quarter-start-1q+10d": "2026-01-11",
		"2024-02-29":           "2024-02-29",
	}
	for expression, want := range cases {
		date, err := expression.Resolve(today)
		require.NoError(t, err, expression)
		require.Equal(t, want, date.String(), expression)
	}
	for _, wrong := range []world.DateExpression{"tomorrow", "today-", "today-5x", "2026-13-01", "quarter-start-1q-"} {
		_, err := wrong.Resolve(today)
		require.ErrorContains(t, err, strconv.Quote(string(wrong)))
	}
}

func TestDatesAreCalendarDatesInSydney(t *testing.T) {
	// Daylight saving begins on 4 October 2026; midnight in Sydney is 14:00 UTC before it and 13:00 UTC after (R1).
	require.Equal(t, "2026-10-03", world.SydneyDate(time.Date(2026, 10, 3, 13, 59, 0, 0, time.UTC)).String())
	require.Equal(t, "2026-10-04", world.SydneyDate(time.Date(2026, 10, 3, 14, 0, 0, 0, time.UTC)).String())
	require.Equal(t, "2026-10-05", world.SydneyDate(time.Date(2026, 10, 4, 13, 0, 0, 0, time.UTC)).String())
	require.Equal(t, "2025-02-28", world.MustDate("2024-02-29").AddMonths(12).String())
	require.Equal(t, "", world.NoDate.String())
	require.Equal(t, world.NoDate, world.MustDate("0001-01-01"))
	require.Equal(t, "1936-02-29", world.MustDate("1936-02-29").String())
}

func TestANewQuarterCarriesOverAndClosesOldBudgets(t *testing.T) {
	w := newWorld(t, world.Options{Scenarios: file(`
people:
  - key: sample
    entries: [{date: "2026-04-01"}]
    classifications: [{code: ON_LEVEL_7}]
    budgets:
      - {start: quarter-start, end: quarter-end, usage: [{invoice: "1", amount: 1000.00}]}
`)})
	before := find(t, w, "sample")
	require.NoError(t, w.NextQuarter())
	require.Equal(t, "2026-07-01", w.Today().String())

	budgets := ongoing(find(t, w, "sample"))
	require.Len(t, budgets, 2)
	// 13,047.49 total: 10 % is 1,304.75, more than 1,000.
	require.Equal(t, "-1304.75", budgets[0].RolloverDeduction.StringFixed(2))
	require.Equal(t, "2026-07-01", budgets[1].Start.String())
	require.Equal(t, "2026-09-30", budgets[1].End.String())
	require.Equal(t, "13190.87", budgets[1].Entitlements[0].Amount.StringFixed(2), "159.31 × 92 × 0.9")
	require.Equal(t, "1304.75", budgets[1].Entitlements[1].Amount.StringFixed(2))
	require.Len(t, before.Budgets, 1, "a snapshot handed out earlier does not change")

	require.NoError(t, w.Advance(world.MustDate("2026-08-30")))
	require.Equal(t, world.StatusClosed, ongoing(find(t, w, "sample"))[0].Status)
	require.True(t, ongoing(find(t, w, "sample"))[0].Available().IsZero())
	require.Equal(t, "-10742.74", ongoing(find(t, w, "sample"))[0].WriteOff.StringFixed(2))
	require.ErrorContains(t, w.Advance(today), "cannot go back")
}

func TestMoves(t *testing.T) {
	percentage := dollars("22.5")
	cases := []struct {
		person string
		move   world.Move
		check  func(t *testing.T, before, after *world.Person, result world.Result)
	}{
		{"several-open", world.Move{Name: world.Claim, Amount: dollars("120.40"), Times: 2}, func(t *testing.T, before, after *world.Person, result world.Result) {
			require.Equal(t, []string{"1", "2"}, result.ItemIDs)
			require.Equal(t, used(before).Sub(dollars("240.80")).String(), used(after).String())
		}},
		{"several-open", world.Move{Name: world.Claim, Type: "AT"}, func(t *testing.T, _, after *world.Person, result world.Result) {
			require.Equal(t, "AT", byID(after, result.BudgetID).TypeCode)
		}},
		{"usage-by-others", world.Move{Name: world.ClaimByOther, Times: 2}, func(t *testing.T, before, after *world.Person, result world.Result) {
			lines := byID(after, result.BudgetID).Usage
			require.Len(t, lines, len(byID(before, result.BudgetID).Usage)+2)
			require.Equal(t, lines[len(lines)-1], lines[len(lines)-2])
			require.Empty(t, lines[len(lines)-1].InvoiceID)
		}},
		{"reversal", world.Move{Name: world.AmendInvoice, Invoice: "900000032", Amount: dollars("1.00")}, func(t *testing.T, _, after *world.Person, _ world.Result) {
			require.Equal(t, "-1", after.Budgets[0].Usage[3].Amount.String())
		}},
		{"reversal", world.Move{Name: world.RemoveInvoiceLine, Invoice: "900000031", Item: "2"}, func(t *testing.T, before, after *world.Person, _ world.Result) {
			require.Len(t, after.Budgets[0].Usage, len(before.Budgets[0].Usage)-1)
		}},
		{"reversal", world.Move{Name: world.RenumberInvoice, Invoice: "900000031", Item: "1"}, func(t *testing.T, before, after *world.Person, _ world.Result) {
			lines, moved := after.Budgets[0].Usage, before.Budgets[0].Usage[1]
			require.Len(t, lines, len(before.Budgets[0].Usage)-1)
			require.Equal(t, "1", lines[0].ItemID)
			require.Equal(t, moved.Amount, lines[0].Amount, "the second line stands in the first one's place")
		}},
		{"reversal", world.Move{Name: world.WithdrawIDs, Invoice: "900000032"}, func(t *testing.T, _, after *world.Person, result world.Result) {
			require.Equal(t, []string{"1", "2"}, result.ItemIDs)
			require.True(t, after.Budgets[0].Usage[3].Provisional)
		}},
		{"several-open", world.Move{Name: world.Claim, Reference: "CARESYNC-0000000000000001"}, func(t *testing.T, _, after *world.Person, result world.Result) {
			lines := byID(after, result.BudgetID).Usage
			require.Equal(t, "CARESYNC-0000000000000001", lines[len(lines)-1].ExternalReferenceID)
		}},
		{"reversal", world.Move{Name: world.ClaimByOther, Invoice: "900000032", Item: "1"}, func(t *testing.T, _, after *world.Person, result world.Result) {
			lines := byID(after, result.BudgetID).Usage
			require.Equal(t, "900000032", lines[len(lines)-1].InvoiceID)
		}},
		{"several-open", world.Move{Name: world.MoveBudget, Type: "AT", To: "reversal"}, func(t *testing.T, before, after *world.Person, result world.Result) {
			require.Len(t, after.Budgets, len(before.Budgets)-1)
			require.Empty(t, byID(after, result.BudgetID).ID)
		}},
		{"several-open", world.Move{Name: world.ShareBudget, Type: "AT", To: "reversal"}, func(t *testing.T, before, after *world.Person, _ world.Result) {
			require.Len(t, after.Budgets, len(before.Budgets))
		}},
		{"reversal", world.Move{Name: world.ReverseInvoiceLine, Invoice: "900000032"}, func(t *testing.T, before, after *world.Person, _ world.Result) {
			require.Equal(t, used(before).Add(dollars("180.25")).String(), used(after).String())
			last := after.Budgets[0].Usage[5]
			require.Equal(t, "900000032", last.InvoiceID)
			require.Equal(t, "3", last.ItemID)
		}},
		{"several-open", world.Move{Name: world.ChangeContribution, Percentage: &percentage}, func(t *testing.T, before, after *world.Person, _ world.Result) {
			require.Len(t, after.Contributions, len(before.Contributions)+1)
			last := after.Contributions[len(after.Contributions)-1]
			require.Equal(t, "22.5", last.Percentage.Decimal.String())
			require.Equal(t, "DETERMINED", last.Status)
		}},
		{"several-open", world.Move{Name: world.RemoveContributions}, func(t *testing.T, _, after *world.Person, _ world.Result) {
			require.Empty(t, after.Contributions)
		}},
		{"re-opened", world.Move{Name: world.ReopenClassification}, func(t *testing.T, before, after *world.Person, _ world.Result) {
			require.NotEqual(t, world.NoDate, before.Classifications[0].End)
			require.Equal(t, world.NoDate, after.Classifications[0].End)
			require.True(t, total(after).GreaterThan(total(before)), "the budget grows again")
		}},
		{"no-classification", world.Move{Name: world.AddClassification, Code: "ON_LEVEL_1"}, func(t *testing.T, before, after *world.Person, _ world.Result) {
			require.Empty(t, before.Budgets)
			require.Len(t, after.Budgets, 1)
			require.Equal(t, today, after.Budgets[0].Start)
		}},
		{"several-open", world.Move{Name: world.AddClassification, Code: "EL_PATHWAY"}, func(t *testing.T, before, after *world.Person, _ world.Result) {
			require.Len(t, after.Budgets, len(before.Budgets)+1)
		}},
		{"level-change", world.Move{Name: world.ChangeLevel, Code: "ON_LEVEL_8"}, func(t *testing.T, before, after *world.Person, _ world.Result) {
			require.True(t, total(after).GreaterThan(total(before)))
			require.Len(t, after.Classifications, len(before.Classifications)+1)
		}},
		{"several-open", world.Move{Name: world.HideClassifications}, func(t *testing.T, _, after *world.Person, _ world.Result) {
			require.True(t, after.ClassificationsHidden)
		}},
		{"reversal", world.Move{Name: world.AddSupplement, Code: "OXY_NORM", Date: "quarter-start"}, func(t *testing.T, before, after *world.Person, _ world.Result) {
			require.Equal(t, "1334.06", total(after).Sub(total(before)).StringFixed(2))
		}},
		{"several-open", world.Move{Name: world.AddBudget, Type: "HM", Amount: dollars("15000")}, func(t *testing.T, _, after *world.Person, result world.Result) {
			require.Equal(t, "15000", byID(after, result.BudgetID).Total().String())
		}},
		{"zero-budgets", world.Move{Name: world.HideBudget, Type: "AT"}, func(t *testing.T, before, after *world.Person, _ world.Result) {
			require.Len(t, after.VisibleBudgets(), len(before.VisibleBudgets())-1)
		}},
		{"several-open", world.Move{Name: world.WithdrawConsent}, func(t *testing.T, _, after *world.Person, _ world.Result) {
			require.Equal(t, world.ConsentRefused, after.Consent)
		}},
		{"consent-refused", world.Move{Name: world.GiveConsent}, func(t *testing.T, _, after *world.Person, _ world.Result) {
			require.Equal(t, world.ConsentGiven, after.Consent)
		}},
		{"entry-not-registered", world.Move{Name: world.RegisterEntry}, func(t *testing.T, before, after *world.Person, _ world.Result) {
			require.Empty(t, before.VisibleBudgets())
			require.NotEmpty(t, after.VisibleBudgets())
		}},
		{"several-open", world.Move{Name: world.Leave, Date: "today-3d"}, func(t *testing.T, _, after *world.Person, _ world.Result) {
			require.True(t, after.Delisted)
			require.Equal(t, today-3, after.Entries[0].Departure)
		}},
		{"left-the-list", world.Move{Name: world.Return}, func(t *testing.T, _, after *world.Person, _ world.Result) {
			require.False(t, after.Delisted)
			require.Equal(t, world.NoDate, after.Entries[0].Departure)
		}},
		{"several-open", world.Move{Name: world.ChangeIdentity, FamilyName: "Other"}, func(t *testing.T, before, after *world.Person, _ world.Result) {
			require.Equal(t, "Other", after.Upstream.FamilyName)
			require.Equal(t, before.Upstream.BirthDate, after.Upstream.BirthDate)
		}},
		{"identity-mismatch", world.Move{Name: world.CorrectIdentity}, func(t *testing.T, _, after *world.Person, _ world.Result) {
			require.Equal(t, after.Held, after.Upstream)
		}},
	}
	for _, c := range cases {
		t.Run(string(c.move.Name), func(t *testing.T) {
			w := newWorld(t, world.Options{Scenarios: scenarios.FS})
			before := find(t, w, c.person)
			result, err := w.Move(c.person, c.move)
			require.NoError(t, err)
			c.check(t, before, find(t, w, c.person), result)
			require.EqualValues(t, 1, w.Version())
		})
	}
}

func TestMovesThatDoNotFitAreRefusedAndChangeNothing(t *testing.T) {
	cases := []struct {
		person, message string
		move            world.Move
	}{
		{"nobody", "no such person", world.Move{Name: world.Claim}},
		{"several-open", "there is no move", world.Move{Name: "dance"}},
		{"not-found", "does not know", world.Move{Name: world.Claim}},
		{"no-classification", "no budget fits", world.Move{Name: world.Claim}},
		{"several-open", "no budget fits", world.Move{Name: world.Claim, Budget: "17"}},
		{"several-open", "neither a date", world.Move{Name: world.Claim, Date: "someday"}},
		{"several-open", "no usage line", world.Move{Name: world.AmendInvoice, Invoice: "1"}},
		{"several-open", "not an ongoing level", world.Move{Name: world.ChangeLevel, Code: "AT_TIER_LOW"}},
		{"several-open", "not a level", world.Move{Name: world.AddClassification, Code: "X"}},
		{"several-open", "no ended classification", world.Move{Name: world.ReopenClassification, Code: "ON_LEVEL_7"}},
		{"no-classification", "no visible budget", world.Move{Name: world.HideBudget}},
		{"several-open", "name another person", world.Move{Name: world.MoveBudget, To: "several-open"}},
		{"reversal", "no usage line of the invoice", world.Move{Name: world.GiveIDs}},
		{"several-open", "details-refused", world.Move{Name: world.WithdrawConsent, Status: "perhaps"}},
	}
	w := newWorld(t, world.Options{Scenarios: scenarios.FS})
	for _, c := range cases {
		_, err := w.Move(c.person, c.move)
		require.ErrorContains(t, err, c.message)
	}
	_, err := w.Move("nobody", world.Move{Name: world.Claim})
	require.ErrorIs(t, err, world.ErrNoSuchPerson)
	require.Zero(t, w.Version())
}

func TestScenarioMovesHappenWhenTheWorldMovesOn(t *testing.T) {
	w := newWorld(t, world.Options{Scenarios: file(`
people:
  - key: sample
    entries: [{date: "2026-04-01"}]
    classifications: [{code: ON_LEVEL_7}]
    moves:
      - {move: claim, on: today+60d, amount: 10.00}
      - {move: withdraw-consent}
      - {move: claim, on: today+1d, amount: 20.00}
`)})
	require.NoError(t, w.Advance(today))
	require.Equal(t, world.ConsentRefused, find(t, w, "sample").Consent)
	start := used(find(t, w, "sample"))

	require.NoError(t, w.Advance(today+1))
	require.Equal(t, start.Sub(dollars("20")).String(), used(find(t, w, "sample")).String())

	require.NoError(t, w.NextQuarter())
	require.NoError(t, w.Advance(today+90))
	last := ongoing(find(t, w, "sample"))[1].Usage
	require.Equal(t, "-10", last[len(last)-1].Amount.String(), "a later claim draws on the new quarter")
	require.Equal(t, today+60, last[len(last)-1].DeliveryDate)
}

func TestAScenarioMoveThatNoLongerFitsIsDropped(t *testing.T) {
	w := newWorld(t, world.Options{Scenarios: scenarios.FS})
	_, err := w.Move("reversal", world.Move{Name: world.RemoveInvoiceLine, Invoice: "900000032", Item: "1"})
	require.NoError(t, err)
	var skipped *world.SkippedMovesError
	require.ErrorAs(t, w.Advance(today+1), &skipped)
	require.Len(t, skipped.Reasons, 1)
	require.ErrorContains(t, skipped, `person "reversal": move amend-invoice: no usage line`)
	require.Equal(t, today+1, w.Today(), "the world moved on all the same")
	require.Equal(t, world.ConsentRefused, find(t, w, "consent-withdrawn").Consent)
	require.NoError(t, w.Advance(today+2))
}

func TestEveryBuiltInScenarioMoveCanBeCarriedOut(t *testing.T) {
	for _, day := range []string{"2026-04-01", "2026-05-20", "2026-06-30", "2028-02-29", "2026-12-31"} {
		w := newWorld(t, world.Options{Today: world.MustDate(day), Scenarios: scenarios.FS, People: 20})
		require.NoError(t, w.Advance(w.Today()+1), day)
		require.NoError(t, w.NextQuarter(), day)
	}
}

func TestStampsOnlyGrow(t *testing.T) {
	w := newWorld(t, world.Options{Scenarios: scenarios.FS})
	last := find(t, w, "several-open").UpdatedAt
	for range 3 {
		_, err := w.Move("several-open", world.Move{Name: world.Depart})
		require.NoError(t, err)
		require.True(t, find(t, w, "several-open").UpdatedAt.After(last), "also while the clock stands still")
		last = find(t, w, "several-open").UpdatedAt
	}
}

func TestReplayBringsTheWorldBack(t *testing.T) {
	var changes []world.Change
	options := world.Options{Seed: 3, People: 50, Scenarios: scenarios.FS}
	listening := options
	listening.OnChange = func(change world.Change) error { changes = append(changes, change); return nil }
	w := newWorld(t, listening)
	_, err := w.Move("several-open", world.Move{Name: world.Claim, Amount: dollars("33.10")})
	require.NoError(t, err)
	require.NoError(t, w.NextQuarter())
	_, err = w.Move("person-00001", world.Move{Name: world.AddBudget, Amount: dollars("500")})
	require.NoError(t, err)

	again := newWorld(t, options)
	for _, change := range changes {
		require.NoError(t, again.Replay(change))
	}
	require.Equal(t, w.Today(), again.Today())
	require.Equal(t, w.Recipients(), again.Recipients())
}

func TestAChangeThatCannotBeRecordedDoesNotHappen(t *testing.T) {
	full := errors.New("disk full")
	w := newWorld(t, world.Options{Scenarios: scenarios.FS, OnChange: func(world.Change) error { return full }})
	_, err := w.Move("several-open", world.Move{Name: world.WithdrawConsent})
	require.ErrorIs(t, err, full)
	require.Equal(t, world.ConsentGiven, find(t, w, "several-open").Consent)
	require.ErrorIs(t, w.NextQuarter(), full)
	require.Equal(t, today, w.Today())
}

func TestExportsHoldWhatTheProviderHolds(t *testing.T) {
	w := newWorld(t, world.Options{Scenarios: scenarios.FS, People: 40})
	var out bytes.Buffer
	require.NoError(t, w.WritePeopleCSV(&out, world.Holder{Organisation: "8000000101"}))
	rows, err := csv.NewReader(&out).ReadAll()
	require.NoError(t, err)
	require.Equal(t, []string{"given_name", "family_name", "birth_date", "care_recipient_id", "service_provider_id"}, rows[0])
	byName := map[string][]string{}
	for _, row := range rows[1:] {
		byName[row[1]] = row
		require.Contains(t, []string{"4000012345", "4000012346"}, row[4])
	}
	require.Equal(t, []string{"Beatrice", "Lowery", "1949-04-19"}, byName["Lowery"][:3], "the provider's own records, not upstream's")
	require.Equal(t, "000000017", byName["Fairweather"][3])
	require.Equal(t, find(t, w, "stranger").CareRecipientID, byName["Delacroix"][3])
	require.NotContains(t, byName, "Okonkwo", "whom the provider does not hold")

	shared := 0
	for _, person := range w.People(world.Holder{}) {
		if person.Key == "two-organisations" {
			shared++
		}
	}
	require.Equal(t, 2, shared, "one row for each organisation (R11)")

	out.Reset()
	require.NoError(t, w.WriteInvoicesCSV(&out, world.Holder{ServiceProvider: "banksia"}))
	require.True(t, strings.HasPrefix(out.String(), "invoice_id,item_id,care_recipient_id,service_id,delivery_date,amount,external_reference_id\n"))
	require.Contains(t, out.String(), "900000011,1,062948113,SERV-0012,2026-04-06,126.00,\n")
	require.NotContains(t, out.String(), "\n,", "other providers' lines are not ours")
	require.NotContains(t, out.String(), ",-", "amounts are positive as billed")
}

func used(p *world.Person) decimal.Decimal {
	sum := decimal.Zero
	for i := range p.Budgets {
		sum = sum.Add(p.Budgets[i].AmountUsed())
	}
	return sum
}

func total(p *world.Person) decimal.Decimal {
	sum := decimal.Zero
	for i := range p.Budgets {
		sum = sum.Add(p.Budgets[i].Total())
	}
	return sum
}

func byID(p *world.Person, id string) *world.Budget {
	for i := range p.Budgets {
		if p.Budgets[i].ID == id {
			return &p.Budgets[i]
		}
	}
	return &world.Budget{}
}

package world_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/caresync/caresync/simulator/scenarios"
	"github.com/caresync/caresync/simulator/world"
)

const (
	banksiaRA = "8000000101"
	wattleRA  = "8000000202"
)

// paceOnly holds the built-in participants without the care recipients.
func paceOnly(t *testing.T) fstest.MapFS {
	t.Helper()
	content, err := scenarios.FS.ReadFile("pace.yaml")
	require.NoError(t, err)
	return file(string(content))
}

func participant(t *testing.T, w *world.World, key string) *world.Participant {
	t.Helper()
	found, known := w.FindParticipant(key)
	require.True(t, known, key)
	return found
}

func currentPlan(t *testing.T, w *world.World, key string) *world.PACEPlan {
	t.Helper()
	plan, current := participant(t, w, key).CurrentPlan(w.Today())
	require.True(t, current, key)
	return plan
}

// budgetOf gives the first budget of a category.
func budgetOf(t *testing.T, plan *world.PACEPlan, category int) *world.PlanBudget {
	t.Helper()
	for i := range plan.Budgets {
		if plan.Budgets[i].Category == category {
			return &plan.Budgets[i]
		}
	}
	require.Fail(t, "no such budget")
	return nil
}

func TestParticipantsDoNotChangeTheCareRecipients(t *testing.T) {
	without := newWorld(t, world.Options{Seed: 4, People: 20})
	with := newWorld(t, world.Options{Seed: 4, People: 20, Participants: 20})
	require.Equal(t, without.Recipients(), with.Recipients())
	require.Len(t, with.Participants(), 20)
}

func TestAPlanListsAll21CategoriesWhateverItFunds(t *testing.T) {
	w := newWorld(t, world.Options{Participants: 300, Seed: 2, Scenarios: scenarios.FS})
	numbers := map[string]bool{}
	for _, one := range w.Participants() {
		require.Regexp(t, `^43\d{7}$`, one.NDISNumber)
		require.False(t, numbers[one.NDISNumber])
		numbers[one.NDISNumber] = true
		for i := range one.Plans {
			plan := &one.Plans[i]
			require.LessOrEqual(t, plan.Start, plan.End)
			categories := map[int]bool{}
			for _, budget := range append(plan.Unfunded(), plan.Budgets...) {
				categories[budget.Category] = true
				share := decimal.Zero
				for _, period := range budget.Periods {
					require.True(t, budget.Start <= period.Start && period.Start <= period.End && period.End <= budget.End)
					share = share.Add(period.Amount)
				}
				require.True(t, len(budget.Periods) == 0 || share.Equal(budget.Approved), "periods share out all that is approved")
			}
			delete(categories, 0) // one that no one knows
			require.Len(t, categories, 21)
			require.Empty(t, plan.Unlisted)
		}
	}
}

func TestAGeneratedPopulationIsMixed(t *testing.T) {
	w := newWorld(t, world.Options{Participants: 600, Seed: 1})
	var endorsed, notPACE, ended, reassessed, shared, unspent int
	for _, one := range w.Participants() {
		if one.AuthorityOf(one.HeldBy[0], w.Today()) == world.Endorsed {
			endorsed++
		}
		if one.NotPACE {
			notPACE++
		}
		if len(one.Plans) > 1 {
			reassessed++
		}
		plan, current := one.CurrentPlan(w.Today())
		if !current {
			ended++
			continue
		}
		for i := range plan.Budgets {
			if plan.Budgets[i].Spent.IsZero() {
				unspent++
			}
		}
		shared += len(one.HeldBy)
	}
	require.Greater(t, endorsed, 540)
	require.Less(t, endorsed, 600)
	require.Positive(t, notPACE)
	require.Positive(t, ended)
	require.Greater(t, reassessed, 200)
	require.Positive(t, unspent)
	require.Equal(t, 600-ended, shared)
	again := newWorld(t, world.Options{Participants: 600, Seed: 1})
	require.Equal(t, w.Participants(), again.Participants(), "the same seed gives the same participants")
	more := newWorld(t, world.Options{Participants: 601, Seed: 1})
	require.Equal(t, w.Participants(), more.Participants()[:600], "no one changes when others are added")
}

func TestWhoMaySeeAParticipant(t *testing.T) {
	given := func(role string, start, end world.Date) world.Endorsement {
		return world.Endorsement{RANumber: banksiaRA, Role: role, Start: start, End: end}
	}
	for name, test := range map[string]struct {
		endorsements []world.Endorsement
		want         world.Authority
	}{
		"none":                       {nil, world.NoEndorsement},
		"another organisation's":     {[]world.Endorsement{{RANumber: wattleRA, Role: world.PlanManager}}, world.NoEndorsement},
		"both":                       {[]world.Endorsement{given(world.PlanManager, today, world.NoDate), given(world.MyProvider, today, today)}, world.Endorsed},
		"provider alone":             {[]world.Endorsement{given(world.MyProvider, today, world.NoDate)}, world.EndorsementIncomplete},
		"plan manager alone":         {[]world.Endorsement{given(world.PlanManager, today, world.NoDate)}, world.EndorsementIncomplete},
		"another role":               {[]world.Endorsement{given(world.SupportCoordinator, today, world.NoDate)}, world.EndorsementIncomplete},
		"one has lapsed":             {[]world.Endorsement{given(world.PlanManager, today-9, today-1), given(world.MyProvider, today-9, world.NoDate)}, world.EndorsementIncomplete},
		"one begins tomorrow":        {[]world.Endorsement{given(world.PlanManager, today+1, world.NoDate), given(world.MyProvider, today-9, world.NoDate)}, world.EndorsementIncomplete},
		"one lapsed and came back":   {[]world.Endorsement{given(world.PlanManager, today-9, today-5), given(world.PlanManager, today, world.NoDate), given(world.MyProvider, today-9, world.NoDate)}, world.Endorsed},
		"both, of which one doubled": {[]world.Endorsement{given(world.PlanManager, today, world.NoDate), given(world.PlanManager, today-9, today-1), given(world.MyProvider, today, world.NoDate)}, world.Endorsed},
	} {
		one := &world.Participant{Endorsements: test.endorsements}
		require.Equal(t, test.want, one.AuthorityOf(banksiaRA, today), name)
	}
}

func TestWhichPlansAreListed(t *testing.T) {
	plan := func(start, end int) world.PACEPlan {
		return world.PACEPlan{Start: today.AddDays(start), End: today.AddDays(end)}
	}
	for name, test := range map[string]struct {
		plans   []world.PACEPlan
		listed  []int
		current int
	}{
		"none":                        {nil, []int{}, -1},
		"one":                         {[]world.PACEPlan{plan(-5, 5)}, []int{0}, 0},
		"the previous too":            {[]world.PACEPlan{plan(-50, -20), plan(-19, -6), plan(-5, 5)}, []int{2, 1}, 2},
		"the next rather":             {[]world.PACEPlan{plan(-50, -6), plan(-5, 5), plan(6, 9), plan(10, 12)}, []int{1, 2}, 1},
		"ended ones":                  {[]world.PACEPlan{plan(-50, -20), plan(-19, -6)}, []int{1, 0}, -1},
		"the last day counts":         {[]world.PACEPlan{plan(-5, 0)}, []int{0}, 0},
		"several that cover today":    {[]world.PACEPlan{plan(-50, 5), plan(-5, 9), plan(10, 20)}, []int{0, 1}, 1},
		"one of several that answers": {[]world.PACEPlan{{Start: today - 50, End: today + 5, AnswersBudget: true}, plan(-5, 9)}, []int{0, 1}, 0},
	} {
		one := &world.Participant{Plans: test.plans}
		listed := []int{}
		for _, plan := range one.ListedPlans(today) {
			for i := range one.Plans {
				if plan == &one.Plans[i] {
					listed = append(listed, i)
				}
			}
		}
		require.Equal(t, test.listed, listed, name)
		current, any := one.CurrentPlan(today)
		require.Equal(t, test.current >= 0, any, name)
		if any {
			require.Same(t, &one.Plans[test.current], current, name)
		}
	}
}

func TestPlanMoves(t *testing.T) {
	cases := []struct {
		name   string
		person string
		move   world.PlanMove
		events string
		check  func(t *testing.T, w *world.World, before *world.Participant)
	}{
		{"spend", "fresh-plan", world.PlanMove{Name: world.Spend, Category: "Consumables", Amount: dollars("12.30")}, world.BudgetUpdated, func(t *testing.T, w *world.World, _ *world.Participant) {
			require.Equal(t, "12.3", budgetOf(t, currentPlan(t, w, "fresh-plan"), 3).Spent.String())
		}},
		{"refund below zero", "fresh-plan", world.PlanMove{Name: world.Refund, Category: "14"}, world.BudgetUpdated, func(t *testing.T, w *world.World, _ *world.Participant) {
			require.Equal(t, "-250", budgetOf(t, currentPlan(t, w, "fresh-plan"), world.ChoiceAndControl).Spent.String())
		}},
		{"spend from one of several", "twice-in-the-tree", world.PlanMove{Name: world.Spend, Category: "1", Type: world.Stated, Management: world.AgencyManaged, Amount: dollars("5")}, world.BudgetUpdated, func(t *testing.T, w *world.World, _ *world.Participant) {
			require.Equal(t, "985", currentPlan(t, w, "twice-in-the-tree").Budgets[3].Spent.String())
		}},
		{"clear one", "changed-manager", world.PlanMove{Name: world.ClearSpent, Category: "14"}, world.BudgetUpdated, func(t *testing.T, w *world.World, _ *world.Participant) {
			plan := currentPlan(t, w, "changed-manager")
			require.True(t, budgetOf(t, plan, 14).Spent.IsZero())
			require.False(t, budgetOf(t, plan, 1).Spent.IsZero())
		}},
		{"clear all", "changed-manager", world.PlanMove{Name: world.ClearSpent}, world.BudgetUpdated, func(t *testing.T, w *world.World, _ *world.Participant) {
			require.True(t, budgetOf(t, currentPlan(t, w, "changed-manager"), 1).Spent.IsZero())
		}},
		{"reassess", "changed-manager", world.PlanMove{Name: world.Reassess, Percentage: dollars("110")}, world.PlanApproved, func(t *testing.T, w *world.World, before *world.Participant) {
			after := participant(t, w, "changed-manager")
			require.Equal(t, before.FirstStart, after.FirstStart, "the first start never changes")
			require.Len(t, after.Plans, 2)
			require.Equal(t, today-1, after.Plans[0].End)
			require.Equal(t, today-1, after.Plans[0].Budgets[0].End)
			require.Equal(t, world.Period{Start: today, End: today.AddMonths(12) - 1}, after.Plans[1].Period())
			next := budgetOf(t, &after.Plans[1], 1)
			require.Equal(t, "67375.00", next.Approved.StringFixed(2))
			require.True(t, next.Spent.IsZero())
			require.Len(t, next.Periods, 4)
			require.Equal(t, today, next.Periods[0].Start)
		}},
		{"reassess one category from a later date", "changed-manager", world.PlanMove{Name: world.Reassess, Date: "today+30d", Months: 6, Category: "14", Amount: dollars("900")}, world.PlanApproved, func(t *testing.T, w *world.World, _ *world.Participant) {
			after := participant(t, w, "changed-manager")
			require.Equal(t, world.Period{Start: today + 30, End: today.AddDays(30).AddMonths(6) - 1}, after.Plans[1].Period())
			require.Equal(t, "900", budgetOf(t, &after.Plans[1], 14).Approved.String())
			require.Equal(t, today-115, currentPlan(t, w, "changed-manager").Start, "until then the plan continues")
		}},
		{"reassess after the end", "ended-plan", world.PlanMove{Name: world.Reassess}, world.PlanApproved, func(t *testing.T, w *world.World, before *world.Participant) {
			after := participant(t, w, "ended-plan")
			require.Equal(t, before.Plans[0].End, after.Plans[0].End)
			require.Equal(t, today, after.Plans[1].Start)
		}},
		{"switch the tree early", "switched-early", world.PlanMove{Name: world.SwitchTree}, world.BudgetUpdated, func(t *testing.T, w *world.World, _ *world.Participant) {
			after := participant(t, w, "switched-early")
			require.Equal(t, today-330, currentPlan(t, w, "switched-early").Start, "today's plan continues")
			answering, any := after.AnsweringPlan(today)
			require.True(t, any)
			require.Equal(t, today+36, answering.Start)
			answering, any = after.AnsweringPlan(today + 36)
			require.True(t, any)
			require.Equal(t, today+36, answering.Start)
		}},
		{"extend", "extended-later", world.PlanMove{Name: world.Extend}, world.PlanEndUpdated, func(t *testing.T, w *world.World, before *world.Participant) {
			plan := currentPlan(t, w, "extended-later")
			require.Equal(t, (before.Plans[0].End+1).AddMonths(12)-1, plan.End)
			last := budgetOf(t, plan, 1)
			require.Equal(t, plan.End, last.End)
			require.Equal(t, plan.End, last.Periods[3].End)
		}},
		{"extend an ended plan", "ended-plan", world.PlanMove{Name: world.Extend, End: "today+40d"}, world.PlanEndUpdated, func(t *testing.T, w *world.World, _ *world.Participant) {
			require.Equal(t, today+40, currentPlan(t, w, "ended-plan").End)
		}},
		{"extend beside a category with its own dates", "own-dates", world.PlanMove{Name: world.Extend, Months: 1}, world.PlanEndUpdated, func(t *testing.T, w *world.World, _ *world.Participant) {
			require.Equal(t, today-30, budgetOf(t, currentPlan(t, w, "own-dates"), 7).End, "what ended early stays so")
		}},
		{"shorten", "fresh-plan", world.PlanMove{Name: world.Shorten, End: "today+100d"}, world.PlanEndUpdated, func(t *testing.T, w *world.World, _ *world.Participant) {
			plan := currentPlan(t, w, "fresh-plan")
			require.Equal(t, today+100, plan.End)
			budget := budgetOf(t, plan, 1)
			require.Len(t, budget.Periods, 2)
			require.Equal(t, "42000", budget.Periods[0].Amount.Add(budget.Periods[1].Amount).String(), "what is approved stays so")
		}},
		{"vary what is funded", "fresh-plan", world.PlanMove{Name: world.Vary, Category: "Consumables", Amount: dollars("2000")}, world.BudgetUpdated, func(t *testing.T, w *world.World, before *world.Participant) {
			plan := currentPlan(t, w, "fresh-plan")
			require.Len(t, plan.Budgets, len(before.Plans[0].Budgets))
			require.Equal(t, "500", budgetOf(t, plan, 3).Periods[0].Amount.String())
		}},
		{"vary what is not", "fresh-plan", world.PlanMove{Name: world.Vary, Category: "11"}, world.BudgetUpdated, func(t *testing.T, w *world.World, before *world.Participant) {
			plan := currentPlan(t, w, "fresh-plan")
			require.Len(t, plan.Unfunded(), len(before.Plans[0].Unfunded())-1)
			added := budgetOf(t, plan, 11)
			require.Equal(t, "Capacity Building Stated (Plan-managed)", added.Component, "where the plan listed it with 0.00")
			require.Equal(t, "5000", added.Approved.String())
		}},
		{"remove a category", "changed-manager", world.PlanMove{Name: world.RemoveCategory, Category: "3"}, world.BudgetUpdated, func(t *testing.T, w *world.World, before *world.Participant) {
			plan := currentPlan(t, w, "changed-manager")
			require.Len(t, plan.Budgets, len(before.Plans[0].Budgets)-1)
			require.Len(t, plan.Unfunded(), len(before.Plans[0].Unfunded()), "it is not listed with 0.00 either")
		}},
		{"lose the endorsement", "shared-by-two", world.PlanMove{Name: world.LoseEndorsement, Organisation: "wattle"}, world.RelationshipEnded + " " + world.RelationshipEnded, func(t *testing.T, w *world.World, _ *world.Participant) {
			after := participant(t, w, "shared-by-two")
			require.Equal(t, world.EndorsementIncomplete, after.AuthorityOf(wattleRA, today))
			require.Equal(t, world.Endorsed, after.AuthorityOf(banksiaRA, today))
		}},
		{"endorse", "never-endorsed", world.PlanMove{Name: world.Endorse}, world.RelationshipCreated + " " + world.RelationshipCreated, func(t *testing.T, w *world.World, _ *world.Participant) {
			require.Equal(t, world.Endorsed, participant(t, w, "never-endorsed").AuthorityOf(banksiaRA, today))
		}},
		{"change the identity", "fresh-plan", world.PlanMove{Name: world.ChangeParticipant, FamilyName: "Other"}, "", func(t *testing.T, w *world.World, before *world.Participant) {
			require.Equal(t, "Other", participant(t, w, "fresh-plan").Upstream.FamilyName)
			require.Equal(t, before.Upstream.BirthDate, participant(t, w, "fresh-plan").Upstream.BirthDate)
		}},
		{"correct the identity", "surname-differs", world.PlanMove{Name: world.CorrectParticipant}, "", func(t *testing.T, w *world.World, _ *world.Participant) {
			after := participant(t, w, "surname-differs")
			require.Equal(t, after.Held, after.Upstream)
		}},
		{"silently", "fresh-plan", world.PlanMove{Name: world.Spend, Silent: true}, "", func(t *testing.T, w *world.World, _ *world.Participant) {
			require.Equal(t, "250", currentPlan(t, w, "fresh-plan").Budgets[0].Spent.String())
		}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var events []string
			w := newWorld(t, world.Options{Scenarios: paceOnly(t), OnEvents: func(told []world.Event) {
				for _, event := range told {
					require.NotEmpty(t, event.Organisations)
					require.NotEmpty(t, event.NDISNumber)
					events = append(events, event.ID)
				}
			}})
			before := participant(t, w, c.person)
			require.NoError(t, w.MoveParticipant(c.person, c.move))
			c.check(t, w, before)
			require.Equal(t, c.events, strings.Join(events, " "))
			require.EqualValues(t, 1, w.Version())
		})
	}
}

func TestPlanMovesThatDoNotFitAreRefusedAndChangeNothing(t *testing.T) {
	told := 0
	w := newWorld(t, world.Options{Scenarios: paceOnly(t), OnEvents: func([]world.Event) { told++ }})
	for _, c := range []struct {
		person, message string
		move            world.PlanMove
	}{
		{"nobody", "no such person", world.PlanMove{Name: world.Spend}},
		{"fresh-plan", "there is no move", world.PlanMove{Name: "dance"}},
		{"number-unknown", "does not know", world.PlanMove{Name: world.Spend}},
		{"future-plan", "no plan has started", world.PlanMove{Name: world.Spend}},
		{"future-plan", "no plan has started", world.PlanMove{Name: world.Reassess}},
		{"future-plan", "no plan has started", world.PlanMove{Name: world.Vary, Category: "1"}},
		{"fresh-plan", "no funded budget fits", world.PlanMove{Name: world.Spend, Category: "Relationships"}},
		{"fresh-plan", "no funded budget fits", world.PlanMove{Name: world.ClearSpent, Management: world.SelfManaged}},
		{"fresh-plan", "no funded budget fits", world.PlanMove{Name: world.Reassess, Category: "11"}},
		{"fresh-plan", "must begin after", world.PlanMove{Name: world.Reassess, Date: "today-6d"}},
		{"fresh-plan", "must begin after", world.PlanMove{Name: world.Reassess, End: "today-1d"}},
		{"fresh-plan", "neither a date", world.PlanMove{Name: world.Reassess, Date: "someday"}},
		{"fresh-plan", "ends on", world.PlanMove{Name: world.Extend, End: "today+1d"}},
		{"fresh-plan", "must lie within", world.PlanMove{Name: world.Shorten, End: "today+900d"}},
		{"fresh-plan", "must lie within", world.PlanMove{Name: world.Shorten, End: "today-30d"}},
		{"fresh-plan", "there is no category", world.PlanMove{Name: world.Vary, Category: "22"}},
		{"fresh-plan", "there is no category", world.PlanMove{Name: world.RemoveCategory}},
		{"never-endorsed", "no active endorsement fits", world.PlanMove{Name: world.LoseEndorsement}},
		{"endorsement-lapsed", "no active endorsement fits", world.PlanMove{Name: world.LoseEndorsement}},
		{"fresh-plan", "no organisation has", world.PlanMove{Name: world.Endorse, Organisation: "nobody"}},
	} {
		before, _ := w.FindParticipant(c.person)
		require.ErrorContains(t, w.MoveParticipant(c.person, c.move), c.message)
		after, _ := w.FindParticipant(c.person)
		require.Same(t, before, after)
	}
	require.ErrorIs(t, w.MoveParticipant("nobody", world.PlanMove{Name: world.Spend}), world.ErrNoSuchPerson)
	require.Zero(t, w.Version())
	require.Zero(t, told)
}

func TestScenarioMovesOfParticipantsHappenWhenTheWorldMovesOn(t *testing.T) {
	var events []world.Event
	w := newWorld(t, world.Options{Scenarios: paceOnly(t), OnEvents: func(told []world.Event) { events = append(events, told...) }})
	require.NoError(t, w.Advance(today))
	require.Equal(t, "386.4", budgetOf(t, currentPlan(t, w, "fresh-plan"), 1).Spent.String())
	require.Len(t, participant(t, w, "reassessed-later").Plans, 3)
	require.Equal(t, today+15-1, currentPlan(t, w, "extended-later").End)
	require.NotEmpty(t, events)
	events = nil
	require.NoError(t, w.Advance(today+1))
	require.Greater(t, currentPlan(t, w, "extended-later").End, today+300)
	require.Equal(t, world.PlanEndUpdated, events[0].ID)
	require.Len(t, events, 1)
	require.NoError(t, w.NextQuarter())
}

func TestAParticipantsMoveThatNoLongerFitsIsDropped(t *testing.T) {
	w := newWorld(t, world.Options{Scenarios: paceOnly(t)})
	require.NoError(t, w.MoveParticipant("changed-manager", world.PlanMove{Name: world.RemoveCategory, Category: "1"}))
	var skipped *world.SkippedMovesError
	require.ErrorAs(t, w.Advance(today), &skipped)
	require.ErrorContains(t, skipped, `participant "changed-manager": move spend: no funded budget fits`)
}

func TestFundingPeriodsAreReleasedAsTimePasses(t *testing.T) {
	w := newWorld(t, world.Options{Scenarios: paceOnly(t)})
	core := budgetOf(t, currentPlan(t, w, "fresh-plan"), 1)
	require.Equal(t, "10500", core.Released(today).String())
	require.Equal(t, "10500", core.Released(core.Periods[1].Start-1).String())
	require.Equal(t, "21000", core.Released(core.Periods[1].Start).String())
	require.Equal(t, "42000", core.Released(core.End).String())
	require.Equal(t, core.End, core.Periods[3].End)
}

func TestParticipantsInScenarioFiles(t *testing.T) {
	for text, words := range map[string]string{
		"participants: [{about: x}]":         "needs a key",
		"participants: [{key: a}, {key: a}]": "exists twice",
		`participants: [{key: a, ndis_number: "430000001"}, {key: b, ndis_number: "430000001"}]`: "belongs to another",
		`participants: [{key: a, ndis_number: "43"}]`:                                            "nine digits",
		"participants: [{key: a, organisation: nobody}]":                                         `participant "a": no organisation`,
		"participants: [{key: a, endorsements: [{organisation: nobody}]}]":                       "no organisation",
		"participants: [{key: a, plans: [{start: someday}]}]":                                    "someday",
		"participants: [{key: a, plans: [{budgets: [{approved: 1}]}]}]":                          "needs a category",
		"participants: [{key: a, plans: [{budgets: [{category: X, absent: [y]}]}]}]":             "there is no field",
		"participants: [{key: a, plans: [{unlisted: [X], budgets: []}]}]":                        "there is no category",
		"participants: [{key: a, written: {amounts: roman}}]":                                    "use one of",
		"participants: [{key: a, moves: [{move: dance}]}]":                                       "there is no move",
		"participants: [{key: a, moves: [{move: spend, on: someday}]}]":                          "someday",
		"participants: [{key: a, hobby: chess}]":                                                 "hobby",
	} {
		_, err := world.New(world.Options{Today: today, Scenarios: file(text)})
		require.ErrorContains(t, err, words)
		require.ErrorContains(t, err, "people.yaml")
	}
	w := newWorld(t, world.Options{Scenarios: file("participants: [{key: a, not_held: true, endorsements: [{role: Recovery Coach}]}]")})
	made := participant(t, w, "a")
	require.Len(t, made.Plans, 1, "what is left out is made up")
	require.NotEmpty(t, made.Plans[0].Budgets)
	require.NotEmpty(t, made.Upstream.FamilyName)
	require.Equal(t, world.RecoveryCoach, made.Endorsements[0].Role)
	require.Empty(t, w.HeldParticipants(world.Holder{}))
}

func TestParticipantsAreExportedAsTheProvidersHoldThem(t *testing.T) {
	w := newWorld(t, world.Options{Scenarios: scenarios.FS, Participants: 30})
	var out bytes.Buffer
	require.NoError(t, w.WriteParticipantsCSV(&out, world.Holder{ServiceProvider: "banksia"}))
	rows, err := csv.NewReader(&out).ReadAll()
	require.NoError(t, err)
	require.Equal(t, []string{"given_name", "family_name", "birth_date", "ndis_number"}, rows[0])
	text := strings.Builder{}
	for _, row := range rows[1:] {
		text.WriteString(strings.Join(row, ",") + "\n")
	}
	require.Contains(t, text.String(), "Siobhan,ORourke,1993-03-03,430200106\n", "the provider's own records, not the NDIA's")
	require.Contains(t, text.String(), "430200103\n", "held, though not endorsed")
	require.NotContains(t, text.String(), "430200107\n", "whom only the other organisation holds")
	both := 0
	for _, row := range w.HeldParticipants(world.Holder{}) {
		if row.Key == "shared-by-two" {
			both++
		}
	}
	require.Equal(t, 2, both, "one row for each organisation (R11)")
	require.Len(t, w.HeldParticipants(world.Holder{Organisation: wattleRA, ServiceProvider: "banksia"}), 0)
}

// fewParticipants are plans of every shape, in a file that is quickly read.
var fewParticipants = file(`
participants:
  - key: quarterly
    plans: [{budgets: [{category: "1", approved: 100.01, every_months: 3}, {category: "14", approved: 12, every_months: 1}]}]
    moves: [{move: spend, on: today+30d}]
  - {key: own-dates, plans: [{start: today-250d, budgets: [{category: "1", approved: 9, end: today-30d}, {category: "6", approved: 7, end: today+290d}]}]}
  - {key: two-plans, plans: [{start: today-360d, end: today+20d, budgets: []}, {start: today-9d, tree_start: today-12d, budgets: [{category: "1", approved: 5}]}]}
  - {key: ended, plans: [{start: today-400d, end: today-36d, budgets: [{category: "1", approved: 5, spent: -1}]}]}
  - {key: not-endorsed, endorsements: [], plans: []}
`)

// Whatever happens to participants: a refused move changes nothing, snapshots stay as they were, plans and periods stay in order,
// and a replay of the changes gives the same participants and tells no one a second time.
func TestWhateverHappensParticipantsStaySound(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var changes []world.Change
		options := world.Options{Seed: 5, Participants: 2, Today: today, Scenarios: fewParticipants}
		repeated := options
		repeated.OnEvents = func([]world.Event) { rt.Fatal("told again") }
		again, err := world.New(repeated)
		require.NoError(rt, err)
		options.OnChange = func(change world.Change) error { changes = append(changes, change); return nil }
		w, err := world.New(options)
		require.NoError(rt, err)
		keys := []string{"quarterly", "own-dates", "two-plans", "ended", "not-endorsed", "participant-00001"}
		for range rapid.IntRange(1, 10).Draw(rt, "steps") {
			if rapid.IntRange(0, 4).Draw(rt, "advance") == 0 {
				if err := w.Advance(w.Today().AddDays(rapid.IntRange(0, 200).Draw(rt, "days"))); err != nil {
					require.ErrorAs(rt, err, new(*world.SkippedMovesError))
				}
				continue
			}
			key := rapid.SampledFrom(keys).Draw(rt, "participant")
			before, _ := w.FindParticipant(key)
			plans, ends := len(before.Plans), endsOf(before)
			err := w.MoveParticipant(key, world.PlanMove{
				Name: rapid.SampledFrom(world.PlanMoveNames()).Draw(rt, "move"), Category: rapid.SampledFrom([]string{"", "1", "14", "Relationships"}).Draw(rt, "category"),
				End: rapid.SampledFrom([]world.DateExpression{"", "today+20d", "today+400d"}).Draw(rt, "end"),
			})
			after, _ := w.FindParticipant(key)
			if err != nil {
				require.Same(rt, before, after)
			}
			require.Len(rt, before.Plans, plans)
			require.Equal(rt, ends, endsOf(before), "a snapshot does not change")
		}
		for _, one := range w.Participants() {
			requireSound(rt, one)
		}
		for _, change := range changes {
			require.NoError(rt, again.Replay(change))
		}
		require.Equal(rt, w.Participants(), again.Participants())
	})
}

func endsOf(one *world.Participant) (ends []world.Date) {
	for _, plan := range one.Plans {
		ends = append(ends, plan.End)
	}
	return ends
}

func requireSound(t require.TestingT, one *world.Participant) {
	for i := range one.Plans {
		plan := &one.Plans[i]
		require.True(t, i == 0 || one.Plans[i-1].Start <= plan.Start)
		require.LessOrEqual(t, plan.Start, plan.End)
		for n := range plan.Budgets {
			budget := &plan.Budgets[n]
			require.LessOrEqual(t, budget.Start, budget.End)
			for k, period := range budget.Periods {
				require.LessOrEqual(t, period.Start, period.End)
				require.True(t, k == 0 || budget.Periods[k-1].End+1 == period.Start)
			}
		}
	}
}

func TestAParticipantsChangeThatCannotBeRecordedDoesNotHappen(t *testing.T) {
	full := errors.New("disk full")
	told := 0
	w := newWorld(t, world.Options{
		Scenarios: paceOnly(t), OnChange: func(world.Change) error { return full }, OnEvents: func([]world.Event) { told++ },
	})
	require.ErrorIs(t, w.MoveParticipant("fresh-plan", world.PlanMove{Name: world.Spend}), full)
	require.True(t, currentPlan(t, w, "fresh-plan").Budgets[0].Spent.IsZero())
	require.Zero(t, told)
}

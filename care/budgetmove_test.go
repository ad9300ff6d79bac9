package care_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/caresync/caresync/care"
)

var (
	rose = care.SharedBudget{UpstreamBudgetID: "MG1", PersonID: "rose", GivenName: "Rose", FamilyName: "Hart"}
	mg1  = allocation("MG1", "2026-04-01", "2026-06-30")
	mg2  = allocation("MG2", "2026-04-01", "2026-06-30")
)

func current(id care.ID, budget care.Budget) care.Budget {
	budget.ID = id
	return budget
}

func upstreamIDs(budgets []care.Budget) []string {
	ids := []string{}
	for _, budget := range budgets {
		if !budget.Removed {
			ids = append(ids, budget.UpstreamBudgetID)
		}
	}
	slices.Sort(ids)
	return ids
}

func TestABudgetThatAnotherPersonHoldsStaysThere(t *testing.T) { // R32
	subject := care.RunScope{Today: today, Identified: true}
	held := care.HeldBudgets{BudgetsOfOthers: care.BudgetsOfOthers{HeldByOthers: []care.SharedBudget{rose}}}
	decision := care.DecideBudgets(held, answered([]care.Budget{mg1, mg2}), subject, freshIDs())

	require.Equal(t, []string{"MG2"}, upstreamIDs(decision.Budgets.After), "the person's other budgets do not suffer")
	require.Equal(t, []string{"MG1"}, decision.ListedTwice)
	require.Equal(t, []care.IssueCode{care.IssueBudgetListedTwice}, issueCodes(decision.Issues))
	require.Contains(t, said(decision.Issues[0]), "Rose Hart")
	require.Equal(t, care.OtherPersonDetails{PersonID: "rose", GivenName: "Rose", FamilyName: "Hart", Case: care.BudgetMovesLater},
		care.DetailsOf[care.OtherPersonDetails](decision.Issues[0]))
	require.Len(t, decision.Answer.OpenBudgets, 1)

	unidentified := care.DecideBudgets(held, answered([]care.Budget{mg1}), care.RunScope{Today: today}, freshIDs())
	require.Empty(t, unidentified.ListedTwice, "a person whom the summary did not confirm gets nothing of another's")
	require.Equal(t, []care.IssueCode{care.IssueBudgetListedTwice}, issueCodes(unidentified.Issues), "and it is not said that none is visible")
}

func TestABudgetThatStoodWithAnotherMovesOnlyToAnIdentifiedPerson(t *testing.T) { // R8, R32
	held := care.HeldBudgets{BudgetsOfOthers: care.BudgetsOfOthers{OnceHeldByOthers: []care.SharedBudget{rose}}}
	decision := care.DecideBudgets(held, answered([]care.Budget{mg1, mg2}), care.RunScope{Today: today}, freshIDs())
	require.Equal(t, []string{"MG2"}, upstreamIDs(decision.Budgets.After))
	require.Equal(t, []care.IssueCode{care.IssueBudgetListedTwice}, issueCodes(decision.Issues))

	decision = care.DecideBudgets(held, answered([]care.Budget{mg1, mg2}), care.RunScope{Today: today, Identified: true}, freshIDs())
	require.Equal(t, []string{"MG1", "MG2"}, upstreamIDs(decision.Budgets.After))
	require.Empty(t, decision.Issues)

	held.Budgets = []care.Budget{current("mine", mg1)}
	decision = care.DecideBudgets(held, answered([]care.Budget{mg1}), care.RunScope{Today: today}, freshIDs())
	require.Equal(t, []string{"MG1"}, upstreamIDs(decision.Budgets.After), "one that moved here earlier stays")
	require.Empty(t, decision.Issues)
}

func TestABudgetThatAnotherPersonLists(t *testing.T) { // R5, R32
	listed := care.BudgetsOfOthers{ListedByOthers: []care.SharedBudget{rose}}
	for _, test := range []struct {
		name    string
		held    []care.Budget
		read    []care.Budget
		removed []care.ID
		current []string
		issues  []care.IssueCode
	}{
		{"is still listed here", []care.Budget{current("1", mg1)}, []care.Budget{mg1}, nil, []string{"MG1"}, []care.IssueCode{care.IssueBudgetListedTwice}},
		{"goes although it was the only one", []care.Budget{current("1", mg1)}, nil, []care.ID{"1"}, []string{},
			[]care.IssueCode{care.IssueBudgetMoved, care.IssueEntryNotRegistered}},
		{"goes alone, and the guard holds the others", []care.Budget{current("1", mg1), current("2", mg2)}, nil, []care.ID{"1"}, []string{"MG2"},
			[]care.IssueCode{care.IssueBudgetMoved, care.IssueRemovalHeld}},
	} {
		t.Run(test.name, func(t *testing.T) {
			held := care.HeldBudgets{Budgets: test.held, BudgetsOfOthers: listed}
			decision := care.DecideBudgets(held, answered(test.read), care.RunScope{Today: today, Identified: true}, freshIDs())
			require.Equal(t, test.removed, decision.Budgets.Remove)
			require.Equal(t, test.current, upstreamIDs(decision.Budgets.After))
			require.Equal(t, test.issues, issueCodes(decision.Issues))
			require.Equal(t, len(test.removed), decision.Answer.Counts[care.KindBudget].Removed)
		})
	}
}

// An answer whose only budget is another person's is not an empty one (R5).
func TestAnotherPersonsBudgetIsAnAnswer(t *testing.T) {
	held := care.HeldBudgets{Budgets: []care.Budget{current("2", mg2)}, BudgetsOfOthers: care.BudgetsOfOthers{HeldByOthers: []care.SharedBudget{rose}}}
	decision := care.DecideBudgets(held, answered([]care.Budget{mg1}), care.RunScope{Today: today, Identified: true}, freshIDs())
	require.Equal(t, []care.ID{"2"}, decision.Budgets.Remove)
}

// organisation is what the database keeps of people's budgets.
type organisation struct {
	ticket int
	held   map[care.ID][]care.Budget
	listed map[care.ID]map[string]int // by person: the budgets that they list and another holds, with the read's ticket
	newID  care.NewID
}

// others is what the store finds of other people for a read.
func (o *organisation) others(person care.ID, read []care.Budget, ticket int) (others care.BudgetsOfOthers) {
	share := func(other care.ID, budget string) care.SharedBudget {
		return care.SharedBudget{UpstreamBudgetID: budget, PersonID: other, FamilyName: string(other)}
	}
	for other, budgets := range o.held {
		for _, budget := range budgets {
			lists := slices.ContainsFunc(read, func(one care.Budget) bool { return one.UpstreamBudgetID == budget.UpstreamBudgetID })
			switch {
			case other == person || !lists:
			case budget.Removed:
				others.OnceHeldByOthers = append(others.OnceHeldByOthers, share(other, budget.UpstreamBudgetID))
			default:
				others.HeldByOthers = append(others.HeldByOthers, share(other, budget.UpstreamBudgetID))
			}
		}
		for budget, listedAt := range o.listed[other] {
			if other != person && listedAt < ticket && slices.Contains(upstreamIDs(o.held[person]), budget) {
				others.ListedByOthers = append(others.ListedByOthers, share(other, budget))
			}
		}
	}
	return others
}

func (o *organisation) sync(person care.ID, read []care.Budget) care.BudgetsDecision {
	o.ticket++
	held := care.HeldBudgets{Budgets: o.held[person], BudgetsOfOthers: o.others(person, read, o.ticket)}
	decision := care.DecideBudgets(held, answered(read), care.RunScope{Today: today, Identified: true}, o.newID)
	o.held[person] = decision.Budgets.After
	still := map[string]int{}
	for _, budget := range decision.ListedTwice {
		still[budget] = o.ticket
		if before, listed := o.listed[person][budget]; listed {
			still[budget] = before
		}
	}
	o.listed[person] = still
	return decision
}

// Whichever budgets move, and in whichever order people are synced: a budget belongs to one person at a time, no other budget changes, no row is
// lost, and after three rounds each budget belongs to the person it is listed for. One round notices the move, one releases the budget, and one
// takes it over (R32).
func TestBudgetsThatMoveArrive(t *testing.T) {
	people := []care.ID{"anna", "bruno", "carla"}
	budgets := []string{"1", "2", "3", "4", "5", "6"}
	rapid.Check(t, func(t *rapid.T) {
		o := &organisation{held: map[care.ID][]care.Budget{}, listed: map[care.ID]map[string]int{}, newID: freshIDs()}
		upstream := map[care.ID][]care.Budget{}
		rows := map[care.ID]int{}
		check := func(person care.ID, decision care.BudgetsDecision) {
			standsWith := map[string]care.ID{}
			for _, one := range people {
				for _, id := range upstreamIDs(o.held[one]) {
					require.Empty(t, standsWith[id], "budget %s stands with %s and %s", id, standsWith[id], one)
					standsWith[id] = one
				}
			}
			for _, budget := range upstream[person] {
				require.Truef(t, standsWith[budget.UpstreamBudgetID] != "", "%s: a listed budget stands with someone", budget.UpstreamBudgetID)
				if standsWith[budget.UpstreamBudgetID] != person {
					require.Contains(t, issueCodes(decision.Issues), care.IssueBudgetListedTwice)
				}
			}
			require.GreaterOrEqual(t, len(o.held[person]), rows[person], "rows are kept")
			rows[person] = len(o.held[person])
		}
		for range rapid.IntRange(0, 5).Draw(t, "days") {
			for _, id := range budgets {
				owner := rapid.SampledFrom(people).Draw(t, "owner of "+id)
				for _, person := range people {
					upstream[person] = slices.DeleteFunc(upstream[person], func(one care.Budget) bool { return one.UpstreamBudgetID == id })
				}
				upstream[owner] = append(upstream[owner], allocation(id, "2026-04-01", ""))
			}
			for range rapid.IntRange(0, 4).Draw(t, "syncs") {
				person := rapid.SampledFrom(people).Draw(t, "person")
				check(person, o.sync(person, upstream[person]))
			}
		}
		for round := range 3 {
			for _, person := range rapid.Permutation(people).Draw(t, fmt.Sprint("round ", round)) {
				check(person, o.sync(person, upstream[person]))
			}
		}
		for _, person := range people {
			require.Equal(t, upstreamIDs(upstream[person]), upstreamIDs(o.held[person]))
			require.Empty(t, o.listed[person])
		}
	})
}

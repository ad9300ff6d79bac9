package care_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
)

func TestWhoIsAbsentMayBeMarked(t *testing.T) { // R5, R19
	for _, test := range []struct {
		name  string
		lists []care.ProviderList
		want  bool
	}{
		{"no one is absent", []care.ProviderList{{InCare: 9, Listed: 9}}, true},
		{"a few", []care.ProviderList{{InCare: 9, Absent: 2, Listed: 7}}, true},
		{"half", []care.ProviderList{{InCare: 8, Absent: 4, Listed: 4}}, true},
		{"more than half", []care.ProviderList{{InCare: 8, Absent: 5, Listed: 3}}, false},
		{"more than half of fewer than five", []care.ProviderList{{InCare: 4, Absent: 3, Listed: 1}}, true},
		{"an empty list", []care.ProviderList{{InCare: 2, Absent: 2}}, false},
		{"an empty list of a provider that holds no one", []care.ProviderList{{}, {InCare: 9, Absent: 1, Listed: 8}}, true},
		{"one empty list holds back everyone", []care.ProviderList{{InCare: 1, Absent: 1}, {InCare: 90, Absent: 1, Listed: 89}}, false},
		{"one short list holds back everyone", []care.ProviderList{{InCare: 8, Absent: 5, Listed: 3}, {InCare: 90, Listed: 90}}, false},
		{"whom another provider lists is not absent", []care.ProviderList{{InCare: 9}, {InCare: 9, Listed: 18}}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			require.Equal(t, test.want, care.MayMarkAbsent(test.lists, false))
			require.True(t, care.MayMarkAbsent(test.lists, true), "someone has accepted it")
		})
	}
}

// R35: the mark of a list is the government's own time, never ours, and never lies beyond its answer.
func TestTheMarkOfAList(t *testing.T) {
	answered := time.Date(2026, 5, 20, 3, 30, 0, 0, time.UTC)
	earlier := func(hours int) time.Time { return answered.Add(-time.Duration(hours) * time.Hour) }
	for name, test := range map[string]struct {
		times  care.ListTimes
		before time.Time
		want   time.Time
	}{
		"rows without times":            {care.ListTimes{AnsweredAt: answered}, time.Time{}, earlier(48)},
		"rows with times":               {care.ListTimes{AnsweredAt: answered, UpdatedAt: earlier(3)}, earlier(24), earlier(3)},
		"a row from the future":         {care.ListTimes{AnsweredAt: answered, UpdatedAt: earlier(-3)}, earlier(24), answered},
		"no rows, where they had times": {care.ListTimes{AnsweredAt: answered}, earlier(24), earlier(24)},
		"a clock that was set back":     {care.ListTimes{AnsweredAt: answered}, earlier(-24), answered},
		"an answer without a time":      {care.ListTimes{UpdatedAt: earlier(3)}, earlier(24), earlier(24)},
		"nothing at all":                {care.ListTimes{}, time.Time{}, time.Time{}},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, test.want, test.times.Mark(test.before)) })
	}
}

// A budget that is listed again with the figures that we hold says nothing new.
func TestABudgetThatMoved(t *testing.T) {
	held := care.HeldLists{Budgets: []care.Budget{{UpstreamBudgetID: "1", Status: "OPEN"}, {UpstreamBudgetID: "2", Row: care.Row{Removed: true}}}}
	require.False(t, held.BudgetMoved(care.Budget{UpstreamBudgetID: "1", Status: "OPEN"}))
	require.True(t, held.BudgetMoved(care.Budget{UpstreamBudgetID: "1", Status: "CLOSED"}))
	require.True(t, held.BudgetMoved(care.Budget{UpstreamBudgetID: "2"}), "it is back")
	require.True(t, held.BudgetMoved(care.Budget{UpstreamBudgetID: "3"}), "it is new")
}

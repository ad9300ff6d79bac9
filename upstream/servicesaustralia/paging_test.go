package servicesaustralia_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/upstream/servicesaustralia"
	"github.com/caresync/caresync/upstream/transport"
)

func budgetRow(id int) string {
	return fmt.Sprintf(`{"budgetId":"B%d","careRecipientId":%q,"total":%d.10}`, id, person, id)
}

func budgetRows(from, to int) (rows []string) {
	for id := from; id <= to; id++ {
		rows = append(rows, budgetRow(id))
	}
	return rows
}

func TestAListIsReadToItsEnd(t *testing.T) {
	for _, test := range []struct{ rows, calls int }{{0, 1}, {1, 1}, {9, 1}, {10, 2}, {11, 2}, {20, 3}, {35, 4}} {
		t.Run(fmt.Sprint(test.rows), func(t *testing.T) {
			service := startService(t, holds(budgetRows(1, test.rows)...))
			read, err := service.reader(t, servicesaustralia.Options{PageSize: 10}).BudgetSummary(t.Context(), servicesaustralia.Effective{}, servicesaustralia.UpdatedWindow{})
			require.NoError(t, err)
			require.Len(t, read.Records, test.rows)
			require.Len(t, service.asked, test.calls)
			for i, address := range service.asked {
				require.Equal(t, fmt.Sprint(i+1), address.Query().Get("page"))
				require.Equal(t, "10", address.Query().Get("limit"))
			}
		})
	}
}

func TestAnEmptyLastPageMayAlsoBeAnEmptyList(t *testing.T) {
	service := startService(t, func(w http.ResponseWriter, r *http.Request) {
		if number(r, "page") == 2 {
			fmt.Fprint(w, "[]")
			return
		}
		holds(budgetRows(1, 10)...)(w, r)
	})
	read, err := service.reader(t, servicesaustralia.Options{PageSize: 10}).BudgetSummary(t.Context(), servicesaustralia.Effective{}, servicesaustralia.UpdatedWindow{})
	require.NoError(t, err)
	require.Len(t, read.Records, 10)
}

func TestRowsThatMovedBetweenPagesAreNotCountedTwice(t *testing.T) {
	rows := budgetRows(1, 25)
	service := startService(t, func(w http.ResponseWriter, r *http.Request) {
		shifted := rows
		if number(r, "page") > 1 { // two budgets were added in front while the first page was read
			shifted = append(budgetRows(98, 99), rows...)
		}
		holds(shifted...)(w, r)
	})
	read, err := service.reader(t, servicesaustralia.Options{PageSize: 10}).BudgetSummary(t.Context(), servicesaustralia.Effective{}, servicesaustralia.UpdatedWindow{})
	require.NoError(t, err)
	require.Len(t, read.Records, 25)
}

// R5: a row that moved to a page that was read already is found from the other end.
func TestARowThatMovedBetweenPagesOfOnePersonIsFound(t *testing.T) {
	rows := budgetRows(1, 25)
	service := startService(t, func(w http.ResponseWriter, r *http.Request) {
		shifted := rows
		if number(r, "page") > 1 || r.URL.Query().Get("sort") == "desc" { // the first budget went after the first page was read
			shifted = rows[1:]
		}
		holds(shifted...)(w, r)
	})
	read, err := service.reader(t, servicesaustralia.Options{PersonPageSize: 10}).Budgets(t.Context(), person)
	require.NoError(t, err)
	require.False(t, read.Incomplete)
	var ids []string
	for _, budget := range read.Records {
		ids = append(ids, budget.UpstreamBudgetID)
	}
	for id := 2; id <= 25; id++ {
		require.Contains(t, ids, fmt.Sprintf("B%d", id))
	}
	require.Len(t, service.asked, 6, "three pages, twice")
}

func TestAListOfOnePageIsReadOnce(t *testing.T) {
	service := startService(t, holds(budgetRows(1, 2000)...))
	read, err := service.reader(t, servicesaustralia.Options{}).Budgets(t.Context(), person)
	require.NoError(t, err)
	require.Len(t, read.Records, 2000)
	require.Len(t, service.asked, 1)
}

// R5: contributions have no id by which one that moved could be told.
func TestContributionsOnSeveralPagesAreIncomplete(t *testing.T) {
	for size, incomplete := range map[int]bool{2: true, 3: false} {
		service := startService(t, holds(`{"contributionCategory":"A"}`, `{"contributionCategory":"B"}`))
		read, err := service.reader(t, servicesaustralia.Options{PersonPageSize: size}).Contributions(t.Context(), person)
		require.NoError(t, err)
		require.Len(t, read.Records, 2)
		require.Equal(t, incomplete, read.Incomplete)
	}
}

func TestADuplicateRowWarnsOnce(t *testing.T) {
	odd := fmt.Sprintf(`{"budgetId":"B1","careRecipientId":%q,"total":"odd"}`, person)
	read, err := readerOf(t, says(200, list(odd, odd))).Budgets(t.Context(), person)
	require.NoError(t, err)
	require.Len(t, read.Records, 1)
	require.Len(t, read.Issues, 1)
}

func TestAFailureOnALaterPageFailsTheWholeRead(t *testing.T) { // R5
	service := startService(t, func(w http.ResponseWriter, r *http.Request) {
		if number(r, "page") == 3 {
			says(503, "")(w, r)
			return
		}
		holds(budgetRows(1, 100)...)(w, r)
	})
	read, err := service.reader(t, servicesaustralia.Options{PageSize: 10}).BudgetSummary(t.Context(), servicesaustralia.Effective{}, servicesaustralia.UpdatedWindow{})
	require.Equal(t, transport.Unavailable, failure(t, err).Kind)
	require.Empty(t, read.Records)
	require.Len(t, service.asked, 3)
}

func TestAListWithoutEndIsGivenUp(t *testing.T) {
	same := startService(t, says(200, list(budgetRows(1, 10)...))) // takes no notice of the page
	_, err := same.reader(t, servicesaustralia.Options{PageSize: 10}).BudgetSummary(t.Context(), servicesaustralia.Effective{}, servicesaustralia.UpdatedWindow{})
	require.Equal(t, transport.TooLarge, failure(t, err).Kind)
	require.Equal(t, transport.CodeEndlessList, failure(t, err).Code)
	require.Len(t, same.asked, 2)

	count := 0
	growing := startService(t, func(w http.ResponseWriter, _ *http.Request) {
		count += 10
		fmt.Fprint(w, list(budgetRows(count-9, count)...))
	})
	_, err = growing.reader(t, servicesaustralia.Options{PageSize: 10, MaxPages: 7}).BudgetSummary(t.Context(), servicesaustralia.Effective{}, servicesaustralia.UpdatedWindow{})
	require.Equal(t, transport.CodeEndlessList, failure(t, err).Code)
	require.Len(t, growing.asked, 7)
}

// contribution is a row of a provider's list.
type contribution struct{ person, category string }

func (c contribution) String() string {
	return fmt.Sprintf(`{"careRecipientId":%q,"contributionCategory":%q}`, c.person, c.category)
}

// contributionsService lists contributions; shift says how the list looks when a later page is read.
func contributionsService(t *testing.T, rows []contribution, shift func([]contribution) []contribution) *fakeService {
	return startService(t, func(w http.ResponseWriter, r *http.Request) {
		current := rows
		if shift != nil && r.URL.Query().Get("page") != "1" {
			current = shift(rows)
		}
		var shown []string
		for _, row := range current {
			if id := r.URL.Query().Get("careRecipientId"); id == "" || id == row.person {
				shown = append(shown, row.String())
			}
		}
		holds(shown...)(w, r)
	})
}

func TestContributionsOfAProviderAreComplete(t *testing.T) {
	rows := []contribution{
		{"1", "A"}, {"1", "B"}, {"2", "A"}, {"2", "A"}, // page 1 of 4: equal rows are two
		{"3", "A"}, {"4", "A"}, {"4", "B"}, {"5", "A"}, // page 2 ends in the middle of 5
		{"5", "A"}, {"6", "A"},
	}
	want := map[string][]string{"1": {"A", "B"}, "2": {"A", "A"}, "3": {"A"}, "4": {"A", "B"}, "5": {"A", "A"}, "6": {"A"}}
	added := func(rows []contribution) []contribution { return append([]contribution{{"0", "A"}}, rows...) }
	removed := func(rows []contribution) []contribution { return slices.Delete(slices.Clone(rows), 0, 1) }
	for name, shift := range map[string]func([]contribution) []contribution{"still": nil, "a row more": added} {
		t.Run(name, func(t *testing.T) {
			service := contributionsService(t, rows, shift)
			read, err := service.reader(t, servicesaustralia.Options{PageSize: 4}).ContributionsOfProvider(t.Context(), servicesaustralia.Effective{}, servicesaustralia.UpdatedWindow{})
			require.NoError(t, err)
			got := map[string][]string{}
			for _, person := range read.Records {
				for _, one := range person.Contributions {
					got[person.CareRecipientID] = append(got[person.CareRecipientID], one.Category)
				}
			}
			require.Equal(t, want, got)
		})
	}
	t.Run("a row less", func(t *testing.T) {
		service := contributionsService(t, rows, removed) // 3's only row moves to the page that was read already
		read, err := service.reader(t, servicesaustralia.Options{PageSize: 4}).ContributionsOfProvider(t.Context(), servicesaustralia.Effective{}, servicesaustralia.UpdatedWindow{})
		require.NoError(t, err)
		for _, person := range read.Records {
			require.Len(t, person.Contributions, len(want[person.CareRecipientID]), "whoever is listed is listed completely")
		}
	})
}

func TestOnlyPeopleAtTheEdgeOfAPageAreReadAgain(t *testing.T) {
	rows := []contribution{{"1", "A"}, {"2", "A"}, {"3", "A"}, {"3", "B"}, {"4", "A"}}
	service := contributionsService(t, rows, nil)
	effective := servicesaustralia.Effective{From: date("2026-04-01")}
	_, err := service.reader(t, servicesaustralia.Options{PageSize: 3}).ContributionsOfProvider(t.Context(), effective, servicesaustralia.UpdatedWindow{})
	require.NoError(t, err)
	require.Len(t, service.asked, 3)
	again := service.asked[2].Query()
	require.Equal(t, "3", again.Get("careRecipientId"))
	require.Equal(t, "2026-04-01", again.Get("effectiveDateFrom"), "within the same window")
	require.Empty(t, again.Get("serviceProviderId"))

	whole := contributionsService(t, rows, nil)
	_, err = whole.reader(t, servicesaustralia.Options{}).ContributionsOfProvider(t.Context(), servicesaustralia.Effective{}, servicesaustralia.UpdatedWindow{})
	require.NoError(t, err)
	require.Len(t, whole.asked, 1, "a list of one page has no edge")
}

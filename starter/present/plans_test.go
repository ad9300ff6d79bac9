package present_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/starter/present"
)

func TestAnApprovedServiceIsNeverAnEmptyLine(t *testing.T) {
	for _, test := range []struct {
		service    read.ApprovedService
		code, name string
	}{
		{read.ApprovedService{GroupCode: "HM", TypeCode: "CARE", ServiceCode: "SERV-0012", Name: "Personal care"}, "SERV-0012", "Personal care"},
		{read.ApprovedService{GroupCode: "HM", TypeCode: "CARE"}, "CARE", "All services of this type"},
		{read.ApprovedService{GroupCode: "HM"}, "HM", "All services of this group"},
		{read.ApprovedService{GroupCode: "HM", Name: "Home modifications"}, "HM", "Home modifications"},
	} {
		code, name := present.ApprovedService(test.service)
		require.Equal(t, []string{test.code, test.name}, []string{code, name})
	}
}

func TestEqualBudgetsAreMistakable(t *testing.T) {
	one := read.Budget{ID: db.NewID(), TypeName: "Assistive technology", StartDate: care.NewDate(2026, time.October, 1)}
	same, later := one, one
	same.ID, later.ID, later.StartDate = db.NewID(), db.NewID(), care.NewDate(2026, time.November, 1)
	budgets := []read.Budget{one, same, later}
	require.True(t, present.Mistakable(budgets, one))
	require.False(t, present.Mistakable(budgets, later))
	require.Equal(t, "Budget", present.BudgetName(read.Budget{}))
}

package present_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/starter/present"
)

func TestAnApprovedServiceIsNeverAnEmptyLine(t *testing.T) {
	for _, test := range []struct {
		service    db.ApprovedServiceView
		code, name string
	}{
		{db.ApprovedServiceView{GroupCode: "HM", TypeCode: "CARE", ServiceCode: "SERV-0012", Name: "Personal care"}, "SERV-0012", "Personal care"},
		{db.ApprovedServiceView{GroupCode: "HM", TypeCode: "CARE"}, "CARE", "Every service of this type"},
		{db.ApprovedServiceView{GroupCode: "HM"}, "HM", "Every service of this group"},
		{db.ApprovedServiceView{GroupCode: "HM", Name: "Home modifications"}, "HM", "Home modifications"},
	} {
		code, name := present.ApprovedService(test.service)
		require.Equal(t, []string{test.code, test.name}, []string{code, name})
	}
}

func TestEqualBudgetsAreMistakable(t *testing.T) {
	one := db.BudgetView{ID: db.NewID(), TypeName: "Assistive technology", StartDate: care.NewDate(2026, time.October, 1)}
	same, later := one, one
	same.ID, later.ID, later.StartDate = db.NewID(), db.NewID(), care.NewDate(2026, time.November, 1)
	budgets := []db.BudgetView{one, same, later}
	require.True(t, present.Mistakable(budgets, one))
	require.False(t, present.Mistakable(budgets, later))
	require.Equal(t, "Budget", present.BudgetName(db.BudgetView{}))
}

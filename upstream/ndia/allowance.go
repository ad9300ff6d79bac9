package ndia

import (
	"context"
	"time"
)

// budgetAllowance lets a budget call wait for its own, scarcer allowance first, so that its turn among all calls is not used up
// while it waits.
type budgetAllowance Allowances

// Take waits until one budget call may be made.
func (a budgetAllowance) Take(ctx context.Context) error {
	if err := a.Budgets.Take(ctx); err != nil {
		return err
	}
	return a.Calls.Take(ctx)
}

// PushBack holds back the budget calls alone: an exhausted hour must not keep the others from being made. If the NDIA limits all
// calls, the next of the others is told so itself.
func (a budgetAllowance) PushBack(ctx context.Context, wait time.Duration) error {
	return a.Budgets.PushBack(ctx, wait)
}

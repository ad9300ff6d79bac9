package care_test

import (
	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/words"
)

// What people are told of a decision.
func said(issue care.Issue) string                    { return words.Issue(issue) }
func saidReview(item care.ReviewItem) string          { return words.Review(item) }
func saidChange(change care.NamedChange) string       { return words.Change(change) }
func saidWillHappen(budget care.PreviewBudget) string { return words.WillHappen(budget) }
func saidRecord(issue care.Issue) string              { return words.Record(issue.About.Record) }
func saidFundingDay(day care.FundingDay) string       { return words.FundingDay(day) }

// Package ndia reads participants' plans and PACE budgets from the NDIA, in the vocabulary of care: whatever the answer, its amounts
// are as reported, absent where nothing was reported, and what is odd is a warning rather than a lost record (R2, R3, R4). Errors say
// which kind of failure it was and hold nothing about a person (R9, R10).
package ndia

package care

// ReviewKind says why a change was held for review (R31).
type ReviewKind string

// The kinds of change that wait for a person.
const (
	ReviewNewContract ReviewKind = "new_contract"
	ReviewNewBudget   ReviewKind = "new_budget"
	ReviewShortening  ReviewKind = "shortening"
	ReviewOverlap     ReviewKind = "overlap"
	// ReviewChange is a change that could have been applied, in a run that leaves every change to people.
	ReviewChange ReviewKind = "change"
	// ReviewRemoval is a budget that is missing together with so many others that the guard held them all (R5).
	ReviewRemoval ReviewKind = "removal"
	// ReviewTree is a budget tree that does not begin with the plan (R23), ReviewSpent one in which most of what was spent is gone (R31).
	// Nothing of such a tree is taken over; where a person may accept it, its changes follow.
	ReviewTree  ReviewKind = "tree"
	ReviewSpent ReviewKind = "spent"
)

// ReviewItem is one change that was held for review. It is accepted by an attended refresh: retrieve, look, create.
type ReviewItem struct {
	Kind ReviewKind `json:"kind"`
	// ContractID is empty for a contract that we do not have, BudgetID for a change that is not about a budget of ours.
	ContractID ID `json:"contract_id,omitempty"`
	BudgetID   ID `json:"budget_id,omitempty"`
	// Subject is what people call the record.
	Subject string  `json:"subject"`
	Field   string  `json:"field,omitempty"`
	Old     *string `json:"old_value"`
	New     *string `json:"new_value"`
}

package care

import "time"

// Person is a person as an organisation keeps them.
type Person struct {
	Identity
	ID ID `json:"id"`
	// ConnectionID is the connection that holds the person, learned from the budgets (R11); empty if not known.
	ConnectionID   ID   `json:"connection_id"`
	EntryDate      Date `json:"entry_date"`
	DepartureDate  Date `json:"departure_date"`
	NotInCareSince Date `json:"not_in_care_since"`
	// Entries are those with the organisation's own providers (R11).
	Entries []Entry `json:"entries"`
	// ReportedGivenName is the given name that the government last reported (R8).
	ReportedGivenName string     `json:"reported_given_name"`
	VerifiedAt        *time.Time `json:"verified_at"`
}

// LearnConnection finds the connection that holds a person: the only one whose provider their budgets name (R11). Budgets that name
// an earlier provider of theirs say nothing. It returns nothing where several connections are possible, or none.
func LearnConnection(budgets []Budget, connections []Connection) ID {
	providers := make(map[string]bool)
	for _, budget := range budgets {
		if !budget.Removed && budget.ServiceProviderID != "" {
			providers[budget.ServiceProviderID] = true
		}
	}
	var learned ID
	for _, connection := range connections {
		if !providers[connection.ServiceProviderID] {
			continue
		}
		if learned != "" {
			return ""
		}
		learned = connection.ID
	}
	return learned
}

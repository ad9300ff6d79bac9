package care

import "time"

// Client is a person as an organisation keeps them.
type Client struct {
	Identity
	ID ID `json:"id"`
	// ConnectionID is the connection that holds the person, learned from the budgets (R11); empty if not known.
	ConnectionID   ID         `json:"connection_id"`
	EntryDate      Date       `json:"entry_date"`
	DepartureDate  Date       `json:"departure_date"`
	NotInCareSince Date       `json:"not_in_care_since"`
	VerifiedAt     *time.Time `json:"verified_at"`
}

// ChooseSummary picks the row of a person who stands under several service provider ids: our own provider's, else the one that
// began last. several reports that there was a choice.
func ChooseSummary(rows []Summary, serviceProviderID string) (chosen Summary, several bool) {
	for i, row := range rows {
		ours, chosenIsOurs := row.ServiceProviderID == serviceProviderID, chosen.ServiceProviderID == serviceProviderID
		if i == 0 || ours && !chosenIsOurs || ours == chosenIsOurs && row.EntryDate.After(chosen.EntryDate) {
			chosen = row
		}
	}
	return chosen, len(rows) > 1
}

// LearnConnection finds the connection that holds a person: the only one whose provider their budgets name (R11). Budgets that name
// an earlier provider of theirs say nothing. It answers with nothing where several connections are possible, or none.
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

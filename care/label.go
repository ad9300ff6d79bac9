package care

// Label is what people know a record by: a budget by its type and dates, a service by its name, a classification by its name and
// start. It holds what the government sent, so it belongs into the run's rows and nowhere else (R10).
type Label struct {
	Kind      Kind   `json:"kind"`
	Name      string `json:"name,omitempty"`
	Code      string `json:"code,omitempty"`
	StartDate Date   `json:"start_date"`
	EndDate   Date   `json:"end_date"`
	// Position is where the record stands in the list that was read, from 1; 0 where other fields say enough.
	Position int `json:"position,omitempty"`
	// Of is the record that this one is part of, such as the budget of a usage line.
	Of *Label `json:"of,omitempty"`
}

// currentOn reports whether a day lies within the record's dates, as far as they are known.
func (l Label) currentOn(day Date) bool {
	return !l.StartDate.After(day) && (l.EndDate.IsZero() || !l.EndDate.Before(day))
}

// WithinBudget puts a budget that we hold in the place of the one that the answer names, or at the top of a record that is part of one.
func (l Label) WithinBudget(budget Label) Label {
	if l.Kind == KindBudget {
		return budget
	}
	l.Of = &budget
	return l
}

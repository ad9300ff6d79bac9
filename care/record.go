package care

import "strings"

// Kind names one of the kinds of record that a sync keeps. The first six are those of the success message (Care Recipient Sync §Success message).
type Kind string

// The kinds of record of a Care Recipient Sync.
const (
	KindBudget          Kind = "budget"
	KindBudgetUsage     Kind = "budget_usage"
	KindApprovedService Kind = "approved_service"
	KindClassification  Kind = "classification"
	KindContribution    Kind = "individual_contribution"
	KindSupplement      Kind = "supplement"
	KindEntitlement     Kind = "entitlement"
	KindPlan            Kind = "plan"
	KindPerson          Kind = "person"
)

// The kinds of record of a PACE Contract Sync. Funding periods and stated items are part of their plan budget.
const (
	KindServiceContract  Kind = "service_contract"
	KindPlanBudget       Kind = "plan_budget"
	KindDeliveredService Kind = "delivered_service"
)

// CountedKinds are the kinds a run counts, in the order in which the success message names them (Care Recipient Sync §Success message, R6).
var CountedKinds = []Kind{
	KindBudget, KindBudgetUsage, KindApprovedService, KindClassification, KindContribution, KindSupplement, KindEntitlement,
}

// PACECountedKinds are the kinds that a PACE Contract Sync counts, in the order in which people are told of them.
var PACECountedKinds = []Kind{KindServiceContract, KindPlanBudget, KindDeliveredService}

// Row is what we keep of a record beside what the government reported.
type Row struct {
	ID ID `json:"id"`
	// Ordinal tells apart records that the government gives the same identity, from 0.
	Ordinal int `json:"ordinal"`
	// Removed is set when a complete read no longer had the record (R5).
	Removed bool `json:"removed"`
}

func (r *Row) row() *Row { return r }

// Value is one reported field of a record as text, nil where it was not provided. Records are compared by their values,
// and changes are recorded in them.
type Value struct {
	Field string
	Text  *string
}

// Change is one field of a record that was changed. A created record has one change with no field.
type Change struct {
	Kind     Kind    `json:"kind"`
	RecordID ID      `json:"record_id"`
	Action   string  `json:"action"`
	Field    string  `json:"field"`
	Old      *string `json:"old_value"`
	New      *string `json:"new_value"`
}

// NamedChange is a change together with what people call the record.
type NamedChange struct {
	Subject string `json:"subject"`
	// Since tells the subject from others by its first day, where it is another contract than the one in hand.
	Since *Date `json:"since,omitempty"`
	Change
}

func named(subject string, changes []Change) []NamedChange {
	all := make([]NamedChange, len(changes))
	for i, change := range changes {
		all[i] = NamedChange{Subject: subject, Change: change}
	}
	return all
}

// ofContract are the changes of another contract, which is known by its first day.
func ofContract(since Date, changes []Change) []NamedChange {
	all := named(theContract, changes)
	for i := range all {
		all[i].Since = &since
	}
	return all
}

// theContract and thePlan are what the records are called of which a preview has one.
const theContract, thePlan = "The contract", "The plan"

// Origin says what changed records where no run did: through what, who did it, and why.
type Origin struct {
	Source ChangeSource
	// RequestedBy names who did it as a run does: the console's, the API's or the command line's name of them.
	RequestedBy string
	// Note is why, in their own words; empty where no one is asked.
	Note string
}

// ChangeSource is what changed a record where no run did.
type ChangeSource string

// The sources of changes that no run makes.
const (
	SourceImportPeople            ChangeSource = "import-people"
	SourceImportDeliveredServices ChangeSource = "import-delivered-services"
	SourcePACEBoxes               ChangeSource = "pace-boxes"
	SourceChangeNumber            ChangeSource = "change-number"
	SourceSamePerson              ChangeSource = "same-person"
)

// What can happen to a record, as Change.Action.
const (
	ActionCreated = "created"
	ActionUpdated = "updated"
	ActionRemoved = "removed"
	ActionRevived = "revived"
)

func text(value string) *string {
	if value == "" {
		return nil
	}
	return &value
}

func dateText(date Date) *string { return text(date.String()) }

func sameText(a, b *string) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}

func sameValues(a, b []Value) bool {
	for i := range a {
		if !sameText(a[i].Text, b[i].Text) {
			return false
		}
	}
	return true
}

// valuesKey is a text that is equal for records with equal values. A value that was provided is never an empty text.
func valuesKey(values []Value) string {
	texts := make([]string, len(values))
	for i, value := range values {
		if value.Text != nil {
			texts[i] = *value.Text
		}
	}
	return identityOf(texts...)
}

// identityOf joins the fields that tell one record of a kind from another. A text that PostgreSQL can store has no zero byte.
func identityOf(fields ...string) string { return strings.Join(fields, "\x00") }

// changesBetween lists the fields in which two versions of a record differ.
func changesBetween(kind Kind, id ID, old, new []Value) []Change {
	var changes []Change
	for i := range old {
		if !sameText(old[i].Text, new[i].Text) {
			changes = append(changes, Change{Kind: kind, RecordID: id, Action: ActionUpdated, Field: old[i].Field, Old: old[i].Text, New: new[i].Text})
		}
	}
	return changes
}

// ChangedFields are the changes among the fields of a record where no run made them. Each field is its name, and its text before and
// after; an empty text is no value.
func ChangedFields(kind Kind, record ID, fields ...[3]string) (changes []Change) {
	for _, field := range fields {
		if name, before, after := field[0], field[1], field[2]; before != after {
			changes = append(changes, Change{Kind: kind, RecordID: record, Action: ActionUpdated, Field: name, Old: text(before), New: text(after)})
		}
	}
	return changes
}

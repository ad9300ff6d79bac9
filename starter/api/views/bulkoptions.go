package views

import (
	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/read"
)

// BulkOptions say who is synced in a bulk run, and what of them. They are care.BulkOptions with what the API's document says of them, so that
// one converts to the other.
type BulkOptions struct {
	Kind              care.RunKind  `json:"kind,omitempty" enum:"care-recipient,pace-contract" doc:"Absent: care-recipient"`
	ServiceProviderID string        `json:"service_provider_id,omitempty" maxLength:"10" doc:"Only people whom this connection to Services Australia holds"`
	InCare            bool          `json:"in_care,omitempty" doc:"Only people in care"`
	NotSyncedFor      care.Timespan `json:"not_synced_for,omitempty" maxLength:"20" pattern:"^([0-9]{1,6}(\\.[0-9]{1,6})?(ms|s|m|h))+$|^0$" patternDescription:"a time such as 24h or 90m" doc:"Only people of whom nothing was read for so long: a duration such as 24h"`
	FailedLastTime    bool          `json:"failed_last_time,omitempty" doc:"Only people whose last sync did not succeed"`
	Delta             bool          `json:"delta,omitempty" doc:"Find out from the providers' lists who has changed, and sync only those"`
	Only              care.Area     `json:"only,omitempty" enum:"contributions,budgets" doc:"Read only these beside the summary; budgets include their usage"`
	AllBudgets        bool          `json:"all_budgets,omitempty" doc:"Read the usage of budgets that ended more than 90 days ago, too"`
	ReviewAll         bool          `json:"review_all,omitempty" doc:"Leave every change of a contract to people"`
	AcceptAbsences    bool          `json:"accept_absences,omitempty" doc:"Mark people as not in care whom no list has, however many they are"`
	Window            int           `json:"window,omitempty" minimum:"1" maximum:"20" doc:"How many batches are synced at once"`
	FailureThreshold  int           `json:"failure_threshold,omitempty" minimum:"1" maximum:"100" doc:"End early once more than so many per cent of at least 20 people have failed"`
}

// BulkOptionsView are the options of a bulk run, with what came of a list.
type BulkOptionsView struct {
	BulkOptions
	People  *int    `json:"people,omitempty" doc:"How many people were listed; absent where no list was given"`
	RetryOf care.ID `json:"retry_of,omitempty" doc:"The bulk run whose unsuccessful people are retried"`
}

// FromBulkOptions shows a read.BulkOptions.
func FromBulkOptions(model read.BulkOptions) BulkOptionsView {
	return BulkOptionsView{BulkOptions: BulkOptions(model.BulkOptions), People: model.People, RetryOf: model.RetryOf}
}

package views

import (
	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/read"
)

// BulkOptions say who is synced in a bulk run, and what of them. They are care.BulkOptions with what the API's document says of them, so that
// one converts to the other.
type BulkOptions struct {
	Kind              care.RunKind  `json:"kind,omitempty" enum:"care-recipient,pace-contract" doc:"Absent: care-recipient"`
	ServiceProviderID string        `json:"service_provider_id,omitempty" maxLength:"10" doc:"Only people of this connection to Services Australia"`
	InCare            bool          `json:"in_care,omitempty" doc:"Only people in care"`
	NotSyncedFor      care.Timespan `json:"not_synced_for,omitempty" maxLength:"20" pattern:"^([0-9]{1,6}(\\.[0-9]{1,6})?(ms|s|m|h))+$|^0$" patternDescription:"a time such as 24h or 90m" doc:"Only people who have not been synced for this long: a duration such as 24h"`
	FailedLastTime    bool          `json:"failed_last_time,omitempty" doc:"Only people whose last sync did not succeed"`
	Delta             bool          `json:"delta,omitempty" doc:"Sync only people with changes, according to the providers' lists"`
	Only              care.Area     `json:"only,omitempty" enum:"contributions,budgets" doc:"Read only these in addition to the summary; budgets include their usage"`
	AllBudgets        bool          `json:"all_budgets,omitempty" doc:"Also read the usage of budgets that ended more than 90 days ago"`
	ReviewAll         bool          `json:"review_all,omitempty" doc:"Hold every change of a contract for approval"`
	AcceptAbsences    bool          `json:"accept_absences,omitempty" doc:"Mark people who are on no list as not in care, however many they are"`
	Window            int           `json:"window,omitempty" minimum:"1" maximum:"20" doc:"How many batches run in parallel"`
	FailureThreshold  int           `json:"failure_threshold,omitempty" minimum:"1" maximum:"100" doc:"Stop if more than this percentage of at least 20 people have failed"`
}

// BulkOptionsView are the options of a bulk run, with what came of a list.
type BulkOptionsView struct {
	BulkOptions
	People  *int    `json:"people,omitempty" doc:"How many people were listed; absent if no list was given"`
	RetryOf care.ID `json:"retry_of,omitempty" doc:"The bulk run whose unsuccessful people are retried"`
}

// FromBulkOptions shows a read.BulkOptions.
func FromBulkOptions(model read.BulkOptions) BulkOptionsView {
	return BulkOptionsView{BulkOptions: BulkOptions(model.BulkOptions), People: model.People, RetryOf: model.RetryOf}
}

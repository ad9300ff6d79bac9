package views

import (
	"time"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/read"
)

// BulkSummary is a bulk run in a list, and as it is followed.
type BulkSummary struct {
	ID           care.ID         `json:"id"`
	Kind         care.RunKind    `json:"kind" enum:"care-recipient,pace-contract"`
	State        read.BulkState  `json:"state" enum:"queued,running,waiting,paused,finished"`
	RequestedBy  string          `json:"requested_by"`
	WorkflowID   string          `json:"workflow_id"`
	Options      BulkOptionsView `json:"options"`
	RequestedAt  time.Time       `json:"requested_at"`
	StartedAt    *time.Time      `json:"started_at" doc:"When a worker began it; null until then"`
	PlannedAt    *time.Time      `json:"planned_at" doc:"When its people were selected; null until then"`
	PausedAt     *time.Time      `json:"paused_at" doc:"Since when it is paused; null while it is not"`
	WaitingSince *time.Time      `json:"waiting_since" doc:"Since when everybody waits for the government's service; null while nobody does"`
	WaitingWords string          `json:"waiting_words" doc:"What the government said last while everybody waits, verbatim; empty where it said nothing"`
	FinishedAt   *time.Time      `json:"finished_at"`
	Outcome      care.RunOutcome `json:"outcome,omitempty" enum:"succeeded,succeeded_with_warnings,partial,failed,cancelled" doc:"Absent until it has finished"`
	Reason       care.Reason     `json:"reason,omitempty" doc:"A code that says why it ended early"`
	Explanation  string          `json:"explanation,omitempty" doc:"The reason in plain words, with what to do; of a bulk run that no worker has begun within a minute, that"`
	Counts       care.BulkCounts `json:"counts"`
	SetAside     SetAsideView    `json:"set_aside" doc:"The people who wait until the others are done"`
	PerMinute    *float64        `json:"people_per_minute" doc:"How many people were done a minute over the last five minutes; null unless it is running"`
	EstimatedEnd *time.Time      `json:"estimated_end" doc:"When everybody is done if it goes on like that; null where that cannot be told"`
	ListedAt     *time.Time      `json:"listed_at" doc:"When the lists of all providers began to be read, to find who has changed and who is absent; null where they were not"`
	Absent       int             `json:"absent" doc:"How many people were marked as not in care, since no list has them"`
	AbsentHeld   int             `json:"absent_held" doc:"How many people no list has who were not marked, since they are too many, or a list was empty or not read: accept it with accept_absences"`
	Unknown      int             `json:"unknown" doc:"How many people the government lists whom the organisation does not have: reported, never created"`
}

// BulkView is all that is known of a bulk run as a whole.
type BulkView struct {
	BulkSummary
	Reasons       []BulkReason    `json:"reasons" doc:"Why people did not simply succeed, the most frequent reason first"`
	UnknownPeople []UnknownPerson `json:"unknown_people" doc:"The first of those whom the organisation does not have, who may be people of its own before the others; the report has all"`
}

// UnknownPerson is somebody whom a list names by a number that nobody of the organisation has.
type UnknownPerson struct {
	CareRecipientID string  `json:"care_recipient_id"`
	MayBe           *Person `json:"may_be" doc:"The one person of the organisation who has the name and birth date that are listed, and whom no list had under the own number any more: change that person's number, or import the listed one as a new person. Null where nobody fits"`
}

// SetAsideView is how many people of a bulk run wait until the others are done, and why (R9).
type SetAsideView struct {
	Unavailable   int `json:"unavailable" doc:"Services Australia answers 503 for them: they are tried again at the end"`
	Contributions int `json:"contributions" doc:"Services Australia reports no contributions of them any more: at the end it is known whether that is so for too many"`
}

// BulkReason is a reason with the number of people whom it concerns.
type BulkReason struct {
	Outcome     care.ItemOutcome `json:"outcome,omitempty"`
	Reason      care.Reason      `json:"reason"`
	Explanation string           `json:"explanation"`
	People      int              `json:"people"`
}

// BulkItem is a person of a bulk run.
type BulkItem struct {
	Person      Person           `json:"person"`
	Outcome     care.ItemOutcome `json:"outcome,omitempty" enum:"succeeded,succeeded_with_warnings,partial,failed,cancelled,skipped" doc:"Absent until the person is done"`
	Reason      care.Reason      `json:"reason,omitempty"`
	Explanation string           `json:"explanation,omitempty" doc:"The reason in plain words, with what to do"`
	Words       []string         `json:"words" doc:"What the government said, verbatim; empty where it said nothing"`
	Warnings    int              `json:"warnings"`
	RunID       *care.ID         `json:"run_id" doc:"The run that settled the person; null where none did"`
	Joined      bool             `json:"joined" doc:"Somebody else had started that run"`
	EscalatedAt *time.Time       `json:"escalated_at" doc:"When the person was given a sync of their own, since they failed while others succeeded; null where they were not"`
	SettledAt   *time.Time       `json:"settled_at"`
}

// FromBulkSummary shows a read.BulkSummary.
func FromBulkSummary(model read.BulkSummary) BulkSummary {
	return BulkSummary{
		ID: model.ID, Kind: model.Kind, State: model.State, RequestedBy: model.RequestedBy, WorkflowID: model.WorkflowID,
		Options: FromBulkOptions(model.Options), RequestedAt: model.RequestedAt, StartedAt: model.StartedAt, PlannedAt: model.PlannedAt,
		PausedAt: model.PausedAt, WaitingSince: model.WaitingSince, WaitingWords: model.WaitingWords, FinishedAt: model.FinishedAt,
		Outcome: model.Outcome, Reason: model.Reason, Explanation: model.Explanation, Counts: model.Counts,
		SetAside: FromSetAside(model.SetAside), PerMinute: model.PerMinute, EstimatedEnd: model.EstimatedEnd, ListedAt: model.ListedAt,
		Absent: model.Absent, AbsentHeld: model.AbsentHeld, Unknown: model.Unknown,
	}
}

// FromBulk shows a read.Bulk.
func FromBulk(model read.Bulk) BulkView {
	return BulkView{
		BulkSummary: FromBulkSummary(model.BulkSummary), Reasons: Each(model.Reasons, FromBulkReason),
		UnknownPeople: Each(model.UnknownPeople, FromUnknownPerson),
	}
}

// FromUnknownPerson shows a read.UnknownPerson.
func FromUnknownPerson(model read.UnknownPerson) UnknownPerson {
	return UnknownPerson{
		CareRecipientID: model.CareRecipientID, MayBe: OrNil(model.MayBe, FromPersonRef),
	}
}

// FromSetAside shows a read.SetAside.
func FromSetAside(model read.SetAside) SetAsideView {
	return SetAsideView(model)
}

// FromBulkReason shows a read.BulkReason.
func FromBulkReason(model read.BulkReason) BulkReason {
	return BulkReason(model)
}

// FromBulkItem shows a read.BulkItem.
func FromBulkItem(model read.BulkItem) BulkItem {
	return BulkItem{
		Person: FromPersonRef(model.Person), Outcome: model.Outcome, Reason: model.Reason, Explanation: model.Explanation,
		Words: model.Words, Warnings: model.Warnings, RunID: model.RunID, Joined: model.Joined, EscalatedAt: model.EscalatedAt,
		SettledAt: model.SettledAt,
	}
}

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
	StartedAt    *time.Time      `json:"started_at" doc:"When a worker started it; null until then"`
	PlannedAt    *time.Time      `json:"planned_at" doc:"When its people were selected; null until then"`
	PausedAt     *time.Time      `json:"paused_at" doc:"Since when it has been paused; null if it is not"`
	PausedBy     string          `json:"paused_by,omitempty" doc:"Who paused it"`
	TimesLeftOut int             `json:"times_left_out,omitempty" doc:"How many times its schedule was skipped because this run was in progress"`
	WaitingFor   *Wait           `json:"waiting_for,omitempty" doc:"What the whole run waits for; absent if nothing is known"`
	FinishedAt   *time.Time      `json:"finished_at"`
	Outcome      care.RunOutcome `json:"outcome,omitempty" enum:"succeeded,succeeded_with_warnings,partial,failed,cancelled" doc:"Absent until it has finished"`
	Reason       care.Reason     `json:"reason,omitempty" doc:"A code for why it ended early"`
	Explanation  string          `json:"explanation,omitempty" doc:"The reason in plain words, with what to do"`
	Counts       care.BulkCounts `json:"counts"`
	SetAside     SetAsideView    `json:"set_aside" doc:"People who are set aside until the others have ended"`
	PerMinute    *float64        `json:"people_per_minute" doc:"People per minute over the last five minutes; null unless it is running"`
	EstimatedEnd *time.Time      `json:"estimated_end" doc:"When it is expected to end at the current speed; null if unknown"`
	ListedAt     *time.Time      `json:"listed_at" doc:"When the read of all providers' lists began, to find people who have changed or are missing; null if they were not read"`
	Absent       int             `json:"absent" doc:"How many people were marked as not in care, because they are on no list"`
	AbsentHeld   int             `json:"absent_held" doc:"How many people are on no list but were not marked, because they are too many, or a list was empty or could not be read: to mark them, set accept_absences"`
	Unknown      int             `json:"unknown" doc:"How many people are on the government's lists but not in the organisation: reported, never created"`
}

// BulkView is all that is known of a bulk run as a whole.
type BulkView struct {
	BulkSummary
	Reasons       []BulkReason    `json:"reasons" doc:"Why people did not simply succeed, most frequent reason first"`
	UnknownPeople []UnknownPerson `json:"unknown_people" doc:"The first people who are not in the organisation, starting with people who may be its own under another number; the report lists all of them"`
}

// UnknownPerson is someone on a list whose number no one in the organisation has.
type UnknownPerson struct {
	CareRecipientID string  `json:"care_recipient_id"`
	MayBe           *Person `json:"may_be" doc:"The one person in the organisation with the listed name and birth date whose own number is no longer on any list: change that person's number, or import the listed person as new. Null if no one matches"`
}

// SetAsideView is how many people of a bulk run wait until the others are done, and why (R9).
type SetAsideView struct {
	Unavailable   int `json:"unavailable" doc:"Services Australia answers 503 for them: they are retried at the end"`
	Contributions int `json:"contributions" doc:"Services Australia no longer reports contributions for them: at the end they are removed, or held for approval if too many people are affected"`
}

// BulkReason is a reason with the number of people it applies to.
type BulkReason struct {
	Outcome     care.ItemOutcome `json:"outcome,omitempty"`
	Reason      care.Reason      `json:"reason"`
	Explanation string           `json:"explanation"`
	People      int              `json:"people"`
}

// BulkItem is a person of a bulk run.
type BulkItem struct {
	Person      Person           `json:"person"`
	Outcome     care.ItemOutcome `json:"outcome,omitempty" enum:"succeeded,succeeded_with_warnings,partial,failed,cancelled,skipped" doc:"Absent until the person's sync has ended"`
	Reason      care.Reason      `json:"reason,omitempty"`
	Explanation string           `json:"explanation,omitempty" doc:"The reason in plain words, with what to do"`
	Words       []string         `json:"words" doc:"What the government said, verbatim; empty if it said nothing"`
	Warnings    int              `json:"warnings"`
	RunID       *care.ID         `json:"run_id" doc:"The run that decided the person's outcome; null if none did"`
	Joined      bool             `json:"joined" doc:"Someone else had started that run"`
	EscalatedAt *time.Time       `json:"escalated_at" doc:"When the person was retried individually, after failing while others succeeded; null if they were not"`
	SettledAt   *time.Time       `json:"settled_at"`
}

// FromBulkSummary shows a read.BulkSummary.
func FromBulkSummary(model read.BulkSummary) BulkSummary {
	return BulkSummary{
		ID: model.ID, Kind: model.Kind, State: model.State, RequestedBy: model.RequestedBy, WorkflowID: model.WorkflowID,
		Options: FromBulkOptions(model.Options), RequestedAt: model.RequestedAt, StartedAt: model.StartedAt, PlannedAt: model.PlannedAt,
		PausedAt: model.PausedAt, PausedBy: model.PausedBy, TimesLeftOut: model.TimesLeftOut, WaitingFor: FromWait(model.Wait), FinishedAt: model.FinishedAt,
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

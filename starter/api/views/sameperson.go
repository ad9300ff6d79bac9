package views

import (
	"time"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/read"
)

// SamePersonAnswer is what somebody said of a given name that the government reports under a care recipient id: it is this person's (R8).
type SamePersonAnswer struct {
	ID              care.ID   `json:"id"`
	CareRecipientID string    `json:"care_recipient_id"`
	GivenName       string    `json:"given_name" doc:"As it was reported; empty where none was"`
	Current         bool      `json:"current" doc:"False where the person has another care recipient id now, so that the answer has no effect"`
	SaidBy          string    `json:"said_by"`
	SaidWhy         string    `json:"said_why"`
	SaidAt          time.Time `json:"said_at"`
}

// FromSamePersonAnswer shows a read.SamePersonAnswer.
func FromSamePersonAnswer(model read.SamePersonAnswer) SamePersonAnswer {
	return SamePersonAnswer(model)
}

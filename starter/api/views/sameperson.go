package views

import (
	"time"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/read"
)

// SamePersonAnswer is what someone said of a given name that the government reports under a care recipient id: it is this person's (R8).
type SamePersonAnswer struct {
	ID              care.ID   `json:"id"`
	CareRecipientID string    `json:"care_recipient_id"`
	GivenName       string    `json:"given_name" doc:"As reported; empty if none was"`
	Current         bool      `json:"current" doc:"False if the person now has a different care recipient id, so that the confirmation has no effect"`
	SaidBy          string    `json:"said_by"`
	SaidWhy         string    `json:"said_why"`
	SaidAt          time.Time `json:"said_at"`
}

// FromSamePersonAnswer shows a read.SamePersonAnswer.
func FromSamePersonAnswer(model read.SamePersonAnswer) SamePersonAnswer {
	return SamePersonAnswer(model)
}

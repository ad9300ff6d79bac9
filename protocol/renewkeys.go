package protocol

import "github.com/caresync/caresync/care"

// DueKeysInput asks for the keys that are due now, of all organisations.
type DueKeysInput struct{}

// DueKeys are the connections whose devices' keys are due to be renewed (R36).
type DueKeys struct {
	Connections []DueKey `json:"connections"`
}

// DueKey is one of them, and the input of a RenewKey.
type DueKey struct {
	OrganisationID care.ID      `json:"organisation_id"`
	ConnectionID   care.ID      `json:"connection_id"`
	Service        care.Service `json:"service"`
}

// KeyRenewal is what a RenewKey came to. Refused is PRODA's reason; both are empty where the key was no longer due.
type KeyRenewal struct {
	Renewed bool        `json:"renewed,omitempty"`
	Refused care.Reason `json:"refused,omitempty"`
}

// KeysRenewed is what a RenewKeys came to. Failed are those that PRODA refused, or did not answer for: they are tried again the next day.
type KeysRenewed struct {
	Due     int `json:"due"`
	Renewed int `json:"renewed"`
	Failed  int `json:"failed"`
}

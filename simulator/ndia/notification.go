package ndia

import (
	"encoding/json"

	"github.com/caresync/caresync/simulator/world"
)

// notification is what is sent: that something happened to a participant, and no amounts.
type notification struct {
	EventID string `json:"event_id"`
	// Response is an object, or a list with one.
	Response any `json:"response"`
}

type aboutParticipant struct {
	Participant string `json:"participant"`
}

type aboutRelationship struct {
	Participant string `json:"participant"`
	Role        string `json:"provider_role"`
	Start       string `json:"start_date"`
	// End may be empty.
	End string `json:"end_date"`
}

// relationshipEndedToo is the other spelling of RLTN_END_DATE_UPDATE that the NDIA uses.
const relationshipEndedToo = "RLTN_END_DATE_UPDATED"

// bodyOf writes a notification. Spelling and form depend on the participant alone.
func bodyOf(event world.Event) []byte {
	n := spread(event.NDISNumber)
	sent := notification{EventID: event.ID, Response: aboutParticipant{event.NDISNumber}}
	if event.ID == world.RelationshipEnded && n%2 == 0 {
		sent.EventID = relationshipEndedToo
	}
	if about := event.Endorsement; about.Role != "" {
		sent.Response = aboutRelationship{event.NDISNumber, about.Role, about.Start.String(), about.End.String()}
	}
	if n>>1%2 == 0 {
		sent.Response = []any{sent.Response}
	}
	body, err := json.Marshal(sent)
	if err != nil {
		panic(err) // texts always encode
	}
	return body
}

package views

import (
	"time"

	"github.com/caresync/caresync/db/read"
)

// NotificationView is a notification in a list.
type NotificationView struct {
	Event           string    `json:"event"`
	Person          *Person   `json:"person,omitempty" doc:"Absent: not a person in this organisation"`
	Times           int       `json:"times" doc:"How often it was received"`
	FirstReceivedAt time.Time `json:"first_received_at"`
	LastReceivedAt  time.Time `json:"last_received_at"`
}

// FromNotification shows a read.Notification.
func FromNotification(model read.Notification) NotificationView {
	return NotificationView{
		Event: model.Event, Person: OrNil(model.Person, FromPersonRef), Times: model.Times, FirstReceivedAt: model.FirstReceivedAt,
		LastReceivedAt: model.LastReceivedAt,
	}
}

package read

import (
	"context"
	"time"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/gen"
)

// Notification is a notification in a list.
type Notification struct {
	Event           string
	Person          *PersonRef
	Times           int
	FirstReceivedAt time.Time
	LastReceivedAt  time.Time
}

// Notifications returns what the NDIA has told an organisation, newest first.
func (s Store) Notifications(ctx context.Context, organisation care.ID, most int) ([]Notification, error) {
	rows, err := s.queries.ViewNotifications(ctx, gen.ViewNotificationsParams{OrganisationID: organisation, Most: pageSize(most) - 1})
	if err != nil {
		return nil, db.MapError("list the notifications", err)
	}
	notifications := make([]Notification, 0, len(rows))
	for _, row := range rows {
		view := Notification{
			Event: row.Event, Times: int(row.Times), FirstReceivedAt: row.FirstReceivedAt, LastReceivedAt: row.LastReceivedAt,
		}
		if row.PersonID != nil {
			view.Person = &PersonRef{
				ID: *row.PersonID, CareRecipientID: row.CareRecipientID, NDISNumber: row.NdisNumber, GivenName: row.GivenName, FamilyName: row.FamilyName,
			}
		}
		notifications = append(notifications, view)
	}
	return notifications, nil
}

package console

import (
	"net/http"
	"time"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/starter/console/ui"
	"github.com/caresync/caresync/upstream/proda"
)

// connectionsView is how an organisation's connections do.
type connectionsView struct {
	connections []read.ConnectionHealth
	now         time.Time
	zone        *time.Location
}

// connectionHealth shows how all connections do, as far as is known without a test (R36).
func (c console) connectionHealth(w http.ResponseWriter, r *http.Request, v visitor) error {
	connections, err := read.From(c.store).Connections(r.Context(), v.Organisation.ID)
	if err != nil {
		return err
	}
	page := ui.Page{Title: "Connections", Section: settingsPath, Lead: "How the organisation’s logins to the government do, as the last calls have shown."}
	return c.render(w, r, http.StatusOK, connectionsPage(c.frame(r, page), connectionsView{connections: connections, now: c.store.Now(), zone: v.zone}))
}

// healthTone says how a connection does.
func healthTone(connection read.ConnectionHealth, now time.Time) ui.Tone {
	if connection.Failing() {
		return ui.Bad
	}
	return connectionTone(connection.Connection, now)
}

func healthWords(connection read.ConnectionHealth, now time.Time) string {
	if connection.Failing() {
		return "last call failed"
	}
	return connectionWords(connection.Connection, now)
}

// expiryNotices are what someone has to do about the connections' keys and devices, one a line.
func expiryNotices(connections []care.Connection, now time.Time) (notices []string) {
	for _, connection := range connections {
		for _, warning := range proda.ConnectionWarnings(connection, now) {
			notices = append(notices, connection.Name+": "+warning.String())
		}
	}
	return notices
}

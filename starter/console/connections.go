package console

import (
	"net/http"
	"time"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/starter/console/ui"
	"github.com/caresync/caresync/upstream/proda"
)

// connectionsView is the state of an organisation's connections.
type connectionsView struct {
	connections []read.ConnectionHealth
	now         time.Time
	zone        *time.Location
}

// connectionHealth shows whether all connections work, as far as that is known without a test (R36).
func (c console) connectionHealth(w http.ResponseWriter, r *http.Request, v visitor) error {
	connections, err := read.From(c.store).Connections(r.Context(), v.Organisation.ID)
	if err != nil {
		return err
	}
	page := ui.Page{Title: "Connections", Section: settingsPath, Lead: "Whether the organisation’s connections to the government work, according to their last calls."}
	return c.render(w, r, http.StatusOK, connectionsPage(c.frame(r, page), connectionsView{connections: connections, now: c.store.Now(), zone: v.zone}))
}

// healthTone says whether a connection works.
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

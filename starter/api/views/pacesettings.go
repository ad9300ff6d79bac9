package views

import (
	"time"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
)

// PACESettings is whether an organisation uses the PACE API, and how (R21).
type PACESettings struct {
	Enabled               bool      `json:"enabled"`
	ConnectionID          care.ID   `json:"connection_id"`
	Connection            string    `json:"connection" doc:"The name of the connection to the NDIA in use; empty if PACE has never been enabled"`
	BudgetCallsPerHour    int       `json:"budget_calls_per_hour" doc:"The organisation's maximum budget calls per hour"`
	NotificationSecretSet bool      `json:"notification_secret_set" doc:"Whether the NDIA's notifications can be authenticated"`
	NotificationsSigned   bool      `json:"notifications_signed" doc:"Whether by a signature over the body rather than by a shared secret"`
	ChangedBy             string    `json:"changed_by"`
	ChangedAt             time.Time `json:"changed_at,omitzero"`
}

// FromPACESettings shows a db.PACESettings.
func FromPACESettings(settings db.PACESettings) PACESettings { return PACESettings(settings) }

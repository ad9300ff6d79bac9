// Package bulkwait reads from a bulk run's row what the run waits for.
package bulkwait

import (
	"time"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/internal/optional"
)

// Row is the part of an unfinished bulk run's row that says what it waits for.
type Row struct {
	Kind                       string
	PausedAt                   *time.Time
	PausedBy                   string
	WaitingFor, Trouble, Words string
	Since, Until               *time.Time
}

// Wait is what the bulk run as a whole waits for; one that is paused waits for nothing else.
func (r Row) Wait() care.Wait {
	switch {
	case r.PausedAt != nil:
		return care.Wait{Cause: care.WaitsForPerson, By: r.PausedBy, Since: *r.PausedAt}
	case r.WaitingFor != "":
		return care.Wait{
			Cause: care.WaitCause(r.WaitingFor), Service: care.RunKind(r.Kind).Service(), Trouble: care.DatabaseTrouble(r.Trouble),
			Words: r.Words, Since: optional.Value(r.Since), Until: optional.Value(r.Until),
		}
	default:
		return care.Wait{}
	}
}

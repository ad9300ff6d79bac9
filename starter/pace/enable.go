package pace

import (
	"context"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/upstream/check"
)

// EnableRequest asks for the PACE API to be used by an organisation.
type EnableRequest struct {
	Organisation care.Organisation
	// Connection is the name of the connection to the NDIA; it may be left out.
	Connection string
	// BudgetCallsPerHour bounds the budget calls; 0 keeps what is set.
	BudgetCallsPerHour int
	By                 string
}

// EnableResult is what came of it: the settings as they are now, and the steps of the check.
type EnableResult struct {
	Settings db.PACESettings
	Check    check.Result
}

// Enable tests the connection and enables the PACE API only if it works, else it fails with ErrCheckFailed and the steps. Where there
// is no such connection, that is a care.InvalidError.
func (s *Service) Enable(ctx context.Context, request EnableRequest) (EnableResult, error) {
	connection, err := s.Connection(ctx, request.Organisation, request.Connection)
	if err != nil {
		return EnableResult{}, err
	}
	enabled := EnableResult{Check: s.checker.Check(ctx, connection)}
	if err := ctx.Err(); err != nil {
		return enabled, err
	}
	if err := enabled.Check.Err; db.OfAnotherDeployment(err) {
		return EnableResult{}, err
	} else if err != nil {
		return enabled, ErrCheckFailed
	}
	enabled.Settings, err = s.store.EnablePACE(ctx, request.Organisation.ID, connection.ID, request.BudgetCallsPerHour, request.By)
	return enabled, err
}

// Connection is an organisation's connection to the NDIA, of which there is one; a name that is given must be its. It fails with
// care.InvalidError.
func (s *Service) Connection(ctx context.Context, organisation care.Organisation, name string) (care.Connection, error) {
	connections, err := s.store.Connections(ctx, organisation.ID)
	if err != nil {
		return care.Connection{}, err
	}
	for _, connection := range connections {
		if connection.Service != care.NDIA {
			continue
		}
		if name != "" && connection.Name != name {
			return care.Connection{}, &care.InvalidError{Field: "connection", Message: "must be the organisation's connection to the NDIA, which is called " + connection.Name}
		}
		return connection, nil
	}
	return care.Connection{}, &care.InvalidError{
		Field: "connection", Message: "must be created first: the organisation has no connection to the NDIA",
	}
}

package read

import (
	"context"
	"time"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/gen"
)

// ConnectionHealth is a connection with the results of its calls.
type ConnectionHealth struct {
	care.Connection
	// AnsweredAt is when its service, or PRODA, answered last, to half a minute; nil if neither ever did.
	AnsweredAt *time.Time `json:"answered_at"`
	// Failure is the last one that concerned the connection and not one person only.
	Failure *CallFailure `json:"failure"`
	// Allowances are how far ahead its calls are booked.
	Allowances []ConnectionAllowance `json:"allowances"`
}

// Failing reports whether nothing has been answered since the last failure.
func (c ConnectionHealth) Failing() bool {
	return c.Failure != nil && (c.AnsweredAt == nil || c.AnsweredAt.Before(c.Failure.At))
}

// CallFailure is a call that failed. Words are the government's own, verbatim, and may hold person data (R10).
type CallFailure struct {
	At        time.Time `json:"at"`
	Service   string    `json:"service"`
	Operation string    `json:"operation"`
	Kind      string    `json:"kind"`
	Code      string    `json:"code,omitempty"`
	Status    int       `json:"status,omitempty"`
	Words     string    `json:"words,omitempty"`
}

// ConnectionAllowance is how long a call of a connection would wait now.
type ConnectionAllowance struct {
	Name               string  `json:"name"`
	BookedAheadSeconds float64 `json:"booked_ahead_seconds"`
}

// Connections returns an organisation's connections by service and name, with the results of their calls.
func (s Store) Connections(ctx context.Context, organisation care.ID) ([]ConnectionHealth, error) {
	connections, err := s.store.Connections(ctx, organisation)
	if err != nil {
		return nil, err
	}
	found := make([]ConnectionHealth, 0, len(connections))
	at := make(map[care.ID]int, len(connections))
	for i, connection := range connections {
		at[connection.ID] = i
		found = append(found, ConnectionHealth{Connection: connection, Allowances: []ConnectionAllowance{}})
	}
	return found, db.MapError("load the results of the connections' calls", s.addHealth(ctx, organisation, found, at))
}

func (s Store) addHealth(ctx context.Context, organisation care.ID, found []ConnectionHealth, at map[care.ID]int) error {
	calls, err := s.queries.ConnectionCalls(ctx, organisation)
	if err != nil {
		return err
	}
	for _, call := range calls {
		if i, known := at[call.ConnectionID]; known {
			found[i].AnsweredAt, found[i].Failure = call.AnsweredAt, failureOf(call)
		}
	}
	booked, err := s.queries.ConnectionAllowances(ctx, organisation)
	for _, one := range booked {
		if i, known := at[one.ConnectionID]; known {
			found[i].Allowances = append(found[i].Allowances, ConnectionAllowance{Name: one.Name, BookedAheadSeconds: one.Seconds})
		}
	}
	return err
}

func failureOf(call gen.ConnectionCallsRow) *CallFailure {
	if call.FailedAt == nil {
		return nil
	}
	return &CallFailure{
		At: *call.FailedAt, Service: call.FailedService, Operation: call.Operation, Kind: call.Kind, Code: call.Code,
		Status: int(call.Status), Words: call.Words,
	}
}

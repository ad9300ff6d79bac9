package ndia

import "github.com/caresync/caresync/upstream/transport"

// What an organisation may ask of the NDIA unless its connection says otherwise: calls per second, and budget calls per hour. A cap on
// budget calls is known to exist; its size is not.
const (
	DefaultCallsPerSecond     = 2
	DefaultBudgetCallsPerHour = 1000
)

// Options are what may differ from the NDIA's own ways. Zero values mean the defaults. The NDIA's address is not public: it stands in
// the connection, without a default.
type Options struct {
	Paths Paths
	// Identification are the URIs in the headers.
	Identification transport.Identification
}

// Paths are those of the operations.
type Paths struct {
	DeterminePlan, Plans, Budget, HistoricalBudget, Subscribe string
}

func (o Options) withDefaults() Options {
	for _, text := range []struct {
		value     *string
		otherwise string
	}{
		{&o.Paths.DeterminePlan, "/4.0/determine-participant-plan/"},
		{&o.Paths.Plans, "/4.0/plans/"},
		{&o.Paths.Budget, "/ext-int-part/5.0/pace/budget/"},
		{&o.Paths.HistoricalBudget, "/ext-int-part/4.0/pace/historical/budgets"},
		{&o.Paths.Subscribe, "/3.0/notifications/subscribe"},
	} {
		if *text.value == "" {
			*text.value = text.otherwise
		}
	}
	return o
}

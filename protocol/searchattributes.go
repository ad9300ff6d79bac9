package protocol

import "go.temporal.io/sdk/temporal"

// Search attributes stand in clear in Temporal's visibility store: they hold no person data (R10).
var (
	// SearchKind is the kind of run: care.RunKind.
	SearchKind = temporal.NewSearchAttributeKeyKeyword("CareSyncKind")
	// SearchOrganisation is our id of the organisation.
	SearchOrganisation = temporal.NewSearchAttributeKeyKeyword("CareSyncOrganisation")
	// SearchArea is the first area that was refused or failed; not set where none was.
	SearchArea = temporal.NewSearchAttributeKeyKeyword("CareSyncArea")
	// SearchOutcome is how a run ended.
	SearchOutcome = temporal.NewSearchAttributeKeyKeyword("CareSyncOutcome")
	// SearchFailedCount is the number of areas, or people, that failed.
	SearchFailedCount = temporal.NewSearchAttributeKeyInt64("CareSyncFailedCount")
)

// SearchAttributes are all of them. The namespace must have them before a workflow starts.
var SearchAttributes = []temporal.SearchAttributeKey{SearchKind, SearchOrganisation, SearchArea, SearchOutcome, SearchFailedCount}

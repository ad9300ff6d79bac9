package care

// RunKind says which of the two syncs a run is.
type RunKind string

// The kinds of run.
const (
	// RunCareRecipient is a Care Recipient Sync (docs/spec/care-recipient-sync.md).
	RunCareRecipient RunKind = "care-recipient"
	// RunPACEContract is a PACE Contract Sync (docs/spec/pace-guide.md).
	RunPACEContract RunKind = "pace-contract"
)

// Areas are the areas of a run of that kind in reading order.
func (k RunKind) Areas() []Area {
	if k == RunPACEContract {
		return []Area{AreaContract}
	}
	return Areas
}

// CountedKinds are the kinds of record that a run of that kind counts, in the order in which people are told of them.
func (k RunKind) CountedKinds() []Kind {
	if k == RunPACEContract {
		return PACECountedKinds
	}
	return CountedKinds
}

// Service is the government service that a run of that kind reads from.
func (k RunKind) Service() Service {
	if k == RunPACEContract {
		return NDIA
	}
	return ServicesAustralia
}

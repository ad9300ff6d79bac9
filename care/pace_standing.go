package care

import "slices"

// Relationship is an endorsement that a participant gave the organisation, as the NDIA's notifications report it.
//
// It is stored as JSON, in pace_standing.relationships.
type Relationship struct {
	ProviderRole string `json:"provider_role"`
	DateRange
}

// PACEStanding is whether the NDIA still lets us read a participant (R30).
type PACEStanding struct {
	Relationships []Relationship `json:"relationships"`
	// StoppedOn is since when scheduled syncs of the person have stopped, zero if they continue; StopReason says why.
	StoppedOn  Date   `json:"stopped_on"`
	StopReason Reason `json:"stop_reason,omitempty"`
}

// withoutAccess are the roles that the API does not ask for: their end stops nothing.
var withoutAccess = []string{"recoverycoach", "supportcoordinator"}

// AfterAnswer notes how the NDIA answered: that it denies us the authority stops scheduled syncs (R30). Nothing else does; a success
// does not resume them, an operator does.
func (s PACEStanding) AfterAnswer(reason Reason, today Date) PACEStanding {
	if reason == ReasonNotAuthorised {
		return s.stopped(reason, today)
	}
	return s
}

// Told notes a relationship as a notification reports it: the last word on its role's dates.
func (s PACEStanding) Told(relationship Relationship) PACEStanding {
	sameRole := func(r Relationship) bool { return foldName(r.ProviderRole) == foldName(relationship.ProviderRole) }
	s.Relationships = append(filter(s.Relationships, func(r Relationship) bool { return !sameRole(r) }), relationship)
	return s
}

// On is the standing on a day: a relationship that gave us access and has ended stops scheduled syncs, from its end date on (R30).
func (s PACEStanding) On(today Date) PACEStanding {
	for _, relationship := range s.Relationships {
		if relationship.endedBy(today) && relationship.givesAccess() {
			s = s.stopped(ReasonRelationshipHasEnded, relationship.EndDate)
		}
	}
	return s
}

// EndsOn is the first day on which a relationship that gives us access has ended or will, zero if no end is known.
func (s PACEStanding) EndsOn() (ends Date) {
	for _, relationship := range s.Relationships {
		end := relationship.EndDate
		if relationship.givesAccess() && !end.IsZero() && (ends.IsZero() || end.Before(ends)) {
			ends = end
		}
	}
	return ends
}

func (r Relationship) givesAccess() bool {
	return !slices.Contains(withoutAccess, foldName(r.ProviderRole))
}

func (r Relationship) endedBy(today Date) bool { return !r.EndDate.IsZero() && !r.EndDate.After(today) }

// stopped keeps an earlier stop.
func (s PACEStanding) stopped(reason Reason, day Date) PACEStanding {
	if s.StoppedOn.IsZero() {
		s.StoppedOn, s.StopReason = day, reason
	}
	return s
}

// Stopped reports whether scheduled syncs of the person have stopped.
func (s PACEStanding) Stopped() bool { return !s.StoppedOn.IsZero() }

// Resumed is the standing after an operator has resumed the syncs: what stopped them is forgotten, an end that is still to come is not.
func (s PACEStanding) Resumed(today Date) PACEStanding {
	return PACEStanding{Relationships: filter(s.Relationships, func(r Relationship) bool { return !r.endedBy(today) })}
}

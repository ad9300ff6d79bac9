package care

import (
	"errors"
	"strconv"
)

// EligibilityReason are what must hold before the NDIA is asked anything about a person (R21). It returns the first that does not, or
// with nothing.
func EligibilityReason(organisationEnabled bool, participant Participant) Reason {
	switch {
	case !organisationEnabled:
		return ReasonPACENotEnabled
	case !participant.PACEParticipant:
		return ReasonNotPACEParticipant
	case !participant.PACEAPIAccess:
		return ReasonPACEAPIAccessOff
	case participant.NDISNumber == "":
		return ReasonNDISNumberMissing
	case !ValidNDISNumber(participant.NDISNumber):
		return ReasonNDISNumberInvalid
	case foldName(participant.FamilyName) == "":
		return ReasonSurnameMissing
	case participant.BirthDate.IsZero():
		return ReasonBirthDateMissing
	default:
		return ""
	}
}

// PACEAvailability says whether "+ NDIS PACE" is available for a person, and why not (R21).
type PACEAvailability struct {
	Available bool   `json:"available"`
	Reason    Reason `json:"reason,omitempty"`
}

// AvailabilityOf answers whether "+ NDIS PACE" is available (R21).
func AvailabilityOf(organisationEnabled bool, participant Participant) PACEAvailability {
	reason := EligibilityReason(organisationEnabled, participant)
	return PACEAvailability{Available: reason == "", Reason: reason}
}

// ErrAccessWithoutParticipant refuses API access for a person who is not marked as a participant (PACE guide, step 2).
var ErrAccessWithoutParticipant = errors.New("API access is offered only for a person who is marked as NDIS PACE Participant: select that first")

// FlagChange is which of the two boxes someone changes; one that is nil stays as it is.
type FlagChange struct {
	PACEParticipant *bool `json:"pace_participant,omitempty"`
	PACEAPIAccess   *bool `json:"pace_api_access,omitempty"`
}

// With changes the boxes. API access can be ticked only beside NDIS PACE Participant, and unticking that clears it (PACE guide,
// step 2, R21).
func (f PACEFlags) With(change FlagChange) (PACEFlags, error) {
	if change.PACEParticipant != nil {
		f.PACEParticipant = *change.PACEParticipant
	}
	if change.PACEAPIAccess != nil {
		if *change.PACEAPIAccess && !f.PACEParticipant {
			return PACEFlags{}, ErrAccessWithoutParticipant
		}
		f.PACEAPIAccess = *change.PACEAPIAccess
	}
	f.PACEAPIAccess = f.PACEAPIAccess && f.PACEParticipant
	return f, nil
}

// ChangedFlags are the changes of a person's two boxes (R21).
func ChangedFlags(person ID, before, after PACEFlags) []Change {
	return ChangedFields(KindPerson, person,
		[3]string{"pace_participant", strconv.FormatBool(before.PACEParticipant), strconv.FormatBool(after.PACEParticipant)},
		[3]string{"pace_api_access", strconv.FormatBool(before.PACEAPIAccess), strconv.FormatBool(after.PACEAPIAccess)})
}

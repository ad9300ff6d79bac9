package care

import "regexp"

// Participant is a person as the NDIA knows them, with the two boxes that the organisation ticks (PACE guide, step 2, R21).
type Participant struct {
	NDISNumber string `json:"ndis_number"`
	FamilyName string `json:"family_name"`
	BirthDate  Date   `json:"birth_date"`
	PACEFlags
}

// PACEFlags are the two boxes on a person (PACE guide, step 2).
type PACEFlags struct {
	// PACEParticipant is "NDIS PACE Participant".
	PACEParticipant bool `json:"pace_participant"`
	// PACEAPIAccess is "API access"; it is offered only with PACEParticipant.
	PACEAPIAccess bool `json:"pace_api_access"`
}

// ndisNumberPattern is nine digits of which the first two are 43.
var ndisNumberPattern = regexp.MustCompile(`^43[0-9]{7}$`)

// ValidNDISNumber reports whether a text can be an NDIS number (R21).
func ValidNDISNumber(number string) bool { return ndisNumberPattern.MatchString(number) }

// PlanKind is the NDIA's answer to which kind of plan a participant has.
type PlanKind struct {
	IsPACE         bool `json:"is_pace_plan"`
	FirstStartDate Date `json:"plan_first_start_date"`
}

// ParticipantPlan is a plan as the NDIA lists it. The plan id on the wire is 0 for every PACE plan and is not kept: a plan is
// told from another by its first start date, which never changes, and its start date, which moves at each reassessment (R24).
type ParticipantPlan struct {
	IsPACE         bool `json:"is_pace_plan"`
	FirstStartDate Date `json:"plan_first_start_date"`
	StartDate      Date `json:"plan_start_date"`
	EndDate        Date `json:"plan_end_date"`
}

// Dates are the plan's first and last day.
func (p ParticipantPlan) Dates() DateRange {
	return DateRange{StartDate: p.StartDate, EndDate: p.EndDate}
}

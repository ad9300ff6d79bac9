package care_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
)

func readyParticipant() care.Participant {
	return care.Participant{
		NDISNumber: "430000001", FamilyName: "Wren", BirthDate: day("1990-05-01"), PACEFlags: care.PACEFlags{PACEParticipant: true, PACEAPIAccess: true},
	}
}

func TestGatesInTheirOrder(t *testing.T) { // R21
	enabled, participant := false, care.Participant{NDISNumber: ""}
	seen := make(map[care.Reason]bool)
	for _, step := range []struct {
		reason care.Reason
		pass   func()
	}{
		{"pace_not_enabled", func() { enabled = true }},
		{"not_pace_participant", func() { participant.PACEParticipant = true }},
		{"pace_api_access_off", func() { participant.PACEAPIAccess = true }},
		{"ndis_number_missing", func() { participant.NDISNumber = "12345" }},
		{"ndis_number_invalid", func() { participant.NDISNumber = "430000001" }},
		{"surname_missing", func() { participant.FamilyName = "Wren" }},
		{"birth_date_missing", func() { participant.BirthDate = day("1990-05-01") }},
	} {
		availability := care.AvailabilityOf(enabled, participant)
		require.Equal(t, step.reason, care.EligibilityReason(enabled, participant))
		require.Equal(t, care.PACEAvailability{Reason: step.reason}, availability)
		require.False(t, seen[availability.Reason], "each has its own reason")
		seen[availability.Reason] = true
		step.pass()
	}
	require.Empty(t, care.EligibilityReason(enabled, participant))
	require.Equal(t, care.PACEAvailability{Available: true}, care.AvailabilityOf(enabled, participant))
}

func TestGatesRefuseABlankSurname(t *testing.T) { // R21
	participant := readyParticipant()
	for _, name := range []string{"", " ", "\u00a0", "-"} {
		participant.FamilyName = name
		require.Equal(t, care.ReasonSurnameMissing, care.EligibilityReason(true, participant), "%q", name)
	}
}

func TestNDISNumbersAreNineDigitsThatBeginWith43(t *testing.T) { // R21
	for number, valid := range map[string]bool{
		"430000001": true, "439999999": true, "43000000": false, "4300000011": false, "420000001": false, "43000000a": false, "": false,
		" 430000001": false, "430000001\n": false, "430 000 001": false, "٤٣٠٠٠٠٠٠١": false,
	} {
		require.Equal(t, valid, care.ValidNDISNumber(number), "%q", number)
	}
}

func TestAPIAccessOnlyForAParticipant(t *testing.T) { // PACE guide, step 2, R21
	yes, no := true, false
	for _, test := range []struct {
		before care.PACEFlags
		change care.FlagChange
		after  care.PACEFlags
		err    error
	}{
		{care.PACEFlags{}, care.FlagChange{}, care.PACEFlags{}, nil},
		{care.PACEFlags{}, care.FlagChange{PACEParticipant: &yes}, care.PACEFlags{PACEParticipant: true}, nil},
		{care.PACEFlags{}, care.FlagChange{PACEAPIAccess: &yes}, care.PACEFlags{}, care.ErrAccessWithoutParticipant},
		{care.PACEFlags{}, care.FlagChange{PACEAPIAccess: &no}, care.PACEFlags{}, nil},
		{care.PACEFlags{}, care.FlagChange{PACEParticipant: &yes, PACEAPIAccess: &yes}, care.PACEFlags{PACEParticipant: true, PACEAPIAccess: true}, nil},
		{care.PACEFlags{PACEParticipant: true}, care.FlagChange{PACEAPIAccess: &yes}, care.PACEFlags{PACEParticipant: true, PACEAPIAccess: true}, nil},
		{care.PACEFlags{PACEParticipant: true, PACEAPIAccess: true}, care.FlagChange{PACEParticipant: &no}, care.PACEFlags{}, nil},
		{care.PACEFlags{PACEParticipant: true, PACEAPIAccess: true}, care.FlagChange{PACEAPIAccess: &no}, care.PACEFlags{PACEParticipant: true}, nil},
		{care.PACEFlags{PACEParticipant: true, PACEAPIAccess: true}, care.FlagChange{PACEParticipant: &no, PACEAPIAccess: &yes}, care.PACEFlags{}, care.ErrAccessWithoutParticipant},
		{care.PACEFlags{PACEAPIAccess: true}, care.FlagChange{}, care.PACEFlags{}, nil},
	} {
		after, err := test.before.With(test.change)
		require.ErrorIs(t, err, test.err)
		require.Equal(t, test.after, after)
	}
}

func TestConcludeAContractSync(t *testing.T) { // R6
	counts := care.Counts{care.KindPlanBudget: {Created: 3}}
	conclude := func(answer care.AreaResult) care.RunResult {
		return care.Conclude(map[care.Area]care.AreaResult{care.AreaContract: answer})
	}
	for _, test := range []struct {
		answer  care.AreaResult
		outcome care.RunOutcome
		reason  care.Reason
	}{
		{care.AreaResult{Outcome: care.AreaSucceeded, Counts: counts}, care.RunSucceeded, ""},
		{care.AreaResult{Outcome: care.AreaSucceeded, Counts: counts, Warnings: 2}, care.RunSucceededWithWarnings, ""},
		{care.Refused(care.ReasonNotPACE), care.RunFailed, care.ReasonNotPACE},
		{care.Failed(care.ReasonServiceUnavailable), care.RunFailed, care.ReasonServiceUnavailable},
		{care.Superseded(), care.RunSucceeded, care.ReasonSuperseded},
		{care.Cancelled(), care.RunCancelled, care.ReasonCancelled},
		{care.Expired(), care.RunCancelled, care.ReasonPreviewExpired},
	} {
		result := conclude(test.answer)
		require.Equal(t, test.outcome, result.Outcome)
		require.Equal(t, test.reason, result.Reason)
		require.Equal(t, test.answer.Counts[care.KindPlanBudget], result.Counts[care.KindPlanBudget])
		require.Equal(t, test.answer.Warnings, result.Warnings)
		require.Equal(t, test.answer, result.Areas[care.AreaContract])
	}
	require.True(t, conclude(care.Failed(care.ReasonServiceUnavailable)).TechnicalFailure())
	require.False(t, conclude(care.Refused(care.ReasonNotPACE)).TechnicalFailure(), "an answer completes the workflow")
}

package care_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/caresync/caresync/care"
)

// script says how each step of a sync answers, and notes what was asked of it. A step without an answer succeeds.
type script struct {
	summary, contributions, budgets care.AreaResult
	usage                           map[int]care.AreaResult // by chunk

	mutex    sync.Mutex
	called   []string
	chunks   [][]care.ID
	subjects []care.RunScope
}

// scriptedSteps are steps that follow a script. branch names the one of two simultaneous branches that they were given to.
type scriptedSteps struct {
	*script
	branch string
}

func (s scriptedSteps) call(step string, subject care.RunScope, answer care.AreaResult) care.AreaResult {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.called, s.subjects = append(s.called, s.branch+step), append(s.subjects, subject)
	if answer.Outcome == "" {
		answer.Outcome = care.AreaSucceeded
	}
	return answer
}

func (s scriptedSteps) UpsertPlan(subject care.RunScope) care.AreaResult {
	return s.call("summary", subject, s.summary)
}

func (s scriptedSteps) RecreateContributions(subject care.RunScope) care.AreaResult {
	return s.call("contributions", subject, s.contributions)
}

func (s scriptedSteps) FetchBudgets(subject care.RunScope) care.AreaResult {
	return s.call("budgets", subject, s.budgets)
}

func (s scriptedSteps) FetchUsage(subject care.RunScope, chunk int, budgets []care.ID) care.AreaResult {
	s.chunks = append(s.chunks, budgets)
	return s.call(fmt.Sprintf("usage %d", chunk), subject, s.usage[chunk])
}

// Both runs the second branch first, so that a story which relies on the order fails.
func (s scriptedSteps) Both(first, second func(care.Steps)) {
	second(scriptedSteps{s.script, "second: "})
	first(scriptedSteps{s.script, "first: "})
}

// simultaneousSteps run the two branches at the same time.
type simultaneousSteps struct{ scriptedSteps }

func (s simultaneousSteps) Both(first, second func(care.Steps)) {
	var group sync.WaitGroup
	group.Go(func() { first(scriptedSteps{s.script, "first: "}) })
	group.Go(func() { second(scriptedSteps{s.script, "second: "}) })
	group.Wait()
}

// budgetIDs are ids of a number of budgets.
func budgetIDs(count int) (ids []care.ID) {
	for i := range count {
		ids = append(ids, care.ID(fmt.Sprintf("budget-%03d", i)))
	}
	return ids
}

func withOpen(count int) care.AreaResult {
	return care.AreaResult{Outcome: care.AreaSucceeded, OpenBudgets: budgetIDs(count)}
}

// play runs the story and gives each area's outcome and reason as text.
func play(script *script, subject care.RunScope) map[care.Area]string {
	endings := make(map[care.Area]string)
	for area, answer := range care.SyncCareRecipient(scriptedSteps{script: script}, subject) {
		endings[area] = string(answer.Outcome)
		if answer.Reason != "" {
			endings[area] += " " + string(answer.Reason)
		}
	}
	return endings
}

func endingsOf(summary, contributions, budgets, usage string) map[care.Area]string {
	return map[care.Area]string{
		care.AreaSummary: summary, care.AreaContributions: contributions, care.AreaBudgets: budgets, care.AreaUsage: usage,
	}
}

func TestTheStoryOfASync(t *testing.T) { // Care Recipient Sync §Sync process
	whole := []string{"summary", "second: budgets", "second: usage 0", "first: contributions"}
	withoutUsage := []string{"summary", "second: budgets", "first: contributions"}
	for _, test := range []struct {
		name    string
		script  *script
		subject care.RunScope
		endings map[care.Area]string
		called  []string
	}{
		{
			name: "all goes well", script: &script{budgets: withOpen(3)},
			endings: endingsOf("succeeded", "succeeded", "succeeded", "succeeded"), called: whole,
		},
		{
			name: "no budget is open: there is no usage to read", script: &script{},
			endings: endingsOf("succeeded", "succeeded", "succeeded", "succeeded"), called: withoutUsage,
		},
		{
			name: "the person cannot be synced at all", script: &script{}, subject: care.RunScope{Refusal: care.ReasonNoCareRecipientID},
			endings: endingsOf("refused no_care_recipient_id", "skipped no_care_recipient_id", "skipped no_care_recipient_id", "skipped no_care_recipient_id"),
		},
		{
			name: "identity mismatch stops everything (R8)", script: &script{summary: care.Refused(care.ReasonIdentityMismatch), budgets: withOpen(3)},
			endings: endingsOf("refused identity_mismatch", "skipped identity_mismatch", "skipped identity_mismatch", "skipped identity_mismatch"),
			called:  []string{"summary"},
		},
		{
			name:    "identity mismatch stops everything for a person verified earlier too (R8)",
			script:  &script{summary: care.Refused(care.ReasonIdentityMismatch), budgets: withOpen(3)},
			subject: care.RunScope{Verified: true},
			endings: endingsOf("refused identity_mismatch", "skipped identity_mismatch", "skipped identity_mismatch", "skipped identity_mismatch"),
			called:  []string{"summary"},
		},
		{
			name: "not found stops a person who was never verified", script: &script{summary: care.Refused(care.ReasonNotFound)},
			endings: endingsOf("refused not_found", "skipped not_found", "skipped not_found", "skipped not_found"),
			called:  []string{"summary"},
		},
		{
			name:    "not found, but verified earlier: the budgets continue (R19)",
			script:  &script{summary: care.Refused(care.ReasonNotFound), budgets: withOpen(3)},
			subject: care.RunScope{Verified: true},
			endings: endingsOf("refused not_found", "skipped not_found", "succeeded", "succeeded"),
			called:  []string{"summary", "second: budgets", "second: usage 0"},
		},
		{
			name: "the summary gave up: who it is has not been checked (R8)", script: &script{summary: care.Failed(care.ReasonServiceUnavailable)},
			subject: care.RunScope{Verified: true},
			endings: endingsOf("failed service_unavailable", "skipped service_unavailable", "skipped service_unavailable", "skipped service_unavailable"),
			called:  []string{"summary"},
		},
		{
			name: "cancelled during the summary", script: &script{summary: care.Cancelled()},
			endings: endingsOf("cancelled cancelled", "skipped cancelled", "skipped cancelled", "skipped cancelled"), called: []string{"summary"},
		},
		{
			name: "a newer summary stands already: continue (R7)", script: &script{summary: care.Superseded(), budgets: withOpen(3)},
			endings: endingsOf("superseded superseded", "succeeded", "succeeded", "succeeded"), called: whole,
		},
		{
			name:    "the contributions gave up: the other branch continues (R6)",
			script:  &script{contributions: care.Failed(care.ReasonServiceUnavailable), budgets: withOpen(3)},
			endings: endingsOf("succeeded", "failed service_unavailable", "succeeded", "succeeded"), called: whole,
		},
		{
			name: "consent refused for budgets: usage is refused too (R18)", script: &script{budgets: care.Refused(care.ReasonConsentRefused)},
			endings: endingsOf("succeeded", "succeeded", "refused consent_refused", "refused consent_refused"), called: withoutUsage,
		},
		{
			name:    "consent refused for details (R18)",
			script:  &script{budgets: withOpen(3), usage: map[int]care.AreaResult{0: care.Refused(care.ReasonConsentRefused)}},
			endings: endingsOf("succeeded", "succeeded", "succeeded", "refused consent_refused"), called: whole,
		},
		{
			name: "newer budgets stand already: whoever read them reads the usage (R7)", script: &script{budgets: care.Superseded()},
			endings: endingsOf("succeeded", "succeeded", "superseded superseded", "superseded superseded"), called: withoutUsage,
		},
		{
			name: "the budgets gave up", script: &script{budgets: care.Failed(care.ReasonServiceUnavailable)},
			endings: endingsOf("succeeded", "succeeded", "failed service_unavailable", "skipped service_unavailable"), called: withoutUsage,
		},
		{
			name: "cancelled during the budgets", script: &script{budgets: care.Cancelled(), contributions: care.Cancelled()},
			endings: endingsOf("succeeded", "cancelled cancelled", "cancelled cancelled", "skipped cancelled"), called: withoutUsage,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			require.Equal(t, test.endings, play(test.script, test.subject))
			require.Equal(t, test.called, test.script.called)
		})
	}
}

func TestUsageIsReadInChunks(t *testing.T) {
	count := care.Counts{care.KindBudgetUsage: {Created: 1}}
	saved := care.AreaResult{Outcome: care.AreaSucceeded, Counts: count, Warnings: 1}
	refused, failed := care.Refused(care.ReasonConsentRefused), care.Failed(care.ReasonServiceUnavailable)
	single := care.AreaResult{Outcome: care.AreaRefused, Reason: care.ReasonConsentRefused, Counts: count, Warnings: 1, BudgetsRefused: 1}
	for _, test := range []struct {
		name    string
		open    int
		answers []care.AreaResult
		sizes   []int
		usage   care.AreaResult
	}{
		{"none", 0, nil, nil, care.AreaResult{Outcome: care.AreaSucceeded, Counts: care.Counts{}}},
		{"one", 1, []care.AreaResult{saved}, []int{1}, saved},
		{"a full chunk", care.UsageChunk, []care.AreaResult{saved}, []int{care.UsageChunk}, saved},
		{"one more than a full chunk", care.UsageChunk + 1, []care.AreaResult{saved, saved}, []int{care.UsageChunk, 1},
			care.AreaResult{Outcome: care.AreaSucceeded, Counts: care.Counts{care.KindBudgetUsage: {Created: 2}}, Warnings: 2}},
		{"a superseded chunk does not stop the others (R7)", 2*care.UsageChunk + 1, []care.AreaResult{care.Superseded(), saved, saved},
			[]int{care.UsageChunk, care.UsageChunk, 1},
			care.AreaResult{Outcome: care.AreaSuperseded, Reason: care.ReasonSuperseded, Counts: care.Counts{care.KindBudgetUsage: {Created: 2}}, Warnings: 2}},
		{"a refused chunk stops the others, and what was saved counts (R6, R18)", 3 * care.UsageChunk, []care.AreaResult{saved, refused, saved},
			[]int{care.UsageChunk, care.UsageChunk},
			care.AreaResult{Outcome: care.AreaRefused, Reason: care.ReasonConsentRefused, Counts: count, Warnings: 1}},
		{"refused budgets do not stop the others (R6)", 2*care.UsageChunk + 1, []care.AreaResult{single, saved, single}, []int{care.UsageChunk, care.UsageChunk, 1},
			care.AreaResult{
				Outcome: care.AreaRefused, Reason: care.ReasonConsentRefused, Counts: care.Counts{care.KindBudgetUsage: {Created: 3}}, Warnings: 3, BudgetsRefused: 2,
			}},
		{"a chunk that gave up stops them, whatever was refused before", 3 * care.UsageChunk, []care.AreaResult{single, failed, saved},
			[]int{care.UsageChunk, care.UsageChunk},
			care.AreaResult{Outcome: care.AreaFailed, Reason: care.ReasonServiceUnavailable, Counts: count, Warnings: 1, BudgetsRefused: 1}},
		{"a chunk that gave up counts more than one that was superseded", 2 * care.UsageChunk, []care.AreaResult{care.Superseded(), failed},
			[]int{care.UsageChunk, care.UsageChunk},
			care.AreaResult{Outcome: care.AreaFailed, Reason: care.ReasonServiceUnavailable, Counts: care.Counts{}}},
		{"cancelled", 2 * care.UsageChunk, []care.AreaResult{care.Cancelled()}, []int{care.UsageChunk},
			care.AreaResult{Outcome: care.AreaCancelled, Reason: care.ReasonCancelled, Counts: care.Counts{}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			script := &script{budgets: withOpen(test.open), usage: make(map[int]care.AreaResult)}
			for chunk, answer := range test.answers {
				script.usage[chunk] = answer
			}
			areas := care.SyncCareRecipient(scriptedSteps{script: script}, care.RunScope{})

			require.Equal(t, test.usage, areas[care.AreaUsage])
			var sizes []int
			for _, chunk := range script.chunks {
				sizes = append(sizes, len(chunk))
			}
			require.Equal(t, test.sizes, sizes)
		})
	}
}

func TestEveryStepIsToldWhoTheRunIsAbout(t *testing.T) {
	subject := care.RunScope{RunID: "run", OrganisationID: "organisation", PersonID: "client", Today: day("2026-04-01"), AllBudgets: true}
	known := &script{budgets: withOpen(1)}
	care.SyncCareRecipient(scriptedSteps{script: known}, subject)
	identified := subject
	identified.Identified = true
	require.Equal(t, []care.RunScope{subject, identified, identified, identified}, known.subjects)

	subject.Verified = true
	lost := &script{summary: care.Refused(care.ReasonNotFound), budgets: withOpen(1)}
	care.SyncCareRecipient(scriptedSteps{script: lost}, subject)
	require.Equal(t, []care.RunScope{subject, subject, subject}, lost.subjects, "the summary of this run has not said who it is (R32)")
}

// anAnswer is any way in which a step can end.
var anAnswer = rapid.SampledFrom(everyEnding)

func TestTheStoryAlwaysEnds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		open := budgetIDs(rapid.IntRange(0, 4*care.UsageChunk).Draw(t, "open budgets"))
		script := &script{
			summary: anAnswer.Draw(t, "summary"), contributions: anAnswer.Draw(t, "contributions"), budgets: anAnswer.Draw(t, "budgets"),
			usage: rapid.MapOfN(rapid.IntRange(0, 3), anAnswer, 0, 4).Draw(t, "usage"),
		}
		script.budgets.OpenBudgets = open
		subject := care.RunScope{Verified: rapid.Bool().Draw(t, "verified")}
		areas := care.SyncCareRecipient(simultaneousSteps{scriptedSteps{script: script}}, subject)

		require.Len(t, areas, len(care.Areas))
		for _, area := range care.Areas {
			require.NotEmpty(t, areas[area].Outcome, area)
		}
		require.NotEmpty(t, care.Conclude(areas).Outcome)
		if !saved(areas[care.AreaSummary]) {
			require.Equal(t, []string{"summary"}, script.called, "something was read of a person who had not been checked (R8)")
			return
		}
		requireUsageRead(t, script, areas, open)
	})
}

func saved(answer care.AreaResult) bool {
	return answer.Outcome == care.AreaSucceeded || answer.Outcome == care.AreaSuperseded
}

// requireUsageRead requires that each open budget was read once, in order, up to the first chunk that was not saved.
func requireUsageRead(t *rapid.T, script *script, areas map[care.Area]care.AreaResult, open []care.ID) {
	if areas[care.AreaBudgets].Outcome != care.AreaSucceeded {
		require.Empty(t, script.chunks)
		require.NotEqual(t, care.AreaSucceeded, areas[care.AreaUsage].Outcome)
		return
	}
	var read []care.ID
	for i, chunk := range script.chunks {
		require.NotEmpty(t, chunk)
		require.LessOrEqual(t, len(chunk), care.UsageChunk)
		if i < len(script.chunks)-1 {
			require.True(t, script.usage[i].Outcome == "" || saved(script.usage[i]), "went on after chunk %d", i)
		}
		read = append(read, chunk...)
	}
	require.True(t, slices.Equal(open[:len(read)], read), "not in order, or twice: %v", read)
	if saved(areas[care.AreaUsage]) {
		require.Len(t, read, len(open))
	}
}

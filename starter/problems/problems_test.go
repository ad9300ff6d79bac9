package problems_test

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/starter/bulks"
	"github.com/caresync/caresync/starter/imports"
	"github.com/caresync/caresync/starter/pace"
	"github.com/caresync/caresync/starter/problems"
	"github.com/caresync/caresync/starter/syncs"
	"github.com/caresync/caresync/starter/web"
)

// Every error that a use case fails with means one thing to programs and to people, however deep it is wrapped.
func TestEveryErrorMeansOneThing(t *testing.T) {
	document, err := os.ReadFile("../../docs/api.md")
	require.NoError(t, err)
	for _, expected := range []struct {
		err         error
		code        string
		status      int
		correctable bool
	}{
		{web.ErrCredentialEnded, "unauthorised", http.StatusUnauthorized, false},
		{web.ErrUnstorable, "invalid_value", http.StatusUnprocessableEntity, true},
		{&pace.NotAdmitted{Reason: care.ReasonSelectionEmpty}, string(care.ReasonSelectionEmpty), http.StatusUnprocessableEntity, true},
		{&pace.NotAdmitted{Reason: care.ReasonSelectionUnknown}, string(care.ReasonSelectionUnknown), http.StatusUnprocessableEntity, true},
		{&pace.NotAdmitted{Reason: care.ReasonPACENotEnabled}, string(care.ReasonPACENotEnabled), http.StatusConflict, false},
		{care.ErrAccessWithoutParticipant, "invalid_value", http.StatusUnprocessableEntity, true},
		{db.ErrPACENeverEnabled, string(care.ReasonPACENotEnabled), http.StatusConflict, true},
		{syncs.ErrAbandoned, "abandoned", http.StatusConflict, false},
		{&imports.FileError{Problems: []imports.LineError{{Line: 2, Message: "is wrong"}}}, "invalid_file", http.StatusUnprocessableEntity, true},
		{db.ErrImportRunning, "import_running", http.StatusConflict, false},
		{&db.NumberTakenError{Kind: care.NDISNumber, Holder: db.NewID()}, "number_taken", http.StatusConflict, true},
		{&db.NumberTakenError{Kind: care.NDISNumber, Holder: db.NewID(), Both: true}, "number_taken", http.StatusConflict, true},
		{&db.ConflictError{Constraint: "organisation_slug_key"}, "conflict", http.StatusConflict, true},
		{&db.ConflictError{Constraint: "another_rule"}, "conflict", http.StatusConflict, false},
		{&care.InvalidError{Field: "name", Message: "must not be empty"}, "invalid_value", http.StatusUnprocessableEntity, true},
		{&bulks.UnknownPeopleError{Places: []int{3}}, "unknown_people", http.StatusUnprocessableEntity, true},
		{bulks.ErrFinished, "finished", http.StatusConflict, true},
		{bulks.ErrUnfinished, "unfinished", http.StatusConflict, true},
		{bulks.ErrNothingToRetry, "nothing_to_retry", http.StatusConflict, true},
		{bulks.ErrIDTaken, "conflict", http.StatusConflict, true},
		{bulks.ErrAbandoned, "abandoned", http.StatusConflict, false},
		{bulks.ErrStarting, "unavailable", http.StatusServiceUnavailable, false},
		{bulks.ErrNoAnswer, "unavailable", http.StatusServiceUnavailable, false},
		{db.ErrScheduleExists, "conflict", http.StatusConflict, true},
		{db.ErrScheduleChanged, "changed", http.StatusConflict, false},
		{db.ErrNotFound, "not_found", http.StatusNotFound, false},
		{syncs.ErrNoCareRecipientID, string(care.ReasonNoCareRecipientID), http.StatusUnprocessableEntity, false},
		{syncs.ErrFinished, "finished", http.StatusConflict, false},
		{db.ErrUnavailable, "unavailable", http.StatusServiceUnavailable, false},
		{&db.DeploymentError{}, "another_deployment", http.StatusServiceUnavailable, false},
		{syncs.ErrUnavailable, "unavailable", http.StatusServiceUnavailable, false},
	} {
		require.Contains(t, string(document), "`"+expected.code+"`", "the table of problems names it")
		t.Run(fmt.Sprintf("%T %v", expected.err, expected.err), func(t *testing.T) {
			meaning, known := problems.Of(fmt.Errorf("do something: %w", expected.err))
			require.True(t, known)
			require.Equal(t, expected.code, meaning.Code)
			require.Equal(t, expected.status, meaning.Status)
			require.Equal(t, expected.correctable, meaning.Correctable)
			require.Equal(t, expected.status == http.StatusServiceUnavailable, meaning.RetryAfter > 0)
			require.False(t, strings.HasSuffix(meaning.Title, "."))
			require.True(t, strings.HasSuffix(meaning.Detail(), "."))
			require.NotContains(t, meaning.Detail(), "do something", "what failed inside is for the log")
		})
	}
	_, known := problems.Of(errors.New("unexpected"))
	require.False(t, known)
}

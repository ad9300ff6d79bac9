package api_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/starter/api"
	"github.com/caresync/caresync/testkit"
)

// A file has to arrive within a minute, and its import may take longer than other answers.
func TestTheDeadlineOfAnUploadIsNotThatOfTheImport(t *testing.T) {
	store := testkit.Database(t)
	organisation, err := store.CreateOrganisation(t.Context(), "wattle", "Wattle Grove", care.DefaultTimeZone)
	require.NoError(t, err)
	_, secret, err := store.CreateAPIToken(t.Context(), organisation.ID, "tests")
	require.NoError(t, err)
	request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/imports/people",
		strings.NewReader("given_name,family_name,birth_date,care_recipient_id\nBen,Lark,1950-05-01,415056225\n"))
	request.Header.Set("Content-Type", "text/csv")
	request.Header.Set("Authorization", "Bearer "+secret)
	answer := testkit.NewDeadlines()
	api.New(api.Options{Store: store, Logger: zap.NewNop()}).ServeHTTP(answer, request)
	require.Equal(t, http.StatusOK, answer.Code, answer.Body)
	require.WithinDuration(t, time.Now().Add(time.Minute), answer.Reads[0], 20*time.Second)
	require.Greater(t, time.Until(answer.Writes[len(answer.Writes)-1]), 10*time.Minute)
}

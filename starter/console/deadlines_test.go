package console_test

import (
	"bytes"
	"context"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/starter/console"
	"github.com/caresync/caresync/testkit"
)

// A body has to arrive in time; afterwards no deadline is left, which would end a request that takes longer.
func TestADeadlineIsForABodyOnly(t *testing.T) {
	store := testkit.Database(t)
	organisation, err := store.CreateOrganisation(t.Context(), "wattle", "Wattle Grove", db.DefaultTimeZone)
	require.NoError(t, err)
	secret, err := store.OpenConsoleSession(t.Context(), db.SignIn{OrganisationID: organisation.ID, Name: "Robin Ellery", ExpiresAt: time.Now().Add(time.Hour)})
	require.NoError(t, err)
	pages, err := console.New(console.Options{Store: store, Logger: zap.NewNop()})
	require.NoError(t, err)
	send := func(method, path, media string, body io.Reader) *testkit.Deadlines {
		request := httptest.NewRequestWithContext(t.Context(), method, path, body)
		request.Header.Set("Content-Type", media)
		request.AddCookie(&http.Cookie{Name: "caresync-session", Value: secret})
		answer := testkit.NewDeadlines()
		pages.ServeHTTP(answer, request)
		return answer
	}

	require.Empty(t, send(http.MethodGet, "/people", "", nil).Reads)
	require.Empty(t, send(http.MethodPost, "/theme", "", nil).Reads)

	form := send(http.MethodPost, "/theme", "application/x-www-form-urlencoded", strings.NewReader("theme=dark"))
	require.Equal(t, http.StatusSeeOther, form.Code)
	require.WithinDuration(t, time.Now().Add(30*time.Second), form.Reads[0], 20*time.Second)
	require.True(t, form.Reads[len(form.Reads)-1].IsZero(), "lifted")

	var file bytes.Buffer
	upload := multipart.NewWriter(&file)
	part, err := upload.CreateFormFile("file", "people.csv")
	require.NoError(t, err)
	_, err = part.Write([]byte("given_name,family_name,birth_date,care_recipient_id\nBen,Lark," + care.NewDate(1950, time.May, 1).String() + ",415056225\n"))
	require.NoError(t, err)
	require.NoError(t, upload.Close())
	// The end of the file is the end of the form, not of the body: more may follow.
	imported := send(http.MethodPost, "/imports/people", upload.FormDataContentType(), io.MultiReader(&file, strings.NewReader(strings.Repeat(" ", 10_000))))
	require.Equal(t, http.StatusOK, imported.Code, imported.Body)
	require.Contains(t, imported.Body.String(), "1 person imported")
	require.True(t, imported.Reads[len(imported.Reads)-1].IsZero(), "lifted")
	require.Len(t, imported.Writes, 2, "the answer has its time from the end of the import on")
}

// Whoever trickles a form is answered in the end, and does not hold the connection.
func TestATrickledFormIsRefused(t *testing.T) {
	pages, err := console.New(console.Options{Store: testkit.Database(t), Logger: zap.NewNop()})
	require.NoError(t, err)
	impatient := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { pages.ServeHTTP(hurried{w}, r) })
	server := httptest.NewServer(impatient)
	t.Cleanup(server.Close)
	body, trickle := io.Pipe()
	t.Cleanup(func() { _ = trickle.Close() })
	go func() { _, _ = trickle.Write([]byte("token=cs_")) }()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, server.URL+"/sign-in", body)
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	require.Equal(t, http.StatusRequestTimeout, response.StatusCode)
}

// hurried lets a read deadline strike at once.
type hurried struct{ http.ResponseWriter }

func (w hurried) SetReadDeadline(deadline time.Time) error {
	if !deadline.IsZero() {
		deadline = time.Now().Add(100 * time.Millisecond)
	}
	return http.NewResponseController(w.ResponseWriter).SetReadDeadline(deadline)
}

func (w hurried) SetWriteDeadline(deadline time.Time) error {
	return http.NewResponseController(w.ResponseWriter).SetWriteDeadline(deadline)
}

package web_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/starter/web"
)

func route(*http.Request) (string, zapcore.Level) { return "GET /people/{person}", zap.InfoLevel }

// A request's line names the route, the outcome and whose records were asked for, and nothing that whoever asked has sent (R10).
func TestRequestsAreLoggedByTheirRoute(t *testing.T) {
	core, logs := observer.New(zap.InfoLevel)
	organisation := care.ID("0190b2a4-0000-7000-8000-000000000001")
	var id string
	handler := web.Logged(zap.New(core), "request", route, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		noted := web.RequestOf(r.Context())
		id, noted.Organisation = noted.ID, organisation
		w.WriteHeader(http.StatusAccepted)
		_, _ = w.Write([]byte("done"))
	}))
	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), "WREN", "/people/430000001", nil))
	require.Equal(t, id, answer.Header().Get("X-Request-Id"))
	require.Len(t, logs.All(), 1)
	fields := logs.All()[0].ContextMap()
	delete(fields, "took")
	require.Equal(t, map[string]any{
		"request_id": id, "method": "other", "route": "GET /people/{person}", "status": int64(http.StatusAccepted), "bytes": int64(4),
		"organisation": string(organisation), "token": "",
	}, fields)
}

func TestAPanicIsAnsweredAndLoggedWithoutItsCause(t *testing.T) {
	core, logs := observer.New(zap.InfoLevel)
	fail := func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }
	panicking := func(cause any) http.Handler {
		return web.Recovered(zap.New(core), fail, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(cause) }))
	}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/people", nil)
	answer := httptest.NewRecorder()
	panicking("Ada Wren").ServeHTTP(answer, r)
	require.Equal(t, http.StatusInternalServerError, answer.Code)
	require.Len(t, logs.All(), 1)
	require.NotContains(t, logs.All()[0].ContextMap()["stack"], "Ada")
	require.PanicsWithValue(t, http.ErrAbortHandler, func() { panicking(http.ErrAbortHandler).ServeHTTP(httptest.NewRecorder(), r) })
	require.Len(t, logs.All(), 1, "an answer that was broken off on purpose is no fault")
}

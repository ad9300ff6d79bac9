package transport_test

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/upstream/transport"
)

// private is what must never stand in an error (R10).
var private = []string{"415056224", "Murray", "Edith", "1941", "careRecipientId", "127.0.0.1", "http"}

func personalCall(base string) transport.Call {
	return transport.Call{
		Service: care.ServicesAustralia, Operation: "budgets of a care recipient", Method: http.MethodGet, Base: base, Path: "/budget/v1",
		Query: url.Values{"careRecipientId": {"415056224"}, "surname": {"Murray"}},
	}
}

func serve(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}

func failure(t *testing.T, err error) *transport.Error {
	t.Helper()
	var failed *transport.Error
	require.ErrorAs(t, err, &failed)
	return failed
}

func TestStatusesAreKinds(t *testing.T) { // R9
	for _, test := range []struct {
		status int
		kind   transport.Kind
		retry  bool
	}{
		{302, transport.Unreadable, true}, {304, transport.Unreadable, true},
		{400, transport.Refused, false}, {401, transport.NotAuthorised, false}, {403, transport.NotAuthorised, false},
		{404, transport.NotFound, false}, {408, transport.Timeout, true}, {409, transport.Refused, false}, {422, transport.Refused, false},
		{429, transport.RateLimited, true}, {500, transport.Unavailable, true}, {502, transport.Unavailable, true},
		{503, transport.Unavailable, true}, {504, transport.Unavailable, true},
	} {
		t.Run(fmt.Sprint(test.status), func(t *testing.T) {
			base := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Location", "/elsewhere")
				w.Header().Set("Retry-After", "3")
				w.WriteHeader(test.status)
			})
			_, err := transport.NewClient(transport.Options{}).Do(t.Context(), personalCall(base))
			failed := failure(t, err)
			require.Equal(t, test.kind, failed.Kind)
			require.Equal(t, test.status, failed.Status)
			require.Equal(t, test.retry, failed.Retryable())
			require.False(t, failed.OrganisationWide())
			require.Equal(t, 3*time.Second, failed.RetryAfter)
		})
	}
}

func TestWhatConcernsTheWholeOrganisation(t *testing.T) { // R9
	for kind, whole := range map[transport.Kind]bool{
		transport.LoginRefused: true, transport.NotSetUp: true, transport.LoginUnavailable: false, transport.NotAuthorised: false,
		transport.ConsentRefused: false, transport.InvalidRecord: false, transport.IdentityMismatch: false, transport.TooLarge: false,
	} {
		require.Equal(t, whole, kind.OrganisationWide(), kind)
		require.Equal(t, kind == transport.LoginUnavailable, kind.Retryable(), kind)
	}
}

func TestErrorsSayNothingAboutPeople(t *testing.T) { // R10
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	bases := map[string]string{
		"refused": serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprint(w, `{"codeType":"DHSEIN","code":"E17","message":"Edith Murray, born 1941-03-09, id 415056224, is not yours"}`)
		}),
		"nothing listens":   closed.URL,
		"no address":        "415056224",
		"odd address":       "ftp://Murray",
		"broken address":    "http://Murray\x7f",
		"reset":             serve(t, reset),
		"not HTTP":          serve(t, raw("Edith Murray 415056224\r\n\r\n")),
		"cut off":           serve(t, raw("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n[{\"lastName\":\"Murray\"")),
		"plain HTTP, not S": strings.Replace(serve(t, reset), "http:", "https:", 1),
	}
	for name, base := range bases {
		t.Run(name, func(t *testing.T) {
			_, err := transport.NewClient(transport.Options{}).Do(t.Context(), personalCall(base))
			require.Error(t, err)
			for _, secret := range private {
				require.NotContains(t, fmt.Sprintf("%v %s %+v", err, err, err), secret)
			}
			failed := failure(t, err)
			require.Nil(t, unwrap(failed), "a wrapped cause would bring its text into workflow histories")
			if name == "refused" {
				require.Equal(t, "services-australia: budgets of a care recipient: refused (status 400, code DHSEIN E17)", failed.Error())
				require.Contains(t, failed.Words, "Edith Murray", "the words are kept for the run's rows")
			}
		})
	}
}

func unwrap(err error) error {
	if wrapper, ok := err.(interface{ Unwrap() error }); ok {
		return wrapper.Unwrap()
	}
	return nil
}

// reset breaks the connection without an answer.
func reset(w http.ResponseWriter, _ *http.Request) {
	connection, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		panic(err)
	}
	if err := connection.(*net.TCPConn).SetLinger(0); err != nil {
		panic(err)
	}
	_ = connection.Close()
}

// raw answers with just these bytes and closes.
func raw(answer string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		connection, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			panic(err)
		}
		_, _ = connection.Write([]byte(answer))
		_ = connection.Close()
	}
}

func TestBrokenAnswers(t *testing.T) {
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	for _, test := range []struct {
		name, base string
		kind       transport.Kind
		code       string
	}{
		{"reset", serve(t, reset), transport.Connection, transport.CodeConnectionReset},
		{"closed without an answer", serve(t, raw("")), transport.Connection, transport.CodeConnectionClosed},
		{"nothing listens", closed.URL, transport.Connection, transport.CodeConnectionRefused},
		{"cut off", serve(t, raw("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n[{")), transport.Unreadable, ""},
		{"cut off in chunks", serve(t, raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n[{")), transport.Unreadable, ""},
		{"not compressed as it says", serve(t, raw("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n[]")), transport.Unreadable, ""},
		{"no address", "services", transport.NotSetUp, transport.CodeAddressInvalid},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := transport.NewClient(transport.Options{}).Do(t.Context(), personalCall(test.base))
			require.Equal(t, test.kind, failure(t, err).Kind)
			require.Equal(t, test.code, failure(t, err).Code)
		})
	}
}

func TestUntrustedCertificate(t *testing.T) {
	server := httptest.NewTLSServer(http.NotFoundHandler())
	server.Config.ErrorLog = nil
	t.Cleanup(server.Close)
	_, err := transport.NewClient(transport.Options{}).Do(t.Context(), personalCall(server.URL))
	require.Equal(t, transport.CodeCertificate, failure(t, err).Code)
}

func TestWhatIsNotThePromisedJSONIsUnreadable(t *testing.T) {
	for _, body := range []string{"", " ", "<html>Login</html>", `[{"a":1}`, `[{"a":1}] and more`, `{"message":"no"}`, `"text"`} {
		base := serve(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, body) })
		response, err := transport.NewClient(transport.Options{}).Do(t.Context(), personalCall(base))
		require.NoError(t, err)
		var rows []any
		failed := failure(t, response.Decode(&rows))
		require.Equal(t, transport.Unreadable, failed.Kind, body)
		require.True(t, failed.Retryable())
		require.Equal(t, 200, failed.Status)
	}
}

func TestBodySizeLimit(t *testing.T) {
	const limit = 1000
	answer := func(size int, compressed bool) string {
		return serve(t, func(w http.ResponseWriter, _ *http.Request) {
			text := strings.Repeat("x", size)
			if !compressed {
				fmt.Fprint(w, text)
				return
			}
			w.Header().Set("Content-Encoding", "gzip")
			zipped := gzip.NewWriter(w)
			fmt.Fprint(zipped, text)
			_ = zipped.Close()
		})
	}
	client := transport.NewClient(transport.Options{MaxBody: limit})
	response, err := client.Do(t.Context(), personalCall(answer(limit, false)))
	require.NoError(t, err)
	require.Len(t, response.Body, limit)
	for name, base := range map[string]string{"plain": answer(limit+1, false), "compressed": answer(1<<20, true)} {
		_, err = client.Do(t.Context(), personalCall(base))
		require.Equal(t, transport.TooLarge, failure(t, err).Kind, name)
		require.False(t, failure(t, err).Retryable(), "the same answer would come again")
	}
}

func TestTimeoutAndCancellation(t *testing.T) {
	silent := func(started chan<- struct{}) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Query().Get("part") != "" {
				fmt.Fprint(w, "[")
				w.(http.Flusher).Flush()
			}
			started <- struct{}{}
			<-r.Context().Done()
		}
	}
	started := make(chan struct{}, 3)
	base := serve(t, silent(started))
	client := transport.NewClient(transport.Options{Timeout: 30 * time.Millisecond})
	call := personalCall(base)
	for _, part := range []string{"", "yes"} {
		call.Query.Set("part", part)
		_, err := client.Do(t.Context(), call)
		require.Equal(t, transport.Timeout, failure(t, err).Kind, "part %q", part)
		require.True(t, failure(t, err).Retryable())
		<-started
	}

	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-started; cancel() }()
	_, err := transport.NewClient(transport.Options{}).Do(ctx, call)
	require.ErrorIs(t, err, context.Canceled)
	require.NotErrorAs(t, err, new(*transport.Error))
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	var elsewhere atomic.Int32
	other := serve(t, func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) })
	base := serve(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other, http.StatusFound) })
	_, err := transport.NewClient(transport.Options{}).Do(t.Context(), personalCall(base))
	require.Equal(t, transport.Unreadable, failure(t, err).Kind)
	require.Zero(t, elsewhere.Load(), "the login must not be carried elsewhere")
}

func TestConnectionsAreReused(t *testing.T) {
	const workers, rounds = 20, 5
	var opened atomic.Int32
	all := sync.WaitGroup{}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		all.Done()
		all.Wait() // every worker of a round is in here at once
		fmt.Fprint(w, "[]")
	}))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			opened.Add(1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	client := transport.NewClient(transport.Options{})
	for range rounds {
		all.Add(workers)
		var done sync.WaitGroup
		for range workers {
			done.Go(func() {
				_, err := client.Do(t.Context(), personalCall(server.URL))
				require.NoError(t, err)
			})
		}
		done.Wait()
	}
	require.LessOrEqual(t, opened.Load(), int32(workers+2), "connections of one round serve the next")
	client.CloseIdle()
}

func TestObserverLearnsHowEachAttemptEnded(t *testing.T) {
	var attempts []transport.Attempt
	client := transport.NewClient(transport.Options{Observe: func(_ context.Context, attempt transport.Attempt) {
		attempts = append(attempts, attempt)
	}})
	answers := []int{200, 503}
	base := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(answers[0])
		answers = answers[1:]
	})
	_, _ = client.Do(t.Context(), personalCall(base))
	_, _ = client.Do(t.Context(), personalCall(base))
	require.Len(t, attempts, 2)
	require.Equal(t, 200, attempts[0].Status)
	require.Empty(t, attempts[0].Kind)
	require.Equal(t, 503, attempts[1].Status)
	require.Equal(t, transport.Unavailable, attempts[1].Kind)
	require.Equal(t, "budgets of a care recipient", attempts[1].Operation)
	require.Regexp(t, `^urn:uuid:[0-9a-f-]{36}$`, attempts[1].MessageID)
	require.NotEqual(t, attempts[0].MessageID, attempts[1].MessageID)
	require.Positive(t, attempts[1].Duration)
}

// What is not admitted is not sent (R37).
func TestACallThatIsNotAdmittedIsNotMade(t *testing.T) {
	base := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("the service was called") })
	refusal := errors.New("not now")
	client := transport.NewClient(transport.Options{Admit: func(context.Context) error { return refusal }})
	_, err := client.Do(t.Context(), personalCall(base))
	require.ErrorIs(t, err, refusal)
}

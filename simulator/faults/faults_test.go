package faults_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/simulator/faults"
)

const trueBody = `[{"careRecipientId":"1"},{"careRecipientId":"2"}]`

// serve starts a server whose calls are all of one operation and person.
func serve(t *testing.T, set *faults.Set) string {
	t.Helper()
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		target := faults.Target{Operation: "budget-details", CareRecipientID: r.URL.Query().Get("person")}
		set.Judge(target).Serve(w, r, func(w http.ResponseWriter, r *http.Request) {
			if fault, asked := faults.Of(r, faults.ShuffledPages); asked {
				w.Header().Set("Rows", strconv.Itoa(fault.Rows))
			}
			w.Header().Set("Content-Length", strconv.Itoa(len(trueBody)))
			_, _ = io.WriteString(w, trueBody)
		})
	})
	server := httptest.NewServer(handler)
	t.Cleanup(func() { set.Clear(); server.Close() })
	return server.URL
}

func get(t *testing.T, url string) (*http.Response, string) {
	t.Helper()
	answer, err := http.Get(url)
	require.NoError(t, err)
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	return answer, string(content)
}

func TestFaultsThatAnswer(t *testing.T) {
	cases := []struct {
		fault  faults.Fault
		status int
		body   string
		header map[string]string
	}{
		{faults.Fault{Kind: faults.TooManyRequests, RetryAfter: 1500 * time.Millisecond}, 429, `"message"`, map[string]string{"Retry-After": "2"}},
		{faults.Fault{Kind: faults.TooManyRequests}, 429, `"message"`, map[string]string{"Retry-After": ""}},
		{faults.Fault{Kind: faults.Unavailable, RetryAfter: 3 * time.Second}, 503, `"errors"`, map[string]string{"Retry-After": "3"}},
		{faults.Fault{Kind: faults.InternalError}, 500, `"message"`, nil},
		{faults.Fault{Kind: faults.BadGateway}, 502, "<html>", nil},
		{faults.Fault{Kind: faults.HTML}, 200, "<!DOCTYPE html>", nil},
		{faults.Fault{Kind: faults.EmptyBody}, 200, "", map[string]string{"Content-Length": "0"}},
		{faults.Fault{Kind: faults.TruncatedJSON}, 200, trueBody[:len(trueBody)/2], nil},
		{faults.Fault{Kind: faults.ShuffledPages, Rows: 3}, 200, trueBody, map[string]string{"Rows": "3"}},
		{faults.Fault{Kind: faults.Latency, Delay: time.Millisecond}, 200, trueBody, nil},
	}
	set := &faults.Set{}
	url := serve(t, set)
	for _, c := range cases {
		t.Run(string(c.fault.Kind), func(t *testing.T) {
			require.NoError(t, set.Set(c.fault))
			answer, body := get(t, url)
			require.Equal(t, c.status, answer.StatusCode)
			require.Contains(t, body, c.body)
			if c.body == "" || c.fault.Kind == faults.TruncatedJSON {
				require.Equal(t, c.body, body)
			}
			for name, value := range c.header {
				require.Equal(t, value, answer.Header.Get(name))
			}
			require.Equal(t, 1, set.List()[0].Hits)
		})
	}
}

func TestRetryAfterAsAnHTTPDate(t *testing.T) {
	set := &faults.Set{}
	url := serve(t, set)
	require.NoError(t, set.Set(faults.Fault{Kind: faults.Unavailable, RetryAfter: time.Minute, RetryAfterDate: true}))
	answer, _ := get(t, url)
	at, err := http.ParseTime(answer.Header.Get("Retry-After"))
	require.NoError(t, err)
	require.WithinDuration(t, time.Now().Add(time.Minute), at, 30*time.Second)
}

func TestAResetBreaksTheConnection(t *testing.T) {
	set := &faults.Set{}
	url := serve(t, set)
	require.NoError(t, set.Set(faults.Fault{Kind: faults.ConnectionReset}))
	_, err := http.Get(url)
	require.True(t, errors.Is(err, syscall.ECONNRESET) || errors.Is(err, io.EOF), "%v", err)
}

func TestAHangLastsUntilTheClientGivesUpOrTheFaultsChange(t *testing.T) {
	set := &faults.Set{}
	url := serve(t, set)
	require.NoError(t, set.Set(faults.Fault{Kind: faults.Hang}))

	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	require.NoError(t, err)
	_, err = http.DefaultClient.Do(request)
	require.ErrorIs(t, err, context.DeadlineExceeded)

	broken := make(chan error, 1)
	go func() {
		_, err := http.Get(url)
		broken <- err
	}()
	require.Eventually(t, func() bool { return set.List()[0].Hits == 2 }, 2*time.Minute, time.Millisecond)
	set.Clear()
	require.Error(t, <-broken)

	require.NoError(t, set.Set(faults.Fault{Kind: faults.Hang, Delay: 10 * time.Millisecond}))
	_, err = http.Get(url)
	require.Error(t, err, "a hang with a delay ends after it")
}

func TestAHugeBodyIsValidJSONOfThatSize(t *testing.T) {
	set := &faults.Set{}
	url := serve(t, set)
	require.NoError(t, set.Set(faults.Fault{Kind: faults.HugeBody, Megabytes: 3}))
	_, body := get(t, url)
	require.InDelta(t, 3<<20, len(body), 8<<10)
	require.True(t, json.Valid([]byte(body)))
}

func TestTargets(t *testing.T) {
	cases := map[string]struct {
		fault faults.Fault
		path  string
		want  []int
	}{
		"every call":      {faults.Fault{}, "", []int{500, 500, 500, 500}},
		"the third call":  {faults.Fault{Skip: 2, Count: 1}, "", []int{200, 200, 500, 200}},
		"the first two":   {faults.Fault{Count: 2}, "", []int{500, 500, 200, 200}},
		"this operation":  {faults.Fault{Operation: "budget-details", Count: 1}, "", []int{500, 200, 200, 200}},
		"its beginning":   {faults.Fault{Operation: "budget*", Count: 1}, "", []int{500, 200, 200, 200}},
		"other operation": {faults.Fault{Operation: "budget"}, "", []int{200, 200, 200, 200}},
		"this person":     {faults.Fault{CareRecipientID: "17"}, "?person=17", []int{500, 500, 500, 500}},
		"another person":  {faults.Fault{CareRecipientID: "17"}, "?person=18", []int{200, 200, 200, 200}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			set := &faults.Set{}
			url := serve(t, set)
			c.fault.Kind = faults.InternalError
			require.NoError(t, set.Set(c.fault))
			var statuses []int
			for range 4 {
				answer, _ := get(t, url+c.path)
				statuses = append(statuses, answer.StatusCode)
			}
			require.Equal(t, c.want, statuses)
		})
	}
}

func TestLatencyGoesTogetherWithOtherFaults(t *testing.T) {
	set := &faults.Set{}
	url := serve(t, set)
	require.NoError(t, set.Set(
		faults.Fault{Kind: faults.Latency, Delay: 20 * time.Millisecond},
		faults.Fault{Kind: faults.InternalError, Count: 1},
	))
	require.NoError(t, set.Add(faults.Fault{Kind: faults.BadGateway, Count: 1}))
	var statuses []int
	for range 3 {
		start := time.Now()
		answer, _ := get(t, url)
		require.GreaterOrEqual(t, time.Since(start), 20*time.Millisecond)
		statuses = append(statuses, answer.StatusCode)
	}
	require.Equal(t, []int{500, 502, 200}, statuses)
}

func TestFaultsInJSON(t *testing.T) {
	text := `{"kind":"latency","operation":"budget-*","skip":1,"count":2,"delay":"150ms"}`
	var fault faults.Fault
	require.NoError(t, json.Unmarshal([]byte(text), &fault))
	require.Equal(t, faults.Fault{
		Kind: faults.Latency, Operation: "budget-*", Skip: 1, Count: 2, Delay: 150 * time.Millisecond,
	}, fault)
	back, err := json.Marshal(fault)
	require.NoError(t, err)
	require.JSONEq(t, text, string(back))

	for wrong, message := range map[string]string{
		`{"kind":"earthquake"}`:                       "earthquake",
		`{"kind":"latency"}`:                          "delay is required",
		`{"kind":"latency","delay":"soon"}`:           "soon",
		`{"kind":"html","skip":-1}`:                   "negative",
		`{"kind":"html","colour":"red"}`:              "colour",
		`{"kind":"too-many-requests","retryAfter":3}`: "retryAfter",
	} {
		require.ErrorContains(t, json.Unmarshal([]byte(wrong), &fault), message)
	}
	set := &faults.Set{}
	require.ErrorContains(t, set.Set(faults.Fault{Kind: "earthquake"}), "earthquake")
	require.ErrorContains(t, set.Add(faults.Fault{}), "unknown fault")
	require.Empty(t, set.List())
}

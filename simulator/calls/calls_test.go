package calls_test

import (
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/simulator/calls"
)

func TestCountsAndLists(t *testing.T) {
	var recorder calls.Recorder
	require.Empty(t, recorder.List())
	recorder.Begin("a")
	recorder.Begin("a")
	recorder.End(calls.Call{Operation: "a", Status: 200, MessageID: "1", Bytes: 10})
	recorder.Begin("b")
	recorder.End(calls.Call{Operation: "b", Status: 404, MessageID: "2"})
	recorder.End(calls.Call{Operation: "a", Status: 503, MessageID: "3", Bytes: 5})

	counts := recorder.Counts()
	require.Equal(t, calls.Count{Calls: 2, Bytes: 15, Statuses: map[int]int{200: 1, 503: 1}, MostAtOnce: 2}, counts["a"])
	require.Equal(t, 1, counts["b"].MostAtOnce)
	var order []string
	for _, call := range recorder.List() {
		order = append(order, call.MessageID)
	}
	require.Equal(t, []string{"1", "2", "3"}, order)

	recorder.Begin("a")
	recorder.Reset()
	recorder.End(calls.Call{Operation: "a", Status: 200})
	require.Equal(t, 1, recorder.Counts()["a"].Calls, "a call that was under way during the reset is counted after it")
	require.Len(t, recorder.List(), 1)
}

func TestKeepsTheLatest(t *testing.T) {
	var recorder calls.Recorder
	for n := range 100_003 {
		recorder.Begin("a")
		recorder.End(calls.Call{Operation: "a", Status: n})
	}
	list := recorder.List()
	require.Len(t, list, 100_000)
	require.Equal(t, 3, list[0].Status)
	require.Equal(t, 100_002, list[99_999].Status)
	require.Equal(t, 100_003, recorder.Counts()["a"].Calls)
}

func TestWriterNotesStatusAndLength(t *testing.T) {
	writer := &calls.Writer{ResponseWriter: httptest.NewRecorder()}
	require.Zero(t, writer.Status)
	_, err := writer.Write([]byte("x"))
	require.NoError(t, err)
	require.Equal(t, 200, writer.Status)
	require.EqualValues(t, 1, writer.Bytes)

	writer = &calls.Writer{ResponseWriter: httptest.NewRecorder()}
	writer.WriteHeader(404)
	require.Equal(t, 404, writer.Status)
}

// Package calls counts the calls of the simulated services and keeps the latest ones.
// A call holds no person's data.
package calls

import (
	"maps"
	"net/http"
	"sync"
	"time"
)

// kept is how many calls are kept one by one; the counts have no limit.
const kept = 100_000

// Call is one request to a simulated service.
type Call struct {
	Operation string    `json:"operation"`
	Time      time.Time `json:"time"`
	// Status is what was answered; 0 if the connection broke without an answer.
	Status   int           `json:"status"`
	Duration time.Duration `json:"durationNanoseconds"`
	// Bytes is the length of the answer's body.
	Bytes int64 `json:"bytes"`
	// CorrelationID and MessageID are the headers as they came; empty for PRODA.
	CorrelationID string `json:"correlationId,omitzero"`
	MessageID     string `json:"messageId,omitzero"`
	// Fault is the kind of fault that was applied, if any.
	Fault string `json:"fault,omitzero"`
}

// Count sums up the calls of one operation.
type Count struct {
	Calls int `json:"calls"`
	// Bytes is the length of all answers' bodies.
	Bytes    int64       `json:"bytes"`
	Statuses map[int]int `json:"statuses"`
	// MostAtOnce is the largest number of calls that were under way together.
	MostAtOnce int `json:"mostAtOnce"`
}

// Recorder counts and keeps calls. The zero value is ready; it is safe for concurrent use.
type Recorder struct {
	mu       sync.Mutex
	calls    []Call
	oldest   int
	counts   map[string]*Count
	underWay map[string]int
}

// Begin records that a call is under way.
func (r *Recorder) Begin(operation string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.underWay == nil {
		r.underWay = map[string]int{}
	}
	r.underWay[operation]++
	count := r.count(operation)
	count.MostAtOnce = max(count.MostAtOnce, r.underWay[operation])
}

// End records how a call ended.
func (r *Recorder) End(call Call) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.underWay[call.Operation]--
	count := r.count(call.Operation)
	count.Calls++
	count.Bytes += call.Bytes
	count.Statuses[call.Status]++
	if len(r.calls) < kept {
		r.calls = append(r.calls, call)
		return
	}
	r.calls[r.oldest] = call
	r.oldest = (r.oldest + 1) % kept
}

func (r *Recorder) count(operation string) *Count {
	if r.counts == nil {
		r.counts = map[string]*Count{}
	}
	count := r.counts[operation]
	if count == nil {
		count = &Count{Statuses: map[int]int{}}
		r.counts[operation] = count
	}
	return count
}

// List returns the kept calls in the order in which they ended: the latest 100,000.
func (r *Recorder) List() []Call {
	r.mu.Lock()
	defer r.mu.Unlock()
	list := make([]Call, 0, len(r.calls))
	list = append(list, r.calls[r.oldest:]...)
	return append(list, r.calls[:r.oldest]...)
}

// Counts returns the count of each operation that was called since the last reset.
func (r *Recorder) Counts() map[string]Count {
	r.mu.Lock()
	defer r.mu.Unlock()
	counts := make(map[string]Count, len(r.counts))
	for operation, count := range r.counts {
		copied := *count
		copied.Statuses = maps.Clone(count.Statuses)
		counts[operation] = copied
	}
	return counts
}

// Reset forgets all calls and counts.
func (r *Recorder) Reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls, r.oldest, r.counts = nil, 0, nil
}

// Writer records the status and the length of an answer.
type Writer struct {
	http.ResponseWriter
	// Status is the status that was written; 0 as long as none was.
	Status int
	// Bytes is the length of the body so far.
	Bytes int64
}

// WriteHeader records the status.
func (w *Writer) WriteHeader(status int) {
	if w.Status == 0 {
		w.Status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write records the body's length; a body without a status means 200.
func (w *Writer) Write(body []byte) (int, error) {
	if w.Status == 0 {
		w.Status = http.StatusOK
	}
	written, err := w.ResponseWriter.Write(body)
	w.Bytes += int64(written)
	return written, err
}

// Unwrap makes the connection available to http.ResponseController.
func (w *Writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }

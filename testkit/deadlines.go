package testkit

import (
	"net/http/httptest"
	"time"
)

// Deadlines records an answer, and the deadlines that a handler sets on its connection.
type Deadlines struct {
	*httptest.ResponseRecorder
	Reads, Writes []time.Time
}

// NewDeadlines makes an empty one.
func NewDeadlines() *Deadlines { return &Deadlines{ResponseRecorder: httptest.NewRecorder()} }

// SetReadDeadline is found by http.ResponseController.
func (d *Deadlines) SetReadDeadline(deadline time.Time) error {
	d.Reads = append(d.Reads, deadline)
	return nil
}

// SetWriteDeadline is found by http.ResponseController.
func (d *Deadlines) SetWriteDeadline(deadline time.Time) error {
	d.Writes = append(d.Writes, deadline)
	return nil
}

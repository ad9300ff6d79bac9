package web

import (
	"net/http"
	"time"
)

const (
	// uploadTimeout is how long a file may take to arrive, importTimeout how long it may take from then on until it is answered.
	uploadTimeout = time.Minute
	importTimeout = 15 * time.Minute
)

// AllowImport gives a file its time to arrive, and its import more time than other requests have.
func AllowImport(w http.ResponseWriter) {
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Now().Add(uploadTimeout)) // a recorder in a test has no deadlines
	_ = control.SetWriteDeadline(time.Now().Add(uploadTimeout + importTimeout))
}

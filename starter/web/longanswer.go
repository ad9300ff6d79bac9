package web

import (
	"context"
	"net/http"
	"time"
)

// partTimeout is how long one part of a long answer may take to be written.
const partTimeout = 2 * time.Minute

// LongAnswer writes an answer that may take longer than others, such as a report: each part of it has its own time. It ends with ctx,
// even where the reader has stopped reading.
type LongAnswer struct {
	ctx     context.Context
	out     http.ResponseWriter
	control *http.ResponseController
}

// NewLongAnswer makes one. Call the function that it returns when everything is written.
func NewLongAnswer(ctx context.Context, w http.ResponseWriter) (*LongAnswer, func() bool) {
	answer := &LongAnswer{ctx: ctx, out: w, control: http.NewResponseController(w)}
	return answer, context.AfterFunc(ctx, func() { _ = answer.control.SetWriteDeadline(time.Now()) })
}

// Write implements io.Writer.
func (a *LongAnswer) Write(part []byte) (int, error) {
	if err := a.control.SetWriteDeadline(time.Now().Add(partTimeout)); err != nil {
		return 0, err
	}
	if err := context.Cause(a.ctx); err != nil {
		return 0, err
	}
	return a.out.Write(part)
}

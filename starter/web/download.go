package web

import (
	"context"
	"io"
	"net/http"
	"time"

	"go.uber.org/zap"
)

// partTimeout is how long one part of a download may take to be written.
const partTimeout = 2 * time.Minute

// Download sends a file of any length, which write writes for as long as the credential of the request is valid. Where that fails, it breaks
// the connection off, so that whoever reads the file sees that it is not complete.
func Download(ctx context.Context, w http.ResponseWriter, logger *zap.Logger, name, mediaType string, write func(context.Context, io.Writer) error) {
	w.Header().Set("Content-Type", mediaType)
	w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
	valid, end := WhileValid(ctx)
	defer end()
	out := &downloadWriter{ctx: valid, out: w, control: http.NewResponseController(w)}
	defer context.AfterFunc(valid, out.stop)()
	if err := write(valid, out); err != nil {
		logger.Info("download interrupted", RequestID(ctx), zap.String("file", name), zap.Error(err))
		panic(http.ErrAbortHandler)
	}
}

// downloadWriter gives each part of a download its own time. It ends with its context, even where the reader has stopped reading.
type downloadWriter struct {
	ctx     context.Context
	out     http.ResponseWriter
	control *http.ResponseController
}

// stop ends a write that is under way.
func (d *downloadWriter) stop() { _ = d.control.SetWriteDeadline(time.Now()) }

// Write implements io.Writer.
func (d *downloadWriter) Write(part []byte) (int, error) {
	if err := d.control.SetWriteDeadline(time.Now().Add(partTimeout)); err != nil {
		return 0, err
	}
	if err := context.Cause(d.ctx); err != nil {
		return 0, err
	}
	return d.out.Write(part)
}

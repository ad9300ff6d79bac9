package main

import (
	"errors"
	"fmt"
	"runtime"
	"syscall"

	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/log/tag"
)

// serverLog is Temporal's own logger, but for one thing: on a fatal error it does not end the program, which has a PostgreSQL and
// a COMMAND to look after. It hands the error over and ends the goroutine instead.
type serverLog struct {
	log.Logger
	fatal func(error)
}

// newServerLog writes warnings and worse to a file.
func newServerLog(file string, fatal func(error)) log.Logger {
	zap := log.BuildZapLogger(log.Config{Level: "warn", OutputFile: file})
	return serverLog{Logger: log.NewZapLogger(zap), fatal: fatal}
}

// Fatal implements log.Logger.
func (l serverLog) Fatal(message string, tags ...tag.Tag) {
	l.Error(message, tags...)
	err := errors.New(message)
	for _, t := range tags {
		if cause := errorIn(t); errors.Is(cause, syscall.EADDRINUSE) {
			err = fmt.Errorf("%w: %w", errPortTaken, cause)
		} else if cause != nil {
			err = fmt.Errorf("%s: %w", message, cause)
		}
	}
	l.fatal(err)
	runtime.Goexit()
}

func errorIn(t tag.Tag) error {
	zapTag, ok := t.(tag.ZapTag)
	if !ok {
		return nil
	}
	err, _ := zapTag.Field().Interface.(error)
	return err
}

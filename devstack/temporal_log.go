package main

import (
	"errors"
	"fmt"
	"syscall"

	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/log/tag"
)

// newFileLog is Temporal's own logger, for warnings and worse.
func newFileLog(file string) log.Logger {
	return log.NewZapLogger(log.BuildZapLogger(log.Config{Level: "warn", OutputFile: file}))
}

// serverLog differs from it in one thing: on a fatal error it does not end the program, which has a PostgreSQL and a COMMAND to
// look after, but hands the error over. The caller does not expect to continue after that, so fatal must not return.
type serverLog struct {
	log.Logger
	fatal func(error)
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
}

func errorIn(t tag.Tag) error {
	zapTag, ok := t.(tag.ZapTag)
	if !ok {
		return nil
	}
	err, _ := zapTag.Field().Interface.(error)
	return err
}

// Package logging makes the programs' loggers. Nothing that identifies a person is ever logged (R10).
package logging

import (
	"fmt"
	"os"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// New returns a logger that writes to standard error, so that standard output stays free for results.
func New(level Level, format Format) *zap.Logger {
	return newLogger(zapcore.Lock(os.Stderr), level, format.resolve(os.Stderr))
}

func newLogger(out zapcore.WriteSyncer, level Level, format Format) *zap.Logger {
	core := zapcore.NewCore(encoder(format), out, zapcore.Level(level))
	return zap.New(core, zap.AddCaller(), zap.AddStacktrace(zap.DPanicLevel))
}

func encoder(format Format) zapcore.Encoder {
	if format == Console {
		config := zap.NewDevelopmentEncoderConfig()
		config.EncodeTime = zapcore.TimeEncoderOfLayout("15:04:05.000")
		return zapcore.NewConsoleEncoder(config)
	}
	config := zap.NewProductionEncoderConfig()
	config.TimeKey = "time"
	config.EncodeTime = zapcore.RFC3339NanoTimeEncoder
	config.EncodeDuration = zapcore.StringDurationEncoder
	return zapcore.NewJSONEncoder(config)
}

// Level is a flag value: the minimum log level.
type Level zapcore.Level

// InfoLevel is the usual level.
const InfoLevel = Level(zapcore.InfoLevel)

// Set implements pflag.Value.
func (l *Level) Set(text string) error {
	switch text {
	case "debug", "info", "warn", "error":
		return (*zapcore.Level)(l).Set(text)
	}
	return fmt.Errorf("%q is not a log level: want debug, info, warn or error", text)
}

// String implements pflag.Value.
func (l Level) String() string { return zapcore.Level(l).String() }

// Type implements pflag.Value.
func (l Level) Type() string { return "level" }

// Format is a flag value: how log lines are written.
type Format string

// The formats: JSON for servers, Console for people, Auto for Console on a terminal and JSON elsewhere.
const (
	JSON    Format = "json"
	Console Format = "console"
	Auto    Format = "auto"
)

// Set implements pflag.Value.
func (f *Format) Set(text string) error {
	switch format := Format(text); format {
	case JSON, Console, Auto:
		*f = format
		return nil
	}
	return fmt.Errorf("%q is not a log format: want json, console or auto", text)
}

// String implements pflag.Value.
func (f Format) String() string { return string(f) }

// Type implements pflag.Value.
func (f Format) Type() string { return "format" }

func (f Format) resolve(out *os.File) Format {
	if f != Auto {
		return f
	}
	if info, err := out.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
		return Console
	}
	return JSON
}

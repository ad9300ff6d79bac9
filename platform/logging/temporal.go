package logging

import (
	"log/slog"
	"math"

	"go.temporal.io/sdk/log"
	"go.uber.org/zap"
	"go.uber.org/zap/exp/zapslog"
)

// noStacks is above every level: the SDK's own stack under each failed activity says nothing.
const noStacks = slog.Level(math.MaxInt)

// ForTemporal lets the Temporal SDK, and workflow.GetLogger and activity.GetLogger with it, write through logger.
func ForTemporal(logger *zap.Logger) log.Logger {
	handler := zapslog.NewHandler(logger.Core(),
		zapslog.WithName(logger.Named("temporal").Name()),
		zapslog.WithCaller(true),
		zapslog.AddStacktraceAt(noStacks))
	return log.NewStructuredLogger(slog.New(handler))
}

package logging

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

func capture(level Level, format Format) (*zap.Logger, *bytes.Buffer) {
	var buffer bytes.Buffer
	return newLogger(zapcore.AddSync(&buffer), level, format), &buffer
}

func TestJSONForServers(t *testing.T) {
	logger, lines := capture(InfoLevel, JSON)
	logger.Named("worker").Info("started", zap.Int("slots", 4))

	var line map[string]any
	require.NoError(t, json.Unmarshal(lines.Bytes(), &line))
	require.Equal(t, "info", line["level"])
	require.Equal(t, "started", line["msg"])
	require.Equal(t, "worker", line["logger"])
	require.EqualValues(t, 4, line["slots"])
	require.Contains(t, line["time"], "T")
	require.Contains(t, line["caller"], "logging_test.go")
}

func TestConsoleForPeople(t *testing.T) {
	logger, lines := capture(InfoLevel, Console)
	logger.Info("started")
	require.Contains(t, lines.String(), "INFO")
	require.Contains(t, lines.String(), "started")
	require.False(t, json.Valid(lines.Bytes()))
}

func TestLevelHoldsBack(t *testing.T) {
	var level Level
	require.NoError(t, level.Set("warn"))
	logger, lines := capture(level, JSON)
	logger.Info("too low")
	logger.Warn("high enough")
	require.NotContains(t, lines.String(), "too low")
	require.Contains(t, lines.String(), "high enough")
}

func TestErrorsCarryNoStack(t *testing.T) {
	logger, lines := capture(InfoLevel, JSON)
	logger.Error("failed", zap.Error(errors.New("database away")))
	ForTemporal(logger).Error("failed", "Error", errors.New("database away"))
	require.NotContains(t, lines.String(), "stacktrace")
}

func TestAutoIsJSONOffTerminal(t *testing.T) {
	file, err := os.Create(filepath.Join(t.TempDir(), "log"))
	require.NoError(t, err)
	defer file.Close()
	require.Equal(t, JSON, Auto.resolve(file))
	require.Equal(t, Console, Console.resolve(file))
}

func TestTemporalLogsThroughZap(t *testing.T) {
	logger, lines := capture(InfoLevel, JSON)

	sdk := ForTemporal(logger.Named("worker"))
	sdk.Debug("too low")
	sdk.Warn("activity failed", "Attempt", 2, "Error", errors.New("service unavailable"))

	var line map[string]any
	require.NoError(t, json.Unmarshal(lines.Bytes(), &line))
	require.Equal(t, "warn", line["level"])
	require.Equal(t, "worker.temporal", line["logger"])
	require.Equal(t, "service unavailable", line["Error"])
	require.EqualValues(t, 2, line["Attempt"])
	require.Contains(t, line["caller"], "logging_test.go")
}

package main

import (
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/caresync/caresync/simulator/faults"
)

func parse(t *testing.T, arguments ...string) error {
	t.Helper()
	command := newCommand()
	command.SetArgs(append([]string{"serve"}, arguments...))
	command.SetOut(io.Discard)
	command.SetErr(io.Discard)
	ended, end := context.WithCancel(t.Context())
	end() // a command that is told to stop at once only checks its flags and starts
	return command.ExecuteContext(ended)
}

func TestFlagsThatCannotBe(t *testing.T) {
	cases := map[string][]string{
		"must not be negative": {"--people=-1"},
		"--participants":       {"--participants=-1"},
		"--today":              {"--today=tomorrow"},
		"is not a folder":      {"--scenarios=/no/such/folder"},
		"unknown flag":         {"--colour=red"},
		"unknown command":      {"now"},
		"listen":               {"--listen=256.0.0.1:0", "--people=0"},
		"state file":           {"--state=/no/such/folder/state"},
	}
	for words, arguments := range cases {
		require.ErrorContains(t, parse(t, arguments...), words)
	}
	require.NoError(t, parse(t, "--listen=127.0.0.1:0", "--people=3"))
}

func TestFlagsComeFromTheEnvironmentToo(t *testing.T) {
	t.Setenv("CARESYNC_SIMULATOR_LISTEN", "127.0.0.1:0")
	t.Setenv("CARESYNC_SIMULATOR_PEOPLE", "many")
	require.ErrorContains(t, parse(t), "CARESYNC_SIMULATOR_PEOPLE")
	require.NoError(t, parse(t, "--people=1"), "the command line wins")
	t.Setenv("CARESYNC_SIMULATOR_PEOPLE", "2")
	t.Setenv("CARESYNC_SIMULATOR_LATENCY", "5ms")
	require.NoError(t, parse(t))
}

func TestSettingsMakeTheSimulatorTheyAskFor(t *testing.T) {
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "one.yaml"), []byte("people: [{key: only-one}]"), 0o600))
	given := settings{
		people: 2, participants: 3, seed: 5, today: "2026-02-28", scenarios: folder, oneProvider: true, latency: 150 * time.Millisecond,
	}
	simulator, err := newSimulator(given)
	require.NoError(t, err)
	require.Len(t, simulator.World.Recipients(), 3)
	require.Len(t, simulator.World.Participants(), 3)
	require.Len(t, simulator.World.Organisations(), 1)
	require.Equal(t, "2026-02-28", simulator.World.Today().String())
	require.Len(t, simulator.Faults.List(), 4)
	require.Equal(t, faults.Latency, simulator.Faults.List()[0].Fault.Kind)

	given.scenarios = noScenarios
	simulator, err = newSimulator(given)
	require.NoError(t, err)
	require.Len(t, simulator.World.Recipients(), 2)
}

// serving starts the program on a free port and gives its address, the way to stop it and how it ended.
func serving(t *testing.T, given settings) (address string, stop func(), ended <-chan error) {
	t.Helper()
	core, logs := observer.New(zapcore.InfoLevel)
	ctx, cancel := context.WithCancel(t.Context())
	result := make(chan error, 1)
	go func() { result <- serve(ctx, given, zap.New(core)) }()
	ready := func() bool { return logs.FilterMessage("simulator ready").Len() == 1 }
	require.Eventually(t, ready, 2*time.Minute, time.Millisecond)
	address = logs.FilterMessage("simulator ready").All()[0].ContextMap()["address"].(string)
	return address, cancel, result
}

func defaults() settings {
	return settings{listen: "127.0.0.1:0", people: 1, seed: 1, scenarios: noScenarios}
}

func TestTheProgramServesUntilToldToStop(t *testing.T) {
	address, stop, ended := serving(t, defaults())
	answer, err := http.Get(address + "/control/health")
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	require.Equal(t, http.StatusOK, answer.StatusCode)

	taken := defaults()
	taken.listen = address[len("http://"):]
	require.ErrorContains(t, serve(t.Context(), taken, zap.NewNop()), "listen")

	stop()
	require.NoError(t, <-ended)
	_, err = http.Get(address + "/control/health")
	require.Error(t, err)
}

func TestStoppingFinishesCallsUnderWayAndReleasesThoseThatHang(t *testing.T) {
	given := defaults()
	given.state = filepath.Join(t.TempDir(), "state")
	address, stop, ended := serving(t, given)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPut, address+"/control/faults", strings.NewReader(`{"kind":"hang"}`))
	require.NoError(t, err)
	answer, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	require.Equal(t, http.StatusOK, answer.StatusCode)

	broken := make(chan error, 1)
	go func() {
		_, err := http.Post(address+"/mga/sps/oauth/oauth20/token", "application/x-www-form-urlencoded", http.NoBody)
		broken <- err
	}()
	hanging := func() bool {
		answer, err := http.Get(address + "/control/faults")
		if err != nil {
			return false
		}
		defer answer.Body.Close()
		content, err := io.ReadAll(answer.Body)
		return err == nil && strings.Contains(string(content), `"hits":1`)
	}
	require.Eventually(t, hanging, 2*time.Minute, time.Millisecond)
	stop()
	require.Error(t, <-broken)
	require.NoError(t, <-ended)
}

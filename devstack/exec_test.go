package main

import (
	"bufio"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/creack/pty"
	"github.com/stretchr/testify/require"
)

func TestExecExportsTheAddressesAndPassesOnTheExitCode(t *testing.T) {
	t.Parallel()
	tmp := newDir(t)
	cmd := devstack(tmp, "exec", "--temporal-store", "sqlite", "--fast", "--namespace", "another", "--", "sh", "-c", "env; exit 7")
	output, err := cmd.Output()

	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit)
	require.Equal(t, 7, exit.ExitCode())
	env := parseEnv(string(output))
	require.Equal(t, "another", env["TEMPORAL_NAMESPACE"])
	require.Regexp(t, `^127\.0\.0\.1:\d+$`, env["TEMPORAL_ADDRESS"])
	require.Regexp(t, `^http://127\.0\.0\.1:\d+$`, env["TEMPORAL_UI_URL"])
	require.Regexp(t, `^postgres://caresync:[0-9a-f]{32}@127\.0\.0\.1:\d+/caresync\?sslmode=disable$`, env["DATABASE_URL"])
	require.Regexp(t, `^postgres://postgres:[0-9a-f]{32}@127\.0\.0\.1:\d+/postgres\?sslmode=disable$`, env["DATABASE_ADMIN_URL"])
	require.NotContains(t, env, "TEMPORAL_API_KEY", "settings for another Temporal must not reach COMMAND")

	require.False(t, listens(t, env["DATABASE_URL"]))
	require.False(t, listens(t, env["TEMPORAL_ADDRESS"]))
	left, err := os.ReadDir(tmp)
	require.NoError(t, err)
	require.Empty(t, left, "the temporary directory must be gone")
}

func TestCommandGetsSignalsBeforeTheStackEnds(t *testing.T) {
	t.Parallel()
	p := start(t, "exec", "--without", "temporal", "--fast", "--", os.Args[0], "probe")
	require.Contains(t, p.line(), "running")

	// As Ctrl-C does: the whole group of devstack gets it.
	require.NoError(t, syscall.Kill(-p.Process.Pid, syscall.SIGINT))
	require.Equal(t, "got interrupt", p.line())
	require.Equal(t, "the database answers", p.line())
	require.Equal(t, 9, p.exitCode())
}

func TestSignalDuringTheStartEndsIt(t *testing.T) {
	t.Parallel()
	tmp := newDir(t)
	p := startIn(t, tmp, "exec", "--", "true")
	eventually(t, func() bool {
		left, _ := os.ReadDir(tmp)
		return len(left) > 0
	}, "devstack did not start")
	p.signal(syscall.SIGTERM)
	require.Equal(t, exitCodeOf(syscall.SIGTERM), p.exitCode())
	left, err := os.ReadDir(tmp)
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestExitCodeOfCommandsThatDoNotEndByThemselves(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		command []string
		code    int
	}{
		"not found":         {[]string{"/no/such/command"}, exitCommandNotFound},
		"not executable":    {[]string{"./main.go"}, exitCommandNotRun},
		"ended by a signal": {[]string{"sh", "-c", "kill -9 $$"}, exitCodeOf(syscall.SIGKILL)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := start(t, append([]string{"exec", "--without", "temporal", "--fast", "--"}, c.command...)...)
			require.Equal(t, c.code, p.exitCode())
		})
	}
}

// On a terminal COMMAND gets Ctrl-C from the terminal, once, and may read from it.
func TestCommandOnATerminal(t *testing.T) {
	t.Parallel()
	cmd := devstack(newDir(t), "exec", "--without", "temporal", "--fast", "--", "sh", "-c", `read word; echo "read $word"; exec "$0" probe`, os.Args[0])
	cmd.SysProcAttr = nil // the terminal gives it a session of its own
	terminal, err := pty.Start(cmd)
	require.NoError(t, err)
	defer terminal.Close()
	lines := bufio.NewScanner(terminal)
	nextLine := func() string {
		require.True(t, lines.Scan())
		return lines.Text()
	}

	_, err = terminal.WriteString("hello\n")
	require.NoError(t, err)
	require.Equal(t, "hello", nextLine(), "the terminal's echo")
	require.Equal(t, "read hello", nextLine())
	require.Contains(t, nextLine(), "running")
	_, err = terminal.Write([]byte{3})
	require.NoError(t, err)
	require.Equal(t, "^Cgot interrupt", nextLine())
	require.Equal(t, "the database answers", nextLine())
	var exit *exec.ExitError
	require.ErrorAs(t, cmd.Wait(), &exit)
	require.Equal(t, 9, exit.ExitCode())
}

func TestCommandIsEndedWhenPostgresDies(t *testing.T) {
	t.Parallel()
	tmp := newDir(t)
	p := startIn(t, tmp, "exec", "--without", "temporal", "--fast", "--", os.Args[0], "probe")
	require.Contains(t, p.line(), "running")

	kill(t, postmaster(t, onlyDir(t, tmp)))
	require.Equal(t, "got terminated", p.line())
	require.Equal(t, "the database is gone", p.line())
	require.Equal(t, exitStackFailed, p.exitCode())
	require.Contains(t, p.stderr.String(), "PostgreSQL ended unexpectedly (signal: killed)")
}

func TestKilledStackIsCleanedUp(t *testing.T) {
	t.Parallel()
	tmp := newDir(t)
	p := startIn(t, tmp, "exec", "--without", "temporal", "--fast", "--", os.Args[0], "probe")
	command, err := strconv.Atoi(strings.TrimPrefix(p.line(), "running "))
	require.NoError(t, err)
	server := postmaster(t, onlyDir(t, tmp))
	require.True(t, alive(server))

	p.signal(syscall.SIGKILL)
	require.Equal(t, "got terminated", p.line(), "COMMAND goes first")
	require.Equal(t, "the database answers", p.line())
	eventually(t, func() bool { return !alive(command) }, "COMMAND survives")
	eventually(t, func() bool { return !alive(server) }, "PostgreSQL survives")
	eventually(t, func() bool {
		left, err := os.ReadDir(tmp)
		return err == nil && len(left) == 0
	}, "the temporary directory survives")
}

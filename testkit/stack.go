package testkit

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/protocol"
)

const startTimeout = 5 * time.Minute

// Binary is a program that `make build` made, in the directory that CARESYNC_BIN names.
func Binary(t testing.TB, name string) string {
	t.Helper()
	directory := os.Getenv("CARESYNC_BIN")
	if directory == "" {
		t.Fatal("CARESYNC_BIN is not set: run the tests with `make test`, which builds the programs that they start")
	}
	return filepath.Join(directory, name)
}

// Process is a program that a test started.
type Process struct {
	command *exec.Cmd
	output  *os.File
	ended   chan struct{}
}

// StartProcess starts a program with some variables more than the test's own environment. It is killed when the test ends, and its
// output is shown if the test failed.
func StartProcess(t testing.TB, environment []string, path string, arguments ...string) *Process {
	t.Helper()
	output, err := os.CreateTemp(t.TempDir(), "output")
	require.NoError(t, err)
	p := &Process{command: exec.Command(path, arguments...), output: output, ended: make(chan struct{})}
	p.command.Env = append(os.Environ(), environment...)
	p.command.Stdout, p.command.Stderr = output, output
	p.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	require.NoError(t, p.command.Start())
	go func() {
		defer close(p.ended)
		_ = p.command.Wait() // how it ended is asked of its state
	}()
	t.Cleanup(func() {
		p.Kill()
		if t.Failed() {
			text, _ := os.ReadFile(output.Name())
			t.Logf("output of %s:\n%s", filepath.Base(path), text)
		}
	})
	return p
}

// Kill ends the program at once, as a crash would, and waits until it is gone.
func (p *Process) Kill() {
	_ = p.command.Process.Kill()
	<-p.ended
}

// Freeze suspends the program for some time, like an overloaded or suspended machine.
func (p *Process) Freeze(t testing.TB, duration time.Duration) {
	t.Helper()
	require.NoError(t, p.command.Process.Signal(syscall.SIGSTOP))
	<-time.After(duration)
	require.NoError(t, p.command.Process.Signal(syscall.SIGCONT))
}

// Stop asks the program to end, waits for it and returns its exit code.
func (p *Process) Stop(t testing.TB) int {
	t.Helper()
	require.NoError(t, p.command.Process.Signal(syscall.SIGTERM))
	select {
	case <-p.ended:
	case <-time.After(startTimeout):
		t.Fatalf("%s did not end after SIGTERM", p.command.Path)
	}
	return p.command.ProcessState.ExitCode()
}

// Stack is a test's own Temporal server and PostgreSQL, which it may kill and start again.
type Stack struct {
	DatabaseURL, TemporalAddress string

	directory                  string
	postgresPort, temporalPort int
	adminURL                   string
	postgres, temporal         *Process
}

// NewStack starts a stack. Temporal keeps its state in the same PostgreSQL, as in production.
func NewStack(t testing.TB) *Stack {
	t.Helper()
	directory, err := os.MkdirTemp("", "caresync-stack-")
	require.NoError(t, err)
	require.NoError(t, os.Chmod(directory, 0o711)) // PostgreSQL does not run as root
	t.Cleanup(func() { _ = os.RemoveAll(directory) })
	s := &Stack{directory: directory, postgresPort: freePort(t), temporalPort: freePort(t)}
	s.StartPostgres(t)
	s.StartTemporal(t)
	return s
}

// StartPostgres starts PostgreSQL, with what it held before.
func (s *Stack) StartPostgres(t testing.TB) {
	t.Helper()
	environment := filepath.Join(s.directory, "postgres.env")
	s.postgres = StartProcess(t, nil, Binary(t, "devstack"), "up", "--without", "temporal", "--fast", "--dir", filepath.Join(s.directory, "postgres"),
		"--postgres-port", strconv.Itoa(s.postgresPort), "--env-file", environment)
	addresses := awaitEnvironment(t, s.postgres, environment)
	s.DatabaseURL, s.adminURL = addresses["DATABASE_URL"], addresses["DATABASE_ADMIN_URL"]
}

// StartTemporal starts the Temporal server, with what it held before.
func (s *Stack) StartTemporal(t testing.TB) {
	t.Helper()
	environment := filepath.Join(s.directory, "temporal.env")
	arguments := []string{"up", "--without", "ui", "--postgres-url", s.adminURL, "--temporal-port", strconv.Itoa(s.temporalPort), "--env-file", environment}
	for _, attribute := range protocol.SearchAttributes {
		arguments = append(arguments, "--search-attribute", attribute.GetName()+"="+attribute.GetValueType().String())
	}
	s.temporal = StartProcess(t, nil, Binary(t, "devstack"), arguments...)
	s.TemporalAddress = awaitEnvironment(t, s.temporal, environment)["TEMPORAL_ADDRESS"]
}

// KillTemporal ends the Temporal server at once.
func (s *Stack) KillTemporal() { s.temporal.Kill() }

// KillPostgres ends PostgreSQL at once, as a crash would, and Temporal, which cannot continue without it.
func (s *Stack) KillPostgres(t testing.TB) {
	t.Helper()
	pid := postmaster(t, filepath.Join(s.directory, "postgres"))
	require.NoError(t, syscall.Kill(pid, syscall.SIGKILL))
	<-s.postgres.ended
	s.temporal.Kill()
}

// postmaster reads the process id of the PostgreSQL that runs somewhere below a directory.
func postmaster(t testing.TB, directory string) int {
	t.Helper()
	var pid int
	require.NoError(t, filepath.WalkDir(directory, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.Name() != "postmaster.pid" {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		first, _, _ := strings.Cut(string(text), "\n")
		pid, err = strconv.Atoi(first)
		return err
	}))
	require.Positive(t, pid, "PostgreSQL does not run")
	return pid
}

// TemporalDatabaseURLs are those of the databases in which Temporal keeps its state, for its administrator.
func (s *Stack) TemporalDatabaseURLs(t testing.TB) []string {
	t.Helper()
	var urls []string
	for _, name := range []string{"temporal", "temporal_visibility"} {
		address, err := url.Parse(s.adminURL)
		require.NoError(t, err)
		address.Path = "/" + name
		urls = append(urls, address.String())
	}
	return urls
}

// NewDatabase makes a database with the current schema on the stack.
func (s *Stack) NewDatabase(t testing.TB) string {
	t.Helper()
	_, err := db.Migrate(context.WithoutCancel(t.Context()), s.DatabaseURL)
	require.NoError(t, err)
	return s.DatabaseURL
}

// awaitEnvironment waits until a stack has written its addresses.
func awaitEnvironment(t testing.TB, process *Process, path string) map[string]string {
	t.Helper()
	require.Eventually(t, func() bool {
		select {
		case <-process.ended:
			return true
		default:
			_, err := os.Stat(path)
			return err == nil
		}
	}, startTimeout, 20*time.Millisecond, "the stack did not start")
	file, err := os.Open(path)
	require.NoError(t, err, "the stack ended")
	defer file.Close()
	addresses := make(map[string]string)
	for lines := bufio.NewScanner(file); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), "=")
		addresses[name] = value
	}
	return addresses
}

func freePort(t testing.TB) int {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port
}

// FreeAddress is an address on this machine on which nothing listens.
func FreeAddress(t testing.TB) string {
	t.Helper()
	return fmt.Sprintf("127.0.0.1:%d", freePort(t))
}

// LoseTemporal ends the Temporal server, and drops its databases. StartTemporal makes new ones.
func (s *Stack) LoseTemporal(t testing.TB) {
	t.Helper()
	s.temporal.Kill()
	require.NoError(t, os.Remove(filepath.Join(s.directory, "temporal.env"))) // the next one says when it is ready
	admin := OpenSQL(t, s.adminURL)
	for _, name := range []string{"temporal", "temporal_visibility"} {
		admin.Exec(t, "DROP DATABASE "+name+" WITH (FORCE)")
	}
}

package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// asProgram makes the test binary behave as devstack itself, or, with the argument "probe", as a COMMAND.
const asProgram = "TEST_BINARY_AS_DEVSTACK"

// patience is how long something may take on a busy machine.
const patience = 5 * time.Minute

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) == "" {
		os.Exit(m.Run())
	}
	if os.Args[1] == "probe" {
		os.Exit(probe())
	}
	os.Exit(run(os.Args[1:]))
}

// probe says that it runs, waits for a signal and then tells whether the database still answers.
func probe() int {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	fmt.Println("running", os.Getpid())
	fmt.Println("got", <-signals)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, os.Getenv("DATABASE_URL"))
	if err != nil {
		fmt.Println("the database is gone")
		return 10
	}
	defer conn.Close(ctx)
	select {
	case s := <-signals:
		fmt.Println("got another", s)
	default:
		fmt.Println("the database answers")
	}
	return 9
}

// process is a devstack that a test started.
type process struct {
	*exec.Cmd
	t      *testing.T
	stdout *bufio.Reader
	stderr *bytes.Buffer
	done   chan struct{}

	// Of `up`.
	envFile string
	env     map[string]string
}

// start runs devstack. It is killed at the end of the test if it still runs; its watchdog then cleans up.
func start(t *testing.T, args ...string) *process {
	t.Helper()
	return startIn(t, newDir(t), args...)
}

// startIn runs devstack with a given directory for temporary ones.
func startIn(t *testing.T, tmp string, args ...string) *process {
	t.Helper()
	p := &process{Cmd: devstack(tmp, args...), t: t, stderr: &bytes.Buffer{}, done: make(chan struct{})}
	p.Stderr = p.stderr
	read, write, err := os.Pipe()
	require.NoError(t, err)
	p.Stdout = write
	p.stdout = bufio.NewReader(read)
	require.NoError(t, p.Start())
	require.NoError(t, write.Close())
	go func() {
		_ = p.Wait()
		close(p.done)
	}()
	t.Cleanup(func() {
		_ = p.Process.Kill()
		<-p.done
		read.Close()
		eventually(t, func() bool { return !lockHeld(args, tmp) }, "the watchdog did not finish")
	})
	return p
}

func devstack(tmp string, args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), asProgram+"=1", "TMPDIR="+tmp, "TEMPORAL_API_KEY=of-another-place")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return cmd
}

// lockHeld reports whether a watchdog still works in one of the directories, so that a test's directory can be removed.
func lockHeld(args []string, tmp string) bool {
	dirs, _ := filepath.Glob(filepath.Join(tmp, "devstack-*"))
	for i, arg := range args {
		if arg == "--dir" {
			dirs = append(dirs, args[i+1])
		}
	}
	for _, dir := range dirs {
		lock, err := os.Open(filepath.Join(dir, "devstack.lock"))
		if err != nil {
			continue
		}
		err = syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		lock.Close()
		if err != nil {
			return true
		}
	}
	return false
}

// bringUp runs `devstack up` and waits for its addresses.
func bringUp(t *testing.T, args ...string) *process {
	t.Helper()
	return bringUpIn(t, newDir(t), args...)
}

func bringUpIn(t *testing.T, tmp string, args ...string) *process {
	t.Helper()
	envFile := filepath.Join(t.TempDir(), "env")
	p := startIn(t, tmp, append([]string{"up", "--env-file", envFile}, args...)...)
	p.envFile = envFile
	eventually(t, func() bool {
		text, err := os.ReadFile(envFile)
		p.env = parseEnv(string(text))
		return err == nil || p.ended()
	}, "no addresses")
	require.False(t, p.ended(), "devstack ended: %s", p.stderr)
	return p
}

func parseEnv(text string) map[string]string {
	env := map[string]string{}
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		env[name] = value
	}
	return env
}

func (p *process) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// line reads the next line that the process writes.
func (p *process) line() string {
	p.t.Helper()
	text, err := p.stdout.ReadString('\n')
	require.NoError(p.t, err, "stderr: %s", p.stderr)
	return strings.TrimSuffix(text, "\n")
}

// exitCode waits for the end.
func (p *process) exitCode() int {
	p.t.Helper()
	select {
	case <-p.done:
		return p.ProcessState.ExitCode()
	case <-time.After(patience):
		require.FailNow(p.t, "devstack does not end", "stderr: %s", p.stderr)
		return -1
	}
}

func (p *process) signal(s syscall.Signal) {
	p.t.Helper()
	require.NoError(p.t, p.Process.Signal(s))
}

// newDir is a directory that PostgreSQL's user can pass through, which t.TempDir() is not for root.
func newDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.Chmod(filepath.Dir(dir), 0o711))
	require.NoError(t, os.Chmod(dir, 0o711))
	return dir
}

func eventually(t *testing.T, condition func() bool, message string) {
	t.Helper()
	require.Eventually(t, condition, patience, 20*time.Millisecond, message)
}

func connect(t *testing.T, address string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), address)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

// query reads one value.
func query[T any](t *testing.T, address, sql string) (value T) {
	t.Helper()
	require.NoError(t, connect(t, address).QueryRow(t.Context(), sql).Scan(&value))
	return value
}

// listens reports whether a server accepts connections at the host and port of an address.
func listens(t *testing.T, address string) bool {
	t.Helper()
	host := address
	if u, err := url.Parse(address); err == nil && u.Host != "" {
		host = u.Host
	}
	conn, err := net.Dial("tcp", host)
	if err != nil {
		return false
	}
	conn.Close()
	return true
}

package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// adminRole is the superuser of the private PostgreSQL.
	adminRole = "postgres"

	// A start after a crash first replays the log.
	postgresStartTimeout = 5 * time.Minute

	// After a crash the last processes of the old server may take a moment to notice; until then the new one refuses to start.
	postgresCrashPatience = 5 * time.Second

	// Room for the stack's Temporal, a worker with a generous pool and tests that run at the same time.
	postgresMaxConnections = 300
)

// secrets are the passwords of the private PostgreSQL. They are kept in the state directory, so that addresses stay the same
// from one start to the next.
type secrets struct {
	Admin       string `json:"admin"`
	Application string `json:"application"`
	Temporal    string `json:"temporal"`
}

// postgresServer is the private PostgreSQL.
type postgresServer struct {
	port     int
	secrets  secrets
	files    postgresFiles
	user     *account
	watchdog *watchdog

	process  *exec.Cmd
	exited   chan struct{}
	stopping atomic.Bool
}

// postgresFiles are the places in the state directory.
type postgresFiles struct{ data, secrets, log string }

func newPostgresFiles(dir string) postgresFiles {
	return postgresFiles{
		data:    filepath.Join(dir, "postgres"),
		secrets: filepath.Join(dir, "postgres-passwords.json"),
		log:     filepath.Join(dir, "postgres.log"),
	}
}

// startPostgres creates the database cluster if there is none yet, starts the server and waits until it answers. fail is told
// if the server ends unexpectedly later.
func startPostgres(ctx context.Context, dir *stateDir, options Options, w *watchdog, fail func(error)) (*postgresServer, error) {
	user, err := postgresAccount()
	if err != nil {
		return nil, err
	}
	if err := user.mayEnter(dir.path); err != nil {
		return nil, fmt.Errorf("%w: choose another --dir, or open it with chmod o+x", err)
	}
	s := &postgresServer{files: newPostgresFiles(dir.path), user: user, watchdog: w}
	major, err := s.clusterVersion()
	if err != nil {
		return nil, err
	}
	binaries, err := findPostgres(ctx, user, major)
	if err != nil {
		return nil, err
	}
	if major == 0 {
		err = s.createCluster(ctx, binaries, options.Fast)
	} else {
		err = s.readSecrets()
	}
	if err != nil {
		return nil, err
	}
	s.stopOrphan(ctx)

	err = onFreePort(options.PostgresPort, "--postgres-port", func(port int) error {
		s.port = port
		return s.launch(ctx, binaries, options.Fast, major != 0)
	})
	if err != nil {
		return nil, fmt.Errorf("start PostgreSQL %d: %w", binaries.major, err)
	}
	go s.supervise(fail)
	return s, nil
}

// clusterVersion is the major version that created the data directory; 0 if there is none.
func (s *postgresServer) clusterVersion() (int, error) {
	text, err := os.ReadFile(filepath.Join(s.files.data, "PG_VERSION"))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("data directory: %w", err)
	}
	major, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return 0, fmt.Errorf("data directory %s: PG_VERSION holds %q, which is no version", s.files.data, text)
	}
	return major, nil
}

// createCluster runs initdb beside the final place and moves the result there, so that an attempt that was killed leaves nothing
// that looks complete.
func (s *postgresServer) createCluster(ctx context.Context, binaries postgresBinaries, fast bool) error {
	if err := s.writeSecrets(); err != nil {
		return err
	}
	draft := s.files.data + ".new"
	passwordFile := draft + ".password"
	defer os.Remove(passwordFile)
	err := errors.Join(
		os.RemoveAll(draft),
		os.Mkdir(draft, 0o700),
		s.user.own(draft),
		os.WriteFile(passwordFile, []byte(s.secrets.Admin+"\n"), 0o600),
		s.user.own(passwordFile),
	)
	if err != nil {
		return fmt.Errorf("create the data directory: %w", err)
	}
	args := []string{
		"--pgdata=" + draft, "--username=" + adminRole, "--pwfile=" + passwordFile, "--auth=scram-sha-256",
		"--encoding=UTF8", "--no-locale", // the same order of rows on every machine
	}
	if fast {
		args = append(args, "--no-sync")
	}
	if err := s.initdb(ctx, binaries.program("initdb"), draft, args); err != nil {
		return fmt.Errorf("initdb: %w", err)
	}
	if err := os.Rename(draft, s.files.data); err != nil {
		return fmt.Errorf("create the data directory: %w", err)
	}
	return nil
}

// initdb runs the program under the watchdog's eyes: it and its children write into a directory that may have to be removed.
func (s *postgresServer) initdb(ctx context.Context, program, dir string, args []string) error {
	var output bytes.Buffer
	initdb := exec.CommandContext(ctx, program, args...)
	initdb.Dir = dir
	initdb.Stdout, initdb.Stderr = &output, &output
	initdb.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: s.user.credential()}
	initdb.Cancel = func() error { return syscall.Kill(-initdb.Process.Pid, syscall.SIGKILL) }
	if err := initdb.Start(); err != nil {
		return err
	}
	err := errors.Join(
		s.watchdog.guard(guardPostgres, -initdb.Process.Pid),
		initdb.Wait(),
		s.watchdog.guard(guardPostgres, 0),
	)
	if err != nil {
		return fmt.Errorf("%w\n%s", err, lastLines(output.String()))
	}
	return nil
}

func (s *postgresServer) writeSecrets() error {
	s.secrets = secrets{Admin: randomPassword(), Application: randomPassword(), Temporal: randomPassword()}
	text, err := json.MarshalIndent(s.secrets, "", "  ")
	if err != nil {
		return fmt.Errorf("write the passwords: %w", err)
	}
	if err := os.WriteFile(s.files.secrets, text, 0o600); err != nil {
		return fmt.Errorf("write the passwords: %w", err)
	}
	return nil
}

func (s *postgresServer) readSecrets() error {
	text, err := os.ReadFile(s.files.secrets)
	if err != nil {
		return fmt.Errorf("read the passwords of the existing database cluster: %w", err)
	}
	if err := json.Unmarshal(text, &s.secrets); err != nil {
		return fmt.Errorf("read the passwords in %s: %w", s.files.secrets, err)
	}
	return nil
}

func randomPassword() string {
	random := make([]byte, 16)
	_, _ = rand.Read(random) // never fails
	return hex.EncodeToString(random)
}

// launch starts the server and waits until it answers. Where a cluster existed before, the server that used it may have crashed a
// moment ago, and a start that fails is tried again for a while.
func (s *postgresServer) launch(ctx context.Context, binaries postgresBinaries, fast, existing bool) error {
	patient := time.Now()
	if existing {
		patient = patient.Add(postgresCrashPatience)
	}
	return waitUntil(ctx, postgresStartTimeout, nil, func(context.Context) error {
		if err := s.spawn(binaries, fast); err != nil {
			return final(err)
		}
		err := waitUntil(ctx, postgresStartTimeout, s.exited, s.answers)
		if err == nil {
			return nil
		}
		ended := s.hasExited()
		s.stop()
		switch {
		case ctx.Err() != nil:
			return final(err)
		case !isPortFree(s.port):
			return final(errPortTaken)
		case ended && time.Now().Before(patient):
			return err
		default:
			return final(fmt.Errorf("%w; the end of %s:\n%s", err, s.files.log, tail(s.files.log)))
		}
	})
}

// spawn starts the server process and has the watchdog guard it.
func (s *postgresServer) spawn(binaries postgresBinaries, fast bool) error {
	log, err := os.OpenFile(s.files.log, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("open the log: %w", err)
	}
	defer log.Close()
	args := []string{"-D", s.files.data}
	for _, setting := range serverSettings(s.port, fast) {
		args = append(args, "-c", setting)
	}
	s.process = exec.Command(binaries.program("postgres"), args...)
	s.process.Dir = s.files.data
	s.process.Stdout, s.process.Stderr = log, log
	// A process group of its own: Ctrl-C must not stop the database before COMMAND has ended.
	s.process.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: s.user.credential()}
	s.stopping.Store(false)
	if err := s.process.Start(); err != nil {
		return err
	}
	s.exited = make(chan struct{})
	go func(process *exec.Cmd, exited chan struct{}) {
		_ = process.Wait() // its state says how it ended
		close(exited)
	}(s.process, s.exited)
	return s.watchdog.guard(guardPostgres, s.process.Process.Pid)
}

func serverSettings(port int, fast bool) []string {
	settings := []string{
		"listen_addresses=" + localhost,
		"port=" + strconv.Itoa(port),
		"unix_socket_directories=", // a socket's path may have 107 bytes only
		"max_connections=" + strconv.Itoa(postgresMaxConnections),
		"timezone=UTC",
		"log_line_prefix=%m [%p] %q%u@%d ",
	}
	if fast {
		settings = append(settings, "fsync=off", "synchronous_commit=off", "full_page_writes=off")
	}
	return settings
}

// answers fails until the server accepts connections.
func (s *postgresServer) answers(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, s.adminURL().String())
	if err != nil {
		return err
	}
	return conn.Close(ctx)
}

// localURL is the address of a database on a port of this machine.
func localURL(port int, role, password, database string) *url.URL {
	return &url.URL{
		Scheme:   "postgres",
		User:     url.UserPassword(role, password),
		Host:     hostPort(port),
		Path:     "/" + database,
		RawQuery: "sslmode=disable",
	}
}

func (s *postgresServer) adminURL() *url.URL {
	return localURL(s.port, adminRole, s.secrets.Admin, "postgres")
}

// supervise reports a server that ends without having been asked to.
func (s *postgresServer) supervise(fail func(error)) {
	<-s.exited
	if !s.stopping.Load() {
		fail(fmt.Errorf("PostgreSQL ended unexpectedly (%s); the end of %s:\n%s", s.process.ProcessState, s.files.log, tail(s.files.log)))
	}
}

func (s *postgresServer) hasExited() bool {
	select {
	case <-s.exited:
		return true
	default:
		return false
	}
}

// stop asks the server for a fast shutdown and waits until it is gone.
func (s *postgresServer) stop() {
	s.stopping.Store(true)
	if !s.hasExited() {
		endPostgres(s.process.Process.Pid)
		<-s.exited
	}
	_ = s.watchdog.guard(guardPostgres, 0) // if the watchdog is gone, there is no one to tell
}

// stopOrphan stops a server that still runs on our data directory although no one looks after it: its devstack and the watchdog
// were both killed. Only one that knows our password and names our directory is one.
func (s *postgresServer) stopOrphan(ctx context.Context) {
	text, err := os.ReadFile(filepath.Join(s.files.data, "postmaster.pid"))
	if err != nil {
		return
	}
	lines := strings.Split(string(text), "\n")
	if len(lines) < 4 {
		return
	}
	pid, errPID := strconv.Atoi(strings.TrimSpace(lines[0]))
	port, errPort := strconv.Atoi(strings.TrimSpace(lines[3]))
	if errors.Join(errPID, errPort) != nil || !alive(pid) {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, localURL(port, adminRole, s.secrets.Admin, "postgres").String())
	if err != nil {
		return
	}
	var directory string
	err = conn.QueryRow(ctx, "SHOW data_directory").Scan(&directory)
	_ = conn.Close(ctx)
	if err == nil && directory == s.files.data {
		endPostgres(pid)
	}
}

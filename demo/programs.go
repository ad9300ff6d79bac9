package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	readyTimeout = 30 * time.Second
	pollInterval = 50 * time.Millisecond
	// stopTimeout is how long a program may take to end after it was asked to; what it does here is thrown away.
	stopTimeout = 5 * time.Second
)

// programs are the product's processes that the demo starts: some run beside it and write to log files, others are commands.
type programs struct {
	binaries    string
	directory   string
	environment []string
	guard       *guard
	running     []*program
	// failed is told when a program ends by itself.
	failed chan error
}

func newPrograms() (*programs, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find the programs: %w", err)
	}
	directory, err := os.MkdirTemp("", "caresync-demo-")
	if err != nil {
		return nil, fmt.Errorf("make a directory: %w", err)
	}
	guard, err := startGuard(directory)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(directory))
	}
	return &programs{
		binaries: filepath.Dir(self), directory: directory, environment: inheritedEnvironment(), guard: guard, failed: make(chan error, 1),
	}, nil
}

// inheritedEnvironment leaves out settings of CareSync that the user may have for other installations; the simulator's are welcome.
func inheritedEnvironment() []string {
	return slices.DeleteFunc(os.Environ(), func(variable string) bool {
		return strings.HasPrefix(variable, "CARESYNC_") && !strings.HasPrefix(variable, "CARESYNC_SIMULATOR_")
	})
}

func (p *programs) set(name, value string) { p.environment = append(p.environment, name+"="+value) }

// program is a process that runs beside the story.
type program struct {
	name     string
	command  *exec.Cmd
	log      string
	ended    chan struct{}
	expected atomic.Bool
}

func (p *program) pid() int { return p.command.Process.Pid }

// start starts a program whose output goes to <name>.log, and waits until it answers at the address.
func (p *programs) start(ctx context.Context, name, readyAt string, args ...string) (*program, error) {
	path := filepath.Join(p.directory, name+".log")
	log, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the log of %s: %w", name, err)
	}
	defer func() { _ = log.Close() }()
	started := &program{name: name, command: p.command(args), log: path, ended: make(chan struct{})}
	started.command.Stdout, started.command.Stderr = log, log
	if err := started.command.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	p.guard.watch(started.pid())
	p.running = append(p.running, started)
	go p.wait(started)
	return started, started.waitUntilReady(ctx, readyAt)
}

// command is a process in a group of its own: Ctrl-C reaches it through the demo alone, in the right order.
func (p *programs) command(args []string) *exec.Cmd {
	command := exec.Command(filepath.Join(p.binaries, args[0]), args[1:]...)
	command.Env = p.environment
	command.Dir = p.directory
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return command
}

// wait notices the end of a program, expected or not.
func (p *programs) wait(started *program) {
	err := started.command.Wait()
	p.guard.forget(started.pid())
	close(started.ended)
	if started.expected.Load() {
		return
	}
	select {
	case p.failed <- fmt.Errorf("%s ended by itself (%v); its log ends with:\n%s", started.name, err, endOf(started.log)):
	default: // the first reason is the one to tell
	}
}

func (p *program) waitUntilReady(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeoutCause(ctx, readyTimeout, fmt.Errorf("%s is not ready after %s", p.name, readyTimeout))
	defer cancel()
	for !answers(ctx, address) {
		select {
		case <-time.After(pollInterval):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

func answers(ctx context.Context, address string) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return false
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	_ = response.Body.Close()
	return response.StatusCode == http.StatusOK
}

// kill ends a program as a power cut would, and waits until it is gone.
func (p *program) kill() error {
	p.expected.Store(true)
	if err := p.command.Process.Kill(); err != nil {
		return fmt.Errorf("kill %s: %w", p.name, err)
	}
	<-p.ended
	return nil
}

// stop ends all programs, newest first, and removes the directory.
func (p *programs) stop() {
	for _, one := range slices.Backward(p.running) {
		one.expected.Store(true)
		_ = one.command.Process.Signal(syscall.SIGTERM) // fails only if it has ended
		select {
		case <-one.ended:
		case <-time.After(stopTimeout):
			_ = one.kill()
		}
	}
	p.guard.release()
}

// run runs a command to its end. What it prints is handed to the functions line by line; without one for the standard output, that is
// only answered. Anything but an exit code is an error.
func (p *programs) run(ctx context.Context, onOutput, onError func(line string), args ...string) (output string, exitCode int, err error) {
	command := p.command(args)
	stdout, err := command.StdoutPipe()
	if err != nil {
		return "", 0, fmt.Errorf("run %s: %w", args[0], err)
	}
	stderr, err := command.StderrPipe()
	if err != nil {
		return "", 0, fmt.Errorf("run %s: %w", args[0], err)
	}
	if err := command.Start(); err != nil {
		return "", 0, fmt.Errorf("run %s: %w", args[0], err)
	}
	p.guard.watch(command.Process.Pid)
	defer p.guard.forget(command.Process.Pid)
	stop := context.AfterFunc(ctx, func() { _ = command.Process.Signal(syscall.SIGTERM) })
	defer stop()

	var kept strings.Builder
	read := make(chan struct{})
	go func() {
		defer close(read)
		eachLine(stderr, onError)
	}()
	eachLine(io.TeeReader(stdout, &kept), onOutput)
	<-read
	err = command.Wait()
	if failed := (*exec.ExitError)(nil); err != nil && !errors.As(err, &failed) {
		return "", 0, fmt.Errorf("run %s: %w", args[0], err)
	}
	return kept.String(), command.ProcessState.ExitCode(), ctx.Err()
}

func eachLine(from io.Reader, do func(line string)) {
	lines := bufio.NewScanner(from)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if do != nil {
			do(lines.Text())
		}
	}
}

// endOf is the last lines of a log.
func endOf(path string) string {
	const most = 5
	content, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(content)), "\n")
	return strings.Join(lines[max(0, len(lines)-most):], "\n")
}

// write puts a file into the directory in which the commands run.
func (p *programs) write(name, content string) error {
	return os.WriteFile(filepath.Join(p.directory, name), []byte(content), 0o600)
}

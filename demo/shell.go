package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// shell is a POSIX shell that runs the commands of a story one after the other, as a terminal would: variables, directories and programs
// in the background stay from one command to the next. It leads a process group of its own, so that whatever it has started can be ended.
type shell struct {
	process *exec.Cmd
	input   io.WriteCloser
	lines   chan string
	mark    string
}

// errShellEnded is the end of the shell itself, such as by a syntax error.
var errShellEnded = errors.New("the shell has ended")

func startShell(directory string, environment []string) (*shell, error) {
	process := exec.Command("sh")
	process.Dir, process.Env = directory, environment
	process.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	input, err := process.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("start a shell: %w", err)
	}
	output, err := process.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start a shell: %w", err)
	}
	process.Stderr = process.Stdout
	if err := process.Start(); err != nil {
		return nil, fmt.Errorf("start a shell: %w", err)
	}
	// Nothing that a command prints begins with the mark.
	s := &shell{process: process, input: input, lines: make(chan string), mark: rand.Text()}
	go s.read(output)
	return s, nil
}

func (s *shell) pid() int { return s.process.Process.Pid }

func (s *shell) read(output io.Reader) {
	defer close(s.lines)
	const longest = 1 << 22
	lines := bufio.NewScanner(output)
	lines.Buffer(nil, longest)
	for lines.Scan() {
		s.lines <- lines.Text()
	}
}

// run runs a command and hands over each line that it prints. It fails if the command takes longer than the context allows, if the shell
// ends, or if a program in the background has failed since.
func (s *shell) run(ctx context.Context, command string, printed func(line string)) (exitCode int, err error) {
	// The line break before the mark ends a last line that has none, and is taken away again below.
	script := fmt.Sprintf("{ %s\n} </dev/null\nprintf '\\n%s %%d\\n' $?\njobs\nprintf '%s end\\n'\n", command, s.mark, s.mark)
	if _, err := io.WriteString(s.input, script); err != nil {
		return 0, errShellEnded
	}
	var failed error
	for held, holding, marked := "", false, false; ; {
		select {
		case <-ctx.Done():
			return 0, context.Cause(ctx)
		case line, more := <-s.lines:
			state, isMark := strings.CutPrefix(line, s.mark+" ")
			switch {
			case !more:
				return 0, errShellEnded
			case isMark && marked:
				return exitCode, failed
			case isMark:
				if holding && held != "" {
					printed(held)
				}
				marked = true
				if exitCode, err = strconv.Atoi(state); err != nil {
					return 0, fmt.Errorf("read an exit code: %w", err)
				}
			case marked:
				if !jobIsFine.MatchString(line) && !waits.MatchString(command) {
					failed = fmt.Errorf("a program in the background has ended: %s", narrow(line))
				}
			default:
				if holding {
					printed(held)
				}
				held, holding = line, true
			}
		}
	}
}

// jobIsFine recognises what a shell says of a job that runs, or that has ended with exit code 0.
var jobIsFine = regexp.MustCompile(`\bRunning\b|\bDone(\s|$)|^\s*$`)

// waits recognises a command that waits for a job, and so knows how that ended.
var waits = regexp.MustCompile(`(^|[\s;])wait\b`)

// set sets a variable of the shell.
func (s *shell) set(ctx context.Context, name, value string) error {
	_, err := s.run(ctx, name+"='"+strings.ReplaceAll(value, "'", `'\''`)+"'", func(string) {})
	return err
}

// stop asks the programs in the background to end, and then ends everything that is left.
func (s *shell) stop() {
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	_, _ = s.run(ctx, "kill $(jobs -p); wait", func(string) {}) // whoever does not listen is killed
	s.kill()
}

// kill ends the shell and everything that it has started.
func (s *shell) kill() {
	_ = syscall.Kill(-s.pid(), syscall.SIGKILL) // fails only if all have ended
	_ = s.input.Close()
	for range s.lines { // until no one writes
	}
	_ = s.process.Wait() // it was killed
}

// stopTimeout is how long programs may take to end after they were asked to; what they do here is thrown away.
const stopTimeout = 5 * time.Second

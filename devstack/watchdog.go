package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
)

// What the watchdog looks after.
const (
	guardCommand  = "command"
	guardPostgres = "postgres"
)

const (
	commandGrace  = 5 * time.Second
	postgresGrace = 30 * time.Second
	killGrace     = 5 * time.Second
)

// watchdog is a second process of this program. It holds the read end of a pipe whose write end only this process has, so it
// notices however this one ends, also by SIGKILL; then it stops what is still running and removes a temporary directory.
type watchdog struct {
	pipe    *os.File
	process *exec.Cmd
}

func startWatchdog(dir *stateDir) (*watchdog, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("start the watchdog: %w", err)
	}
	read, write, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("start the watchdog: %w", err)
	}
	defer read.Close()

	args := []string{"watchdog"}
	if dir.temporary {
		args = append(args, dir.path)
	}
	process := exec.Command(program, args...)
	process.Dir = "/"
	process.Stdin = read
	process.ExtraFiles = []*os.File{dir.lock}
	// A session of its own: what kills this process's group does not kill the watchdog.
	process.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := process.Start(); err != nil {
		write.Close()
		return nil, fmt.Errorf("start the watchdog: %w", err)
	}
	return &watchdog{pipe: write, process: process}, nil
}

// guard names the process to be stopped if this one dies; a negative id is a process group, 0 means none.
func (w *watchdog) guard(what string, pid int) error {
	if _, err := fmt.Fprintf(w.pipe, "%s %d\n", what, pid); err != nil {
		return fmt.Errorf("the watchdog has ended: %w", err)
	}
	return nil
}

// release lets the watchdog finish its work and waits for it.
func (w *watchdog) release() {
	w.pipe.Close()
	_ = w.process.Wait()
}

func newWatchdogCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "watchdog [DIRECTORY]",
		Hidden: true,
		Args:   cobra.MaximumNArgs(1),
		Run: func(_ *cobra.Command, args []string) {
			signal.Ignore(syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
			cleanUp(watch(os.Stdin), args)
		},
	}
}

// watch reads which processes to guard until the other end of the pipe is closed, and returns those that are left.
func watch(pipe io.Reader) map[string]int {
	guarded := map[string]int{}
	lines := bufio.NewScanner(pipe)
	for lines.Scan() {
		what, id, _ := strings.Cut(lines.Text(), " ")
		if pid, err := strconv.Atoi(id); err == nil {
			guarded[what] = pid
		}
	}
	return guarded
}

// cleanUp ends COMMAND before the database that it uses, and removes the directories last.
func cleanUp(guarded map[string]int, directories []string) {
	if pid := guarded[guardCommand]; pid != 0 {
		end(pid, grace{syscall.SIGTERM, commandGrace}, grace{syscall.SIGKILL, killGrace})
	}
	if pid := guarded[guardPostgres]; pid != 0 {
		endPostgres(pid)
	}
	for _, directory := range directories {
		_ = os.RemoveAll(directory)
	}
}

// endPostgres asks for a fast shutdown, then for an immediate one.
func endPostgres(pid int) {
	end(pid, grace{syscall.SIGINT, postgresGrace}, grace{syscall.SIGQUIT, killGrace}, grace{syscall.SIGKILL, killGrace})
}

type grace struct {
	signal  syscall.Signal
	timeout time.Duration
}

// end sends the signals one after the other until the process (or group) is gone.
func end(pid int, steps ...grace) {
	for _, step := range steps {
		if syscall.Kill(pid, step.signal) != nil {
			return
		}
		gone := waitUntil(context.Background(), step.timeout, nil, func(context.Context) error {
			if alive(pid) {
				return errors.New("still running")
			}
			return nil
		})
		if gone == nil {
			return
		}
	}
}

// alive reports whether the process (or a process of the group) exists. One that has ended but was never waited for, as happens in
// containers whose first process does not do so, is not alive.
func alive(pid int) bool {
	if err := syscall.Kill(pid, 0); errors.Is(err, syscall.ESRCH) {
		return false
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err != nil || !strings.Contains(string(stat), ") Z ")
}

package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
)

// guard is a second process that ends what the demo's shells have started and removes the demo's directory when the demo has ended, however
// that happened: it reads from a pipe whose other end only the demo has.
type guard struct {
	pipe    *os.File
	process *exec.Cmd
}

func startGuard(directory string) (*guard, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("start the guard: %w", err)
	}
	read, write, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("start the guard: %w", err)
	}
	defer func() { _ = read.Close() }()
	process := exec.Command(self, guardPrograms, directory)
	process.Stdin = read
	process.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // what kills the demo's group does not kill the guard
	if err := process.Start(); err != nil {
		_ = write.Close()
		return nil, fmt.Errorf("start the guard: %w", err)
	}
	return &guard{pipe: write, process: process}, nil
}

const (
	guardWatch = "watch"
	guardKeep  = "keep"
)

// tell fails only if the guard is gone, and then there is no one to tell.
func (g *guard) tell(what string, pid int) { _, _ = fmt.Fprintf(g.pipe, "%s %d\n", what, pid) }

// watch guards the process group of a shell.
func (g *guard) watch(pid int) { g.tell(guardWatch, pid) }

// keepDirectory leaves the directory for whoever wants to read the logs.
func (g *guard) keepDirectory() { g.tell(guardKeep, 0) }

// release lets the guard do its work and waits for it.
func (g *guard) release() {
	_ = g.pipe.Close()
	_ = g.process.Wait() // it has nothing to report
}

// guardUntilEnd is the guard's own process.
func guardUntilEnd(in io.Reader, directory string) {
	var watched []int
	keep := false
	for lines := bufio.NewScanner(in); lines.Scan(); {
		what, number, _ := strings.Cut(lines.Text(), " ")
		pid, err := strconv.Atoi(number)
		if err != nil {
			continue // half a line of a demo that was killed
		}
		switch what {
		case guardWatch:
			watched = append(watched, pid)
		case guardKeep:
			keep = true
		}
	}
	for _, pid := range watched {
		_ = syscall.Kill(-pid, syscall.SIGKILL) // fails only if all have ended
	}
	if !keep {
		_ = os.RemoveAll(directory)
	}
}

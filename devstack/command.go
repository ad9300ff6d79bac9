package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// How long COMMAND may take to end after the stack under it has died.
const commandStopTimeout = 30 * time.Second

// Signals that a terminal sends to all processes in its foreground; the others go to one process.
var terminalSignals = []os.Signal{syscall.SIGINT, syscall.SIGQUIT, syscall.SIGHUP}

var forwardedSignals = append([]os.Signal{syscall.SIGTERM, syscall.SIGUSR1, syscall.SIGUSR2}, terminalSignals...)

// execute runs COMMAND on a stack of its own and returns its exit code.
func execute(options Options, command []string) (int, error) {
	signals := make(chan os.Signal, 16)
	listen(signals, forwardedSignals...)
	defer signal.Stop(signals)

	stack, interrupted, err := startInterruptibly(options, signals)
	if interrupted != nil {
		return exitCodeOf(interrupted), nil
	}
	if err != nil {
		return exitStackFailed, err
	}
	defer stack.Stop()
	return runCommand(stack, command, signals)
}

// listen asks for signals, but leaves the hang-up to nohup where that has switched it off.
func listen(signals chan<- os.Signal, wanted ...os.Signal) {
	for _, s := range wanted {
		if s != syscall.SIGHUP || !signal.Ignored(s) {
			signal.Notify(signals, s)
		}
	}
}

// startInterruptibly starts the stack unless a signal asks for the end meanwhile.
func startInterruptibly(options Options, signals <-chan os.Signal) (*Stack, os.Signal, error) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	type result struct {
		stack *Stack
		err   error
	}
	started := make(chan result, 1)
	go func() {
		stack, err := Start(ctx, options)
		started <- result{stack, err}
	}()
	select {
	case r := <-started:
		return r.stack, nil, r.err
	case s := <-signals:
		cancel()
		if r := <-started; r.err == nil {
			r.stack.Stop()
		}
		return nil, s, nil
	}
}

// runCommand starts COMMAND and passes signals on to it until it ends. If the stack dies, COMMAND is asked to end.
func runCommand(stack *Stack, command []string, signals <-chan os.Signal) (int, error) {
	c := newChild(command, stack.Environment())
	if err := c.cmd.Start(); err != nil {
		if errors.Is(err, exec.ErrNotFound) || errors.Is(err, os.ErrNotExist) {
			return exitCommandNotFound, reportCommand(err)
		}
		return exitCommandNotRun, reportCommand(err)
	}
	if err := stack.watchdog.guard(guardCommand, c.guardID()); err != nil {
		fmt.Fprintln(os.Stderr, "devstack:", err)
	}
	ended := make(chan struct{})
	go func() {
		_ = c.cmd.Wait() // its state says how it ended
		close(ended)
	}()

	var died error
	var patience <-chan time.Time
	for {
		select {
		case <-ended:
			_ = stack.watchdog.guard(guardCommand, 0) // if the watchdog is gone, there is no one to tell
			if died != nil {
				return exitStackFailed, died
			}
			return c.exitCode(), nil
		case s := <-signals:
			c.forward(s.(syscall.Signal))
		case died = <-stack.Failed():
			fmt.Fprintln(os.Stderr, "devstack: a part of the stack died; stopping", command[0])
			c.signal(syscall.SIGTERM)
			patience = time.After(commandStopTimeout)
		case <-patience:
			c.signalAll(syscall.SIGKILL)
		}
	}
}

// reportCommand prints why COMMAND could not be run. Its exit code tells the rest, so it is not an error of devstack.
func reportCommand(err error) error {
	fmt.Fprintln(os.Stderr, "devstack:", err)
	return nil
}

// child is COMMAND. On a terminal it stays in devstack's process group, where it can read from the terminal and gets Ctrl-C and
// Ctrl-Z from it. Elsewhere it has a group of its own, so that every signal reaches it once, through devstack.
type child struct {
	cmd        *exec.Cmd
	onTerminal bool
}

func newChild(command []string, env []Variable) *child {
	c := &child{cmd: exec.Command(command[0], command[1:]...), onTerminal: ownsTerminal()}
	c.cmd.Stdin, c.cmd.Stdout, c.cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	c.cmd.Env = environmentFor(os.Environ(), env)
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: !c.onTerminal}
	return c
}

// ownsTerminal reports whether standard input is a terminal and this process is in its foreground.
func ownsTerminal() bool {
	group, err := unix.IoctlGetInt(int(os.Stdin.Fd()), unix.TIOCGPGRP)
	return err == nil && group == unix.Getpgrp()
}

// guardID is what the watchdog is to end: the group if COMMAND has one.
func (c *child) guardID() int {
	if c.onTerminal {
		return c.cmd.Process.Pid
	}
	return -c.cmd.Process.Pid
}

// forward passes on a signal that devstack got, unless the terminal has sent it to COMMAND already.
func (c *child) forward(s syscall.Signal) {
	switch {
	case !slices.Contains(terminalSignals, os.Signal(s)):
		c.signal(s)
	case !c.onTerminal || !ownsTerminal():
		c.signalAll(s)
	}
}

func (c *child) signal(s syscall.Signal)    { _ = syscall.Kill(c.cmd.Process.Pid, s) } // fails only if it has ended
func (c *child) signalAll(s syscall.Signal) { _ = syscall.Kill(c.guardID(), s) }

// exitCode is COMMAND's own, or that of the signal that ended it.
func (c *child) exitCode() int {
	if status, ok := c.cmd.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return exitCodeOf(status.Signal())
	}
	return c.cmd.ProcessState.ExitCode()
}

// exitCodeOf is the exit code of a program that a signal ended, as a shell tells it.
func exitCodeOf(s os.Signal) int { return exitSignalled + int(s.(syscall.Signal)) }

// environmentFor adds the stack's variables to the inherited ones. What would redirect COMMAND elsewhere is left out: other
// settings of Temporal's clients, and the flags that belong to this stack alone.
func environmentFor(inherited []string, stack []Variable) []string {
	withTemporal := slices.ContainsFunc(stack, func(v Variable) bool { return v.Name == "TEMPORAL_ADDRESS" })
	var env []string
	for _, variable := range inherited {
		name, _, _ := strings.Cut(variable, "=")
		if withTemporal && strings.HasPrefix(name, "TEMPORAL_") || slices.Contains(ownFlags, name) {
			continue
		}
		env = append(env, variable)
	}
	for _, v := range stack {
		env = append(env, v.Name+"="+v.Value)
	}
	return env
}

// ownFlags cannot be shared with a devstack that COMMAND starts.
var ownFlags = []string{
	environmentName("dir"), environmentName("env-file"),
	environmentName("temporal-port"), environmentName("ui-port"), environmentName("postgres-port"),
}

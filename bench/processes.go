package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// clockTick is the unit of CPU time in /proc.
const clockTick = 10 * time.Millisecond

// cpu is how long processes have computed. Other processes than this one are seen on Linux only; elsewhere theirs is 0.
type cpu struct {
	program, government, postgres, temporal time.Duration
	// postgresForTemporal is the part of postgres that its connections to Temporal's databases took.
	postgresForTemporal time.Duration
	// machine is all processes, also those that have nothing to do with this.
	machine time.Duration
}

func (c cpu) minus(before cpu) cpu {
	return cpu{
		program: c.program - before.program, government: c.government - before.government, postgres: c.postgres - before.postgres,
		temporal: c.temporal - before.temporal, postgresForTemporal: c.postgresForTemporal - before.postgresForTemporal,
		machine: c.machine - before.machine,
	}
}

func (c cpu) total() time.Duration { return c.program + c.government + c.postgres + c.temporal }

// readCPU reads the clocks. The Temporal server runs in devstack, this program's parent.
func readCPU(ctx context.Context, conn *pgx.Conn, government int) (cpu, error) {
	var own syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &own); err != nil {
		return cpu{}, err
	}
	now := cpu{program: time.Duration(own.Utime.Nano() + own.Stime.Nano()), government: processOf(government).own, machine: machineTime()}
	if parent := processOf(os.Getppid()); parent.name == "devstack" {
		now.temporal = parent.own
	}
	postmaster := processOf(processOf(int(conn.PgConn().PID())).parent)
	now.postgres = postmaster.own + postmaster.ended
	for _, server := range children(postmaster.pid) {
		now.postgres += server.own
	}
	rows, err := conn.Query(ctx, "SELECT pid FROM pg_stat_activity WHERE datname LIKE 'temporal%'")
	if err != nil {
		return cpu{}, err
	}
	connections, err := pgx.CollectRows(rows, pgx.RowTo[int])
	for _, pid := range connections {
		now.postgresForTemporal += processOf(pid).own
	}
	return now, err
}

// machineTime is how long all processors together have computed.
func machineTime() time.Duration {
	text, _ := os.ReadFile("/proc/stat") // where there is none, nothing is known
	return readMachineTime(string(text))
}

// readMachineTime reads /proc/stat, whose first line has all processors' time: user, nice, system, idle, waiting, interrupts.
func readMachineTime(stat string) (busy time.Duration) {
	line, _, _ := strings.Cut(stat, "\n")
	for i, field := range strings.Fields(line) {
		if ticks, err := strconv.Atoi(field); err == nil && i <= 7 && i != 4 && i != 5 {
			busy += time.Duration(ticks) * clockTick
		}
	}
	return busy
}

// process is a process as /proc shows it; the zero value if it does not.
type process struct {
	pid, parent int
	name        string
	// own is the CPU time of the process, ended that of its children that have ended.
	own, ended time.Duration
}

func processOf(pid int) process {
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return process{}
	}
	return readProcess(pid, string(text))
}

// readProcess reads /proc/<pid>/stat: the name stands in brackets and may hold anything; parent and times are counted from behind it.
func readProcess(pid int, stat string) process {
	open, shut := strings.Index(stat, "("), strings.LastIndex(stat, ")")
	if open < 0 || shut < open {
		return process{}
	}
	fields := strings.Fields(stat[shut+1:])
	if len(fields) < 15 {
		return process{}
	}
	number := func(field int) int {
		n, _ := strconv.Atoi(fields[field]) // the kernel writes numbers
		return n
	}
	return process{
		pid: pid, name: stat[open+1 : shut], parent: number(1),
		own: time.Duration(number(11)+number(12)) * clockTick, ended: time.Duration(number(13)+number(14)) * clockTick,
	}
}

func children(parent int) (list []process) {
	entries, _ := filepath.Glob("/proc/[0-9]*") // fails only for a malformed pattern
	for _, entry := range entries {
		pid, _ := strconv.Atoi(filepath.Base(entry))
		if one := processOf(pid); parent != 0 && one.parent == parent {
			list = append(list, one)
		}
	}
	return list
}

// forgetPeakMemory gives back what earlier runs have left, and starts peakMemory again.
func forgetPeakMemory() error {
	debug.FreeOSMemory()
	err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0)
	if errors.Is(err, os.ErrNotExist) {
		return nil // not on Linux: it stays unknown
	}
	return err
}

// peakMemory is the most that this process had in memory, in bytes; 0 where that is unknown.
func peakMemory() int64 {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if value, found := strings.CutPrefix(line, "VmHWM:"); found {
			kilobytes, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
			return kilobytes << 10
		}
	}
	return 0
}

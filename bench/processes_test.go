package main

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestProcessIsReadWhateverItsName(t *testing.T) {
	const times = " S 7 123 123 0 -1 4194560 900 50 0 0 250 50 30 20 20 0 12 0 5000 1000 200"
	require.Equal(t, process{pid: 42, parent: 7, name: "a (b) c", own: 3 * time.Second, ended: 500 * time.Millisecond},
		readProcess(42, "42 (a (b) c)"+times))
	require.Equal(t, process{}, readProcess(42, "42 (cut off) S 7"))
	require.Equal(t, process{}, readProcess(42, ""))
}

func TestOurOwnProcessIsFound(t *testing.T) {
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		require.Zero(t, processOf(os.Getpid()), "without /proc nothing is known")
		return
	}
	require.Equal(t, os.Getppid(), processOf(os.Getpid()).parent)
	var siblings []int
	for _, one := range children(os.Getppid()) {
		siblings = append(siblings, one.pid)
	}
	require.Contains(t, siblings, os.Getpid())
}

func TestMachineIsBusyUnlessItWaits(t *testing.T) {
	require.Equal(t, (10+1+5+2+1)*clockTick, readMachineTime("cpu  10 1 5 1000 300 2 1 0 0 0\ncpu0 5 1 2 500 150 1 1 0 0 0\n"))
	require.Zero(t, readMachineTime(""))
}

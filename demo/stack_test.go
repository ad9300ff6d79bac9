package main

import (
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestTakenPortsAreReplacedByTheNextFreeOnes(t *testing.T) {
	taken, err := net.Listen("tcp", address(0))
	require.NoError(t, err)
	defer func() { require.NoError(t, taken.Close()) }()
	port := taken.Addr().(*net.TCPAddr).Port

	chosen, err := choosePorts(map[string]int{"A": port, "B": port, "C": port})
	require.NoError(t, err)
	numbers := slices.Sorted(maps.Values(chosen))
	require.Greater(t, numbers[0], port)
	require.Len(t, slices.Compact(numbers), 3, "each part has a port of its own")
}

func TestGuardEndsWhatIsStillRunning(t *testing.T) {
	for name, test := range map[string]struct {
		told          string
		killed, stays bool
	}{
		"watched":              {"watch PID\n", true, false},
		"not watched":          {"keep\n", false, false},
		"half a line":          {"watch PID\nwatc", true, false},
		"directory to be kept": {"watch PID\nkeep 0\n", true, true},
	} {
		t.Run(name, func(t *testing.T) {
			program := exec.Command("sleep", "60")
			program.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
			require.NoError(t, program.Start())
			directory := filepath.Join(t.TempDir(), "logs")
			require.NoError(t, os.Mkdir(directory, 0o700))

			guardUntilEnd(strings.NewReader(strings.ReplaceAll(test.told, "PID", pidOf(program))), directory)

			if !test.killed {
				require.NoError(t, program.Process.Signal(syscall.SIGTERM), "still running")
			}
			ended := make(chan syscall.Signal, 1)
			go func() {
				_ = program.Wait()
				ended <- program.ProcessState.Sys().(syscall.WaitStatus).Signal()
			}()
			select {
			case by := <-ended:
				require.Equal(t, test.killed, by == syscall.SIGKILL)
			case <-time.After(2 * time.Minute):
				require.NoError(t, program.Process.Kill())
				t.Fatal("the program continues")
			}
			if test.stays {
				require.DirExists(t, directory)
			} else {
				require.NoDirExists(t, directory)
			}
		})
	}
}

func pidOf(program *exec.Cmd) string { return strconv.Itoa(program.Process.Pid) }

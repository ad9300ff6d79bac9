package main

import (
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

	chosen := ports{port, port, port, port, port, port, port}
	require.NoError(t, chosen.chooseFree())

	var numbers []int
	for _, one := range chosen.all() {
		require.Greater(t, *one, port)
		numbers = append(numbers, *one)
	}
	slices.Sort(numbers)
	require.Len(t, slices.Compact(numbers), len(chosen.all()), "each part has a port of its own")
}

func TestPortsReachTheStory(t *testing.T) {
	read, err := parsePorts(usualPorts().String())
	require.NoError(t, err)
	require.Equal(t, usualPorts(), read)
	for _, bad := range []string{"", "1,2", "1,2,3,4,5,6,x"} {
		_, err := parsePorts(bad)
		require.ErrorContains(t, err, "not the ports of a demo")
	}
}

func TestGuardEndsWhatIsStillRunning(t *testing.T) {
	for name, test := range map[string]struct {
		told          string
		killed, stays bool
	}{
		"watched":              {"watch PID\n", true, false},
		"ended before":         {"watch PID\nforget PID\n", false, false},
		"half a line":          {"watch PID\nforg", true, false},
		"directory to be kept": {"watch PID\nkeep 0\n", true, true},
	} {
		t.Run(name, func(t *testing.T) {
			program := exec.Command("sleep", "60")
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
				t.Fatal("the program goes on")
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

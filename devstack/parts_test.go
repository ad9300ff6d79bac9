package main

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/log/tag"
)

func TestTakenPortIsTriedAgain(t *testing.T) {
	var tried []int
	err := onFreePort(0, "--port", func(port int) error {
		tried = append(tried, port)
		if len(tried) < 3 {
			return errPortTaken
		}
		return nil
	})
	require.NoError(t, err)
	require.Len(t, tried, 3)

	other := errors.New("something else")
	attempts := 0
	err = onFreePort(0, "--port", func(int) error { attempts++; return other })
	require.ErrorIs(t, err, other)
	require.Equal(t, 1, attempts, "only a taken port is worth another attempt")

	attempts = 0
	err = onFreePort(0, "--port", func(int) error { attempts++; return errPortTaken })
	require.ErrorIs(t, err, errPortTaken)
	require.Equal(t, portAttempts, attempts)
}

func TestPortNumbersAreChecked(t *testing.T) {
	for _, port := range []int{-1, 65536} {
		_, err := choosePort(port, "--ui-port")
		require.ErrorContains(t, err, "not a port number")
	}
}

// Temporal would end the whole program; here it must come back as an error.
func TestTemporalReportsATakenPort(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	s := &temporalServer{
		config: temporalConfig{store: storeSQLite, logFile: filepath.Join(t.TempDir(), "temporal.log"), namespace: "caresync"},
		port:   listener.Addr().(*net.TCPAddr).Port,
		fatal:  make(chan struct{}),
	}
	err = s.launch(t.Context())
	s.stopServer()
	require.ErrorIs(t, err, errPortTaken)
}

func TestTemporalThatGivesUpIsReported(t *testing.T) {
	file := filepath.Join(t.TempDir(), "temporal.log")
	s := &temporalServer{config: temporalConfig{logFile: file}, fatal: make(chan struct{})}
	failed := make(chan error, 1)
	go s.supervise(func(err error) { failed <- err })

	returned := false
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		log.With(serverLog{newFileLog(file), s.onFatal}, tag.WorkflowID("one")).Fatal("no way on", tag.Error(errors.New("disk full")))
		returned = true
	}()
	<-ended
	require.False(t, returned, "the code after a fatal error must not run")
	err := <-failed
	require.ErrorContains(t, err, "the Temporal server ended unexpectedly: no way on: disk full")
	require.ErrorContains(t, err, `"wf-id":"one"`, "the end of the log")
}

func TestNewestSuitablePostgresIsChosen(t *testing.T) {
	installed := []postgresBinaries{{"/14", 14}, {"/16", 16}, {"/17", 17}, {"/15", 15}}
	for name, c := range map[string]struct {
		installed []postgresBinaries
		major     int
		want      string
	}{
		"newest":                   {installed, 0, "/17"},
		"of the data directory":    {installed, 15, "/15"},
		"too old":                  {installed[:1], 0, ""},
		"data directory's is gone": {installed, 18, ""},
		"none":                     {nil, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			found, ok := choosePostgres(c.installed, c.major)
			require.Equal(t, c.want != "", ok)
			require.Equal(t, c.want, found.dir)
		})
	}
}

func TestMajorVersion(t *testing.T) {
	for answer, want := range map[string]int{
		"postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n": 15,
		"postgres (PostgreSQL) 18beta1\n":                        18,
		"postgres (EnterpriseDB) 12\n":                           0,
		"":                                                       0,
	} {
		require.Equal(t, want, majorVersion(answer), answer)
	}
}

func TestDataDirectoryOfAMissingVersionIsRefused(t *testing.T) {
	_, err := findPostgres(t.Context(), nil, 9)
	require.ErrorContains(t, err, "the data directory belongs to PostgreSQL 9, which is no longer installed")
}

func TestClosedDirectoryIsNamed(t *testing.T) {
	nobody := &account{name: "nobody", uid: 65534, gid: 65534}
	closed := filepath.Join(newDir(t), "closed")
	inside := filepath.Join(closed, "inside")
	require.NoError(t, os.MkdirAll(inside, 0o755))
	require.NoError(t, nobody.mayEnter(inside))

	require.NoError(t, os.Chmod(closed, 0o700))
	require.EqualError(t, nobody.mayEnter(inside), "PostgreSQL runs as the user nobody, who may not enter "+closed+" (drwx------)")
	owner := &account{name: "owner", uid: os.Getuid(), gid: os.Getgid()}
	require.NoError(t, owner.mayEnter(closed))
	require.NoError(t, (*account)(nil).mayEnter(inside), "who does not run as root needs no other user")
}

func TestLastLines(t *testing.T) {
	require.Equal(t, "a\nb", lastLines("a\nb\n"))
	require.Equal(t, "1\n"+strings.Repeat("2\n", tailLines-2)+"3", lastLines("0\n1\n"+strings.Repeat("2\n", tailLines-2)+"3\n"))
	require.Contains(t, tail("/no/such/log"), "no such file")
}

func TestExistingPostgresNeedsACompleteAddress(t *testing.T) {
	for _, address := range []string{"", "localhost:5432", "http://user@host/", "postgres:///database", "postgres://host/database"} {
		_, err := existingDatabases(t.Context(), address)
		require.ErrorContains(t, err, "expected postgres://user:password@host:port/database", address)
	}
}

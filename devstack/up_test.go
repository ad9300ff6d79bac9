package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

var kindAttribute = temporal.NewSearchAttributeKeyKeyword("Kind")

// untilTold waits for the signal "go" and answers updates meanwhile.
func untilTold(ctx workflow.Context) (string, error) {
	err := workflow.SetUpdateHandler(ctx, "hello", func(workflow.Context) (string, error) { return "hello", nil })
	if err != nil {
		return "", err
	}
	var told string
	workflow.GetSignalChannel(ctx, "go").Receive(ctx, &told)
	return told, nil
}

func dial(t *testing.T, env map[string]string) client.Client {
	t.Helper()
	c, err := client.Dial(client.Options{
		HostPort: env["TEMPORAL_ADDRESS"], Namespace: env["TEMPORAL_NAMESPACE"], Logger: log.NewStructuredLogger(slog.New(slog.DiscardHandler)),
	})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

// work runs a worker until its answer is called.
func work(t *testing.T, c client.Client) (stop func()) {
	t.Helper()
	w := worker.New(c, "queue", worker.Options{})
	w.RegisterWorkflow(untilTold)
	require.NoError(t, w.Start())
	return w.Stop
}

// startWorkflow starts one that waits for "go", by an update with start. Where its database comes back, Temporal has no namespaces until it has read
// them again.
func startWorkflow(t *testing.T, c client.Client, id string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var handle client.WorkflowUpdateHandle
	var err error
	eventually(t, func() bool {
		start := c.NewWithStartWorkflowOperation(client.StartWorkflowOptions{
			ID: id, TaskQueue: "queue", WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
			Priority:              temporal.Priority{PriorityKey: 1, FairnessKey: "one"},
			TypedSearchAttributes: temporal.NewSearchAttributes(kindAttribute.ValueSet("greeting")),
		}, untilTold)
		handle, err = c.UpdateWithStartWorkflow(ctx, client.UpdateWithStartWorkflowOptions{
			StartWorkflowOperation: start,
			UpdateOptions:          client.UpdateWorkflowOptions{UpdateName: "hello", WaitForStage: client.WorkflowUpdateStageCompleted},
		})
		var unknown *serviceerror.NamespaceNotFound
		return !errors.As(err, &unknown)
	}, "Temporal does not know its namespace")
	require.NoError(t, err)
	var answer string
	require.NoError(t, handle.Get(ctx, &answer))
	require.Equal(t, "hello", answer)
}

func finishWorkflow(t *testing.T, c client.Client, id string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	require.NoError(t, c.SignalWorkflow(ctx, id, "", "go", "done"))
	var result string
	require.NoError(t, c.GetWorkflow(ctx, id, "").Get(ctx, &result))
	require.Equal(t, "done", result)
}

func TestUpOnSQLite(t *testing.T) {
	t.Parallel()
	p := bringUp(t, "--temporal-store", "sqlite", "--without", "postgres", "--search-attribute", "Kind=Keyword,Failed=Int",
		"--codec-endpoint", "http://127.0.0.1:9/codec")

	t.Run("workflows with search attributes", func(t *testing.T) {
		c := dial(t, p.env)
		defer work(t, c)()
		startWorkflow(t, c, "one")
		eventually(t, func() bool {
			found, err := c.ListWorkflow(t.Context(), &workflowservice.ListWorkflowExecutionsRequest{Query: "Kind = 'greeting'"})
			return err == nil && len(found.Executions) == 1
		}, "not found by its search attribute")
		finishWorkflow(t, c, "one")
	})
	t.Run("the UI", func(t *testing.T) {
		require.Contains(t, get(t, p.env["TEMPORAL_UI_URL"]+"/"), "<html")
		var settings struct {
			DefaultNamespace string
			Codec            struct {
				Endpoint           string
				IncludeCredentials bool
			}
		}
		require.NoError(t, json.Unmarshal([]byte(get(t, p.env["TEMPORAL_UI_URL"]+"/api/v1/settings")), &settings))
		require.Equal(t, "caresync", settings.DefaultNamespace)
		require.Equal(t, "http://127.0.0.1:9/codec", settings.Codec.Endpoint)
		require.True(t, settings.Codec.IncludeCredentials)
		require.Contains(t, get(t, p.env["TEMPORAL_UI_URL"]+"/api/v1/namespaces/caresync/workflows"), `"untilTold"`)
	})
	t.Run("the table", func(t *testing.T) {
		require.Regexp(t, `^devstack is ready after `, p.line())
		require.Empty(t, p.line())
		require.Equal(t, "  Temporal UI  "+p.env["TEMPORAL_UI_URL"], p.line())
		require.Equal(t, "  Temporal     "+p.env["TEMPORAL_ADDRESS"]+" (namespace caresync, state in sqlite)", p.line())
	})
	t.Run("a signal ends it", func(t *testing.T) {
		info, err := os.Stat(p.envFile)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode(), "it may hold passwords")
		p.signal(syscall.SIGINT)
		require.Equal(t, 0, p.exitCode(), p.stderr)
		require.NoFileExists(t, p.envFile)
		require.False(t, listens(t, p.env["TEMPORAL_ADDRESS"]))
	})
}

func get(t *testing.T, url string) string {
	t.Helper()
	response, err := http.Get(url)
	require.NoError(t, err)
	defer response.Body.Close()
	require.Equal(t, http.StatusOK, response.StatusCode)
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return string(text)
}

func TestDirSurvivesARestart(t *testing.T) {
	t.Parallel()
	tmp, dir := newDir(t), newDir(t)
	args := []string{"--dir", dir, "--without", "ui", "--search-attribute", "Kind=Keyword"}

	first := bringUpIn(t, tmp, args...)
	require.Equal(t, "on", query[string](t, first.env["DATABASE_URL"], "SHOW fsync"), "durable by default")
	_, err := connect(t, first.env["DATABASE_URL"]).Exec(t.Context(), "CREATE TABLE kept (n int); INSERT INTO kept VALUES (42)")
	require.NoError(t, err)
	c := dial(t, first.env)
	stop := work(t, c)
	startWorkflow(t, c, "one")
	stop()
	c.Close()

	second := start(t, "up", "--dir", dir)
	require.Equal(t, exitStackFailed, second.exitCode())
	require.Contains(t, second.stderr.String(), "devstack with process id "+strconv.Itoa(first.Process.Pid)+" is using it")

	first.signal(syscall.SIGTERM)
	require.Equal(t, 0, first.exitCode(), first.stderr)

	third := bringUpIn(t, tmp, args...)
	require.Equal(t, 42, query[int](t, third.env["DATABASE_URL"], "SELECT n FROM kept"))
	c = dial(t, third.env)
	defer work(t, c)()
	finishWorkflow(t, c, "one")
}

func TestDirLeftBehindByACrash(t *testing.T) {
	t.Parallel()
	for name, crash := range map[string]func(t *testing.T, p *process, dir string){
		"devstack": func(t *testing.T, p *process, _ string) { kill(t, p.Process.Pid) },
		"PostgreSQL": func(t *testing.T, p *process, dir string) {
			kill(t, postmaster(t, dir))
			require.Equal(t, exitStackFailed, p.exitCode())
		},
		"all": func(t *testing.T, p *process, dir string) {
			server := postmaster(t, dir)
			kill(t, watchdogOf(t, p))
			kill(t, server)
			kill(t, p.Process.Pid)
		},
		"devstack and its watchdog": func(t *testing.T, p *process, _ string) {
			kill(t, watchdogOf(t, p))
			kill(t, p.Process.Pid)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := newDir(t)
			port, err := freePort()
			require.NoError(t, err)
			args := []string{"--dir", dir, "--without", "temporal", "--postgres-port", strconv.Itoa(port)}

			first := bringUp(t, args...)
			_, err = connect(t, first.env["DATABASE_URL"]).Exec(t.Context(), "CREATE TABLE kept (n int); INSERT INTO kept VALUES (42)")
			require.NoError(t, err)
			crash(t, first, dir)
			<-first.done

			second := bringUp(t, args...)
			require.Equal(t, first.env["DATABASE_URL"], second.env["DATABASE_URL"], "the address stays the same")
			require.Equal(t, 42, query[int](t, second.env["DATABASE_URL"], "SELECT n FROM kept"))
		})
	}
}

func TestTwoStacksSideBySide(t *testing.T) {
	t.Parallel()
	a := bringUp(t, "--fast", "--without", "ui")
	b := bringUp(t, "--fast", "--without", "ui")
	for name := range a.env {
		if name != "TEMPORAL_NAMESPACE" {
			require.NotEqual(t, a.env[name], b.env[name], name)
		}
	}
	require.Equal(t, "off", query[string](t, a.env["DATABASE_URL"], "SHOW fsync"))

	ca, cb := dial(t, a.env), dial(t, b.env)
	_, err := ca.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: "one", TaskQueue: "queue"}, untilTold)
	require.NoError(t, err)
	_, err = cb.DescribeWorkflowExecution(t.Context(), "one", "")
	require.ErrorContains(t, err, "not found")
}

// PostgreSQL in one devstack and Temporal in another, as tests of faults use them.
func TestPostgresAndTemporalApart(t *testing.T) {
	t.Parallel()
	tmp, dir := newDir(t), newDir(t)
	port, err := freePort()
	require.NoError(t, err)
	args := []string{"--without", "temporal", "--dir", dir, "--postgres-port", strconv.Itoa(port)}
	database := bringUpIn(t, tmp, args...)
	require.NotContains(t, database.env, "TEMPORAL_ADDRESS")

	// What a start that was killed leaves behind: a database without a schema.
	_, err = connect(t, database.env["DATABASE_URL"]).Exec(t.Context(), "CREATE DATABASE temporal")
	require.NoError(t, err)

	server := bringUpIn(t, tmp, "--postgres-url", database.env["DATABASE_URL"], "--without", "ui", "--search-attribute", "Kind=Keyword")
	require.Equal(t, database.env["DATABASE_URL"], server.env["DATABASE_URL"])
	c := dial(t, server.env)
	defer work(t, c)()
	startWorkflow(t, c, "one")

	kill(t, postmaster(t, dir))
	require.Equal(t, exitStackFailed, database.exitCode())
	require.Contains(t, database.stderr.String(), "PostgreSQL ended unexpectedly")
	bringUpIn(t, tmp, args...)
	finishWorkflow(t, c, "one")
	startWorkflow(t, c, "two")

	// Temporal killed and started again, on the same port.
	kill(t, server.Process.Pid)
	<-server.done
	_, temporalPort, err := net.SplitHostPort(server.env["TEMPORAL_ADDRESS"])
	require.NoError(t, err)
	bringUpIn(t, tmp, "--postgres-url", database.env["DATABASE_URL"], "--without", "ui", "--temporal-port", temporalPort)
	finishWorkflow(t, c, "two")
}

func TestTakenPortIsRefused(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	_, port, err := net.SplitHostPort(listener.Addr().String())
	require.NoError(t, err)

	for flag, args := range map[string][]string{
		"--postgres-port": {"--without", "temporal", "--fast"},
		"--temporal-port": {"--without", "postgres", "--temporal-store", "sqlite"},
	} {
		p := start(t, append([]string{"up", flag, port}, args...)...)
		require.Equal(t, exitStackFailed, p.exitCode())
		require.Contains(t, p.stderr.String(), "port "+port+" of 127.0.0.1 is in use")
		require.Contains(t, p.stderr.String(), flag)
	}
}

func TestOneTemporalAtATimeOnAnExistingPostgres(t *testing.T) {
	t.Parallel()
	database := bringUp(t, "--without", "temporal", "--fast")
	args := []string{"up", "--without", "ui", "--postgres-url", database.env["DATABASE_ADMIN_URL"], "--search-attribute"}
	first := start(t, append(args, "Kind=Keyword")...)
	require.Contains(t, first.line(), "ready")

	second := start(t, append(args, "Kind=Keyword")...)
	require.Equal(t, exitStackFailed, second.exitCode())
	require.Contains(t, second.stderr.String(), "another devstack runs Temporal on the databases of this PostgreSQL")

	first.signal(syscall.SIGTERM)
	require.Equal(t, 0, first.exitCode())
	third := start(t, append(args, "Kind=Int")...)
	require.Equal(t, exitStackFailed, third.exitCode())
	require.Contains(t, third.stderr.String(), "search attribute Kind is a Keyword already and cannot become a Int")
}

// postmaster is the process id of the PostgreSQL in a state directory.
func postmaster(t *testing.T, dir string) int {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "postgres", "postmaster.pid"))
	require.NoError(t, err)
	pid, err := strconv.Atoi(strings.SplitN(string(text), "\n", 2)[0])
	require.NoError(t, err)
	return pid
}

// onlyDir is the one temporary state directory in tmp.
func onlyDir(t *testing.T, tmp string) string {
	t.Helper()
	dirs, err := filepath.Glob(filepath.Join(tmp, "devstack-*"))
	require.NoError(t, err)
	require.Len(t, dirs, 1)
	return dirs[0]
}

func kill(t *testing.T, pid int) {
	t.Helper()
	require.NoError(t, syscall.Kill(pid, syscall.SIGKILL))
}

func watchdogOf(t *testing.T, p *process) int {
	t.Helper()
	output, err := exec.Command("pgrep", "-P", strconv.Itoa(p.Process.Pid), "-f", " watchdog").Output()
	require.NoError(t, err)
	pid, err := strconv.Atoi(strings.TrimSpace(string(output)))
	require.NoError(t, err)
	return pid
}

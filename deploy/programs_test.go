package deploy_test

import (
	"context"
	"encoding/json"
	"maps"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

const (
	startTimeout = 2 * time.Minute
	pollInterval = 20 * time.Millisecond
)

// temporalClientVariables are read by every program that connects with Temporal, though its help does not name them.
var temporalClientVariables = []string{
	"TEMPORAL_ADDRESS", "TEMPORAL_NAMESPACE", "TEMPORAL_TLS", "TEMPORAL_TLS_SERVER_NAME", "TEMPORAL_TLS_SERVER_CA_CERT_PATH",
	"TEMPORAL_TLS_CLIENT_CERT_PATH", "TEMPORAL_TLS_CLIENT_KEY_PATH",
}

// runtimeVariable is read by every Go program.
const runtimeVariable = "GOMEMLIMIT"

// simulatorPrefix begins the variables of the simulator, which stand for its flags.
const simulatorPrefix = "CARESYNC_SIMULATOR_"

var (
	variableInHelp = regexp.MustCompile(`\[\$([A-Z_]+)\]`)
	flagInHelp     = regexp.MustCompile(`(?m)^\s+(?:-\w, )?--([a-z-]+)`)
)

func TestEnvironmentHoldsOnlyWhatTheProgramKnows(t *testing.T) {
	for name, service := range newProject(t).Services {
		if isOurs(service) {
			t.Run(name, func(t *testing.T) {
				require.Subset(t, knownVariables(t, name, service), slices.Collect(maps.Keys(environment(service))))
			})
		}
	}
}

// knownVariables are those that the help of the program and of its command names, and what every client of Temporal reads.
func knownVariables(t *testing.T, name string, service types.ServiceConfig) (known []string) {
	help := helpOf(t, binary(t, service), command(t, service)...)
	if name == "migrate" || name == "starter" { // commands of one program, which share settings
		help = append(help, helpOf(t, binary(t, service))...)
	}
	for _, found := range variableInHelp.FindAllSubmatch(help, -1) {
		known = append(known, string(found[1]))
	}
	switch name {
	case "worker", "starter":
		known = append(known, temporalClientVariables...)
		known = append(known, runtimeVariable)
	case "simulator":
		for _, found := range flagInHelp.FindAllSubmatch(help, -1) {
			known = append(known, simulatorPrefix+strings.ToUpper(strings.ReplaceAll(string(found[1]), "-", "_")))
		}
	}
	return known
}

func helpOf(t *testing.T, program string, command ...string) []byte {
	help, err := exec.Command(program, append(command, "--help")...).Output()
	require.NoError(t, err)
	return help
}

func TestProgramsStartAsTheComposeFileStartsThem(t *testing.T) {
	project := newProject(t)
	network := newNetwork(t)

	t.Run("migrate", func(t *testing.T) {
		for range 2 { // every `docker compose up` runs the job again
			migrate := network.start(t, project, "migrate")
			require.NoError(t, migrate.wait(t, startTimeout))
		}
	})
	for _, name := range []string{"worker", "starter", "simulator"} {
		t.Run(name, func(t *testing.T) {
			service := project.Services[name]
			program := network.start(t, project, name)
			program.waitUntilHealthy(t, service)
			if name == "starter" {
				program.decodesPayloads(t, project)
			}
			program.stop(t, service)
		})
	}
}

// network stands in for that of the compose file.
type network struct {
	database url.URL
	temporal string
}

func newNetwork(t *testing.T) network {
	temporal := os.Getenv("TEMPORAL_ADDRESS")
	require.NotEmpty(t, temporal, "TEMPORAL_ADDRESS is not set: run the tests with `make test` or `devstack exec -- go test ...`")
	return network{database: emptyDatabase(t), temporal: temporal}
}

// emptyDatabase is a new database without a schema, which is dropped after the test.
func emptyDatabase(t *testing.T) url.URL {
	address, err := url.Parse(os.Getenv("DATABASE_URL"))
	require.NoError(t, err)
	require.NotEmpty(t, address.Host, "DATABASE_URL is not set: run the tests with `make test` or `devstack exec -- go test ...`")
	name := "deploy_" + strings.ReplaceAll(uuid.NewString(), "-", "")
	execute(t, address, "CREATE DATABASE "+name)
	t.Cleanup(func() { execute(t, address, "DROP DATABASE "+name+" WITH (FORCE)") })
	empty := *address
	empty.Path = "/" + name
	return empty
}

func execute(t *testing.T, address *url.URL, statement string) {
	ctx := context.WithoutCancel(t.Context()) // clean-ups come here too
	connection, err := pgx.Connect(ctx, address.String())
	require.NoError(t, err)
	_, err = connection.Exec(ctx, statement)
	require.NoError(t, err)
	require.NoError(t, connection.Close(ctx))
}

// program is a service's, running outside a container.
type program struct {
	process *exec.Cmd
	output  string // a file
	// ports are those that it listens at, by those that it would have in its container.
	ports  map[string]string
	exited chan struct{}
	failed error // set before exited is closed
}

// start runs a service's program with exactly the command and the environment that the compose file gives it, save for addresses, for the
// folders of its volumes, and for TLS, which the servers of this test do not speak. As in a container there is nothing else but a home,
// which does not exist.
func (n network) start(t *testing.T, project *types.Project, name string) *program {
	t.Helper()
	service := project.Services[name]
	p := &program{output: filepath.Join(t.TempDir(), "output"), ports: map[string]string{}, exited: make(chan struct{})}
	output, err := os.Create(p.output)
	require.NoError(t, err)
	defer output.Close() // the process has its own
	p.process = exec.Command(binary(t, service), command(t, service)...)
	p.process.Stdout, p.process.Stderr = output, output
	p.process.Env = []string{"HOME=/home/caresync"}
	for name, value := range environment(service) {
		if strings.HasPrefix(name, "TEMPORAL_TLS") {
			continue
		}
		if file, isSecret := secretFile(project, service, value); isSecret {
			value = file
		}
		p.process.Env = append(p.process.Env, name+"="+n.translate(t, p, service, name, value))
	}
	require.NoError(t, p.process.Start())
	go func() {
		p.failed = p.process.Wait()
		close(p.exited)
	}()
	t.Cleanup(func() {
		_ = p.process.Process.Kill() // most have ended already
		<-p.exited
	})
	return p
}

func (n network) translate(t *testing.T, p *program, service types.ServiceConfig, name, value string) string {
	port, listens := strings.CutPrefix(value, "0.0.0.0:")
	switch {
	case name == "DATABASE_URL_FILE":
		file := filepath.Join(t.TempDir(), "database_url")
		require.NoError(t, os.WriteFile(file, []byte(n.databaseAddress(t, read(t, value))), 0o600))
		return file
	case name == "TEMPORAL_ADDRESS":
		return n.temporal
	case listens:
		p.ports[port] = freePort(t)
		return "127.0.0.1:" + p.ports[port]
	}
	for _, volume := range service.Volumes {
		if inside, isInside := strings.CutPrefix(value, volume.Target+"/"); isInside {
			return filepath.Join(t.TempDir(), inside)
		}
	}
	return value
}

// databaseAddress is the test's database in place of the one that the secret names.
func (n network) databaseAddress(t *testing.T, given string) string {
	address, err := url.Parse(strings.TrimSpace(given))
	require.NoError(t, err)
	require.Equal(t, "postgres:5432", address.Host)
	require.Equal(t, url.Values{"sslmode": {"verify-full"}, "sslrootcert": {"/run/secrets/ca_certificate"}}, address.Query())
	return n.database.String()
}

func freePort(t *testing.T) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	_, port, err := net.SplitHostPort(listener.Addr().String())
	require.NoError(t, err)
	return port
}

// waitUntilHealthy asks what the container's health check asks, until it is answered with success.
func (p *program) waitUntilHealthy(t *testing.T, service types.ServiceConfig) {
	t.Helper()
	address := p.healthAddress(t, service)
	deadline := time.After(startTimeout)
	for !answersWithSuccess(address) {
		select {
		case <-p.exited:
			require.FailNow(t, "the program ended unexpectedly", "%v\n%s", p.failed, read(t, p.output))
		case <-deadline:
			require.FailNow(t, "the program is not healthy", "%s\n%s", address, read(t, p.output))
		case <-time.After(pollInterval):
		}
	}
}

func (p *program) healthAddress(t *testing.T, service types.ServiceConfig) string {
	check := service.HealthCheck.Test
	address, err := url.Parse(check[len(check)-1])
	require.NoError(t, err)
	require.Equal(t, "127.0.0.1", address.Hostname(), "the check runs in the container")
	require.Contains(t, p.ports, address.Port(), "the program listens where the check asks")
	address.Host = "127.0.0.1:" + p.ports[address.Port()]
	return address.String()
}

func answersWithSuccess(address string) bool {
	response, err := http.Get(address)
	if err != nil {
		return false
	}
	defer response.Body.Close()
	return response.StatusCode == http.StatusOK
}

// stop ends the program as Docker does, and expects it to be done before Docker would kill it.
func (p *program) stop(t *testing.T, service types.ServiceConfig) {
	t.Helper()
	require.NotNil(t, service.StopGracePeriod)
	require.NoError(t, p.process.Process.Signal(syscall.SIGTERM))
	require.NoError(t, p.wait(t, time.Duration(*service.StopGracePeriod)))
}

// wait returns how the program ended.
func (p *program) wait(t *testing.T, patience time.Duration) error {
	t.Helper()
	select {
	case <-p.exited:
		if p.failed != nil {
			t.Log(read(t, p.output))
		}
		return p.failed
	case <-time.After(patience):
		require.FailNow(t, "the program continues", "after %s\n%s", patience, read(t, p.output))
		return nil
	}
}

// decodesPayloads calls the codec endpoint where the Temporal UI is told to look for it, as its page does.
func (p *program) decodesPayloads(t *testing.T, project *types.Project) {
	t.Helper()
	ui, starter := environment(project.Services["temporal-ui"]), project.Services["starter"]
	endpoint, err := url.Parse(ui["TEMPORAL_CODEC_ENDPOINT"])
	require.NoError(t, err)
	endpoint.Host = "127.0.0.1:" + p.ports[strconv.FormatUint(uint64(starter.Ports[0].Target), 10)]
	decode := endpoint.JoinPath("decode").String()

	token, given := secretFile(project, starter, environment(starter)["CARESYNC_CODEC_TOKEN_FILE"])
	require.True(t, given)
	require.Equal(t, http.StatusUnauthorized, post(t, decode, ui["TEMPORAL_CORS_ORIGINS"], "not the token"))
	require.Equal(t, http.StatusOK, post(t, decode, ui["TEMPORAL_CORS_ORIGINS"], strings.TrimSpace(read(t, token))))
}

// post sends no payloads from a page of origin, and returns the status.
func post(t *testing.T, address, origin, token string) int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader(`{"payloads":[]}`))
	require.NoError(t, err)
	request.Header.Set("Origin", origin)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	return response.StatusCode
}

// binary is the program that the service's image is made for, as `make build` made it.
func binary(t *testing.T, service types.ServiceConfig) string {
	t.Helper()
	folder := os.Getenv("CARESYNC_BIN")
	require.NotEmpty(t, folder, "CARESYNC_BIN is not set: name the folder of the programs, as `make test` does after `make build`")
	file := filepath.Join(folder, entrypoint(t, service)[0])
	require.FileExists(t, file, "build the programs with `make build`")
	return file
}

// command is what the service passes on to its program.
func command(t *testing.T, service types.ServiceConfig) []string {
	t.Helper()
	arguments := slices.Clone(entrypoint(t, service)[1:])
	if service.Command != nil {
		return append(arguments, service.Command...)
	}
	return append(arguments, words(t, service, "CMD")...)
}

func entrypoint(t *testing.T, service types.ServiceConfig) []string {
	t.Helper()
	require.Nil(t, service.Entrypoint)
	found := words(t, service, "ENTRYPOINT")
	require.NotEmpty(t, found)
	return found
}

// words reads an instruction of the service's image in its JSON form; none where there is no such instruction.
func words(t *testing.T, service types.ServiceConfig, name string) (list []string) {
	t.Helper()
	text := instruction(dockerfile(t), target(service), name)
	if text == "" {
		return nil
	}
	require.NoError(t, json.Unmarshal([]byte(text), &list))
	return list
}

package deploy_test

import (
	"bytes"
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
	startTimeout = 30 * time.Second
	pollInterval = 20 * time.Millisecond
)

// temporalClientVariables are read by every program that connects with Temporal, though its help does not name them.
var temporalClientVariables = []string{"TEMPORAL_ADDRESS", "TEMPORAL_NAMESPACE"}

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

// knownVariables are those that the program's help names, and what every client of Temporal reads.
func knownVariables(t *testing.T, name string, service types.ServiceConfig) (known []string) {
	help, err := exec.Command(binary(t, service), append(command(t, service), "--help")...).Output()
	require.NoError(t, err)
	for _, found := range variableInHelp.FindAllSubmatch(help, -1) {
		known = append(known, string(found[1]))
	}
	switch name {
	case "worker", "starter":
		known = append(known, temporalClientVariables...)
	case "simulator":
		for _, found := range flagInHelp.FindAllSubmatch(help, -1) {
			known = append(known, simulatorPrefix+strings.ToUpper(strings.ReplaceAll(string(found[1]), "-", "_")))
		}
	}
	return known
}

func TestProgramsStartAsTheComposeFileStartsThem(t *testing.T) {
	project := newProject(t)
	network := newNetwork(t)

	t.Run("migrate", func(t *testing.T) {
		for range 2 { // every `docker compose up` runs the job again
			migrate := network.start(t, project.Services["migrate"])
			require.NoError(t, migrate.wait(t, startTimeout), "%s", migrate.output)
		}
	})
	for _, name := range []string{"worker", "starter", "simulator"} {
		t.Run(name, func(t *testing.T) {
			service := project.Services[name]
			program := network.start(t, service)
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
	ctx := t.Context()
	if ctx.Err() != nil { // in a clean-up
		ctx = contextWithoutCancel(t)
	}
	connection, err := pgx.Connect(ctx, address.String())
	require.NoError(t, err)
	_, err = connection.Exec(ctx, statement)
	require.NoError(t, err)
	require.NoError(t, connection.Close(ctx))
}

// Package deploy_test checks docker-compose.yml and the Dockerfile without a Docker engine: the file is read by the library that
// Docker Compose itself uses, and every program is started once as the file would start it.
package deploy_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/dotenv"
	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/stretchr/testify/require"
)

const composeFile = "../docker-compose.yml"

// newSettings makes a .env and its secrets as a user does who wants to try things out, and reads it.
func newSettings(t *testing.T) types.Mapping {
	t.Helper()
	file := filepath.Join(t.TempDir(), ".env")
	output, err := exec.Command("./new-env", "--simulator", file).CombinedOutput()
	require.NoError(t, err, "%s", output)
	settings, err := dotenv.Read(file)
	require.NoError(t, err)
	return settings
}

// load reads the compose file with the settings of a .env.
func load(t *testing.T, settings types.Mapping) (*types.Project, error) {
	t.Helper()
	return loader.LoadWithContext(t.Context(), types.ConfigDetails{
		WorkingDir: "..", ConfigFiles: types.ToConfigFiles([]string{composeFile}), Environment: settings,
	}, loader.WithProfiles(strings.Fields(settings["COMPOSE_PROFILES"])))
}

func newProject(t *testing.T) *types.Project {
	t.Helper()
	project, err := load(t, newSettings(t))
	require.NoError(t, err)
	return project
}

// environment is a service's, as text.
func environment(service types.ServiceConfig) map[string]string {
	given := map[string]string{}
	for name, value := range service.Environment {
		given[name] = *value
	}
	return given
}

func isJob(service types.ServiceConfig) bool { return service.Restart == types.RestartPolicyNo }

// isOurs tells whether the service runs an image of our Dockerfile.
func isOurs(service types.ServiceConfig) bool { return target(service) != "" }

// target is the stage of our Dockerfile that the service runs.
func target(service types.ServiceConfig) string {
	ours := ourImage.FindStringSubmatch(service.Image)
	if ours == nil {
		return ""
	}
	return ours[1]
}

var ourImage = regexp.MustCompile(`^caresync/(\w+):local$`)

// secretFile is the file that a service finds at a path, if that is one of its secrets.
func secretFile(project *types.Project, service types.ServiceConfig, path string) (file string, isSecret bool) {
	for _, given := range service.Secrets {
		if path == "/run/secrets/"+given.Source {
			return project.Secrets[given.Source].File, true
		}
	}
	return "", false
}

// stage is a part of the Dockerfile. Its instructions are by name; of those that stand several times the last counts, as with Docker.
type stage struct {
	base         string
	instructions map[string]string
}

var (
	fromPattern        = regexp.MustCompile(`^FROM (?:--platform=\S+ )?(\S+) AS (\S+)$`)
	instructionPattern = regexp.MustCompile(`^([A-Z]+) (.+)$`)
)

// dockerfile reads the stages by name.
func dockerfile(t *testing.T) map[string]stage {
	t.Helper()
	stages := map[string]stage{}
	current := stage{instructions: map[string]string{}}
	for line := range strings.Lines(read(t, "../Dockerfile")) {
		line = strings.TrimSpace(line)
		if from := fromPattern.FindStringSubmatch(line); from != nil {
			current = stage{base: from[1], instructions: map[string]string{}}
			stages[from[2]] = current
		} else if instruction := instructionPattern.FindStringSubmatch(line); instruction != nil {
			current.instructions[instruction[1]] = instruction[2]
		}
	}
	require.NotEmpty(t, stages)
	return stages
}

// instruction looks one up in a stage and in those that it is based on.
func instruction(stages map[string]stage, name, wanted string) string {
	for {
		at, known := stages[name]
		if !known {
			return ""
		}
		if value, found := at.instructions[wanted]; found {
			return value
		}
		name = at.base
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	return string(text)
}

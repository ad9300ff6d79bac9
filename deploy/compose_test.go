package deploy_test

import (
	"maps"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/template"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/stretchr/testify/require"
)

func TestMissingSecretIsNamed(t *testing.T) {
	for _, secret := range []string{
		"CARESYNC_KEYRING", "CARESYNC_CODEC_TOKEN", "POSTGRES_PASSWORD", "CARESYNC_DATABASE_PASSWORD", "TEMPORAL_DATABASE_PASSWORD",
	} {
		for what, spoil := range map[string]func(types.Mapping){
			"absent": func(settings types.Mapping) { delete(settings, secret) },
			"empty":  func(settings types.Mapping) { settings[secret] = "" },
		} {
			t.Run(secret+" "+what, func(t *testing.T) {
				settings := newSettings(t)
				spoil(settings)

				_, err := load(t, settings)

				require.ErrorContains(t, err, secret)
				require.ErrorContains(t, err, "run deploy/new-env")
			})
		}
	}
}

func TestExampleNamesEverySetting(t *testing.T) {
	model, err := loader.LoadModelWithContext(t.Context(), types.ConfigDetails{
		WorkingDir: "..", ConfigFiles: types.ToConfigFiles([]string{composeFile}), Environment: types.Mapping{},
	}, loader.WithSkipValidation, func(o *loader.Options) { o.SkipInterpolation = true })
	require.NoError(t, err)
	used := template.ExtractVariables(model, template.DefaultPattern)
	require.ElementsMatch(t, slices.Collect(maps.Keys(used)), slices.Collect(maps.Keys(newSettings(t))))
}

func TestNewEnvKeepsAnExistingFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), ".env")
	require.NoError(t, exec.Command("./new-env", file).Run())
	before := read(t, file)

	output, err := exec.Command("./new-env", file).CombinedOutput()

	require.Error(t, err)
	require.Contains(t, string(output), "exists already")
	require.Equal(t, before, read(t, file))
	about, err := os.Stat(file)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), about.Mode().Perm())
}

// pinned is a name with a version of at least two numbers, and nothing after it that moves.
var pinned = regexp.MustCompile(`^[a-z/-]+:\d+\.\d+(\.\d+)?(-[a-z]+[\d.]*)?$`)

func TestImagesArePinned(t *testing.T) {
	for name, service := range newProject(t).Services {
		if !isOurs(service) {
			require.Regexp(t, pinned, service.Image, name)
		}
	}
	stages := dockerfile(t)
	for name, stage := range stages {
		if _, isStage := stages[stage.base]; !isStage {
			require.Regexp(t, pinned, stage.base, name)
		}
	}
}

func TestTemporalIsTheVersionThatTheDevstackEmbeds(t *testing.T) {
	module := read(t, "../devstack/go.mod")
	project := newProject(t)
	for service, dependency := range map[string]string{
		"temporal": "go.temporal.io/server", "temporal-schema": "go.temporal.io/server", "temporal-namespace": "go.temporal.io/server",
		"temporal-ui": "github.com/temporalio/ui-server/v2",
	} {
		_, version, _ := strings.Cut(project.Services[service].Image, ":")
		require.Contains(t, module, "\t"+dependency+" v"+version+"\n", service)
	}
}

func TestPortsArePublishedOnLoopbackOnly(t *testing.T) {
	published := map[string]string{}
	for name, service := range newProject(t).Services {
		require.Empty(t, service.NetworkMode, name)
		for _, port := range service.Ports {
			require.Equal(t, "127.0.0.1", port.HostIP, name)
			published[name] = port.Published
		}
	}
	require.Equal(t, map[string]string{"starter": "8080", "simulator": "8090", "temporal-ui": "8233"}, published)
}

func TestServicesWaitForWhatTheyNeed(t *testing.T) {
	const healthy, completed = types.ServiceConditionHealthy, types.ServiceConditionCompletedSuccessfully
	wanted := map[string]map[string]string{
		"postgres":           {},
		"temporal-schema":    {"postgres": healthy},
		"temporal":           {"temporal-schema": completed},
		"temporal-namespace": {"temporal": healthy},
		"temporal-ui":        {"temporal": healthy},
		"migrate":            {"postgres": healthy},
		"worker":             {"migrate": completed, "temporal-namespace": completed},
		"starter":            {"migrate": completed, "temporal-namespace": completed},
		"simulator":          {},
	}
	waits := map[string]map[string]string{}
	for name, service := range newProject(t).Services {
		waits[name] = map[string]string{}
		for needed, dependency := range service.DependsOn {
			waits[name][needed] = dependency.Condition
		}
	}
	require.Equal(t, wanted, waits)
}

func TestJobsRunOnceAndServicesAreKeptAlive(t *testing.T) {
	var jobs []string
	for name, service := range newProject(t).Services {
		if isJob(service) {
			jobs = append(jobs, name)
			continue
		}
		require.Equal(t, types.RestartPolicyUnlessStopped, service.Restart, name)
		require.NotNil(t, service.HealthCheck, name)
		require.NotEmpty(t, service.HealthCheck.Test, name)
	}
	require.ElementsMatch(t, []string{"temporal-schema", "temporal-namespace", "migrate"}, jobs)
}

func TestOurProgramsAreConfined(t *testing.T) {
	stages := dockerfile(t)
	for name, service := range newProject(t).Services {
		if !isOurs(service) {
			continue
		}
		require.Contains(t, stages, service.Build.Target, name)
		require.Equal(t, "10001:10001", instruction(stages, service.Build.Target, "USER"), name)
		require.True(t, service.ReadOnly, name)
		require.Equal(t, []string{"ALL"}, service.CapDrop, name)
		require.Contains(t, service.SecurityOpt, "no-new-privileges:true", name)
	}
}

var (
	declaredAttribute = regexp.MustCompile(`NewSearchAttributeKey(\w+)\("(\w+)"\)`)
	makefileLine      = regexp.MustCompile(`(?m)^export DEVSTACK_SEARCH_ATTRIBUTE := (\S+)$`)
	// attributeTypes are the command line's names for types that are called otherwise in Go.
	attributeTypes = map[string]string{"Int64": "Int", "Float64": "Double", "Time": "Datetime", "String": "Text"}
)

func TestSearchAttributesAreTheSameEverywhere(t *testing.T) {
	var declared []string
	for _, found := range declaredAttribute.FindAllStringSubmatch(read(t, "../protocol/searchattributes.go"), -1) {
		valueType := found[1]
		if other, renamed := attributeTypes[valueType]; renamed {
			valueType = other
		}
		declared = append(declared, found[2]+"="+valueType)
	}
	require.NotEmpty(t, declared)

	created := environment(newProject(t).Services["temporal-namespace"])["NAMESPACE_SEARCH_ATTRIBUTES"]
	require.ElementsMatch(t, declared, strings.Split(created, ","))

	inMakefile := makefileLine.FindStringSubmatch(read(t, "../Makefile"))
	require.NotNil(t, inMakefile)
	require.ElementsMatch(t, declared, strings.Split(inMakefile[1], ","))
}

// The cookie of an operator's session is for one site: both addresses need the same host name.
func TestTemporalUIAndCodecEndpointFindEachOther(t *testing.T) {
	settings := newSettings(t)
	settings["CARESYNC_PORT"], settings["TEMPORAL_UI_PORT"] = "18080", "18233"
	project, err := load(t, settings)
	require.NoError(t, err)
	ui, starter := project.Services["temporal-ui"], project.Services["starter"]

	require.Equal(t, publishedAddress(starter)+"/codec", environment(ui)["TEMPORAL_CODEC_ENDPOINT"])
	require.Equal(t, "true", environment(ui)["TEMPORAL_CODEC_INCLUDE_CREDENTIALS"])
	require.Equal(t, publishedAddress(ui), environment(ui)["TEMPORAL_CORS_ORIGINS"])
	require.Equal(t, publishedAddress(ui), environment(starter)["TEMPORAL_UI_URL"])
	require.Equal(t, publishedAddress(starter), environment(starter)["CARESYNC_PUBLIC_URL"])
}

func publishedAddress(service types.ServiceConfig) string {
	return (&url.URL{Scheme: "http", Host: service.Ports[0].HostIP + ":" + service.Ports[0].Published}).String()
}

func TestNamespaceIsTheSameEverywhere(t *testing.T) {
	project := newProject(t)
	for service, variable := range map[string]string{
		"temporal-namespace": "TEMPORAL_NAMESPACE", "temporal-ui": "TEMPORAL_DEFAULT_NAMESPACE",
		"worker": "TEMPORAL_NAMESPACE", "starter": "TEMPORAL_NAMESPACE",
	} {
		require.Equal(t, "caresync", environment(project.Services[service])[variable], service)
	}
}

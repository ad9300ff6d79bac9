package deploy_test

import (
	"crypto/tls"
	"crypto/x509"
	"maps"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/compose-spec/compose-go/v2/dotenv"
	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/template"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/stretchr/testify/require"
)

func TestMissingSecretsAreNamed(t *testing.T) {
	for what, spoil := range map[string]func(types.Mapping){
		"absent": func(settings types.Mapping) { delete(settings, "CARESYNC_SECRETS") },
		"empty":  func(settings types.Mapping) { settings["CARESYNC_SECRETS"] = "" },
	} {
		t.Run(what, func(t *testing.T) {
			settings := newSettings(t)
			spoil(settings)

			_, err := load(t, settings)

			require.ErrorContains(t, err, "CARESYNC_SECRETS")
			require.ErrorContains(t, err, "run deploy/new-env")
		})
	}
}

// Each container runs as a user of its own, who reads a secret that is mounted; on the machine itself no one else can enter the folder.
func TestNewEnvMakesEverySecret(t *testing.T) {
	file := filepath.Join(t.TempDir(), ".env")
	making := exec.Command("/bin/sh", "-c", `umask 077 && ./new-env "$0"`, file)
	output, err := making.CombinedOutput()
	require.NoError(t, err, "%s", output)
	settings, err := dotenv.Read(file)
	require.NoError(t, err)
	project, err := load(t, settings)
	require.NoError(t, err)
	for name, secret := range project.Secrets {
		about, err := os.Stat(secret.File)
		require.NoError(t, err, name)
		require.Positive(t, about.Size(), name)
		require.Equal(t, os.FileMode(0o644), about.Mode().Perm(), name)
	}
	folder, err := os.Stat(settings["CARESYNC_SECRETS"])
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o700), folder.Mode().Perm())
	authority, err := os.Stat(filepath.Join(settings["CARESYNC_SECRETS"], "ca_key"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), authority.Mode().Perm())
}

func TestServicesAreGivenTheSecretsThatTheyName(t *testing.T) {
	for name, service := range newProject(t).Services {
		var given, named []string
		for _, secret := range service.Secrets {
			given = append(given, "/run/secrets/"+secret.Source)
		}
		for _, value := range environment(service) {
			if strings.HasPrefix(value, "/run/secrets/") {
				named = append(named, value)
			}
		}
		if _, reads := environment(service)["DATABASE_URL_FILE"]; reads { // which names it
			named = append(named, "/run/secrets/ca_certificate")
		}
		slices.Sort(named)
		require.ElementsMatch(t, given, slices.Compact(named), name)
	}
}

func TestCertificatesAreValidForTheNamesThatAreCalled(t *testing.T) {
	project := newProject(t)
	authority := x509.NewCertPool()
	require.True(t, authority.AppendCertsFromPEM([]byte(read(t, project.Secrets["ca_certificate"].File))))
	for secret, wanted := range map[string]x509.VerifyOptions{
		"postgres_certificate":        {DNSName: "postgres", KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}},
		"temporal_certificate":        {DNSName: "temporal", KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}},
		"temporal_client_certificate": {KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}},
	} {
		wanted.Roots = authority
		wanted.CurrentTime = time.Now().AddDate(9, 0, 0)
		pair, err := tls.LoadX509KeyPair(project.Secrets[secret].File, strings.Replace(project.Secrets[secret].File, "_certificate", "_key", 1))
		require.NoError(t, err, secret)
		_, err = pair.Leaf.Verify(wanted)
		require.NoError(t, err, secret)
	}
}

func TestCertificatesAreRenewedBySameAuthority(t *testing.T) {
	folder := newSettings(t)["CARESYNC_SECRETS"]
	authority, certificate := read(t, filepath.Join(folder, "ca_certificate")), read(t, filepath.Join(folder, "postgres_certificate"))
	output, err := exec.Command("./new-certificates", folder).CombinedOutput()
	require.NoError(t, err, "%s", output)
	require.Equal(t, authority, read(t, filepath.Join(folder, "ca_certificate")))
	require.NotEqual(t, certificate, read(t, filepath.Join(folder, "postgres_certificate")))
}

func TestSimulatorIsThereOnlyForThoseWhoAskedForIt(t *testing.T) {
	settings := newSettings(t)
	settings["COMPOSE_PROFILES"] = ""
	project, err := load(t, settings)
	require.NoError(t, err)
	require.NotContains(t, project.Services, "simulator")
	require.Contains(t, project.DisabledServices, "simulator")
}

func TestMemoryAndProcessesAreLimited(t *testing.T) {
	for name, service := range newProject(t).Services {
		require.NotNil(t, service.Deploy, name)
		require.NotNil(t, service.Deploy.Resources.Limits, name)
		require.Positive(t, int64(service.Deploy.Resources.Limits.MemoryBytes), name)
		require.Positive(t, service.Deploy.Resources.Limits.Pids, name)
	}
}

// Two services that built one image made it anew in turn, and each update restarted what had not changed.
func TestEachImageIsBuiltByOneService(t *testing.T) {
	builders := map[string]string{}
	for name, service := range newProject(t).Services {
		if service.Build != nil {
			require.NotContains(t, builders, service.Image, "%s builds it, too", name)
			builders[service.Image] = name
			require.Equal(t, target(service), service.Build.Target, name)
		} else if isOurs(service) {
			require.Equal(t, types.PullPolicyNever, service.PullPolicy, name)
		}
	}
}

func TestExampleNamesEverySetting(t *testing.T) {
	model, err := loader.LoadModelWithContext(t.Context(), types.ConfigDetails{
		WorkingDir: "..", ConfigFiles: types.ToConfigFiles([]string{composeFile}), Environment: types.Mapping{},
	}, loader.WithSkipValidation, func(o *loader.Options) { o.SkipInterpolation = true })
	require.NoError(t, err)
	used := template.ExtractVariables(model, template.DefaultPattern)
	settings := newSettings(t)
	delete(settings, "COMPOSE_PROFILES") // Compose's own
	require.ElementsMatch(t, slices.Collect(maps.Keys(used)), slices.Collect(maps.Keys(settings)))
}

func TestNewEnvKeepsAnExistingFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), ".env")
	require.NoError(t, exec.Command("./new-env", file).Run())
	before := read(t, file)

	output, err := exec.Command("./new-env", file).CombinedOutput()

	require.Error(t, err)
	require.Contains(t, string(output), "exists already")
	require.Equal(t, before, read(t, file))
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
		"databases":          {"postgres": healthy},
		"temporal-schema":    {"databases": completed},
		"temporal":           {"temporal-schema": completed},
		"temporal-namespace": {"temporal": healthy},
		"temporal-ui":        {"temporal": healthy},
		"migrate":            {"databases": completed},
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
	require.ElementsMatch(t, []string{"databases", "temporal-schema", "temporal-namespace", "migrate"}, jobs)
}

func TestOurProgramsAreConfined(t *testing.T) {
	stages := dockerfile(t)
	for name, service := range newProject(t).Services {
		if !isOurs(service) {
			continue
		}
		require.Contains(t, stages, target(service), name)
		require.Equal(t, "10001:10001", instruction(stages, target(service), "USER"), name)
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

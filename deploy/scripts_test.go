package deploy_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/stretchr/testify/require"
)

// recorder stands in for Temporal's tools: it notes how it was called. A namespace is unknown until it was created.
const recorder = `#!/bin/sh
echo "${0##*/} $*" >>"$FOLDER/calls"
env | grep PASSWORD= | sort >"$FOLDER/passwords"
case "$*" in
  *"namespace create"*) touch "$FOLDER/created" ;;
  *"namespace describe"*) test -e "$FOLDER/created" ;;
esac
`

// jobCalls runs a job's script as the compose file gives it, and returns the calls that it made.
func jobCalls(t *testing.T, folder, name string) []string {
	t.Helper()
	project := newProject(t)
	service := project.Services[name]
	script := strings.Replace(service.Entrypoint[1], service.Volumes[0].Target, service.Volumes[0].Source, 1)
	job := exec.Command(service.Entrypoint[0], script)
	job.Env = []string{"PATH=" + folder + ":" + os.Getenv("PATH"), "FOLDER=" + folder}
	for name, value := range environment(service) {
		if file, isSecret := secretFile(project, service, value); isSecret {
			value = file
		}
		job.Env = append(job.Env, name+"="+value)
	}
	require.NoError(t, os.RemoveAll(filepath.Join(folder, "calls")))
	output, err := job.CombinedOutput()
	require.NoError(t, err, "%s", output)
	return strings.Split(strings.TrimSpace(read(t, filepath.Join(folder, "calls"))), "\n")
}

func toolsThatRecord(t *testing.T) (folder string) {
	folder = t.TempDir()
	for _, tool := range []string{"temporal", "temporal-sql-tool", "psql"} {
		require.NoError(t, os.WriteFile(filepath.Join(folder, tool), []byte(recorder), 0o700))
	}
	return folder
}

func TestNamespaceJobCreatesTheNamespaceOnceAndKeepsItUpToDate(t *testing.T) {
	const describe = "temporal operator namespace describe --namespace caresync"
	attributes := []string{
		"temporal operator search-attribute create --namespace caresync --name CareSyncKind --type Keyword --name CareSyncOutcome --type Keyword" +
			" --name CareSyncArea --type Keyword --name CareSyncOrganisation --type Keyword --name CareSyncFailedCount --type Int",
		"temporal workflow list --namespace caresync --limit 1 --query CareSyncKind IS NULL AND CareSyncOutcome IS NULL" +
			" AND CareSyncArea IS NULL AND CareSyncOrganisation IS NULL AND CareSyncFailedCount IS NULL",
	}
	tools := toolsThatRecord(t)

	require.Equal(t, append([]string{describe, "temporal operator namespace create --namespace caresync --retention 72h"}, attributes...),
		jobCalls(t, tools, "temporal-namespace"))
	require.Equal(t, append([]string{describe, "temporal operator namespace update --namespace caresync --retention 72h"}, attributes...),
		jobCalls(t, tools, "temporal-namespace"))
}

// The job that makes roles and databases is given every password, and finds that of CareSync's role in its address.
func TestDatabasesJobKnowsThePasswords(t *testing.T) {
	tools := toolsThatRecord(t)
	require.Equal(t, []string{"psql --quiet --no-psqlrc --file=/deploy/databases.sql"}, jobCalls(t, tools, "databases"))
	require.Regexp(t, `^CARESYNC_PASSWORD=[0-9a-f]{48}\nPGPASSWORD=[0-9a-f]{48}\nTEMPORAL_PASSWORD=[0-9a-f]{48}\n$`, read(t, filepath.Join(tools, "passwords")))
}

// Only a digest that a registry has just given is written down, and of no image that is built here.
func TestImagesArePinnedByTheirRegistrysDigest(t *testing.T) {
	copied := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(copied, "deploy"), 0o700))
	for _, file := range []string{"docker-compose.yml", "deploy/pin-images"} {
		require.NoError(t, os.WriteFile(filepath.Join(copied, file), []byte(read(t, filepath.Join("..", file))), 0o700))
	}
	registry := filepath.Join(copied, "docker")
	require.NoError(t, os.WriteFile(registry, []byte("#!/bin/sh\ntest ! -e \"$FOLDER/away\" && echo sha256:of-$6\n"), 0o700))
	pin := func() error {
		pinning := exec.Command(filepath.Join(copied, "deploy/pin-images"))
		pinning.Env = []string{"PATH=" + copied + ":" + os.Getenv("PATH"), "FOLDER=" + copied}
		return pinning.Run()
	}
	require.NoError(t, pin())
	pinned, err := loader.LoadWithContext(t.Context(), types.ConfigDetails{
		WorkingDir: copied, ConfigFiles: types.ToConfigFiles([]string{filepath.Join(copied, "docker-compose.pinned.yml")}), Environment: types.Mapping{},
	}, func(o *loader.Options) { o.SetProjectName("pinned", true) })
	require.NoError(t, err)
	digests := map[string]string{}
	for name, service := range pinned.Services {
		digests[name] = service.Image
	}
	wanted := map[string]string{}
	for name, service := range newProject(t).Services {
		if !isOurs(service) {
			wanted[name] = service.Image + "@sha256:of-" + service.Image
		}
	}
	require.Equal(t, wanted, digests)

	require.NoError(t, os.Remove(filepath.Join(copied, "docker-compose.pinned.yml")))
	require.NoError(t, os.WriteFile(filepath.Join(copied, "away"), nil, 0o600))
	require.Error(t, pin())
	require.NoFileExists(t, filepath.Join(copied, "docker-compose.pinned.yml"))
}

func TestSchemaJobUpdatesBothDatabases(t *testing.T) {
	require.Equal(t, []string{
		"temporal-sql-tool --database temporal setup-schema --version 0.0",
		"temporal-sql-tool --database temporal update-schema --schema-name postgresql/v12/temporal",
		"temporal-sql-tool --database temporal_visibility setup-schema --version 0.0",
		"temporal-sql-tool --database temporal_visibility update-schema --schema-name postgresql/v12/visibility",
	}, jobCalls(t, toolsThatRecord(t), "temporal-schema"))
}

package deploy_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// recorder stands in for Temporal's tools: it notes how it was called. A namespace is unknown until it was created.
const recorder = `#!/bin/sh
echo "${0##*/} $*" >>"$FOLDER/calls"
case "$*" in
  *"namespace create"*) touch "$FOLDER/created" ;;
  *"namespace describe"*) test -e "$FOLDER/created" ;;
esac
`

// jobCalls runs a job's script as the compose file gives it, and returns the calls that it made.
func jobCalls(t *testing.T, folder, name string) []string {
	t.Helper()
	service := newProject(t).Services[name]
	script := strings.Replace(service.Entrypoint[1], service.Volumes[0].Target, service.Volumes[0].Source, 1)
	job := exec.Command(service.Entrypoint[0], script)
	job.Env = []string{"PATH=" + folder + ":" + os.Getenv("PATH"), "FOLDER=" + folder}
	for name, value := range environment(service) {
		job.Env = append(job.Env, name+"="+value)
	}
	require.NoError(t, os.RemoveAll(filepath.Join(folder, "calls")))
	output, err := job.CombinedOutput()
	require.NoError(t, err, "%s", output)
	return strings.Split(strings.TrimSpace(read(t, filepath.Join(folder, "calls"))), "\n")
}

func toolsThatRecord(t *testing.T) (folder string) {
	folder = t.TempDir()
	for _, tool := range []string{"temporal", "temporal-sql-tool"} {
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

func TestSchemaJobUpdatesBothDatabases(t *testing.T) {
	require.Equal(t, []string{
		"temporal-sql-tool --database temporal setup-schema --version 0.0",
		"temporal-sql-tool --database temporal update-schema --schema-name postgresql/v12/temporal",
		"temporal-sql-tool --database temporal_visibility setup-schema --version 0.0",
		"temporal-sql-tool --database temporal_visibility update-schema --schema-name postgresql/v12/visibility",
	}, jobCalls(t, toolsThatRecord(t), "temporal-schema"))
}

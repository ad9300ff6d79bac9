package deploy_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// compiled is what the compiler reads of a package.
type compiled struct {
	Dir        string
	Module     *struct{ Main bool }
	GoFiles    []string
	EmbedFiles []string
}

func TestBuildContextHoldsWhatTheProgramsAreMadeOf(t *testing.T) {
	ignored := ignoredNames(t)
	project, err := filepath.Abs("..")
	require.NoError(t, err)
	for _, pack := range compiledPackages(t, "../starter", "../worker", "../simulator") {
		folder, err := filepath.Rel(project, pack.Dir)
		require.NoError(t, err)
		room, _, _ := strings.Cut(folder, string(filepath.Separator))
		require.NotContains(t, ignored, room, "%s is part of a program", folder)
		for _, file := range append(pack.GoFiles, pack.EmbedFiles...) {
			require.False(t, strings.HasSuffix(file, "_test.go") || strings.HasPrefix(file, "testdata/"), "%s/%s is part of a program", folder, file)
		}
	}
}

func TestSecretsStayOutOfTheBuildContext(t *testing.T) {
	require.Subset(t, ignoredNames(t), []string{".*", "**/.env", "deploy"})
}

func ignoredNames(t *testing.T) (names []string) {
	for line := range strings.Lines(read(t, "../.dockerignore")) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			names = append(names, line)
		}
	}
	return names
}

// compiledPackages are those of our module that the programs consist of.
func compiledPackages(t *testing.T, programs ...string) (packages []compiled) {
	arguments := append([]string{"list", "-deps", "-json=Dir,Module,GoFiles,EmbedFiles"}, programs...)
	output, err := exec.Command("go", arguments...).Output()
	require.NoError(t, err)
	decoder := json.NewDecoder(strings.NewReader(string(output)))
	for {
		var one compiled
		err := decoder.Decode(&one)
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		if one.Module != nil && one.Module.Main {
			packages = append(packages, one)
		}
	}
	require.NotEmpty(t, packages)
	return packages
}

package cli

import (
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestVersions(t *testing.T) {
	released := &debug.BuildInfo{GoVersion: "go1.26.0", Main: debug.Module{Version: "v1.2.3"}}
	require.Equal(t, "caresync v1.2.3, go1.26.0", versionOf(released))
	built := &debug.BuildInfo{GoVersion: "go1.26.0", Settings: []debug.BuildSetting{{Key: "vcs.revision", Value: "abc"}, {Key: "vcs.modified", Value: "true"}}}
	require.Equal(t, "caresync (devel), commit abc with changes, go1.26.0", versionOf(built))
	built.Settings[1].Value = "false"
	require.Equal(t, "caresync (devel), commit abc, go1.26.0", versionOf(built))
	require.Equal(t, "caresync, of an unknown build", versionOf(nil))
}

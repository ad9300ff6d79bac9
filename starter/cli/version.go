package cli

import (
	"cmp"
	"context"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// versionCommand says which build this is, as Go has noted it in the program.
func (a *app) versionCommand() *cobra.Command {
	return a.command("version", "Show the version, the commit and the Go release of this program", func(context.Context, []string) error {
		build, _ := debug.ReadBuildInfo()
		a.print("%s", versionOf(build))
		return nil
	})
}

// versionOf is a build's version with its commit, where it was built from a checkout, and its Go release.
func versionOf(build *debug.BuildInfo) string {
	if build == nil {
		return "caresync, of an unknown build"
	}
	said := "caresync " + cmp.Or(build.Main.Version, "(devel)")
	changed := ""
	for _, setting := range build.Settings {
		switch {
		case setting.Key == "vcs.revision":
			said += ", commit " + setting.Value
		case setting.Key == "vcs.modified" && setting.Value == "true":
			changed = " with changes"
		}
	}
	return said + changed + ", " + build.GoVersion
}

package cli

import (
	"context"

	"github.com/spf13/cobra"
)

func (a *app) serveCommand() *cobra.Command {
	return a.command("serve", "Serve the HTTP API", cobra.NoArgs, func(ctx context.Context, _ []string) error { return nil })
}

func (a *app) openAPICommand() *cobra.Command {
	return a.command("openapi", "Print the HTTP API's OpenAPI document", cobra.NoArgs, func(ctx context.Context, _ []string) error { return nil })
}

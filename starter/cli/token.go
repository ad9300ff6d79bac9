package cli

import (
	"context"
	"errors"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/starter/present"
)

func (a *app) tokenCommand() *cobra.Command {
	return a.organisationFlag(a.group("token", "Create, list and revoke an organisation's API tokens",
		a.command("create NAME", "Create an API token; it is shown only once", a.tokenCreate),
		a.command("list", "List the API tokens", a.tokenList),
		a.command("revoke TOKEN_ID", "Revoke an API token", a.tokenRevoke)))
}

func (a *app) tokenCreate(ctx context.Context, args []string) error {
	return a.withStore(ctx, func(store *db.Store, organisation care.Organisation) error {
		token, secret, err := store.CreateAPIToken(ctx, organisation.ID, args[0])
		if err != nil {
			return err
		}
		a.print("%s", secret)
		a.note("Created token %s (%s) for %s. It is shown only once: keep it somewhere safe.", token.Name, token.ID, organisation.Name)
		return nil
	})
}

func (a *app) tokenList(ctx context.Context, _ []string) error {
	return a.withStore(ctx, func(store *db.Store, organisation care.Organisation) error {
		tokens, err := store.APITokens(ctx, organisation.ID)
		if err != nil {
			return err
		}
		if len(tokens) == 0 {
			a.print("%s has no API token yet. Create one with `caresync token create`.", organisation.Name)
			return nil
		}
		shown := a.newTable("name", "created", "revoked", "id")
		for _, token := range tokens {
			revoked := ""
			if token.RevokedAt != nil {
				revoked = present.Time(token.RevokedAt, organisation.Location())
			}
			shown.AppendRow(table.Row{token.Name, present.Time(&token.CreatedAt, organisation.Location()), revoked, token.ID})
		}
		shown.Render()
		return nil
	})
}

func (a *app) tokenRevoke(ctx context.Context, args []string) error {
	id, isID := parseID(args[0])
	if !isID {
		return usageError("%q is not the id of a token; `caresync token list` shows them", args[0])
	}
	return a.withStore(ctx, func(store *db.Store, organisation care.Organisation) error {
		token, err := store.RevokeAPIToken(ctx, organisation.ID, id)
		if errors.Is(err, db.ErrNotFound) {
			return usageError("%s has no token %s; `caresync token list` shows those it has", organisation.Name, id)
		}
		if err != nil {
			return err
		}
		a.print("Revoked %s. Programs that use it are refused from now on.", token.Name)
		return nil
	})
}

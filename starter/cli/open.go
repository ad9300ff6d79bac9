package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/user"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"
	"go.uber.org/zap"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/deployment"
	"github.com/caresync/caresync/platform/sealing"
	"github.com/caresync/caresync/platform/temporal"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/starter/pace"
	"github.com/caresync/caresync/starter/syncs"
	"github.com/caresync/caresync/starter/upstreams"
)

// openStore connects to PostgreSQL. Commands that neither seal nor open anything need no keyring.
func (a *app) openStore(ctx context.Context, keyring *sealing.Keyring) (*db.Store, error) {
	address, err := a.database.ConnectionURL()
	if err != nil {
		return nil, &exitError{ExitUsage, err}
	}
	var sealer db.Sealer
	if keyring != nil {
		sealer = keyring
	}
	return db.Open(ctx, address, sealer, db.Options{MaxConnections: db.CallerConnections})
}

// openSealedStore is openStore for work that seals or opens: the keyring has to be the database's.
func (a *app) openSealedStore(ctx context.Context, keyring *sealing.Keyring) (*db.Store, error) {
	store, err := a.openStore(ctx, keyring)
	if err != nil {
		return nil, err
	}
	if err := store.CheckKeyring(ctx, keyring); err != nil {
		store.Close()
		return nil, err
	}
	return store, nil
}

// withStore gives work a store and the organisation that --organisation names.
func (a *app) withStore(ctx context.Context, work func(*db.Store, care.Organisation) error) error {
	store, err := a.openStore(ctx, nil)
	if err != nil {
		return err
	}
	defer store.Close()
	organisation, err := a.chosenOrganisation(ctx, store)
	if err != nil {
		return err
	}
	return work(store, organisation)
}

// withSealedStore is withStore with the keyring, for work that seals or opens keys and tokens.
func (a *app) withSealedStore(ctx context.Context, work func(*db.Store, care.Organisation) error) error {
	keyring, err := a.encryption.OpenKeyring()
	if err != nil {
		return &exitError{ExitUsage, err}
	}
	store, err := a.openSealedStore(ctx, keyring)
	if err != nil {
		return err
	}
	defer store.Close()
	organisation, err := a.chosenOrganisation(ctx, store)
	if err != nil {
		return err
	}
	return work(store, organisation)
}

// withSyncs gives work what starts and follows syncs.
func (a *app) withSyncs(ctx context.Context, work func(*db.Store, *syncs.Service, care.Organisation) error) error {
	return a.withPACE(ctx, func(services paceServices) error { return work(services.store, services.syncs, services.organisation) })
}

// paceServices are what commands about PACE work with.
type paceServices struct {
	store        *db.Store
	organisation care.Organisation
	syncs        *syncs.Service
	pace         *pace.Service
}

// withPACE gives work what retrieves and creates, and what follows that.
func (a *app) withPACE(ctx context.Context, work func(paceServices) error) error {
	return a.withTemporal(ctx, func(store *db.Store, organisation care.Organisation, connected *deployment.Client, _ *sealing.Keyring) error {
		services := paceServices{store: store, organisation: organisation, syncs: syncs.New(store, connected, a.taskQueues())}
		services.pace = pace.New(store, connected, a.taskQueues(), services.syncs, upstreams.New(store, connected.Admit))
		return work(services)
	})
}

// withTemporal is withSealedStore with a guarded Temporal client and the keyring that encrypts for it.
func (a *app) withTemporal(ctx context.Context, work func(*db.Store, care.Organisation, *deployment.Client, *sealing.Keyring) error) error {
	return a.withTemporalBy(ctx, temporal.Dial, work)
}

// withTemporalBy is withTemporal with a client that is dialled otherwise.
func (a *app) withTemporalBy(
	ctx context.Context, dial func(context.Context, temporal.Options) (client.Client, error),
	work func(*db.Store, care.Organisation, *deployment.Client, *sealing.Keyring) error,
) error {
	keyring, err := a.encryption.OpenKeyring()
	if err != nil {
		return &exitError{ExitUsage, err}
	}
	return a.withSealedStore(ctx, func(store *db.Store, organisation care.Organisation) error {
		connected, err := connect(ctx, dial, store, keyring)
		if err != nil {
			return err
		}
		defer connected.Close()
		return work(store, organisation, connected, keyring)
	})
}

func (a *app) taskQueues() protocol.TaskQueues {
	return protocol.TaskQueues{Prefix: a.queues.Prefix.String()}
}

// connect connects with Temporal. What the client is asked of workflows and schedules, the guard has to admit.
func connect(
	ctx context.Context, dial func(context.Context, temporal.Options) (client.Client, error), store *db.Store, keyring *sealing.Keyring,
) (*deployment.Client, error) {
	connected, err := dial(ctx, temporal.Options{Keyring: keyring, Logger: zap.NewNop()})
	if err != nil {
		return nil, err
	}
	return deployment.New(store, deployment.Connected(connected), operator()).Client(connected), nil
}

// upstreams returns the government's services, unless the database belongs to another deployment (R37).
func (a *app) upstreams(ctx context.Context, store *db.Store) (*upstreams.Clients, error) {
	guard := deployment.New(store, a.identify, operator())
	if err := guard.Check(ctx); err != nil {
		return nil, err
	}
	return upstreams.New(store, guard.Check), nil
}

// identify tells which Temporal namespace this program is connected to, for commands that have nothing else to ask of it.
func (a *app) identify(ctx context.Context) (db.TemporalIdentity, error) {
	keyring, err := a.encryption.OpenKeyring()
	if err != nil {
		return db.TemporalIdentity{}, &exitError{ExitUsage, err}
	}
	connected, err := temporal.Dial(ctx, temporal.Options{Keyring: keyring, Logger: zap.NewNop()})
	if err != nil {
		return db.TemporalIdentity{}, err
	}
	defer connected.Close()
	return deployment.Connected(connected)(ctx)
}

// organisationFlag adds --organisation to a command or a group.
func (a *app) organisationFlag(command *cobra.Command) *cobra.Command {
	command.PersistentFlags().StringVar(&a.organisation, "organisation", "", "the organisation's slug; optional if there is only one")
	return command
}

// typed is a command as it can be typed here: with the organisation that was chosen.
func (a *app) typed(command string, arguments ...string) string {
	text := strings.Join(append([]string{"caresync", command}, arguments...), " ")
	if a.organisation != "" {
		text += " --organisation " + a.organisation
	}
	return text
}

func (a *app) chosenOrganisation(ctx context.Context, store *db.Store) (care.Organisation, error) {
	if a.organisation != "" {
		organisation, err := store.OrganisationBySlug(ctx, a.organisation)
		if errors.Is(err, db.ErrNotFound) {
			return care.Organisation{}, usageError("there is no organisation %q; `caresync organisation list` shows the organisations", a.organisation)
		}
		return organisation, err
	}
	organisations, err := store.Organisations(ctx)
	if err != nil {
		return care.Organisation{}, err
	}
	switch len(organisations) {
	case 0:
		return care.Organisation{}, usageError("there is no organisation yet: create one with `caresync organisation create`")
	case 1:
		return organisations[0], nil
	}
	slugs := make([]string, 0, len(organisations))
	for _, organisation := range organisations {
		slugs = append(slugs, organisation.Slug)
	}
	return care.Organisation{}, usageError("--organisation is required: %s", strings.Join(slugs, ", "))
}

// findPerson reads one of our own ids, a care recipient id, or else an NDIS number.
func findPerson(ctx context.Context, store *db.Store, organisation care.Organisation, text string) (read.Person, error) {
	return find(ctx, store, organisation, text, read.From(store).PersonByCareRecipientID, read.From(store).PersonByNDISNumber)
}

// findParticipant reads one of our own ids, an NDIS number, or else a care recipient id.
func findParticipant(ctx context.Context, store *db.Store, organisation care.Organisation, text string) (read.Person, error) {
	return find(ctx, store, organisation, text, read.From(store).PersonByNDISNumber, read.From(store).PersonByCareRecipientID)
}

// findBy looks a person up by one of the government's numbers.
type findBy func(ctx context.Context, organisation care.Organisation, number string, now time.Time) (read.Person, error)

func find(ctx context.Context, store *db.Store, organisation care.Organisation, text string, ways ...findBy) (read.Person, error) {
	if id, isID := parseID(text); isID {
		person, err := read.From(store).Person(ctx, organisation, id, store.Now())
		return person, unknownPerson(err, organisation)
	}
	if !care.ValidCareRecipientID(text) {
		return read.Person{}, &exitError{ExitUsage, errNoPersonID}
	}
	for _, way := range ways {
		person, err := way(ctx, organisation, text, store.Now())
		var invalid *care.InvalidError
		if !errors.Is(err, db.ErrNotFound) && !errors.As(err, &invalid) { // a number can be of one sort and not of the other
			return person, err
		}
	}
	return read.Person{}, unknownPerson(db.ErrNotFound, organisation)
}

func unknownPerson(err error, organisation care.Organisation) error {
	if errors.Is(err, db.ErrNotFound) {
		return fmt.Errorf("%s has no such person: import the person first, or check the number", organisation.Name)
	}
	return err
}

func parseID(text string) (care.ID, bool) {
	id, err := uuid.Parse(text)
	return care.ID(id.String()), err == nil
}

// runID reads the id of a run.
func runID(text string) (care.ID, error) {
	id, isID := parseID(text)
	if !isID {
		return "", usageError("%q is not the id of a run; `caresync runs list` shows them", text)
	}
	return id, nil
}

// operator names who uses the program, for the record of a run.
func operator() string {
	if current, err := user.Current(); err == nil {
		return "cli: " + current.Username
	}
	return "cli"
}

func (a *app) printJSON(value any) error {
	encoder := json.NewEncoder(a.out)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(value)
}

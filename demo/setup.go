package main

import (
	"context"
	"fmt"
	"strings"
)

// setUp installs CareSync for two organisations.
func (d *demo) setUp(ctx context.Context) error {
	for _, step := range []func(context.Context) error{
		d.makeSecrets, d.migrate, d.startSimulator, d.createOrganisations, d.connect, d.importRecords, d.createTokens, d.startPrograms,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (d *demo) makeSecrets(context.Context) error {
	if _, err := stackVariable("DATABASE_URL"); err != nil {
		return err
	}
	d.out.say("CareSync keeps two secrets: the keys that encrypt what Temporal sees and the stored PRODA keys, and the token with which " +
		"an operator may read encrypted payloads in the Temporal UI.")
	d.codecToken = newToken()
	d.programs.set("CARESYNC_KEYRING", "demo:"+newKey())
	d.programs.set("CARESYNC_CODEC_TOKEN", d.codecToken)
	d.programs.set("CARESYNC_NOTICE", notice())
	d.out.command(`export CARESYNC_KEYRING="demo:$(openssl rand -base64 32)"`)
	d.out.command(`export CARESYNC_CODEC_TOKEN="$(openssl rand -hex 24)"`)
	return nil
}

func (d *demo) migrate(ctx context.Context) error {
	_, err := d.mustCaresync(ctx, "migrate")
	return err
}

// generatedPeople are those beside the scenarios' people. Two thirds of them are held by the first organisation.
const generatedPeople = "330"

func (d *demo) startSimulator(ctx context.Context) error {
	d.out.say("A simulator stands in for PRODA, Services Australia and the NDIA. All people in it are synthetic: some tell a story, " +
		"most are made up like those of ordinary providers.")
	_, err := d.background(ctx, "simulator", d.world.address+"/control/health",
		"caresync-simulator", "serve", "--listen", address(d.ports.simulator), "--people", generatedPeople)
	return err
}

// background starts a program beside the story, as a user would type it.
func (d *demo) background(ctx context.Context, name, readyAt string, args ...string) (*program, error) {
	d.out.command(commandLine(args...) + " &")
	started, err := d.programs.start(ctx, name, readyAt, args...)
	if err == nil {
		d.out.output(fmt.Sprintf("[process %d, log %s]", started.pid(), started.log))
	}
	return started, err
}

func (d *demo) createOrganisations(ctx context.Context) error {
	d.out.say("Two organisations share this installation, and neither sees anything of the other.")
	for _, organisation := range []*organisation{d.banksia, d.wattle} {
		if _, err := d.mustCaresync(ctx, "organisation", "create", organisation.slug, "--name", organisation.name); err != nil {
			return err
		}
	}
	return nil
}

// connect sets up a connection for each service provider, and tests the first before and after its activation.
func (d *demo) connect(ctx context.Context) error {
	connections, err := d.world.connections(ctx)
	if err != nil {
		return err
	}
	d.out.say("Each service provider has a connection of its own, with a PRODA device that is activated with a one-time code. " +
		"The test says in words what is missing.")
	for i, connection := range connections {
		owner := d.ownerOf(connection)
		if err := d.createConnection(ctx, owner, connection); err != nil {
			return err
		}
		name := []string{connection.ServiceProviderKey, "--organisation", owner.slug}
		if i == 0 {
			if err := d.testUnfinished(ctx, name); err != nil {
				return err
			}
		}
		if _, err := d.mustCaresync(ctx, append([]string{"connection", "activate"}, append(name, "--code", connection.ActivationCode)...)...); err != nil {
			return err
		}
	}
	_, err = d.mustCaresync(ctx, "connection", "test", connections[0].ServiceProviderKey, "--organisation", d.ownerOf(connections[0]).slug)
	return err
}

func (d *demo) ownerOf(connection connection) *organisation {
	owner := d.wattle
	if connection.OrganisationName == d.banksia.name {
		owner = d.banksia
	}
	owner.raNumber = connection.RANumber
	return owner
}

func (d *demo) createConnection(ctx context.Context, owner *organisation, c connection) error {
	owner.providers = append(owner.providers, c.ServiceProviderID)
	_, err := d.mustCaresync(ctx, "connection", "create", c.ServiceProviderKey, "--organisation", owner.slug,
		"--ra-number", c.RANumber, "--device-name", c.DeviceName, "--service-provider-id", c.ServiceProviderID,
		"--client-id", c.ClientID, "--api-key", c.IBMClientID, "--product-id", c.ProductID, "--audience", c.ServicesAustraliaAudience,
		"--base-url", c.ServicesAustraliaBaseURL, "--token-base-url", c.TokenBaseURL, "--device-base-url", c.DeviceBaseURL)
	return err
}

func (d *demo) testUnfinished(ctx context.Context, name []string) error {
	_, exitCode, err := d.caresync(ctx, append([]string{"connection", "test"}, name...)...)
	d.verdict.expect("A connection that is not activated fails its test", "exit code 3", fmt.Sprintf("exit code %d", exitCode), "")
	return err
}

// importRecords imports what the providers' own systems hold, and shows that a broken file changes nothing.
func (d *demo) importRecords(ctx context.Context) error {
	d.out.say("People and claimed invoices come from the providers' own systems, as CSV.")
	for _, owner := range []*organisation{d.banksia, d.wattle} {
		for _, list := range []string{"people", "invoices"} {
			if err := d.importList(ctx, list, owner); err != nil {
				return err
			}
		}
	}
	return d.importBroken(ctx)
}

func (d *demo) importList(ctx context.Context, list string, owner *organisation) error {
	file := owner.slug + "-" + list + ".csv"
	if err := d.world.export(ctx, list, owner.raNumber, d.programs.directory, file); err != nil {
		return err
	}
	d.out.command(commandLine("curl", "-s", d.world.exportAddress(list, owner.raNumber), "-o", file))
	_, err := d.mustCaresync(ctx, "import", list, file, "--organisation", owner.slug)
	return err
}

const brokenPeople = `given_name,family_name,birth_date,care_recipient_id
Edna,Marsh,1941-05-17,31O4459927
Cecil,Barlow,1938-13-02,310445993
`

func (d *demo) importBroken(ctx context.Context) error {
	const file = "broken.csv"
	if err := d.programs.write(file, brokenPeople); err != nil {
		return err
	}
	d.out.say("A file with mistakes is refused as a whole, with the lines to correct. In this one a care recipient id holds the letter O, " +
		"and a birth date the month 13.")
	_, exitCode, err := d.caresync(ctx, "import", "people", file, "--organisation", d.banksia.slug)
	d.verdict.expect("A CSV file with bad values is refused", "exit code 2", fmt.Sprintf("exit code %d", exitCode), "")
	return err
}

func (d *demo) createTokens(ctx context.Context) error {
	d.out.say("Programs that use the HTTP API present a token of their organisation.")
	for _, owner := range []*organisation{d.banksia, d.wattle} {
		args := []string{"caresync", "token", "create", "demo", "--organisation", owner.slug}
		d.out.command(owner.tokenVariable() + "=$(" + commandLine(args...) + ")")
		output, exitCode, err := d.programs.run(ctx, nil, d.out.output, args...)
		if err != nil {
			return err
		}
		if exitCode != 0 {
			return fmt.Errorf("no API token for %s: exit code %d", owner.name, exitCode)
		}
		owner.token = strings.TrimSpace(output)
	}
	return nil
}

func (d *demo) startPrograms(ctx context.Context) error {
	d.out.say("A worker does the syncs; the HTTP API is a program of its own.")
	if err := d.startWorker(ctx); err != nil {
		return err
	}
	_, err := d.background(ctx, "api", d.api("/readyz"),
		"caresync", "serve", "--listen", address(d.ports.api), "--health-address", address(d.ports.apiHealth))
	return err
}

func (d *demo) startWorker(ctx context.Context) (err error) {
	d.worker, err = d.background(ctx, "worker", webAddress(d.ports.workerHealth)+"/readyz",
		"caresync-worker", "--health-address", address(d.ports.workerHealth))
	return err
}

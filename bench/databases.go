package main

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/caresync/caresync/db"
)

// The states that a run can begin from. Every run begins from a copy of one of them, so that runs can be compared.
const (
	// known: the people are known and were never synced, so that a run creates everything.
	known = "known"
	// synced: everyone was synced a moment ago, so that a run finds nothing changed. That is the ordinary night.
	synced = "synced"
)

// databases are PostgreSQL databases of one site, on the server of the stack.
type databases struct {
	conn    *pgx.Conn
	baseURL string
	prefix  string
	copies  int
	made    []string
}

func newDatabases(conn *pgx.Conn, baseURL string) *databases {
	return &databases{conn: conn, baseURL: baseURL, prefix: "bench_" + strings.ReplaceAll(string(db.NewID()), "-", "") + "_"}
}

// make creates an empty database and has fill turn it into a state.
func (d *databases) make(ctx context.Context, state string, fill func(url string) error) error {
	if err := d.execute(ctx, "CREATE DATABASE "+d.name(state)); err != nil {
		return err
	}
	return d.fill(ctx, state, fill)
}

// derive makes a state from another.
func (d *databases) derive(ctx context.Context, state, from string, fill func(url string) error) error {
	if err := d.clone(ctx, d.name(state), from); err != nil {
		return err
	}
	return d.fill(ctx, state, fill)
}

func (d *databases) fill(ctx context.Context, state string, fill func(url string) error) error {
	name := d.name(state)
	d.made = append(d.made, name)
	if err := fill(d.url(name)); err != nil {
		return err
	}
	return analyse(ctx, d.url(name))
}

// analyse leaves nothing for the background to do while a run is measured, and lets PostgreSQL plan by what the tables hold, as it does a
// minute after they were filled.
func analyse(ctx context.Context, url string) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	_, err = conn.Exec(ctx, "VACUUM ANALYZE")
	return err
}

// copy makes a copy of a state. Its files are written before it returns, so that a run begins right after a checkpoint.
func (d *databases) copy(ctx context.Context, state string) (url string, drop func() error, err error) {
	d.copies++
	name := d.name(fmt.Sprintf("%s_%d", state, d.copies))
	if err := d.clone(ctx, name, state); err != nil {
		return "", nil, err
	}
	return d.url(name), func() error { return d.drop(name) }, nil
}

func (d *databases) clone(ctx context.Context, name, state string) error {
	return d.execute(ctx, fmt.Sprintf("CREATE DATABASE %s TEMPLATE %s STRATEGY file_copy", name, d.name(state)))
}

func (d *databases) execute(ctx context.Context, statement string) error {
	_, err := d.conn.Exec(ctx, statement)
	return err
}

func (d *databases) drop(name string) error {
	return d.execute(context.Background(), "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)")
}

func (d *databases) name(of string) string { return d.prefix + of }

func (d *databases) url(name string) string {
	address, err := url.Parse(d.baseURL)
	if err != nil {
		return d.baseURL // someone connected with it
	}
	address.Path = "/" + name
	return address.String()
}

// close drops what is left of the site.
func (d *databases) close() {
	for _, name := range d.made {
		_ = d.drop(name) // the stack is private, and goes with its databases
	}
	_ = d.conn.Close(context.Background())
}

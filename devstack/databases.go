package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"github.com/jackc/pgx/v5"
)

// applicationName is the name of the product's database and of the role that owns it.
const applicationName = "caresync"

// temporalRole owns Temporal's databases in the private PostgreSQL.
const temporalRole = "temporal"

// databaseURLs are the addresses of PostgreSQL for its three kinds of users.
type databaseURLs struct {
	admin       *url.URL // may create databases
	application *url.URL
	temporal    *url.URL // without a database: Temporal has two
}

// privateDatabases creates the roles and the product's database in the private PostgreSQL where they are missing.
func privateDatabases(ctx context.Context, s *postgresServer) (databaseURLs, error) {
	urls := databaseURLs{
		admin:       s.adminURL(),
		application: localURL(s.port, applicationName, s.secrets.Application, applicationName),
		temporal:    localURL(s.port, temporalRole, s.secrets.Temporal, ""),
	}
	err := administer(ctx, urls.admin, func(conn *pgx.Conn) error {
		// Tests make databases of their own with the application's role.
		if err := createRole(ctx, conn, applicationName, s.secrets.Application, "CREATEDB"); err != nil {
			return err
		}
		if err := createRole(ctx, conn, temporalRole, s.secrets.Temporal, ""); err != nil {
			return err
		}
		return createDatabase(ctx, conn, applicationName, applicationName)
	})
	if err != nil {
		return databaseURLs{}, fmt.Errorf("set up the private PostgreSQL: %w", err)
	}
	return urls, nil
}

// existingDatabases creates the product's database in an existing PostgreSQL where it is missing. Everything there belongs to the
// role of the address.
func existingDatabases(ctx context.Context, address string) (databaseURLs, error) {
	admin, err := url.Parse(address)
	if err != nil || admin.Hostname() == "" || admin.User == nil || (admin.Scheme != "postgres" && admin.Scheme != "postgresql") {
		return databaseURLs{}, errors.New("--postgres-url: expected postgres://user:password@host:port/database")
	}
	urls := databaseURLs{admin: admin, application: withDatabase(admin, applicationName), temporal: withDatabase(admin, "")}
	err = administer(ctx, admin, func(conn *pgx.Conn) error {
		return createDatabase(ctx, conn, applicationName, admin.User.Username())
	})
	if err != nil {
		return databaseURLs{}, fmt.Errorf("set up the PostgreSQL at %s: %w", admin.Redacted(), err)
	}
	return urls, nil
}

func withDatabase(address *url.URL, database string) *url.URL {
	other := *address
	other.Path = "/" + database
	return &other
}

// administer runs something on a connection of its own.
func administer(ctx context.Context, admin *url.URL, work func(*pgx.Conn) error) error {
	conn, err := pgx.Connect(ctx, admin.String())
	if err != nil {
		return err
	}
	return errors.Join(work(conn), conn.Close(ctx))
}

// createRole creates a role that may log in, unless it exists.
func createRole(ctx context.Context, conn *pgx.Conn, name, password, attributes string) error {
	exists, err := exists(ctx, conn, "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)", name)
	if err != nil || exists {
		return err
	}
	// DDL takes no parameters; our passwords are hexadecimal digits.
	_, err = conn.Exec(ctx, fmt.Sprintf("CREATE ROLE %s LOGIN PASSWORD '%s' %s", pgx.Identifier{name}.Sanitize(), password, attributes))
	if err != nil {
		return fmt.Errorf("create role %s: %w", name, err)
	}
	return nil
}

// createDatabase creates a database unless it exists.
func createDatabase(ctx context.Context, conn *pgx.Conn, name, owner string) error {
	exists, err := databaseExists(ctx, conn, name)
	if err != nil || exists {
		return err
	}
	_, err = conn.Exec(ctx, fmt.Sprintf("CREATE DATABASE %s OWNER %s", pgx.Identifier{name}.Sanitize(), pgx.Identifier{owner}.Sanitize()))
	if err != nil {
		return fmt.Errorf("create database %s: %w", name, err)
	}
	return nil
}

func databaseExists(ctx context.Context, conn *pgx.Conn, name string) (bool, error) {
	return exists(ctx, conn, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name)
}

func exists(ctx context.Context, conn *pgx.Conn, query, name string) (found bool, err error) {
	if err = conn.QueryRow(ctx, query, name).Scan(&found); err != nil {
		return false, fmt.Errorf("look for %s: %w", name, err)
	}
	return found, nil
}

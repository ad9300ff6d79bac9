package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/url"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/persistence/sql/sqlplugin/postgresql"
	"go.temporal.io/server/common/persistence/sql/sqlplugin/sqlite"
	v12 "go.temporal.io/server/schema/postgresql/v12"
	"go.temporal.io/server/tools/common/schema"
	schemasql "go.temporal.io/server/tools/sql"
)

// Names of Temporal's two databases, as everywhere.
const (
	temporalDatabase   = "temporal"
	visibilityDatabase = "temporal_visibility"
)

// The number of history shards is fixed for the life of a database; four suit a machine with few cores.
const historyShards = 4

// Each of Temporal's four services keeps pools of its own, so these count four times.
const (
	defaultConnections    = 20
	visibilityConnections = 10
)

// How long a start waits for a Temporal that was killed to lose its connection, and with it its hold on the databases.
const takeoverTimeout = 10 * time.Second

// persistenceConfig names the data stores of the server.
func persistenceConfig(store string, databases databaseURLs) config.Persistence {
	stores := map[string]config.DataStore{}
	visibility := visibilityDatabase
	if store == storeSQLite {
		visibility = temporalDatabase
		stores[temporalDatabase] = config.DataStore{SQL: sqliteConfig()}
	} else {
		stores[temporalDatabase] = config.DataStore{SQL: postgresConfig(databases.temporal, temporalDatabase, defaultConnections)}
		stores[visibilityDatabase] = config.DataStore{SQL: postgresConfig(databases.temporal, visibilityDatabase, visibilityConnections)}
	}
	return config.Persistence{
		DefaultStore:     temporalDatabase,
		VisibilityStore:  visibility,
		NumHistoryShards: historyShards,
		DataStores:       stores,
	}
}

// sqliteConfig is a database in memory, with a name so that two servers in one process do not share it.
func sqliteConfig() *config.SQL {
	return &config.SQL{
		PluginName:        sqlite.PluginName,
		DatabaseName:      strconv.FormatUint(rand.Uint64(), 36),
		ConnectAttributes: map[string]string{"mode": "memory", "cache": "shared"},
	}
}

func postgresConfig(address *url.URL, database string, connections int) *config.SQL {
	password, _ := address.User.Password()
	attributes := map[string]string{}
	for name := range address.Query() {
		attributes[name] = address.Query().Get(name)
	}
	return &config.SQL{
		PluginName: postgresql.PluginNamePGX,
		// Temporal puts the user into a URL as it is, but escapes the password itself.
		User:              url.QueryEscape(address.User.Username()),
		Password:          password,
		ConnectAddr:       net.JoinHostPort(address.Hostname(), portOf(address)),
		DatabaseName:      database,
		ConnectAttributes: attributes,
		MaxConns:          connections,
		MaxIdleConns:      connections,
		MaxConnLifetime:   time.Hour,
	}
}

func portOf(address *url.URL) string {
	if port := address.Port(); port != "" {
		return port
	}
	return "5432"
}

// holdDatabases makes sure that no other Temporal works on the same databases, which would ruin them, and returns the
// connection that holds them.
func holdDatabases(ctx context.Context, admin *url.URL) (*pgx.Conn, error) {
	conn, err := pgx.Connect(ctx, admin.String())
	if err != nil {
		return nil, fmt.Errorf("reserve Temporal's databases: %w", err)
	}
	err = waitUntil(ctx, takeoverTimeout, nil, func(ctx context.Context) error {
		var held bool
		if err := conn.QueryRow(ctx, "SELECT pg_try_advisory_lock(hashtext('devstack temporal'))").Scan(&held); err != nil {
			return final(err)
		}
		if !held {
			return errors.New("another devstack runs Temporal on the databases of this PostgreSQL: end that one, or use another PostgreSQL")
		}
		return nil
	})
	if err != nil {
		_ = conn.Close(ctx)
		return nil, fmt.Errorf("reserve Temporal's databases: %w", err)
	}
	return conn, nil
}

// release gives the databases free; nil holds none.
func release(hold *pgx.Conn) {
	if hold == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = hold.Close(ctx) // the server may be gone already, and its lock with it
}

// setUpTemporalDatabases creates what is missing and brings what exists to the schema of this server.
func setUpTemporalDatabases(ctx context.Context, databases databaseURLs, logger log.Logger) error {
	for _, wanted := range []temporalSchema{
		{temporalDatabase, "postgresql/v12/temporal", v12.Version},
		{visibilityDatabase, "postgresql/v12/visibility", v12.VisibilityVersion},
	} {
		empty, err := ensureTemporalDatabase(ctx, databases, wanted.database)
		if err == nil {
			err = wanted.apply(databases.temporal, empty, logger)
		}
		if err != nil {
			return fmt.Errorf("set up Temporal's database %s: %w", wanted.database, err)
		}
	}
	return nil
}

// temporalSchema is the schema that this server wants in one of its databases, by its name in the server's module.
type temporalSchema struct{ database, name, version string }

// apply creates the schema in an empty database, or applies the versions that an existing one lacks. Creating it twice would end
// the program.
func (s temporalSchema) apply(owner *url.URL, empty bool, logger log.Logger) error {
	conn, err := schemasql.NewConnection(postgresConfig(owner, s.database, 1), logger)
	if err != nil {
		return err
	}
	defer conn.Close()
	if empty {
		return schema.NewSetupSchemaTask(conn, &schema.SetupConfig{SchemaName: s.name, InitialVersion: s.version}, logger).Run()
	}
	return schema.NewUpdateSchemaTask(conn, &schema.UpdateConfig{SchemaName: s.name}, logger).Run()
}

// ensureTemporalDatabase creates the database unless it exists, and reports whether it is empty. One without a schema version is left from
// an attempt that was killed, and is made again.
func ensureTemporalDatabase(ctx context.Context, databases databaseURLs, database string) (empty bool, err error) {
	err = administer(ctx, databases.admin, func(conn *pgx.Conn) error {
		exists, err := databaseExists(ctx, conn, database)
		if err != nil {
			return err
		}
		if exists {
			versioned, err := hasSchemaVersion(ctx, withDatabase(databases.admin, database))
			if err != nil || versioned {
				return err
			}
			if _, err := conn.Exec(ctx, "DROP DATABASE "+database); err != nil {
				return err
			}
		}
		empty = true
		return createDatabase(ctx, conn, database, databases.temporal.User.Username())
	})
	return empty, err
}

func hasSchemaVersion(ctx context.Context, database *url.URL) (found bool, err error) {
	err = administer(ctx, database, func(conn *pgx.Conn) error {
		found, err = exists(ctx, conn, "SELECT EXISTS (SELECT FROM pg_tables WHERE tablename = $1)", "schema_version")
		if err != nil || !found {
			return err
		}
		return conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM schema_version)").Scan(&found)
	})
	return found, err
}

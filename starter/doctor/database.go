package doctor

import (
	"context"
	"fmt"
	"time"

	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/starter/present"
)

const (
	// leastVersion is PostgreSQL 15.
	leastVersion = 150000
	// clocksDiffer is what clocks may differ by. Calls are spaced by PostgreSQL's clock, and logins are signed by the program's.
	clocksDiffer = 5 * time.Second
	// connectionsWarnAt is which part of the connections may be in use, in percent.
	connectionsWarnAt = 85
)

var databaseChecks = []check{
	{area: Database, name: "server", needs: needsDatabase, look: databaseServer},
	{area: Database, name: "clock", needs: needsDatabase, look: databaseClock},
	{area: Database, name: "connections", needs: needsDatabase, look: databaseConnections},
}

func databaseServer(ctx context.Context, p *patient) (string, []Finding, error) {
	server, err := p.store.Server(ctx)
	if err != nil {
		return "", nil, err
	}
	var findings []Finding
	if server.VersionNumber < leastVersion {
		findings = append(findings, failure("PostgreSQL "+server.Version+" is too old.", "Use PostgreSQL 15 or newer."))
	}
	if server.Encoding != "UTF8" {
		findings = append(findings, failure("The database's encoding is "+server.Encoding+", which cannot hold every name.",
			"Create a database with ENCODING 'UTF8', and restore a dump of this one into it."))
	}
	return fmt.Sprintf("PostgreSQL %s; the database has %s, and PostgreSQL does not tell how much room is left", server.Version, bytes(server.DatabaseBytes)), findings, nil
}

func bytes(number int64) string {
	const mega = 1_000_000
	if number >= 1000*mega {
		return fmt.Sprintf("%.1f GB", float64(number)/(1000*mega))
	}
	return fmt.Sprintf("%d MB", number/mega)
}

func databaseClock(ctx context.Context, p *patient) (string, []Finding, error) {
	server, err := p.store.Server(ctx)
	if err != nil {
		return "", nil, err
	}
	off, where := server.Ahead, "ahead of"
	if off < 0 {
		off, where = -off, "behind"
	}
	if off-server.Within < clocksDiffer {
		return "", nil, nil
	}
	return "", []Finding{warning(fmt.Sprintf("PostgreSQL's clock is %s %s this machine's.", ago(off), where),
		"Set both clocks by NTP. Times that are shown and calls that are spaced by the wrong one are wrong until then.")}, nil
}

// limit is a limit on connections.
type limit struct {
	of          string
	most, inUse int
	raise       string
}

func limitsOf(server db.Server) []limit {
	all := []limit{{"PostgreSQL", server.MostConnections, server.Connections, "max_connections"}}
	if server.DatabaseLimit >= 0 {
		all = append(all, limit{"The database", server.DatabaseLimit, server.OfDatabase, "the database's CONNECTION LIMIT"})
	}
	if server.RoleLimit >= 0 {
		all = append(all, limit{"The role", server.RoleLimit, server.OfRole, "the role's CONNECTION LIMIT"})
	}
	return all
}

func databaseConnections(ctx context.Context, p *patient) (string, []Finding, error) {
	server, err := p.store.Server(ctx)
	if err != nil {
		return "", nil, err
	}
	workers := 0
	if p.lacking(needsTemporal|needsNamespace) == "" {
		if workers, err = countWorkers(ctx, p); err != nil {
			return "", nil, err
		}
	}
	mayAsk := workers*db.WorkerConnections + db.CallerConnections
	if size, sized := p.store.PoolSize(); sized {
		mayAsk = (workers + 1) * size
	}
	var findings []Finding
	for _, one := range limitsOf(server) {
		mend := "Raise " + one.raise + ", or give each program a smaller pool with pool_max_conns in DATABASE_URL."
		switch {
		case one.inUse*100 >= one.most*connectionsWarnAt:
			findings = append(findings, warning(fmt.Sprintf("%s admits %d connections, of which %d are in use.", one.of, one.most, one.inUse), mend))
		case mayAsk > one.most:
			findings = append(findings, warning(fmt.Sprintf("%s admits %d connections, and %s and `caresync serve` may open %d.",
				one.of, one.most, present.Count(workers, "worker", "workers"), mayAsk), mend))
		}
	}
	return fmt.Sprintf("%d of %d connections are in use", server.Connections, server.MostConnections), findings, nil
}

func databaseSessions(ctx context.Context, p *patient) (string, []Finding, error) {
	found, err := p.store.Sessions(ctx)
	if err != nil {
		return "", nil, err
	}
	var findings []Finding
	if found.Shared {
		findings = append(findings, failure("A pooler gives each transaction another session of PostgreSQL, so that statements fail that were prepared in the one before.",
			"Use the pooler's session mode (PgBouncer: pool_mode = session), or connect to PostgreSQL directly."))
	}
	if found.StatementTimeout != found.WantedTimeout {
		findings = append(findings, warning(fmt.Sprintf("The statement timeout is %s, not the %s that CareSync asks for: something between drops it.",
			timeout(found.StatementTimeout), present.Duration(found.WantedTimeout)),
			"Let the pooler pass statement_timeout on, or set it for the role: ALTER ROLE … SET statement_timeout = '30s'."))
	}
	return "", findings, nil
}

func timeout(length time.Duration) string {
	if length == 0 {
		return "off"
	}
	return present.Duration(length)
}

package words

import "github.com/caresync/caresync/care"

// trouble is what is wrong with our own database and what operators do about it.
type trouble struct{ happened, todo string }

var databaseTroubles = map[care.DatabaseTrouble]trouble{
	care.DatabaseUnreachable:     {"PostgreSQL does not answer", "Start PostgreSQL, or correct the host and port in DATABASE_URL."},
	care.DatabaseHostUnknown:     {"the host name of PostgreSQL cannot be resolved", "Correct the host in DATABASE_URL, or mend the name service."},
	care.DatabaseTLS:             {"no TLS connection to PostgreSQL can be made", "Compare sslmode and sslrootcert in DATABASE_URL with the server's certificate and its ssl setting."},
	care.DatabasePassword:        {"PostgreSQL refuses the user name or password", "Correct the user or the password in DATABASE_URL."},
	care.DatabaseNotAdmitted:     {"PostgreSQL does not admit this user from here", "Check the server's pg_hba.conf, which may require TLS (sslmode in DATABASE_URL), and that the role may log in."},
	care.DatabaseMissing:         {"the PostgreSQL server does not have the database", "Create it, or correct its name in DATABASE_URL."},
	care.DatabasePermission:      {"the database user lacks a permission", "Make the user of DATABASE_URL the owner of CareSync's tables, or grant it what PostgreSQL's log names."},
	care.DatabaseConnectionsUsed: {"PostgreSQL takes no further connection", "Raise max_connections, or the limit of the user or the database; or run fewer programs."},
	care.DatabasePooler:          {"a connection pooler does not keep CareSync's sessions", "Connect to PostgreSQL directly, or through a pooler in session mode that passes startup parameters on."},
	care.DatabaseFull:            {"the disk of PostgreSQL is full", "Free some space on it. Work then resumes automatically; nothing that was saved is lost."},
	care.DatabaseMemory:          {"PostgreSQL is out of memory", "Give the server more memory, or lower max_connections or work_mem."},
	care.DatabaseLocked:          {"another session keeps a table or a record locked", "Find it in pg_stat_activity (pg_blocking_pids names it), and end it if it does not end by itself."},
	care.DatabaseSlow:            {"a statement took too long", "See in pg_stat_activity and in the server's load what makes PostgreSQL slow."},
	care.DatabaseReadOnly:        {"the database is read-only", "DATABASE_URL must lead to the primary server, and default_transaction_read_only must be off."},
	care.DatabaseStarting:        {"PostgreSQL is starting, stopping or recovering", "Wait until it is up; its log shows how far it is."},
	care.DatabaseSchema:          {"the database's schema is not this program's", "Run `caresync migrate`."},
	care.DatabaseOther:           {"PostgreSQL ended the statement", "The program's log has PostgreSQL's error code."},
}

// DatabaseTrouble says in a clause what is wrong with CareSync's own database.
func DatabaseTrouble(is care.DatabaseTrouble) string { return databaseTroubles[is].happened }

// DatabaseAdvice says in a sentence what operators do about it.
func DatabaseAdvice(is care.DatabaseTrouble) string { return databaseTroubles[is].todo }

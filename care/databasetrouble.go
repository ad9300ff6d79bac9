package care

// DatabaseTrouble is why CareSync's own database does not do what it was asked (R38). Package words says it to people.
type DatabaseTrouble string

// What can be wrong with our own database.
const (
	// DatabaseUnreachable: nothing answers at its address, or the connection broke.
	DatabaseUnreachable DatabaseTrouble = "unreachable"
	// DatabaseHostUnknown: the host's name cannot be resolved.
	DatabaseHostUnknown DatabaseTrouble = "host_unknown"
	// DatabaseTLS: encryption could not be agreed on, or the certificate is not trusted.
	DatabaseTLS DatabaseTrouble = "tls"
	// DatabasePassword: the user name or password is wrong.
	DatabasePassword DatabaseTrouble = "password"
	// DatabaseNotAdmitted: the server's rules do not let this user in from here, or not without TLS.
	DatabaseNotAdmitted DatabaseTrouble = "not_admitted"
	// DatabaseMissing: the server has no database of that name.
	DatabaseMissing DatabaseTrouble = "no_such_database"
	// DatabasePermission: the user may not do this.
	DatabasePermission DatabaseTrouble = "permission"
	// DatabaseConnectionsUsed: the server, or its limit for the user or the database, takes no further connection.
	DatabaseConnectionsUsed DatabaseTrouble = "too_many_connections"
	// DatabasePooler: a pooler between us does not keep a session's prepared statements or settings.
	DatabasePooler DatabaseTrouble = "pooler"
	// DatabaseFull: the disk is full.
	DatabaseFull DatabaseTrouble = "disk_full"
	// DatabaseMemory: the server has no memory left.
	DatabaseMemory DatabaseTrouble = "out_of_memory"
	// DatabaseLocked: another session keeps what is needed locked.
	DatabaseLocked DatabaseTrouble = "locked"
	// DatabaseSlow: a statement took too long and was ended.
	DatabaseSlow DatabaseTrouble = "slow"
	// DatabaseReadOnly: it takes no changes, as a standby.
	DatabaseReadOnly DatabaseTrouble = "read_only"
	// DatabaseStarting: it is starting, stopping or recovering.
	DatabaseStarting DatabaseTrouble = "starting"
	// DatabaseSchema: it has not been migrated to this program's schema.
	DatabaseSchema DatabaseTrouble = "schema"
	// DatabaseOther: it says something else that may pass.
	DatabaseOther DatabaseTrouble = "other"
)

// DatabaseTroubles are all of them.
var DatabaseTroubles = []DatabaseTrouble{
	DatabaseUnreachable, DatabaseHostUnknown, DatabaseTLS, DatabasePassword, DatabaseNotAdmitted, DatabaseMissing, DatabasePermission,
	DatabaseConnectionsUsed, DatabasePooler, DatabaseFull, DatabaseMemory, DatabaseLocked, DatabaseSlow, DatabaseReadOnly, DatabaseStarting,
	DatabaseSchema, DatabaseOther,
}

package db

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// queue gathers statements whose answers no one needs, so that they are sent together. For the generated queries it is a connection.
type queue struct{ batch pgx.Batch }

var errNotQueued = errors.New("a query whose rows are read cannot be queued")

// Exec queues a statement.
func (q *queue) Exec(_ context.Context, sql string, arguments ...any) (pgconn.CommandTag, error) {
	q.batch.Queue(sql, arguments...)
	return pgconn.CommandTag{}, nil
}

// QueryRow queues a statement; its answer is not read.
func (q *queue) QueryRow(_ context.Context, sql string, arguments ...any) pgx.Row {
	q.batch.Queue(sql, arguments...)
	return unread{}
}

// Query refuses.
func (q *queue) Query(context.Context, string, ...any) (pgx.Rows, error) { return nil, errNotQueued }

// send sends what was queued, in its order.
func (q *queue) send(ctx context.Context, tx pgx.Tx) error {
	if q.batch.Len() == 0 {
		return nil
	}
	return tx.SendBatch(ctx, &q.batch).Close()
}

// unread is a row that is not looked at.
type unread struct{}

func (unread) Scan(...any) error { return nil }

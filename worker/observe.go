package main

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/upstream/proda"
	"github.com/caresync/caresync/upstream/transport"
)

// observeCalls measures every upstream call, and logs by its ids each that failed, so that it can be found at the service. Nothing
// about a person is known here (R10).
func observeCalls(meter metric.Meter, logger *zap.Logger) (func(context.Context, transport.Attempt), error) {
	durations, err := meter.Float64Histogram("caresync.upstream.call.duration", metric.WithUnit("s"),
		metric.WithDescription("Calls to government services by result"))
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, attempt transport.Attempt) {
		outcome := string(attempt.Kind)
		if outcome == "" {
			outcome = "succeeded"
		}
		durations.Record(ctx, attempt.Duration.Seconds(), metric.WithAttributes(attribute.String("service", string(attempt.Service)),
			attribute.String("operation", attempt.Operation), attribute.String("outcome", outcome)))
		switch attempt.Kind {
		case "", transport.NotFound, transport.ConsentRefused: // answers, not failures
		default:
			logFailure(logger, attempt)
		}
	}, nil
}

func logFailure(logger *zap.Logger, attempt transport.Attempt) {
	logger.Warn("an upstream call failed", zap.String("service", string(attempt.Service)), zap.String("operation", attempt.Operation),
		zap.Int("status", attempt.Status), zap.String("kind", string(attempt.Kind)), zap.Duration("took", attempt.Duration),
		zap.String("message_id", attempt.MessageID), zap.String("correlation_id", attempt.CorrelationID))
}

// warnOfExpiry logs that a device or its key expires soon, each time a login tells so.
func warnOfExpiry(logger *zap.Logger) func(care.Connection, proda.ExpiryWarning) {
	return func(connection care.Connection, warning proda.ExpiryWarning) {
		level := zap.WarnLevel
		if warning.Urgent {
			level = zap.ErrorLevel
		}
		logger.Log(level, warning.String(), zap.String("connection", string(connection.ID)), zap.String("connection_name", connection.Name))
	}
}

// observeTimeout bounds what a scrape of metrics asks of the database.
const observeTimeout = 3 * time.Second

// observeExpiry measures when the keys and devices of all connections expire, as seconds since 1970 (R36). Each worker tells the same.
func observeExpiry(meter metric.Meter, store *db.Store) error {
	key, err := meter.Float64ObservableGauge("caresync.connection.key.expiry", metric.WithUnit("s"),
		metric.WithDescription("When the key of a connection's PRODA device expires, in Unix time"))
	if err != nil {
		return err
	}
	device, err := meter.Float64ObservableGauge("caresync.connection.device.expiry", metric.WithUnit("s"),
		metric.WithDescription("When a connection's PRODA device expires, in Unix time"))
	if err != nil {
		return err
	}
	_, err = meter.RegisterCallback(func(ctx context.Context, observer metric.Observer) error {
		bounded, cancel := context.WithTimeout(ctx, observeTimeout)
		defer cancel()
		organisations, err := store.Organisations(bounded)
		if err != nil {
			return err
		}
		slugs := make(map[care.ID]string, len(organisations))
		for _, organisation := range organisations {
			slugs[organisation.ID] = organisation.Slug
		}
		connections, err := store.AllConnections(bounded)
		for _, connection := range connections {
			labels := metric.WithAttributes(attribute.String("organisation", slugs[connection.OrganisationID]),
				attribute.String("connection", connection.Name), attribute.String("service", string(connection.Service)))
			for gauge, expiry := range map[metric.Float64Observable]*time.Time{key: connection.KeyExpiry, device: connection.DeviceExpiry} {
				if expiry != nil {
					observer.ObserveFloat64(gauge, float64(expiry.Unix()), labels)
				}
			}
		}
		return err
	}, key, device)
	return err
}

// also has an attempt observed by several.
func also(observers ...func(context.Context, transport.Attempt)) func(context.Context, transport.Attempt) {
	return func(ctx context.Context, attempt transport.Attempt) {
		for _, observe := range observers {
			observe(ctx, attempt)
		}
	}
}

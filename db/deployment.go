package db

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/gen"
)

// TemporalIdentity is which Temporal namespace a program is connected to, or a database belongs to. Names can be the same anywhere; the ids
// are not.
type TemporalIdentity struct {
	// ClusterID is empty where the server does not tell it.
	ClusterID   string `json:"cluster_id"`
	NamespaceID string `json:"namespace_id"`
	// Namespace is the namespace's name.
	Namespace string `json:"namespace"`
}

// Same reports whether both are the same namespace. A cluster that is not told contradicts nothing: the namespace's id is unique by itself.
func (t TemporalIdentity) Same(other TemporalIdentity) bool {
	return t.NamespaceID == other.NamespaceID && (t.ClusterID == other.ClusterID || t.ClusterID == "" || other.ClusterID == "")
}

func (t TemporalIdentity) String() string {
	text := fmt.Sprintf("namespace %q, id %s", t.Namespace, t.NamespaceID)
	if t.ClusterID != "" {
		text += ", of the Temporal cluster " + t.ClusterID
	}
	return text
}

// Deployment is the one that a database belongs to (R37).
type Deployment struct {
	ID        care.ID
	Temporal  TemporalIdentity
	AdoptedAt time.Time
	AdoptedBy string
}

// DeploymentError says that a database belongs to another deployment than the program that uses it (R37). It names no one.
type DeploymentError struct {
	// Owner is the deployment that the database belongs to, Program what the program is connected to.
	Owner   Deployment
	Program TemporalIdentity
}

func (e *DeploymentError) Error() string {
	return fmt.Sprintf("the database belongs to another deployment: since %s to %s; this program is connected to %s",
		e.Owner.AdoptedAt.UTC().Format(time.RFC3339), e.Owner.Temporal, e.Program)
}

// OfAnotherDeployment reports whether an error says that the database belongs to another deployment.
func OfAnotherDeployment(err error) bool {
	var foreign *DeploymentError
	return errors.As(err, &foreign)
}

// Deployment returns the deployment that the database belongs to. It fails with ErrNotFound where it has never belonged to any.
func (s *Store) Deployment(ctx context.Context) (Deployment, error) {
	row, err := s.queries.Deployment(ctx)
	if err != nil {
		return Deployment{}, MapError("read the deployment", err)
	}
	return Deployment{
		ID: row.ID, AdoptedAt: row.AdoptedAt, AdoptedBy: row.AdoptedBy,
		Temporal: TemporalIdentity{ClusterID: row.TemporalClusterID, NamespaceID: row.TemporalNamespaceID, Namespace: row.TemporalNamespace},
	}, nil
}

// AdoptUnclaimed makes a database that has never belonged to a deployment that of a namespace. It returns whose it is then: of several
// programs that try at once, the first wins.
func (s *Store) AdoptUnclaimed(ctx context.Context, by string, temporal TemporalIdentity) (Deployment, error) {
	err := s.queries.AdoptUnclaimed(ctx, gen.AdoptUnclaimedParams(adoption(by, temporal)))
	if err != nil {
		return Deployment{}, MapError("adopt the database", err)
	}
	return s.Deployment(ctx)
}

// Adopt makes the database that of a namespace, whoever's it was.
func (s *Store) Adopt(ctx context.Context, by string, temporal TemporalIdentity) (Deployment, error) {
	if err := s.queries.Adopt(ctx, adoption(by, temporal)); err != nil {
		return Deployment{}, MapError("adopt the database", err)
	}
	return s.Deployment(ctx)
}

func adoption(by string, temporal TemporalIdentity) gen.AdoptParams {
	return gen.AdoptParams{
		ID: NewID(), TemporalClusterID: temporal.ClusterID, TemporalNamespaceID: temporal.NamespaceID, TemporalNamespace: temporal.Namespace, AdoptedBy: by,
	}
}

// UnfinishedWork is how many runs and bulk runs of all organisations have not finished.
type UnfinishedWork struct {
	Runs     int `json:"runs"`
	BulkRuns int `json:"bulk_runs"`
}

// UnfinishedWork counts the runs and bulk runs that have not finished.
func (s *Store) UnfinishedWork(ctx context.Context) (UnfinishedWork, error) {
	row, err := s.queries.UnfinishedWork(ctx)
	if err != nil {
		return UnfinishedWork{}, MapError("count unfinished work", err)
	}
	return UnfinishedWork{Runs: int(row.Runs), BulkRuns: int(row.BulkRuns)}, nil
}

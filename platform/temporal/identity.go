package temporal

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
)

// ErrNamespaceMissing means that the server does not have the namespace that TEMPORAL_NAMESPACE names.
var ErrNamespaceMissing = errors.New("the Temporal server does not have the namespace")

// Identity is what tells a namespace from any other, of the same name or not.
type Identity struct {
	// ClusterID is empty where the server does not tell it.
	ClusterID, NamespaceID string
	// Namespace is the name.
	Namespace string
}

// Identify asks the server which namespace has that name. It fails with ErrNamespaceMissing where none has.
func Identify(ctx context.Context, connected client.Client, namespace string) (Identity, error) {
	service := connected.WorkflowService()
	described, err := service.DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: namespace})
	var missing *serviceerror.NamespaceNotFound
	if errors.As(err, &missing) {
		return Identity{}, fmt.Errorf("%w %q (TEMPORAL_NAMESPACE): create it or correct the name", ErrNamespaceMissing, namespace)
	}
	if err != nil {
		return Identity{}, fmt.Errorf("ask which namespace %q is: %w", namespace, err)
	}
	cluster, err := service.GetClusterInfo(ctx, &workflowservice.GetClusterInfoRequest{})
	if err != nil && !untold(err) {
		return Identity{}, fmt.Errorf("ask which Temporal cluster this is: %w", err)
	}
	return Identity{ClusterID: cluster.GetClusterId(), NamespaceID: described.GetNamespaceInfo().GetId(), Namespace: namespace}, nil
}

// MissingAttributesError names search attributes that a namespace lacks.
type MissingAttributesError struct{ Names []string }

func (e *MissingAttributesError) Error() string {
	return "the namespace lacks the search attributes " + strings.Join(e.Names, ", ")
}

// Retention asks for how long the server retains the closed workflows of a namespace.
func Retention(ctx context.Context, service workflowservice.WorkflowServiceClient, namespace string) (time.Duration, error) {
	described, err := service.DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: namespace})
	if err != nil {
		return 0, fmt.Errorf("ask how long closed workflows are retained: %w", err)
	}
	return described.GetConfig().GetWorkflowExecutionRetentionTtl().AsDuration(), nil
}

// CheckSearchAttributes fails with a *MissingAttributesError where the namespace lacks some of these. A server that does not tell has them all.
func CheckSearchAttributes(ctx context.Context, connected client.Client, namespace string, wanted []temporal.SearchAttributeKey) error {
	known, err := connected.OperatorService().ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: namespace})
	if untold(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("list the search attributes: %w", err)
	}
	var missing []string
	for _, attribute := range wanted {
		if known.GetCustomAttributes()[attribute.GetName()] != attribute.GetValueType() {
			missing = append(missing, attribute.GetName())
		}
	}
	if len(missing) > 0 {
		return &MissingAttributesError{Names: missing}
	}
	return nil
}

// untold recognises a server that keeps something to itself, as hosted ones do.
func untold(err error) bool {
	var denied *serviceerror.PermissionDenied
	var unknown *serviceerror.Unimplemented
	return errors.As(err, &denied) || errors.As(err, &unknown)
}

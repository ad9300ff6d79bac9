package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	namespacepb "go.temporal.io/api/namespace/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/types/known/durationpb"
)

// searchAttributeTypes are the names of the types that a search attribute can have.
func searchAttributeTypes() []string {
	names := slices.Sorted(maps.Keys(enumspb.IndexedValueType_shorthandValue))
	return slices.DeleteFunc(names, func(name string) bool { return name == "Unspecified" })
}

// parseSearchAttributes reads Name=Type texts.
func parseSearchAttributes(texts []string) (map[string]enumspb.IndexedValueType, error) {
	attributes := map[string]enumspb.IndexedValueType{}
	for _, text := range texts {
		name, typeName, found := strings.Cut(text, "=")
		if !found || name == "" {
			return nil, fmt.Errorf("--search-attribute %s: expected Name=Type, such as Outcome=Keyword", text)
		}
		if !slices.Contains(searchAttributeTypes(), typeName) {
			return nil, fmt.Errorf("--search-attribute %s: there is no type %s; choose one of %s", text, typeName, strings.Join(searchAttributeTypes(), ", "))
		}
		valueType, err := enumspb.IndexedValueTypeFromString(typeName)
		if err != nil {
			return nil, fmt.Errorf("--search-attribute %s: %w", text, err)
		}
		attributes[name] = valueType
	}
	return attributes, nil
}

// prepareNamespace creates the namespace and its search attributes where they are missing, and returns when workflows can use
// them. It gives up when fatal is closed.
func prepareNamespace(ctx context.Context, c client.Client, config temporalConfig, fatal <-chan struct{}) error {
	attributes, err := parseSearchAttributes(config.searchAttributes)
	if err != nil {
		return err
	}
	for _, step := range []struct {
		name string
		do   func(context.Context) error
	}{
		{"namespace " + config.namespace, func(ctx context.Context) error { return ensureNamespace(ctx, c, config) }},
		{"search attributes", func(ctx context.Context) error { return ensureSearchAttributes(ctx, c, config.namespace, attributes) }},
		{"history service", func(ctx context.Context) error { return historyAnswers(ctx, c, config.namespace) }},
		{"matching service", func(ctx context.Context) error { return matchingAnswers(ctx, c, config.namespace) }},
		{"visibility", func(ctx context.Context) error { return visibilityAnswers(ctx, c, config.namespace, attributes) }},
	} {
		if err := waitUntil(ctx, temporalStartTimeout, fatal, step.do); err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
	}
	return nil
}

// ensureNamespace creates the namespace, or gives an existing one the retention that is asked for now.
func ensureNamespace(ctx context.Context, c client.Client, config temporalConfig) error {
	retention := durationpb.New(config.retention)
	_, err := c.WorkflowService().RegisterNamespace(ctx, &workflowservice.RegisterNamespaceRequest{
		Namespace:                        config.namespace,
		WorkflowExecutionRetentionPeriod: retention,
	})
	var exists *serviceerror.NamespaceAlreadyExists
	if !errors.As(err, &exists) {
		return finalIfInvalid(err)
	}
	_, err = c.WorkflowService().UpdateNamespace(ctx, &workflowservice.UpdateNamespaceRequest{
		Namespace: config.namespace,
		Config:    &namespacepb.NamespaceConfig{WorkflowExecutionRetentionTtl: retention},
	})
	return finalIfInvalid(err)
}

// ensureSearchAttributes adds the missing ones; the type of an existing one cannot be changed.
func ensureSearchAttributes(ctx context.Context, c client.Client, namespace string, wanted map[string]enumspb.IndexedValueType) error {
	existing, err := c.OperatorService().ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: namespace})
	if err != nil {
		return err
	}
	missing := maps.Clone(wanted)
	for name, is := range existing.GetCustomAttributes() {
		if want, asked := wanted[name]; asked && want != is {
			return final(fmt.Errorf("search attribute %s is a %s already and cannot become a %s: choose another name or another --dir", name, is, want))
		}
		delete(missing, name)
	}
	if len(missing) == 0 {
		return nil
	}
	_, err = c.OperatorService().AddSearchAttributes(ctx, &operatorservice.AddSearchAttributesRequest{
		Namespace: namespace, SearchAttributes: missing,
	})
	return finalIfInvalid(err)
}

// historyAnswers asks each shard for a workflow that does not exist.
func historyAnswers(ctx context.Context, c client.Client, namespace string) error {
	for i := range 4 * historyShards {
		_, err := c.WorkflowService().DescribeWorkflowExecution(ctx, &workflowservice.DescribeWorkflowExecutionRequest{
			Namespace: namespace,
			Execution: &commonpb.WorkflowExecution{WorkflowId: fmt.Sprintf("devstack-probe-%d", i)},
		})
		var notFound *serviceerror.NotFound
		if !errors.As(err, &notFound) {
			return fmt.Errorf("unexpected answer: %w", err)
		}
	}
	return nil
}

func matchingAnswers(ctx context.Context, c client.Client, namespace string) error {
	_, err := c.WorkflowService().DescribeTaskQueue(ctx, &workflowservice.DescribeTaskQueueRequest{
		Namespace:     namespace,
		TaskQueue:     &taskqueuepb.TaskQueue{Name: "devstack-probe"},
		TaskQueueType: enumspb.TASK_QUEUE_TYPE_WORKFLOW,
	})
	return err
}

// visibilityAnswers looks for workflows by every search attribute.
func visibilityAnswers(ctx context.Context, c client.Client, namespace string, attributes map[string]enumspb.IndexedValueType) error {
	conditions := []string{"WorkflowType = 'devstack-probe'"}
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		conditions = append(conditions, fmt.Sprintf("`%s` IS NULL", name))
	}
	_, err := c.WorkflowService().ListWorkflowExecutions(ctx, &workflowservice.ListWorkflowExecutionsRequest{
		Namespace: namespace, PageSize: 1, Query: strings.Join(conditions, " AND "),
	})
	return err
}

// finalIfInvalid: the server will not come to like a bad request by waiting.
func finalIfInvalid(err error) error {
	var invalid *serviceerror.InvalidArgument
	if errors.As(err, &invalid) {
		return final(err)
	}
	return err
}

package doctor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/caresync/caresync/platform/temporal"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/starter/present"
)

// leastRetention is how long closed workflows should be retained, so that what failed at night can be looked at by day; goodRetention lasts over a
// weekend.
const leastRetention, goodRetention = 24 * time.Hour, "72h"

var temporalChecks = []check{
	{area: Temporal, name: "search attributes", needs: needsTemporal | needsNamespace, look: searchAttributes},
	{area: Temporal, name: "retention", needs: needsTemporal | needsNamespace, look: retention},
}

func searchAttributes(ctx context.Context, p *patient) (string, []Finding, error) {
	err := temporal.CheckSearchAttributes(ctx, p.temporal, p.namespace, protocol.SearchAttributes)
	var missing *temporal.MissingAttributesError
	if errors.As(err, &missing) {
		return "", []Finding{failure(sentence(missing.Error())+" Without them, no sync starts.", "Create them in the namespace "+p.namespace+". docs/configuration.md has their types.")}, nil
	}
	return "", nil, err
}

func retention(ctx context.Context, p *patient) (string, []Finding, error) {
	kept, err := temporal.Retention(ctx, p.temporal.WorkflowService(), p.namespace)
	if err != nil {
		return "", nil, err
	}
	seen := "closed workflows are retained for " + present.Duration(kept)
	if kept < leastRetention {
		return seen, []Finding{warning(
			fmt.Sprintf("Temporal retains closed workflows for %s only: what failed at night cannot be looked at by day.", present.Duration(kept)),
			fmt.Sprintf("Run `temporal operator namespace update --retention %s --namespace %s`.", goodRetention, p.namespace))}, nil
	}
	return seen, nil, nil
}

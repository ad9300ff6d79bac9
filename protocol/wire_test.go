package protocol_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/testkit/wire"
)

// message is a signal, an update or a query, by its name in Go.
type message struct {
	name    string
	payload []reflect.Type // of an update: the argument and the answer
}

func signal[T any](s protocol.Signal[T]) message {
	return message{s.Name, []reflect.Type{reflect.TypeFor[T]()}}
}

func update[In, Out any](u protocol.Update[In, Out]) message {
	return message{u.Name, []reflect.Type{reflect.TypeFor[In](), reflect.TypeFor[Out]()}}
}

var messages = map[string]message{
	"SyncRequested":      signal(protocol.SyncRequested),
	"RefreshRequested":   signal(protocol.RefreshRequested),
	"ClaimStatusChanged": signal(protocol.ClaimStatusChanged),
	"BatchPauseChanged":  signal(protocol.BatchPauseChanged),
	"Retrieve":           update(protocol.Retrieve),
	"Create":             update(protocol.Create),
	"Pause":              update(protocol.Pause),
	"Resume":             update(protocol.Resume),
	"SetWindow":          update(protocol.SetWindow),
}

// progress is what the query answers, by the type of workflow.
var progress = map[string]reflect.Type{
	protocol.CareRecipientSyncWorkflow: reflect.TypeFor[protocol.Progress](),
	protocol.PaceContractSyncWorkflow:  reflect.TypeFor[protocol.Progress](),
	protocol.ClaimFollowUpWorkflow:     reflect.TypeFor[protocol.ClaimProgress](),
	protocol.BulkSyncWorkflow:          reflect.TypeFor[protocol.BulkProgress](),
}

// A running workflow takes messages from programs of another version. What workflows and steps take and return is held beside their
// registration, in the packages workflows and activities.
func TestMessagesKeepTheirNamesAndPayloads(t *testing.T) {
	golden := wire.Open(t, "messages")
	for _, one := range messages {
		for i, payload := range one.payload {
			golden.WrittenAndRead(one.name+[]string{"", ".answer"}[i], payload)
		}
	}
	for workflow, answer := range progress {
		golden.WrittenAndRead(protocol.ProgressQuery+"."+workflow, answer)
	}
}

func TestNoMessageIsForgotten(t *testing.T) {
	var declared []string
	for name, value := range declarations(t, token.VAR) {
		literal, isLiteral := value.(*ast.CompositeLit)
		if !isLiteral {
			continue
		}
		switch generic := literal.Type.(type) {
		case *ast.IndexExpr, *ast.IndexListExpr: // Signal[…], Update[…, …]
			require.NotNil(t, generic)
			declared = append(declared, name)
		}
	}
	for _, name := range declared {
		require.Contains(t, messages, name)
	}
	require.Len(t, messages, len(declared))
}

// Every name by which one program finds another's work, as it stands in Temporal.
func TestNamesStay(t *testing.T) {
	var constants []string // of the types of workflows, steps and errors, by their text: their names in Go are free
	for name, value := range declarations(t, token.CONST) {
		if literal, isLiteral := value.(*ast.BasicLit); isLiteral && literal.Kind == token.STRING && ast.IsExported(name) {
			constants = append(constants, strings.Trim(literal.Value, `"`))
		}
	}
	slices.Sort(constants)
	var attributes []string
	for _, attribute := range protocol.SearchAttributes {
		attributes = append(attributes, attribute.GetName()+" "+attribute.GetValueType().String())
	}
	const one, other care.ID = "01a1ffb8-0000-7000-8000-000000000001", "01a1ffb8-0000-7000-8000-000000000002"
	queues := protocol.TaskQueues{Prefix: "north-"}
	nightly, err := protocol.BulkSyncSchedule(queues, care.Schedule{
		OrganisationID: one, Name: "nightly", ScheduleTimes: care.ScheduleTimes{TimeOfDay: "03:30"}, Overlap: care.OverlapSkip,
		Options: care.BulkOptions{Kind: care.RunCareRecipient},
	})
	require.NoError(t, err)
	own := protocol.OwnSchedules(queues, time.Time{})
	names := map[string]any{
		"constants":         constants,
		"search_attributes": attributes,
		"task_queues": []string{
			queues.CareSync(), queues.Upstream(care.ServicesAustralia), queues.Upstream(care.NDIA), queues.Bulk(care.ServicesAustralia), queues.Bulk(care.NDIA),
		},
		"ids": map[string]string{
			"care recipient sync": protocol.CareRecipientSyncID(one), "contract sync": protocol.PaceContractSyncID(one),
			"bulk sync": protocol.BulkSyncID(one), "batch": protocol.BulkSyncBatchID(one, 3), "create": protocol.CreateUpdateID(one),
			"claim": protocol.ClaimFollowUpID(one, "CL-1"), "claim of a UUID": protocol.ClaimFollowUpID(one, strings.ToUpper(string(other))),
			"schedule": protocol.ScheduleID(one, "nightly"),
		},
		"starts": starts(queues, one, other),
		"schedules": map[string]any{
			"reconcile": scheduled(own[0]), "refresh due": scheduled(own[1]),
			"bulk": scheduled(nightly),
		},
	}
	wire.Open(t, "names").JSON("names.json", names)
}

type start struct {
	ID         string `json:"id"`
	TaskQueue  string `json:"task_queue"`
	Conflict   string `json:"conflict"`
	Attributes any    `json:"search_attributes"`
	Input      any    `json:"input"`
}

func started[T any](options client.StartWorkflowOptions, input T) start {
	attributes := map[string]any{}
	for key, value := range options.TypedSearchAttributes.GetUntypedValues() {
		attributes[key.GetName()] = value
	}
	return start{options.ID, options.TaskQueue, options.WorkflowIDConflictPolicy.String(), attributes, input}
}

func starts(queues protocol.TaskQueues, organisation, person care.ID) map[string]start {
	request := care.Request{OrganisationID: organisation, PersonID: person, Trigger: care.TriggerOnDemand, RequestedBy: "api: tests"}
	return map[string]start{
		"care recipient sync": started(protocol.CareRecipientSyncStart(queues, request)),
		"contract sync":       started(protocol.PaceContractSyncStart(queues, request)),
		"claim":               started(protocol.ClaimFollowUpStart(queues, organisation, "CL-1")),
		"bulk sync":           started(protocol.BulkSyncStart(queues, person, organisation, care.RunCareRecipient, "api: tests")),
	}
}

func scheduled(options client.ScheduleOptions) any {
	action := options.Action.(*client.ScheduleWorkflowAction)
	return map[string]any{
		"id": options.ID, "workflow": action.Workflow, "workflow_id": action.ID, "task_queue": action.TaskQueue, "arguments": action.Args,
		"overlap": options.Overlap.String(),
	}
}

// declarations are the package's constants or variables with what they are set to.
func declarations(t *testing.T, kind token.Token) map[string]ast.Expr {
	t.Helper()
	found := map[string]ast.Expr{}
	entries, err := os.ReadDir(".")
	require.NoError(t, err)
	for _, entry := range entries {
		if !strings.HasSuffix(entry.Name(), ".go") || strings.HasSuffix(entry.Name(), "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), entry.Name(), nil, 0)
		require.NoError(t, err)
		for _, declaration := range file.Decls {
			group, isGroup := declaration.(*ast.GenDecl)
			if !isGroup || group.Tok != kind {
				continue
			}
			for _, spec := range group.Specs {
				values := spec.(*ast.ValueSpec)
				for i, name := range values.Names {
					if i < len(values.Values) {
						found[name.Name] = values.Values[i]
					}
				}
			}
		}
	}
	require.NotEmpty(t, found)
	return found
}

package api

import (
	"encoding/hex"
	"net/http"
	"reflect"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/starter/api/views"
	"github.com/caresync/caresync/testkit/wire"
)

// The document of the repository is the one that the program serves: addresses, parameters, statuses, words and descriptions.
func TestTheDocumentIsTheOneInTheRepository(t *testing.T) {
	document, err := Document()
	require.NoError(t, err)
	wire.Open(t, "document").Text("openapi.yaml", document)
}

// streams are what operations write without huma: events and a report, which it knows by their schema alone.
var streams = map[string]reflect.Type{
	"follow-run.event.progress":      reflect.TypeFor[Progress](),
	"follow-run.event.finished":      reflect.TypeFor[views.RunView](),
	"follow-bulk-run.event.progress": reflect.TypeFor[BulkProgress](),
	"follow-bulk-run.event.finished": reflect.TypeFor[views.BulkView](),
	"report-bulk-run.200":            reflect.TypeFor[bulkReport](),
}

// What each operation takes and answers keeps its shape in JSON, whatever its types are called. A schema says less: not which fields stay
// away when they are empty.
func TestRequestsAndAnswersKeepTheirShape(t *testing.T) {
	document := newAPI(http.NewServeMux(), api{notificationHeader: DefaultNotificationHeader}).OpenAPI()
	golden := wire.Open(t, "wire")
	golden.Written("problem", reflect.TypeFor[huma.ErrorModel]())
	for name, of := range streams {
		golden.Written(name, of)
	}
	for _, path := range document.Paths {
		for _, operation := range []*huma.Operation{path.Get, path.Put, path.Post, path.Patch, path.Delete} {
			if operation == nil {
				continue
			}
			for name, of := range bodiesOf(document, operation) {
				golden.Written(operation.OperationID+"."+name, of)
			}
		}
	}
}

// bodiesOf are the types of what an operation takes and answers in JSON, problems aside.
func bodiesOf(document *huma.OpenAPI, operation *huma.Operation) map[string]reflect.Type {
	bodies := map[string]reflect.Type{}
	note := func(name string, schema *huma.Schema) {
		if schema != nil && schema.Ref != "" {
			bodies[name] = document.Components.Schemas.TypeFromRef(schema.Ref)
		}
	}
	if operation.RequestBody != nil {
		note("request", schemaOf(operation.RequestBody.Content[jsonMedia]))
	}
	for status, response := range operation.Responses {
		note(status, schemaOf(response.Content[jsonMedia]))
	}
	return bodies
}

func schemaOf(content *huma.MediaType) *huma.Schema {
	if content == nil {
		return nil
	}
	return content.Schema
}

// The NDIA's notifications as they arrive, with what is read from each. The digest tells one that comes again, so it may not change either.
func TestNotificationsAreReadAsBefore(t *testing.T) {
	const about = `"participant":"430000017"`
	type read struct {
		Body          string             `json:"body"`
		Error         string             `json:"error,omitempty"`
		Notifications []notificationRead `json:"notifications,omitempty"`
	}
	var all []read
	for _, body := range []string{
		`{"event_id":"PLAN_APPROVED","response":{` + about + `}}`,
		`{"event_id":"BUDGET_UPDATED","response":[{` + about + `},{"participant":430000025}]}`,
		`{"event_id":"PLAN_END_DT_UPDATED","response":{` + about + `,"plan_end_date":"2026-06-30"}}`,
		`{"event_id":"RLTN_CREATED","response":{` + about + `,"provider_role":"Plan Manager","start_date":"2026-01-01","end_date":""}}`,
		`{"event_id":"RLTN_END_DATE_UPDATE","response":{` + about + `,"provider_role":"My Provider","start_date":"2026-01-01","end_date":"2026-01-31T00:00:00"}}`,
		`{"response":[{"end_date":"2026-01-31T00:00:00","start_date":"2026-01-01","provider_role":"My Provider",` + about + `}],"event_id":" RLTN_END_DATE_UPDATED"}`,
		`{"event_id":"SOMETHING_NEW","response":{` + about + `,"more":{"a":1.50}}}`,
		`{"event_id":"BUDGET_UPDATED","response":{}}`,
		`{"event_id":"BUDGET_UPDATED","response":[]}`,
		`{"response":{` + about + `}}`,
		`{"event_id":"RLTN_CREATED","response":{` + about + `,"provider_role":"Plan Manager","start_date":"01/01/2026"}}`,
	} {
		notifications, err := readNotifications([]byte(body))
		one := read{Body: body}
		if err != nil {
			one.Error = err.Error()
		}
		for _, notification := range notifications {
			one.Notifications = append(one.Notifications, notificationRead{
				Event: notification.Event, Digest: hex.EncodeToString(notification.Digest), NDISNumber: notification.NDISNumber, Relationship: notification.Relationship,
			})
		}
		all = append(all, one)
	}
	wire.Open(t, "notifications").JSON("notifications.json", all)
}

type notificationRead struct {
	Event        string             `json:"event"`
	Digest       string             `json:"digest"`
	NDISNumber   string             `json:"ndis_number"`
	Relationship *care.Relationship `json:"relationship,omitempty"`
}

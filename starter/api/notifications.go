package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"unicode"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"
	"go.uber.org/zap"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/db/read"
	"github.com/caresync/caresync/starter/api/views"
	"github.com/caresync/caresync/starter/web"
	"github.com/caresync/caresync/upstream/ndia"
)

const (
	// DefaultNotificationHeader is the header in which the NDIA sends the shared secret, or the signature, unless it was agreed otherwise.
	DefaultNotificationHeader = "X-NDIA-Notification-Secret"

	notificationPrefix = "/v1/notifications/ndia/"
	notificationScheme = "notification"
	// notifier is what a notification's caller is called in the log and in what is recorded.
	notifier = "ndia"
	// largestNotification bounds a body, in bytes; longestEvent, longestParticipant and longestRole what is kept of one.
	largestNotification = 256 << 10
	longestEvent        = 100
	longestParticipant  = 50
	longestRole         = 100
	// dateLength is that of YYYY-MM-DD; a time of day may follow.
	dateLength = 10
)

// NotificationPath is where the NDIA sends an organisation's notifications.
func NotificationPath(organisation care.ID) string { return notificationPrefix + string(organisation) }

type notificationInput struct {
	Organisation string `path:"organisation" format:"uuid" doc:"CareSync's id of the organisation"`
	RawBody      []byte `contentType:"application/json"`
}

type notificationOutput struct {
	Body struct {
		Received   int `json:"received" doc:"How many notifications the body contained"`
		Refreshing int `json:"refreshing" doc:"How many of them trigger a refresh"`
		Repeated   int `json:"repeated" doc:"How many had been received before"`
		Unknown    int `json:"unknown" doc:"How many are about people who are not in the organisation"`
	}
}

func (a api) registerNotifications(served huma.API) {
	huma.Register(served, huma.Operation{
		OperationID: "notify", Method: http.MethodPost, Path: notificationPrefix + "{organisation}", Tags: []string{tagPACE},
		Summary: "Receive a notification from the NDIA",
		Description: "Only for the NDIA, which sends the organisation's secret, or the signature of the body, in a header. A notification says that something changed, and triggers one refresh " +
			"of the client. Notifications may arrive late, repeatedly and in any order. Unknown events and participants are recorded.",
		DefaultStatus: http.StatusAccepted, MaxBodyBytes: largestNotification,
		RequestBody: notificationRequest(), SkipValidateBody: true, // it is read with more patience than a document can say
		Security: []map[string][]string{{notificationScheme: {}}},
		Errors:   []int{http.StatusBadRequest},
	}, a.notify)
	huma.Register(served, huma.Operation{
		OperationID: "list-notifications", Method: http.MethodGet, Path: "/v1/pace-notifications", Tags: []string{tagPACE},
		Summary: "List the NDIA's notifications to the organisation, newest first",
	}, a.listNotifications)
}

type listNotificationsInput struct {
	Limit int `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"How many"`
}

type listNotificationsOutput struct {
	Body struct {
		Notifications []views.NotificationView `json:"notifications"`
	}
}

func (a api) listNotifications(ctx context.Context, in *listNotificationsInput) (*listNotificationsOutput, error) {
	notifications, err := read.From(a.store).Notifications(ctx, callerOf(ctx).Organisation.ID, in.Limit)
	if err != nil {
		return nil, a.problem(ctx, err)
	}
	out := &listNotificationsOutput{}
	out.Body.Notifications = views.Each(notifications, views.FromNotification)
	return out, nil
}

// notificationRequest documents a notification's body.
func notificationRequest() *huma.RequestBody {
	return &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/json": {Schema: &huma.Schema{
		Type: huma.TypeObject, Required: []string{"event_id", "response"}, Properties: map[string]*huma.Schema{
			"event_id": {Type: huma.TypeString, Examples: []any{ndia.EventBudgetUpdated}},
			"response": {Description: "An object with the participant and, about a relationship, provider_role, start_date and end_date; or a list of such objects"},
		},
	}}}}
}

// notified lets only notifications through that have the organisation's secret, or are signed with its key, and notes whose it is (R11).
func (a api) notified(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		organisation, err := a.notifiedOrganisation(r)
		switch {
		case errors.Is(err, db.ErrNotFound):
			w.Header().Set("WWW-Authenticate", "SharedSecret")
			writeProblem(w, http.StatusUnauthorized, "unauthorised", "The notification does not have this organisation's secret or signature.")
		case err != nil:
			a.logger.Error("notification authentication failed", web.RequestID(r.Context()), zap.Error(err))
			databaseAway(w, err)
		default:
			// There is no token; the organisation stands for one where requests are counted.
			next.ServeHTTP(w, withCaller(r, db.Caller{Organisation: organisation, TokenID: organisation.ID, TokenName: notifier}))
		}
	})
}

func (a api) notifiedOrganisation(r *http.Request) (care.Organisation, error) {
	id, err := uuid.Parse(strings.TrimPrefix(r.URL.Path, notificationPrefix))
	if err != nil {
		return care.Organisation{}, db.ErrNotFound
	}
	return a.store.NotificationOrganisation(r.Context(), care.ID(id.String()), db.NotificationProof{
		Header: r.Header.Get(a.notificationHeader), Body: func() ([]byte, error) { return bodyOf(r) },
	})
}

// bodyOf reads a notification's body and leaves it to be read again. Of one that is too large only the beginning is read, which no signature
// fits.
func bodyOf(r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, largestNotification+1))
	r.Body = io.NopCloser(bytes.NewReader(body))
	return body, err
}

func (a api) notify(ctx context.Context, in *notificationInput) (*notificationOutput, error) {
	notifications, err := readNotifications(in.RawBody)
	if err != nil {
		return nil, newProblem(http.StatusBadRequest, "not_a_notification", err.Error())
	}
	all, err := a.pace.Notify(ctx, callerOf(ctx).Organisation, notifications...)
	if err != nil {
		return nil, a.problem(ctx, err)
	}
	out := &notificationOutput{}
	out.Body.Received = len(all)
	for _, noted := range all {
		out.Body.Refreshing += count(noted.Refresh)
		out.Body.Repeated += count(noted.Repeated)
		out.Body.Unknown += count(noted.PersonID == "")
	}
	return out, nil
}

func count(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

var (
	errNoNotification = errors.New("the body is not a notification: it needs an event_id, and a response that is an object or a list of objects")
	errNoParticipant  = errors.New("a notification names no participant")
	errNoRole         = errors.New("a relationship has a provider_role that is too long or contains control characters")
	errNoDate         = errors.New("a relationship has a date that is not YYYY-MM-DD")
)

// notificationBody is a notification as it arrives.
type notificationBody struct {
	Event    string          `json:"event_id"`
	Response json.RawMessage `json:"response"`
}

// aboutParticipant is what a notification says of one participant. Only relationships have a role and dates.
type aboutParticipant struct {
	Participant  any    `json:"participant"`
	ProviderRole string `json:"provider_role"`
	StartDate    string `json:"start_date"`
	EndDate      string `json:"end_date"`
}

// readNotifications reads a body. Its response is an object, or a list of several.
func readNotifications(body []byte) ([]db.Notification, error) {
	var read notificationBody
	if json.Unmarshal(body, &read) != nil {
		return nil, errNoNotification
	}
	event := eventOf(read.Event)
	if event == "" || !storable(event, longestEvent) {
		return nil, errNoNotification
	}
	var responses []json.RawMessage
	if json.Unmarshal(read.Response, &responses) != nil {
		responses = []json.RawMessage{read.Response}
	}
	if len(responses) == 0 {
		return nil, errNoNotification
	}
	notifications := make([]db.Notification, 0, len(responses))
	for _, response := range responses {
		notification, err := readNotification(event, response)
		if err != nil {
			return nil, err
		}
		notifications = append(notifications, notification)
	}
	return notifications, nil
}

// eventOf gives an event the name by which it is known: one arrives in two spellings.
func eventOf(name string) string {
	name = strings.TrimSpace(name)
	if name == ndia.EventRelationshipEndedToo {
		return ndia.EventRelationshipEnded
	}
	return name
}

func readNotification(event string, response json.RawMessage) (db.Notification, error) {
	var about aboutParticipant
	canonical, ok := canonicalJSON(response)
	if !ok || decodeJSON(response, &about) != nil {
		return db.Notification{}, errNoNotification
	}
	participant := textOf(about.Participant)
	if participant == "" || !storable(participant, longestParticipant) {
		return db.Notification{}, errNoParticipant
	}
	digest := sha256.Sum256(append([]byte(event+"\n"), canonical...))
	notification := db.Notification{Event: event, Digest: digest[:], NDISNumber: participant}
	if event == ndia.EventRelationshipBegun || event == ndia.EventRelationshipEnded {
		relationship, err := about.relationship()
		if err != nil {
			return db.Notification{}, err
		}
		notification.Relationship = relationship
	}
	return notification, nil
}

// storable reports whether a text is short enough, in bytes, and has no control characters, of which PostgreSQL does not take all.
func storable(text string, longest int) bool {
	return len(text) <= longest && !strings.ContainsFunc(text, unicode.IsControl)
}

// canonicalJSON writes an object the same way however its fields were ordered and spaced.
func canonicalJSON(object json.RawMessage) ([]byte, bool) {
	var fields map[string]any
	if decodeJSON(object, &fields) != nil || fields == nil {
		return nil, false
	}
	canonical, err := json.Marshal(fields)
	return canonical, err == nil
}

// decodeJSON keeps the digits of numbers as they came.
func decodeJSON(text json.RawMessage, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	return decoder.Decode(into)
}

// textOf is a text, or a number in its digits.
func textOf(value any) string {
	switch value := value.(type) {
	case string:
		return strings.TrimSpace(value)
	case json.Number:
		return value.String()
	default:
		return ""
	}
}

// relationship is nil where the role is not said. An empty date is an open one.
func (p aboutParticipant) relationship() (*care.Relationship, error) {
	role := strings.TrimSpace(p.ProviderRole)
	if role == "" {
		return nil, nil
	}
	if !storable(role, longestRole) {
		return nil, errNoRole
	}
	start, startErr := dateOf(p.StartDate)
	end, endErr := dateOf(p.EndDate)
	if startErr != nil || endErr != nil {
		return nil, errNoDate
	}
	return &care.Relationship{ProviderRole: role, DateRange: care.DateRange{StartDate: start, EndDate: end}}, nil
}

// noDates are the ways in which the NDIA says "no date".
var noDates = []string{"", "0001-01-01", "0000-00-00"}

func dateOf(text string) (care.Date, error) {
	text = strings.TrimSpace(text)
	day := text[:min(dateLength, len(text))]
	if slices.Contains(noDates, day) {
		return care.Date{}, nil
	}
	return care.ParseDate(day)
}

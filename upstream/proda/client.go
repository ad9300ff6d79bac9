package proda

import (
	"context"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/upstream/transport"
)

const (
	grantType = "urn:ietf:params:oauth:grant-type:jwt-bearer"
	// assumedLife is a token's life where PRODA does not say: what it has always been.
	assumedLife = time.Hour
)

// Client makes the three calls that PRODA offers. It is safe for concurrent use.
type Client struct {
	transport *transport.Client
	options   Options
}

// NewClient makes the process's client of PRODA.
func NewClient(calls *transport.Client, options Options) *Client {
	return &Client{transport: calls, options: options.withDefaults()}
}

// RequestToken asks for an access token for the connection's audience, signed with that key. Use Tokens instead, which shares one
// token among all who need it.
func (c *Client) RequestToken(ctx context.Context, connection care.Connection, key *rsa.PrivateKey) (Token, error) {
	asked := c.options.Now()
	signed, err := assertion(connection, key, c.options.AssertionAudience, asked)
	if err != nil {
		return Token{}, err
	}
	form := url.Values{"grant_type": {grantType}, "client_id": {connection.ClientID}, "assertion": {signed}}
	response, err := c.transport.Do(ctx, transport.Call{
		Service: Service, Connection: connection.ID, Operation: "request a token", Method: http.MethodPost,
		Base: connection.TokenBaseURL, Path: c.options.TokenPath,
		Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, Body: []byte(form.Encode()),
	})
	if err != nil {
		return Token{}, loginError(err)
	}
	token, err := readToken(response, asked)
	return token, loginError(err)
}

// readToken reads PRODA's answer. An expiry that cannot be read counts as not known.
func readToken(response transport.Response, asked time.Time) (Token, error) {
	var answer struct {
		AccessToken  string          `json:"access_token"`
		ExpiresIn    json.RawMessage `json:"expires_in"`
		KeyExpiry    json.RawMessage `json:"key_expiry"`
		DeviceExpiry json.RawMessage `json:"device_expiry"`
	}
	if err := response.Decode(&answer); err != nil {
		return Token{}, err
	}
	if answer.AccessToken == "" {
		return Token{}, response.Fail(transport.Unreadable)
	}
	return Token{
		AccessToken: answer.AccessToken, IssuedAt: asked, ExpiresAt: asked.Add(lifeOf(answer.ExpiresIn)),
		KeyExpiry: timeOf(answer.KeyExpiry), DeviceExpiry: timeOf(answer.DeviceExpiry),
	}, nil
}

// lifeOf reads seconds, as a number or a text.
func lifeOf(raw json.RawMessage) time.Duration {
	seconds, err := strconv.ParseUint(unquoted(raw), 10, 31)
	if err != nil || seconds == 0 {
		return assumedLife
	}
	return time.Duration(seconds) * time.Second
}

// timeOf reads an ISO date-time; without a zone it is UTC.
func timeOf(raw json.RawMessage) time.Time {
	text := unquoted(raw)
	for _, form := range []string{time.RFC3339, "2006-01-02T15:04:05.999999999-0700", "2006-01-02T15:04:05.999999999", time.DateOnly} {
		if parsed, err := time.Parse(form, text); err == nil {
			return parsed
		}
	}
	return time.Time{}
}

func unquoted(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	return string(raw)
}

// ActivateDevice gives PRODA the public half of a new device's key, with the one-time code from PRODA. The code cannot be used
// again: store the key before. Devices.Activate does both.
// It returns when the key ends, which is zero where PRODA does not say.
func (c *Client) ActivateDevice(ctx context.Context, connection care.Connection, code string, key *rsa.PrivateKey) (expiry time.Time, err error) {
	jwk, err := publicJWK(key, connection.DeviceName)
	if err != nil {
		return time.Time{}, err
	}
	body, err := json.Marshal(map[string]any{"orgId": connection.RANumber, "otac": code, "key": json.RawMessage(jwk)})
	if err != nil {
		return time.Time{}, fmt.Errorf("encode the activation of the device: %w", err)
	}
	answer, err := c.putKey(ctx, connection, "activate the device", c.options.ActivatePath, http.Header{}, body)
	return keyExpiry(answer), loginError(err)
}

// RegisterKey gives PRODA the public half of the key that replaces the device's present one, which signed for the access token.
// It returns when the new key ends, which is zero where PRODA does not say.
func (c *Client) RegisterKey(ctx context.Context, connection care.Connection, tokens transport.TokenSource, key *rsa.PrivateKey) (expiry time.Time, err error) {
	jwk, err := publicJWK(key, connection.DeviceName)
	if err != nil {
		return time.Time{}, err
	}
	answer, err := transport.WithLogin(ctx, tokens, func(token string) (transport.Response, error) {
		header := http.Header{"Authorization": {"Bearer " + token}}
		return c.putKey(ctx, connection, "renew the device's key", c.options.RenewPath, header, jwk)
	})
	if transport.Unauthorised(err) {
		return time.Time{}, err
	}
	return keyExpiry(answer), loginError(err)
}

// keyExpiry reads when a key ends that PRODA has taken (assumed: the contract does not describe this answer). Without it, the next login tells.
func keyExpiry(response transport.Response) time.Time {
	var answer struct {
		KeyExpiry json.RawMessage `json:"keyExpiry"`
	}
	_ = json.Unmarshal(response.Body, &answer)
	return timeOf(answer.KeyExpiry)
}

func (c *Client) putKey(ctx context.Context, connection care.Connection, operation, path string, header http.Header, body []byte) (transport.Response, error) {
	header.Set("Content-Type", "application/json")
	return c.transport.Do(ctx, transport.Call{
		Service: Service, Connection: connection.ID, Operation: operation, Method: http.MethodPut,
		Base: connection.DeviceBaseURL, Path: pathFor(path, connection), Header: header, Body: body,
	})
}

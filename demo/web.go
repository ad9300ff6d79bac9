package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

// httpTimeout has room for a sync that is waited for.
const httpTimeout = time.Minute

// web is the demo's HTTP client.
var web = &http.Client{Timeout: httpTimeout}

// answer is what an HTTP call got.
type answer struct {
	status int
	line   string // such as "200 OK"
	header http.Header
	body   []byte
}

// call makes an HTTP call; a body is JSON. The token may be empty.
func call(ctx context.Context, method, address, token, body string) (answer, error) {
	request, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader([]byte(body)))
	if err != nil {
		return answer{}, err
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := web.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = response.Body.Close() }()
	content, err := io.ReadAll(response.Body)
	return answer{status: response.StatusCode, line: response.Status, header: response.Header, body: content}, err
}

// read reads JSON from an address. Where it asks too often, it waits as long as it is told.
func read(ctx context.Context, address, token string, into any) error {
	got, err := call(ctx, http.MethodGet, address, token, "")
	for err == nil && got.status == http.StatusTooManyRequests {
		if err = got.wait(ctx); err == nil {
			got, err = call(ctx, http.MethodGet, address, token, "")
		}
	}
	if err != nil {
		return err
	}
	if got.status != http.StatusOK {
		return fmt.Errorf("GET %s: %s: %s", address, got.line, got.body)
	}
	if err := json.Unmarshal(got.body, into); err != nil {
		return fmt.Errorf("read the answer of GET %s: %w", address, err)
	}
	return nil
}

// wait waits until the caller may call again.
func (a answer) wait(ctx context.Context) error {
	seconds, err := strconv.Atoi(a.header.Get("Retry-After"))
	if err != nil {
		return fmt.Errorf("%s without a Retry-After: %w", a.line, err)
	}
	select {
	case <-time.After(time.Duration(seconds) * time.Second):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

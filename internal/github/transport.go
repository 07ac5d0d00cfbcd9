package github

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// How long GitHub is waited for.
const (
	// attempts is how often a request is made that fails by itself.
	attempts = 5
	// firstPause is doubled from one attempt to the next.
	firstPause = 2 * time.Second
	// limitPause is what GitHub wants if it turns a request down for its rate
	// and doesn't say when to come back.
	limitPause = time.Minute
	// patience is how long all waits may take together. A comment isn't worth
	// more of a runner's time.
	patience = 5 * time.Minute
)

// transport sends requests with the token, and again when GitHub asks for it or
// has trouble of its own.
// https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api
type transport struct {
	// host is the only one that sees the token.
	host, token string
	say         func(format string, args ...any)
	sleep       func(context.Context, time.Duration) error
	waited      time.Duration
}

func newTransport(host, token string) *transport {
	return &transport{host: host, token: token, say: func(string, ...any) {}, sleep: sleep}
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// RoundTrip implements http.RoundTripper.
func (t *transport) RoundTrip(request *http.Request) (*http.Response, error) {
	for attempt := 1; ; attempt++ {
		response, err := t.send(request)
		pause, why := pauseAfter(response, err, attempt)
		if pause <= 0 || request.Context().Err() != nil {
			return response, err
		}
		if t.waited+pause > patience {
			t.say("%s; that is %s to wait, which is too long", why, pause.Round(time.Second))
			return response, err
		}
		t.waited += pause
		t.say("%s; trying again in %s", why, pause.Round(time.Second))
		if response != nil {
			_ = response.Body.Close() // Its body was read.
		}
		if err := t.sleep(request.Context(), pause); err != nil {
			return nil, err
		}
	}
}

// send makes one attempt. The answer's body is read, so that it can be looked at
// and read again.
func (t *transport) send(request *http.Request) (*http.Response, error) {
	again := request.Clone(request.Context())
	if request.GetBody != nil {
		var err error
		if again.Body, err = request.GetBody(); err != nil {
			return nil, err
		}
	}
	if request.URL.Host == t.host {
		again.Header.Set("Authorization", "Bearer "+t.token)
	}
	response, err := http.DefaultTransport.RoundTrip(again)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(response.Body)
	_ = response.Body.Close() // There is nothing more to read.
	if err != nil {
		return nil, err
	}
	response.Body = io.NopCloser(bytes.NewReader(body))
	return response, nil
}

// pauseAfter returns how long to wait before the request is made again, and why;
// 0 if it isn't to be.
func pauseAfter(response *http.Response, err error, attempt int) (time.Duration, string) {
	backoff := firstPause << (attempt - 1)
	switch {
	case attempt == attempts:
		return 0, ""
	case err != nil:
		return backoff, "GitHub can't be reached: " + err.Error()
	case response.StatusCode >= http.StatusInternalServerError:
		return backoff, "GitHub has trouble: " + response.Status
	case response.StatusCode == http.StatusForbidden || response.StatusCode == http.StatusTooManyRequests:
		return limited(response, attempt), "GitHub's rate limit is reached"
	default:
		return 0, ""
	}
}

// limited returns how long a rate limit says to wait, and 0 if there is none.
func limited(response *http.Response, attempt int) time.Duration {
	if seconds, err := strconv.Atoi(response.Header.Get("Retry-After")); err == nil {
		return max(time.Duration(seconds)*time.Second, time.Second)
	}
	if response.Header.Get("X-Ratelimit-Remaining") == "0" {
		reset, _ := strconv.ParseInt(response.Header.Get("X-Ratelimit-Reset"), 10, 64) // None is long ago.
		return max(time.Until(time.Unix(reset, 0))+time.Second, time.Second)
	}
	body, _ := io.ReadAll(response.Body) // It is in memory.
	response.Body = io.NopCloser(bytes.NewReader(body))
	if response.StatusCode == http.StatusTooManyRequests || strings.Contains(string(body), "secondary rate limit") {
		return limitPause << (attempt - 1)
	}
	return 0
}
